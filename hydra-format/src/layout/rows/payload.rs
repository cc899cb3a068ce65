//! Payloads of one record: images of values, metadata and defaults.

use super::facts::TypeFacts;
use super::{At, Cursor, Fault, Measure, Regions, Sink};
use crate::memory::{AlignedBuf, Text};
use crate::schema::round_up;
use crate::{Error, ErrorKind, Hydra, Result};

/// The largest payload in bytes.
const MAX_PAYLOAD: usize = 256 << 20;

/// Encodes a payload of the one record `value`: text offset and bytes.
pub(crate) fn encode_payload<T: Hydra>(value: &T) -> Result<(u32, Vec<u8>)> {
    let mut payload = AlignedBuf::default();
    Ok((encode_after(0, value, &mut payload)?, payload.to_vec()))
}

/// Encodes `head` zero bytes, a multiple of 64, and a payload of the one record `value`, and returns its text
/// offset.
#[expect(clippy::arithmetic_side_effects, reason = "heap and text are measured to be at most 256 MiB each")]
pub(crate) fn encode_after<T: Hydra>(head: usize, value: &T, image: &mut AlignedBuf) -> Result<u32> {
    let mut measure = Measure::from(0, 0);
    value.measure(&mut measure);
    let (heap_bytes, text_bytes) = measure.finish()?;
    let heap_start = heap_start(T::SIZE);
    let text_offset = round_up((heap_start + heap_bytes) as u64, 64) as usize;
    let payload_bytes = text_offset + text_bytes;
    if payload_bytes > MAX_PAYLOAD {
        return Err(too_large(payload_bytes));
    }
    image.reuse(head + payload_bytes);
    let (before, text) = image.split_at_mut(head + text_offset);
    let (record, heap) = before.split_at_mut(head + heap_start);
    record.fill(0);
    let (heap, gap) = heap.split_at_mut_checked(heap_bytes).unwrap_or_default();
    gap.fill(0);
    let mut sink = Sink::new(heap, 0, text, 0);
    value.encode(super::sink::part(record, head, T::SIZE), &mut sink);
    sink.finish()?;
    Ok(text_offset as u32)
}

#[cold]
fn too_large(payload_bytes: usize) -> Error {
    Error::new(ErrorKind::TooLarge)
        .expected(format!("at most {MAX_PAYLOAD} bytes"))
        .found(payload_bytes.to_string())
}

/// Validates a payload of one record of a type with these facts, and returns the record. Offsets of errors
/// count from the start of the payload.
#[inline(always)]
pub(crate) fn open_payload<'a, T: Hydra>(
    payload: &'a [u8],
    text_offset: u32,
    facts: &TypeFacts,
) -> Result<At<'a>> {
    let regions = regions_of(payload, text_offset, T::SIZE)?;
    let rows = regions.rows();
    let record = rows.part(0, T::SIZE);
    let valid = T::check(record.bytes(), &mut Cursor::new(rows), 0);
    valid.then_some(record).ok_or_else(|| (*facts.validator.explain(&regions)).into())
}

/// Validates a payload of one record of `size` bytes, and returns the record.
#[inline]
pub(crate) fn open_payload_of<'a>(
    payload: &'a [u8],
    text_offset: u32,
    size: usize,
    validator: &super::Validator,
) -> Result<At<'a>> {
    let regions = regions_of(payload, text_offset, size)?;
    validator.validate(&regions).map_err(|fault| Error::from(*fault))?;
    Ok(regions.rows().part(0, size))
}

/// Returns the regions of a payload of one record of `size` bytes, if the text offset is possible and the
/// text is UTF-8.
#[inline(always)]
fn regions_of(payload: &[u8], text_offset: u32, size: usize) -> Result<Regions<'_>> {
    let (heap_start, start) = (heap_start(size), text_offset as usize);
    if !start.is_multiple_of(64) || !(heap_start..=payload.len()).contains(&start) {
        return Err(bad_text_offset(heap_start, payload, text_offset));
    }
    let (front, text) = payload.split_at(start);
    let text = match text {
        [] => Text::default(),
        text => Text::of(text).ok_or_else(|| Error::from(Fault::bad_utf8(text, start)))?,
    };
    Ok(Regions { front, text, count: 1, stride: size })
}

#[cold]
fn bad_text_offset(heap_start: usize, payload: &[u8], text_offset: u32) -> Error {
    Error::new(ErrorKind::BadReference)
        .what("the text offset")
        .expected(format!("a multiple of 64 from {heap_start} to {}", payload.len()))
        .found(text_offset.to_string())
}

pub(crate) const fn heap_start(size: usize) -> usize {
    round_up(size as u64, 64) as usize
}
