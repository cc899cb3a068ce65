//! The rows layout: the payload of a block is its records one after the other, then their heap, then their
//! text (FORMAT.md, section 7).

use super::{Auditor, Fault, Regions, StagedRows, Validator};
use crate::layout::BlockLayout;
use crate::memory::{Backing, Payload, PayloadFault, Ranges, Text};
use crate::store::block::{BlockAt, BlockKind, SealedBlock};
use crate::store::bytes::{LINE, MAX_STRIDE, line_up};
use crate::{Error, ErrorKind, Result, Schema};

/// Layout 0 with encoding 0.
pub(crate) struct RowLayout;

/// Returns the regions of a payload whose header has these numbers; `None` if they do not match each other.
fn ranges(count: u32, stride: u32, text: u32, payload_bytes: u32) -> Option<Ranges> {
    let record_bytes = u64::from(count).saturating_mul(stride.into());
    let heap = line_up(record_bytes);
    let possible = count >= 1 && (1..=MAX_STRIDE).contains(&stride) && u64::from(text).is_multiple_of(LINE);
    let fits = possible && (heap..=payload_bytes.into()).contains(&text.into());
    fits.then_some(Ranges {
        records: 0..record_bytes as usize,
        heap: heap as usize..text as usize,
        text: text as usize..payload_bytes as usize,
    })
}

fn ranges_of(block: &BlockAt) -> Result<Ranges> {
    ranges(block.count, block.stride, block.text, block.payload_bytes).ok_or_else(|| {
        let found = format!(
            "{} records of {} bytes, text at {}, payload of {} bytes",
            block.count, block.stride, block.text, block.payload_bytes
        );
        let error = block.error(ErrorKind::BlockHeader).found(found);
        error.what("the sizes of records, heap and text do not match the payload")
    })
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

    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()> {
        check_stride(block, schema)?;
        ranges_of(block).map(drop)
    }

    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload> {
        let ranges = ranges_of(block)?;
        let text_at = block.payload().saturating_add(ranges.text.start as u64);
        Payload::new(backing, ranges.behind(start)).map_err(|fault| match fault {
            PayloadFault::Utf8(valid) => {
                Error::new(ErrorKind::BadUtf8).at(text_at.saturating_add(valid as u64))
            }
            PayloadFault::Bounds => Error::new(ErrorKind::CutShort).at(block.offset),
        })
    }

    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()> {
        let regions = regions_of(payload, block.count as usize, block.stride as usize);
        let valid = validator.verify(payload, &regions);
        valid.map_err(|fault| invalid(*fault, block.payload(), block.first))
    }

    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error)) {
        audit(auditor, payload, block.text, (block.count, block.stride), &mut |fault| {
            report(invalid(fault, block.payload(), block.first));
        });
    }
}

/// Returns an error if records of the schema have another size than the block says.
pub(crate) fn check_stride(block: &BlockAt, schema: &Schema) -> Result<()> {
    let size = schema.root().size();
    if block.stride as usize == size && block.count > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BlockHeader)
        .at(block.offset)
        .what("the stride is not the size of the schema's type, or there are no records")
        .expected(size.to_string())
        .found(format!("{} records of {}", block.count, block.stride)))
}

/// Reports everything that is wrong with one value that is stored as a record of its own, with its text at
/// `text`.
pub(crate) fn audit_value(
    schema: &Schema,
    payload: &[u8],
    text: u32,
    report: &mut dyn FnMut(Fault),
) -> Result<()> {
    let size = schema.root().size() as u32;
    ranges(1, size, text, payload.len() as u32).ok_or_else(|| {
        let error = Error::new(ErrorKind::BlockHeader)
            .what("the sizes of record, heap and text do not match the payload");
        error.found(format!("text at {text}, payload of {} bytes", payload.len()))
    })?;
    let mut report = |fault: Fault| report(Fault { record: None, ..fault });
    audit(&Auditor::new(schema), payload, text, (1, size), &mut report);
    Ok(())
}

/// Checks text, references, values and padding of a payload whose header was checked.
fn audit(
    auditor: &Auditor,
    payload: &[u8],
    text_start: u32,
    (count, stride): (u32, u32),
    report: &mut dyn FnMut(Fault),
) {
    let (front, text) = payload.split_at_checked(text_start as usize).unwrap_or_default();
    match Text::of(text) {
        None => report(Fault::bad_utf8(text, text_start as usize)),
        Some(text) => {
            let (count, stride) = (count as usize, stride as usize);
            auditor.audit(&Regions { front, text, count, stride }, report);
        }
    }
}

/// Returns the regions of a payload to validate.
#[inline]
fn regions_of(rows: &Payload, count: usize, stride: usize) -> Regions<'_> {
    Regions { front: rows.front(), text: rows.text(), count, stride }
}

/// Returns whether rows follow the rules of a schema, which a plan that wrote them guarantees.
pub(crate) fn is_valid(rows: &Payload, schema: &Schema, count: usize) -> bool {
    Validator::new(schema).validate(&regions_of(rows, count, schema.root().size())).is_ok()
}

/// Creates the error about a payload that breaks a rule; the payload starts at the file offset `start`. The
/// path starts with the record.
#[cold]
pub(crate) fn invalid(fault: Fault, start: u64, first: u64) -> Error {
    let record = fault.record.map(|record| format!("[{}]", first.saturating_add(record)));
    Error::from(fault).shifted(start).under(&record.unwrap_or_default())
}

fn pad(region: &mut Vec<u8>) {
    region.resize(line_up(region.len() as u64) as usize, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_lie_within_the_payload() {
        let good = Ranges { records: 0..168, heap: 192..192, text: 192..200 };
        assert_eq!(ranges(7, 24, 192, 200), Some(good));
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
            let ranges = ranges(count, stride, text, payload_bytes);
            assert_eq!(ranges, None, "{count} of {stride}, {text} of {payload_bytes}");
        }
    }
}
