//! Decodes streams whose bytes may be anything.

use super::decimal::Decimals;
use super::dictionary::{Dictionary, StringDictionary};
use super::groups::{Groups, Scratch};
use super::unsigned::{Unsigned, by_size, fill, value_at, values_of};
use super::{Content, Flaw, GROUP, StreamRest, code, is_known};
use crate::Kind;
use std::ops::Range;

fn unknown(encoding: u8) -> Flaw {
    Flaw::new("M7.1-3", 0, "an encoding of such a stream", encoding)
}

/// Reads `count` bits to bytes. Spare bits of the last byte become zero.
pub(in crate::layout::columns) fn read_bits(
    encoding: u8,
    stored: &[u8],
    count: usize,
    out: &mut [u8],
) -> Result<(), Flaw> {
    let mut rest = StreamRest::of(stored);
    let bytes = out.get_mut(..count.div_ceil(8)).unwrap_or_default();
    match encoding {
        code::PLAIN => {
            let plain = rest.take(count.div_ceil(8), 1)?;
            rest.end()?;
            bytes.iter_mut().zip(plain).for_each(|(to, from)| *to = *from);
        }
        code::CONSTANT => {
            let constant = rest.take(count.min(1), 1)?.first().copied().unwrap_or_default();
            rest.end()?;
            if constant > 1 {
                return Err(Flaw::new("M7.3-2", 0, "0 or 1", constant));
            }
            bytes.fill(constant.wrapping_neg());
        }
        _ => return Err(unknown(encoding)),
    }
    if let (used @ 1.., Some(last)) = (count % 8, bytes.last_mut()) {
        *last &= !u8::MAX.unbounded_shl(used as u32);
    }
    Ok(())
}

/// A stream of values whose length is that of its encoding.
pub(in crate::layout::columns) trait ReadValues {
    /// Reads a range of the values, without decoding those before it. It starts with a group, and ends with a
    /// group or with the last value. It is fastest if `out` is aligned for them.
    fn read(&self, range: Range<usize>, out: &mut [u8], scratch: &mut Scratch) -> Result<(), Flaw>;
}

impl<T: Unsigned> ReadValues for OpenedValues<'_, T> {
    fn read(&self, range: Range<usize>, out: &mut [u8], scratch: &mut Scratch) -> Result<(), Flaw> {
        fill(out, |values| self.read_values(range, values, scratch))
    }
}

impl ReadValues for StringDictionary<'_> {
    fn read(&self, range: Range<usize>, out: &mut [u8], scratch: &mut Scratch) -> Result<(), Flaw> {
        fill(out, |numbers| self.read_numbers(range.start / GROUP, numbers, scratch))
    }
}

/// Values that can be read.
pub(in crate::layout::columns) type Values<'a> = Box<dyn ReadValues + 'a>;

/// Opens a stream of `count` values.
pub(in crate::layout::columns) fn open_values<'a>(
    kind: Kind,
    (encoding, parameter): (u8, u8),
    stored: &'a [u8],
    count: usize,
) -> Result<Values<'a>, Flaw> {
    let content = content_of(kind);
    by_size!(kind.fixed_size(), T => {
        Ok(Box::new(OpenedValues::<T>::open(content, encoding, parameter, stored, count)?))
    })
}

/// Returns a flaw if bits that readers ignore are not zero.
pub(in crate::layout::columns) fn audit_values(
    kind: Kind,
    (encoding, parameter): (u8, u8),
    stored: &[u8],
    count: usize,
) -> Result<(), Flaw> {
    let content = content_of(kind);
    by_size!(kind.fixed_size(), T => OpenedValues::<T>::open(content, encoding, parameter, stored, count)?.audit())
}

/// Returns a flaw if spare bits are not zero.
pub(in crate::layout::columns) fn audit_bits(encoding: u8, stored: &[u8], count: usize) -> Result<(), Flaw> {
    let (used, last) = (count % 8, stored.last().copied().unwrap_or_default());
    if encoding == code::PLAIN && used != 0 && last >> used != 0 {
        let at = stored.len().saturating_sub(1);
        return Err(Flaw::new("M7.2-1", at, "spare bits of zero", format!("{last:#04x}")));
    }
    Ok(())
}

/// Returns a flaw if bits that readers ignore are not zero.
pub(in crate::layout::columns) fn audit_offsets(
    encoding: u8,
    stored: &[u8],
    count: usize,
) -> Result<(), Flaw> {
    if encoding == code::DICTIONARY {
        return StringDictionary::open(&mut StreamRest::of(stored), count.saturating_sub(1))?.numbers.audit();
    }
    OpenedValues::<u32>::open(Content::Offsets, encoding, 0, stored, count)?.audit()
}

/// A stream of offsets.
pub(in crate::layout::columns) enum Offsets<'a> {
    /// The offsets: values of 4 bytes.
    Plain(Values<'a>),
    /// The offsets of the strings of a dictionary, and the number of its string for each slot: values of 2 bytes,
    /// each the number of a string.
    Dictionary { offsets: Vec<u32>, numbers: Values<'a> },
}

/// Opens a stream of `count` offsets. Those of a dictionary are checked.
pub(in crate::layout::columns) fn open_offsets(
    encoding: u8,
    stored: &[u8],
    count: usize,
) -> Result<Offsets<'_>, Flaw> {
    if encoding == code::DICTIONARY {
        let mut rest = StreamRest::of(stored);
        let opened = StringDictionary::open(&mut rest, count.saturating_sub(1))?;
        rest.end()?;
        let offsets = values_of::<u32>(opened.offsets).into_owned();
        check_offsets(opened.offsets_at, true, &offsets)?;
        return Ok(Offsets::Dictionary { offsets, numbers: Box::new(opened) });
    }
    let opened = OpenedValues::<u32>::open(Content::Offsets, encoding, 0, stored, count)?;
    Ok(Offsets::Plain(Box::new(opened)))
}

/// Returns a flaw if the first offset is not zero, or if one is below the one before it.
pub(in crate::layout::columns) fn check_offsets(
    at: usize,
    from_zero: bool,
    offsets: &[u32],
) -> Result<(), Flaw> {
    if let (true, Some(first @ 1..)) = (from_zero, offsets.first()) {
        return Err(Flaw::new("M7.2-2", at, "a first offset of 0", first));
    }
    let pairs = || offsets.iter().zip(offsets.iter().skip(1));
    if pairs().fold(false, |falls, (offset, next)| falls | (next < offset))
        && let Some((offset, next)) = pairs().find(|(offset, next)| next < offset)
    {
        return Err(Flaw::new("M7.2-2", at, format!("an offset of at least {offset}"), next));
    }
    Ok(())
}

fn content_of(kind: Kind) -> Content {
    if matches!(kind, Kind::F32 | Kind::F64) { Content::Floats } else { Content::Integers }
}

/// A stream of values whose length is that of its encoding.
enum OpenedValues<'a, T> {
    Plain(&'a [u8]),
    Constant(T),
    Groups(Groups<'a, T>),
    Dictionary(Dictionary<'a>),
    Decimals(Decimals<'a, T>),
}

impl<'a, T: Unsigned> OpenedValues<'a, T> {
    fn open(
        content: Content,
        encoding: u8,
        parameter: u8,
        stored: &'a [u8],
        count: usize,
    ) -> Result<Self, Flaw> {
        let rest = &mut StreamRest::of(stored);
        let opened = match encoding {
            _ if !is_known(encoding, content) => return Err(unknown(encoding)),
            code::PLAIN => OpenedValues::Plain(rest.take(count, T::SIZE)?),
            code::CONSTANT => {
                OpenedValues::Constant(value_at(rest.take(count.min(1), T::SIZE)?, 0).unwrap_or(T::zeroed()))
            }
            code::FRAME | code::DELTA => {
                OpenedValues::Groups(Groups::open(rest, count, encoding == code::DELTA)?)
            }
            code::DICTIONARY => OpenedValues::Dictionary(Dictionary::open::<T>(rest, count)?),
            _ => {
                let delta = encoding == code::DECIMAL_DELTA;
                OpenedValues::Decimals(Decimals::open(rest, count, parameter, delta)?)
            }
        };
        rest.end()?;
        Ok(opened)
    }

    /// Reads a range that starts with a group.
    fn read_values(&self, range: Range<usize>, out: &mut [T], scratch: &mut Scratch) -> Result<(), Flaw> {
        let group = range.start / GROUP;
        match self {
            OpenedValues::Plain(bytes) => {
                let out: &mut [u8] = bytemuck::cast_slice_mut(out);
                let start = range.start.saturating_mul(T::SIZE);
                let wanted = bytes.get(start..).unwrap_or_default();
                out.iter_mut().zip(wanted).for_each(|(to, from)| *to = *from);
            }
            OpenedValues::Constant(value) => out.fill(*value),
            OpenedValues::Groups(groups) => groups.read(group, out, scratch),
            OpenedValues::Dictionary(dictionary) => return dictionary.read(group, out, scratch),
            OpenedValues::Decimals(decimals) => return decimals.read(group, out, scratch),
        }
        Ok(())
    }

    fn audit(&self) -> Result<(), Flaw> {
        match self {
            OpenedValues::Plain(_) | OpenedValues::Constant(_) => Ok(()),
            OpenedValues::Groups(groups) => groups.audit(),
            OpenedValues::Dictionary(dictionary) => dictionary.numbers.audit(),
            OpenedValues::Decimals(decimals) => decimals.audit(),
        }
    }
}
