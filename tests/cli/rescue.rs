//! Tests of recovery: the advice of `check`, the result and the report of `recover`, `compact`, and `tail`.

use super::{Place, Tick, tick_file, writer};
use hydra::{Durability, Reader, Writer};
use snapbox::str;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Flips a bit in the payload, or with `header` in the header, of a data block of `tick_file`.
fn flip(place: &Place, block: usize, header: bool) {
    place.change("ticks.hydra", |bytes| {
        let is_data = |at: &usize| bytes.get(*at..*at + 5).is_some_and(|head| head == b"HBLK\x02");
        let at = (8192..bytes.len()).step_by(64).filter(is_data).nth(block).unwrap();
        bytes[at + if header { 20 } else { 84 }] ^= 1;
    });
}

fn ticks(place: &Place, name: &str) -> Vec<u64> {
    let table = Reader::open(place.path(name)).unwrap().table::<Tick>().unwrap();
    let times = |block: hydra::Block<Tick>| block.decode().map(|tick| tick.unwrap().time).collect::<Vec<_>>();
    table.blocks().flat_map(|block| times(block.unwrap())).collect()
}

#[test]
fn a_killed_writer_loses_what_it_had_not_committed_and_the_next_one_goes_on() {
    let place = tick_file(1000);
    let options = Writer::options().block_bytes(4096).durability(Durability::Buffered);
    let mut file = options.resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    (1000..2000).for_each(|time| file.append(table, &Tick { time, price: 0.0 }).unwrap());
    file.commit().unwrap();
    (2000..70_000).for_each(|time| file.append(table, &Tick { time, price: 0.0 }).unwrap());
    // The file is not finished, as after a kill.
    drop(file);
    place.run(&["inspect", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
ticks.hydra  ! 1006976 uncommitted bytes at the end: a writer is active or was interrupted
  1.0 MiB (1048576), 1 table, 2,000 records
  file id 30313233343536373839616263646566, commit 4, 11 blocks

table Tick  2,000 records, 8 blocks, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

not verified: checksums and contents of 8 data blocks; hydra check ticks.hydra reads every byte

"#]]);
    let mut file = options.resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    file.append(table, &Tick { time: 2000, price: 0.0 }).unwrap();
    file.finish().unwrap();
    assert_eq!(ticks(&place, "ticks.hydra"), (0..=2000).collect::<Vec<_>>());
    place.run(&["check", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
✓ ticks.hydra  2,001 records in 14 blocks, 41.6 KiB (42560) verified, nothing found

"#]]);
}

#[test]
fn the_advice_of_check_leads_to_a_file_that_is_whole() {
    let place = tick_file(1000);
    flip(&place, 2, false);
    let damaged = place.read("ticks.hydra");
    place.run(&["check", "ticks.hydra"]).code(4).stdout_eq(str![[r#"
✗ ticks.hydra  damaged: 1 finding; 748 records in 7 blocks, 24.8 KiB (25344) verified
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x4100, a DATA block, schema 1, records 504..=755: expected 0x13e9d715, found 0xb8a4ac8e
table Tick  748 of 1,000 committed records intact, 252 lost
  lost    504..756: payload checksum mismatch @ 0x4100
  intact  0..504 -> 0..504
  intact  756..1000 -> 504..748
hydra recover ticks.hydra -o NEW saves 748 records

"#]]);
    place.run(&["recover", "ticks.hydra", "-o", "saved.hydra"]).code(3).stderr_eq(str![[""]]).stdout_eq(
        str![[r#"
table Tick  748 of 1,000 committed records kept, 252 lost
  lost    504..756: payload checksum mismatch @ 0x4100
  kept    0..504 -> 0..504
  kept    756..1000 -> 504..748
saved.hydra  748 records, 20.7 KiB (21184), verified

"#]],
    );
    place.run(&["check", "saved.hydra"]).code(0);
    assert_eq!(ticks(&place, "saved.hydra"), (0..504).chain(756..1000).collect::<Vec<_>>());
    assert!(place.read("ticks.hydra") == damaged, "the input is only read");
    assert_eq!(place.files(), ["saved.hydra", "ticks.hydra"]);
    place.run(&["recover", "ticks.hydra", "-o", "saved.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(
        str![[r#"
error[HY0003]: the file exists
  --> saved.hydra
  = help: choose another name or remove the file

"#]],
    );
    place.run(&["recover", "ticks.hydra", "-o", "ticks.hydra"]).code(1);
    assert!(place.read("ticks.hydra") == damaged);
}

#[test]
fn the_report_lists_every_range() {
    let place = tick_file(1000);
    flip(&place, 0, true);
    flip(&place, 3, false);
    let args = ["recover", "--report", "lost.json", "ticks.hydra", "-o", "saved.hydra"];
    place.run(&args).code(3).stdout_eq(str![[r#"
table Tick  504 of 1,000 committed records kept, 496 lost
  lost    0..252: damaged block header: its checksum does not match @ 0x2100
  lost    756..1000: payload checksum mismatch @ 0x5100
  kept    252..756 -> 0..504
saved.hydra  504 records, 16.8 KiB (17216), verified

"#]]);
    snapbox::assert_data_eq!(
        place.text("lost.json"),
        str![[r#"
{
  "commit_found": true,
  "complete": false,
  "in_doubt": false,
  "input_bytes": 25344,
  "kept_count": 504,
  "left_out": {
    "blocks": 0,
    "records": 0
  },
  "lost_count": 496,
  "metadata_lost": null,
  "output_bytes": 17216,
  "tables": [
    {
      "kept": [
        {
          "new": [
            0,
            504
          ],
          "old": [
            252,
            756
          ]
        }
      ],
      "kept_count": 504,
      "lost": [
        {
          "records": [
            0,
            252
          ],
          "why": {
            "code": "HY0201",
            "message": "damaged block header: its checksum does not match",
            "offset": 8448,
            "place": "table Tick, records 0..252"
          }
        },
        {
          "records": [
            756,
            1000
          ],
          "why": {
            "code": "HY0202",
            "expected": "0x75c5893c",
            "found": "0xdd195251",
            "message": "payload checksum mismatch",
            "offset": 20736,
            "place": "a DATA block, schema 1, records 756..=999"
          }
        }
      ],
      "lost_count": 496,
      "name": "Tick",
      "older": [],
      "uncommitted": []
    }
  ],
  "unknown_bytes": [],
  "unplaced": 0,
  "version": 1
}
"#]]
    );
    let json = place.run(&["recover", "-f", "json", "ticks.hydra", "-o", "again.hydra"]).code(3);
    assert_eq!(String::from_utf8_lossy(&json.get_output().stdout).trim_end(), place.text("lost.json"));
    place.run(&args).code(1).stderr_eq(str![[r#"
error[HY0003]: the file exists
  --> lost.json
  = help: choose another name for the report

"#]]);
}

#[test]
fn exit_codes_of_recovery_tell_loss() {
    let place = tick_file(1000);
    place.run(&["recover", "ticks.hydra", "-o", "a.hydra"]).code(0).stdout_eq(str![[r#"
table Tick  1,000 of 1,000 committed records kept
a.hydra  1,000 records, 24.8 KiB (25344), verified

"#]]);
    assert_eq!(ticks(&place, "a.hydra"), ticks(&place, "ticks.hydra"));
    // Commit records and a header line have no information that the blocks lack.
    place.change("ticks.hydra", |bytes| [3, 520, 4616].into_iter().for_each(|at| bytes[at] ^= 1));
    place.run(&["recover", "ticks.hydra", "-o", "b.hydra"]).code(0).stdout_eq(str![[r#"
table Tick  1,000 of 1,000 committed records kept
both commit records are damaged: all intact blocks count as committed
b.hydra  1,000 records, 24.8 KiB (25344), verified

"#]]);
    (0..4).for_each(|block| flip(&place, block, false));
    place.run(&["recover", "ticks.hydra", "-o", "c.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[
        r#"
error[HY0202]: payload checksum mismatch: nothing can be saved
  --> ticks.hydra @ 0x2100: found 1000 lost records
  = help: restore a copy of the file

"#
    ]]);
    place.run(&["check", "ticks.hydra"]).code(4).stdout_eq(str![[r#"
✗ ticks.hydra  refused: cannot be opened
  [HY0105] damaged commit record: both commit records are invalid
    --> ticks.hydra @ 0x200
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x3100, a DATA block, schema 1, records 252..=503: expected 0x24a0bb60, found 0x8fedc0fb
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x4100, a DATA block, schema 1, records 504..=755: expected 0x13e9d715, found 0xb8a4ac8e
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x5100, a DATA block, schema 1, records 756..=999: expected 0x75c5893c, found 0xdd195251
table Tick  0 of 1,000 committed records intact, 1,000 lost
  lost    0..252: payload checksum mismatch @ 0x2100
  lost    252..504: payload checksum mismatch @ 0x3100
  lost    504..756: payload checksum mismatch @ 0x4100
  lost    756..1000: payload checksum mismatch @ 0x5100
both commit records are damaged: all intact blocks count as committed
nothing can be saved

"#]]);
    place.put("text", "not hydra");
    place.run(&["recover", "text", "-o", "d.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0101]: not a Hydra file
  --> text @ 0x0: found text
  = help: hydra convert makes Hydra files from CSV and JSON

"#]]);
    place.run(&["recover", "ticks.hydra"]).code(2);
    assert_eq!(place.files(), ["a.hydra", "b.hydra", "text", "ticks.hydra"]);
}

#[test]
fn what_was_not_committed_is_kept_only_when_asked_for() {
    let place = tick_file(1000);
    let before = place.read("ticks.hydra");
    let options = Writer::options().block_bytes(4096).durability(Durability::Buffered);
    let mut file = options.resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    (1000..1600).for_each(|time| file.append(table, &Tick { time, price: 0.0 }).unwrap());
    file.commit().unwrap();
    drop(file);
    // The file is as if the commit record had not been written.
    place.change("ticks.hydra", |bytes| bytes[..8192].copy_from_slice(&before[..8192]));
    place.run(&["recover", "ticks.hydra", "-o", "a.hydra"]).code(0).stdout_eq(str![[r#"
table Tick  1,000 of 1,000 committed records kept
600 records in 3 intact blocks not committed: --uncommitted keeps them
a.hydra  1,000 records, 24.8 KiB (25344), verified

"#]]);
    place.run(&["recover", "--uncommitted", "ticks.hydra", "-o", "b.hydra"]).code(0).stdout_eq(str![[r#"
table Tick  1,000 of 1,000 committed records kept
  also    1000..1600: never committed
b.hydra  1,600 records, 34.4 KiB (35264), verified

"#]]);
    assert_eq!((ticks(&place, "a.hydra").len(), ticks(&place, "b.hydra").len()), (1000, 1600));
}

#[test]
fn compacting_takes_away_what_edits_left() {
    let place = tick_file(1000);
    for time in 0..4 {
        place.run(&["set", "ticks.hydra", &format!("[{}].price=7", time * 250)]).code(0);
    }
    place.run(&["compact", "ticks.hydra", "-o", "small.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(
        str![[r#"
ticks.hydra  43.2 KiB (44288) in 19 blocks
small.hydra  24.4 KiB (25024) in 4 blocks, 1,000 records verified

"#]],
    );
    place.run(&["diff", "ticks.hydra", "small.hydra"]).code(0);
    place.run(&["check", "small.hydra"]).code(0);
    place.run(&["compact", "-f", "json", "small.hydra", "-o", "again.hydra"]).code(0).stdout_eq(str![[r#"
{
  "after": {
    "blocks": 4,
    "size_bytes": 25024
  },
  "before": {
    "blocks": 4,
    "size_bytes": 25024
  },
  "layout": null,
  "records": 1000,
  "version": 1
}

"#]]);
    assert!(place.read("small.hydra").len() < place.read("ticks.hydra").len() * 2 / 3);
    flip(&place, 0, false);
    // The block is dead: another block has its records.
    place.run(&["compact", "ticks.hydra", "-o", "third.hydra"]).code(0);
    flip(&place, 3, false);
    place.run(&["compact", "ticks.hydra", "-o", "fourth.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x5100, a DATA block, schema 1, records 756..=999: expected 0x75c5893c, found 0xdd195251
  = help: hydra check ticks.hydra

"#]]);
    assert_eq!(place.files(), ["again.hydra", "small.hydra", "third.hydra", "ticks.hydra"]);
}

#[test]
fn the_last_records() {
    let place = tick_file(1000);
    place.run(&["tail", "-n", "2", "ticks.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
time   price
 998   249.5
 999  249.75

"#]]);
    place
        .run(&["tail", "-n", "2", "-f", "csv", "--fields", "time", "ticks.hydra"])
        .code(0)
        .stdout_eq("time\n998\n999\n");
    assert_eq!(place.result(&["tail", "-f", "ndjson", "ticks.hydra"]).lines().count(), 10);
    place.run(&["tail", "-F", "-"]).code(2).stderr_eq(str![[r#"
error[HY0601]: stdin cannot be followed
  = help: give the name of a file

"#]]);
}

fn follow(place: &Place, args: &[&str]) -> (Child, impl FnMut() -> String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hydra"))
        .args(args)
        .current_dir(place.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let line = move || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    (child, line)
}

#[test]
fn tail_follows_what_is_committed_and_nothing_else() {
    let place = tick_file(1000);
    let (mut child, mut line) =
        follow(&place, &["tail", "-F", "-n", "1", "-f", "ndjson", "--fields", "time", "ticks.hydra"]);
    assert_eq!(line(), "{\"time\":999}\n");
    let mut file = Writer::resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    for round in 0..3 {
        file.append(table, &Tick { time: 1000 + round, price: 0.0 }).unwrap();
        file.commit().unwrap();
        assert_eq!(line(), format!("{{\"time\":{}}}\n", 1000 + round));
    }
    file.append(table, &Tick { time: 2000, price: 0.0 }).unwrap();
    drop(file);
    let mut file = Writer::resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    file.append(table, &Tick { time: 1003, price: 0.0 }).unwrap();
    file.finish().unwrap();
    assert_eq!(line(), "{\"time\":1003}\n");
    // Another file replaces it.
    writer(&place.path("other.hydra")).finish().unwrap();
    std::fs::rename(place.path("other.hydra"), place.path("ticks.hydra")).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    snapbox::assert_data_eq!(
        said,
        str![[r#"
error[HY0007]: the file was replaced
  --> ticks.hydra
  = help: open the path again to read the current file

"#]]
    );
}

#[test]
fn tail_as_text_flushes_every_commit_and_ends_with_its_reader() {
    let place = tick_file(3);
    let (mut child, mut line) = follow(&place, &["tail", "-F", "ticks.hydra"]);
    let first: Vec<String> = (0..4).map(|_| line()).collect();
    snapbox::assert_data_eq!(
        first.concat(),
        str![[r#"
time  price
   0    0.0
   1   0.25
   2    0.5

"#]]
    );
    let mut file = Writer::resume(place.path("ticks.hydra")).unwrap();
    let table = file.table::<Tick>().unwrap();
    file.append(table, &Tick { time: 3, price: 9.5 }).unwrap();
    file.commit().unwrap();
    assert_eq!(line(), "   3    9.5\n");
    drop(line);
    // A process that another test forks may hold the other end of the pipe for a moment.
    let status = (4..).find_map(|time| {
        file.append(table, &Tick { time, price: 9.5 }).unwrap();
        file.commit().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        child.try_wait().unwrap()
    });
    assert_eq!(status.unwrap().code(), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn what_an_edit_replaced_is_not_shown_without_a_warning() {
    let place = tick_file(1000);
    let before = place.read("ticks.hydra").len();
    place.run(&["set", "ticks.hydra", "[0].time=999"]).code(0);
    place.change("ticks.hydra", |bytes| bytes.truncate(before - 4096 - 64));
    place.run(&["get", "--skip-damaged", "ticks.hydra", "[0].time"]).code(3).stdout_eq("0\n").stderr_eq(str![[r#"
warning: ticks.hydra: damaged (cut short, blocks), 244 of 1,000 records cannot be found, and some of the others may be older than their last edit

"#]]);
}
