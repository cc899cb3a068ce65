//! Files that are not Hydra, damaged, cut, or from the future: what is said, which exit code, and that nothing panics.

use super::{Place, tick_file};
use snapbox::str;

/// Where the payload of the first data block of `tick_file` starts: found by its magic and kind.
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
    place.run(&["inspect", "."]).code(1).stderr_eq(str![]);
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
    snapbox::assert_data_eq!(mangled(&|_| Vec::new()), str![]);
    snapbox::assert_data_eq!(mangled(&|_| b"a,b\n1,2\n".to_vec()), str![]);
    snapbox::assert_data_eq!(mangled(&|good| vec![0; good.len()]), str![]);
    snapbox::assert_data_eq!(mangled(&|good| good[..5].to_vec()), str![]);
    snapbox::assert_data_eq!(mangled(&|good| good.iter().map(|b| b & 0x7f).collect()), str![]);
    snapbox::assert_data_eq!(mangled(&|good| replace(good, b"\r\n", b"\n")), str![]);
    snapbox::assert_data_eq!(mangled(&|good| replace(good, b"\n", b"\r\n")), str![]);
    snapbox::assert_data_eq!(
        mangled(&|good| good.iter().map(|&b| b as char).collect::<String>().into_bytes()),
        str![]
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
    place.run(&["cat", "ticks.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![]);
    place.run(&["check", "ticks.hydra"]).code(4).stdout_eq(str![]);
    let place = tick_file(10);
    header_of(&place, |line| line[8] = 1);
    place.run(&["inspect", "ticks.hydra"]).code(1).stderr_eq(str![]);
}

#[test]
fn a_damaged_block_is_reported_and_not_printed() {
    let place = damaged();
    place.run(&["cat", "-f", "csv", "ticks.hydra"]).code(1).stdout_eq("time,price\n").stderr_eq(str![]);
    place.run(&["inspect", "ticks.hydra"]).code(0);
    place.run(&["inspect", "--deep", "ticks.hydra"]).code(4).stdout_eq(str![]);
    place.run(&["check", "ticks.hydra"]).code(4).stderr_eq(str![[""]]).stdout_eq(str![]);
    place.run(&["check", "-f", "json", "ticks.hydra"]).code(4).stdout_eq(str![]);
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
    assert!(said.contains(&format!("{lost} records are left out")), "{said}");
    snapbox::assert_data_eq!(said, str![]);
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
    place.run(&["check", "ticks.hydra", "good.hydra", "text.hydra"]).code(4).stdout_eq(str![]);
    place.run(&["check", "no.hydra", "good.hydra"]).code(1).stderr_eq(str![]);
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
            let code = place.command(args).output().unwrap().status.code();
            let fine: &[i32] = match args[0] {
                "check" => &[4],
                "inspect" | "schema" => &[0, 1],
                _ => &[1],
            };
            assert!(code.is_some_and(|code| fine.contains(&code)), "{args:?} at {end}: {code:?}");
        }
    }
}
