//! Tests of the encodings: their bytes, written by hand; that every value goes round; that the smallest is
//! taken; and that bytes which are anything are refused or read.

use super::*;
use crate::AlignedBuf;
use crate::Kind;
use store::{Compress, SAMPLE, store_bits_as, store_offsets_as, store_strings, store_values_as, stream};

const INTEGERS: [Kind; 10] = [
    Kind::U8,
    Kind::U16,
    Kind::U32,
    Kind::U64,
    Kind::U128,
    Kind::I8,
    Kind::I16,
    Kind::I32,
    Kind::I64,
    Kind::I128,
];

fn size(kind: Kind) -> usize {
    kind.fixed_size() as usize
}

/// The bytes of these integers as values of a kind.
fn values(kind: Kind, integers: impl IntoIterator<Item = i128>) -> Vec<u8> {
    integers.into_iter().flat_map(|integer| integer.to_le_bytes()[..size(kind)].to_vec()).collect()
}

fn doubles(floats: impl IntoIterator<Item = f64>) -> Vec<u8> {
    floats.into_iter().flat_map(f64::to_le_bytes).collect()
}

fn singles(floats: impl IntoIterator<Item = f32>) -> Vec<u8> {
    floats.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn forced(encoding: u8, kind: Kind, plain: &[u8]) -> Option<EncodedStream> {
    store_values_as(Some(encoding), kind, plain, plain)
}

fn decoded(kind: Kind, stream: &EncodedStream, count: usize) -> Result<Vec<u8>, Flaw> {
    let mut out = AlignedBuf::zeroed(count * size(kind));
    let encoding = (stream.encoding, stream.parameter);
    read_values(kind, encoding, &stream.bytes, count, &mut out).map(|()| out.to_vec())
}

/// Reads a range of values.
fn read_values_range(
    kind: Kind,
    encoding: (u8, u8),
    stored: &[u8],
    count: usize,
    range: std::ops::Range<usize>,
    out: &mut [u8],
) -> Result<(), Flaw> {
    open_values(kind, encoding, stored, count)?.read(range, out, &mut Scratch::default())
}

fn read_values(
    kind: Kind,
    encoding: (u8, u8),
    stored: &[u8],
    count: usize,
    out: &mut [u8],
) -> Result<(), Flaw> {
    read_values_range(kind, encoding, stored, count, 0..count, out)
}

/// Offsets of some slots, or the strings of a dictionary and their numbers.
#[derive(Debug, PartialEq)]
enum Found {
    Plain(Vec<u32>),
    Dictionary { offsets: Vec<u32>, numbers: Vec<u16> },
}

/// Reads the offsets of a range of slots, one more than there are slots.
fn read_offsets_range(
    encoding: u8,
    stored: &[u8],
    count: usize,
    slots: std::ops::Range<usize>,
) -> Result<Found, Flaw> {
    match open_offsets(encoding, stored, count)? {
        Offsets::Plain(values) => {
            let mut offsets = vec![0; slots.len() + 1];
            let out = bytemuck::cast_slice_mut(&mut offsets);
            values.read(slots.start..slots.end + 1, out, &mut Scratch::default())?;
            check_offsets(0, slots.start == 0, &offsets)?;
            Ok(Found::Plain(offsets))
        }
        Offsets::Dictionary { offsets, numbers: values } => {
            let mut numbers = vec![0; slots.len()];
            values.read(slots, bytemuck::cast_slice_mut(&mut numbers), &mut Scratch::default())?;
            Ok(Found::Dictionary { offsets, numbers })
        }
    }
}

fn read_offsets(encoding: u8, stored: &[u8], count: usize) -> Result<Found, Flaw> {
    read_offsets_range(encoding, stored, count, 0..count - 1)
}

/// A repeatable sequence of numbers without order.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn rule(result: Result<Vec<u8>, Flaw>) -> &'static str {
    result.expect_err("a flaw").rule
}

#[test]
fn each_content_has_the_encodings_of_the_document() {
    let known = |content| (0..=255).filter(|&encoding| is_known(encoding, content)).collect::<Vec<u8>>();
    assert_eq!(known(Content::Bits), [0, 1]);
    assert_eq!(known(Content::Integers), [0, 1, 2, 3, 4]);
    assert_eq!(known(Content::Floats), [0, 1, 4, 5, 6]);
    assert_eq!(known(Content::Offsets), [0, 1, 2, 3]);
    assert_eq!(known(Content::Strings), [0, 1, 2, 3, 4]);
    assert_eq!(known(Content::Bytes), [0]);
}

// The bytes of each encoding.

#[test]
fn bits_are_plain_or_one_byte() {
    let stored = |bits: &[u8], slots, present| {
        let stream = store_bits(bits, slots, present);
        (stream.encoding, stream.bytes)
    };
    assert_eq!(stored(&[0b1010_0101, 1], 9, 9), (0, vec![0b1010_0101, 1]));
    assert_eq!(stored(&[0xff, 1], 9, 9), (1, vec![1]));
    assert_eq!(stored(&[0, 0], 9, 9), (1, vec![0]));
    assert_eq!(stored(&[0xff], 8, 8), (0, vec![0xff]), "of equal ones the lowest code");
    assert_eq!(stored(&[0b101, 0], 9, 2), (1, vec![1]), "all that are present");
    assert_eq!(stored(&[0, 0], 9, 0), (1, vec![]), "all are absent");
    assert_eq!(stored(&[], 0, 0), (0, vec![]));
    assert_eq!(store_bits_as(Some(1), &[0b10], 2, 2), None);
    let read = |encoding, bytes: &[u8], count: usize| {
        let mut out = vec![0x55; count.div_ceil(8)];
        read_bits(encoding, bytes, count, &mut out).map(|()| out)
    };
    assert_eq!(read(0, &[0xff, 0xff], 9), Ok(vec![0xff, 1]), "spare bits are ignored");
    assert_eq!(audit_bits(0, &[0xff, 3], 9).unwrap_err().rule, "M7.2-1");
    assert_eq!((audit_bits(0, &[0xff, 1], 9), audit_bits(0, &[0xff], 8)), (Ok(()), Ok(())));
    assert_eq!(read(1, &[1], 9), Ok(vec![0xff, 1]));
    assert_eq!(read(1, &[0], 9), Ok(vec![0, 0]));
    assert_eq!(read(1, &[], 0), Ok(vec![]));
    assert_eq!(rule(read(1, &[2], 9)), "M7.3-2");
    for (encoding, bytes, count) in
        [(0, &[1][..], 9), (0, &[1; 3], 9), (1, &[], 9), (1, &[1, 1], 9), (1, &[1], 0)]
    {
        assert_eq!(rule(read(encoding, bytes, count)), "M7.3-1");
    }
    assert_eq!(rule(read(2, &[1], 1)), "M7.1-3");
}

#[test]
fn a_constant_is_one_value() {
    let stream = store_values(Kind::I32, &values(Kind::I32, [-2; 5]), &values(Kind::I32, [-2; 5]));
    assert_eq!(stream, EncodedStream { encoding: 1, bytes: vec![0xfe, 0xff, 0xff, 0xff], ..stream.clone() });
    let absent = store_values(Kind::I32, &[0; 20], &[]);
    assert_eq!((absent.encoding, absent.bytes), (1, vec![]), "nothing is present");
    let one = store_values(Kind::I32, &[0; 8], &[0; 4]);
    assert_eq!((one.encoding, one.bytes), (1, vec![0; 4]));
    let one = store_values(Kind::I32, &[0; 4], &[0; 4]);
    assert_eq!(one.encoding, 0, "of equal ones the lowest code");
    let none = store_values(Kind::I32, &[], &[]);
    assert_eq!((none.encoding, none.bytes), (0, vec![]));
}

#[test]
fn a_frame_has_widths_minima_bits_and_exceptions() {
    let plain = values(Kind::I16, [-3, 0, 4, -3, 30_000]);
    let stream = forced(2, Kind::I16, &plain).unwrap();
    // Seven is 3 bits, so 15 bits and an exception of 6 bytes are less than 5 x 15 bits.
    let mut bytes = vec![3, 0xfd, 0xff]; // the width, the minimum -3
    bytes.extend([0b1101_1000, 0b0000_0001]); // 0, 3, 7, 0, and 0 for the exception
    bytes.extend([1, 0, 0, 0, 4, 0, 0, 0, 0x30, 0x75]); // one exception at 4: 30,000
    assert_eq!(stream.bytes, bytes);
    assert_eq!(decoded(Kind::I16, &stream, 5), Ok(plain));
    // Of unsigned values the minimum is another, and here exceptions do not pay.
    let stream = forced(2, Kind::U16, &values(Kind::U16, [65_533, 0, 4])).unwrap();
    assert_eq!(stream.bytes, [16, 0, 0, 0xfd, 0xff, 0, 0, 4, 0, 0, 0, 0, 0]);
    assert_eq!(forced(2, Kind::U64, &[]).unwrap().bytes, [0; 4], "no groups and no exceptions");
    // One low value is an exception, and the minimum is the largest value less three.
    let plain = values(Kind::U16, [1000, 1001, 0, 1003, 1002, 1001, 1000, 1003]);
    let stream = forced(2, Kind::U16, &plain).unwrap();
    assert_eq!(stream.bytes, [2, 0xe8, 0x03, 0b1100_0100, 0b1100_0110, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
    assert_eq!(decoded(Kind::U16, &stream, 8), Ok(plain));
}

#[test]
fn a_delta_has_widths_minima_firsts_bits_and_exceptions() {
    let plain = values(Kind::U16, [10, 13, 11, 20]);
    let stream = forced(3, Kind::U16, &plain).unwrap();
    // The differences 3, -2 and 9 are 5, 0 and 11 above their minimum.
    assert_eq!(stream.bytes, [4, 0xfe, 0xff, 10, 0, 0x05, 0x0b, 0, 0, 0, 0]);
    assert_eq!(decoded(Kind::U16, &stream, 4), Ok(plain));
    let bytes = |kind, integers: &[i128]| {
        forced(3, kind, &values(kind, integers.iter().copied())).map(|stream| stream.bytes)
    };
    assert_eq!(bytes(Kind::U8, &[255, 0, 1]), Some(vec![0, 1, 255, 0, 0, 0, 0]), "it wraps around");
    assert_eq!(bytes(Kind::I8, &[7]), Some(vec![0, 0, 7, 0, 0, 0, 0]), "one value has no difference");
    assert_eq!(bytes(Kind::I8, &[]), Some(vec![0; 4]));
    // The differences need 66 bits, so that one is an exception.
    let far = [&[0; 9][..], &[0xff; 8], &[0; 16], &[1, 0, 0, 0, 1, 0, 0, 0], &(1u128 << 64).to_le_bytes()];
    assert_eq!(bytes(Kind::U128, &[0, 1 << 64, 0]), Some(far.concat()));
    // Each group has a first value, so the last one here has no numbers.
    let many = bytes(Kind::U8, &[vec![5; 1024], vec![9]].concat());
    assert_eq!(many, Some(vec![0, 0, 0, 0, 5, 9, 0, 0, 0, 0]));
    // One long step is an exception, after which the differences go on: 5, 0, the exception, 5, 0, 5, 0.
    let plain = values(Kind::U16, [10, 13, 11, 5000, 5003, 5001, 5004, 5002]);
    let stream = forced(3, Kind::U16, &plain).unwrap();
    let bits = [3, 0xfe, 0xff, 10, 0, 0x05, 0x8a, 0x02];
    assert_eq!(stream.bytes, [&bits[..], &[1, 0, 0, 0, 3, 0, 0, 0, 0x88, 0x13]].concat());
    assert_eq!(decoded(Kind::U16, &stream, 8), Ok(plain));
    // The first value of a group can be an exception as well.
    let first = [&bits[..6], &[1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x27]].concat();
    let stream = EncodedStream { bytes: first, ..stream };
    assert_eq!(decoded(Kind::U16, &stream, 3), Ok(values(Kind::U16, [10_000, 10_003, 10_001])));
}

#[test]
fn a_dictionary_has_its_values_and_a_frame_of_numbers() {
    let plain = values(Kind::U32, [70_000, 5, 70_000, 70_000]);
    let stream = forced(4, Kind::U32, &plain).unwrap();
    let mut bytes = vec![2, 0, 0, 0, 0x70, 0x11, 1, 0, 5, 0, 0, 0]; // 70,000 and 5
    bytes.extend([1, 0, 0, 0b0010, 0, 0, 0, 0]); // a frame of 0, 1, 0, 0
    assert_eq!(stream.bytes, bytes);
    assert_eq!(decoded(Kind::U32, &stream, 4), Ok(plain));
    let distinct = |count: i128| values(Kind::U32, (0..count).map(|i| i * 3));
    assert!(forced(4, Kind::U32, &distinct(65_536)).is_some());
    assert_eq!(forced(4, Kind::U32, &distinct(65_537)), None);
}

#[test]
fn a_dictionary_of_strings_has_offsets_and_a_frame_of_numbers() {
    let (offsets, run) = ([0, 2, 2, 4, 4], b"abab");
    let (stream, strings) = store_strings(&offsets, run, usize::MAX).unwrap();
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]; // two strings, cut at 0, 2 and 2
    bytes.extend([1, 0, 0, 0b1010, 0, 0, 0, 0]); // a frame of 0, 1, 0, 1
    assert_eq!((&stream.bytes, strings), (&bytes, b"ab".to_vec()));
    let found = read_offsets(4, &bytes, 5);
    assert_eq!(found, Ok(Found::Dictionary { offsets: vec![0, 2, 2], numbers: vec![0, 1, 0, 1] }));
    assert_eq!(store_strings(&[0], b"", usize::MAX).unwrap().0.bytes, [0; 12]);
    assert_eq!(read_offsets(4, &[0; 12], 1), Ok(Found::Dictionary { offsets: vec![0], numbers: vec![] }));
    assert_eq!(store_strings(&offsets, b"aba", usize::MAX), None, "an offset past the run");
    assert_eq!(store_strings(&[0, 2, 1], b"aba", usize::MAX), None, "an offset that falls");
}

#[test]
fn a_decimal_has_numbers_and_exceptions() {
    // Of 64 values that are looked at, 1.5 has 16 with a power of 1, and 2.25 has 32 with a power of 2.
    let plain = doubles([1.5, 2.25, -0.0, 2.25]);
    let exception = [&[1, 0, 0, 0, 2, 0, 0, 0][..], &(-0.0f64).to_le_bytes()].concat();
    let stream = forced(5, Kind::F64, &plain).unwrap();
    let mut bytes = vec![7, 150, 0, 0, 0, 0, 0, 0, 0]; // the width, the minimum
    bytes.extend([0x80, 0xe5, 0x72, 0x09]); // 0, and 75 three times: that of the exception is the one before
    assert_eq!((stream.parameter, &stream.bytes), (2, &[bytes, exception.clone()].concat()));
    assert_eq!(decoded(Kind::F64, &stream, 4), Ok(plain.clone()));
    let stream = forced(6, Kind::F64, &plain).unwrap();
    // The width, the minimum, the first value.
    let mut bytes = vec![7, 0, 0, 0, 0, 0, 0, 0, 0, 150, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([75, 0, 0]);
    assert_eq!((stream.parameter, &stream.bytes), (2, &[bytes, exception].concat()));
    assert_eq!(decoded(Kind::F64, &stream, 4), Ok(plain));

    let plain = singles([0.1, 0.3]);
    let stream = forced(5, Kind::F32, &plain).unwrap();
    assert_eq!(
        (stream.parameter, &stream.bytes[..]),
        (1, &[2, 1, 0, 0, 0, 0, 0, 0, 0, 0b1000, 0, 0, 0, 0][..])
    );
    assert_eq!(decoded(Kind::F32, &stream, 2), Ok(plain));
    // An exception at the start has the number 0. Of powers that occur as often, the highest is taken.
    let stream = forced(5, Kind::F64, &doubles([f64::NAN, 3.0, 0.5])).unwrap();
    assert_eq!((stream.parameter, &stream.bytes[..10]), (1, &[5, 0, 0, 0, 0, 0, 0, 0, 0, 0b1100_0000][..]));
    assert_eq!(forced(5, Kind::F64, &doubles([f64::NAN, -0.0, f64::INFINITY, 1e-300])), None);
}

/// A frame of no bits, so that each of `count` numbers is this one.
fn all_the_same(number: i64) -> Vec<u8> {
    [&[0][..], &number.to_le_bytes(), &[0; 4]].concat()
}

#[test]
fn numbers_of_decimals_are_within_their_limit() {
    let read = |number, power| {
        let bytes = all_the_same(number);
        decoded(Kind::F64, &EncodedStream { encoding: 5, parameter: power, zstd: false, plain: 0, bytes }, 2)
    };
    let limit = 1 << 50;
    assert_eq!(read(limit, 0), Ok(doubles([1_125_899_906_842_624.0; 2])));
    assert_eq!(read(-limit, 22), Ok(doubles([-1_125_899_906_842_624.0 / 1e22; 2])));
    for number in [limit + 1, -limit - 1, i64::MAX, i64::MIN, 1 << 51, 1 << 62] {
        assert_eq!(rule(read(number, 0)), "M7.3-6");
    }
    assert_eq!(rule(read(0, 23)), "M7.3-6");
    // The writer has the same limit.
    let power = |float: f64| forced(5, Kind::F64, &doubles([float])).map(|stream| stream.parameter);
    assert_eq!((power(2f64.powi(50)), power(-(2f64.powi(50)))), (Some(0), Some(0)));
    assert_eq!((power(2f64.powi(50) + 1.0), power(2f64.powi(51)), power(-3e300)), (None, None, None));
    assert_eq!((power(1e-22), power(1e-23)), (Some(22), None));
}

#[test]
fn a_run_is_compressed_where_that_saves_an_eighth() {
    let to = |bytes: usize| move |_: &[u8]| Some(vec![9; bytes]);
    assert!(store_run_bytes(&[1; 80], &to(70)).zstd && !store_run_bytes(&[1; 80], &to(71)).zstd);
    assert_eq!(store_run_bytes(&[1; 80], &to(70)).bytes, [9; 70]);
    assert_eq!(store_run_bytes(&[1; 80], &|_| None).bytes, [1; 80]);
    assert_eq!(store_run_bytes(&[], &to(0)), EncodedStream::default());
    assert!(store_run_bytes(&[1; 65], &to(2)).zstd && !store_run_bytes(&[1; 64], &to(2)).zstd, "a line");
    // Of packed streams that are large, a sample is compressed first.
    let packed = |bytes: usize, compress: Compress| {
        let mut stream = stream(code::FRAME, vec![1; bytes]);
        stream.compress_packed(bytes, compress);
        (stream.zstd, stream.bytes.len())
    };
    let halves = |bytes: &[u8]| (bytes.len() != SAMPLE).then(|| vec![9; bytes.len() / 2]);
    let mut large = stream(code::FRAME, vec![1; 80]);
    large.compress_packed(79, &halves);
    assert!(!large.zstd, "it has more bytes than in encoding 0");
    assert_eq!(packed(4 * SAMPLE, &halves), (true, 2 * SAMPLE));
    assert_eq!(packed(4 * SAMPLE + 1, &halves), (false, 4 * SAMPLE + 1));
    assert_eq!(packed(4 * SAMPLE + 2, &|bytes| Some(vec![9; bytes.len() / 2])), (true, 2 * SAMPLE + 1));
}

#[test]
fn offsets_and_their_run_are_chosen_together() {
    let run = b"some string".repeat(100);
    let offsets: Vec<u32> = (0..=100).map(|i| i * 11).collect();
    let store = |compress| store_run(&offsets, &offsets, &run, compress);
    let (found, strings) = store(&|_| None);
    assert_eq!((found.encoding, &strings.bytes[..]), (code::DICTIONARY, &b"some string"[..]));
    // With a run that compresses well, the offsets alone decide: a constant difference takes 13 bytes.
    let (found, strings) = store(&|bytes| (bytes.len() > 11).then(|| vec![1, 2]));
    assert_eq!((found.encoding, found.bytes.len()), (code::DELTA, 13));
    assert_eq!((strings.zstd, strings.bytes), (true, vec![1, 2]));
    // A dictionary is tried if at most half of the strings are distinct, even if more would save bytes.
    let letters = |letters: &str| letters.bytes().flat_map(|letter| [letter; 100]).collect::<Vec<u8>>();
    let offsets_of_four: Vec<u32> = (0..=4).map(|i| i * 100).collect();
    let encoding =
        |run: &str| store_run(&offsets_of_four, &offsets_of_four, &letters(run), &|_| None).0.encoding;
    assert_eq!([encoding("abab"), encoding("abca")], [code::DICTIONARY, code::DELTA]);
    // Lists have no dictionary.
    assert_eq!(store_offsets(&offsets, &offsets).encoding, code::DELTA);
    // Absent slots have no offset in other encodings.
    let (found, strings) = store_run(&[0, 0, 3, 3], &[0, 3], b"abc", &|_| None);
    assert_eq!((found.encoding, found.bytes.len(), strings.bytes), (code::FRAME, 10, b"abc".to_vec()));
    let (found, _) = store_run(&[0, 0, 0], &[0], b"", &|_| None);
    assert_eq!((found.encoding, found.bytes), (code::CONSTANT, vec![0; 4]));
}

// Every value goes round, and the smallest encoding is taken.

/// Sequences of integers, as their lowest bits.
fn integers(count: usize) -> Vec<Vec<i128>> {
    let mut random = random(count as u64);
    let mut wide = || (i128::from(random()) << 64) | i128::from(random());
    let mut walk = 1_700_000_000_000_000_000;
    let mut all = vec![vec![0; count], vec![-1; count]];
    all.push((0..count).map(|i| if i % 2 == 0 { i128::MIN } else { i128::MAX }).collect());
    all.push((0..count).map(|i| [i128::from(i64::MIN), i128::from(i64::MAX), 0][i % 3]).collect());
    all.push((0..count).map(|_| wide()).collect());
    all.push((0..count).map(|_| wide() & 0x3f).collect());
    all.push((0..count).map(|_| 40 - (wide() & 0x3f)).collect());
    all.push((0..count).map(|i| i as i128 * 7 - 1000).collect());
    all.push((0..count).map(|_| (walk += 1000 + (wide() & 0xff), walk).1).collect());
    all.push((0..count).map(|_| if wide() % 50 == 0 { wide() } else { 100 + (wide() & 7) }).collect());
    all.push((0..count).map(|_| (wide() & 3) * 0x0123_4567_89ab_cdef_0123).collect());
    all
}

fn floats(count: usize) -> Vec<Vec<f64>> {
    let mut random = random(count as u64);
    let mut below = |most: u64| random() % most;
    let odd = [f64::NAN, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -f64::MIN_POSITIVE / 2.0, f64::MAX];
    let odd = [&odd[..], &[0.0, 1e22, 1e23, 0.1, 1.0 / 3.0, 2f64.powi(50), -(2f64.powi(50)), 2f64.powi(51)]]
        .concat();
    let mut price = 1_000_000i64;
    let mut all = vec![vec![1.25; count], (0..count).map(|i| odd[i % odd.len()]).collect()];
    all.push((0..count).map(|_| f64::from_bits(below(u64::MAX))).collect());
    all.push((0..count).map(|_| (price += below(21) as i64 - 10, price as f64 / 100.0).1).collect());
    all.push((0..count).map(|_| below(1 << 40) as f64 / 1e6 - 3e4).collect());
    let mixed = |_| if below(9) == 0 { odd[below(15) as usize] } else { below(5000) as f64 / 1000.0 };
    all.push((0..count).map(mixed).collect());
    all
}

const COUNTS: [usize; 8] = [0, 1, 2, 7, 1023, 1024, 1025, 2100];

/// Checks a stream of `count` values: all of them, and each range of groups.
fn check_round(kind: Kind, plain: &[u8], stream: &EncodedStream) {
    let (size, count) = (size(kind), plain.len() / size(kind));
    let name = format!("{kind:?}, encoding {}, {count} values", stream.encoding);
    assert_eq!(decoded(kind, stream, count).as_deref(), Ok(plain), "{name}");
    let encoding = (stream.encoding, stream.parameter);
    assert_eq!(audit_values(kind, encoding, &stream.bytes, count), Ok(()), "{name}");
    for start in (0..count).step_by(GROUP) {
        for end in [start, start + 1, start + 500, start + GROUP, count] {
            let end = end.min(count);
            // The buffer need not be aligned.
            let mut out = vec![0x77; (end - start) * size + 2];
            let (_, inner) = out.split_at_mut(1);
            let inner = inner.split_at_mut((end - start) * size).0;
            read_values_range(kind, encoding, &stream.bytes, count, start..end, inner).unwrap();
            assert_eq!(*inner, plain[start * size..end * size], "{name}: {start}..{end}");
        }
    }
}

/// Checks every encoding of these values, and that the smallest is taken, of equal ones the lowest.
fn check_all(kind: Kind, plain: &[u8]) -> [bool; 7] {
    let mut smallest: Option<EncodedStream> = None;
    let mut possible = [false; 7];
    for encoding in 0..=8 {
        let Some(stream) = forced(encoding, kind, plain) else { continue };
        assert_eq!(stream.encoding, encoding);
        possible[usize::from(encoding)] = true;
        check_round(kind, plain, &stream);
        if smallest.as_ref().is_none_or(|smallest| stream.bytes.len() < smallest.bytes.len()) {
            smallest = Some(stream);
        }
    }
    assert_eq!(Some(store_values(kind, plain, plain)), smallest, "{kind:?}");
    possible
}

#[test]
fn integers_go_round_in_every_encoding() {
    for count in COUNTS {
        for sequence in integers(count) {
            for kind in INTEGERS {
                assert!(check_all(kind, &values(kind, sequence.iter().copied()))[2..4] == [true; 2]);
            }
            let bytes = values(Kind::U32, sequence.iter().map(|value| value & 0xffff));
            check_all(Kind::Char, &bytes);
        }
    }
}

#[test]
fn floats_go_round_in_every_encoding() {
    for count in COUNTS {
        for (i, sequence) in floats(count).into_iter().enumerate() {
            let possible = check_all(Kind::F64, &doubles(sequence.iter().copied()));
            assert!(possible[5] == possible[6] && (possible[5] || count == 0 || i == 1 || i == 2));
            check_all(Kind::F32, &singles(sequence.iter().map(|&float| float as f32)));
        }
    }
}

#[test]
fn offsets_go_round_in_every_encoding() {
    for count in COUNTS {
        let mut random = random(7);
        let mut end = 0;
        let lengths: [&mut dyn FnMut(usize) -> u32; 3] =
            [&mut |_| 0, &mut |i| i as u32 % 5, &mut |_| (random() % 4).pow(6) as u32];
        for length in lengths {
            let offsets: Vec<u32> = std::iter::once(0)
                .chain((0..count).map(|i| (end = if i == 0 { 0 } else { end } + length(i), end).1))
                .collect();
            for encoding in 0..=3 {
                let Some(stream) = store_offsets_as(Some(encoding), &offsets, &offsets) else { continue };
                let found = read_offsets(encoding, &stream.bytes, count + 1);
                assert_eq!(found, Ok(Found::Plain(offsets.clone())));
                assert_eq!(audit_offsets(encoding, &stream.bytes, count + 1), Ok(()));
                for start in (0..count).step_by(GROUP) {
                    let end = (start + GROUP).min(count);
                    let found = read_offsets_range(encoding, &stream.bytes, count + 1, start..end);
                    assert_eq!(found, Ok(Found::Plain(offsets[start..=end].to_vec())));
                }
            }
            let run: Vec<u8> = (0..*offsets.last().unwrap()).map(|i| (i % 3) as u8).collect();
            let (stream, strings) = store_strings(&offsets, &run, usize::MAX).unwrap();
            let found = read_offsets(4, &stream.bytes, count + 1);
            let Ok(Found::Dictionary { offsets: cuts, numbers }) = found else { panic!("{found:?}") };
            let string = |i: u16| &strings[cuts[usize::from(i)] as usize..cuts[usize::from(i) + 1] as usize];
            assert_eq!(numbers.iter().flat_map(|&i| string(i)).copied().collect::<Vec<_>>(), run);
            assert!(
                numbers
                    .iter()
                    .zip(offsets.windows(2))
                    .all(|(&i, cut)| string(i).len() as u32 == cut[1] - cut[0])
            );
            assert_eq!(audit_offsets(4, &stream.bytes, count + 1), Ok(()));
            for start in (0..count).step_by(GROUP) {
                let found = read_offsets_range(4, &stream.bytes, count + 1, start..start + 1);
                let numbers = vec![numbers[start]];
                assert_eq!(found, Ok(Found::Dictionary { offsets: cuts.clone(), numbers }));
            }
        }
    }
}

// The writer's choices against the words of FORMAT.md, section 7.4.

#[test]
fn of_encodings_with_as_many_bytes_the_lowest_code_is_taken() {
    let plain = doubles((0..16).map(|i| f64::from(i % 2 * 255)));
    let sizes = [4, 5].map(|encoding| forced(encoding, Kind::F64, &plain).unwrap().bytes.len());
    assert_eq!(sizes, [29, 29]);
    check_all(Kind::F64, &plain);
    assert_eq!(store_values(Kind::F64, &plain, &plain).encoding, code::DICTIONARY);
}

#[test]
fn a_width_is_that_with_the_fewest_bytes() {
    let mut random = random(1);
    for turn in 0..300 {
        let count = 1 + (random() % 200) as usize;
        let distances: Vec<u64> = (0..count).map(|_| (random() % 1000) >> (random() % 11)).collect();
        // Every other time, few are small instead of few large.
        let numbers: Vec<u64> =
            distances.into_iter().map(|d| if turn % 2 == 0 { d } else { 1000 - d }).collect();
        let (&low, &high) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
        let size = |width: usize, distance: &dyn Fn(u64) -> u64| {
            let outside = numbers.iter().filter(|&&number| distance(number) >> width != 0).count();
            (count * width).div_ceil(8) + 8 * outside
        };
        let most = (64 - (high - low).leading_zeros()) as usize;
        let from_low = (0..=most).map(|width| (size(width, &|number| number - low), 1, width, low));
        let from_high = (0..=most).map(|width| {
            (size(width, &|number| high - number), 2, width, (high + 1).wrapping_sub(1 << width))
        });
        let all = (size(most, &|number| number - low), 0, most, low);
        let (size, _, width, minimum) = from_low.chain(from_high).chain([all]).min().unwrap();
        let plain = values(Kind::I32, numbers.iter().map(|&number| i128::from(number) - 500));
        let stream = forced(2, Kind::I32, &plain).unwrap();
        assert_eq!((usize::from(stream.bytes[0]), stream.bytes.len()), (width, 1 + 4 + size + 4));
        assert_eq!(stream.bytes[1..5], (minimum as i32).wrapping_sub(500).to_le_bytes());
    }
}

#[test]
fn powers_and_exceptions_of_decimals_are_those_of_the_document() {
    let number = |value: f64, power: i32| {
        let number = (value * 10f64.powi(power)).round_ties_even();
        let back = (number.abs() <= 2f64.powi(50)).then(|| (number as i64 as f64) / 10f64.powi(power));
        back.is_some_and(|back| back.to_bits() == value.to_bits()).then_some(number as i64)
    };
    for count in COUNTS {
        for sequence in floats(count) {
            let looked_at = (0..64).filter_map(|i| sequence.get(i * count / 64));
            let powers =
                looked_at.filter_map(|&value| (0..=22).find(|&power| number(value, power).is_some()));
            let powers: Vec<i32> = powers.collect();
            let times = |wanted: i32| powers.iter().filter(|&&power| power == wanted).count();
            let power = (0..=22).filter(|&power| times(power) > 0).max_by_key(|&power| times(power));
            let found = forced(6, Kind::F64, &doubles(sequence.iter().copied()));
            let Some(power) = power else {
                assert_eq!(found, None);
                continue;
            };
            let found = found.unwrap();
            assert_eq!(i32::from(found.parameter), power);
            let (mut before, mut exceptions) = (0, Vec::new());
            let numbers: Vec<u64> = sequence
                .iter()
                .enumerate()
                .map(|(i, &value)| {
                    before = number(value, power).unwrap_or_else(|| {
                        exceptions.push(i);
                        before
                    });
                    before as u64
                })
                .collect();
            // The numbers are the delta of the same integers, without exceptions.
            let mut deltas = Vec::new();
            plan::Packing::delta(&numbers, false).put(&numbers, &mut deltas);
            let positions = exceptions.iter().flat_map(|&i| (i as u32).to_le_bytes());
            let odd = doubles(exceptions.iter().map(|&i| sequence[i]));
            let count = (exceptions.len() as u32).to_le_bytes();
            let bytes = [deltas, count.to_vec(), positions.collect(), odd].concat();
            assert_eq!(found.bytes, bytes);
        }
    }
}

// Bytes that are not what a writer makes.

#[test]
fn a_stream_has_exactly_its_bytes_and_any_bytes_are_refused_or_read() {
    for count in [1, 5, 20, 1026] {
        let kinds = INTEGERS.into_iter().chain([Kind::F32, Kind::F64]);
        for kind in kinds {
            let of_integers = integers(count).into_iter().map(|sequence| values(kind, sequence));
            let of_floats = floats(count).into_iter().map(|sequence| match kind {
                Kind::F32 => singles(sequence.into_iter().map(|float| float as f32)),
                _ => doubles(sequence),
            });
            let float = matches!(kind, Kind::F32 | Kind::F64);
            let all: Vec<_> = if float { of_floats.collect() } else { of_integers.collect() };
            for (plain, encoding) in
                all.iter().flat_map(|plain| (0..=6).map(move |encoding| (plain, encoding)))
            {
                if let Some(stream) = forced(encoding, kind, plain).filter(|stream| stream.bytes.len() < 120)
                {
                    spoil(kind, count, &stream);
                }
            }
        }
    }
}

fn spoil(kind: Kind, count: usize, stream: &EncodedStream) {
    let mut out = AlignedBuf::zeroed(count * size(kind));
    let mut read = |bytes: &[u8], parameter| {
        let encoding = (stream.encoding, parameter);
        let _ = audit_values(kind, encoding, bytes, count);
        read_values(kind, encoding, bytes, count, &mut out)
    };
    let mut bytes = stream.bytes.clone();
    for cut in 0..bytes.len() {
        assert_eq!(read(&bytes[..cut], stream.parameter).expect_err("cut short").rule, "M7.3-1");
    }
    bytes.push(0);
    assert_eq!(read(&bytes, stream.parameter).expect_err("too long").rule, "M7.3-1");
    bytes.pop();
    for at in 0..bytes.len() {
        let byte = bytes[at];
        for other in [byte ^ 1, byte ^ 0x80, !byte, byte.wrapping_add(1), 0, 0xff, 65] {
            bytes[at] = other;
            let _ = read(&bytes, stream.parameter);
        }
        bytes[at] = byte;
    }
    (0..=255).for_each(|parameter| drop(read(&bytes, parameter)));
}

#[test]
fn offsets_of_any_bytes_are_refused_or_in_order() {
    let offsets: Vec<u32> = (0..30).map(|i| i * i % 7 + i * 9).collect();
    let run = vec![1; 300];
    for encoding in 0..=4 {
        let stream = match encoding {
            4 => store_strings(&offsets, &run, usize::MAX).unwrap().0,
            _ => store_offsets_as(Some(encoding), &offsets, &offsets).unwrap_or_default(),
        };
        let mut bytes = stream.bytes;
        assert!((0..bytes.len()).all(|cut| read_offsets(encoding, &bytes[..cut], 30).is_err()));
        for at in 0..bytes.len() {
            let byte = bytes[at];
            for other in 0..=255 {
                bytes[at] = other;
                let _ = audit_offsets(encoding, &bytes, 30);
                match read_offsets(encoding, &bytes, 30) {
                    Err(_) => (),
                    Ok(Found::Plain(found)) => {
                        assert!(found.is_sorted() && found[0] == 0 && found.len() == 30)
                    }
                    Ok(Found::Dictionary { offsets, numbers }) => {
                        assert!(offsets.is_sorted() && offsets[0] == 0 && numbers.len() == 29);
                        assert!(numbers.iter().all(|&number| usize::from(number) + 1 < offsets.len()));
                    }
                }
            }
            bytes[at] = byte;
        }
    }
}

#[test]
fn each_broken_rule_is_named() {
    let read = |kind, encoding, count, bytes: &[u8]| {
        rule(decoded(
            kind,
            &EncodedStream { encoding, bytes: bytes.to_vec(), ..EncodedStream::default() },
            count,
        ))
    };
    // Widths: of the value, and of 64.
    assert_eq!(read(Kind::U8, 2, 1, &[9, 0, 0, 0, 0, 0, 0, 0]), "M7.3-3");
    let wide = [&[65][..], &[0; 16], &[0; 9], &[0; 4]].concat();
    assert_eq!(read(Kind::U128, 2, 1, &wide), "M7.3-3");
    assert_eq!(read(Kind::U128, 3, 1, &wide), "M7.3-3");
    // Positions of exceptions, of a frame of five bytes.
    let exceptions = |positions: [u8; 2]| {
        let [a, b] = positions;
        [&[0, 7, 2, 0, 0, 0][..], &[a, 0, 0, 0, b, 0, 0, 0], &[1, 2]].concat()
    };
    let good = EncodedStream { encoding: 2, bytes: exceptions([1, 4]), ..EncodedStream::default() };
    assert_eq!(decoded(Kind::U8, &good, 5), Ok(vec![7, 1, 7, 7, 2]));
    for positions in [[4, 1], [2, 2], [1, 5]] {
        assert_eq!(read(Kind::U8, 2, 5, &exceptions(positions)), "M7.3-4");
    }
    // Numbers of a dictionary, and its size.
    assert_eq!(read(Kind::U8, 4, 1, &[1, 0, 0, 0, 7, 0, 1, 0, 0, 0, 0, 0]), "M7.3-5");
    let large = [&[1, 0, 1, 0][..], &[0; 65_537], &[0; 7]].concat();
    assert_eq!(read(Kind::U8, 4, 1, &large), "M7.3-5");
    let strings = |bytes: &[u8]| read_offsets(4, bytes, 2).expect_err("a flaw").rule;
    assert_eq!(strings(&[&[0; 8][..], &[0, 0, 0, 0, 0, 0, 0]].concat()), "M7.3-5", "no string");
    assert_eq!(strings(&[1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "M7.2-2", "from 1");
    assert_eq!(strings(&[2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "M7.2-2");
    assert_eq!(read_offsets(0, &[1, 0, 0, 0, 1, 0, 0, 0], 2).expect_err("from 1").rule, "M7.2-2");
    assert_eq!(read_offsets(1, &[1, 0, 0, 0], 2).expect_err("from 1").rule, "M7.2-2");
    assert_eq!(read_offsets(4, &[0; 4], 1 << 40).expect_err("huge").rule, "M7.3-1");
    // Encodings that the stream cannot have.
    assert_eq!(read(Kind::U8, 5, 1, &all_the_same(0)), "M7.1-3");
    assert_eq!(read(Kind::F64, 2, 1, &all_the_same(0)), "M7.1-3");
    assert_eq!(read(Kind::F64, 7, 1, &all_the_same(0)), "M7.1-3");
    // A stream that promises more than it has is refused before anything is read.
    for encoding in [0, 2, 3, 4] {
        let found = read_values_range(Kind::U64, (encoding, 0), &[0; 8], usize::MAX, 0..0, &mut []);
        assert_eq!(found.unwrap_err().rule, "M7.3-1");
    }
}

#[test]
fn bits_that_readers_ignore_are_reported() {
    let audit = |kind, encoding, count, bytes: &[u8]| {
        let stream = EncodedStream { encoding, bytes: bytes.to_vec(), ..EncodedStream::default() };
        assert!(decoded(kind, &stream, count).is_ok());
        audit_values(kind, (encoding, 0), bytes, count).map_err(|flaw| (flaw.rule, flaw.at))
    };
    // Three numbers of two bits leave two bits of their byte.
    assert_eq!(audit(Kind::U8, 2, 3, &[2, 0, 0b11_1111, 0, 0, 0, 0]), Ok(()));
    assert_eq!(audit(Kind::U8, 2, 3, &[2, 0, 0b111_1111, 0, 0, 0, 0]), Err(("M7.2-1", 2)));
    assert_eq!(audit(Kind::U8, 3, 4, &[2, 0, 0, 0b1000_0000, 0, 0, 0, 0]), Err(("M7.2-1", 3)));
    let numbers = |bits| [1, 0, 0, 0, 7, 1, 0, 0, bits, 0, 0, 0, 0];
    assert_eq!(audit(Kind::U8, 4, 2, &numbers(0)), Ok(()));
    assert_eq!(audit(Kind::U8, 4, 2, &numbers(4)), Err(("M7.2-1", 8)));
    let decimal = |bits| [&[1, 0, 0, 0, 0, 0, 0, 0, 0, bits][..], &[0; 4]].concat();
    assert_eq!(audit(Kind::F64, 5, 1, &decimal(1)), Ok(()));
    assert_eq!(audit(Kind::F64, 5, 1, &decimal(2)), Err(("M7.2-1", 9)));
    // An exception in the second group, whose bits are those of number 1,025.
    let mut second = [&[1, 1, 0, 0][..], &[0; 128], &[0], &[1, 0, 0, 0, 1, 4, 0, 0, 9]].concat();
    assert_eq!(audit(Kind::U8, 2, 1026, &second), Ok(()));
    second[132] = 2;
    assert_eq!(audit(Kind::U8, 2, 1026, &second), Err(("M7.2-1", 132)));
    // The same of a delta, whose groups have a first value and one number less.
    let mut second = [&[1, 1, 0, 0, 0, 0][..], &[0; 128], &[0], &[1, 0, 0, 0, 1, 4, 0, 0, 9]].concat();
    assert_eq!(audit(Kind::U8, 3, 1026, &second), Ok(()));
    second[134] = 1;
    assert_eq!(audit(Kind::U8, 3, 1026, &second), Err(("M7.2-1", 134)));
}
