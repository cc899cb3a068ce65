//! Measures reflection: getting and setting one number of a record with ten fields in every way, in Hydra and
//! other libraries.

mod get;
mod record;
mod set;
mod table;

use hydra::{Dynamic, Reader, Value, Writer};
use record::Order;
use table::Table;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// The number of records, so few that they stay in the first-level cache.
const RECORDS: u64 = 64;

/// Runs everything `rounds` times and prints medians.
pub fn run(rounds: usize) -> AnyResult<()> {
    let orders: Vec<Order> = (0..RECORDS).map(Order::make).collect();
    let file = file(&orders)?;
    let block = file.dynamic_table("Order")?.blocks().next().ok_or("no block")??;
    let stored: Vec<Value<'_>> = block.values().collect();
    let block = file.table::<Order>()?.blocks().next().ok_or("no block")??;
    let typed: Vec<Value<'_>> = block.values().collect();
    let dynamic: Vec<Dynamic> = stored.iter().map(|value| value.to_dynamic()).collect::<Result<_, _>>()?;
    let mut table = Table::default();
    for _ in 0..rounds {
        get::all(&mut table, &orders, [&stored, &typed], &dynamic)?;
        set::all(&mut table, &orders, &dynamic)?;
    }
    table.print(&[
        "direct",
        "Hydra, live",
        "Hydra, stored",
        "Hydra, stored, typed",
        "Hydra, dynamic",
        "facet",
        "bevy_reflect",
    ]);
    Ok(())
}

/// Returns a file with the orders that is already removed from its folder.
fn file(orders: &[Order]) -> AnyResult<Reader> {
    let path = std::env::temp_dir().join(format!("hydra-bench-{}.hydra", std::process::id()));
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<Order>()?;
    writer.append_slice(table, orders)?;
    writer.finish()?;
    let reader = Reader::open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(reader)
}
