//! Tests of files that are not Hydra files, damaged, cut, or of a newer version: messages, exit codes, and no
//! panics.

use super::{Place, tick_file};
use snapbox::str;

/// Returns the offset of the payload of the first data block of `tick_file`, found by magic and kind.
fn first_data_block(file: &[u8]) -> usize {
    let is_data = |at: &usize| file.get(*at..*at + 5).is_some_and(|head| head == b"HBLK\x02");
    (8192..file.len()).step_by(64).find(is_data).unwrap()
}

/// Ticks with one flipped bit in the first data block.
fn damaged() -> Place {
    let place = tick_file(1000);
    place.change("ticks.hydra", |bytes| {
        let at = first_data_block(bytes) + 64 + 20;
        bytes[at] ^= 1;
    });
    place
}

fn header_of(place: &Place, change: impl FnOnce(&mut Vec<u8>)) {
    place.change("ticks.hydra", |bytes| {
        let mut line = bytes[..64].to_vec();
        change(&mut line);
        let crc = crc32fast::hash(&line[..60]);
        line[60..].copy_from_slice(&crc.to_le_bytes());
        bytes[..64].copy_from_slice(&line);
        bytes[4096..4160].copy_from_slice(&line);
    });
}

#[test]
fn no_such_file() {
    let place = Place::new();
    for args in
        [&["inspect", "no.hydra"][..], &["schema", "no.hydra"], &["cat", "no.hydra"], &["check", "no.hydra"]]
    {
        place.run(args).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0002]: no such file
  --> no.hydra: found No such file or directory (os error 2)

"#]]);
    }
    place.run(&["convert", "no.csv", "out.hydra"]).code(1);
    place.run(&["inspect", "."]).code(1).stderr_eq(str![[r#"
error[HY0005]: not a regular file
  --> .: found a directory

"#]]);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn what_is_not_hydra_is_named() {
    let good = tick_file(10).read("ticks.hydra");
    let mangled = |change: &dyn Fn(&[u8]) -> Vec<u8>| {
        let place = Place::with("x.hydra", change(&good));
        let output = place.command(&["inspect", "x.hydra"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        place.run(&["check", "x.hydra"]).code(4);
        String::from_utf8(output.stderr).unwrap()
    };
    snapbox::assert_data_eq!(
        mangled(&|_| Vec::new()),
        str![[r#"
error[HY0101]: not a Hydra file
  --> x.hydra @ 0x0: found an empty file
  = help: was it ever written, or did the disk fill up?

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|_| b"a,b\n1,2\n".to_vec()),
        str![[r#"
error[HY0101]: not a Hydra file
  --> x.hydra @ 0x0: found text
  = help: hydra convert makes Hydra files from CSV and JSON

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| vec![0; good.len()]),
        str![[r#"
error[HY0101]: not a Hydra file
  --> x.hydra @ 0x0: found zeros
  = help: its content was lost, for example in a crash of the system: restore a copy, or recover the file

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| good[..5].to_vec()),
        str![[r#"
error[HY0106]: the file is cut short
  --> x.hydra @ 0x5: expected a header region of 8192 bytes, found 5 bytes
  = help: restore a copy of the file

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| good.iter().map(|b| b & 0x7f).collect()),
        str![[r#"
error[HY0101]: not a Hydra file: a 7-bit transfer stripped the high bit of its bytes
  --> x.hydra @ 0x0: found a Hydra file that was mangled
  = help: copy it again, in binary mode

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| replace(good, b"\r\n", b"\n")),
        str![[r#"
error[HY0101]: not a Hydra file: its CRLF became LF, as by a transfer in text mode
  --> x.hydra @ 0x0: found a Hydra file that was mangled
  = help: copy it again, in binary mode

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| replace(good, b"\n", b"\r\n")),
        str![[r#"
error[HY0101]: not a Hydra file: its LF became CRLF, as by a transfer in text mode
  --> x.hydra @ 0x0: found a Hydra file that was mangled
  = help: copy it again, in binary mode

"#]]
    );
    snapbox::assert_data_eq!(
        mangled(&|good| good.iter().map(|&b| b as char).collect::<String>().into_bytes()),
        str![[r#"
error[HY0101]: not a Hydra file: it was re-encoded as UTF-8, as by an editor
  --> x.hydra @ 0x0: found a Hydra file that was mangled
  = help: copy it again, in binary mode

"#]]
    );
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        if rest.starts_with(from) {
            out.extend_from_slice(to);
            rest = &rest[from.len()..];
        } else {
            out.push(*first);
            rest = &rest[1..];
        }
    }
    out
}

#[test]
fn files_from_the_future() {
    let place = tick_file(10);
    header_of(&place, |line| line[17] = 4);
    place.run(&["cat", "ticks.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0103]: made by a newer version: the file needs features that this library does not have
  --> ticks.hydra @ 0x10: expected no incompatible feature bits, found 0x400
  = help: update this program

"#]]);
    place.run(&["check", "ticks.hydra"]).code(1).stdout_eq(str![[r#"
✗ ticks.hydra  unsupported: cannot be opened
  [HY0103] made by a newer version: the file needs features that this library does not have
    --> ticks.hydra @ 0x10: expected no incompatible feature bits, found 0x400
    = help: update this program

"#]]);
    let place = tick_file(10);
    header_of(&place, |line| line[8] = 1);
    place.run(&["inspect", "ticks.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0103]: made by a newer version: the major version is not supported
  --> ticks.hydra @ 0x8: expected 0, found 1
  = help: update this program

"#]]);
}

#[test]
fn a_damaged_block_is_reported_and_not_printed() {
    let place = damaged();
    place.run(&["cat", "-f", "csv", "ticks.hydra"]).code(1).stdout_eq("time,price\n").stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
  = help: --skip-damaged continues without these records

"#]]);
    // The second block is damaged; records before it are printed.
    let place = tick_file(1000);
    place.change("ticks.hydra", |bytes| {
        let at = first_data_block(bytes) + 4096 + 64 + 20;
        bytes[at] ^= 1;
    });
    let output = place.command(&["cat", "ticks.hydra"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.iter().filter(|&&b| b == b'\n').count()), (Some(1), 253));
    let place = damaged();
    place.run(&["inspect", "ticks.hydra"]).code(0);
    place.run(&["inspect", "--deep", "ticks.hydra"]).code(4).stdout_eq(str![[r#"
ticks.hydra  ✗ closed cleanly, but damaged: 1 finding
  24.8 KiB (25344), 1 table, 1,000 records
  file id 30313233343536373839616263646566, commit 2, 7 blocks

table Tick  1,000 records, 4 blocks, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

damaged: 1 finding; 748 records in 7 blocks, 24.8 KiB (25344) verified
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
table Tick  748 of 1,000 committed records intact, 252 lost
  lost    0..252: payload checksum mismatch @ 0x2100
  intact  252..1000 -> 0..748
hydra recover ticks.hydra -o NEW saves 748 records

"#]]);
    place.run(&["check", "ticks.hydra"]).code(4).stderr_eq(str![[""]]).stdout_eq(str![[r#"
✗ ticks.hydra  damaged: 1 finding; 748 records in 7 blocks, 24.8 KiB (25344) verified
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
table Tick  748 of 1,000 committed records intact, 252 lost
  lost    0..252: payload checksum mismatch @ 0x2100
  intact  252..1000 -> 0..748
hydra recover ticks.hydra -o NEW saves 748 records

"#]]);
    place.run(&["check", "-f", "json", "ticks.hydra"]).code(4).stdout_eq(str![[r#"
{
  "files": [
    {
      "blocks": 7,
      "covered_bytes": 0,
      "file": "ticks.hydra",
      "finding_count": 1,
      "findings": [
        {
          "code": "HY0202",
          "expected": "0x1810c445",
          "found": "0xb35dbfde",
          "message": "payload checksum mismatch",
          "offset": 8448,
          "place": "a DATA block, schema 1, records 0..=251"
        }
      ],
      "records": 748,
      "recover": {
        "commit_found": true,
        "complete": false,
        "in_doubt": false,
        "input_bytes": 25344,
        "kept_count": 748,
        "left_out": {
          "blocks": 0,
          "records": 0
        },
        "lost_count": 252,
        "metadata_lost": null,
        "output_bytes": null,
        "tables": [
          {
            "kept": [
              {
                "new": [
                  0,
                  748
                ],
                "old": [
                  252,
                  1000
                ]
              }
            ],
            "kept_count": 748,
            "lost": [
              {
                "records": [
                  0,
                  252
                ],
                "why": {
                  "code": "HY0202",
                  "expected": "0x1810c445",
                  "found": "0xb35dbfde",
                  "message": "payload checksum mismatch",
                  "offset": 8448,
                  "place": "a DATA block, schema 1, records 0..=251"
                }
              }
            ],
            "lost_count": 252,
            "name": "Tick",
            "older": [],
            "uncommitted": []
          }
        ],
        "unknown_bytes": [],
        "unplaced": 0,
        "version": 1
      },
      "size_bytes": 25344,
      "uncommitted_bytes": 0,
      "verdict": "damaged",
      "verified_bytes": 25344
    }
  ],
  "version": 1
}

"#]]);
    place.run(&["convert", "ticks.hydra", "out.csv"]).code(1);
    assert_eq!(place.files(), ["ticks.hydra"], "nothing half-written");
}

#[test]
fn damage_is_skipped_on_demand_and_counted() {
    let place = damaged();
    let args = ["cat", "--skip-damaged", "-f", "csv", "ticks.hydra"];
    let output = place.command(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (text, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let lost = 1001 - text.lines().count();
    assert!(lost > 100 && text.ends_with("999,249.75\n"), "{lost} lost");
    assert!(said.contains(&format!("{lost} records skipped (damaged blocks)")), "{said}");
    snapbox::assert_data_eq!(
        said,
        str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
  = help: hydra check ticks.hydra
warning: ticks.hydra: 252 records skipped (damaged blocks)

"#]]
    );
    place.run(&["convert", "--skip-damaged", "ticks.hydra", "out.csv"]).code(3);
    assert_eq!(place.text("out.csv"), text);
    place.run(&["cat", "--tail", "3", "-f", "csv", "ticks.hydra"]).code(0);
}

#[test]
fn several_files_are_all_checked() {
    let place = damaged();
    place.put("text.hydra", "hello");
    let other = tick_file(3);
    place.put("good.hydra", other.read("ticks.hydra"));
    place.run(&["check", "ticks.hydra", "good.hydra", "text.hydra"]).code(4).stdout_eq(str![[r#"
✗ ticks.hydra  damaged: 1 finding; 748 records in 7 blocks, 24.8 KiB (25344) verified
  [HY0202] payload checksum mismatch
    --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0xb35dbfde
table Tick  748 of 1,000 committed records intact, 252 lost
  lost    0..252: payload checksum mismatch @ 0x2100
  intact  252..1000 -> 0..748
hydra recover ticks.hydra -o NEW saves 748 records
✓ good.hydra  3 records in 4 blocks, 8.9 KiB (9088) verified, nothing found
✗ text.hydra  refused: cannot be opened
  [HY0101] not a Hydra file
    --> text.hydra @ 0x0: found text
    = help: hydra convert makes Hydra files from CSV and JSON

"#]]);
    place
        .run(&["inspect", "text.hydra", "good.hydra"])
        .code(1)
        .stdout_eq(str![[r#"

good.hydra  ✓ closed cleanly
  8.9 KiB (9088), 1 table, 3 records
  file id 30313233343536373839616263646566, commit 2, 4 blocks

table Tick  3 records, 1 block, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

not verified: checksums and contents of 1 data block; hydra check good.hydra reads every byte

"#]])
        .stderr_eq(str![[r#"
error[HY0101]: not a Hydra file
  --> text.hydra @ 0x0: found text
  = help: hydra convert makes Hydra files from CSV and JSON

"#]]);
    place.run(&["check", "no.hydra", "good.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0002]: no such file
  --> no.hydra: found No such file or directory (os error 2)

"#]]);
}

#[test]
fn every_command_ends_well_on_a_file_cut_anywhere() {
    let good = tick_file(20).read("ticks.hydra");
    let place = Place::new();
    for end in (0..good.len()).step_by(509).chain([63, 64, 4095, 4096, 8191, 8192, good.len() - 1]) {
        place.put("cut.hydra", &good[..end]);
        for args in [
            &["inspect", "cut.hydra"][..],
            &["cat", "cut.hydra"],
            &["schema", "cut.hydra"],
            &["check", "cut.hydra"],
        ] {
            let output = place.command(args).output().unwrap();
            let code = output.status.code();
            // All records may be in the file, but the part that was cut off may have held an edit.
            let whole = output.stdout.iter().filter(|&&byte| byte == b'\n').count() == 21;
            let fine: &[i32] = match args[0] {
                "check" => &[4],
                "cat" if whole => &[3],
                "cat" => &[1],
                _ => &[0, 1],
            };
            assert!(
                code == Some(4) || !output.stderr.is_empty() || args[0] == "inspect" || args[0] == "schema"
            );
            assert!(code.is_some_and(|code| fine.contains(&code)), "{args:?} at {end}: {code:?}");
        }
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = tick_file(20_000);
    let rows: String = (0..20_000).map(|i| format!("{i},row {i}\n")).collect();
    place.put("in.csv", format!("a,b\n{rows}"));
    for args in ["in.csv out.hydra", "ticks.hydra out.csv", "ticks.hydra out.ndjson"] {
        // A limit on the size of files replaces a full disk.
        let script =
            format!("trap '' XFSZ; ulimit -f 60; exec {} convert {args}", env!("CARGO_BIN_EXE_hydra"));
        let shell =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(place.0.path()).output();
        let output = shell.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error[HY0001]") && said.contains("--> out."), "{said}");
        assert_eq!(place.files(), ["in.csv", "ticks.hydra"], "{args}");
    }
}
