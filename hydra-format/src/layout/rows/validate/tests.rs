//! Each rule of FORMAT.md, section 7, broken by exactly one payload, and payloads with bytes flipped
//! everywhere.

use super::*;
use crate::Hydra;
use crate::layout::rows::{At, encode_payload, facts_of};
use crate::schema::{Descriptor, Form, Kind, Style, TypeRef};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::time::{Duration, SystemTime};

fn at(index: u32) -> TypeRef {
    TypeRef::Index(index)
}

/// Builds a payload of one record: the record, then heap and text on the next lines.
#[derive(Clone)]
struct Payload {
    record: Vec<u8>,
    heap: Vec<u8>,
    text: String,
}

impl Payload {
    fn of<T: Hydra>(value: &T) -> Payload {
        let (text_offset, bytes) = encode_payload(value).unwrap();
        let (before, text) = bytes.split_at(text_offset as usize);
        let (record, heap) = before.split_at(T::SIZE.next_multiple_of(64));
        Payload {
            record: record.to_vec(),
            heap: heap.to_vec(),
            text: String::from_utf8(text.to_vec()).unwrap(),
        }
    }

    fn hand(record: &[u8], heap: &[u8], text: &str) -> Payload {
        Payload { record: record.to_vec(), heap: heap.to_vec(), text: text.to_string() }
    }

    /// Returns the record and the heap.
    fn front(&self) -> Vec<u8> {
        let mut front = self.record.clone();
        front.resize(front.len().next_multiple_of(64), 0);
        front.extend(&self.heap);
        front
    }

    fn parts<'a>(&'a self, front: &'a [u8], stride: usize) -> Regions<'a> {
        Regions { front, text: self.text.as_str().into(), count: 1, stride }
    }

    /// Returns all findings of a full check. The fast passes must agree on whether there is any, and whether
    /// there is one other than bytes that should be zero.
    fn findings(&self, validator: &Validator) -> Vec<(ErrorKind, String)> {
        let front = self.front();
        let parts = self.parts(&front, validator.plan.schema.root().size());
        let (mut found, auditor) = (Vec::new(), Auditor::new(&validator.plan.schema));
        explain::explain::<true>(&auditor.plan, &parts, &mut |fault| found.push(fault));
        assert_eq!(pass::is_canonical(&auditor.plan, &parts), found.is_empty(), "{found:?}");
        let hard = found.iter().find(|fault| fault.kind != ErrorKind::NotCanonical);
        let verdict = validator.validate(&parts).err().map(|fault| *fault);
        assert_eq!(verdict.as_ref(), hard, "the two passes must agree");
        let planned = Validator { checks: None, ..validator.clone() };
        assert_eq!(
            planned.validate(&parts).is_err(),
            hard.is_some(),
            "so must the plan and the type's own check"
        );
        found.into_iter().map(|fault| (fault.kind, fault.path)).collect()
    }
}

fn validator(types: Vec<Descriptor>) -> Validator {
    Validator::new(&Schema::new(types).unwrap())
}

fn reference(start: u32, count: u32) -> Vec<u8> {
    [start.to_le_bytes(), count.to_le_bytes()].concat()
}

fn scalar(kind: Kind) -> Validator {
    validator(vec![Descriptor::scalar(kind)])
}

#[track_caller]
fn accepted(validator: &Validator, payload: Payload) {
    assert_eq!(payload.findings(validator), []);
}

#[track_caller]
fn refused(validator: &Validator, payload: Payload, kind: ErrorKind, path: &str) {
    assert_eq!(payload.findings(validator), [(kind, path.to_string())]);
}

#[test]
fn scalars_have_their_values() {
    use ErrorKind::BadValue;
    let one = |validator: &Validator, bytes: &[u8], valid: bool| {
        let payload = Payload::hand(bytes, &[], "");
        if valid { accepted(validator, payload) } else { refused(validator, payload, BadValue, "") }
    };
    for (byte, valid) in [(0, true), (1, true), (2, false), (255, false)] {
        one(&scalar(Kind::Bool), &[byte], valid);
    }
    for (char, valid) in [(0x10ffffu32, true), (0xd800, false), (0x110000, false)] {
        one(&scalar(Kind::Char), &char.to_le_bytes(), valid);
    }
    let nonzero = validator(vec![Descriptor::nonzero(Kind::I16)]);
    one(&nonzero, &[0, 1], true);
    one(&nonzero, &[0, 0], false);
    let limit = (1i128 << 63) * 1_000_000_000;
    let time = validator(vec![Descriptor::formed(Kind::I128, Form::Timestamp { exponent: -9 })]);
    for (nanos, valid) in [(limit - 1, true), (-limit, true), (limit, false), (-limit - 1, false)] {
        one(&time, &nanos.to_le_bytes(), valid);
    }
    let duration = validator(vec![Descriptor::formed(Kind::U128, Form::Duration { exponent: -9 })]);
    one(&duration, &(2 * limit - 1).to_le_bytes(), true);
    one(&duration, &(2 * limit).to_le_bytes(), false);
    assert!(
        scalar(Kind::F64).plan.root.is_trivial()
            && scalar(Kind::Unit).plan.root.is_trivial()
            && !scalar(Kind::Bool).plan.root.is_trivial()
    );
}

#[test]
fn strings_follow_one_another_and_hold_whole_characters() {
    use ErrorKind::*;
    let pair = validator(vec![Descriptor::tuple(vec![at(1), at(1)]), Descriptor::scalar(Kind::String)]);
    let payload = |a: (u32, u32), b: (u32, u32), text: &str| {
        Payload::hand(&[reference(a.0, a.1), reference(b.0, b.1)].concat(), &[], text)
    };
    accepted(&pair, payload((0, 2), (2, 1), "éa"));
    accepted(&pair, payload((0, 0), (0, 3), "éa"));
    refused(&pair, payload((0, 2), (3, 0), "éa"), BadReference, "1");
    refused(&pair, payload((0, 3), (0, 3), "éa"), BadReference, "1");
    refused(&pair, payload((0, 2), (2, 2), "éa"), BadReference, "1");
    refused(&pair, payload((0, 2), (u32::MAX, u32::MAX), "éa"), BadReference, "1");
    refused(&pair, payload((0, 1), (2, 1), "éa"), BadReference, "0");
    refused(&pair, payload((1, 1), (2, 1), "éa"), BadReference, "0");
    refused(&pair, payload((0, 1), (2, 1), "abc"), NotCanonical, "1");
    refused(&pair, payload((0, 1), (1, 1), "abc"), NotCanonical, "");
}

#[test]
fn arrays_follow_one_another_aligned_and_in_bounds() {
    use ErrorKind::*;
    let pair = validator(vec![
        Descriptor::tuple(vec![at(1), at(2)]),
        Descriptor::scalar(Kind::Bytes),
        Descriptor::list(at(3)),
        Descriptor::scalar(Kind::U32),
    ]);
    let payload = |a: (u32, u32), b: (u32, u32), heap: &[u8]| {
        let mut heap = heap.to_vec();
        heap.resize(64, 0);
        Payload::hand(&[reference(a.0, a.1), reference(b.0, b.1)].concat(), &heap, "")
    };
    accepted(&pair, payload((0, 1), (4, 1), &[1, 0, 0, 0, 1, 1, 1, 1]));
    refused(&pair, payload((0, 1), (4, 1), &[1, 0, 7, 0, 1, 1, 1, 1]), NotCanonical, "1");
    refused(&pair, payload((0, 1), (8, 1), &[1]), NotCanonical, "1");
    refused(&pair, payload((0, 1), (4, 1), &[1, 0, 0, 0, 1, 1, 1, 1, 9]), NotCanonical, "");
    refused(&pair, payload((0, 1), (2, 1), &[1]), BadReference, "1");
    refused(&pair, payload((0, 5), (4, 1), &[1]), BadReference, "1");
    refused(&pair, payload((0, 9), (4, 4), &[1]), BadReference, "1");
    refused(&pair, payload((0, 1), (60, 2), &[1]), BadReference, "1");
    refused(&pair, payload((0, 1), (4, u32::MAX), &[1]), BadReference, "1");
    refused(&pair, payload((4, 0), (0, 0), &[]), BadReference, "0");
    let long = Payload::hand(&[0; 16], &[0; 128], "");
    refused(&pair, long, NotCanonical, "");
    let boxed = validator(vec![Descriptor::boxed(at(1)), Descriptor::scalar(Kind::U8)]);
    let heap = [1; 64].map(|_| 0);
    accepted(&boxed, Payload::hand(&reference(0, 1), &heap, ""));
    refused(&boxed, Payload::hand(&reference(0, 0), &heap, ""), BadReference, "");
    refused(&boxed, Payload::hand(&reference(0, 2), &heap, ""), BadReference, "");
}

#[test]
fn options_and_enums_have_known_tags_and_zeros() {
    use ErrorKind::*;
    let option = validator(vec![Descriptor::option(at(1)), Descriptor::scalar(Kind::U16)]);
    let hand = |bytes: &[u8]| Payload::hand(bytes, &[], "");
    accepted(&option, hand(&[1, 0, 7, 7]));
    refused(&option, hand(&[2, 0, 0, 0]), BadValue, "");
    refused(&option, hand(&[0, 0, 7, 0]), NotCanonical, "");
    refused(&option, hand(&[1, 9, 7, 0]), NotCanonical, "");
    let field = |name: &str, ty| (name.to_string(), at(ty));
    let variants = vec![
        ("Empty".to_string(), -1, Style::Unit, vec![]),
        ("Flag".to_string(), 5, Style::Struct, vec![field("on", 1)]),
        ("Word".to_string(), 6, Style::Struct, vec![field("on", 1), field("word", 2)]),
    ];
    let shape = Descriptor::enumeration("Shape", Kind::I8, variants);
    let shape = validator(vec![shape, Descriptor::scalar(Kind::Bool), Descriptor::scalar(Kind::U32)]);
    accepted(&shape, hand(&[255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    accepted(&shape, hand(&[5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
    accepted(&shape, hand(&[6, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9]));
    refused(&shape, hand(&[0; 12]), BadValue, "");
    refused(&shape, hand(&[5, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]), BadValue, ":Flag.on");
    refused(&shape, hand(&[5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]), NotCanonical, "");
    refused(&shape, hand(&[6, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]), NotCanonical, ":Word");
    refused(&shape, hand(&[6, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0]), NotCanonical, ":Word");
}

#[test]
fn tags_side_by_side_are_one_step() {
    let colors = ["Red", "Green", "Blue"].iter().zip(0..);
    let variants = colors.map(|(name, tag)| (name.to_string(), tag, Style::Unit, vec![])).collect();
    let color = Descriptor::enumeration("Color", Kind::U8, variants);
    let types = vec![Descriptor::tuple(vec![at(1), at(2), at(2)]), Descriptor::array(at(2), 8), color];
    let all = validator(types);
    assert_eq!(all.plan.steps(&all.plan.root.steps).len(), 1);
    accepted(&all, Payload::hand(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0], &[], ""));
    refused(&all, Payload::hand(&[0, 1, 2, 0, 3, 2, 0, 1, 2, 0], &[], ""), ErrorKind::BadValue, "0[4]");
    refused(&all, Payload::hand(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 9], &[], ""), ErrorKind::BadValue, "2");
}

/// Encodes keys in the order given, as a set whose members are `size` bytes each.
fn set_of(key: Vec<Descriptor>, members: &[&[u8]], text: &str) -> Vec<(ErrorKind, String)> {
    let types = [vec![Descriptor::set(at(1))], key].concat();
    let mut heap = members.concat();
    heap.resize(heap.len().next_multiple_of(64), 0);
    Payload::hand(&reference(0, members.len() as u32), &heap, text).findings(&validator(types))
}

#[test]
fn what_is_beside_strings_and_bools_may_be_anything() {
    fn accepts<T: Hydra>(value: &T) {
        accepted(&facts_of::<T>().validator, Payload::of(value));
    }
    accepts(&("a".to_string(), u64::MAX));
    accepts(&vec![("a".to_string(), u64::MAX); 3]);
    accepts(&(true, u8::MAX));
    accepts(&vec![(true, u32::MAX); 3]);
    accepts(&vec![[(true, u8::MAX); 2]; 3]);
    accepts(&('a', u32::MAX));
    accepts(&(u64::MAX, "a".to_string(), "b".to_string()));
}

#[test]
fn records_stand_as_far_apart_as_they_are_large() {
    for kind in [Kind::Bool, Kind::U64, Kind::String] {
        let (validator, size) = (scalar(kind), kind.fixed_size() as usize);
        let payload = Payload::hand(&[0; 64], &[], "");
        for (stride, valid) in [(size, true), (size + 1, false), (2 * size, false), (0, false)] {
            let valid_now = validator.validate(&payload.parts(&payload.front(), stride)).is_ok();
            assert_eq!(valid_now, valid, "{kind:?}, {stride}");
        }
        let nothing = Payload::hand(&[], &[], "");
        assert!(validator.validate(&nothing.parts(&[], size)).is_err(), "no record");
    }
}

#[test]
fn each_of_a_row_is_checked() {
    type Row = (u64, String, String, [bool; 2], [char; 2]);
    let validator = &facts_of::<Row>().validator;
    let good = Payload::of::<Row>(&(7, "a".into(), "b".into(), [true, false], ['c', 'd']));
    accepted(validator, good.clone());
    let with = |changes: &[(usize, u8)]| {
        let mut payload = good.clone();
        changes.iter().for_each(|&(at, byte)| payload.record[at] = byte);
        payload
    };
    for (changes, kind, path) in [
        (&[(12, 9)][..], ErrorKind::BadReference, "1"),
        (&[(20, 9)], ErrorKind::BadReference, "2"),
        (&[(24, 2)], ErrorKind::BadValue, "3[0]"),
        (&[(25, 2)], ErrorKind::BadValue, "3[1]"),
        (&[(31, 0xff)], ErrorKind::BadValue, "4[0]"),
        (&[(35, 0xff)], ErrorKind::BadValue, "4[1]"),
    ] {
        let found = with(changes).findings(validator);
        assert_eq!(found.first(), Some(&(kind, path.to_string())), "{changes:?}");
    }
    let both = with(&[(24, 2), (25, 2)]).findings(validator);
    assert_eq!(both.len(), 2, "two wrong bytes are not a right one");
}

#[test]
fn keys_ascend_by_their_value() {
    let order = |index: usize| vec![(ErrorKind::BadOrder, format!("[key {index}]"))];
    let i16s = |members: &[i16]| {
        let bytes: Vec<[u8; 2]> = members.iter().map(|member| member.to_le_bytes()).collect();
        let members: Vec<&[u8]> = bytes.iter().map(|bytes| &bytes[..]).collect();
        set_of(vec![Descriptor::scalar(Kind::I16)], &members, "")
    };
    assert_eq!(i16s(&[-300, -1, 0, 256]), []);
    assert_eq!(i16s(&[-300, 0, -1]), order(2));
    assert_eq!(i16s(&[5, 5]), order(1));
    for &kind in Kind::ALL.iter().filter(|kind| kind.is_integer()) {
        let bytes = |number: i128| number.to_le_bytes()[..kind.fixed_size() as usize].to_vec();
        let (low, high) = (bytes(if kind.is_signed() { -2 } else { 1 }), bytes(100));
        assert_eq!(set_of(vec![Descriptor::scalar(kind)], &[&low, &high], ""), [], "{kind:?}");
        assert_eq!(set_of(vec![Descriptor::scalar(kind)], &[&high, &low], ""), order(1), "{kind:?}");
    }
    let strings = |references: &[(u32, u32)], text| {
        let members: Vec<Vec<u8>> =
            references.iter().map(|&(start, count)| reference(start, count)).collect();
        let members: Vec<&[u8]> = members.iter().map(|member| &member[..]).collect();
        set_of(vec![Descriptor::scalar(Kind::String)], &members, text)
    };
    assert_eq!(strings(&[(0, 0), (0, 1), (1, 2)], "aab"), []);
    assert_eq!(strings(&[(0, 2), (2, 1)], "aba"), order(1));
    let pair = vec![Descriptor::tuple(vec![at(2), at(2)]), Descriptor::scalar(Kind::U8)];
    assert_eq!(set_of(pair.clone(), &[&[1, 9], &[2, 0]], ""), []);
    assert_eq!(set_of(pair, &[&[1, 9], &[1, 8]], ""), order(1));
    let variants = [("B", 200), ("A", 3)].map(|(name, tag)| (name.to_string(), tag, Style::Unit, vec![]));
    let choice = vec![Descriptor::enumeration("E", Kind::U8, variants.to_vec())];
    assert_eq!(set_of(choice.clone(), &[&[3], &[200]], ""), []);
    assert_eq!(set_of(choice, &[&[200], &[3]], ""), order(1));
    let uuid = vec![Descriptor::uuid(at(2)), Descriptor::scalar(Kind::U8)];
    assert_eq!(set_of(uuid, &[&[2; 16], &[1; 16]], ""), order(1));
}

#[test]
fn faults_in_maps_name_the_key() {
    let map: BTreeMap<String, (u16, bool)> =
        BTreeMap::from([("a\"b".into(), (1, true)), ("c".into(), (2, false))]);
    let mut payload = Payload::of(&map);
    let validator = &facts_of::<BTreeMap<String, (u16, bool)>>().validator;
    accepted(validator, payload.clone());
    payload.heap[10] = 7;
    refused(validator, payload.clone(), ErrorKind::BadValue, "[\"a\\\"b\"].1");
    payload.heap[10] = 1;
    payload.heap[11] = 1;
    refused(validator, payload, ErrorKind::NotCanonical, "[\"a\\\"b\"]");
}

/// Returns a list whose element nests itself 31 deep around the list again, by options, tuples or enums of
/// one variant.
fn knot(wrap: impl Fn(TypeRef) -> Descriptor) -> Validator {
    let mut types = vec![Descriptor::list(at(1))];
    types.extend((1..31).map(|next| wrap(at(next + 1))));
    types.push(wrap(at(0)));
    validator(types)
}

/// Without optimisation, frames are several times larger than in a release build, for which 1.3 MiB is
/// enough.
#[test]
fn depth_is_bounded_and_the_stack_holds() {
    std::thread::Builder::new().stack_size(6 << 20).spawn(deepest).unwrap().join().unwrap();
}

fn deepest() {
    let choice = |ty| {
        let variant = |name: &str, tag| (name.to_string(), tag, Style::Tuple, vec![("0".to_string(), ty)]);
        Descriptor::enumeration("E", Kind::U8, vec![variant("A", 0), variant("B", 1)])
    };
    let knots = [knot(Descriptor::option), knot(|ty| Descriptor::tuple(vec![ty])), knot(choice)];
    for knot in knots {
        let size = knot.plan.schema.types()[1].size();
        let payload = |depth: usize| {
            let mut heap = vec![0; (depth * size).next_multiple_of(64)];
            for (level, element) in heap.chunks_exact_mut(size).take(depth).enumerate() {
                element[..size - 8].iter_mut().step_by(4).for_each(|tag| *tag = 1);
                if level + 1 < depth {
                    element[size - 8..].copy_from_slice(&reference((level + 1) as u32 * size as u32, 1));
                }
            }
            Payload::hand(&reference(0, 1), &heap, "")
        };
        accepted(&knot, payload(64));
        let found = payload(65).findings(&knot);
        assert_eq!((found.len(), found[0].0), (1, ErrorKind::TooDeep));
    }
}

#[derive(Hydra)]
struct Link {
    next: Vec<Link>,
    data: Vec<u8>,
    names: Vec<String>,
}

#[test]
fn a_type_s_own_check_goes_as_deep_as_the_plan() {
    let validator = &facts_of::<Link>().validator;
    assert!(validator.checks.is_some());
    let payload = |depth: u32| {
        let mut heap = Vec::new();
        for level in 1..=depth {
            let last = level == depth;
            heap.extend(if last { reference(0, 0) } else { reference(level * 24, 1) });
            heap.extend(if last { reference(depth * 24, 7) } else { reference(0, 0) });
            heap.extend(reference(0, 0));
        }
        heap.extend([1; 7]);
        heap.resize(heap.len().next_multiple_of(64), 0);
        Payload::hand(&[reference(0, 1), reference(0, 0), reference(0, 0)].concat(), &heap, "")
    };
    accepted(validator, payload(64));
    let found = payload(65).findings(validator);
    assert_eq!(found[0].0, ErrorKind::TooDeep);
}

type Everything = (
    Option<(bool, char, String)>,
    Vec<(String, Vec<u8>, u64)>,
    BTreeMap<String, Vec<Option<u32>>>,
    [Option<NonZero<u16>>; 3],
    BTreeSet<(u8, String)>,
    (Duration, SystemTime, f32),
    Box<(bool, [char; 2])>,
    Vec<[String; 2]>,
    Vec<bool>,
    BTreeMap<i64, BTreeSet<[u8; 3]>>,
);

fn everything() -> Everything {
    let text = |text: &str| text.to_string();
    (
        Some((true, 'é', text("some"))),
        vec![(text("één"), vec![1, 2, 3], 4), (text(""), vec![], 5)],
        BTreeMap::from([(text("a"), vec![None, Some(1)]), (text("b"), vec![])]),
        [None, NonZero::new(7), None],
        BTreeSet::from([(1, text("x")), (1, text("y")), (2, text("日本"))]),
        (Duration::from_nanos(5), SystemTime::UNIX_EPOCH, 0.5),
        Box::new((true, ['a', 'b'])),
        vec![[text("p"), text("q")], [text("r"), text("s")]],
        vec![true, false, true],
        BTreeMap::from([(-5, BTreeSet::from([[1, 2, 3], [1, 2, 4]])), (5, BTreeSet::new())]),
    )
}

#[test]
fn whatever_bytes_say_both_passes_agree_and_accepted_values_can_be_read() {
    let facts = facts_of::<Everything>();
    let payload = Payload::of(&everything());
    accepted(&facts.validator, payload.clone());
    let (mut valid, mut invalid, mut soft) = (0, 0, 0);
    let mut try_one = |payload: &Payload| {
        let found = payload.findings(&facts.validator);
        if found.iter().any(|(kind, _)| *kind != ErrorKind::NotCanonical) {
            invalid += 1;
            return;
        }
        soft += usize::from(!found.is_empty());
        valid += 1;
        let at = At::new(&payload.record, &payload.heap, &payload.text);
        let view = format!("{:?}", Everything::view(at));
        let owned = Everything::decode(at);
        assert!(!view.is_empty() && owned.is_ok());
    };
    for position in 0..payload.record.len() + payload.heap.len() {
        for change in [1u8, 2, 4, 8, 0x80, 0xff] {
            let mut payload = payload.clone();
            match position.checked_sub(payload.record.len()) {
                None => payload.record[position] ^= change,
                Some(position) => payload.heap[position] ^= change,
            }
            try_one(&payload);
        }
    }
    assert!(valid > 100 && invalid > 1000 && soft > 100, "{valid} {invalid} {soft}");
}

#[test]
fn every_byte_without_a_meaning_is_looked_at() {
    type Row = (BTreeMap<u32, u8>, BTreeMap<u8, u32>, [u16; 0], ((), u8), Vec<[(); 3]>);
    let value: Row = (BTreeMap::from([(1, 2)]), BTreeMap::from([(3, 4)]), [], ((), 5), vec![[(); 3]]);
    let (payload, validator) = (Payload::of(&value), &facts_of::<Row>().validator);
    accepted(validator, payload.clone());
    let soft = |change: &dyn Fn(&mut Payload)| {
        let mut payload = payload.clone();
        change(&mut payload);
        let found = payload.findings(validator);
        !found.is_empty() && found.iter().all(|(kind, _)| *kind == ErrorKind::NotCanonical)
    };
    // In the record: the array, the unit and the bytes after them; in the heap: bytes within and after
    // entries, units, the rest.
    let records = (0..payload.record.len()).filter(|&at| soft(&|payload| payload.record[at] ^= 0x40)).count();
    let heaps = (0..payload.heap.len()).filter(|&at| soft(&|payload| payload.heap[at] ^= 0x40)).count();
    let (meant, in_heap) = (8 + 8 + 1 + 8, 4 + 1 + 1 + 4);
    assert_eq!((records, heaps), (payload.record.len() - meant, payload.heap.len() - in_heap));
}

/// Returns the findings of a full check in a payload with one byte changed, as `offset, record, path:
/// expected; found`.
fn said(change: impl Fn(&mut Payload)) -> Vec<String> {
    type Row = (u8, Option<(bool, u32)>, Vec<(char, String)>, BTreeMap<String, NonZero<u16>>);
    let map = BTreeMap::from([("k".to_string(), NonZero::new(7).unwrap())]);
    let mut payload = Payload::of::<Row>(&(1, Some((true, 2)), vec![('a', "b".into())], map));
    change(&mut payload);
    let auditor = Auditor::new(&facts_of::<Row>().schema);
    let (mut all, front) = (Vec::new(), payload.front());
    auditor.audit(
        &payload.parts(&front, auditor.plan.schema.root().size()),
        &mut |Fault { offset, record, path, expected, found, .. }| {
            all.push(format!("{offset}, {record:?}, {path}: {expected}; {found}"));
        },
    );
    all
}

#[test]
fn findings_say_where_they_are_and_what_should_be_there() {
    let record = |at: usize, byte: u8| said(|payload| payload.record[at] = byte);
    let heap = |at: usize, byte: u8| said(|payload| payload.heap[at] = byte);
    assert_eq!(record(1, 9), ["1, Some(0), : zero padding; 0x09"]);
    assert_eq!(record(4, 2), ["4, Some(0), 1: 0 for none or 1 for some; 2"]);
    assert_eq!(record(4, 0), ["8, Some(0), 1: zero bytes, because there is no value; 0x01"]);
    assert_eq!(record(8, 3), ["8, Some(0), 1?.0: 0 or 1; 3"]);
    assert_eq!(record(9, 3), ["9, Some(0), 1?: zero padding; 0x03"]);
    assert!(record(20, 200)[0].ends_with("from 0 on, aligned to 4, within 64 bytes of heap; { 0, 200 }"));
    assert_eq!(record(63, 1), ["63, None, : zero bytes after the records; 0x01"]);
    assert_eq!(heap(3, 1), ["64, Some(0), 2[0].0: a Unicode scalar value; 0x1000061"]);
    assert_eq!(heap(4, 7)[0], "68, Some(0), 2[0].1: a string from 0 on, within 2 bytes of text; { 7, 1 }");
    assert_eq!(heap(20, 0), ["84, Some(0), 3[\"k\"]: a number other than 0; 0"]);
    assert_eq!(heap(22, 5), ["86, Some(0), 3: zero padding; 0x05"]);
    assert_eq!(heap(30, 5), ["94, None, : zero bytes after the heap; 0x05"]);
}
