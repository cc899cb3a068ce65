//! Rows: the layout of blocks whose payload is the records one after the other, then their heap, then their text
//! (FORMAT.md, section 7). It does not know where blocks are.

use super::{Auditor, Fault, Regions, StagedRows, Validator};
use crate::layout::{BlockLayout, DataBlock};
use crate::memory::{Backing, Payload, PayloadFault, Ranges};
use crate::store::block::{BlockKind, SealedBlock};
use crate::store::bytes::{LINE, MAX_STRIDE, line_up};
use crate::{Error, ErrorKind, Result, Schema};

/// Layout 0 with encoding 0.
pub(crate) struct RowLayout;

/// Where the regions of a payload are, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    /// Where the records end.
    record_bytes: usize,
    /// Where the heap starts.
    heap: usize,
    /// Where the heap ends and the text starts.
    text: usize,
}

impl Bounds {
    /// None if the numbers of a header do not fit each other.
    fn new(count: u32, stride: u32, text: u32, payload_bytes: u32) -> Option<Bounds> {
        let record_bytes = u64::from(count).saturating_mul(stride.into());
        let heap = line_up(record_bytes);
        let (text, payload_bytes) = (u64::from(text), u64::from(payload_bytes));
        let possible = count >= 1 && (1..=MAX_STRIDE).contains(&stride);
        let fits = possible && text.is_multiple_of(LINE) && (heap..=payload_bytes).contains(&text);
        fits.then_some(Bounds {
            record_bytes: record_bytes as usize,
            heap: heap as usize,
            text: text as usize,
        })
    }

    fn of(block: &DataBlock<'_>) -> Result<Bounds> {
        let header = block.header;
        let bounds = Bounds::new(header.count, header.stride, header.text, header.payload_bytes);
        bounds.ok_or_else(|| {
            let found = format!(
                "{} records of {} bytes, text at {}, payload of {} bytes",
                header.count, header.stride, header.text, header.payload_bytes
            );
            Error::new(ErrorKind::BlockHeader)
                .at(block.offset)
                .place(header.place())
                .what("its records, heap and text do not fit its payload")
                .found(found)
        })
    }
}

impl BlockLayout for RowLayout {
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock> {
        let StagedRows { mut regions, count, stride } = rows;
        let [records, heap, _] = &mut regions;
        pad(records);
        pad(heap);
        let text = records.len().saturating_add(heap.len());
        let mut sealed = SealedBlock::new(BlockKind::Data, regions)?;
        sealed.header.count = count as u32;
        sealed.header.stride = stride as u32;
        sealed.header.text = text as u32;
        Ok(sealed)
    }

    fn check_header(&self, block: &DataBlock<'_>) -> Result<()> {
        let (stride, size) = (block.header.stride, block.schema.root().size());
        if stride as usize != size {
            return Err(Error::new(ErrorKind::BlockHeader)
                .at(block.offset)
                .what("the stride is not the size of the schema's type")
                .expected(size.to_string())
                .found(stride.to_string()));
        }
        Bounds::of(block).map(drop)
    }

    fn view(&self, block: &DataBlock<'_>, backing: Backing, start: usize) -> Result<Payload> {
        let bounds = Bounds::of(block)?;
        let at = |position: usize| start.saturating_add(position);
        let ranges = Ranges {
            records: start..at(bounds.record_bytes),
            heap: at(bounds.heap)..at(bounds.text),
            text: at(bounds.text)..at(block.header.payload_bytes as usize),
        };
        Payload::new(backing, ranges).map_err(|fault| match fault {
            PayloadFault::Utf8(valid) => {
                let text_at = payload_at(block).saturating_add(bounds.text as u64);
                Error::new(ErrorKind::BadUtf8).at(text_at.saturating_add(valid as u64))
            }
            PayloadFault::Bounds => Error::new(ErrorKind::CutShort).at(block.offset),
        })
    }

    fn verify(&self, block: &DataBlock<'_>, payload: &Payload, validator: &Validator) -> Result<()> {
        let bounds = Bounds::of(block)?;
        let (count, stride) = (block.header.count as usize, block.header.stride as usize);
        let regions = regions_of(payload, count, stride, (bounds.heap, bounds.text));
        let checked = validator.validate(&regions);
        checked.map_err(|fault| invalid(*fault, payload_at(block), block.header.first))
    }

    fn audit(&self, block: &DataBlock<'_>, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error)) {
        let Ok(bounds) = Bounds::of(block) else { return };
        let (count, stride) = (block.header.count as usize, block.header.stride as usize);
        audit(auditor, payload, count, stride, bounds, &mut |fault| {
            report(invalid(fault, payload_at(block), block.header.first));
        });
    }
}

/// Reports everything that is wrong with one value that is stored as a record of its own, with its text at `text`.
pub(crate) fn audit_value(
    schema: &Schema,
    payload: &[u8],
    text: u32,
    report: &mut dyn FnMut(Fault),
) -> Result<()> {
    let stride = schema.root().size();
    let bounds = Bounds::new(1, stride as u32, text, payload.len() as u32).ok_or_else(|| {
        let error =
            Error::new(ErrorKind::BlockHeader).what("its record, heap and text do not fit its payload");
        error.found(format!("text at {text}, payload of {} bytes", payload.len()))
    })?;
    let mut report = |fault: Fault| report(Fault { record: None, ..fault });
    audit(&Auditor::new(schema), payload, 1, stride, bounds, &mut report);
    Ok(())
}

/// Text, references, values and padding of a payload.
fn audit(
    auditor: &Auditor,
    payload: &[u8],
    count: usize,
    stride: usize,
    bounds: Bounds,
    report: &mut dyn FnMut(Fault),
) {
    let (data, text_bytes) = payload.split_at_checked(bounds.text).unwrap_or_default();
    let (records, heap) = data.split_at_checked(bounds.heap).unwrap_or_default();
    let Ok(text) = simdutf8::basic::from_utf8(text_bytes) else {
        return report(Fault::bad_utf8(text_bytes, bounds.text));
    };
    let (heap_start, text_start) = (bounds.heap, bounds.text);
    let regions = Regions { records, count, stride, heap, text: text.into(), heap_start, text_start };
    auditor.audit(&regions, report);
}

/// What is validated of a payload in which heap and text start there.
#[inline]
fn regions_of(
    rows: &Payload,
    count: usize,
    stride: usize,
    (heap_start, text_start): (usize, usize),
) -> Regions<'_> {
    let (records, heap, text) = (rows.records(), rows.heap(), rows.text().into());
    Regions { records, count, stride, heap, text, heap_start, text_start }
}

/// True if rows keep the rules of a schema: what a plan that writes them promises.
pub(crate) fn is_valid(rows: &Payload, schema: &Schema, count: usize) -> bool {
    let regions = regions_of(rows, count, schema.root().size(), (0, 0));
    Validator::new(schema).validate(&regions).is_ok()
}

/// The error of a payload that breaks a rule; it starts at the file offset `start`. The path begins with the record.
#[cold]
pub(crate) fn invalid(mut fault: Fault, start: u64, first: u64) -> Error {
    fault.offset = start.saturating_add(fault.offset);
    if let Some(record) = fault.record {
        let dot = if fault.path.is_empty() || fault.path.starts_with('[') { "" } else { "." };
        fault.path = format!("[{}]{dot}{}", first.saturating_add(record), fault.path);
    }
    fault.into()
}

/// File offset of a block's payload.
fn payload_at(block: &DataBlock<'_>) -> u64 {
    block.offset.saturating_add(LINE)
}

fn pad(region: &mut Vec<u8>) {
    region.resize(line_up(region.len() as u64) as usize, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_lie_within_the_payload() {
        let good = Bounds { record_bytes: 168, heap: 192, text: 192 };
        assert_eq!(Bounds::new(7, 24, 192, 200), Some(good));
        for (count, stride, text, payload_bytes) in [
            (7, 24, 128, 200),
            (7, 24, 200, 200),
            (7, 24, 256, 200),
            (0, 24, 192, 200),
            (7, 0, 192, 200),
            (7, 0, 0, 200),
            (0, 24, 0, 200),
            (1, MAX_STRIDE + 1, 20 << 20, 30 << 20),
            (u32::MAX, u32::MAX, 192, 200),
        ] {
            let bounds = Bounds::new(count, stride, text, payload_bytes);
            assert_eq!(bounds, None, "{count} of {stride}, {text} of {payload_bytes}");
        }
    }
}
