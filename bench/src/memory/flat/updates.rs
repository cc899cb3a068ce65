//! Updates of a multiplayer game for a client.

use super::{Builder, Flat, Made, fb, list};
use crate::memory::shapes::updates::{Contact, KINDS, Terrain, Transform, Update, Updates};

fn write_transform(of: &Transform) -> fb::Transform {
    fb::Transform::new(of.altitude, of.angle, &fb::Point::new(of.position.0, of.position.1), of.velocity)
}

fn read_transform(of: &fb::Transform) -> Transform {
    Transform {
        altitude: of.altitude(),
        angle: of.angle(),
        position: read_point(of.position()),
        velocity: of.velocity(),
    }
}

fn read_point(point: &fb::Point) -> (f32, f32) {
    (point.x(), point.y())
}

fn write_contact(builder: &mut Builder, of: &Contact) -> Made<fb::Contact<'static>> {
    let target = of.target.map(|(x, y)| fb::Point::new(x, y));
    let args = fb::ContactArgs {
        damage: of.damage,
        id: of.id,
        kind: of.kind.map(|kind| fb::Kind(kind as u8)),
        guidance: Some(&fb::Guidance::new(of.guidance.0, of.guidance.1)),
        player: of.player,
        reloads: (!of.reloads.is_empty()).then(|| builder.create_vector(&of.reloads)),
        transform: Some(&write_transform(&of.transform)),
        turrets: (!of.turrets.is_empty()).then(|| builder.create_vector(&of.turrets)),
        target: target.as_ref(),
    };
    fb::Contact::create(builder, &args)
}

fn read_contact(of: fb::Contact<'_>) -> Contact {
    Contact {
        damage: of.damage(),
        id: of.id(),
        kind: of.kind().map(|kind| KINDS[usize::from(kind.0)]),
        guidance: (of.guidance().angle(), of.guidance().active()),
        player: of.player(),
        reloads: of.reloads().unwrap_or_default().iter().collect(),
        transform: read_transform(of.transform()),
        turrets: of.turrets().unwrap_or_default().iter().collect(),
        target: of.target().map(read_point),
    }
}

fn write_terrain(builder: &mut Builder, of: &Terrain) -> Made<fb::Terrain<'static>> {
    let heights = Some(builder.create_vector(&of.heights));
    let chunk = fb::Chunk::new(of.chunk.0, of.chunk.1);
    fb::Terrain::create(builder, &fb::TerrainArgs { chunk: Some(&chunk), heights })
}

fn read_terrain(of: fb::Terrain<'_>) -> Terrain {
    Terrain { chunk: (of.chunk().x(), of.chunk().y()), heights: of.heights().bytes().to_vec() }
}

fn write_update(builder: &mut Builder, of: &Update) -> Made<fb::Update<'static>> {
    let spawn = of.spawn.map(|(x, y, angle)| fb::Spawn::new(x, y, angle));
    let args = fb::UpdateArgs {
        contacts: list(builder, &of.contacts, write_contact),
        score: of.score,
        world_radius: of.world_radius,
        terrain: list(builder, &of.terrain, write_terrain),
        spawn: spawn.as_ref(),
    };
    fb::Update::create(builder, &args)
}

fn read_update(of: fb::Update<'_>) -> Update {
    Update {
        contacts: of.contacts().iter().map(read_contact).collect(),
        score: of.score(),
        world_radius: of.world_radius(),
        terrain: of.terrain().iter().map(read_terrain).collect(),
        spawn: of.spawn().map(|spawn| (spawn.x(), spawn.y(), spawn.angle())),
    }
}

fn few(update: fb::Update<'_>) -> u64 {
    let contact = |contact: fb::Contact<'_>| {
        u64::from(contact.transform().position().x().to_bits())
            + u64::from(contact.id())
            + u64::from(contact.player().unwrap_or(1))
    };
    u64::from(update.score()) + update.contacts().iter().map(contact).sum::<u64>()
}

impl Flat for Updates {
    type Root<'a> = fb::Updates<'a>;

    fn write(&self, builder: &mut Builder) -> Made<fb::Updates<'static>> {
        let updates = list(builder, &self.updates, write_update);
        fb::Updates::create(builder, &fb::UpdatesArgs { updates })
    }

    fn read(updates: fb::Updates<'_>) -> Updates {
        Updates { updates: updates.updates().iter().map(read_update).collect() }
    }

    fn few_flat(updates: fb::Updates<'_>) -> u64 {
        updates.updates().iter().map(few).sum()
    }
}
