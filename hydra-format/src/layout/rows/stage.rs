//! The open block of a table: records, heap and text grow until the block is sealed. It does not depend on
//! files.

use super::{At, Measure, Sink, TwoPasses};
use crate::store::block::{PayloadParts, check_size};
use crate::store::bytes::{LINE, line_up};
use crate::{Error, ErrorKind, Result};

/// The number of bytes of heap and text that are zeroed in advance.
const ROOM: usize = 4096;

/// The open block of one table.
#[derive(Debug)]
pub(crate) struct Stage {
    stride: usize,
    /// The size at which a block is full, header included.
    target: usize,
    /// The number of bytes of records without references that fit by the fast path; 0 while there is no
    /// record, so that the first one takes the slow path.
    room: usize,
    /// The value of `room` once there is a record.
    most: usize,
    /// Whether every record takes the slow path.
    stopped: bool,
    /// The records, heap and text.
    regions: PayloadParts,
    /// The number of bytes of heap and text in use; the bytes after them are zero, and reserved for the next
    /// records.
    used: [usize; 2],
    /// The ends of the regions before the record that is being encoded, for the case that encoding panics.
    before: Option<[usize; 3]>,
}

/// The result of adding a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Done,
    /// The record was not added, because the block has to be sealed first.
    Full,
}

/// The records of a block, staged as rows for any layout.
#[derive(Debug)]
pub(crate) struct StagedRows {
    /// The records, heap and text.
    pub(crate) regions: PayloadParts,
    pub(crate) count: usize,
    /// The number of bytes from one record to the next.
    pub(crate) stride: usize,
}

impl StagedRows {
    /// Encodes records whose heap and text need this many bytes; `encode` is called for each slot in order.
    pub(crate) fn encode(
        count: usize,
        stride: usize,
        [heap_bytes, text_bytes]: [usize; 2],
        mut encode: impl FnMut(&mut [u8], &mut Sink<'_>),
    ) -> Result<StagedRows> {
        let mut regions = [count.saturating_mul(stride), heap_bytes, text_bytes].map(|bytes| vec![0; bytes]);
        let [records, heap, text] = &mut regions;
        let mut sink = Sink::new(heap, 0, text, 0);
        records.chunks_exact_mut(stride).for_each(|slot| encode(slot, &mut sink));
        sink.finish()?;
        Ok(StagedRows { regions, count, stride })
    }

    /// Returns the records.
    pub(crate) fn at(&self) -> Result<At<'_>> {
        let [records, heap, text] = &self.regions;
        rows_at(records, heap, text)
    }
}

impl Stage {
    pub(crate) fn new(stride: usize, target: usize) -> Stage {
        let regions = PayloadParts::default();
        let (used, before, stopped) = ([0; 2], None, false);
        let mut stage = Stage { stride, target, room: 0, most: 0, stopped, regions, used, before };
        stage.set_target(target);
        stage
    }

    /// Sets the size at which blocks are full, from the next record on.
    pub(crate) fn set_target(&mut self, target: usize) {
        self.target = target;
        self.most = target.saturating_sub(LINE as usize) / self.stride.max(1) * self.stride;
        self.room = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.regions[0].is_empty()
    }

    /// Returns the bytes of the records so far.
    pub(crate) fn bytes(&self) -> u64 {
        [self.regions[0].len(), self.used[0], self.used[1]].map(|bytes| bytes as u64).iter().sum()
    }

    /// Turns the fast path off, so that every record is checked.
    pub(crate) fn stop(&mut self) {
        (self.room, self.stopped) = (0, true);
    }

    /// Adds records whose bytes in memory are the stored ones; returns false if they do not fit.
    #[inline]
    pub(crate) fn push_flat(&mut self, bytes: &[u8]) -> bool {
        let records = &mut self.regions[0];
        let fits = bytes.len() <= self.room.saturating_sub(records.len());
        if fits {
            records.extend_from_slice(bytes);
        }
        fits
    }

    /// Returns how many records without references still fit.
    pub(crate) fn flat_room(&self) -> usize {
        self.room.saturating_sub(self.regions[0].len()) / self.stride.max(1)
    }

    /// Adds a record in two passes.
    pub(crate) fn push(&mut self, value: &impl TwoPasses) -> Result<Pushed> {
        self.take_back();
        let [records, heap, text] = &mut self.regions;
        let before = [records.len(), self.used[0], self.used[1]];
        let mut measured = Measure::from(before[1], before[2]);
        value.first_pass(&mut measured);
        let (heap_end, text_end) = match measured.finish() {
            Err(error) if error.kind() == ErrorKind::TooLarge && before[0] > 0 => return Ok(Pushed::Full),
            measured => measured?,
        };
        let records_end = before[0] + self.stride;
        let bytes = block_bytes([records_end, heap_end, text_end]);
        if bytes > self.target as u64 {
            if before[0] > 0 {
                return Ok(Pushed::Full);
            }
            check_size(bytes)?;
        }
        records.resize(records_end, 0);
        make_room(heap, heap_end);
        make_room(text, text_end);
        self.before = Some(before);
        let (heap, text) = (&mut heap[before[1]..heap_end], &mut text[before[2]..text_end]);
        let mut sink = Sink::new(heap, before[1], text, before[2]);
        value.second_pass(&mut records[before[0]..], &mut sink);
        match sink.finish() {
            Ok(()) => {
                self.before = None;
                self.used = [heap_end, text_end];
                self.room = if self.stopped { 0 } else { self.most };
                Ok(Pushed::Done)
            }
            Err(error) => {
                self.take_back();
                Err(error)
            }
        }
    }

    /// Removes a record that was not completely encoded.
    fn take_back(&mut self) {
        if let Some(before) = self.before.take() {
            self.regions.iter_mut().zip(before).for_each(|(region, count)| region.truncate(count));
        }
    }

    /// Returns the size of the block so far in bytes.
    pub(crate) fn block_bytes(&self) -> u64 {
        block_bytes([self.regions[0].len(), self.used[0], self.used[1]])
    }

    /// Returns the records so far.
    pub(crate) fn records(&self) -> Result<At<'_>> {
        let [records, heap, text] = &self.regions;
        rows_at(records, &heap[..self.used[0]], &text[..self.used[1]])
    }

    /// Removes the records.
    pub(crate) fn clear(&mut self) {
        self.regions.iter_mut().for_each(Vec::clear);
        (self.used, self.room) = ([0; 2], 0);
    }

    /// Takes the records; `spare` are empty buffers to continue with. `None` if there are no records.
    pub(crate) fn take(&mut self, spare: PayloadParts) -> Option<StagedRows> {
        self.take_back();
        self.room = 0;
        if self.is_empty() {
            return None;
        }
        let count = self.regions[0].len() / self.stride.max(1);
        let mut regions = std::mem::replace(&mut self.regions, spare);
        let used = std::mem::take(&mut self.used);
        regions.iter_mut().skip(1).zip(used).for_each(|(region, used)| region.truncate(used));
        Some(StagedRows { regions, count, stride: self.stride })
    }
}

/// Returns the rows in these regions.
fn rows_at<'a>(records: &'a [u8], heap: &'a [u8], text: &'a [u8]) -> Result<At<'a>> {
    let text = std::str::from_utf8(text).map_err(|_| Error::new(ErrorKind::BadUtf8))?;
    Ok(At::new(records, heap, text))
}

/// Grows a region with zeros to at least `end` bytes, many at a time.
#[inline]
fn make_room(region: &mut Vec<u8>, end: usize) {
    if region.len() < end {
        region.resize(end + ROOM, 0);
    }
}

/// Returns the size in bytes of a block with regions of these lengths.
#[inline]
pub(crate) fn block_bytes(regions: [usize; 3]) -> u64 {
    regions.into_iter().fold(LINE, |sum, bytes| sum.saturating_add(line_up(bytes as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::BlockLayout;
    use crate::layout::rows::RowLayout;

    /// A value of which one string is measured, and another one encoded.
    struct Liar(usize, Option<&'static str>);

    impl TwoPasses for Liar {
        fn first_pass(&self, measure: &mut Measure) {
            measure.text(self.0);
        }

        fn second_pass(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
            sink.text(slot, self.1.expect("a value that panics"));
        }
    }

    #[test]
    fn a_sealed_block_has_its_regions_on_lines() {
        let mut stage = Stage::new(8, 4096);
        for text in ["one", "", "three"] {
            assert_eq!(stage.push(&text.to_string()).unwrap(), Pushed::Done);
        }
        let sealed = RowLayout.seal(stage.take(PayloadParts::default()).unwrap()).unwrap();
        assert_eq!(sealed.header.payload_bytes, 64 + 8);
        assert_eq!((sealed.header.count, sealed.header.stride, sealed.header.text), (3, 8, 64));
        assert_eq!(sealed.header.line_count, 3);
        let payload: Vec<u8> = sealed.parts.concat();
        assert_eq!(&payload[..24], &[0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(&payload[64..72], b"onethree");
        assert_eq!(sealed.header.payload_crc, crc32fast::hash(&payload[..72]));
        assert!(stage.is_empty() && stage.take(PayloadParts::default()).is_none());
    }

    #[test]
    fn a_block_is_full_before_it_is_larger_than_its_target_and_one_value_may_be_larger() {
        let mut stage = Stage::new(8, 256);
        assert_eq!(stage.push(&"x".repeat(128)).unwrap(), Pushed::Done);
        assert_eq!(stage.push(&"x".to_string()).unwrap(), Pushed::Full);
        stage.take(PayloadParts::default());
        assert_eq!(stage.push(&"x".repeat(1000)).unwrap(), Pushed::Done);
        assert_eq!(stage.push(&String::new()).unwrap(), Pushed::Full);
        let mut flat = Stage::new(48, 64 + 3 * 48);
        assert!(flat.flat_room() == 0 && !flat.push_flat(&[0; 48]), "the first one is noticed");
        let blank = |flat: &mut Stage| flat.push(&Liar(0, Some(""))).unwrap();
        assert_eq!((blank(&mut flat), flat.flat_room()), (Pushed::Done, 2));
        assert!(flat.push_flat(&[0; 96]) && !flat.push_flat(&[0; 48]));
        flat.stop();
        flat.take(PayloadParts::default());
        assert_eq!((blank(&mut flat), flat.push_flat(&[0; 48])), (Pushed::Done, false));
    }

    #[test]
    fn what_was_not_measured_is_taken_back() {
        let mut stage = Stage::new(8, 4096);
        stage.push(&"kept".to_string()).unwrap();
        let liar = stage.push(&Liar(3, Some("four")));
        assert_eq!(liar.unwrap_err().kind(), ErrorKind::CannotEncode);
        let panics = std::panic::AssertUnwindSafe(|| {
            let _ = stage.push(&Liar(3, None));
        });
        assert!(std::panic::catch_unwind(panics).is_err());
        let spoils = stage.push(&Liar(9, Some("spoiled")));
        assert_eq!(spoils.unwrap_err().kind(), ErrorKind::CannotEncode);
        stage.push(&"too".to_string()).unwrap();
        let sealed = RowLayout.seal(stage.take(PayloadParts::default()).unwrap()).unwrap();
        assert_eq!((sealed.header.count, sealed.header.payload_bytes), (2, 64 + 7));
        assert_eq!(sealed.parts[2][..12], *b"kepttoo\0\0\0\0\0");
    }
}
