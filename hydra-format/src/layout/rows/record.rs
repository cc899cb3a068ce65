//! One record as bytes of its own, outside of a payload.

use super::reflect::Reflect;
use super::{At, Measure, Sink};
use crate::memory::AlignedBuf;
use crate::{Error, ErrorKind, Result};

/// A value that is encoded in two passes: of a type of the program, or as data.
pub(crate) trait TwoPasses {
    /// Measures the heap and text that the value needs.
    fn first_pass(&self, measure: &mut Measure);
    /// Writes the value into `slot`, zeroed bytes of the size of its type, and what it refers to into the
    /// sink.
    fn second_pass(&self, slot: &mut [u8], sink: &mut Sink<'_>);
}

impl<T: Reflect + ?Sized> TwoPasses for T {
    fn first_pass(&self, measure: &mut Measure) {
        self.measure(measure);
    }

    fn second_pass(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
        self.encode(slot, sink);
    }
}

/// An encoded record with its heap and text.
pub(crate) struct EncodedRecord {
    record: AlignedBuf,
    heap: AlignedBuf,
    text: String,
}

impl EncodedRecord {
    /// Encodes a record of `size` bytes.
    pub(crate) fn new(size: usize, value: &(impl TwoPasses + ?Sized)) -> Result<EncodedRecord> {
        let mut measured = Measure::default();
        value.first_pass(&mut measured);
        let (heap_bytes, text_bytes) = measured.finish()?;
        let mut record = AlignedBuf::zeroed(size);
        let mut heap = AlignedBuf::zeroed(heap_bytes);
        let mut text = vec![0; text_bytes];
        let mut sink = Sink::new(&mut heap, 0, &mut text, 0);
        value.second_pass(&mut record, &mut sink);
        sink.finish()?;
        // A sink accepts whole strings only, so its text is UTF-8.
        let text = String::from_utf8(text).map_err(|_| Error::new(ErrorKind::BadUtf8))?;
        Ok(EncodedRecord { record, heap, text })
    }

    /// Encodes a live value as its own type stores it.
    pub(crate) fn of(value: &dyn Reflect) -> Result<EncodedRecord> {
        EncodedRecord::new(value.descriptor().size(), value)
    }

    pub(crate) fn at(&self) -> At<'_> {
        At::new(&self.record, &self.heap, &self.text)
    }
}
