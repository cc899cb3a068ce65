//! Tests of every command with every kind of damage. `damage.txt` has a paragraph for each damaged file, with
//! the exit code, the commands and the start of their output for each outcome. `SNAPSHOTS=overwrite` rewrites
//! it.

use super::{Place, Tick, writer};
use hydra::file::BlockKind;
use hydra::{Durability, Reader, Writer};
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;
use tempfile::TempDir;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cli/damage.txt");

/// The index of the record that commands print. It lies in the damaged block; the table has 1,200 records.
const COMMANDS: &[&str] = &[
    "inspect x.hydra",
    "inspect --deep x.hydra",
    "schema x.hydra",
    "schema --as numpy x.hydra",
    "cat x.hydra",
    "cat --skip-damaged x.hydra",
    "tail -n 1 x.hydra",
    "get x.hydra [41].price",
    "set x.hydra [41].price=7",
    "hex x.hydra",
    "hex x.hydra [41]",
    "layout x.hydra",
    "check x.hydra",
    "recover x.hydra -o new.hydra",
    "compact x.hydra -o new.hydra",
    "convert x.hydra new.csv",
    "convert --skip-damaged x.hydra new.csv",
    "diff x.hydra good.hydra",
    "compat x.hydra good.hydra",
];

/// Returns a place in memory if possible, because files are synced, and disks are slow.
fn place() -> Place {
    let memory = std::path::Path::new("/dev/shm");
    Place(if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap())
}

/// Makes a file of 300 blocks, with metadata and an index node for the first 256 blocks.
fn good() -> Place {
    let place = place();
    writer(&place.path("good.hydra")).finish().unwrap();
    let options = Writer::options().durability(Durability::Buffered);
    let mut file = options.resume(place.path("good.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    file.set_metadata("source", "a test").unwrap();
    for time in 0..1200 {
        file.append(table, &Tick { time, price: 0.5 }).unwrap();
        if time % 4 == 3 {
            file.commit().unwrap();
        }
    }
    file.finish().unwrap();
    place
}

/// Returns the parts to damage: a name and the offset.
fn parts(place: &Place) -> Vec<(&'static str, Vec<Range<usize>>)> {
    let reader = Reader::open(place.path("good.hydra")).unwrap();
    let all = |kind| {
        let blocks = reader.blocks().map(|block| block.unwrap());
        let of_kind = blocks.filter(move |(_, header)| header.block_kind() == Some(kind));
        of_kind.map(|(at, header)| at as usize..header.end(at) as usize).collect::<Vec<_>>()
    };
    let (data, index, schemas) = (all(BlockKind::Data), all(BlockKind::Index), all(BlockKind::Schema));
    let [node, directory] = index.as_slice() else { panic!("{index:?}") };
    let (tenth, last) = (data[10].clone(), data[299].clone());
    #[allow(clippy::single_range_in_vec_init)]
    let parts = vec![
        ("a header line", vec![0..64]),
        ("both header lines", vec![0..64, 4096..4160]),
        ("a commit record", vec![512..640]),
        ("both commit records", vec![512..640, 4608..4736]),
        ("the newest schema", schemas[schemas.len() - 1..].to_vec()),
        ("every schema", schemas),
        ("the metadata", all(BlockKind::Meta)),
        ("the header of a data block", vec![tenth.start..tenth.start + 64]),
        ("the payload of a data block", vec![tenth.start + 64..tenth.end]),
        ("the last data block", vec![last]),
        ("a node of the index", vec![node.clone()]),
        ("the directory", vec![directory.clone()]),
    ];
    parts
}

/// The ways to damage bytes.
const WAYS: [&str; 4] = ["a flipped bit", "cut", "swapped", "zeroed"];

fn damage(bytes: &mut Vec<u8>, ranges: &[Range<usize>], way: &str) {
    for range in ranges {
        match way {
            "a flipped bit" => bytes[range.start + range.len() / 2] ^= 1,
            "cut" => bytes.truncate(ranges[0].start + ranges[0].len() / 2),
            // The part is replaced by the next bytes: a block of the same length, or a part of the next
            // blocks.
            "swapped" => {
                let other = if range.end + range.len() > bytes.len() { 8192 } else { range.end };
                let kept = bytes[other..other + range.len()].to_vec();
                bytes.copy_within(range.clone(), other);
                bytes[range.clone()].copy_from_slice(&kept);
            }
            _ => bytes[range.clone()].fill(0),
        }
    }
}

/// Runs a command. Returns its exit code and the start of its output. Only a command that succeeds may leave
/// a file.
fn run(place: &Place, bytes: &[u8], line: &str) -> (i32, String) {
    place.put("x.hydra", bytes);
    let args: Vec<&str> = line.split(' ').collect();
    let done = place.command(&args).timeout(Duration::from_secs(20)).output().unwrap();
    let code = done.status.code().unwrap_or_else(|| panic!("{line}: killed, or out of time"));
    let (stdout, stderr) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(!stderr.contains("panicked") && code != 101, "{line}: {stderr}");
    assert!(args[0] == "set" && code == 0 || place.read("x.hydra") == bytes, "{line} wrote to its input");
    let output = ["new.hydra", "new.csv"].into_iter().find(|name| place.path(name).exists());
    assert_eq!(output.is_some(), line.contains(" new.") && matches!(code, 0 | 3), "{line}: {code}, {stderr}");
    if let Some(output) = output {
        if output == "new.hydra" {
            place.run(&["check", output]).code(0);
        }
        std::fs::remove_file(place.path(output)).unwrap();
    }
    assert_eq!(place.files(), ["good.hydra", "x.hydra"], "{line}");
    // These commands print findings as their result.
    let findings = ["check", "recover", "diff"].contains(&args[0]) || line.contains("--deep");
    let said = if stderr.is_empty() && findings { stdout } else { stderr };
    let is_help = |line: &&str| line.trim_start().starts_with("= help");
    let told = said.lines().filter(|line| !is_help(line)).take(3).chain(said.lines().find(is_help));
    (code, told.map(str::trim).collect::<Vec<_>>().join(" | "))
}

#[test]
fn every_command_meets_every_damage() {
    let place = good();
    let whole = place.read("good.hydra");
    let mut table = String::new();
    for (what, ranges) in parts(&place) {
        for way in WAYS {
            let mut bytes = whole.clone();
            damage(&mut bytes, &ranges, way);
            assert!(bytes != whole, "{what}, {way}");
            let places: Vec<String> = ranges.iter().map(|range| format!("{:#x}", range.start)).collect();
            writeln!(table, "# {what} ({}): {way}", places.join(", ")).unwrap();
            let mut outcomes: Vec<((i32, String), Vec<String>)> = Vec::new();
            for line in COMMANDS {
                let outcome = run(&place, &bytes, line);
                let short = line.replace(" x.hydra", "").replace(" good.hydra", "");
                let short = short.replace(" -o new.hydra", "").replace(" new.csv", "");
                match outcomes.iter_mut().find(|known| known.0 == outcome) {
                    Some((_, commands)) => commands.push(short),
                    None => outcomes.push((outcome, vec![short])),
                }
            }
            for ((code, told), commands) in outcomes {
                writeln!(table, "{code}  {}", commands.join(", ")).unwrap();
                if !told.is_empty() {
                    writeln!(table, "     {told}").unwrap();
                }
            }
            table.push('\n');
        }
    }
    if std::env::var("SNAPSHOTS").is_ok_and(|how| how == "overwrite") {
        std::fs::write(TABLE, &table).unwrap();
    }
    snapbox::assert_data_eq!(table, snapbox::Data::read_from(TABLE.as_ref(), None));
}
