//! `schema --as rust` and `--as numpy`: what they write is compiled here, and has the same fingerprint.

use super::{Place, writer};
use hydra::describe::{Descriptor, Form, Kind, TypeRef};
use hydra::{Hydra, Reader, Schema};
use snapbox::{file, str};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v0").join(name)
}

/// Sources that were generated, and a test of each.
macro_rules! generated {
    ($($module:ident: $file:literal, $table:literal, $root:ident;)*) => {
        $(#[allow(warnings, clippy::all)]
        mod $module {
            include!(concat!("generated/", stringify!($module), ".rs"));
        })*

        #[test]
        fn golden_files_as_rust() {
            let place = Place::new();
            $({
                let path = golden($file);
                let args = ["schema", "--as", "rust", "--table", $table, path.to_str().unwrap()];
                let kept = snapbox::Data::read_from(
                    &Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join(concat!("../tests/cli/generated/", stringify!($module), ".rs")),
                    None,
                );
                place.run(&args).code(0).stderr_eq(str![[""]]).stdout_eq(kept);
                let stored = Reader::open(&path).unwrap().dynamic_table($table).unwrap();
                let own = Schema::of::<$module::$root>();
                assert_eq!(own.fingerprint(), stored.schema().fingerprint(), "{}\n{own}", stored.schema());
                assert!(own.is_identical(stored.schema()));
            })*
        }
    };
}

generated! {
    tick: "plain.hydra", "Tick", Tick;
    flagged: "plain.hydra", "Flagged", Flagged;
    scalars: "scalars.hydra", "Scalars", Scalars;
    containers: "containers.hydra", "Containers", Containers;
    shape: "shapes.hydra", "Shape", Shape;
    log: "tables.hydra", "Log", Log;
    order: "tables.hydra", "Order", Order;
}

mod other {
    /// Another type of the same name.
    #[derive(hydra::Hydra, Clone, Copy)]
    #[repr(i64)]
    pub enum Level {
        Low = -5,
        High = i64::MAX,
        #[hydra(other)]
        Unknown = 0,
    }
}

#[derive(Hydra, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[hydra(rename = "Self")]
    One,
    #[hydra(rename = "two words", alias = "2")]
    Two,
}

#[derive(Hydra, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u16, Level);

#[derive(Hydra)]
struct Two<A, B> {
    first: A,
    second: B,
}

#[derive(Hydra)]
struct Wrapper<T>(Vec<T>);

#[derive(Hydra)]
struct Marked<T: Hydra> {
    id: u32,
    #[hydra(skip)]
    marker: PhantomData<T>,
}

#[derive(Hydra)]
enum Tree<T> {
    Leaf(#[hydra(rename = "0")] T),
    Node { left: Box<Tree<T>>, r#type: u8, right: Option<Box<Tree<T>>> },
}

/// What is hard to write.
///
/// # A heading, "quotes" and a \ backslash
#[derive(Hydra)]
#[hydra(name = "my type", version = 2)]
#[repr(align(32))]
struct Awkward {
    #[hydra(rename = "self")]
    pub a: u8,
    /// Two fields that look the same.
    #[hydra(rename = "unit price", default = -0.5)]
    pub b: f32,
    #[hydra(rename = "unit_price", readonly, attr(unit = "µs", low = -5, ratio = 0.5, on = true))]
    pub c: i16,
    #[hydra(rename = "größe", default = "a \"b\"\n".to_string())]
    pub d: String,
    #[hydra(default = -7)]
    r#match: i64,
    #[hydra(default = vec![1])]
    list: Vec<u32>,
    #[hydra(default, settable)]
    map: BTreeMap<Level, NonZeroU16>,
    keys: BTreeSet<(i8, Level)>,
    levels: (Level, other::Level),
    same: Two<u8, u8>,
    different: Two<u8, String>,
    wrappers: (Wrapper<u8>, Wrapper<Wrapper<String>>),
    marked: Marked<Level>,
    tree: Tree<char>,
    pair: Key,
    wide: u128,
}

#[allow(warnings, clippy::all)]
mod awkward {
    include!("generated/awkward.rs");
}

#[test]
fn awkward_types_as_rust() {
    let place = Place::new();
    let mut file = writer(&place.path("a.hydra"));
    file.table::<Awkward>().unwrap();
    file.finish().unwrap();
    place
        .run(&["schema", "--as", "rust", "a.hydra"])
        .code(0)
        .stderr_eq(str![[""]])
        .stdout_eq(file!["generated/awkward.rs"].raw());
    let (own, back) = (Schema::of::<Awkward>(), Schema::of::<awkward::my_type>());
    assert!(own.is_identical(&back), "{own}\n{back}");
}

#[test]
fn what_rust_has_no_type_for() {
    let place = Place::new();
    let mut file = writer(&place.path("days.hydra"));
    let fields = vec![("day".to_string(), TypeRef::Index(1)), ("time".to_string(), TypeRef::Index(2))];
    let day = Descriptor::formed(Kind::I32, Form::Date);
    let time = Descriptor::formed(Kind::I64, Form::Timestamp { exponent: -3 });
    let schema = Schema::new(vec![Descriptor::structure("Day", fields), day, time]).unwrap();
    file.dynamic_table(&schema).unwrap();
    file.finish().unwrap();
    place
        .run(&["schema", "--as", "rust", "days.hydra"])
        .code(3)
        .stdout_eq(str![[r#"
// Table Day, schema fingerprint 0x9ecf07c5e9310c73; made by `hydra schema --as rust`.
// Not as in the file: date of exponent 0 over i32 is the bare i32.
// Not as in the file: timestamp of exponent -3 over i64 is the bare i64.

use hydra::Hydra;

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Day {
    pub day: i32,
    pub time: i64,
}

"#]])
        .stderr_eq(str![[r#"
warning: days.hydra: date of exponent 0 over i32 is the bare i32
warning: days.hydra: timestamp of exponent -3 over i64 is the bare i64

"#]]);
    let mut file = writer(&place.path("words.hydra"));
    file.table::<(u8, Vec<String>)>().unwrap();
    file.finish().unwrap();
    place.run(&["schema", "--as", "rust", "words.hydra"]).code(0).stdout_eq(str![[r#"
// Table (u8,list<string>), schema fingerprint 0x5bf407364f9fc827; made by `hydra schema --as rust`.

use hydra::Hydra;

pub type Root = (u8, Vec<String>);

"#]]);
}
