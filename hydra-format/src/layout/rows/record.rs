//! One record as bytes of its own, outside of any payload.

use super::reflect::Reflect;
use super::{At, Measure, Sink};
use crate::memory::AlignedBuf;
use crate::{Error, ErrorKind, Result};

/// The record, what it refers to, and its text.
pub(crate) struct EncodedRecord {
    record: AlignedBuf,
    heap: AlignedBuf,
    text: String,
}

impl EncodedRecord {
    /// What two passes write: a record of `size` bytes.
    pub(crate) fn new(
        size: usize,
        measure: impl FnOnce(&mut Measure),
        encode: impl FnOnce(&mut [u8], &mut Sink<'_>),
    ) -> Result<EncodedRecord> {
        let mut measured = Measure::default();
        measure(&mut measured);
        let (heap_bytes, text_bytes) = measured.finish()?;
        let mut record = AlignedBuf::zeroed(size);
        let mut heap = AlignedBuf::zeroed(heap_bytes);
        let mut text = vec![0; text_bytes];
        let mut sink = Sink::new(&mut heap, 0, &mut text, 0);
        encode(&mut record, &mut sink);
        sink.finish()?;
        // A sink takes whole strings only: what it filled is UTF-8.
        let text = String::from_utf8(text).map_err(|_| Error::new(ErrorKind::BadUtf8))?;
        Ok(EncodedRecord { record, heap, text })
    }

    /// A live value as its own type stores it.
    pub(crate) fn of(value: &dyn Reflect) -> Result<EncodedRecord> {
        let size = value.descriptor().size();
        EncodedRecord::new(size, |measure| value.measure(measure), |slot, sink| value.encode(slot, sink))
    }

    pub(crate) fn at(&self) -> At<'_> {
        At::new(&self.record, &self.heap, &self.text)
    }
}
