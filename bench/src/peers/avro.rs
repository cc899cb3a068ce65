//! Avro, without compression: written by serde, read as its values.
#![forbid(unsafe_code)]

use super::Run;
use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Record, Sync};
use apache_avro::types::Value;
use apache_avro::{Codec, Reader, Schema, Writer};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Records with an Avro schema.
pub trait Avros: Record + serde::Serialize {
    const SCHEMA: &'static str;

    /// Returns a record as values, by position.
    type Seen<'a>: Fields<Self::Sums> + From<&'a [(String, Value)]>;
}

pub struct Avro;

struct Open(PathBuf);

impl Open {
    /// Visits records until `visit` returns false.
    fn each<R: Avros>(&self, mut visit: impl FnMut(R::Seen<'_>) -> bool) -> AnyResult<()> {
        for value in Reader::new(BufReader::with_capacity(super::RUN, File::open(&self.0)?))? {
            let Value::Record(fields) = value? else { return Err("not a record".into()) };
            if !visit(R::Seen::from(&fields)) {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Avros> Format<R> for Avro {
    fn name(&self) -> String {
        "Avro".into()
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let schema = Schema::parse_str(R::SCHEMA)?;
        let mut out = Writer::with_codec(&schema, Run::create(path)?, Codec::Null);
        for record in records {
            out.append_ser(record)?;
        }
        out.into_inner()?.finish()
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Open(path.into())))
    }
}

impl<R: Avros> Opened<R> for Open {
    fn scan(&mut self) -> AnyResult<R::Sums> {
        let mut sums = R::Sums::default();
        self.each::<R>(|record| {
            record.add(&mut sums);
            true
        })?;
        Ok(sums)
    }

    fn one(&mut self) -> AnyResult<u64> {
        let mut sum = 0u64;
        self.each::<R>(|record| {
            sum = sum.wrapping_add(record.stamp());
            true
        })?;
        Ok(sum)
    }

    fn first(&mut self) -> AnyResult<u64> {
        let mut first = None;
        self.each::<R>(|record| {
            first = Some(record.look());
            false
        })?;
        Ok(first.ok_or("no record")?)
    }
}

/// Returns a number of any kind.
pub fn integer(value: &Value) -> i64 {
    match value {
        Value::Int(value) => i64::from(*value),
        Value::Long(value) => *value,
        _ => 0,
    }
}
