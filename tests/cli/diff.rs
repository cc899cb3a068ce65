//! Tests of `diff`: text, JSON and exit codes.

use super::{Place, Position, Tick, event_file, tick_file, two_tables, writer};
use snapbox::str;

/// Converts two CSV files to `old.hydra` and `new.hydra`.
fn converted(old: &str, new: &str) -> Place {
    let place = Place::new();
    for (name, csv) in [("old", old), ("new", new)] {
        place.put(&format!("{name}.csv"), csv);
        place.run(&["convert", &format!("{name}.csv"), &format!("{name}.hydra")]).code(0);
    }
    place
}

#[test]
fn equal_files() {
    let place = tick_file(1000);
    place.run(&["diff", "ticks.hydra", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
✓ no difference in 1,000 records

"#]]);
    place.run(&["diff", "-f", "json", "ticks.hydra", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
{"version":1,"files":["ticks.hydra","ticks.hydra"],"differences":[],"records":{"changed":0,"compared":1000,"left_only":0,"right_only":0},"equal":true}

"#]]);
    place.run(&["diff", "--key", "time", "ticks.hydra", "ticks.hydra"]).code(0);
}

#[test]
fn changed_values_at_every_depth() {
    let place = event_file();
    place.put("new.hydra", place.read("events.hydra"));
    let changes =
        ["[0].tags[1]=x", "[0].shape=Empty", "[0].pos.x=7", r#"[0].counts[10]=ten!"#, "[1].note=now"];
    place.run(&[&["set", "new.hydra"][..], &changes].concat()).code(0);
    place.run(&["diff", "events.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
[0].shape: {"Circle":{"r":0.1}} -> Empty
[0].pos.x: 0.1 -> 7.0
[0].tags[1]: "\"q\"\n" -> x
[0].counts[10]: ten -> ten!
[1].note: null -> now
2 of 2 records changed

"#]]);
    place.run(&["diff", "-f", "json", "events.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
{"version":1,"files":["events.hydra","new.hydra"],"differences":[
{"at":"[0].shape","left":{"Circle":{"r":0.1}},"right":"Empty"},
{"at":"[0].pos.x","left":0.1,"right":7.0},
{"at":"[0].tags[1]","left":"\"q\"\n","right":"x"},
{"at":"[0].counts[10]","left":"ten","right":"ten!"},
{"at":"[1].note","left":null,"right":"now"}
],"records":{"changed":2,"compared":2,"left_only":0,"right_only":0},"equal":false}

"#]]);
}

#[test]
fn records_by_index_and_by_key() {
    let place = converted("id,price\n1,2.5\n2,3.5\n3,4.25\n", "id,price\n3,4.25\n1,2.75\n5,3.5\n6,1.5\n");
    place.run(&["diff", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
schema of Old
- struct Old {
+ struct New {
[0].id: 1 -> 3
[0].price: 2.5 -> 4.25
[1].id: 2 -> 1
[1].price: 3.5 -> 2.75
[2].id: 3 -> 5
[2].price: 4.25 -> 3.5
+ [3] {"id":6,"price":1.5}
3 of 3 records changed, 1 only in new.hydra

"#]]);
    place.run(&["diff", "--key", "id", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
schema of Old
- struct Old {
+ struct New {
[id=1].price: 2.5 -> 2.75
- [id=2] {"id":2,"price":3.5}
+ [id=5] {"id":5,"price":3.5}
+ [id=6] {"id":6,"price":1.5}
1 of 2 records changed, 1 only in old.hydra, 2 only in new.hydra

"#]]);
    place.run(&["diff", "--key", "id", "-f", "json", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[
        r#"
{"version":1,"files":["old.hydra","new.hydra"],"differences":[
{"at":"schema of Old","left":["struct Old {"],"right":["struct New {"]},
{"at":"[id=1].price","left":2.5,"right":2.75},
{"at":"[id=2]","only":"left","left":{"id":2,"price":3.5}},
{"at":"[id=5]","only":"right","right":{"id":5,"price":3.5}},
{"at":"[id=6]","only":"right","right":{"id":6,"price":1.5}}
],"records":{"changed":1,"compared":2,"left_only":1,"right_only":2},"equal":false}

"#
    ]]);
}

#[test]
fn what_is_not_a_key() {
    let place = converted("id,price\n1,2.5\n1,3.5\n", "id,price\n1,2.5\n");
    place.run(&["diff", "--key", "id", "old.hydra", "new.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0625]: two records have the same key
  --> old.hydra: [0] and [1], id 1
  = help: without --key, records with the same index are compared

"#]]);
    place.run(&["diff", "--key", "ids", "old.hydra", "new.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value: no field `ids` in struct Old (at byte 0)
      ids
      ^^^
  --> old.hydra, table Old, record 0, at ids
  = help: did you mean `id`?

"#]]);
    place.run(&["diff", "--key", "[", "old.hydra", "new.hydra"]).code(2);
}

#[test]
fn schemas() {
    let place = converted("id,price,gone\n1,2.5,x\n", "id,price,new\n1,2,true\n");
    place.run(&["diff", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
schema of Old
- struct Old {
-     price: f64,
-     gone: String,
+ struct New {
+     price: i64,
+     new: bool,
[0].price: 2.5 -> 2
[0].gone: x -> (none)
[0].new: (none) -> true
1 of 1 record changed

"#]]);
}

#[test]
fn tables_and_metadata() {
    let place = two_tables();
    let mut file = writer(&place.path("other.hydra"));
    let (positions, ticks) = (file.table::<(u8, u8)>().unwrap(), file.table::<Tick>().unwrap());
    file.append(positions, &(1, 2)).unwrap();
    file.append(ticks, &Tick { time: 1, price: 2.5 }).unwrap();
    file.set_metadata("source", "here").unwrap();
    file.finish().unwrap();
    place.run(&["diff", "two.hydra", "other.hydra"]).code(4).stdout_eq(str![[r#"
metadata source: (none) -> here
[Tick][0].price: 2.0 -> 2.5
- table Position
+ table (u8,u8)
1 of 1 record changed

"#]]);
    place.run(&["diff", "--table", "Tick", "two.hydra", "other.hydra"]).code(4).stdout_eq(str![[r#"
[0].price: 2.0 -> 2.5
1 of 1 record changed

"#]]);
    place.run(&["diff", "--table", "Tock", "two.hydra", "other.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> two.hydra: expected one of Tick, Position, found Tock
  = help: --table NAME selects one of them

"#]]);
    let mut file = writer(&place.path("one.hydra"));
    let table = file.table::<Position>().unwrap();
    file.append(table, &Position { x: 1.0, y: 2.0 }).unwrap();
    file.finish().unwrap();
    place.run(&["diff", "--table", "Position", "one.hydra", "two.hydra"]).code(0);
}

#[test]
fn damage_is_not_a_difference() {
    let place = tick_file(1000);
    place.put("bad.hydra", place.read("ticks.hydra"));
    place.change("bad.hydra", |bytes| *bytes.iter_mut().rev().nth(9000).unwrap() ^= 1);
    place.run(&["diff", "ticks.hydra", "bad.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> bad.hydra @ 0x3100, a DATA block, schema 1, records 252..=503: expected 0x24a0bb60, found 0x513577d3
  = help: hydra check bad.hydra

"#]]);
    place.run(&["diff", "ticks.hydra", "none.hydra"]).code(1);
}
