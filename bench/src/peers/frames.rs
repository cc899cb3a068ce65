//! bincode and bitcode: frames of 4,096 records, each decoded completely to owned values.
#![forbid(unsafe_code)]

use super::{Run, frame, map, put_frame};
use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Record, Sync, scan, times};
use memmap2::Mmap;
use std::path::Path;

/// The number of records in a frame.
const FRAME: usize = 4096;

/// The configuration: integers have fixed width, as in memory.
pub const FIXED: bincode::config::Configuration<bincode::config::LittleEndian, bincode::config::Fixint> =
    bincode::config::standard().with_fixed_int_encoding();

/// Encodes and decodes a frame.
#[derive(Clone, Copy)]
pub enum Frames {
    Bincode,
    Bitcode,
}

struct Open(Frames, Mmap);

/// Records for both formats.
pub trait Coded:
    Record + bincode::Encode + bincode::Decode<()> + bitcode::Encode + bitcode::DecodeOwned
{
}

impl<R> Coded for R where
    R: Record + bincode::Encode + bincode::Decode<()> + bitcode::Encode + bitcode::DecodeOwned
{
}

impl Open {
    fn frames<R: Coded>(&self) -> impl Iterator<Item = AnyResult<Vec<R>>> {
        let (mut rest, codec) = (&self.1[..], self.0);
        std::iter::from_fn(move || {
            let (bytes, after) = frame(rest)?;
            rest = after;
            Some(match codec {
                Frames::Bincode => {
                    bincode::decode_from_slice(bytes, FIXED).map(|done| done.0).map_err(Into::into)
                }
                Frames::Bitcode => bitcode::decode(bytes).map_err(Into::into),
            })
        })
    }
}

impl<R: Coded> Format<R> for Frames
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn name(&self) -> String {
        match self {
            Frames::Bincode => "bincode",
            Frames::Bitcode => "bitcode",
        }
        .into()
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let mut out = Run::create(path)?;
        let (mut buffer, mut coder) = (Vec::new(), bitcode::Buffer::new());
        for records in records.chunks(FRAME) {
            match self {
                Frames::Bincode => {
                    buffer.clear();
                    bincode::encode_into_std_write(records, &mut buffer, FIXED)?;
                    put_frame(&mut out, &buffer)?;
                }
                Frames::Bitcode => put_frame(&mut out, coder.encode(records))?,
            }
        }
        out.finish()
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Open(*self, map(path)?)))
    }
}

impl<R: Coded> Opened<R> for Open
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn scan(&mut self) -> AnyResult<R::Sums> {
        self.frames::<R>().try_fold(R::Sums::default(), |sums, frame| Ok(scan(&frame?, sums)))
    }

    fn one(&mut self) -> AnyResult<u64> {
        self.frames::<R>().try_fold(0, |sum: u64, frame| Ok(sum.wrapping_add(times(&frame?))))
    }

    fn first(&mut self) -> AnyResult<u64> {
        let frame = self.frames::<R>().next().ok_or("no frame")??;
        Ok(frame.first().map_or(0, |record| record.look()))
    }
}
