//! Checks that every example of the help runs, and that every page of docs/commands shows the current output.
//! `SNAPSHOTS=overwrite` rewrites the output on the pages.

use super::{Place, writer};
use hydra::Hydra;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

/// What became of it.
#[derive(Hydra, Clone, Copy)]
enum State {
    Open,
    Paid,
}

/// An order of the shop.
#[derive(Hydra, Clone)]
struct Order {
    id: u64,
    at: SystemTime,
    customer: String,
    /// What is to be paid.
    #[hydra(attr(unit = "EUR"))]
    price: f64,
    state: State,
    tags: Vec<String>,
    note: Option<String>,
}

/// An order as it was in the year before.
#[derive(Hydra)]
#[hydra(name = "Order")]
struct OldOrder {
    id: u32,
    at: SystemTime,
    customer: String,
    #[hydra(attr(unit = "EUR"))]
    price: f64,
    state: State,
    tags: Vec<String>,
    coupon: Option<String>,
}

fn orders() -> Vec<Order> {
    let names = ["Ada", "Grace", "Alan", "Barbara", "Edsger", "Donald", "Frances", "Tony"];
    let order = |(index, name): (u64, &&str)| Order {
        id: 1001 + index,
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_704_164_645_250 + index * 61_000),
        customer: name.to_string(),
        price: 9.5 + index as f64 * 3.25,
        state: if index % 3 == 0 { State::Open } else { State::Paid },
        tags: ["gift", "express"].iter().take(index as usize % 3).map(|tag| tag.to_string()).collect(),
        note: (index == 2).then(|| "ring twice".to_string()),
    };
    (0..).zip(&names).map(order).collect()
}

#[derive(Hydra)]
struct Point {
    x: f32,
    y: f32,
}

#[derive(Hydra)]
struct Tick {
    time: u64,
    price: f64,
    pos: Point,
    tags: Vec<String>,
}

#[derive(Hydra)]
struct Server {
    name: String,
}

#[derive(Hydra)]
struct Config {
    retries: u8,
    servers: Vec<Server>,
}

#[derive(Hydra)]
struct Line {
    text: String,
    user: Option<u32>,
}

fn put<T: Hydra>(place: &Place, name: &str, records: impl IntoIterator<Item = T>) {
    let mut file = writer(&place.path(name));
    let table = file.table::<T>().unwrap();
    records.into_iter().for_each(|record| file.append(table, &record).unwrap());
    file.finish().unwrap();
}

/// Makes the files of the pages.
pub(super) fn shop() -> Place {
    let place = Place::new();
    put(&place, "shop.hydra", orders());
    let mut changed = orders();
    changed[1].price = 10.0;
    changed[4].tags.push("late".into());
    changed.push(Order { id: 1009, ..changed[0].clone() });
    put(&place, "new.hydra", changed);
    let old = |order: Order| {
        let Order { id, at, customer, price, state, tags, .. } = order;
        OldOrder { id: id as u32, at, customer, price, state, tags, coupon: None }
    };
    put(&place, "before.hydra", orders().into_iter().take(3).map(old));
    place.put("damaged.hydra", place.read("shop.hydra"));
    place.change("damaged.hydra", |bytes| {
        let at = bytes.windows(5).position(|window| window == b"Grace").unwrap();
        bytes[at] ^= 1;
    });
    let options = hydra::Writer::options().file_id(*b"0123456789abcdef").block_bytes(512);
    let mut torn = options.create(place.path("torn.hydra")).unwrap();
    let table = torn.table::<Order>().unwrap();
    orders().iter().for_each(|order| torn.append(table, order).unwrap());
    torn.finish().unwrap();
    place.change("torn.hydra", |bytes| {
        let at = bytes.windows(6).position(|window| window == b"Edsger").unwrap();
        bytes[at] ^= 1;
    });
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/penguins.csv");
    std::fs::copy(data, place.path("penguins.csv")).unwrap();
    place.put("prices.csv", "id,unit price\n1,9.5\n2,12.75\n");
    place.put("log.ndjson", "{\"at\":\"2024-01-02T03:04:05Z\",\"user\":{\"id\":7}}\n{\"at\":\"2024-01-02T03:04:06.500Z\",\"user\":null,\"ms\":2.5}\n");
    place
}

/// Makes the files of the help, too, and replacements for the programs that its examples call.
fn more() -> Place {
    let place = shop();
    ["damaged.hydra", "torn.hydra"].iter().for_each(|name| std::fs::remove_file(place.path(name)).unwrap());
    let tick = |time| Tick { time, price: 1.5, pos: Point { x: 1.0, y: 2.0 }, tags: vec!["a".into()] };
    put(&place, "ticks.hydra", (0..2000).map(tick));
    put(&place, "config.hydra", [Config { retries: 2, servers: vec![Server { name: "one".into() }] }]);
    put(&place, "log.hydra", [Line { text: "started".into(), user: Some(7) }]);
    for name in ["old.hydra", "a.hydra", "b.hydra"] {
        place.put(name, place.read(if name == "b.hydra" { "new.hydra" } else { "shop.hydra" }));
    }
    place.put("weather.csv", "day,rain\n2024-01-02,NA\n2024-01-03,1.5\n");
    ["day1.ndjson", "day2.ndjson"].iter().for_each(|name| place.put(name, "{\"a\":1}\n{\"a\":null}\n"));
    for folder in ["bin", ".zfunc", ".config/fish/completions", ".local/share/bash-completion/completions"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    for (name, script) in [("jq", "exec cat"), ("curl", "exec cat weather.csv")] {
        place.put(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
        use std::os::unix::fs::PermissionsExt;
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(place.path(&format!("bin/{name}")), executable).unwrap();
    }
    assert!(sh(&place, "hydra convert ticks.hydra more.msgpack").status.success());
    place
}

/// Runs a line of a shell.
fn sh(place: &Place, line: &str) -> Output {
    let folder = Path::new(env!("CARGO_BIN_EXE_hydra")).parent().unwrap();
    let path =
        format!("{}:{}:{}", place.path("bin").display(), folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(place.path("")).stdin(Stdio::null());
    shell.env("PATH", path).env("HOME", place.path("")).env_remove("NO_COLOR").output().unwrap()
}

/// Returns the commands that `hydra --help` lists.
pub(super) fn commands() -> Vec<String> {
    let help = Place::new().result(&["--help"]);
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let names = list.lines().filter_map(|line| line.split_whitespace().next()).filter(|&name| name != "help");
    names.map(str::to_string).collect()
}

#[test]
fn every_example_of_the_help_runs() {
    let mut ran = 0;
    for command in commands().iter().map(|name| vec![name.as_str(), "--help"]).chain([vec!["--help"]]) {
        let place = more();
        let help = place.result(&command);
        let examples = help.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("{command:?}: no examples"));
        for line in examples.split("\n\n").next().unwrap().lines() {
            let line = line.split("   ").next().unwrap().trim();
            let known = ["hydra ", "curl "].iter().any(|word| line.starts_with(word));
            assert!(known, "{command:?}: {line} is not a command");
            // A command that follows a file never ends by itself.
            let follows = line.contains(" -F ");
            let output = sh(&place, &if follows { format!("timeout 1 {line}") } else { line.to_string() });
            let expected = match line {
                _ if line.starts_with("hydra diff") => 4,
                _ if follows && !line.contains('|') => 124,
                _ => 0,
            };
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(expected), "{line}: {said}");
            ran += 1;
        }
    }
    assert!(ran > 35, "{ran}");
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands")
}

/// Returns a page with the current output of its commands, which replaces the lines after each `$` line in
/// `console` blocks.
pub(super) fn renewed(page: &str, place: &Place) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if inside && !line.starts_with("$ ") => continue,
            _ => {}
        }
        text.push_str(line);
        text.push('\n');
        let Some(command) = line.strip_prefix("$ ").filter(|_| inside) else { continue };
        let output = sh(place, &format!("{{ {command}\n}} 2>&1"));
        text.push_str(&String::from_utf8(output.stdout).unwrap());
        match output.status.code() {
            Some(0) => {}
            code => text.push_str(&format!("[exit code {}]\n", code.unwrap())),
        }
    }
    text
}

/// Fails if a page differs from its current form, or rewrites it if `SNAPSHOTS=overwrite` is set.
pub(super) fn same_or_overwrite(path: &Path, text: &str, renewed: &str) {
    if std::env::var_os("SNAPSHOTS").is_some_and(|action| action == "overwrite") {
        std::fs::write(path, renewed).unwrap();
        return;
    }
    let differ = renewed.lines().zip(text.lines()).find(|(now, before)| now != before);
    assert!(renewed == text, "{}: printed is {differ:?} (SNAPSHOTS=overwrite)", path.display());
}

#[test]
fn pages_show_what_is_printed() {
    let files = std::fs::read_dir(pages()).unwrap().map(|entry| entry.unwrap().path());
    let pages: BTreeMap<String, PathBuf> =
        files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_string(), path)).collect();
    let index = std::fs::read_to_string(&pages["README"]).unwrap();
    for command in commands() {
        let path = pages.get(&command).unwrap_or_else(|| panic!("no page of hydra {command}"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(
            text.starts_with(&format!("# hydra {command}\n")) && text.contains("\nExit codes: "),
            "{command}"
        );
        assert!(index.contains(&format!("[{command}]({command}.md)")), "the index does not list {command}");
        same_or_overwrite(path, &text, &renewed(&text, &shop()));
    }
    assert_eq!(pages.len(), commands().len() + 1, "a page of no command");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.result(&["completions", shell]);
        assert!(commands().iter().all(|command| script.contains(command.as_str())), "{shell}");
    }
    assert_eq!(place.result(&["man", "pages/man1"]), "");
    for command in commands() {
        let page = place.text(&format!("pages/man1/hydra-{command}.1"));
        assert!(page.contains("Examples:") && page.contains(&format!("hydra {command}")), "{command}");
    }
    assert!(place.text("pages/man1/hydra.1").contains("Exit codes"));
    place.put("file", "");
    place.run(&["man", "file"]).code(1);
    place.run(&["completions", "tcsh"]).code(2);
}
