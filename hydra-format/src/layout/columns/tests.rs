use super::ColumnLayout;
use crate::layout::BlockLayout;
use crate::layout::rows::{Auditor, Pushed, RowLayout, Stage, StagedRows, Validator, facts_of};
use crate::memory::{AlignedBuf, Backing};
use crate::store::block::{BlockAt, PayloadParts, SealedBlock};
use crate::{Error, Hydra};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Stages values as rows.
fn staged<T: Hydra>(values: &[T]) -> StagedRows {
    let mut stage = Stage::new(T::SIZE, 200 << 20);
    for value in values {
        assert_eq!(stage.push(value).unwrap(), Pushed::Done);
    }
    stage.take(PayloadParts::default()).unwrap()
}

/// Returns a sealed block at a place, and its payload.
fn placed(sealed: &SealedBlock) -> (BlockAt, AlignedBuf) {
    let payload = AlignedBuf::copy_of(&sealed.parts.concat()[..sealed.header.payload_bytes as usize]);
    (BlockAt { offset: 8192, header: sealed.header }, payload)
}

/// Seals values in both layouts, and compares what is read from columns with the rows, byte by byte. Returns the
/// number of bytes of each payload.
fn round_trip<T: Hydra>(values: &[T]) -> [usize; 2] {
    let schema = &facts_of::<T>().schema;
    let columns = ColumnLayout::new(schema).unwrap();
    let sealed = columns.seal_columns(&staged(values)).unwrap().unwrap();
    let (block, payload) = placed(&sealed);
    assert_eq!((block.layout, block.count as usize, block.stride as usize), (1, values.len(), T::SIZE));
    columns.check_header(&block, schema).unwrap();
    let mut findings: Vec<Error> = Vec::new();
    columns.audit(&block, &payload, &Auditor::new(schema), &mut |error| findings.push(error));
    assert!(findings.is_empty(), "{}: {findings:?}", schema.name());
    let rows = columns.view(&block, Backing::Buffer(Arc::new(payload.clone())), 0).unwrap();
    columns.verify(&block, &rows, &Validator::new(schema)).unwrap();
    let (expected, bytes) = placed(&RowLayout.seal(staged(values)).unwrap());
    let sizes = [bytes.len(), payload.len()];
    let expected = RowLayout.view(&expected, Backing::Buffer(Arc::new(bytes)), 0).unwrap();
    let heap = rows.heap();
    for (region, found, expected) in
        [("records", rows.records(), expected.records()), ("heap", heap, &expected.heap()[..heap.len()])]
    {
        let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let stride = schema.root().size();
        assert_eq!(found.len(), expected.len(), "{region} of {}", schema.name());
        assert_eq!(differs.map(|at| (at / stride, at % stride)), None, "{region} of {}", schema.name());
    }
    assert!(
        expected.heap()[heap.len()..].iter().all(|byte| *byte == 0)
            && expected.heap().len() < heap.len() + 64
    );
    assert_eq!(rows.text().all(), expected.text().all(), "text of {}", schema.name());
    sizes
}

#[derive(Clone, Debug, Hydra)]
struct Tick {
    time: u64,
    price: f64,
    bid: f64,
    volume: u32,
    venue: u16,
    side: Side,
    live: bool,
}

#[derive(Clone, Copy, Debug, Hydra)]
enum Side {
    Buy,
    Sell,
}

fn ticks(count: u64) -> Vec<Tick> {
    let mut price = 10_000i64;
    let tick = |index: u64| {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        price += (noise % 7) as i64 - 3;
        let side = if noise.is_multiple_of(3) { Side::Buy } else { Side::Sell };
        Tick {
            time: 1_700_000_000_000 + index * 250 + noise % 100,
            price: price as f64 / 100.0,
            bid: (price - 1) as f64 / 100.0,
            volume: (noise % 1000) as u32,
            venue: (noise % 5) as u16,
            side,
            live: !index.is_multiple_of(97),
        }
    };
    (0..count).map(tick).collect()
}

#[derive(Clone, Debug, Hydra)]
enum Event {
    Start,
    Log { level: u8, text: String },
    Batch(Vec<Option<u32>>, [Option<i16>; 3]),
    Pair(Box<Event2>, (bool, char)),
}

type Owner = (u8, Vec<u8>);
type Wide = (i128, Option<String>);

#[derive(Clone, Debug, Hydra)]
struct Event2 {
    names: Vec<String>,
    of: Option<Box<Owner>>,
    nested: Vec<Vec<u16>>,
}

#[derive(Clone, Debug, Hydra)]
struct Tree {
    name: String,
    weight: Option<f32>,
    children: Vec<Tree>,
}

#[derive(Clone, Debug, Hydra)]
struct Everything {
    unit: (),
    event: Event,
    maybe: Option<Event>,
    twice: Option<Option<Wide>>,
    map: BTreeMap<String, Vec<u64>>,
    set: BTreeSet<i32>,
    grid: [[f64; 2]; 3],
    bits: [bool; 5],
    words: [String; 2],
    tree: Option<Tree>,
    trees: Vec<Tree>,
    boxed: Option<Box<Option<Box<i64>>>>,
    units: Vec<()>,
    box_unit: Box<()>,
    nothing: [u64; 0],
}

fn everything(index: u64) -> Everything {
    let some = |of: u64| index.is_multiple_of(of);
    let word = |of: u64| format!("wörd {}", index % of);
    let leaf = || Tree { name: word(7), weight: some(3).then_some(0.5), children: Vec::new() };
    let tree = || Tree { name: word(5), weight: None, children: vec![leaf(); (index % 3) as usize] };
    let pair = |box_some: bool| Event2 {
        names: (0..index % 4).map(|n| "n".repeat(n as usize)).collect(),
        of: box_some.then(|| Box::new((index as u8, vec![1; (index % 9) as usize]))),
        nested: (0..index % 3).map(|n| vec![n as u16; n as usize]).collect(),
    };
    let event = |kind: u64| match kind {
        0 => Event::Start,
        1 => Event::Log { level: 3, text: word(3) },
        2 => Event::Batch(
            (0..index % 5).map(|n| (n != 2).then_some(n as u32)).collect(),
            [None, Some(1), None],
        ),
        _ => Event::Pair(Box::new(pair(some(2))), (some(5), 'ß')),
    };
    Everything {
        unit: (),
        event: event(index % 4),
        maybe: some(3).then(|| event(index % 5)),
        twice: some(2).then(|| some(4).then(|| (i128::from(index) << 70, some(8).then(|| word(2))))),
        map: (0..index % 4).map(|n| (format!("k{n}"), vec![n; n as usize])).collect(),
        set: (0..index % 6).map(|n| n as i32 - 3).collect(),
        grid: [[index as f64, 0.1], [-0.0, f64::NAN], [1e300, 2.0]],
        bits: [some(2), some(3), true, false, some(5)],
        words: [word(2), word(11)],
        tree: some(3).then(tree),
        trees: (0..index % 3).map(|_| tree()).collect(),
        boxed: some(2).then(|| Box::new(some(3).then(|| Box::new(index as i64)))),
        units: vec![(); (index % 3) as usize],
        box_unit: Box::new(()),
        nothing: [],
    }
}

#[test]
fn records_of_all_types_come_back() {
    let [rows, columns] = round_trip(&ticks(5000));
    assert!(columns * 4 < rows, "{columns} bytes of columns, {rows} of rows");
    round_trip(&ticks(1));
    for count in [1, 2, 63, 64, 65, 3000] {
        round_trip(&(0..count).map(everything).collect::<Vec<_>>());
    }
    round_trip(&[(), (), ()]);
    round_trip(&vec![Box::new(()); 3]);
    round_trip(&[Some(3u8), None, Some(5)]);
    round_trip::<Option<String>>(&[None, None]);
    round_trip(&vec![String::new(); 5]);
    round_trip(&[everything(3).tree.unwrap(), everything(6).tree.unwrap()]);
}

#[test]
fn parts_come_back() {
    let all: Vec<Everything> = (0..40).map(everything).collect();
    macro_rules! parts {
        ($($field:ident),*) => {$(round_trip(&all.iter().map(|record| record.$field.clone()).collect::<Vec<_>>());)*};
    }
    parts!(map, set, grid, bits, words, units, box_unit, nothing, boxed, twice, trees, tree, event, maybe);
}

#[test]
fn boxes_in_arrays_in_absent_boxes_have_slots() {
    let some = |index: u16| {
        (index % 3 == 1).then(|| Box::new((index as u8, [0, 1, 2].map(|n| Box::new(index * 3 + n)))))
    };
    round_trip(&(0..50).map(some).collect::<Vec<_>>());
}

#[derive(Clone, Debug, Hydra)]
struct Node {
    names: [String; 2],
    count: u64,
    children: Vec<Node>,
    boxes: [Option<Box<u16>>; 3],
    last: u32,
}

#[test]
fn arrays_of_references_in_recursive_types_come_back() {
    fn node(depth: u64) -> Node {
        Node {
            names: [format!("node {depth}"), "second".into()],
            count: 5 << 32 | 3,
            children: (0..depth).map(node).collect(),
            boxes: [None, Some(Box::new(7)), Some(Box::new(depth as u16))],
            last: u32::MAX,
        }
    }
    round_trip(&(0..40).map(|index| node(index % 4)).collect::<Vec<_>>());
}

#[test]
fn columns_that_would_take_too_much_memory_are_not_made() {
    let sealed = |count: usize| {
        let columns = ColumnLayout::new(&facts_of::<u64>().schema).unwrap();
        columns.seal_columns(&staged(&vec![7u64; count])).unwrap()
    };
    assert!(sealed(2 << 20).is_some_and(|sealed| sealed.header.payload_bytes < 200), "16 MiB");
    assert!(sealed((2 << 20) + 1).is_none());
}
