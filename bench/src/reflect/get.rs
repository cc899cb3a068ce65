//! Measures getting a number.

use super::AnyResult;
use super::record::{FIELDS, Order};
use super::table::Table;
use bevy_reflect::{GetPath, ParsedPath, structs::Struct};
use facet::Facet;
use facet_path::{Path as FacetPath, PathStep};
use facet_reflect::Peek;
use hydra::reflect::{Handle, Path};
use hydra::{Dynamic, Value};
use std::hint::black_box;

/// Runs every way of getting once.
pub fn all(
    table: &mut Table,
    orders: &[Order],
    [stored, typed]: [&[Value<'_>]; 2],
    dynamic: &[Dynamic],
) -> AnyResult<()> {
    by_name(table, orders, [stored, typed], dynamic);
    by_index(table, orders, [stored, typed], dynamic);
    by_path(table, orders, [stored, typed], dynamic)?;
    by_handle(table, orders, [stored, typed])
}

#[inline(always)]
fn number(value: hydra::Result<Value<'_>>) -> f64 {
    value.unwrap().get().unwrap()
}

fn by_name(table: &mut Table, orders: &[Order], [stored, typed]: [&[Value<'_>]; 2], dynamic: &[Dynamic]) {
    let (row, names) = ("get by name", &FIELDS.map(|(_, name)| name)[..]);
    table.get(row, "Hydra, live", (orders, names), |order, name| number(Value::of(order).field(name)));
    table.get(row, "Hydra, stored", (stored, names), |value, name| number(value.field(name)));
    table.get(row, "Hydra, stored, typed", (typed, names), |value, name| number(value.field(name)));
    table.get(row, "Hydra, dynamic", (dynamic, names), |value, name| number(value.value().field(name)));
    table.get(row, "facet", (orders, names), |order, name| {
        *Peek::new(order).into_struct().unwrap().field_by_name(name).unwrap().get::<f64>().unwrap()
    });
    table.get(row, "bevy_reflect", (orders, names), |order, name| {
        *order.field(name).unwrap().try_downcast_ref::<f64>().unwrap()
    });
}

fn by_index(table: &mut Table, orders: &[Order], [stored, typed]: [&[Value<'_>]; 2], dynamic: &[Dynamic]) {
    let (row, indices) = ("get by index", &FIELDS.map(|(index, _)| index)[..]);
    table
        .get(row, "Hydra, live", (orders, indices), |order, index| number(Value::of(order).field_at(*index)));
    table.get(row, "Hydra, stored", (stored, indices), |value, index| number(value.field_at(*index)));
    table.get(row, "Hydra, stored, typed", (typed, indices), |value, index| number(value.field_at(*index)));
    table.get(row, "Hydra, dynamic", (dynamic, indices), |value, index| {
        number(value.value().field_at(*index))
    });
    table.get(row, "facet", (orders, indices), |order, index| {
        *Peek::new(order).into_struct().unwrap().field(*index).unwrap().get::<f64>().unwrap()
    });
    table.get(row, "bevy_reflect", (orders, indices), |order, index| {
        *order.field_at(*index).unwrap().try_downcast_ref::<f64>().unwrap()
    });
}

/// Returns the path of `pos.y` for facet, whose paths consist of indices.
pub fn facet_path() -> FacetPath {
    let mut path = FacetPath::new(Order::SHAPE);
    path.push(PathStep::Field(3));
    path.push(PathStep::Field(1));
    path
}

fn by_path(
    table: &mut Table,
    orders: &[Order],
    [stored, typed]: [&[Value<'_>]; 2],
    dynamic: &[Dynamic],
) -> AnyResult<()> {
    let (row, path) = ("get `pos.y`, parsed before", &["pos.y".parse::<Path>()?][..]);
    table.get(row, "Hydra, live", (orders, path), |order, path| number(Value::of(order).follow(path)));
    table.get(row, "Hydra, stored", (stored, path), |value, path| number(value.follow(path)));
    table.get(row, "Hydra, stored, typed", (typed, path), |value, path| number(value.follow(path)));
    table.get(row, "Hydra, dynamic", (dynamic, path), |value, path| number(value.value().follow(path)));
    table.get(row, "facet", (orders, &[facet_path()]), |order, path| {
        *Peek::new(order).at_path(path).unwrap().get::<f64>().unwrap()
    });
    table.get(row, "bevy_reflect", (orders, &[ParsedPath::parse("pos.y")?]), |order, path| {
        *order.path::<f64>(path).unwrap()
    });
    Ok(())
}

fn by_handle(table: &mut Table, orders: &[Order], [stored, typed]: [&[Value<'_>]; 2]) -> AnyResult<()> {
    let (row, handle) = ("get `pos.y` by handle", &[Handle::<Order>::new("pos.y")?][..]);
    table.get(row, "direct", (orders, &[()]), |order, ()| order.pos.y);
    table.get(row, "Hydra, live", (orders, handle), |order, handle| number(handle.get(Value::of(order))));
    table.get(row, "Hydra, stored", (stored, handle), |value, handle| number(handle.get(*value)));
    table.get(row, "Hydra, stored, typed", (typed, handle), |value, handle| number(handle.get(*value)));
    let (row, slots) = ("get `pos.y` by slot", &[handle[0].slot::<f64>()?][..]);
    table.get(row, "direct", (orders, &[()]), |order, ()| order.pos.y);
    table.get(row, "Hydra, live", (orders, slots), |order, slot| *slot.get(order));
    table.get(row, "Hydra, stored", (stored, slots), |value, slot| slot.view(*value).unwrap());
    table.get(row, "Hydra, stored, typed", (typed, slots), |value, slot| slot.view(*value).unwrap());
    let (row, slot) = ("the same in a loop, by slot", black_box(handle[0].slot::<f64>()?));
    table.sum(row, "direct", orders, |order| order.pos.y);
    table.sum(row, "Hydra, live", orders, |order| *slot.get(order));
    table.sum(row, "Hydra, stored", stored, |value| slot.view(*value).unwrap());
    table.sum(row, "Hydra, stored, typed", typed, |value| slot.view(*value).unwrap());
    Ok(())
}
