//! The public items of the library and of its derive are those of `docs/api`, one a line, so that a change of them is seen in
//! a diff. `HYDRA_UPDATE_GOLDEN=1 cargo test -p hydra-tests --test surface` writes the lists anew.
//!
//! rustdoc's JSON is read, as Rust 1.95 writes it. The command's surface is its help, which
//! `tests/cli/help.rs` holds.

use public_api::{Builder, PublicApi, PublicItem};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of rustdoc's JSON that `public-api` reads.
const JSON_VERSION: u64 = 57;

/// All features but `testing`, which is not part of the API.
const FEATURES: &str = "jiff,uuid,rust_decimal,opaque,rayon";

/// Traits that users cannot name, so that only this crate implements what needs them.
const SEALS: [&str; 2] = ["hydra::derived::with::Convert", "hydra::reflect::get::sealed::Sealed"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The public items of a package, in the target directory that this test was built in: dependencies are there already.
fn surface(package: &str, library: &str, features: &str) -> PublicApi {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target directory");
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .env("RUSTDOC", root().join(".ci/rustdoc-json"))
        .args(["rustdoc", "--quiet", "--lib", "--package", package, "--features", features, "--target-dir"])
        .arg(target)
        .args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"])
        .status();
    assert!(status.unwrap().success(), "cargo rustdoc of {package} fails");
    let path = target.join("doc").join(library).with_extension("json");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        json["format_version"], JSON_VERSION,
        "this Rust writes another version of rustdoc's JSON: use 1.95, or a public-api that reads it"
    );
    let items = Builder::from_rustdoc_json(path).sorted(true);
    items.omit_blanket_impls(true).omit_auto_trait_impls(true).build().unwrap()
}

fn library() -> PublicApi {
    surface("hydra-format", "hydra", FEATURES)
}

/// One item a line, by the shortest of its paths; `pub use longer = shorter` for the others. An implementation of a trait is
/// one: its functions and constants are the trait's; its types are told, because they are not.
fn lines(api: &PublicApi) -> Vec<String> {
    let is_of_trait = |(item, text): &(&PublicItem, String)| {
        (text.starts_with("impl") && text.contains(" for ")).then(|| item.id())
    };
    let all: Vec<(&PublicItem, String)> = api.items().map(|item| (item, item.to_string())).collect();
    let of_traits: BTreeSet<_> = all.iter().filter_map(is_of_trait).collect();
    let modules: BTreeSet<&str> = all.iter().filter_map(|(_, text)| text.strip_prefix("pub mod ")).collect();
    let mut shortest = BTreeMap::new();
    for (index, (item, text)) in all.iter().enumerate() {
        let best = shortest.entry(item.id()).or_insert(index);
        if text.len() <= all[*best].1.len() {
            *best = index;
        }
    }
    let line = |(index, (item, text)): (usize, &(&PublicItem, String))| {
        let inside = item.parent_id().is_some_and(|parent| of_traits.contains(&parent));
        if inside && !text.starts_with("pub type") || text.contains("StructuralPartialEq") {
            return None;
        }
        let best = shortest[&item.id()];
        if best == index {
            return Some(text.clone());
        }
        let (path, short) = (paths(text).next()?, paths(&all[best].1).next()?);
        let (module, _) = path.rsplit_once("::")?;
        (path != short && modules.contains(module)).then(|| format!("pub use {path} = {short}"))
    };
    all.iter().enumerate().filter_map(line).collect()
}

/// The paths of this library's items that a line names: its own, then those of other types.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    words.map(|word| word.trim_end_matches(':')).filter(|word| word.starts_with("hydra::"))
}

/// Compares with the list in the repository, or writes it.
fn expect_list(package: &str, api: &PublicApi) {
    let path = root().join("docs/api").join(package).with_extension("txt");
    let now = lines(api).iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    if std::env::var_os("HYDRA_UPDATE_GOLDEN").is_some() {
        return fs::write(&path, now).unwrap();
    }
    let listed = fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (listed.lines().collect(), now.lines().collect());
    let mut differences: Vec<String> = old.difference(&new).map(|line| format!("- {line}")).collect();
    differences.extend(new.difference(&old).map(|line| format!("+ {line}")));
    assert!(
        listed == now,
        "\n{}\n{} is not the public surface of {package}. Where the change is meant:\n\
         HYDRA_UPDATE_GOLDEN=1 cargo test -p hydra-tests --test surface",
        differences.join("\n"),
        path.display()
    );
}

#[test]
fn the_library_is_what_its_list_says() {
    expect_list("hydra-format", &library());
}

#[test]
fn the_derive_is_what_its_list_says() {
    expect_list("hydra-derive", &surface("hydra-derive", "hydra_derive", ""));
}

/// Users find an item in one place, and nobody has to keep two paths.
#[test]
fn every_item_has_one_path() {
    let twice: Vec<String> = lines(&library())
        .into_iter()
        .filter(|line| line.starts_with("pub use ") && line.contains(" = "))
        .collect();
    assert!(twice.is_empty(), "these items have a second path:\n{}", twice.join("\n"));
}

/// What a function takes or gives back can be named: a type in a signature is itself on the list.
#[test]
fn every_type_in_a_signature_can_be_named() {
    let lines = lines(&library());
    let own = lines.iter().filter(|line| !line.starts_with("impl")).filter_map(|line| paths(line).next());
    let listed: BTreeSet<&str> = own.collect();
    let is_listed = |path: &str| {
        listed.contains(path) || path.rsplit_once("::").is_some_and(|(parent, _)| listed.contains(parent))
    };
    let named = |line: &String| paths(line).find(|path| !is_listed(path) && !SEALS.contains(path)).is_some();
    let unnamed: Vec<&str> = lines.iter().filter(|line| named(line)).map(String::as_str).collect();
    assert!(unnamed.is_empty(), "these name a type that is not public:\n{}", unnamed.join("\n"));
}
