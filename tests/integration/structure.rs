//! The dependencies between files. docs/ARCHITECTURE.md describes them; these tests enforce them.

use crate::imports::{Arrow, Crate};
use crate::sources::{code_of, dependencies, expect_none};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The top-level modules of the library: directories or files directly below `hydra-format/src`. Each may use
/// itself and those before it. `lib.rs` may use all; none may use what `lib.rs` defines.
const WINGS: [&str; 17] = [
    "error", "schema", "memory", "store", "layout", "derived", "types", "reflect", "image", "evolve",
    "table", "follow", "parallel", "edit", "publish", "repair", "compat",
];

/// Names of types that several files define, each with its reason. All other names are unique.
const HOMONYMS: [(&str, &str); 4] = [
    ("Field", "the derive's model of a field, and the descriptor that it becomes"),
    ("Result", "as `std::result::Result`, with the error of the library or of the command"),
    ("Style", "of a variant, in the derive's model and in the descriptor"),
    ("Variant", "the derive's model of a variant, and the descriptor that it becomes"),
];

fn library() -> Crate {
    read("hydra-format", "hydra")
}

fn derive() -> Crate {
    read("hydra-derive", "hydra_derive")
}

fn command() -> Crate {
    // No path can begin with this name: in the command, `hydra` is the library.
    read("hydra-cli", "hydra-cli")
}

fn read(folder: &str, name: &str) -> Crate {
    let used = dependencies(&format!("{folder}/Cargo.toml"));
    let used = used.into_iter().map(|name| if name == "hydra-format" { "hydra".to_string() } else { name });
    // Generated code calls the library `__h`.
    let others = ["std", "core", "alloc", "proc_macro", "__h"].map(str::to_string).into_iter();
    let others = others.chain(used.map(|name| name.replace('-', "_"))).collect();
    Crate::read(name, others, &format!("{folder}/src"), &code_of(folder))
}

/// A file of the library without its folder.
fn short(file: &str) -> &str {
    file.split_once("/src/").map_or(file, |(_, file)| file)
}

fn wing(file: &str) -> &str {
    let file = short(file);
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// Returns the rank of a module; `lib.rs` comes after all of them.
fn rank(wings: &[&str], file: &str) -> usize {
    wings.iter().position(|name| *name == wing(file)).unwrap_or(wings.len())
}

/// Returns a complaint for each dependency against the order of the modules, and for each file without a
/// module.
fn against_the_order(wings: &[&str], library: &Crate) -> Vec<String> {
    let in_none = library.files.iter().filter(|file| !wings.contains(&wing(file)) && wing(file) != "lib");
    let mut complaints: Vec<String> = in_none.map(|file| format!("{file} is in no wing")).collect();
    let (arrows, _) = library.arrows();
    for arrow in arrows.iter().filter(|arrow| rank(wings, &arrow.from) < rank(wings, &arrow.to)) {
        let Arrow { from, to, line, path, .. } = arrow;
        let (lower, upper) = (wing(from), wing(to));
        complaints.push(format!(
            "{}:{line} uses {path} of {}: {lower} stands before {upper}",
            short(from),
            short(to)
        ));
    }
    complaints
}

/// Returns a complaint for each circular dependency: a shortest circle through its first file.
fn circles(of: &Crate) -> Vec<String> {
    let (arrows, _) = of.arrows();
    let mut next: BTreeMap<&str, Vec<&Arrow>> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| !of.is_transparent(&arrow.to)) {
        next.entry(&arrow.from).or_default().push(arrow);
    }
    let (mut complaints, mut told) = (Vec::new(), BTreeSet::new());
    for file in &of.files {
        let Some(circle) = circle(&next, file).filter(|_| !told.contains(file.as_str())) else { continue };
        let steps = circle.iter().map(|arrow| {
            format!("{}:{} uses {} of {}", short(&arrow.from), arrow.line, arrow.path, short(&arrow.to))
        });
        complaints.push(format!("a circle: {}", steps.collect::<Vec<_>>().join("; ")));
        told.extend(circle.iter().map(|arrow| arrow.from.as_str()));
    }
    complaints
}

/// Returns a shortest circle through a file.
fn circle<'a>(next: &BTreeMap<&str, Vec<&'a Arrow>>, start: &str) -> Option<Vec<&'a Arrow>> {
    let (mut reached, mut open) = (BTreeMap::new(), VecDeque::from([start]));
    while let Some(file) = open.pop_front() {
        for arrow in next.get(file).into_iter().flatten() {
            if !reached.contains_key(arrow.to.as_str()) {
                reached.insert(arrow.to.as_str(), *arrow);
                open.push_back(&arrow.to);
            }
        }
    }
    let mut way = vec![*reached.get(start)?];
    while way.last().is_some_and(|arrow| arrow.from != start) {
        way.extend(way.last().and_then(|arrow| reached.get(arrow.from.as_str())).copied());
    }
    way.reverse();
    Some(way)
}

/// Returns types by name, if several files define one.
fn homonyms<'a>(crates: impl IntoIterator<Item = &'a Crate>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, defined) in crates.into_iter().flat_map(|of| &of.types) {
        files.entry(name).or_default().extend(defined.iter().map(String::as_str));
    }
    files.retain(|_, files| files.len() > 1);
    files
}

#[test]
fn wings_use_only_wings_before_them() {
    expect_none(against_the_order(&WINGS, &library()));
}

#[test]
fn files_of_the_derive_use_one_another_in_one_direction() {
    expect_none(circles(&derive()));
}

#[test]
fn files_of_the_command_use_one_another_in_one_direction() {
    expect_none(circles(&command()));
}

/// Constructs that would hide dependencies from the other tests.
#[test]
fn every_path_leads_to_a_file_and_every_file_is_read() {
    let mut complaints = Vec::new();
    for of in [library(), derive(), command()] {
        complaints.extend(of.arrows().1);
        complaints.extend(of.unread().into_iter().map(|file| format!("{file}: no module leads to it")));
    }
    expect_none(complaints);
}

#[test]
fn one_word_stands_for_one_type() {
    let crates = [library(), derive(), command()];
    let homonyms = homonyms(&crates);
    let allowed = HOMONYMS.map(|(name, _)| name);
    let new = homonyms.iter().filter(|(name, _)| !allowed.contains(name));
    let new = new.map(|(name, files)| format!("{name} is defined in {files:?}"));
    let gone = allowed.into_iter().filter(|name| !homonyms.contains_key(name));
    let gone = gone.map(|name| format!("{name} is in HOMONYMS, but not defined in two files"));
    expect_none(new.chain(gone).collect());
}

/// Run with `--ignored --nocapture`.
#[test]
#[ignore = "prints for people"]
fn print_the_graph_and_the_homonyms() {
    let crates = [library(), derive(), command()];
    let (arrows, _) = crates[0].arrows();
    let names: Vec<&str> = WINGS.into_iter().chain(["lib"]).collect();
    println!("How many names a wing (row) uses of another (column):\n");
    println!("{:>10}{}", "", names.iter().map(|name| format!("{name:>10}")).collect::<String>());
    for row in &names {
        let count = |column: &str| {
            arrows.iter().filter(|arrow| wing(&arrow.from) == *row && wing(&arrow.to) == column).count()
        };
        let cells = names.iter().map(|column| match count(column) {
            0 => format!("{:>10}", "."),
            count => format!("{count:>10}"),
        });
        println!("{row:>10}{}", cells.collect::<String>());
    }
    let homonyms = homonyms(&crates);
    println!("\n{} names of types that several files define:\n", homonyms.len());
    for (name, files) in &homonyms {
        println!("{name}: {}", files.iter().copied().collect::<Vec<_>>().join(", "));
    }
}

/// A library of two modules, `low` and `high`, with these files in addition to or instead of its own.
fn made_up(files: &[(&str, &str)]) -> Crate {
    let own = [
        ("lib.rs", "mod high;\nmod low;\npub use high::{Thing, help as aid};\npub fn of_the_root() {}"),
        ("low/mod.rs", "mod sub;"),
        ("low/sub.rs", ""),
        ("high/mod.rs", "mod inner;\npub use inner::{Thing, helper as help};\npub(crate) use inner::made;"),
        (
            "high/inner.rs",
            "pub struct Thing; pub fn helper() {} macro_rules! made { () => {} } pub(crate) use made;\n\
             things! { Named } #[macro_export] macro_rules! exported { () => {} }",
        ),
    ];
    let kept = own.iter().filter(|(path, _)| !files.iter().any(|(other, _)| other == path));
    let mut all: Vec<_> =
        kept.chain(files).map(|(path, text)| (format!("a/src/{path}"), text.to_string())).collect();
    all.sort();
    Crate::read("hydra", vec!["std".to_string()], "a/src", &all)
}

/// Returns the complaints about one file of the lower module.
fn about(source: &str) -> Vec<String> {
    against_the_order(&["low", "high"], &made_up(&[("low/sub.rs", source)]))
}

#[test]
fn an_arrow_cannot_hide() {
    let to_inner = |line: usize, path: &str| {
        format!("low/sub.rs:{line} uses {path} of high/inner.rs: low stands before high")
    };
    let cases = [
        ("use crate::Thing;", 1, "crate::Thing"),
        ("use crate::aid;", 1, "crate::aid"),
        ("pub use crate::Thing as Mine;", 1, "crate::Thing"),
        ("use std::fmt;\nuse crate::{low, high::{inner::{helper as h}}};", 2, "crate::high::inner::helper"),
        ("use super::super::high::Thing;", 1, "super::super::high::Thing"),
        ("mod own {\n    use super::super::super::Thing;\n}", 2, "super::super::super::Thing"),
        ("fn f() {\n    crate::high::help()\n}", 2, "crate::high::help"),
        ("fn f<T>(_: T) -> ::hydra::Thing {}", 1, "::hydra::Thing"),
        ("impl From<hydra::Thing> for u8 {}", 1, "hydra::Thing"),
        ("#[doc(x = crate::high::help)] fn f() {}", 1, "crate::high::help"),
        ("fn f() { made!() }", 1, "made"),
        ("fn f() {\n    crate::high::made!()\n}", 2, "crate::high::made"),
        ("fn f() { crate::exported!() }", 1, "crate::exported"),
        ("macro_rules! own { () => { $crate::aid() } }", 1, "crate::aid"),
        ("use crate::high::inner::Named;", 1, "crate::high::inner::Named"),
        ("use super::super::*;\nfn f(_: Thing) {}", 1, "super::super::Thing"),
    ];
    for (source, line, path) in cases {
        assert_eq!(about(source), [to_inner(line, path)], "{source}");
    }
    let by_module = about("use crate::high as h;\nfn f() { h::help() }");
    assert_eq!(
        by_module,
        [
            to_inner(2, "h::help"),
            "low/sub.rs:1 uses crate::high of high/mod.rs: low stands before high".to_string()
        ]
    );
    let same = [
        ("high/mod.rs", "mod inner; mod same;\npub use same::same;"),
        ("high/same.rs", "pub use super::inner::helper as same;"),
        ("lib.rs", "mod high; mod low;"),
        ("low/sub.rs", "use crate::high::same;"),
    ];
    let by_same = against_the_order(&["low", "high"], &made_up(&same));
    assert!(by_same.contains(&to_inner(1, "crate::high::same")), "{by_same:?}");
    let by_root = about("use crate::of_the_root;");
    assert_eq!(by_root, ["low/sub.rs:1 uses crate::of_the_root of lib.rs: low stands before lib"]);
}

#[test]
fn what_is_no_arrow_upward_is_not_refused() {
    for source in [
        "// use crate::Thing;\n/* crate::aid() */ /// crate::Thing\nfn f() { \"crate::Thing\"; r#\"crate::aid\"#; }",
        "#[cfg(test)]\nuse crate::Thing;\nstruct S { #[cfg(test)] a: crate::Thing, b: u8 }",
        "pub(in crate::high) fn f() {}",
        "macro_rules! made { () => {} } fn f() { made!() }",
        "fn f<T: X>() { T::new(); Self::aid(); std::fmt::write(); a.crate_(); }",
        "struct Thing; fn f() { Thing::help() }",
    ] {
        assert_eq!(about(source), Vec::<String>::new(), "{source}");
    }
    let downward = made_up(&[(
        "high/inner.rs",
        "use crate::low::sub; pub struct Thing; pub fn helper() {} macro_rules! made {}",
    )]);
    assert_eq!(against_the_order(&["low", "high"], &downward), Vec::<String>::new());
    assert_eq!(against_the_order(&["low"], &made_up(&[])).len(), 2, "two files are in no wing");
}

#[test]
fn circles_are_found_through_their_parent() {
    let parent = "mod a; mod b; mod c; pub use b::B;";
    let files = [
        ("high/mod.rs", parent),
        ("high/a.rs", "pub fn a(_: super::B) {}"),
        ("high/c.rs", "use super::a::a;"),
    ];
    let round = made_up(
        &[files.as_slice(), &[("lib.rs", "mod high;"), ("high/b.rs", "use super::a;\npub struct B;")]]
            .concat(),
    );
    let expected = "a circle: high/a.rs:1 uses super::B of high/b.rs; high/b.rs:1 uses super::a of high/a.rs";
    assert_eq!(circles(&round), [expected]);
    let straight =
        made_up(&[files.as_slice(), &[("lib.rs", "mod high;"), ("high/b.rs", "pub struct B;")]].concat());
    assert_eq!(circles(&straight), Vec::<String>::new());
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    let lost = |source| made_up(&[("low/sub.rs", source)]).arrows().1;
    assert_eq!(lost("use crate::high::Nobody;"), ["a/src/low/sub.rs:1: crate::high::Nobody leads nowhere"]);
    assert_eq!(lost("\nfn f() { super::nothing() }"), ["a/src/low/sub.rs:2: super::nothing leads nowhere"]);
    assert_eq!(lost("use unknown::Thing;"), ["a/src/low/sub.rs:1: unknown::Thing leads nowhere"]);
    assert_eq!(lost("use std::io;\nuse io::Read;"), Vec::<String>::new());
    assert_eq!(made_up(&[("low/lost.rs", "")]).unread(), ["a/src/low/lost.rs"]);
}

#[test]
fn homonyms_are_found_at_any_visibility() {
    let twice = "fn f() { enum Thing {} } impl X for Y { type Sub = u8; }";
    let found = made_up(&[("low/mod.rs", "mod sub; pub(crate) type Sub = u8;"), ("low/sub.rs", twice)]);
    assert_eq!(homonyms([&found]).keys().copied().collect::<Vec<_>>(), ["Thing"]);
}
