//! Changes in place: afterwards the image equals, byte for byte, the image of the changed value.

use hydra::reflect::{Slot, Why};
use hydra::{ErrorKind, Fixed, Hydra, Image, view_mut};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
enum Mode {
    Walk,
    Fly,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
struct Item {
    pub name: String,
    pub count: i8,
    pub parts: Vec<u16>,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
struct Player {
    pub name: String,
    pub score: u64,
    pub at: (f32, [i16; 3]),
    pub mode: Mode,
    pub alive: bool,
    pub sign: char,
    pub played: Duration,
    pub last_seen: Option<SystemTime>,
    pub rival: Option<(u8, u32)>,
    pub held: Option<Item>,
    pub items: Vec<Item>,
    pub best: BTreeMap<String, u32>,
    pub paid: Fixed<2>,
    #[hydra(readonly)]
    pub id: u128,
}

fn item(name: &str, count: i8) -> Item {
    Item { name: name.into(), count, parts: (0..count.unsigned_abs().into()).collect() }
}

fn player(name: &str) -> Player {
    Player {
        name: name.into(),
        score: 7,
        at: (1.5, [1, -2, 3]),
        mode: Mode::Walk,
        alive: true,
        sign: 'é',
        played: Duration::from_secs(5),
        last_seen: Some(SystemTime::UNIX_EPOCH),
        rival: Some((1, 2)),
        held: Some(item("lamp", 3)),
        items: vec![item("pick", 1), item("日本", -2), item("", 0)],
        best: BTreeMap::from([("run".into(), 9)]),
        paid: Fixed(Decimal::new(150, 2)),
        id: 1,
    }
}

fn slot<T: Hydra, F: Hydra>(path: &str) -> Slot<T, F> {
    Slot::new(path).unwrap()
}

#[test]
fn an_image_becomes_that_of_the_changed_value() {
    let mut players = vec![player("ada"), player("konrad")];
    let mut image = hydra::to_bytes(&players).unwrap();
    let all = slot::<Vec<Player>, Vec<Player>>("");
    let mut root = view_mut::<Vec<Player>>(&mut image).unwrap();
    let mut list = root.list(&all);
    assert_eq!((list.len(), list.is_empty(), list.get(2).is_none()), (2, false, true));
    let mut last = list.get(1).unwrap();

    let changed = &mut players[1];
    last.set(&slot("score"), u64::MAX).unwrap();
    changed.score = u64::MAX;
    last.set(&slot("at.1[2]"), -9i16).unwrap();
    changed.at.1[2] = -9;
    last.set(&slot("at.1"), [4i16, 5, 6]).unwrap();
    changed.at.1 = [4, 5, 6];
    last.set(&slot("mode"), Mode::Fly).unwrap();
    changed.mode = Mode::Fly;
    last.set(&slot("alive"), false).unwrap();
    changed.alive = false;
    last.set(&slot("sign"), '日').unwrap();
    changed.sign = '日';
    last.set(&slot("played"), Duration::from_nanos(1)).unwrap();
    changed.played = Duration::from_nanos(1);
    last.set(&slot("last_seen"), None::<SystemTime>).unwrap();
    changed.last_seen = None;
    last.set(&slot("rival"), None::<(u8, u32)>).unwrap();
    changed.rival = None;
    let mut held = last.some(&slot::<Player, Option<Item>>("held")).unwrap();
    assert_eq!((held.view().name(), held.view().parts()), ("lamp", &[0, 1, 2][..]));
    held.set(&slot("count"), 8i8).unwrap();
    changed.held.as_mut().unwrap().count = 8;
    assert!(last.some(&slot::<Player, Option<(u8, u32)>>("rival")).is_none(), "it was set to none");
    let count = slot("count");
    last.list(&slot::<_, Vec<Item>>("items"))
        .each(|mut item| {
            assert_eq!(item.view().parts().len(), usize::from(item.view().count().unsigned_abs()));
            item.set(&count, 100i8)
        })
        .unwrap();
    changed.items.iter_mut().for_each(|item| item.count = 100);
    assert_eq!((last.view().name(), last.view().score()), ("konrad", u64::MAX));
    assert_eq!(last.view().best().get("run"), Some(9));

    assert_eq!(*image, *hydra::to_bytes(&players).unwrap());
    assert_eq!(hydra::from_bytes::<Vec<Player>>(&image).unwrap(), players);
}

#[derive(Hydra, Clone, Debug, PartialEq)]
struct Sealed {
    #[hydra(readonly)]
    pub items: Vec<Item>,
    #[hydra(readonly)]
    pub spare: Option<Item>,
}

#[test]
fn what_is_behind_a_readonly_field_can_only_be_looked_at() {
    let mut image =
        hydra::to_bytes(&Sealed { items: vec![item("a", 1)], spare: Some(item("b", 2)) }).unwrap();
    let (before, count) = (image.clone(), slot::<Item, i8>("count"));
    let mut sealed = view_mut::<Sealed>(&mut image).unwrap();
    let items = slot::<Sealed, Vec<Item>>("items");
    let why = |result: hydra::Result<()>| result.unwrap_err().why();
    assert_eq!(why(sealed.list(&items).each(|mut item| item.set(&count, 9))), Some(Why::ReadOnlyField));
    let mut list = sealed.list(&items);
    let mut first = list.get(0).unwrap();
    assert_eq!(first.view().name(), "a");
    assert_eq!(why(first.set(&count, 9)), Some(Why::ReadOnlyField));
    let mut spare = sealed.some(&slot::<Sealed, Option<Item>>("spare")).unwrap();
    assert_eq!(spare.view().count(), 2);
    assert_eq!(why(spare.set(&count, 9)), Some(Why::ReadOnlyField));
    let mut parts = spare.list(&slot::<Item, Vec<u16>>("parts"));
    assert_eq!(why(parts.get(0).unwrap().set(&slot(""), 7u16)), Some(Why::ReadOnlyField));
    assert_eq!(*image, *before);
}

#[test]
fn each_ends_with_the_first_error() {
    let mut image = hydra::to_bytes(&vec![1u32, 2, 3]).unwrap();
    let mut seen = 0;
    let result =
        view_mut::<Vec<u32>>(&mut image).unwrap().list(&slot::<_, Vec<u32>>("")).each(|mut number| {
            seen += 1;
            number.set(&slot(""), number.view() + 10)?;
            if seen == 2 { Err(hydra::Error::new(ErrorKind::Usage)) } else { Ok(()) }
        });
    assert_eq!((result.unwrap_err().kind(), seen), (ErrorKind::Usage, 2));
    assert_eq!(hydra::from_bytes::<Vec<u32>>(&image).unwrap(), [11, 12, 3]);
}

#[test]
fn what_may_not_be_changed_is_refused_and_nothing_is_changed() {
    let mut image = hydra::to_bytes(&player("ada")).unwrap();
    let before = image.clone();
    let mut ada = view_mut::<Player>(&mut image).unwrap();
    let readonly = ada.set(&slot("id"), 5u128).unwrap_err();
    assert_eq!((readonly.why(), readonly.path_text()), (Some(Why::ReadOnlyField), Some("id")));
    let text = ada.set(&slot("name"), "grace".to_string()).unwrap_err();
    assert_eq!(
        (text.kind(), text.path_text(), text.found_text()),
        (ErrorKind::NotSettable, Some("name"), Some("string"))
    );
    assert_eq!(ada.set(&slot("held"), None::<Item>).unwrap_err().kind(), ErrorKind::NotSettable);
    let exact = ada.set(&slot("paid"), Fixed::<2>(Decimal::new(1, 3))).unwrap_err();
    assert_eq!(exact.kind(), ErrorKind::OutOfRange, "{exact}");
    assert_eq!(Slot::<Player, u64>::new("scores").unwrap_err().help_text(), Some("did you mean `score`?"));
    assert_eq!(Slot::<Player, u32>::new("score").unwrap_err().kind(), ErrorKind::TypeMismatch);
    assert!(Slot::<Player, i8>::new("held?.count").is_err(), "not in every value");
    assert_eq!(*image, *before);
}

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(invariant = in_order)]
struct Span {
    pub from: u32,
    pub to: u32,
}

fn in_order(span: &Span) -> Result<(), &'static str> {
    if span.from <= span.to { Ok(()) } else { Err("from is after to") }
}

#[test]
fn images_that_a_change_could_break_are_refused() {
    let value = vec![Span { from: 1, to: 2 }];
    let mut image = hydra::to_bytes(&value).unwrap();
    let error = view_mut::<Vec<Span>>(&mut image).map(|_| ()).unwrap_err();
    assert_eq!(error.why(), Some(Why::Invariant));
    let mut kept = Image::of(&value).unwrap();
    assert_eq!(kept.view_mut().map(|_| ()).unwrap_err().why(), Some(Why::Invariant));
    kept.set(&vec![Span { from: 2, to: 3 }]).unwrap();
    assert_eq!(kept.view().get(0).unwrap().from(), 2);

    let mut image = hydra::to_bytes_checked(&7u64).unwrap();
    let error = view_mut::<u64>(&mut image).map(|_| ()).unwrap_err();
    assert_eq!((error.kind(), error.help_text().is_some()), (ErrorKind::NotSettable, true));

    let mut shifted = hydra::AlignedBuf::zeroed(image.len() + 1);
    shifted[1..].copy_from_slice(&hydra::to_bytes(&7u64).unwrap());
    assert_eq!(view_mut::<u64>(&mut shifted[1..]).map(|_| ()).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_kept_image_becomes_that_of_the_changed_value() {
    let mut players = vec![player("ada"), player("konrad")];
    let mut kept = Image::of(&players).unwrap();
    let (all, items) = (slot::<Vec<Player>, Vec<Player>>(""), slot::<_, Vec<Item>>("items"));
    let (score, count) = (slot("score"), slot("count"));
    for round in 1..50u64 {
        let place = round as usize % 2;
        let mut root = kept.view_mut().unwrap();
        let mut list = root.list(&all);
        let mut one = list.get(place).unwrap();
        assert!(one.set(&slot("name"), "grace".to_string()).is_err() && one.set(&slot("id"), 5u128).is_err());
        one.set(&score, round * 1000).unwrap();
        one.list(&items).get(1).unwrap().set(&count, round as i8).unwrap();
        players[place].score = round * 1000;
        players[place].items[1].count = round as i8;
        assert_eq!(*kept.as_bytes(), *hydra::to_bytes(&players).unwrap());
        let view = kept.view().get(place).unwrap();
        assert_eq!((view.score(), view.name()), (round * 1000, &*players[place].name));
        assert_eq!(view.items().get(1).unwrap().name(), "日本");
        if round % 7 == 0 {
            players[place].name.push_str("é, and on");
            kept.set(&players).unwrap();
        }
        if round % 5 == 0 {
            kept = Image::from_bytes(kept.as_bytes()).unwrap();
        }
    }
    assert_eq!(kept.decode().unwrap(), players);
    assert_eq!(kept, Image::of(&players).unwrap());
}

#[test]
fn damaged_images_are_refused_as_by_view() {
    let image = hydra::to_bytes(&vec![player("ada")]).unwrap();
    let (score, items, count) = (slot("score"), slot::<_, Vec<Item>>("items"), slot("count"));
    for bit in 0..image.len() * 8 {
        let mut image = image.clone();
        image[bit / 8] ^= 1 << (bit % 8);
        let text = |error: hydra::Error| error.to_string();
        let seen = hydra::view::<Vec<Player>>(&image).map(|_| ()).map_err(text);
        let kept = Image::<Vec<Player>>::from_bytes(&image).map(|_| ()).map_err(text);
        assert_eq!(kept, seen, "bit {bit}");
        let changed = view_mut::<Vec<Player>>(&mut image)
            .map(|mut all| {
                let set = all.list(&slot("")).each(|mut player: hydra::ViewMut<'_, Player>| {
                    player.set(&score, 1u64)?;
                    player.list(&items).each(|mut item| item.set(&count, 2i8))
                });
                assert!(set.is_ok(), "bit {bit}");
            })
            .map_err(text);
        let checked = bit == 4 * 8;
        assert!(changed == seen || (checked && changed.is_err()), "bit {bit}: {changed:?}, {seen:?}");
        // Not every number is a Decimal.
        if let Some(players) = seen.ok().and_then(|()| hydra::from_bytes::<Vec<Player>>(&image).ok()) {
            assert!(players.iter().all(|player| player.score == 1), "bit {bit}");
            assert!(players.iter().flat_map(|player| &player.items).all(|item| item.count == 2), "bit {bit}");
        }
    }
}
