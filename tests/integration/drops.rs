//! Values whose Drop, Default or invariant panics while they are changed: nothing is dropped twice, nothing
//! is leaked, and a complete value remains.

use hydra::{Hydra, Value, ValueMut};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// The number of live values, and of drops of values that were not alive.
    static ALIVE: Cell<(isize, usize)> = const { Cell::new((0, 0)) };
    /// The number of the next new value that panics.
    static FUSE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn alive() -> isize {
    let (alive, twice) = ALIVE.get();
    assert_eq!(twice, 0, "dropped twice");
    alive
}

/// Counts the values that contain it. It is not stored; a value gets a new one when it is read.
struct Token(bool);

impl Default for Token {
    fn default() -> Token {
        FUSE.set(FUSE.get().wrapping_sub(1));
        assert!(FUSE.get() != 0, "made");
        ALIVE.set((ALIVE.get().0 + 1, ALIVE.get().1));
        Token(true)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let (alive, twice) = ALIVE.get();
        ALIVE.set((alive - 1, twice + usize::from(!std::mem::take(&mut self.0))));
    }
}

/// Panics when it is dropped, once.
#[derive(Hydra)]
pub(crate) struct Bomb {
    pub armed: bool,
    pub owned: String,
    #[hydra(skip)]
    _token: Token,
}

fn bomb(armed: bool, owned: &str) -> Bomb {
    Bomb { armed, owned: owned.into(), _token: Token::default() }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if std::mem::take(&mut self.armed) && !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

/// Everywhere that a bomb can be.
#[derive(Hydra)]
pub(crate) struct Places {
    pub field: Bomb,
    pub list: Vec<Bomb>,
    pub option: Option<Bomb>,
    pub boxed: Box<Bomb>,
    pub map: BTreeMap<u8, Bomb>,
    pub array: [Bomb; 2],
    pub choice: Choice,
    pub guarded: Guarded,
}

#[derive(Hydra)]
pub(crate) enum Choice {
    One(Bomb),
}

#[derive(Hydra)]
#[hydra(invariant = |it: &Guarded| match &*it.bomb.owned {
    "bad" => Err("bad"),
    "worse" => panic!("worse"),
    _ => Ok(()),
})]
pub(crate) struct Guarded {
    pub bomb: Bomb,
}

fn places(armed: bool) -> Places {
    let bomb = |owned| bomb(armed, owned);
    Places {
        field: bomb("field"),
        list: vec![bomb("first"), bomb("second")],
        option: Some(bomb("option")),
        boxed: Box::new(bomb("boxed")),
        map: [(1, bomb("one")), (2, bomb("two"))].into(),
        array: [bomb("left"), bomb("right")],
        choice: Choice::One(bomb("choice")),
        guarded: Guarded { bomb: bomb("guarded") },
    }
}

const BOMBS: isize = 11;
const PATHS: [&str; 9] =
    ["field", "list[1]", "option?", "boxed", "map[2]", "array[0]", "choice:One.0", "list", "option"];

/// Returns all text in the value, which is valid only if the value is complete.
fn text(places: &Places) -> String {
    Value::of(places).to_string()
}

fn disarm(places: &mut Places) {
    let bombs = places.list.iter_mut().chain(&mut places.option).chain(places.map.values_mut());
    let Choice::One(choice) = &mut places.choice;
    let single = [&mut places.field, &mut *places.boxed, choice, &mut places.guarded.bomb];
    bombs.chain(&mut places.array).chain(single).for_each(|bomb| bomb.armed = false);
}

/// facet 0.50.0-rc.7: setting a value whose old one panics in Drop drops the old one twice.
#[test]
fn a_panicking_drop_finds_the_new_value_in_place() {
    type Change = fn(ValueMut<'_>) -> hydra::Result<()>;
    let changes: [Change; 3] = [
        |mut value| value.set(bomb(false, "new")),
        |mut value| value.set_value(Value::of(&bomb(false, "new"))),
        |value| value.field("owned")?.set("new".to_string()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        for path in PATHS.iter().filter(|path| !matches!(**path, "list" | "option")) {
            let mut live = places(true);
            let result = catch_unwind(AssertUnwindSafe(|| change(ValueMut::of(&mut live).path(path)?)));
            let panics = number < 2;
            assert_eq!(result.is_err(), panics, "{path}: {result:?}");
            let found = Value::of(&live).path(path).unwrap().field("owned").unwrap().to_string();
            assert_eq!((found.as_str(), text(&live).matches("\"new\"").count()), ("\"new\"", 1), "{path}");
            assert_eq!(alive(), BOMBS, "{path}");
            disarm(&mut live);
            drop(live);
            assert_eq!(alive(), 0, "{path}");
        }
    }
}

#[test]
fn a_list_whose_old_elements_panic_is_replaced_as_a_whole() {
    for path in ["list", "option", ""] {
        let (mut live, new) = (places(true), places(false));
        let result = catch_unwind(AssertUnwindSafe(|| {
            ValueMut::of(&mut live).path(path)?.set_value(Value::of(&new).path(path)?)
        }));
        assert!(result.is_err(), "{path}");
        assert_eq!(Value::of(&live).path(path).unwrap(), Value::of(&new).path(path).unwrap(), "{path}");
        disarm(&mut live);
        drop((live, new));
        // If several values panic, the language drops the others and continues, so none is leaked.
        assert_eq!(alive(), 0, "{path}");
    }
}

#[test]
fn replacing_drops_nothing() {
    for path in PATHS.iter().filter(|path| !matches!(**path, "list" | "option")) {
        let mut live = places(true);
        let slot = ValueMut::of(&mut live).path(path).unwrap();
        let mut slot = if *path == "boxed" { slot.inner().unwrap() } else { slot };
        let mut old = slot.replace(bomb(true, "new")).unwrap();
        assert!(old.armed && old.owned != "new");
        assert_eq!(alive(), BOMBS + 1);
        old.armed = false;
        disarm(&mut live);
        drop((old, live));
        assert_eq!(alive(), 0, "{path}");
    }
    let mut live = places(true);
    let mut list = ValueMut::of(&mut live).path("list").unwrap().replace(Vec::<Bomb>::new()).unwrap();
    assert_eq!((list.len(), live.list.len(), alive()), (2, 0, BOMBS));
    list.iter_mut().for_each(|bomb| bomb.armed = false);
    disarm(&mut live);
    drop((list, live));
    assert_eq!(alive(), 0);
}

/// The copy on which a change is tried panics when it is dropped. The value itself is unchanged or has the
/// new content.
#[test]
fn a_panic_while_a_change_is_tried_leaves_a_whole_value() {
    for (owned, outcome) in [("bad", Ok(true)), ("worse", Err(())), ("fine", Ok(false))] {
        for armed in [false, true] {
            let mut live = places(armed);
            let before = text(&live);
            let result = catch_unwind(AssertUnwindSafe(|| {
                ValueMut::of(&mut live).path("guarded.bomb.owned")?.set_str(owned)
            }));
            match (&result, outcome) {
                _ if armed => assert!(result.is_err()),
                (Ok(found), Ok(refused)) => assert_eq!(found.is_err(), refused, "{found:?}"),
                (Err(_), Err(())) => {}
                other => panic!("{other:?}"),
            }
            let changed = matches!((armed, outcome), (false, Ok(false)));
            assert_eq!(text(&live) == before, !changed, "{owned} {armed}");
            disarm(&mut live);
            drop(live);
            assert_eq!(alive(), 0, "{owned} {armed}");
        }
    }
}

/// A new value cannot be made because a Default panics, at every step of making it.
#[test]
fn a_panic_while_a_value_is_made_changes_nothing() {
    let new = places(false);
    let mut panics = 0;
    for step in 1.. {
        let mut live = places(false);
        live.field.owned = "kept".into();
        let before = text(&live);
        FUSE.set(step);
        let result = catch_unwind(AssertUnwindSafe(|| ValueMut::of(&mut live).set_value(Value::of(&new))));
        FUSE.set(usize::MAX);
        match result {
            Ok(outcome) => {
                outcome.unwrap();
                assert_eq!(text(&live), text(&new));
                break;
            }
            Err(_) => assert_eq!(text(&live), before, "{step}"),
        }
        panics += 1;
        assert_eq!(alive(), 2 * BOMBS, "{step}");
    }
    assert_eq!(panics, BOMBS);
    drop(new);
    assert_eq!(alive(), 0);
}
