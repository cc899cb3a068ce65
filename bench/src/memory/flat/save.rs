//! The players of a saved game.

use super::{Builder, Flat, Made, Tables, fb, list};
use crate::memory::shapes::save::{Abilities, Entity, Item, Mode, Player, Recipes, Save};
use crate::memory::shapes::sum_of;

fn write_place((x, y, z): (f64, f64, f64)) -> fb::Place {
    fb::Place::new(x, y, z)
}

fn read_place(place: &fb::Place) -> (f64, f64, f64) {
    (place.x(), place.y(), place.z())
}

fn read_mode(mode: fb::Mode) -> Mode {
    match mode {
        fb::Mode::Survival => Mode::Survival,
        fb::Mode::Creative => Mode::Creative,
        fb::Mode::Adventure => Mode::Adventure,
        _ => Mode::Spectator,
    }
}

fn write_item(builder: &mut Builder, item: &Item) -> Made<fb::Item<'static>> {
    let id = Some(builder.create_string(&item.id));
    fb::Item::create(builder, &fb::ItemArgs { count: item.count, slot: item.slot, id })
}

fn read_item(item: fb::Item<'_>) -> Item {
    Item { count: item.count(), slot: item.slot(), id: item.id().into() }
}

fn write_abilities(of: &Abilities) -> fb::Abilities {
    fb::Abilities::new(
        of.walk_speed,
        of.fly_speed,
        of.may_fly,
        of.flying,
        of.invulnerable,
        of.may_build,
        of.instant_build,
    )
}

fn read_abilities(of: &fb::Abilities) -> Abilities {
    Abilities {
        walk_speed: of.walk_speed(),
        fly_speed: of.fly_speed(),
        may_fly: of.may_fly(),
        flying: of.flying(),
        invulnerable: of.invulnerable(),
        may_build: of.may_build(),
        instant_build: of.instant_build(),
    }
}

fn write_entity(builder: &mut Builder, of: &Entity) -> Made<fb::Entity<'static>> {
    let args = fb::EntityArgs {
        id: Some(builder.create_string(&of.id)),
        position: Some(&write_place(of.position)),
        motion: Some(&write_place(of.motion)),
        rotation: Some(&fb::Rotation::new(of.rotation.0, of.rotation.1)),
        fall: of.fall,
        fire: of.fire,
        air: of.air,
        on_ground: of.on_ground,
        weightless: of.weightless,
        cooldown: of.cooldown,
        uuid: Some(&fb::Uuid::new(&of.uuid)),
        custom_name: of.custom_name.as_ref().map(|name| builder.create_string(name)),
        name_visible: of.name_visible,
        silent: of.silent,
    };
    fb::Entity::create(builder, &args)
}

fn read_entity(of: fb::Entity<'_>) -> Entity {
    Entity {
        id: of.id().into(),
        position: read_place(of.position()),
        motion: read_place(of.motion()),
        rotation: (of.rotation().yaw(), of.rotation().pitch()),
        fall: of.fall(),
        fire: of.fire(),
        air: of.air(),
        on_ground: of.on_ground(),
        weightless: of.weightless(),
        cooldown: of.cooldown(),
        uuid: of.uuid().parts().into(),
        custom_name: of.custom_name().map(String::from),
        name_visible: of.name_visible(),
        silent: of.silent(),
    }
}

fn write_vehicle(builder: &mut Builder, (uuid, entity): &([u32; 4], Entity)) -> Made<fb::Vehicle<'static>> {
    let entity = Some(write_entity(builder, entity));
    fb::Vehicle::create(builder, &fb::VehicleArgs { uuid: Some(&fb::Uuid::new(uuid)), entity })
}

fn write_recipes(builder: &mut Builder, of: &Recipes) -> Made<fb::Recipes<'static>> {
    let args = fb::RecipesArgs {
        known: list(builder, &of.known, |builder, name| builder.create_string(name)),
        to_be_shown: list(builder, &of.to_be_shown, |builder, name| builder.create_string(name)),
        filtering_craftable: of.filtering_craftable,
        gui_open: of.gui_open,
        furnace_filtering: of.furnace_filtering,
        furnace_open: of.furnace_open,
    };
    fb::Recipes::create(builder, &args)
}

fn read_recipes(of: fb::Recipes<'_>) -> Recipes {
    Recipes {
        known: of.known().iter().map(String::from).collect(),
        to_be_shown: of.to_be_shown().iter().map(String::from).collect(),
        filtering_craftable: of.filtering_craftable(),
        gui_open: of.gui_open(),
        furnace_filtering: of.furnace_filtering(),
        furnace_open: of.furnace_open(),
    }
}

fn write_player(builder: &mut Builder, of: &Player) -> Made<fb::Player<'static>> {
    let (x, y, z) = of.spawn;
    let portal = of.entered_portal.map(write_place);
    let args = fb::PlayerArgs {
        mode: fb::Mode(of.mode as u8),
        mode_before: fb::Mode(of.mode_before as u8),
        score: of.score,
        dimension: Some(builder.create_string(&of.dimension)),
        selected_slot: of.selected_slot,
        selected: Some(write_item(builder, &of.selected)),
        spawn_dimension: of.spawn_dimension.as_ref().map(|name| builder.create_string(name)),
        spawn: Some(&fb::Block::new(x, y, z)),
        spawn_forced: of.spawn_forced,
        sleep: of.sleep,
        exhaustion: of.exhaustion,
        saturation: of.saturation,
        food: of.food,
        level: of.level,
        progress: of.progress,
        experience: of.experience,
        seed: of.seed,
        inventory: list(builder, &of.inventory, write_item),
        chest: list(builder, &of.chest, write_item),
        abilities: Some(&write_abilities(&of.abilities)),
        entered_portal: portal.as_ref(),
        vehicle: of.vehicle.as_ref().map(|vehicle| write_vehicle(builder, vehicle)),
        left_shoulder: of.left_shoulder.as_ref().map(|entity| write_entity(builder, entity)),
        right_shoulder: of.right_shoulder.as_ref().map(|entity| write_entity(builder, entity)),
        credits: of.credits,
        recipes: Some(write_recipes(builder, &of.recipes)),
    };
    fb::Player::create(builder, &args)
}

fn read_player(of: fb::Player<'_>) -> Player {
    Player {
        mode: read_mode(of.mode()),
        mode_before: read_mode(of.mode_before()),
        score: of.score(),
        dimension: of.dimension().into(),
        selected_slot: of.selected_slot(),
        selected: read_item(of.selected()),
        spawn_dimension: of.spawn_dimension().map(String::from),
        spawn: (of.spawn().x(), of.spawn().y(), of.spawn().z()),
        spawn_forced: of.spawn_forced(),
        sleep: of.sleep(),
        exhaustion: of.exhaustion(),
        saturation: of.saturation(),
        food: of.food(),
        level: of.level(),
        progress: of.progress(),
        experience: of.experience(),
        seed: of.seed(),
        inventory: of.inventory().iter().map(read_item).collect(),
        chest: of.chest().iter().map(read_item).collect(),
        abilities: read_abilities(of.abilities()),
        entered_portal: of.entered_portal().map(read_place),
        vehicle: of.vehicle().map(|of| (of.uuid().parts().into(), read_entity(of.entity()))),
        left_shoulder: of.left_shoulder().map(read_entity),
        right_shoulder: of.right_shoulder().map(read_entity),
        credits: of.credits(),
        recipes: read_recipes(of.recipes()),
    }
}

fn few(player: fb::Player<'_>) -> u64 {
    let slots = player.inventory().iter().map(|item| u64::from(item.slot())).sum::<u64>();
    let vehicle = player.vehicle().map_or(0, |vehicle| vehicle.entity().position().x().to_bits());
    player.score().wrapping_add(player.spawn().z() as u64).wrapping_add(slots).wrapping_add(vehicle)
}

fn strings(player: fb::Player<'_>) -> u64 {
    let items = |items: Tables<'_, fb::Item<'_>>| items.iter().map(|item| sum_of(item.id())).sum::<u64>();
    let entity = |entity: fb::Entity<'_>| sum_of(entity.id()) + entity.custom_name().map_or(0, sum_of);
    let entities = player.vehicle().map(|vehicle| vehicle.entity()).into_iter();
    let entities = entities.chain(player.left_shoulder()).chain(player.right_shoulder());
    let recipes = player.recipes();
    sum_of(player.dimension())
        + sum_of(player.selected().id())
        + player.spawn_dimension().map_or(0, sum_of)
        + items(player.inventory())
        + items(player.chest())
        + entities.map(entity).sum::<u64>()
        + recipes.known().iter().map(sum_of).sum::<u64>()
        + recipes.to_be_shown().iter().map(sum_of).sum::<u64>()
}

impl Flat for Save {
    type Root<'a> = fb::Save<'a>;

    fn write(&self, builder: &mut Builder) -> Made<fb::Save<'static>> {
        let players = list(builder, &self.players, write_player);
        fb::Save::create(builder, &fb::SaveArgs { players })
    }

    fn read(save: fb::Save<'_>) -> Save {
        Save { players: save.players().iter().map(read_player).collect() }
    }

    fn few_flat(save: fb::Save<'_>) -> u64 {
        save.players().iter().map(few).fold(0, u64::wrapping_add)
    }

    fn strings_flat(save: fb::Save<'_>) -> u64 {
        save.players().iter().map(strings).sum()
    }
}
