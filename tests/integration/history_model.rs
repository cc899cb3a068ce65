//! Programs of several generations use one table at random, compared with a model of FORMAT.md, sections 16.3
//! and 16.4: which types may append, which is the newest, and which values are refused. Acknowledged records
//! are readable as the newest type, except values whose variant a newer type removed after they were written.

use crate::evolve_model::{No, cases, innermost, model, pairs};
use crate::evolve_types::{Field, Random, Ty, schema};
use hydra::reflect::Data;
use hydra::{Dynamic, Editor, ErrorKind, Layout, Reader, Result, Schema, Writer, testing};
use std::path::Path;

/// A type of the table, with its version.
struct Generation {
    ty: Ty,
    version: u32,
    schema: Schema,
}

impl Generation {
    fn new(ty: Ty, version: u32) -> Result<Generation> {
        Ok(Generation { schema: schema(&ty, version)?, ty, version })
    }
}

fn compatible(from: &Generation, to: &Generation) -> bool {
    model(&from.ty, None, &to.ty).is_ok()
}

/// Returns true if a field or variant of the source is missing in the target.
fn removes(from: &Ty, to: &Ty) -> bool {
    match (from, to) {
        (Ty::Newtype(from), Ty::Newtype(to)) | (Ty::Option(from), Ty::Option(to)) => removes(from, to),
        (from, Ty::Option(to)) if !matches!(innermost(from), Ty::Option(_)) => removes(from, to),
        (Ty::Newtype(from), Ty::Struct(fields))
            if fields.len() == 1 && !matches!(innermost(from), Ty::Struct(_)) =>
        {
            removes(from, &fields[0].ty)
        }
        (Ty::Newtype(from), to) => removes(from, to),
        (Ty::Struct(fields), Ty::Newtype(to))
            if fields.len() == 1 && !matches!(innermost(to), Ty::Struct(_)) =>
        {
            removes(&fields[0].ty, to)
        }
        (from, Ty::Newtype(to)) => removes(from, to),
        (Ty::Boxed(from), Ty::Boxed(to)) | (Ty::List(from), Ty::List(to)) => removes(from, to),
        (Ty::Map(_, from), Ty::Map(_, to)) => removes(from, to),
        (Ty::Array(from, left), Ty::Array(to, right)) if left == right => removes(from, to),
        (Ty::Tuple(from), Ty::Tuple(to)) => {
            from.len() > to.len() || from.iter().zip(to).any(|(from, to)| removes(from, to))
        }
        (Ty::Struct(from), Ty::Struct(to)) => removes_fields(from, to),
        (Ty::Enum(from), Ty::Enum(to)) => from.iter().any(|(name, _, fields)| {
            let target = to.iter().find(|(own, ..)| own == name);
            target.is_none_or(|(_, _, target)| removes_fields(fields, target))
        }),
        _ => false,
    }
}

fn removes_fields(from: &[Field], to: &[Field]) -> bool {
    let found = pairs(from, to);
    let lost = (0..from.len()).any(|at| !found.contains(&Some(at)));
    let pair = |(field, at): (&Field, &Option<usize>)| {
        at.is_some_and(|at| match &from[at].ty {
            Ty::Option(inner) if field.default && !matches!(innermost(&field.ty), Ty::Option(_)) => {
                removes(inner, &field.ty)
            }
            ty => removes(ty, &field.ty),
        })
    };
    lost || to.iter().zip(&found).any(pair)
}

fn is_older(later: &Generation, earlier: &Generation) -> bool {
    later.version < earlier.version
        || (later.version == earlier.version && compatible(later, earlier) && removes(&earlier.ty, &later.ty))
}

/// Returns the newest type in the file.
fn newest(known: &[Generation]) -> usize {
    (1..known.len())
        .fold(0, |newest, next| if is_older(&known[next], &known[newest]) { newest } else { next })
}

/// Returns whether a type may append (section 16.4).
fn may_append(known: &[Generation], new: &Generation) -> bool {
    let Some(_) = known.first() else { return true };
    let newest = &known[newest(known)];
    let reads_all = || known.iter().all(|known| compatible(known, new));
    match new.version.cmp(&newest.version) {
        _ if known.iter().any(|known| known.schema.is_identical(&new.schema)) => compatible(new, newest),
        std::cmp::Ordering::Greater => reads_all(),
        std::cmp::Ordering::Equal if !is_older(new, newest) => {
            reads_all() && (!removes(&newest.ty, &new.ty) || compatible(new, newest))
        }
        // If each type lacks something of the other, it is undetermined which is older.
        std::cmp::Ordering::Equal => compatible(new, newest) && !removes(&new.ty, &newest.ty),
        std::cmp::Ordering::Less => compatible(new, newest),
    }
}

/// A record: the generation that wrote it, its data, and whether the newest type of that time could read it,
/// as required.
struct Row {
    of: usize,
    data: Data,
}

#[derive(Default, Debug)]
struct Counts {
    opened: u32,
    refused_types: u32,
    appended: u32,
    refused: u32,
    edited: u32,
    refused_edits: u32,
    lost: u32,
}

fn value(generation: &Generation, data: &Data) -> Result<Dynamic> {
    Dynamic::new(generation.schema.clone().into(), data.clone())
}

/// Reads all acknowledged records as data, and as each type of the file that the newest one can be read as.
fn check(path: &Path, known: &[Generation], rows: &[Row], counts: &mut Counts, seed: u64) -> Result<()> {
    if known.is_empty() {
        return Ok(());
    }
    let newest = &known[newest(known)];
    let table = Reader::open(path)?.dynamic_table("rows")?;
    assert!(
        table.schema().is_identical(&newest.schema),
        "seed {seed}: {}\n{}",
        table.schema(),
        newest.schema
    );
    assert_eq!(table.len(), rows.len() as u64, "seed {seed}");
    for (at, row) in rows.iter().enumerate() {
        match (model(&known[row.of].ty, Some(&row.data), &newest.ty), table.get(at as u64)) {
            (Ok(expected), Ok(record)) => {
                assert_eq!(record.value(), value(newest, &expected)?.value(), "seed {seed}, record {at}");
            }
            // Only values written before the variant was removed can be lost: see `append`.
            (Err(No::NotThis), Err(error)) if error.kind() == ErrorKind::UnknownVariant => counts.lost += 1,
            (expected, got) => panic!("seed {seed}, record {at}: {expected:?}, {:?}", got.err()),
        }
    }
    let mut lost = 0;
    let mut read = 0;
    for block in table.blocks() {
        match block {
            Ok(block) => read += block.len(),
            Err(error) if error.kind() == ErrorKind::UnknownVariant => lost += 1,
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    assert_eq!(read + lost, rows.len(), "seed {seed}");
    hydra::file::check(path, &mut |finding| panic!("seed {seed}: {finding}"), None)?;
    Ok(())
}

/// One file and the operations on it.
fn history(path: &Path, seed: u64, counts: &mut Counts) -> Result<()> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut known, mut rows): (Vec<Generation>, Vec<Row>) = (Vec::new(), Vec::new());
    // Programs write rows, columns in encodings of all kinds, or both in turn.
    testing::force_encodings(Some(seed));
    let mut turn = seed;
    let mut options = || {
        turn += seed / 3 % 2;
        let layout = if turn.is_multiple_of(2) { Layout::Columns } else { Layout::Rows };
        Writer::options().block_bytes(1024).layout(layout)
    };
    let mut writer = options().create(path)?;
    let mut latest = Ty::Struct(random.fields(2));
    if let Ty::Struct(fields) = &mut latest {
        let variants = ["V0", "V1", "V2", "Other"].iter().zip(0..);
        let kind = Ty::Enum(variants.map(|(name, at)| (name.to_string(), at * 3, vec![])).collect());
        let mut add = |name: &str, ty| {
            fields.push(Field { name: name.into(), alias: None, default: false, ty });
        };
        add("kind", kind.clone());
        add("kinds", Ty::Option(Box::new(Ty::List(Box::new(kind)))));
        add("name", Ty::Text);
    }
    for _ in 0..40 {
        match random.below(10) {
            // Another program opens the table.
            0..3 => {
                let old = random.one_in(3) && !known.is_empty();
                let (ty, version) = if old {
                    let known = &known[random.below(known.len())];
                    (known.ty.clone(), known.version)
                } else {
                    let start = if random.one_in(4) {
                        known.first().map_or(&latest, |first| &first.ty)
                    } else {
                        &latest
                    };
                    match random.change(&start.clone()) {
                        Ty::Struct(fields) => {
                            (Ty::Struct(fields), random.below(3) as u32 / 2 + known.len() as u32 / 4)
                        }
                        _ => continue,
                    }
                };
                let new = Generation::new(ty, version)?;
                let allowed = may_append(&known, &new);
                let outcome = writer.dynamic_table_named("rows", &new.schema);
                assert_eq!(outcome.is_ok(), allowed, "seed {seed}: {:?}\n{}", outcome.err(), new.schema);
                if !allowed {
                    counts.refused_types += 1;
                } else if !known.iter().any(|known| known.schema.is_identical(&new.schema)) {
                    counts.opened += 1;
                    latest = new.ty.clone();
                    known.push(new);
                }
            }
            // One of the programs appends.
            3..7 if !known.is_empty() => {
                let (of, newest) = (random.below(known.len()), &known[newest(&known)]);
                let Ok(table) = writer.dynamic_table_named("rows", &known[of].schema) else {
                    assert!(!compatible(&known[of], newest), "seed {seed}");
                    continue;
                };
                for _ in 0..1 + random.below(12) {
                    let data = random.data(&known[of].ty);
                    let record = value(&known[of], &data)?;
                    let outcome = match random.below(2) {
                        0 => writer.append_value(table, record.value()),
                        _ => writer.append_data(table, &mut record.data().clone()),
                    };
                    match (model(&known[of].ty, Some(&data), &newest.ty), outcome) {
                        (Ok(_), Ok(())) => {
                            counts.appended += 1;
                            rows.push(Row { of, data });
                        }
                        (Err(No::NotThis), Err(error)) if error.kind() == ErrorKind::UnknownVariant => {
                            counts.refused += 1
                        }
                        (expected, got) => {
                            panic!("seed {seed}: {expected:?}, {got:?}\n{data:?}\n{}", newest.schema)
                        }
                    }
                }
            }
            7 if random.one_in(2) => writer.commit()?,
            // All programs end; the file is edited and reopened.
            8 => {
                writer.finish()?;
                check(path, &known, &rows, counts, seed)?;
                if !rows.is_empty() && random.one_in(2) {
                    edit(path, &known, &mut rows, &mut random, counts, seed)?;
                    check(path, &known, &rows, counts, seed)?;
                }
                if random.one_in(4) {
                    let small = path.with_extension("small");
                    let layout = [None, Some(Layout::Rows), Some(Layout::Columns)][random.below(3)];
                    hydra::file::compact(path, &small, layout, None)?;
                    std::fs::rename(small, path)?;
                    check(path, &known, &rows, counts, seed)?;
                }
                writer = options().resume(path)?;
            }
            _ => {}
        }
    }
    writer.finish()?;
    check(path, &known, &rows, counts, seed)
}

/// Changes one record to another value of its type.
fn edit(
    path: &Path,
    known: &[Generation],
    rows: &mut [Row],
    random: &mut Random,
    counts: &mut Counts,
    seed: u64,
) -> Result<()> {
    let at = random.below(rows.len());
    let (own, newest) = (&known[rows[at].of], &known[newest(known)]);
    let data = random.data(&own.ty);
    let mut editor = Editor::open(path)?;
    let record = value(own, &data)?;
    editor.record("rows", at as i64)?.set_value(record.value())?;
    match (model(&own.ty, Some(&data), &newest.ty), editor.finish()) {
        (Ok(_), Ok(())) => {
            counts.edited += 1;
            rows[at].data = data;
        }
        // Setting a record to its old value changes nothing.
        (Err(No::NotThis), Ok(())) if value(own, &rows[at].data)?.value() == record.value() => {}
        (Err(No::NotThis), Err(error)) if error.kind() == ErrorKind::UnknownVariant => {
            counts.refused_edits += 1
        }
        (expected, got) => panic!("seed {seed}, record {at}: {expected:?}, {got:?}"),
    }
    Ok(())
}

fn histories(seeds: std::ops::Range<u64>) -> Result<Counts> {
    let folder = tempfile::tempdir()?;
    let mut counts = Counts::default();
    for seed in seeds {
        let path = folder.path().join("rows.hydra");
        history(&path, seed, &mut counts)?;
        std::fs::remove_file(&path)?;
    }
    println!("{counts:?}");
    Ok(counts)
}

#[test]
fn what_programs_of_all_generations_append_is_read_as_the_newest_type() -> Result<()> {
    let counts = histories(0..cases() / 4)?;
    let Counts { opened, refused_types, appended, refused, edited, refused_edits, lost } = counts;
    let least = [opened, refused_types, appended, refused, edited, refused_edits, lost].into_iter().min();
    assert!(least.is_some_and(|least| least > 0), "nothing is left untried");
    Ok(())
}

/// `SEEDS=1000000..1100000 cargo test -p hydra-tests --test integration history -- --ignored`
#[test]
#[ignore = "takes as long as it is told"]
fn many_histories() -> Result<()> {
    let seeds = std::env::var("SEEDS").unwrap_or_default();
    let number = |text: Option<&str>, or| text.and_then(|text| text.parse().ok()).unwrap_or(or);
    let (from, to) = seeds.split_once("..").unzip();
    histories(number(from, 1_000_000)..number(to, 1_005_000)).map(drop)
}
