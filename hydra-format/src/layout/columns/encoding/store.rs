//! Encodes the values of a stream, in the encoding with the fewest bytes (FORMAT.md, section 7.4).

use super::decimal::DecimalPlan;
use super::dictionary::DictionaryPlan;
use super::plan::Packing;
use super::unsigned::{Unsigned, by_size, values_of};
use super::{Content, EncodedStream, code, is_known};
use crate::Kind;
use crate::layout::columns::forced;
use crate::store::bytes::LINE;

/// Compresses bytes; `None` if that fails.
pub(in crate::layout::columns) type Compress<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// Encodes bits or presence: one bit for each of `slots` slots, of which `present` are not absent. The bits
/// of absent slots and spare bits are zero.
pub(in crate::layout::columns) fn store_bits(bits: &[u8], slots: usize, present: usize) -> EncodedStream {
    forced::store(|only| store_bits_as(only, bits, slots, present)).unwrap_or_default()
}

/// Encodes bits in one encoding, or in the smallest; `None` if the bits do not permit it.
pub(super) fn store_bits_as(
    only: Option<u8>,
    bits: &[u8],
    slots: usize,
    present: usize,
) -> Option<EncodedStream> {
    let plain = bits.get(..slots.div_ceil(8))?;
    let ones = plain.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
    let constant = (ones == 0 || ones == present).then(|| vec![u8::from(ones > 0); present.min(1)]);
    let shorter = |constant: &Vec<u8>| only.is_some() || constant.len() < plain.len();
    match (only, constant.filter(shorter)) {
        (None | Some(code::CONSTANT), Some(bytes)) => Some(stream(code::CONSTANT, bytes)),
        (None | Some(code::PLAIN), _) => Some(stream(code::PLAIN, plain.to_vec())),
        _ => None,
    }
}

/// Encodes integers, chars, tags or floats: `slots` has a value for each slot, which is zero for absent ones,
/// and `present` has those of the others.
pub(in crate::layout::columns) fn store_values(kind: Kind, slots: &[u8], present: &[u8]) -> EncodedStream {
    forced::store(|only| store_values_as(only, kind, slots, present)).unwrap_or_default()
}

/// Encodes values in one encoding, or in the smallest; `None` if the values or their kind do not permit it.
pub(super) fn store_values_as(
    only: Option<u8>,
    kind: Kind,
    slots: &[u8],
    present: &[u8],
) -> Option<EncodedStream> {
    let content = if matches!(kind, Kind::F32 | Kind::F64) { Content::Floats } else { Content::Integers };
    by_size!(kind.fixed_size(), T => {
        let order = if kind.is_signed() { T::SIGN } else { 0 };
        store::<T>(only, content, order, slots, &values_of(present))
    })
}

/// Encodes offsets of lists, sets or maps: those of all slots, and those of the slots that are not absent.
pub(in crate::layout::columns) fn store_offsets(slots: &[u32], present: &[u32]) -> EncodedStream {
    forced::store(|only| store_offsets_as(only, slots, present)).unwrap_or_default()
}

/// Encodes offsets in one encoding, or in the smallest; `None` if the offsets do not permit it.
pub(super) fn store_offsets_as(only: Option<u8>, slots: &[u32], present: &[u32]) -> Option<EncodedStream> {
    store(only, Content::Offsets, 0, bytemuck::cast_slice(slots), present)
}

/// Encodes the offsets and the run of strings, bytes or opaque values, which share a dictionary if that makes
/// them smaller.
pub(in crate::layout::columns) fn store_run(
    slots: &[u32],
    present: &[u32],
    run: &[u8],
    compress: Compress,
) -> (EncodedStream, EncodedStream) {
    let offsets = store_offsets(slots, present);
    let is_forced = forced::pick() == Some(code::DICTIONARY);
    let distinct = if is_forced { usize::MAX } else { present.len().saturating_sub(1) / 2 };
    let Some((numbers, strings)) = store_strings(present, run, distinct) else {
        return (offsets, store_run_bytes(run, compress));
    };
    // A run that is not empty has at least one byte, however it is compressed, and at most its own.
    let least = offsets.bytes.len() + usize::from(!run.is_empty());
    if is_forced || numbers.bytes.len() + strings.len() < least {
        return (numbers, store_run_bytes(&strings, compress));
    }
    let run = store_run_bytes(run, compress);
    let most = offsets.bytes.len() + run.bytes.len();
    if numbers.bytes.len() >= most {
        return (offsets, run);
    }
    let strings = store_run_bytes(&strings, compress);
    if numbers.bytes.len() + strings.bytes.len() < most { (numbers, strings) } else { (offsets, run) }
}

/// Encodes offsets as a dictionary of at most so many strings, and returns the run of its strings.
pub(super) fn store_strings(present: &[u32], run: &[u8], most: usize) -> Option<(EncodedStream, Vec<u8>)> {
    let (plan, strings) = DictionaryPlan::of_strings(present, run, most)?;
    let mut bytes = Vec::with_capacity(plan.size());
    plan.put_strings(&mut bytes);
    Some((stream(code::DICTIONARY, bytes), strings))
}

/// Stores a run or rows, compressed if that saves at least an eighth.
pub(in crate::layout::columns) fn store_run_bytes(plain: &[u8], compress: Compress) -> EncodedStream {
    let mut stored = EncodedStream { plain: plain.len(), ..stream(code::PLAIN, plain.to_vec()) };
    stored.compress(compress, 8);
    stored
}

/// How much of a stream is compressed first, to see whether all of it would become smaller.
pub(super) const SAMPLE: usize = 4096;

/// Compresses bytes if that saves at least one `part`th of them. A stream takes whole lines in any case.
fn saving(bytes: &[u8], compress: Compress, part: usize) -> Option<Vec<u8>> {
    let most = bytes.len() - bytes.len().div_ceil(part);
    if bytes.len() <= LINE as usize {
        None
    } else {
        compress(bytes).filter(|compressed| compressed.len() <= most)
    }
}

impl EncodedStream {
    fn compress(&mut self, compress: Compress, part: usize) {
        if let Some(bytes) = saving(&self.bytes, compress, part) {
            (self.bytes, self.zstd) = (bytes, true);
        }
    }

    /// Compresses a stream of other than bytes if that saves at least a quarter. Its encoding has packed it, so
    /// that few become smaller, and all of it must be decompressed to read some of its values.
    pub(in crate::layout::columns) fn compress_packed(&mut self, plain: usize, compress: Compress) {
        let size = self.bytes.len();
        let sample = self.bytes.get(size / 2..size / 2 + SAMPLE).filter(|_| size > 4 * SAMPLE);
        if size <= plain && sample.is_none_or(|sample| saving(sample, compress, 4).is_some()) {
            self.compress(compress, 4);
        }
    }
}

pub(super) fn stream(encoding: u8, bytes: Vec<u8>) -> EncodedStream {
    EncodedStream { encoding, bytes, ..EncodedStream::default() }
}

/// What is needed to write a stream in an encoding.
enum Planned<T> {
    Plain,
    Constant,
    Packing(Packing<T>),
    Dictionary(DictionaryPlan<T>),
    Decimal(DecimalPlan),
}

/// Plans of which the smallest is kept.
struct Smallest<T> {
    only: Option<u8>,
    content: Content,
    found: Option<(usize, u8, Planned<T>)>,
}

impl<T: Unsigned> Smallest<T> {
    fn tries(&self, encoding: u8) -> bool {
        is_known(encoding, self.content) && self.only.is_none_or(|only| only == encoding)
    }

    /// Returns the most bytes that this encoding can have to be taken instead of what was found.
    fn most(&self, encoding: u8) -> usize {
        match self.found {
            Some((size, found, _)) if found < encoding => size.saturating_sub(1),
            Some((size, ..)) => size,
            None => usize::MAX,
        }
    }

    fn offer(&mut self, size: usize, encoding: u8, plan: Planned<T>) {
        let smaller = |found: &(usize, u8, _)| (size, encoding) < (found.0, found.1);
        if self.tries(encoding) && self.found.as_ref().is_none_or(smaller) {
            self.found = Some((size, encoding, plan));
        }
    }
}

/// Encodes values in one encoding, or in the smallest; `order` inverts the sign bit of signed values.
fn store<T: Unsigned>(
    only: Option<u8>,
    content: Content,
    order: T,
    slots: &[u8],
    values: &[T],
) -> Option<EncodedStream> {
    let (size, encoding, planned) = plan(only, content, order, slots.len(), values)?;
    let mut bytes = Vec::with_capacity(size + 8);
    let mut parameter = 0;
    match planned {
        Planned::Plain => bytes.extend_from_slice(slots),
        Planned::Constant => values.iter().take(1).for_each(|value| bytes.extend(bytemuck::bytes_of(value))),
        Planned::Packing(packing) => packing.put_whole(values, &mut bytes),
        Planned::Dictionary(plan) => plan.put(&mut bytes),
        Planned::Decimal(plan) => {
            parameter = plan.power;
            plan.put(values, &mut bytes);
        }
    }
    debug_assert_eq!(bytes.len(), size, "the size that was planned");
    Some(EncodedStream { parameter, ..stream(encoding, bytes) })
}

fn plan<T: Unsigned>(
    only: Option<u8>,
    content: Content,
    order: T,
    plain_size: usize,
    values: &[T],
) -> Option<(usize, u8, Planned<T>)> {
    let mut best = Smallest { only, content, found: None };
    best.offer(plain_size, code::PLAIN, Planned::Plain);
    let first = values.first();
    if best.tries(code::CONSTANT) && values.iter().all(|value| Some(value) == first) {
        best.offer(size_of_val(values).min(T::SIZE), code::CONSTANT, Planned::Constant);
        // Every other encoding has more bytes than one value.
        if only.is_none() {
            return best.found;
        }
    }
    if best.tries(code::FRAME) {
        let packing = Packing::frame(values, order, true);
        best.offer(packing.whole_size(), code::FRAME, Planned::Packing(packing));
    }
    if best.tries(code::DELTA) {
        let packing = Packing::delta(values, true);
        best.offer(packing.whole_size(), code::DELTA, Planned::Packing(packing));
    }
    let (frame, delta) = (best.tries(code::DECIMAL_FRAME), best.tries(code::DECIMAL_DELTA));
    if (frame || delta)
        && let Some(plan) = DecimalPlan::new(values, frame, delta, best.most(code::DECIMAL_FRAME))
    {
        let encoding = if plan.is_delta() { code::DECIMAL_DELTA } else { code::DECIMAL_FRAME };
        best.offer(plan.size::<T>(), encoding, Planned::Decimal(plan));
    }
    // A dictionary is the last to be tried, because it is given up as soon as it is larger than another.
    if best.tries(code::DICTIONARY)
        && content != Content::Strings
        && let Some(plan) = DictionaryPlan::new(values, best.most(code::DICTIONARY))
    {
        best.offer(plan.size(), code::DICTIONARY, Planned::Dictionary(plan));
    }
    best.found
}
