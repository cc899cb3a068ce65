//! Tests of `set`.

use super::{Place, event_file, tick_file, two_tables};
use snapbox::str;

#[test]
fn old_and_new() {
    let place = event_file();
    let args = ["set", "events.hydra", "[0].pos.x=2.5", "[-1].note=a=b", "[0].level=Info", "[0].took=2s"];
    place.run(&args).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
[0].pos.x: 0.1 -> 2.5
[-1].note: null -> a=b
[0].level: Error -> Info
[0].took: 1.5s -> 2s

"#]]);
    let get = |path: &str| place.result(&["get", "events.hydra", path]);
    assert_eq!((get("[0].pos.x"), get("[1].note")), ("2.5\n".into(), "a=b\n".into()));
    assert_eq!((get("[0].level"), get("[0].took")), ("Info\n".into(), "2s\n".into()));
    assert_eq!(get("[0].tags[0]"), "a,b\n", "the rest is as it was");
    assert_eq!(place.result(&["set", "events.hydra", "[1].note=null"]), "[1].note: a=b -> null\n");
    place.run(&["set", "-f", "json", "events.hydra", "[0].big=7"]).code(0).stdout_eq(str![[r#"
{"version":1,"file":"events.hydra","dry_run":false,"changes":[
{"path":"[0].big","old":"340282366920938463463374607431768211455","new":"7"}
]}

"#]]);
    place.run(&["check", "events.hydra"]).code(0);
    let text = place.result(&["layout", "events.hydra"]);
    assert!(text.contains("dead blocks"), "{text}");
}

#[test]
fn whole_values_as_json() {
    let place = event_file();
    let args = [
        r#"[0].tags=["x","y z",""]"#,
        r#"[0].pos={"y":2,"x":0.25}"#,
        r#"[0].shape={"Line":[7,8]}"#,
        r#"[0].counts={"5":"five"}"#,
        r#"[1].scores={}"#,
        r#"[1].note=["a string"#,
    ];
    place.run(&[&["set", "events.hydra"][..], &args].concat()).code(0).stderr_eq(str![[""]]).stdout_eq(str![
        [r#"
[0].tags: ["a,b","\"q\"\n"] -> ["x","y z",""]
[0].pos: {"x":0.1,"y":-0.0} -> {"x":0.25,"y":2.0}
[0].shape: {"Circle":{"r":0.1}} -> {"Line":[7,8]}
[0].counts: [[2,"two"],[10,"ten"]] -> [[5,"five"]]
[1].scores: {} -> {}
[1].note: null -> ["a string

"#]
    ]);
    place.run(&["check", "events.hydra"]).code(0);
    let before = place.read("events.hydra");
    for args in [
        &[r#"[0].pos={"x":1}"#][..],
        &[r#"[0].pos={"x":1,"y":2,"z":3}"#],
        &[r#"[0].tags=["a",7]"#],
        &[r#"[0].tags=["a"] 7"#],
        &[r#"[0].tags=["a""#],
        &[r#"[0].time={}"#],
    ] {
        place.run(&[&["set", "events.hydra"], args].concat()).code(1).stdout_eq(str![[""]]);
        assert!(place.read("events.hydra") == before, "{args:?}");
    }
    place.run(&["set", "events.hydra", r#"[0].pos={"x":1,"z":3}"#]).code(1).stderr_eq(str![[r#"
error[HY0503]: the value has another kind: the JSON is not a value of the type: z: no such name, expected one of x, y at line 1 column 10
  --> events.hydra, table Event, record 0, at pos: expected Position

"#]]);
}

#[test]
fn all_or_none() {
    let place = event_file();
    let before = place.read("events.hydra");
    let same = |args: &[&str], code: i32| {
        let assert = place.run(args).code(code).stdout_eq(str![[""]]);
        assert!(place.read("events.hydra") == before, "{args:?}");
        assert
    };
    same(&["set", "events.hydra", "[0].pos.x=1", "[0].pos.y=much"], 1).stderr_eq(str![[r#"
error[HY0509]: cannot be set: the new value has another kind
  --> events.hydra, table Event, record 0, at pos.y: expected f32, found "much"
  = help: give a value of the expected kind

"#]]);
    same(&["set", "events.hydra", "[0].pos.x=1", "[0].poz.y=1"], 1).stderr_eq(str![[r#"
error[HY0501]: no such value: no field `poz` in struct Event (at byte 0)
      poz.y
      ^^^
  --> events.hydra, table Event, record 0, at poz.y
  = help: did you mean `pos`?

"#]]);
    same(&["set", "events.hydra", "[0].level=Debug"], 1).stderr_eq(str![[r#"
error[HY0509]: cannot be set: the enum has no such variant
  --> events.hydra, table Event, record 0, at level: expected a variant of Level, found Debug
  = help: its variants: Info, Error

"#]]);
    same(&["set", "events.hydra", "[7].level=Info"], 1).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> events.hydra, table Event: expected an index from -2 to 1, found 7

"#]]);
    same(&["set", "events.hydra", "[:].level=Info"], 2).stderr_eq(str![[r#"
error[HY0601]: [:].level is not one record
  = help: an index selects one: [0], [-1]

"#]]);
    same(&["set", "events.hydra", "[0].level"], 2).stderr_eq(str![[r#"
error[HY0601]: no value in "[0].level"
  = help: PATH=VALUE, such as '[0].price=1.5'

"#]]);
    same(&["set", "--expect", "Info", "events.hydra", "[0].level=Info"], 4).stderr_eq(str![[r#"
error[HY0624]: the file has another value; nothing is changed
  --> events.hydra, at [0].level: expected Info, found Error

"#]]);
    same(&["set", "-", "[0].level=Info"], 2).stderr_eq(str![[r#"
error[HY0601]: stdin cannot be changed
  = help: give the name of a file

"#]]);
    place.run(&["set", "--dry-run", "events.hydra", "[0].level=Info"]).code(0).stdout_eq(str![[r#"
[0].level: Error -> Info

"#]]);
    // One value for two paths leaves the second one unchecked.
    for expected in [&["Error"][..], &["Error", "Info", "Info"]] {
        let expects = expected.iter().flat_map(|value| ["--expect", value]);
        let arguments: Vec<&str> = ["set"]
            .into_iter()
            .chain(expects)
            .chain(["events.hydra", "[0].level=Info", "[1].level=Info"])
            .collect();
        place.run(&arguments).code(2);
    }
    assert!(place.read("events.hydra") == before);
    assert_eq!(
        place.result(&["set", "--expect", "Error", "events.hydra", "[0].level=Info"]),
        "[0].level: Error -> Info\n"
    );
}

#[test]
fn tables_and_damage() {
    let place: Place = two_tables();
    assert_eq!(place.result(&["set", "two.hydra", "[Position].x=-3"]), "[Position].x: 1.0 -> -3.0\n");
    assert_eq!(place.result(&["set", "--table", "Tick", "two.hydra", ".time=9"]), "time: 1 -> 9\n");
    place.change("ticks.hydra", |bytes| bytes[0x2140 + 5] ^= 1);
    let before = place.read("ticks.hydra");
    place.run(&["set", "ticks.hydra", ".price=2"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=0: expected 0x758d6336, found 0x1cc166c7
  = help: hydra check ticks.hydra

"#]]);
    assert!(place.read("ticks.hydra") == before, "damage stays visible");
    place.run(&["set", "none.hydra", ".price=2"]).code(1).stderr_eq(str![[r#"
error[HY0002]: no such file
  --> none.hydra: found No such file or directory (os error 2)

"#]]);
}

#[derive(hydra::Hydra)]
#[hydra(invariant = |span: &Span| if span.from <= span.to { Ok(()) } else { Err("from is after to") })]
#[allow(unreachable_pub)]
pub struct Span {
    pub from: u8,
    pub to: u8,
    pub note: String,
}

#[test]
fn what_only_the_program_can_check_is_said() {
    let place = Place::new();
    hydra::save(place.path("spans.hydra"), &Span { from: 1, to: 5, note: String::new() }).unwrap();
    let set = |args: &[&str]| {
        place.run(&[&["set", "spans.hydra"], args].concat()).code(0).stderr_eq(str![[r#"
warning: the invariant of Span was not checked: only the program that defines the type can check it

"#]])
    };
    set(&["[0].from=9"]).stdout_eq(str![[r#"
[0].from: 1 -> 9

"#]]);
    set(&["[0].to=3", "[0].note=x"]);
    place.run(&["check", "spans.hydra"]).code(0);
}

#[derive(hydra::Hydra)]
struct Words {
    s: String,
    o: Option<String>,
    c: char,
    b: Vec<u8>,
    l: Vec<String>,
    m: std::collections::BTreeMap<String, String>,
    e: Word,
    n: Option<u8>,
    u: (),
    f: f32,
}

#[derive(hydra::Hydra)]
enum Word {
    #[hydra(rename = "null")]
    Null,
    #[hydra(rename = "{a}")]
    Braces,
    Other(u8),
}

fn words() -> super::Place {
    let place = super::Place::new();
    let words = Words {
        s: "s".into(),
        o: None,
        c: 'c',
        b: vec![0, 1, 2],
        l: vec!["l".into()],
        m: [("k".to_string(), "v".to_string())].into(),
        e: Word::Other(1),
        n: None,
        u: (),
        f: 1.5,
    };
    hydra::save(place.path("w.hydra"), &words).unwrap();
    place
}

/// Checks a given text, the text that is shown for it, and its JSON. The shown text, given again, must give
/// the same value.
#[test]
fn what_is_written_is_what_is_shown() {
    for (path, given, shown, json) in [
        ("s", "plain text", "plain text", r#""plain text""#),
        ("s", r#""null""#, r#""null""#, r#""null""#),
        ("s", "", r#""""#, r#""""#),
        ("s", "true", "true", r#""true""#),
        ("s", "None", "None", r#""None""#),
        ("s", "[draft]", "[draft]", r#""[draft]""#),
        ("s", "{", "{", r#""{""#),
        ("s", " null", " null", r#"" null""#),
        ("s", r#""\"q\"""#, r#""\"q\"""#, r#""\"q\"""#),
        ("s", r#""a\nb\u202e""#, r#""a\nb\u202e""#, "\"a\\nb\u{202e}\""),
        ("s", r"a\nb", r"a\nb", r#""a\\nb""#),
        ("o", "None", "None", r#""None""#),
        ("o", "null", "null", "null"),
        ("o", r#""null""#, r#""null""#, r#""null""#),
        ("o", "", r#""""#, r#""""#),
        ("c", "x", "x", r#""x""#),
        ("c", r#""\"""#, r#""\"""#, r#""\"""#),
        ("c", "[", "[", r#""[""#),
        ("b", "AAEC/w==", "AAEC/w==", r#""AAEC/w==""#),
        ("b", "0x000102ff", "AAEC/w==", r#""AAEC/w==""#),
        ("b", r#""0x00""#, r#""0x00""#, r#""0x00""#),
        ("b", r#""null""#, r#""null""#, r#""null""#),
        ("b", "", r#""""#, r#""""#),
        ("l[0]", "7", "7", r#""7""#),
        ("l", r#"["null",""]"#, r#"["null",""]"#, r#"["null",""]"#),
        (r#"m["k"]"#, r#""null""#, r#""null""#, r#""null""#),
        ("e", "null", r#""null""#, r#""null""#),
        ("e", "{a}", "{a}", r#""{a}""#),
        ("e", r#"{"Other":[7]}"#, r#"{"Other":[7]}"#, r#"{"Other":[7]}"#),
        ("n", "null", "null", "null"),
        ("n", "7", "7", "7"),
        ("n", r#""8""#, "8", "8"),
        ("u", "null", "null", "null"),
        ("f", "-inf", "-inf", r#""-inf""#),
        ("f", "1e20", "1e+20", "1e+20"),
    ] {
        let place = words();
        let set = |text: &str| place.result(&["set", "w.hydra", &format!("[0].{path}={text}")]);
        let said = set(given);
        assert!(said.ends_with(&format!(" -> {shown}\n")), "{path}={given}: {said}");
        assert_eq!(place.result(&["get", "w.hydra", &format!("[0].{path}")]), format!("{shown}\n"));
        let found = place.result(&["get", "-f", "ndjson", "w.hydra", &format!("[0].{path}")]);
        assert_eq!(found, format!("{json}\n"), "{path}={given}");
        assert_eq!(set(shown), format!("[0].{path}: {shown} -> {shown}\n"), "{path}={given}");
    }
}

#[test]
fn what_would_be_taken_for_something_else_is_refused() {
    let place = words();
    let before = place.read("w.hydra");
    for given in [
        "s=null",
        r#"s="open"#,
        r#"s="two" words"#,
        "l[0]=null",
        r#"m["k"]=null"#,
        "b=null",
        "b=words",
        "b=AAE",
        "c=null",
        "c=",
        r#"c="ab""#,
        "n=none",
        "n=",
        "f=null",
        "l=text",
        "e=Other",
        "u=",
    ] {
        place.run(&["set", "w.hydra", &format!("[0].{given}")]).code(1).stdout_eq("");
        assert!(place.read("w.hydra") == before, "{given}");
    }
    place.run(&["set", "w.hydra", "[0].s=null"]).code(1).stderr_eq(str![[r#"
error[HY0509]: cannot be set: the new value has another kind
  --> w.hydra, table Words, record 0, at s: expected String, found null
  = help: the value is not optional; the text null is written in quotes: "null"

"#]]);
    place.run(&["set", "w.hydra", "[0].b=words"]).code(1).stderr_eq(str![[r#"
error[HY0503]: the value has another kind: the JSON is not a value of the type: invalid value: string "words", expected bytes in base64 at line 1 column 7
  --> w.hydra, table Words, record 0, at b: expected Vec<u8>

"#]]);
}

#[test]
fn a_whole_record_has_no_path() {
    let place = tick_file(1);
    place.run(&["set", "ticks.hydra", "[Tick][0]={}"]).code(1).stderr_eq(str![[r#"
error[HY0503]: the value has another kind: the JSON is not a value of the type: time: the field is missing at line 1 column 2
  --> ticks.hydra, table Tick, record 0: expected Tick

"#]]);
    place.run(&["set", "ticks.hydra", "={}"]).code(2).stderr_eq(str![[r#"
error[HY0601]: a whole table is not one record
  = help: an index selects one: [0], [-1]

"#]]);
}
