//! Random types, random changes of them, and random values. Resolution agrees with a model of the rules,
//! written over data, about which records can be read, and reading returns the values of the model.

use crate::evolve_types::{Field, OTHER, Random, Ty, schema};
use hydra::evolve::Evolution;
use hydra::reflect::Data;
use hydra::{Descriptor, Dynamic, ErrorKind, Kind, Layout, Reader, Result, Writer, testing};

/// The reason why the model has no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum No {
    Never,
    NotThis,
}

fn default(field: &Field) -> Option<Data> {
    field.default.then(|| match field.ty {
        Ty::Text => Data::from("default"),
        _ => Data::from(77u32),
    })
}

pub(crate) fn innermost(mut ty: &Ty) -> &Ty {
    while let Ty::Newtype(inner) = ty {
        ty = inner;
    }
    ty
}

/// Converts `data` to another type; without data, returns whether any value can be converted.
pub(crate) fn model(from: &Ty, data: Option<&Data>, to: &Ty) -> Result<Data, No> {
    let inside = || match data {
        Some(Data::Some(inner)) => Some(&**inner),
        _ => None,
    };
    let parts = || match data {
        Some(Data::Parts(parts)) => parts.iter().map(Some).collect(),
        _ => vec![None],
    };
    match (from, to) {
        (Ty::Newtype(from), Ty::Newtype(to)) => Ok(Data::some(model(from, inside(), to)?)),
        (Ty::Option(from), Ty::Option(to)) => match data {
            Some(Data::None) => Ok(Data::None),
            _ => Ok(Data::some(model(from, inside(), to)?)),
        },
        (_, Ty::Option(to)) if !matches!(innermost(from), Ty::Option(_)) => {
            Ok(Data::some(model(from, data, to)?))
        }
        (Ty::Newtype(from), Ty::Struct(fields))
            if fields.len() == 1 && !matches!(innermost(from), Ty::Struct(_)) =>
        {
            Ok(Data::Parts(vec![model(from, inside(), &fields[0].ty)?]))
        }
        (Ty::Newtype(from), _) => model(from, inside(), to),
        (Ty::Struct(fields), Ty::Newtype(to))
            if fields.len() == 1 && !matches!(innermost(to), Ty::Struct(_)) =>
        {
            let data = match data {
                Some(Data::Parts(parts)) => parts.first(),
                _ => None,
            };
            Ok(Data::some(model(&fields[0].ty, data, to)?))
        }
        (_, Ty::Newtype(to)) => Ok(Data::some(model(from, data, to)?)),
        (Ty::Boxed(from), Ty::Boxed(to)) => Ok(Data::some(model(from, inside(), to)?)),
        (Ty::List(from), Ty::List(to)) => all(parts(), |data| model(from, data, to)),
        (Ty::Array(from, left), Ty::Array(to, right)) if left == right => {
            all(parts(), |data| model(from, data, to))
        }
        (Ty::Set(from), Ty::Set(to)) => all(parts(), |data| number(*from, data, *to)),
        (Ty::Map(from_key, from), Ty::Map(to_key, to)) => match data {
            Some(Data::Entries(entries)) => {
                let entry = |(key, value): &(Data, Data)| {
                    Ok((number(*from_key, Some(key), *to_key)?, model(from, Some(value), to)?))
                };
                Ok(Data::Entries(entries.iter().map(entry).collect::<Result<_, No>>()?))
            }
            _ => number(*from_key, None, *to_key).and(model(from, None, to)),
        },
        (Ty::Tuple(from), Ty::Tuple(to)) => {
            let named = |(at, ty): (usize, &Ty)| Field {
                name: at.to_string(),
                alias: None,
                default: false,
                ty: ty.clone(),
            };
            let of = |parts: &[Ty]| parts.iter().enumerate().map(named).collect::<Vec<_>>();
            Ok(Data::Parts(fields(&of(from), parts(), &of(to))?))
        }
        (Ty::Struct(from), Ty::Struct(to)) => Ok(Data::Parts(fields(from, parts(), to)?)),
        (Ty::Enum(from), Ty::Enum(to)) => {
            let position = |name: &str| to.iter().position(|(own, ..)| own == name);
            match data {
                Some(Data::Variant(at, parts)) => {
                    let Some(target) = position(&from[*at].0) else { return other(to) };
                    let parts = fields(&from[*at].2, parts.iter().map(Some).collect(), &to[target].2)?;
                    Ok(Data::Variant(target, parts))
                }
                _ => {
                    for (name, _, own) in from {
                        if let Some(target) = position(name) {
                            fields(own, vec![None; own.len()], &to[target].2)?;
                        }
                    }
                    Ok(Data::None)
                }
            }
        }
        (Ty::Text, Ty::Enum(variants)) if variants.iter().all(|(.., fields)| fields.is_empty()) => match data
        {
            Some(Data::Str(text)) => match variants.iter().position(|(name, ..)| name == text) {
                Some(at) => Ok(Data::Variant(at, vec![])),
                None => other(variants),
            },
            _ => Ok(Data::None),
        },
        (Ty::Num(from), Ty::Num(to)) => number(*from, data, *to),
        (from, to) if from == to => Ok(data.cloned().unwrap_or(Data::None)),
        _ => Err(No::Never),
    }
}

/// Returns the value for a variant that the target lacks.
fn other(variants: &[(String, i128, Vec<Field>)]) -> Result<Data, No> {
    let at = variants.iter().position(|(name, _, fields)| name == OTHER && fields.is_empty());
    at.map(|at| Data::Variant(at, vec![])).ok_or(No::NotThis)
}

fn all(parts: Vec<Option<&Data>>, each: impl Fn(Option<&Data>) -> Result<Data, No>) -> Result<Data, No> {
    Ok(Data::Parts(parts.into_iter().map(each).collect::<Result<_, No>>()?))
}

fn fields(from: &[Field], parts: Vec<Option<&Data>>, to: &[Field]) -> Result<Vec<Data>, No> {
    let part = |at: usize| parts.get(at).copied().flatten();
    let each = |(field, own): (&Field, &Option<usize>)| {
        let Some(at) = *own else {
            return match (default(field), innermost(&field.ty)) {
                (Some(default), _) => Ok(default),
                (None, Ty::Option(_)) => Ok(empty(&field.ty)),
                _ => Err(No::Never),
            };
        };
        match (&from[at].ty, default(field)) {
            (Ty::Option(inner), Some(default)) => match part(at) {
                Some(Data::None) => Ok(default),
                Some(Data::Some(data)) => model(inner, Some(data), &field.ty),
                _ => model(inner, None, &field.ty),
            },
            (ty, _) => model(ty, part(at), &field.ty),
        }
    };
    to.iter().zip(&pairs(from, to)).map(each).collect()
}

/// Returns the field of the source for each field of the target: by name, by its own alias, by an alias of
/// the source.
pub(crate) fn pairs(from: &[Field], to: &[Field]) -> Vec<Option<usize>> {
    let by_name = |name: &str| from.iter().position(|field| field.name == name);
    let mut found: Vec<Option<usize>> = to.iter().map(|field| by_name(&field.name)).collect();
    let named = found.clone();
    for (at, field) in to.iter().enumerate().filter(|(at, _)| named[*at].is_none()) {
        let alias = field.alias.as_deref().and_then(by_name);
        found[at] = alias.filter(|alias| !found.contains(&Some(*alias)));
    }
    for (at, field) in to.iter().enumerate() {
        if found[at].is_none() {
            let is_former = |at: &usize| from[*at].alias.as_ref() == Some(&field.name);
            let former = (0..from.len()).filter(|at| !named.contains(&Some(*at))).find(is_former);
            found[at] = former.filter(|former| !found.contains(&Some(*former)));
        }
    }
    found
}

/// Returns none, in as many newtypes as the type has around its option.
fn empty(ty: &Ty) -> Data {
    match ty {
        Ty::Newtype(inner) => Data::some(empty(inner)),
        _ => Data::None,
    }
}

fn number(from: Kind, data: Option<&Data>, to: Kind) -> Result<Data, No> {
    let (small, large) = (from.fixed_bytes(), to.fixed_bytes());
    let bits = small * 8 - usize::from(from.is_signed());
    let is_float = |kind: Kind| matches!(kind, Kind::F32 | Kind::F64);
    let exact = match (is_float(from), is_float(to)) {
        (true, true) => large >= small,
        (true, false) => false,
        (false, true) => bits <= if to == Kind::F32 { 24 } else { 53 },
        (false, false) => from == to || (large > small && (to.is_signed() || from.is_unsigned())),
    };
    if !exact {
        return Err(No::Never);
    }
    let value = match data {
        Some(Data::Int(number)) => (*number, *number as f64),
        Some(Data::Uint(number)) => (*number as i128, *number as f64),
        Some(Data::F32(number)) => (0, f64::from(*number)),
        Some(Data::F64(number)) => (0, *number),
        _ => return Ok(Data::None),
    };
    Ok(match to {
        Kind::F32 => Data::F32(value.1 as f32),
        Kind::F64 => Data::F64(value.1),
        to if to.is_signed() => Data::Int(value.0),
        _ => Data::Uint(value.0 as u128),
    })
}

trait FixedBytes {
    fn fixed_bytes(self) -> usize;
}

impl FixedBytes for Kind {
    fn fixed_bytes(self) -> usize {
        Descriptor::scalar(self)
            .kind()
            .name()
            .trim_start_matches(['u', 'i', 'f'])
            .parse::<usize>()
            .unwrap_or(8)
            / 8
    }
}

#[test]
fn what_can_be_read_and_how_is_what_the_model_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut compatible, mut refused, mut not_these) = (0, 0, 0);
    for seed in 0..cases() {
        let mut random = Random(seed);
        let old = Ty::Struct(random.fields(3));
        let new = match random.change(&old) {
            Ty::Struct(fields) => Ty::Struct(fields),
            _ => continue,
        };
        let (from, to) = (schema(&old, 1)?, schema(&new, 2)?);
        let evolution = Evolution::between(&from, &to);
        let possible = model(&old, None, &new);
        assert_eq!(evolution.is_ok(), possible.is_ok(), "seed {seed}: {evolution:?}\n{from}\n{to}");
        if possible.is_err() {
            refused += 1;
            continue;
        }
        compatible += 1;
        let values: Vec<Data> = (0..6).map(|_| random.data(&old)).collect();
        let path = folder.path().join(format!("{seed}.hydra"));
        // Half of the records are written as columns, in encodings of all kinds.
        testing::force_encodings(Some(seed));
        let layout = if seed % 2 == 0 { Layout::Columns } else { Layout::Rows };
        let mut writer = Writer::options().layout(layout).create(&path)?;
        let table = writer.dynamic_table(&from)?;
        for data in &values {
            writer.append_value(table, Dynamic::new(from.clone().into(), data.clone())?.value())?;
        }
        writer.dynamic_table_named("Row", &to)?;
        writer.finish()?;
        let table = Reader::open(&path)?.dynamic_table("Row")?;
        assert!(table.schema().is_identical(&to), "seed {seed}");
        for (at, data) in values.iter().enumerate() {
            match (model(&old, Some(data), &new), table.get(at as u64)) {
                (Ok(expected), Ok(record)) => {
                    let expected = Dynamic::new(to.clone().into(), expected)?;
                    assert_eq!(record.value(), expected.value(), "seed {seed}: {data:?}\n{from}\n{to}");
                }
                (Err(No::NotThis), Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::UnknownVariant, "seed {seed}");
                    not_these += 1;
                }
                (expected, got) => panic!("seed {seed}: {expected:?}, {:?}\n{from}\n{to}", got.err()),
            }
        }
        std::fs::remove_file(&path)?;
    }
    println!("{compatible} compatible, {refused} refused, {not_these} values without a counterpart");
    assert!(compatible > 100 && refused > 50 && not_these > 10);
    Ok(())
}

/// The number of pairs; HYDRA_CASES raises it.
pub(crate) fn cases() -> u64 {
    std::env::var("HYDRA_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(600)
}
