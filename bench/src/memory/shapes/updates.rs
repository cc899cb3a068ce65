//! Updates of a multiplayer game for a client, one a tick: many options and tuples, short lists.

use super::{Random, Shape, elements, stored};
use hydra::ViewMut;
use hydra::reflect::Slot;
use rkyv::seal::Seal;

stored! {
    #[derive(Copy, Eq)]
    #[repr(u8)]
    pub enum Kind {
        Boat,
        Barge,
        Submarine,
        Torpedo,
        Shell,
        Mine,
        Crate,
        Platform,
        Depot,
    }
    pub struct Transform {
        pub altitude: i8,
        pub angle: u16,
        pub position: (f32, f32),
        pub velocity: i16,
    }
    pub struct Contact {
        pub damage: u8,
        pub id: u32,
        pub kind: Option<Kind>,
        pub guidance: (u16, bool),
        pub player: Option<u16>,
        pub reloads: Vec<bool>,
        pub transform: Transform,
        pub turrets: Vec<u16>,
        pub target: Option<(f32, f32)>,
    }
    pub struct Terrain {
        pub chunk: (i8, i8),
        pub heights: Vec<u8>,
    }
    pub struct Update {
        pub contacts: Vec<Contact>,
        pub score: u32,
        pub world_radius: f32,
        pub terrain: Vec<Terrain>,
        pub spawn: Option<(f32, f32, u16)>,
    }
    pub struct Updates {
        pub updates: Vec<Update>,
    }
}

pub const KINDS: [Kind; 9] = [
    Kind::Boat,
    Kind::Barge,
    Kind::Submarine,
    Kind::Torpedo,
    Kind::Shell,
    Kind::Mine,
    Kind::Crate,
    Kind::Platform,
    Kind::Depot,
];

fn place(random: &mut Random) -> (f32, f32) {
    (random.part() * 2048.0, random.part() * 2048.0)
}

fn contact(random: &mut Random) -> Contact {
    let ship = random.once_in(2);
    Contact {
        damage: random.next() as u8,
        id: random.next() as u32 | 1,
        kind: random.maybe(2, |random| KINDS[random.below(KINDS.len())]),
        guidance: (random.next() as u16, random.once_in(8)),
        player: random.maybe(2, |random| random.next() as u16),
        reloads: if ship { random.list(12, |random| random.once_in(2)) } else { vec![] },
        transform: Transform {
            altitude: random.next() as i8,
            angle: random.next() as u16,
            position: place(random),
            velocity: random.next() as i16,
        },
        turrets: if ship { random.list(6, |random| random.next() as u16) } else { vec![] },
        target: random.maybe(4, place),
    }
}

fn terrain(random: &mut Random) -> Terrain {
    Terrain {
        chunk: (random.next() as i8, random.next() as i8),
        heights: (0..64 + random.below(192)).map(|_| random.next() as u8).collect(),
    }
}

fn update(random: &mut Random) -> Update {
    Update {
        contacts: random.list(60, contact),
        score: random.next() as u32,
        world_radius: random.part() * 2048.0,
        terrain: random.list(2, terrain),
        spawn: random.maybe(8, |random| (random.part(), random.part(), random.next() as u16)),
    }
}

#[inline(always)]
fn of_contact(contact: hydra::View<'_, Contact>) -> u64 {
    u64::from(contact.transform().position().0.to_bits())
        + u64::from(contact.id())
        + u64::from(contact.player().unwrap_or(1))
}

#[inline(always)]
fn of_archived_contact(contact: &ArchivedContact) -> u64 {
    u64::from(contact.transform.position.0.to_native().to_bits())
        + u64::from(contact.id.to_native())
        + u64::from(contact.player.as_ref().map_or(1, |player| player.to_native()))
}

#[inline(always)]
fn of_update(update: hydra::View<'_, Update>, contact: impl Fn(hydra::View<'_, Contact>) -> u64) -> u64 {
    u64::from(update.score()) + update.contacts().iter().map(contact).sum::<u64>()
}

#[inline(always)]
fn of_archived(update: &ArchivedUpdate, contact: impl Fn(&ArchivedContact) -> u64) -> u64 {
    u64::from(update.score.to_native()) + update.contacts.iter().map(contact).sum::<u64>()
}

impl Shape for Updates {
    const NAME: &'static str = "updates";

    fn make(scale: usize) -> Updates {
        let mut random = Random(4);
        Updates { updates: (0..scale * 100).map(|_| update(&mut random)).collect() }
    }

    fn few(updates: hydra::View<'_, Updates>) -> u64 {
        updates.updates().iter().map(|update| of_update(update, of_contact)).sum()
    }

    fn few_rkyv(updates: &ArchivedUpdates) -> u64 {
        updates.updates.iter().map(|update| of_archived(update, of_archived_contact)).sum()
    }

    fn passed(updates: hydra::View<'_, Updates>) -> u64 {
        #[inline(never)]
        fn contact(contact: hydra::View<'_, Contact>) -> u64 {
            of_contact(contact)
        }
        #[inline(never)]
        fn of(update: hydra::View<'_, Update>) -> u64 {
            of_update(update, contact)
        }
        updates.updates().iter().map(of).sum()
    }

    fn passed_rkyv(updates: &ArchivedUpdates) -> u64 {
        #[inline(never)]
        fn contact(contact: &ArchivedContact) -> u64 {
            of_archived_contact(contact)
        }
        #[inline(never)]
        fn of(update: &ArchivedUpdate) -> u64 {
            of_archived(update, contact)
        }
        updates.updates.iter().map(of).sum()
    }

    fn strings(_: hydra::View<'_, Updates>) -> u64 {
        0
    }

    fn strings_rkyv(_: &ArchivedUpdates) -> u64 {
        0
    }

    fn update(&mut self) {
        for update in &mut self.updates {
            update.score ^= 1;
            for contact in &mut update.contacts {
                contact.damage ^= 1;
                contact.transform.velocity ^= 1;
            }
        }
    }

    fn updater() -> hydra::Result<impl FnMut(&mut ViewMut<'_, Updates>) -> hydra::Result<()>> {
        let updates = Slot::<Updates, Vec<Update>>::new("updates")?;
        let (score, contacts) =
            (Slot::<Update, u32>::new("score")?, Slot::<Update, Vec<Contact>>::new("contacts")?);
        let damage = Slot::<Contact, u8>::new("damage")?;
        let velocity = Slot::<Contact, i16>::new("transform.velocity")?;
        Ok(move |all: &mut ViewMut<'_, Updates>| {
            all.list(&updates).each(|mut update| {
                let new = update.view().score() ^ 1;
                update.set(&score, new)?;
                update.list(&contacts).each(|mut contact| {
                    let view = contact.view();
                    let (new_damage, new_velocity) = (view.damage() ^ 1, view.transform().velocity() ^ 1);
                    contact.set(&damage, new_damage)?;
                    contact.set(&velocity, new_velocity)
                })
            })
        })
    }

    fn update_rkyv(updates: Seal<'_, ArchivedUpdates>) {
        // SAFETY: numbers are assigned to numbers; nothing is moved.
        let updates = unsafe { updates.unseal_unchecked() };
        for update in elements(&mut updates.updates) {
            update.score = (update.score.to_native() ^ 1).into();
            for contact in elements(&mut update.contacts) {
                contact.damage ^= 1;
                contact.transform.velocity = (contact.transform.velocity.to_native() ^ 1).into();
            }
        }
    }
}
