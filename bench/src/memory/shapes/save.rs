//! The players of a saved game of blocks: inventories, abilities, recipes and vehicles.

use super::{Random, Shape, elements, stored, sum_of};
use hydra::ViewMut;
use hydra::reflect::Slot;
use rkyv::seal::Seal;

stored! {
    #[derive(Copy, Eq)]
    #[repr(u8)]
    pub enum Mode {
        Survival,
        Creative,
        Adventure,
        Spectator,
    }
    pub struct Item {
        pub count: i8,
        pub slot: u8,
        pub id: String,
    }
    pub struct Abilities {
        pub walk_speed: f32,
        pub fly_speed: f32,
        pub may_fly: bool,
        pub flying: bool,
        pub invulnerable: bool,
        pub may_build: bool,
        pub instant_build: bool,
    }
    pub struct Entity {
        pub id: String,
        pub position: (f64, f64, f64),
        pub motion: (f64, f64, f64),
        pub rotation: (f32, f32),
        pub fall: f32,
        pub fire: u16,
        pub air: u16,
        pub on_ground: bool,
        pub weightless: bool,
        pub cooldown: i32,
        pub uuid: [u32; 4],
        pub custom_name: Option<String>,
        pub name_visible: bool,
        pub silent: bool,
    }
    pub struct Recipes {
        pub known: Vec<String>,
        pub to_be_shown: Vec<String>,
        pub filtering_craftable: bool,
        pub gui_open: bool,
        pub furnace_filtering: bool,
        pub furnace_open: bool,
    }
    pub struct Player {
        pub mode: Mode,
        pub mode_before: Mode,
        pub score: u64,
        pub dimension: String,
        pub selected_slot: u32,
        pub selected: Item,
        pub spawn_dimension: Option<String>,
        pub spawn: (i64, i64, i64),
        pub spawn_forced: Option<bool>,
        pub sleep: u16,
        pub exhaustion: f32,
        pub saturation: f32,
        pub food: u32,
        pub level: u32,
        pub progress: f32,
        pub experience: i32,
        pub seed: i32,
        pub inventory: Vec<Item>,
        pub chest: Vec<Item>,
        pub abilities: Abilities,
        pub entered_portal: Option<(f64, f64, f64)>,
        pub vehicle: Option<([u32; 4], Entity)>,
        pub left_shoulder: Option<Entity>,
        pub right_shoulder: Option<Entity>,
        pub credits: bool,
        pub recipes: Recipes,
    }
    pub struct Save {
        pub players: Vec<Player>,
    }
}

const THINGS: &[&str] = &[
    "dirt",
    "stone",
    "pickaxe",
    "sand",
    "gravel",
    "shovel",
    "chestplate",
    "steak",
    "torch",
    "wool",
    "oak_log",
    "glass_pane",
    "redstone",
    "obsidian",
];
const BEASTS: &[&str] =
    &["cow", "sheep", "zombie", "skeleton", "spider", "creeper", "parrot", "bee", "horse"];

fn mode(random: &mut Random) -> Mode {
    [Mode::Survival, Mode::Creative, Mode::Adventure, Mode::Spectator][random.below(4)]
}

fn item(random: &mut Random) -> Item {
    Item {
        count: random.next() as i8,
        slot: random.below(40) as u8,
        id: format!("blocks:{}", random.pick(THINGS)),
    }
}

fn place(random: &mut Random) -> (f64, f64, f64) {
    let mut one = || f64::from(random.part()) * 2000.0 - 1000.0;
    (one(), one(), one())
}

fn uuid(random: &mut Random) -> [u32; 4] {
    std::array::from_fn(|_| random.next() as u32)
}

fn entity(random: &mut Random) -> Entity {
    Entity {
        id: random.pick(BEASTS).to_string(),
        position: place(random),
        motion: place(random),
        rotation: (random.part() * 360.0, random.part() * 180.0),
        fall: random.part(),
        fire: random.next() as u16,
        air: random.next() as u16,
        on_ground: random.once_in(2),
        weightless: random.once_in(2),
        cooldown: random.next() as i32,
        uuid: uuid(random),
        custom_name: random.maybe(2, |random| random.pick(BEASTS).to_uppercase()),
        name_visible: random.once_in(2),
        silent: random.once_in(2),
    }
}

fn recipes(random: &mut Random) -> Recipes {
    let recipe = |random: &mut Random| format!("blocks:{}_from_{}", random.pick(THINGS), random.pick(THINGS));
    Recipes {
        known: random.list(29, recipe),
        to_be_shown: random.list(9, recipe),
        filtering_craftable: random.once_in(2),
        gui_open: random.once_in(2),
        furnace_filtering: random.once_in(2),
        furnace_open: random.once_in(2),
    }
}

fn abilities(random: &mut Random) -> Abilities {
    Abilities {
        walk_speed: random.part(),
        fly_speed: random.part(),
        may_fly: random.once_in(2),
        flying: random.once_in(2),
        invulnerable: random.once_in(2),
        may_build: random.once_in(2),
        instant_build: random.once_in(2),
    }
}

fn player(random: &mut Random) -> Player {
    Player {
        mode: mode(random),
        mode_before: mode(random),
        score: random.next(),
        dimension: random.pick(&["overworld", "nether", "end"]).to_string(),
        selected_slot: random.below(9) as u32,
        selected: item(random),
        spawn_dimension: random.maybe(2, |random| random.pick(&["overworld", "nether", "end"]).to_string()),
        spawn: (random.next() as i64, random.next() as i64, random.next() as i64),
        spawn_forced: random.maybe(2, |random| random.once_in(2)),
        sleep: random.next() as u16,
        exhaustion: random.part(),
        saturation: random.part(),
        food: random.next() as u32,
        level: random.next() as u32,
        progress: random.part(),
        experience: random.next() as i32,
        seed: random.next() as i32,
        inventory: random.list(40, item),
        chest: random.list(27, item),
        abilities: abilities(random),
        entered_portal: random.maybe(2, place),
        vehicle: random.maybe(2, |random| (uuid(random), entity(random))),
        left_shoulder: random.maybe(2, entity),
        right_shoulder: random.maybe(2, entity),
        credits: random.once_in(2),
        recipes: recipes(random),
    }
}

#[inline(always)]
fn of_player(player: hydra::View<'_, Player>) -> u64 {
    let slots = player.inventory().iter().map(|item| u64::from(item.slot())).sum::<u64>();
    let vehicle = player.vehicle().map_or(0, |(_, entity)| entity.position().0.to_bits());
    player.score().wrapping_add(player.spawn().2 as u64).wrapping_add(slots).wrapping_add(vehicle)
}

#[inline(always)]
fn of_archived(player: &ArchivedPlayer) -> u64 {
    let slots = player.inventory.iter().map(|item| u64::from(item.slot)).sum::<u64>();
    let vehicle = player.vehicle.as_ref();
    let vehicle = vehicle.map_or(0, |vehicle| vehicle.1.position.0.to_native().to_bits());
    let score = player.score.to_native();
    let spawn = player.spawn.2.to_native() as u64;
    score.wrapping_add(spawn).wrapping_add(slots).wrapping_add(vehicle)
}

impl Shape for Save {
    const NAME: &'static str = "save";

    fn make(scale: usize) -> Save {
        let mut random = Random(3);
        Save { players: (0..scale * 50).map(|_| player(&mut random)).collect() }
    }

    fn few(save: hydra::View<'_, Save>) -> u64 {
        save.players().iter().map(of_player).fold(0, u64::wrapping_add)
    }

    fn few_rkyv(save: &ArchivedSave) -> u64 {
        save.players.iter().map(of_archived).fold(0, u64::wrapping_add)
    }

    fn passed(save: hydra::View<'_, Save>) -> u64 {
        #[inline(never)]
        fn of(player: hydra::View<'_, Player>) -> u64 {
            of_player(player)
        }
        save.players().iter().map(of).fold(0, u64::wrapping_add)
    }

    fn passed_rkyv(save: &ArchivedSave) -> u64 {
        #[inline(never)]
        fn of(player: &ArchivedPlayer) -> u64 {
            of_archived(player)
        }
        save.players.iter().map(of).fold(0, u64::wrapping_add)
    }

    fn strings(save: hydra::View<'_, Save>) -> u64 {
        let items =
            |items: hydra::View<'_, Vec<Item>>| items.iter().map(|item| sum_of(item.id())).sum::<u64>();
        let entity =
            |entity: hydra::View<'_, Entity>| sum_of(entity.id()) + entity.custom_name().map_or(0, sum_of);
        let of = |player: hydra::View<'_, Player>| {
            let own = sum_of(player.dimension()) + sum_of(player.selected().id());
            let entities = player.vehicle().map(|vehicle| vehicle.1).into_iter();
            let entities = entities.chain(player.left_shoulder()).chain(player.right_shoulder());
            let recipes = player.recipes();
            own + player.spawn_dimension().map_or(0, sum_of)
                + items(player.inventory())
                + items(player.chest())
                + entities.map(entity).sum::<u64>()
                + recipes.known().iter().map(sum_of).sum::<u64>()
                + recipes.to_be_shown().iter().map(sum_of).sum::<u64>()
        };
        save.players().iter().map(of).sum()
    }

    fn strings_rkyv(save: &ArchivedSave) -> u64 {
        let items = |items: &[ArchivedItem]| items.iter().map(|item| sum_of(&item.id)).sum::<u64>();
        let entity = |entity: &ArchivedEntity| {
            sum_of(&entity.id) + entity.custom_name.as_ref().map_or(0, |name| sum_of(name))
        };
        let of = |player: &ArchivedPlayer| {
            let own = sum_of(&player.dimension) + sum_of(&player.selected.id);
            let entities = player.vehicle.as_ref().map(|vehicle| &vehicle.1).into_iter();
            let entities =
                entities.chain(player.left_shoulder.as_ref()).chain(player.right_shoulder.as_ref());
            let recipes = &player.recipes;
            own + player.spawn_dimension.as_ref().map_or(0, |name| sum_of(name))
                + items(&player.inventory)
                + items(&player.chest)
                + entities.map(entity).sum::<u64>()
                + recipes.known.iter().map(|name| sum_of(name)).sum::<u64>()
                + recipes.to_be_shown.iter().map(|name| sum_of(name)).sum::<u64>()
        };
        save.players.iter().map(of).sum()
    }

    fn update(&mut self) {
        for player in &mut self.players {
            player.score ^= 1;
            player.spawn.0 ^= 1;
            player.inventory.iter_mut().for_each(|item| item.slot ^= 1);
        }
    }

    fn updater() -> hydra::Result<impl FnMut(&mut ViewMut<'_, Save>) -> hydra::Result<()>> {
        let players = Slot::<Save, Vec<Player>>::new("players")?;
        let (score, spawn) = (Slot::<Player, u64>::new("score")?, Slot::<Player, i64>::new("spawn.0")?);
        let (inventory, slot) =
            (Slot::<Player, Vec<Item>>::new("inventory")?, Slot::<Item, u8>::new("slot")?);
        Ok(move |save: &mut ViewMut<'_, Save>| {
            save.list(&players).each(|mut player| {
                let (new_score, new_spawn) = (player.view().score() ^ 1, player.view().spawn().0 ^ 1);
                player.set(&score, new_score)?;
                player.set(&spawn, new_spawn)?;
                player.list(&inventory).each(|mut item| {
                    let new = item.view().slot() ^ 1;
                    item.set(&slot, new)
                })
            })
        })
    }

    fn update_rkyv(save: Seal<'_, ArchivedSave>) {
        // SAFETY: numbers are assigned to numbers; nothing is moved.
        let save = unsafe { save.unseal_unchecked() };
        for player in elements(&mut save.players) {
            player.score = (player.score.to_native() ^ 1).into();
            player.spawn.0 = (player.spawn.0.to_native() ^ 1).into();
            for item in elements(&mut player.inventory) {
                item.slot ^= 1;
            }
        }
    }
}
