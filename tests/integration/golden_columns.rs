//! Golden files with blocks of columns.

use crate::golden::{create, id, log, some_constants, some_containers, some_scalars, some_shapes, tick};
use hydra::{Editor, Hydra, Layout, Result, Writer};
use hydra_tests::columns::forced;
use hydra_tests::types::*;
use std::path::Path;

/// Tables of all types, each in columns in their smallest encodings, where these are smaller than rows.
pub(crate) fn columns(path: &Path) -> Result<()> {
    let mut writer = Writer::options().file_id(id(15)).layout(Layout::Columns).create(path)?;
    let (ticks, logs) = (writer.table::<Tick>()?, writer.table::<Log>()?);
    // The second block of each table is in rows, the third in columns again.
    for (start, layout) in [(0, Layout::Columns), (150, Layout::Rows), (200, Layout::Columns)] {
        writer.set_layout(ticks, layout)?;
        writer.set_layout(logs, layout)?;
        for index in start..start + 100 {
            writer.append(ticks, &tick(index * index))?;
            writer.append(logs, &log(index))?;
        }
        writer.commit()?;
    }
    let (scalars, containers) = (writer.table::<Scalars>()?, writer.table::<Containers>()?);
    let (shapes, trees) = (writer.table::<Shape>()?, writer.table::<Tree>()?);
    let constants = writer.table::<Constants>()?;
    for _ in 0..12 {
        some_scalars().iter().try_for_each(|record| writer.append(scalars, record))?;
        some_containers().iter().try_for_each(|record| writer.append(containers, record))?;
        some_shapes().iter().try_for_each(|record| writer.append(shapes, record))?;
        writer.append(trees, &tree(4))?;
        writer.append(constants, &some_constants())?;
    }
    writer.finish()?;
    let mut editor = Editor::open(path)?;
    editor.record("Log", 7)?.set(log(1000))?;
    editor.record("Tick", 250)?.set(tick(1))?;
    editor.finish()
}

fn tree(depth: u32) -> Tree {
    let side = |depth: u32| (depth > 0).then(|| Box::new(tree(depth - 1)));
    Tree { value: depth as i32, left: side(depth), right: side(depth / 2) }
}

/// Values of every kind of stream, some of them absent.
#[derive(Hydra)]
struct Streams {
    number: Option<i32>,
    wide: u128,
    maybe: Option<(f64, f32, bool, char)>,
    price: f64,
    ratio: f32,
    text: Option<String>,
    bytes: Vec<u8>,
    list: Option<Vec<Option<u16>>>,
    pair: [Option<[i64; 2]>; 2],
    side: Option<Side>,
    tree: Option<Tree>,
    inner: Option<(Option<u8>, [bool; 3])>,
}

#[derive(Hydra)]
enum Side {
    Buy { at: u8 },
    Sell(String, Box<Option<u8>>),
    Neither,
}

fn streams(at: u32) -> Streams {
    let some = |of: u32| !at.is_multiple_of(of);
    let cents = |cents: u32| f64::from(cents) / 100.0;
    Streams {
        number: some(3).then_some(at as i32 * 5 - 40),
        wide: u128::from(at % 4) << 100,
        maybe: some(4).then(|| (cents(at * 7), at as f32 / 4.0, some(2), if some(5) { 'ß' } else { 'a' })),
        price: if some(9) { cents(1_000 + at) } else { f64::NAN },
        ratio: if some(7) { at as f32 / 10.0 } else { -0.0 },
        text: some(5).then(|| ["", "Gentoo", "Adélie"][at as usize % 3].to_string()),
        bytes: vec![at as u8 % 4; at as usize % 3],
        list: some(2).then(|| (0..at % 4).map(|n| (n != 1).then_some(n as u16)).collect()),
        pair: [some(3).then_some([1, i64::from(at)]), some(6).then_some([i64::MIN, -1])],
        side: match at % 5 {
            0 => None,
            1 | 2 => Some(Side::Buy { at: at as u8 }),
            3 => Some(Side::Sell("all".into(), Box::new(some(4).then_some(9)))),
            _ => Some(Side::Neither),
        },
        tree: some(4).then(|| tree(at % 3)),
        inner: some(3).then(|| (some(2).then_some(7), [some(2), some(5), true])),
    }
}

/// Every encoding of every kind of stream, with and without absent slots, whether or not it is the smallest.
pub(crate) fn encodings(path: &Path) -> Result<()> {
    let mut writer = Writer::options().file_id(id(16)).layout(Layout::Columns).create(path)?;
    let table = writer.table::<Streams>()?;
    forced(4, || {
        for block in 0..16 {
            for at in 0..20 {
                // Of two blocks all records are equal, so that every stream can be a constant.
                writer.append(table, &streams(if block % 8 == 7 { 13 } else { at }))?;
            }
            writer.commit()?;
        }
        writer.finish()
    })
}

/// Groups of 1,024 values, and runs that are compressed.
pub(crate) fn groups(path: &Path) -> Result<()> {
    let mut writer = create(path, 17)?;
    let table = writer.table_named::<(u64, Option<f64>, String, Option<String>)>("Groups")?;
    writer.set_layout(table, Layout::Columns)?;
    for at in 0..2_500u64 {
        // A few values are far from the others.
        let number = if at % 500 == 499 { u64::MAX } else { 40_000 + at % 7 };
        let price = (at % 3 > 0).then_some(if at % 800 == 2 { 0.1 + 0.2 } else { (at / 5) as f64 / 100.0 });
        let words = (at % 4 > 0).then(|| ["red", "green", "blue"][at as usize % 3].to_string());
        writer.append(table, &(number, price, format!("request {at} was served"), words))?;
    }
    writer.finish()
}
