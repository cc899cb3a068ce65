//! Measures setting a number.

use super::AnyResult;
use super::get::facet_path;
use super::record::{FIELDS, Order};
use super::table::Table;
use bevy_reflect::{GetPath, ParsedPath, structs::Struct};
use facet_reflect::Poke;
use hydra::reflect::{Handle, Path};
use hydra::{Dynamic, ValueMut};

/// Runs every way of setting once, each on copies of the records.
pub fn all(table: &mut Table, orders: &[Order], dynamic: &[Dynamic]) -> AnyResult<()> {
    by_name(table, &mut orders.to_vec(), &mut dynamic.to_vec());
    by_index(table, &mut orders.to_vec(), &mut dynamic.to_vec());
    by_path(table, &mut orders.to_vec(), &mut dynamic.to_vec())
}

/// Returns the sum of the values that were set.
fn fields(order: &Order) -> f64 {
    order.price + order.weight + order.speed
}

fn dynamic_fields(order: &Dynamic) -> f64 {
    FIELDS.iter().map(|(_, name)| order.value().field(name).unwrap().get::<f64>().unwrap()).sum()
}

#[inline(always)]
fn set(value: hydra::Result<ValueMut<'_>>, number: f64) {
    value.unwrap().set(number).unwrap();
}

fn by_name(table: &mut Table, orders: &mut [Order], dynamic: &mut [Dynamic]) {
    let (row, names) = ("set by name", &FIELDS.map(|(_, name)| name)[..]);
    table.set(
        row,
        "Hydra, live",
        (orders, names),
        |order, name, number| set(ValueMut::of(order).field(name), number),
        fields,
    );
    table.set(
        row,
        "Hydra, dynamic",
        (dynamic, names),
        |order, name, number| set(order.value_mut().field(name), number),
        dynamic_fields,
    );
    let with_facet = |order: &mut Order, name: &&str, number| {
        Poke::new(order).into_struct().unwrap().set_field_by_name(name, number).unwrap();
    };
    table.set(row, "facet", (orders, names), with_facet, fields);
    let with_bevy = |order: &mut Order, name: &&str, number| {
        *order.field_mut(name).unwrap().try_downcast_mut::<f64>().unwrap() = number;
    };
    table.set(row, "bevy_reflect", (orders, names), with_bevy, fields);
}

fn by_index(table: &mut Table, orders: &mut [Order], dynamic: &mut [Dynamic]) {
    let (row, indices) = ("set by index", &FIELDS.map(|(index, _)| index)[..]);
    table.set(
        row,
        "Hydra, live",
        (orders, indices),
        |order, index, number| set(ValueMut::of(order).field_at(*index), number),
        fields,
    );
    table.set(
        row,
        "Hydra, dynamic",
        (dynamic, indices),
        |order, index, number| set(order.value_mut().field_at(*index), number),
        dynamic_fields,
    );
    let with_facet = |order: &mut Order, index: &usize, number| {
        Poke::new(order).into_struct().unwrap().set_field(*index, number).unwrap();
    };
    table.set(row, "facet", (orders, indices), with_facet, fields);
    let with_bevy = |order: &mut Order, index: &usize, number| {
        *order.field_at_mut(*index).unwrap().try_downcast_mut::<f64>().unwrap() = number;
    };
    table.set(row, "bevy_reflect", (orders, indices), with_bevy, fields);
}

fn by_path(table: &mut Table, orders: &mut [Order], dynamic: &mut [Dynamic]) -> AnyResult<()> {
    let (row, path) = ("set `pos.y`, parsed before", &["pos.y".parse::<Path>()?][..]);
    let sum = |order: &Order| order.pos.y;
    let dynamic_sum = |order: &Dynamic| order.value().path("pos.y").unwrap().get::<f64>().unwrap();
    table.set(
        row,
        "Hydra, live",
        (orders, path),
        |order, path, number| set(ValueMut::of(order).follow(path), number),
        sum,
    );
    table.set(
        row,
        "Hydra, dynamic",
        (dynamic, path),
        |order, path, number| set(order.value_mut().follow(path), number),
        dynamic_sum,
    );
    let with_facet = |order: &mut Order, path: &facet_path::Path, number| {
        Poke::new(order).at_path_mut(path).unwrap().set::<f64>(number).unwrap();
    };
    table.set(row, "facet", (orders, &[facet_path()]), with_facet, sum);
    let with_bevy =
        |order: &mut Order, path: &ParsedPath, number| *order.path_mut::<f64>(path).unwrap() = number;
    table.set(row, "bevy_reflect", (orders, &[ParsedPath::parse("pos.y")?]), with_bevy, sum);
    let (row, slot) = ("set `pos.y` by slot", &[Handle::<Order>::new("pos.y")?.slot::<f64>()?][..]);
    table.set(row, "direct", (orders, &[()]), |order, (), number| order.pos.y = number, sum);
    table.set(
        row,
        "Hydra, live",
        (orders, slot),
        |order, slot, number| slot.set(order, number).unwrap(),
        sum,
    );
    Ok(())
}
