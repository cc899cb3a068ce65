//! Known vulnerabilities of similar libraries, each by its name, tried on this one. Code that must not
//! compile is in `tests/ui/sound_*.rs`, panics in Drop are in `drops.rs`, and attempts to bypass read-only
//! are in `reflect_set.rs`.

use hydra::schema::TypeRef::Index;
use hydra::{Describe, Descriptor, ErrorKind, Hydra, Kind, Plain, Reader, Schema, Value, Writer};
use hydra_tests::laws;
use hydra_tests::types::{Flagged, Tree, Venue};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Replaces every word of the payload by every value that could be an offset or a length in it, and every two
/// words by every pair. A payload that is accepted needs no more room than it has, so no two references share
/// a part of it.
fn shares_nothing<T: Hydra + Clone + PartialEq + std::fmt::Debug>(value: &T) {
    let image = hydra::to_bytes(value).unwrap();
    let (mut accepted, mut tried) = (0, 0);
    let mut law = |from: usize, to: usize, bytes: &[u8]| {
        let mut other = image.clone();
        other[to..to + bytes.len()].copy_from_slice(bytes);
        let owned = hydra::from_bytes::<T>(&other);
        assert_eq!(owned.is_ok(), hydra::view::<T>(&other).is_ok());
        tried += 1;
        if let Ok(owned) = owned {
            let again = hydra::to_bytes(&owned).unwrap();
            assert!(again.len() <= other.len(), "{from} at {to}: {owned:?} is in {} bytes", other.len());
            accepted += 1;
        }
    };
    for to in (64..image.len() - 7).step_by(4) {
        for word in (0..=image.len() as u32 + 8).step_by(3).chain([u32::MAX, 1 << 31, u32::MAX - 63]) {
            law(word as usize, to, &word.to_le_bytes());
        }
        for from in (64..image.len() - 7).step_by(4) {
            law(from, to, &image[from..from + 8]);
        }
    }
    assert!(accepted > 0 && accepted < tried, "{accepted} of {tried}");
}

/// RUSTSEC-2026-0235 (rkyv): two pointers to one place with different lengths, the second of which was not
/// validated.
#[test]
fn rkyv_shared_pointers_with_forged_lengths() {
    let text = |c: &str| Rc::<str>::from(c.repeat(64));
    let lists = (Rc::new(vec![1u32; 16]), Arc::new(vec![2u32; 16]), vec![Rc::new([3u64; 8])]);
    shares_nothing(&(lists, text("a"), text("b")));
}

/// RUSTSEC-2026-0234 (rkyv): hash tables whose metadata leads out of the archive.
#[test]
fn rkyv_tables_that_lead_outside() {
    let map = HashMap::from([(7u32, "seven".repeat(20)), (9, "nine".repeat(20))]);
    shares_nothing(&(map, BTreeSet::from_iter(0..32u16), BTreeMap::from([("a".to_string(), vec![1u8; 64])])));
}

/// RUSTSEC-2026-0233 (rkyv): archives that free memory in use while they are read, through cycles and shared
/// boxes.
#[test]
fn rkyv_boxes_that_hold_one_another() {
    let tree = Tree { value: 1, left: Some(Box::default()), right: Some(Box::default()) };
    shares_nothing(&tree);
    shares_nothing(&vec![Some(Box::new([1u64; 8])), None, Some(Box::new([2; 8]))]);
}

/// rkyv 685: values that passed validation panic when they are used, such as a duration with too many
/// nanoseconds.
#[test]
fn rkyv_validated_values_that_panic() {
    let took = (Duration::new(5, 999_999_999), SystemTime::UNIX_EPOCH, 'x');
    let image = hydra::to_bytes(&took).unwrap();
    for at in 64..image.len() {
        for bit in 0..8 {
            let mut other = image.clone();
            other[at] ^= 1 << bit;
            laws::image_is_read::<(Duration, SystemTime, char)>(&other);
        }
    }
    let mut other = hydra::to_bytes(&Duration::ZERO).unwrap();
    other[64..80].copy_from_slice(&(1_000_000_000u128 << 64).to_le_bytes());
    assert_eq!(hydra::from_bytes::<Duration>(&other).unwrap_err().kind(), ErrorKind::BadValue);
}

/// RUSTSEC-2019-0028 (flatbuffers): any byte as a bool; here also as char, NonZero, tags of options and enums.
#[test]
fn flatbuffers_any_byte_as_a_bool() {
    fn valid<T: Hydra>(value: &T, at: usize) -> usize {
        let mut image = hydra::to_bytes(value).unwrap();
        let valid = (0..=255u8).filter(|&byte| {
            image[64 + at] = byte;
            let read = hydra::from_bytes::<T>(&image);
            read.is_ok_and(|owned| hydra::to_bytes(&owned).unwrap()[64 + at] == byte)
        });
        valid.count()
    }
    assert_eq!(valid(&true, 0), 2);
    assert_eq!(valid(&[true, false, true], 2), 2);
    assert_eq!(valid(&Some(1u8), 0), 2);
    assert_eq!(valid(&None::<u8>, 0), 2);
    assert_eq!(valid(&Venue::Lse, 0), 3);
    assert_eq!(valid(&NonZero::<u8>::MIN, 0), 255);
    assert_eq!(valid(&'a', 2), 17, "planes of Unicode");
    assert_eq!(valid(&'a', 3), 1);
}

/// The same in a file whose checksums are right, where records are read as slices of the type.
#[test]
fn flatbuffers_any_byte_as_a_bool_in_a_slice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flags");
    let flagged =
        Flagged { time: 1, venues: [Venue::Nyse; 4], live: true, grade: 1, rest: NonZero::<i16>::MIN };
    let mut file = Writer::create(&path).unwrap();
    let table = file.table::<Flagged>().unwrap();
    file.append_slice(table, &[flagged; 3]).unwrap();
    file.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let offsets = laws::blocks_of(&bytes);
    let block = offsets.iter().copied().find(|&at| bytes[at + 4] == 2).unwrap();
    for (at, byte, fits) in [
        (12, 1, true),
        (12, 0, true),
        (12, 2, false),
        (12, 255, false),
        (8, 7, true),
        (8, 0, false),
        (13, 255, true),
    ] {
        let mut bytes = bytes.clone();
        bytes[block + 64 + Flagged::SIZE + at] = byte;
        laws::repair(&mut bytes, &offsets);
        std::fs::write(&path, &bytes).unwrap();
        let table = Reader::open(&path).unwrap().table::<Flagged>().unwrap();
        let found = table.blocks().next().unwrap().map(|block| block.as_slice().len());
        assert_eq!(
            found.map_err(|error| error.kind()),
            if fits { Ok(3) } else { Err(ErrorKind::BadValue) },
            "{at} {byte}"
        );
    }
}

/// RUSTSEC-2021-0054 (rkyv): bytes between fields that were never written reach the archive.
#[test]
fn rkyv_padding_that_leaks() {
    #[derive(Clone, Hydra)]
    struct Gaps {
        a: u8,
        b: u64,
        c: Option<u32>,
        d: (u16, u128),
    }
    let gaps = Gaps { a: 0xff, b: u64::MAX, c: None, d: (u16::MAX, u128::MAX) };
    let mut images = (0..9u8).map(|round| {
        // Memory that was used before.
        drop((0..64).map(|size| vec![0xa5 ^ round; size * 16]).collect::<Vec<_>>());
        hydra::to_bytes(&vec![gaps.clone(); 3]).unwrap()
    });
    let first = images.next().unwrap();
    assert!(images.all(|image| *image == *first));
    let ty = hydra::type_of::<Gaps>();
    let set = first[first.len() - 3 * ty.size()..].iter().filter(|&&byte| byte == 0xff).count();
    assert_eq!((ty.size(), set), (64, 3 * (1 + 8 + 2 + 16)));
    assert!(first[first.len() - 3 * ty.size()..].iter().all(|&byte| byte == 0xff || byte == 0));
}

/// arrow-rs 10920 (parquet): a file of 23 bytes that asks for ten gigabytes.
#[test]
fn parquet_a_small_file_that_asks_for_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small");
    hydra::save(&path, &vec![1u64, 2]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..200 {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Reader::open(&path).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::NotHydra | ErrorKind::CutShort | ErrorKind::NoCommit),
            "{length}: {error}"
        );
    }
    let image = hydra::to_bytes(&vec![1u64, 2]).unwrap();
    for count in [9, 1 << 20, 1 << 30, u32::MAX] {
        let mut image = image.clone();
        image[68..72].copy_from_slice(&count.to_le_bytes());
        assert_eq!(
            hydra::from_bytes::<Vec<u64>>(&image).unwrap_err().kind(),
            ErrorKind::BadReference,
            "{count}"
        );
    }
}

/// epserde: different types had the same hash, and a new hash made every old file unreadable. Here the
/// canonical bytes decide.
#[test]
fn epserde_types_that_are_told_apart() {
    let u8_ = || Descriptor::scalar(Kind::U8);
    let of = |types: Vec<Descriptor>| Schema::new(types).unwrap();
    let structure = |name: &str, fields: &[&str], inner: Descriptor| {
        of(vec![
            Descriptor::structure(name, fields.iter().map(|field| (field.to_string(), Index(1))).collect()),
            inner,
        ])
    };
    let all = [
        structure("S", &["a", "b"], u8_()),
        structure("S", &["b", "a"], u8_()),
        structure("T", &["a", "b"], u8_()),
        structure("S", &["a"], u8_()),
        structure("S", &["ab"], u8_()),
        structure("S", &["a", "b"], Descriptor::scalar(Kind::I8)),
        structure("S", &["a", "b"], Descriptor::nonzero(Kind::U8)),
        structure("S", &["a", "b"], Descriptor::scalar(Kind::Bool)),
        of(vec![Descriptor::tuple(vec![Index(1), Index(1)]), u8_()]),
        of(vec![Descriptor::array(Index(1), 2), u8_()]),
        of(vec![Descriptor::array(Index(1), 3), u8_()]),
        of(vec![Descriptor::newtype("S", Index(1)), u8_()]),
        of(vec![Descriptor::list(Index(1)), Descriptor::scalar(Kind::I8)]),
        of(vec![Descriptor::set(Index(1)), Descriptor::scalar(Kind::I8)]),
        of(vec![
            Descriptor::structure("S", vec![("a".into(), Index(1)), ("b".into(), Index(1))]).with_align(8),
            u8_(),
        ]),
    ];
    for (number, left) in all.iter().enumerate() {
        for right in &all[number + 1..] {
            assert!(left.fingerprint() != right.fingerprint() && !left.is_identical(right), "{left} {right}");
        }
        // A matching fingerprint is no proof, and is not used if the bytes are available.
        let image = hydra::to_bytes(&[1u8, 0]).unwrap();
        let same = left.fingerprint() == Schema::of::<[u8; 2]>().fingerprint();
        let mut forged = image.clone();
        forged[8..16].copy_from_slice(&left.fingerprint().to_le_bytes());
        assert_eq!(hydra::from_bytes::<[u8; 2]>(&forged).is_ok(), same);
    }
}

/// Schemas from a file with overlapping fields, types that contain themselves, or wrong sizes (FORMAT.md,
/// section 6.2).
#[test]
fn schemas_that_overlap_cycle_or_lie() {
    #[derive(Hydra)]
    struct Pair {
        a: u32,
        b: Option<Box<Pair>>,
    }
    let _ = |pair: Pair| (pair.a, pair.b.is_some());
    let schema = Schema::of::<Pair>();
    let core = schema.core();
    assert!(Schema::decode(core, schema.notes()).is_ok());
    let mut refused = 0;
    for at in 0..core.len() - 3 {
        let old = u32::from_le_bytes(*core[at..].first_chunk().unwrap());
        for new in
            [0, 1, 2, 3, 4, 6, 8, 16, 64, old ^ 1, old + 4, old.wrapping_sub(4), old << 1, u32::MAX, 1 << 24]
        {
            let mut lie = core.to_vec();
            lie[at..at + 4].copy_from_slice(&new.to_le_bytes());
            laws::schema_is_read(&lie, schema.notes());
            let Ok(read) = Schema::decode(&lie, &[]) else {
                refused += 1;
                continue;
            };
            // An accepted schema is consistent: its sizes are those of its types.
            let again = Schema::new(read.types().to_vec()).unwrap();
            let facts = |schema: &Schema| {
                let offsets =
                    |ty: &Descriptor| ty.fields().iter().map(|field| field.offset()).collect::<Vec<_>>();
                schema.types().iter().map(|ty| (ty.size(), ty.align(), offsets(ty))).collect::<Vec<_>>()
            };
            assert_eq!(facts(&read), facts(&again), "{new} at {at}");
        }
    }
    assert!(refused > core.len() * 10, "{refused}");
    for (types, words) in [
        (vec![Descriptor::structure("S", vec![("s".into(), Index(0))])], "contains itself"),
        (vec![Descriptor::option(Index(1)), Descriptor::tuple(vec![Index(0)])], "contains itself"),
        (vec![Descriptor::newtype("N", Index(0))], "contains itself"),
        (vec![Descriptor::array(Index(0), 0)], "contains itself"),
    ] {
        let error = Schema::new(types).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// RUSTSEC-2026-0186 (memmap2 before 0.9.11).
#[test]
fn memmap2_is_not_the_one_with_the_hole() {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let after = lock.split("name = \"memmap2\"\nversion = \"").nth(1).unwrap();
    let version: Vec<u32> =
        after.split('"').next().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version >= vec![0, 9, 11], "{version:?}");
}

/// A type from a file is never a type of the program, whatever its name: no reference to a program type is
/// made from it.
#[test]
fn a_type_of_a_file_satisfies_no_downcast() {
    #[derive(Clone, Copy, Debug, PartialEq, Hydra)]
    #[hydra(plain)]
    #[repr(C)]
    struct Point {
        x: u32,
        y: u32,
    }
    fn is_plain<T: Plain>() {}
    is_plain::<Point>();
    let point = Point { x: 1, y: 2 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points");
    hydra::save(&path, &point).unwrap();
    let reader = Reader::open(&path).unwrap();
    let (typed, untyped) = (reader.table::<Point>().unwrap(), reader.dynamic_table("Point").unwrap());
    let (typed, untyped) = (typed.get(0).unwrap(), untyped.get(0).unwrap());
    for value in [typed.value(), untyped.value(), point_as_data(&point).value()] {
        assert!(value.downcast_ref::<Point>().is_none());
        assert_eq!(value.to::<Point>().unwrap(), point);
    }
    assert_eq!(Value::of(&point).downcast_ref::<Point>(), Some(&point));
}

fn point_as_data<T: Hydra>(point: &T) -> hydra::Dynamic {
    Value::of(point).to_dynamic().unwrap()
}
