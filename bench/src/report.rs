//! Tables of results for the documentation, and a description of the machine. It does not depend on any
//! format.
#![forbid(unsafe_code)]

use crate::AnyResult;
use std::fmt::Write;
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

/// The page with the results.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/BENCHMARKS.md");
/// The lock file, for the versions of other formats.
const LOCK: &str = include_str!("../Cargo.lock");

/// A table: the first column has names, the others have measurements.
pub struct Table {
    text: String,
}

impl Table {
    pub fn new(columns: &[&str]) -> Table {
        let mut table = Table { text: String::new() };
        table.row(columns);
        table.row(&vec!["---"; columns.len()]);
        table
    }

    pub fn row(&mut self, cells: &[impl AsRef<str>]) {
        let cells = cells.iter().map(AsRef::as_ref);
        self.text.extend(cells.map(|cell| format!("| {cell} ").replace("|  ", "| ")));
        self.text.push_str("|\n");
    }
}

/// Returns a number with three significant digits.
pub fn digits(value: f64) -> String {
    let places = match value.abs() {
        at if at >= 100.0 => 0,
        at if at >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

/// Returns a number and its ratio to the floor.
pub fn against(value: f64, floor: Option<f64>) -> String {
    match floor {
        Some(floor) if floor > 0.0 => format!("{} ({})", digits(value), digits(value / floor)),
        _ => digits(value),
    }
}

/// The section of one command on the page: tables and the lines around them.
pub struct Section {
    name: String,
    text: String,
}

impl Section {
    /// Starts with the machine, the versions and the load.
    pub fn new(name: &'static str, peers: &[&str]) -> AnyResult<Section> {
        let profile = profile()?;
        let name = if profile == "release" { name.to_string() } else { format!("{name}, {profile}") };
        Ok(Section { name, text: format!("Profile `{profile}`; {}\n", machine(peers)?) })
    }

    pub fn say(&mut self, line: &str) {
        self.text.push_str(&format!("\n{line}\n"));
    }

    pub fn table(&mut self, title: &str, table: &Table) {
        self.text.push_str(&format!("\n**{title}**\n\n{}", table.text));
    }

    /// Ends with the load and prints the section. With `keep`, it replaces the section of that name on the
    /// page.
    pub fn finish(mut self, keep: bool) -> AnyResult<()> {
        self.say(&format!("Load at the end: {}.", load()?));
        println!("{}", self.text);
        if keep {
            let page = read_to_string(PAGE)?;
            let (begin, end) = (format!("<!-- bench: {} -->\n", self.name), "<!-- bench: end -->");
            let (before, rest) = page.split_once(&begin).ok_or_else(|| format!("no {begin:?} in {PAGE}"))?;
            let (_, after) = rest.split_once(end).ok_or_else(|| format!("no {end:?} in {PAGE}"))?;
            std::fs::write(PAGE, format!("{before}{begin}{}{end}{after}", self.text))?;
            println!("written to {}", Path::new(PAGE).display());
        }
        Ok(())
    }
}

/// Returns the build profile of this program, from its folder.
fn profile() -> AnyResult<String> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::file_name).ok_or("no folder of the profile")?;
    Ok(folder.to_string_lossy().into_owned())
}

/// Returns machine, system, compiler, versions and load in one paragraph.
fn machine(peers: &[&str]) -> AnyResult<String> {
    let cpu = read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism()?;
    let memory = number("/proc/meminfo", "MemTotal:")? >> 20;
    let kernel = read_to_string("/proc/sys/kernel/osrelease")?;
    let temp = std::env::temp_dir();
    let disk = output("df", &["--output=fstype", &temp.to_string_lossy()])?;
    let disk = disk.lines().last().unwrap_or_default();
    let mut text =
        format!("{cores} cores of {}, {memory} GiB", model.map_or("an unknown kind", |found| found.1));
    write!(text, ", {disk}, Linux {}, {}, ", kernel.trim(), output("rustc", &["--version"])?)?;
    write!(text, "{}; load at the start: {}.", output("date", &["-u", "+%F %H:%M UTC"])?, load()?)?;
    if !peers.is_empty() {
        let versions: Vec<String> = peers.iter().map(|name| format!("{name} {}", version(name))).collect();
        write!(text, "\nPeers: {}.", versions.join(", "))?;
    }
    Ok(text)
}

/// Returns the version of a package in the lock file.
fn version(name: &str) -> &'static str {
    let after = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""));
    after.and_then(|(_, rest)| rest.split_once('"')).map_or("?", |(version, _)| version)
}

/// Returns the load of the last 1, 5 and 15 minutes.
fn load() -> AnyResult<String> {
    let load = read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').take(3).collect::<Vec<&str>>().join(", "))
}

fn output(program: &str, arguments: &[&str]) -> AnyResult<String> {
    Ok(String::from_utf8(Command::new(program).args(arguments).output()?.stdout)?.trim().to_string())
}

/// Returns the number after a label in a file of the system.
pub fn number(path: &str, label: &str) -> AnyResult<u64> {
    let text = read_to_string(path)?;
    let found =
        text.lines().find_map(|line| line.strip_prefix(label)?.split_whitespace().next()?.parse().ok());
    Ok(found.ok_or("not there")?)
}

/// Returns the bytes of memory that belong to no file.
pub fn anonymous() -> AnyResult<u64> {
    Ok(number("/proc/self/status", "RssAnon:")? << 10)
}
