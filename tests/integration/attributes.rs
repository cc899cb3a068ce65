//! Every attribute of a field in every place where a field can be, written and read back in every way.
//! Combinations that are not in this table do not compile: see `tests/ui/table_*.rs`.

#![allow(dead_code, missing_docs)]

use hydra::{Error, ErrorKind, Hydra, Kind, Reader, Result, Schema, Value, With, Writer};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A type that cannot be stored as itself.
#[derive(Clone, Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Foreign(Vec<i64>);

/// Stores it as text.
pub(crate) struct Text;

impl With<Foreign> for Text {
    type Stored = String;

    fn to_stored(value: &Foreign) -> Result<String> {
        Ok(value.0.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
    }

    fn from_stored(stored: String) -> Result<Foreign> {
        let parts = stored.split(',').filter(|part| !part.is_empty());
        let numbers = parts.map(str::parse).collect::<std::result::Result<_, _>>();
        numbers.map(Foreign).map_err(|_| Error::new(ErrorKind::BadValue).found(stored))
    }
}

/// The interface of each type in the table, for the tests below.
trait Cell: Hydra + Clone + PartialEq + Debug {
    /// A value whose attributed field does not have its default.
    fn full() -> Self;
}

/// One value through every way there is; its stored form is not `()`.
fn survives<T: Cell>() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (log, single) = (folder.path().join("log"), folder.path().join("single"));
    let value = T::full();
    let mut writer = Writer::create(&log)?;
    let table = writer.table::<T>()?;
    writer.append(table, &value)?;
    writer.finish()?;
    let table = Reader::open(&log)?.table::<T>()?;
    let row = table.get(0)?;
    assert_eq!(row.decode()?, value, "append");
    // As data: reflection shows no parts of a converted live value.
    let data = Value::of(&value).to_dynamic()?;
    assert_eq!(row.value(), data.value(), "as a value");
    hydra::save(&single, &value)?;
    assert_eq!(hydra::load::<T>(&single)?, value, "save");
    let image = hydra::to_bytes(&value)?;
    assert_eq!(hydra::from_bytes::<T>(&image)?, value, "image");
    hydra::view::<T>(&image)?;
    assert_eq!(data.value().to::<T>()?, value, "reflected");
    Ok(())
}

/// A value of `Old`, read as a `New`.
fn evolves<Old: Cell, New: Cell>() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<Old>()?;
    writer.append(table, &Old::full())?;
    writer.finish()?;
    let table = Reader::open(&path)?.table::<New>()?;
    let row = table.get(0)?;
    assert_eq!(row.decode()?, New::full());
    assert_eq!(row.value(), Value::of(&New::full()).to_dynamic()?.value());
    Ok(())
}

/// Checks that no type in the schema is a unit, so that no field was left out silently.
fn holds_all<T: Hydra>() {
    let schema = Schema::of::<T>();
    assert!(schema.types().iter().all(|ty| ty.kind() != Kind::Unit), "{schema}");
}

/// A column of the table: one way to write a field, in every place. `newtypes` is left out if the attribute
/// does not apply to newtypes.
macro_rules! column {
    ($name:ident, [$($attr:tt)*], $ty:ty = $value:expr $(, $newtypes:ident)?) => {
        mod $name {
            use super::*;

            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Named { before: u8, #[hydra($($attr)*)] field: $ty, after: String }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Tuple(u8, #[hydra($($attr)*)] $ty, String);
            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Generic<T> { before: T, #[hydra($($attr)*)] field: $ty, after: Vec<T> }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(view = ViewedView, settable)]
            pub(super) struct Viewed { before: u8, #[hydra($($attr)*)] field: $ty, after: String }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) enum InStruct { #[allow(dead_code)] Unit, Full { before: u8, #[hydra($($attr)*)] field: $ty, after: String }, #[hydra(other)] Other }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(view = EnumView)]
            pub(super) enum GenericEnum<T> { #[allow(dead_code)] Unit, Full { before: T, #[hydra($($attr)*)] field: $ty, after: Vec<T> } }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(name = "Named")]
            pub(super) struct Older { gone: Vec<u16>, after: String, #[hydra($($attr)*)] field: $ty, before: u8 }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(name = "InStruct")]
            pub(super) enum OlderEnum { Full { gone: u64, after: String, #[hydra($($attr)*)] field: $ty, before: u8 } }

            impl Cell for Named { fn full() -> Self { Named { before: 1, field: $value, after: "end".into() } } }
            impl Cell for Tuple { fn full() -> Self { Tuple(1, $value, "end".into()) } }
            impl Cell for Generic<u32> { fn full() -> Self { Generic { before: 1, field: $value, after: vec![2, 3] } } }
            impl Cell for Viewed { fn full() -> Self { Viewed { before: 1, field: $value, after: "end".into() } } }
            impl Cell for InStruct { fn full() -> Self { InStruct::Full { before: 1, field: $value, after: "end".into() } } }
            impl Cell for GenericEnum<String> {
                fn full() -> Self { GenericEnum::Full { before: "a".into(), field: $value, after: vec!["b".into()] } }
            }
            impl Cell for Older { fn full() -> Self { Older { gone: vec![9], after: "end".into(), field: $value, before: 1 } } }
            impl Cell for OlderEnum { fn full() -> Self { OlderEnum::Full { gone: 9, after: "end".into(), field: $value, before: 1 } } }

            #[test]
            fn in_every_place() -> Result<()> {
                survives::<Named>()?;
                survives::<Tuple>()?;
                survives::<Generic<u32>>()?;
                survives::<Viewed>()?;
                survives::<InStruct>()?;
                survives::<GenericEnum<String>>()?;
                evolves::<Older, Named>()?;
                evolves::<OlderEnum, InStruct>()?;
                holds_all::<Named>();
                holds_all::<Tuple>();
                holds_all::<InStruct>();
                $($newtypes::in_every_newtype()?;)?
                Ok(())
            }
            column!(@$($newtypes)?, [$($attr)*], $ty = $value);
        }
    };
    (@, $($rest:tt)*) => {};
    (@newtypes, [$($attr:tt)*], $ty:ty = $value:expr) => {
        mod newtypes {
            use super::*;

            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Newtype(#[hydra($($attr)*)] $ty);
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(view = NewtypeView)]
            pub(super) struct Seen(#[hydra($($attr)*)] $ty);
            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Cached(#[hydra(skip)] u64, #[hydra($($attr)*)] $ty);
            #[derive(Hydra, Clone, Debug, PartialEq)]
            pub(super) struct Parts { transparent: Transparent, many: Vec<Newtype>, of: BTreeMap<u8, Newtype> }
            #[derive(Hydra, Clone, Debug, PartialEq)]
            #[hydra(transparent)]
            pub(super) struct Transparent(#[hydra($($attr)*)] $ty);

            impl Cell for Newtype { fn full() -> Self { Newtype($value) } }
            impl Cell for Seen { fn full() -> Self { Seen($value) } }
            impl Cell for Cached { fn full() -> Self { Cached(0, $value) } }
            impl Cell for Transparent { fn full() -> Self { Transparent($value) } }
            impl Cell for Parts {
                fn full() -> Self {
                    let many = vec![Newtype($value), Newtype($value)];
                    Parts { transparent: Transparent($value), of: BTreeMap::from([(7, many[0].clone())]), many }
                }
            }

            pub(super) fn in_every_newtype() -> Result<()> {
                survives::<Newtype>()?;
                survives::<Seen>()?;
                survives::<Cached>()?;
                survives::<Transparent>()?;
                survives::<Parts>()?;
                holds_all::<Parts>();
                Ok(())
            }
        }
    };
}

column!(no_attribute, [], Vec<u32> = vec![5, 6], newtypes);
column!(converted, [as = u64], usize = 77, newtypes);
column!(converted_list, [as = Vec<u8>], std::collections::VecDeque<u8> = [5, 6].into(), newtypes);
column!(with, [with = Text], Foreign = Foreign(vec![-5, 6]), newtypes);
column!(with_as, [with = hydra::As<i64>], isize = -77, newtypes);
column!(opaque, [opaque], Foreign = Foreign(vec![-5, 6]), newtypes);
column!(settable, [settable], u32 = 77, newtypes);
column!(converted_settable, [as = u64, settable], usize = 77, newtypes);
column!(default, [default], u32 = 77);
column!(default_value, [default = 5], u32 = 77);
column!(converted_default, [as = u64, default], usize = 77);
column!(converted_default_value, [as = u64, default = 5], usize = 77);
column!(with_default, [with = Text, default], Foreign = Foreign(vec![5]));
column!(opaque_default, [opaque, default = Foreign(vec![1])], Foreign = Foreign(vec![5]));
column!(attribute, [attr(unit = "ms"), alias = "former"], u32 = 77);
column!(converted_attribute, [as = u64, attr(unit = "ms"), alias = "former"], usize = 77);
column!(opaque_attribute, [opaque, attr(unit = "ms"), alias = "former"], Foreign = Foreign(vec![5]));
column!(readonly, [readonly], u32 = 77);

/// Succeeds once, then fails.
struct Once;

impl With<u32> for Once {
    type Stored = u32;

    fn to_stored(value: &u32) -> Result<u32> {
        thread_local!(static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
        let calls = CALLS.replace(CALLS.get() + 1);
        if calls == 0 { Ok(*value) } else { Err(Error::new(ErrorKind::BadValue)) }
    }

    fn from_stored(stored: u32) -> Result<u32> {
        Ok(stored)
    }
}

#[test]
fn a_conversion_that_works_only_once_loses_nothing() {
    #[derive(Hydra)]
    struct Record(#[hydra(with = Once)] u32);
    assert_eq!(hydra::to_bytes(&Record(7)).unwrap_err().kind(), ErrorKind::CannotEncode);
}
