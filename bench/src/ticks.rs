//! Plain records of 48 bytes, in every format.

use crate::AnyResult;
use crate::compare::{self, Fields, Format, Record};
use crate::peers::Run;
use crate::peers::avro::{Avro, Avros, integer};
use crate::peers::columns::{Arrays, Columns, Ipc, Parquet};
use crate::peers::frames::Frames;
use crate::peers::hydra::Access;
use crate::peers::mcap::Mcap;
use crate::peers::raw::{Check, Floor, Raw};
use crate::peers::rkyv::Rkyv;
use crate::peers::sqlite::{Sqlite, Stored};
use crate::report::Table;
use apache_avro::types::Value;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field};
use hydra::Hydra;
use memmap2::Mmap;
use rusqlite::{Row, Statement, params};
use std::ops::AddAssign;
use std::path::Path;
use std::sync::Arc;

/// A trade as a market-data recorder stores it.
#[derive(
    Hydra,
    Clone,
    Copy,
    bytemuck::Pod,
    bytemuck::Zeroable,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    bincode::Encode,
    bincode::Decode,
    bitcode::Encode,
    bitcode::Decode,
    serde::Serialize,
)]
#[repr(C)]
#[hydra(plain, view = TickView)]
pub struct Tick {
    pub time: u64,
    pub price: f64,
    pub size: f64,
    #[serde(serialize_with = "signed")]
    pub order: u64,
    pub account: u64,
    pub venue: u32,
    pub flags: u32,
}

/// Avro has no unsigned 64-bit numbers.
fn signed<S: serde::Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(value.cast_signed())
}

/// The result of a scan: three fields.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Sums {
    time: u64,
    price: f64,
    venue: u64,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, time: u64, price: f64, venue: u32) {
        self.time = self.time.wrapping_add(time);
        self.price += price;
        self.venue = self.venue.wrapping_add(u64::from(venue));
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, more: Sums) {
        self.time = self.time.wrapping_add(more.time);
        self.price += more.price;
        self.venue = self.venue.wrapping_add(more.venue);
    }
}

impl Record for Tick {
    type Sums = Sums;

    #[inline]
    fn make(index: u64) -> Tick {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Tick {
            time: 1_700_000_000_000_000_000 + index * 1000,
            price: 100.0 + (noise >> 40) as f64 / 1024.0,
            size: (noise & 0xff) as f64,
            order: noise,
            account: noise >> 48,
            venue: (noise >> 32) as u32 & 7,
            flags: 0,
        }
    }
}

/// Implements the fields of a tick for each representation.
macro_rules! fields {
    ($($form:ty, |$tick:ident| $time:expr, $price:expr, $venue:expr;)*) => {$(
        impl Fields<Sums> for $form {
            #[inline(always)]
            fn add(&self, sums: &mut Sums) {
                let $tick = self;
                sums.add($time, $price, $venue);
            }

            #[inline(always)]
            fn stamp(&self) -> u64 {
                let $tick = self;
                $time
            }

            #[inline(always)]
            fn look(&self) -> u64 {
                let $tick = self;
                $price.to_bits()
            }
        }
    )*};
}
fields! {
    Tick, |tick| tick.time, tick.price, tick.venue;
    TickView<'_>, |tick| tick.time(), tick.price(), tick.venue();
    ArchivedTick, |tick| tick.time.to_native(), tick.price.to_native(), tick.venue.to_native();
    AvroTick<'_>, |tick| integer(tick.value(0)) as u64, tick.price(), integer(tick.value(5)) as u32;
}

impl Floor for Tick {
    const PARTS: usize = 1;
    type Seen<'a> = &'a Tick;

    #[inline]
    fn put(&self, parts: &mut [Run]) -> AnyResult<()> {
        parts.iter_mut().try_for_each(|part| Ok(part.push(bytemuck::bytes_of(self))?))
    }

    fn rows(parts: &[Mmap]) -> AnyResult<impl Iterator<Item = &Tick>> {
        Ok(bytemuck::cast_slice::<u8, Tick>(&parts[0]).iter())
    }

    #[inline]
    fn row(parts: &[Mmap], index: usize) -> AnyResult<&Tick> {
        Ok(&bytemuck::cast_slice::<u8, Tick>(&parts[0])[index])
    }

    fn owned(seen: &Tick) -> AnyResult<Tick> {
        Ok(*seen)
    }
}

impl Arrays for Tick {
    fn fields() -> Vec<Field> {
        use DataType::{Float64, UInt32, UInt64};
        let fields = [("time", UInt64), ("price", Float64), ("size", Float64), ("order", UInt64)];
        let more = [("account", UInt64), ("venue", UInt32), ("flags", UInt32)];
        fields.into_iter().chain(more).map(|(name, ty)| Field::new(name, ty, false)).collect()
    }

    fn arrays(ticks: &[Tick]) -> Vec<ArrayRef> {
        let wide = |of: fn(&Tick) -> u64| Arc::new(UInt64Array::from_iter_values(ticks.iter().map(of)));
        let number = |of: fn(&Tick) -> f64| Arc::new(Float64Array::from_iter_values(ticks.iter().map(of)));
        let short = |of: fn(&Tick) -> u32| Arc::new(UInt32Array::from_iter_values(ticks.iter().map(of)));
        vec![
            wide(|tick| tick.time),
            number(|tick| tick.price),
            number(|tick| tick.size),
            wide(|tick| tick.order),
            wide(|tick| tick.account),
            short(|tick| tick.venue),
            short(|tick| tick.flags),
        ]
    }
}

impl Columns for Tick {
    const SCAN: &'static [usize] = &[0, 1, 5];
    const LOOK: &'static [usize] = &[1];

    fn add(batch: &RecordBatch, sums: &mut Sums) {
        let times = batch.column(0).as_primitive::<UInt64Type>().values();
        let prices = batch.column(1).as_primitive::<Float64Type>().values();
        let venues = batch.column(2).as_primitive::<UInt32Type>().values();
        for ((time, price), venue) in times.iter().zip(prices).zip(venues) {
            sums.add(*time, *price, *venue);
        }
    }

    fn look(batch: &RecordBatch, row: usize) -> u64 {
        batch.column(0).as_primitive::<Float64Type>().values()[row].to_bits()
    }
}

/// A tick as Avro values.
pub struct AvroTick<'a>(&'a [(String, Value)]);

impl<'a> From<&'a [(String, Value)]> for AvroTick<'a> {
    fn from(values: &'a [(String, Value)]) -> Self {
        AvroTick(values)
    }
}

impl AvroTick<'_> {
    fn value(&self, index: usize) -> &Value {
        &self.0[index].1
    }

    fn price(&self) -> f64 {
        if let Value::Double(price) = self.value(1) { *price } else { 0.0 }
    }
}

impl Avros for Tick {
    const SCHEMA: &'static str = r#"{"type": "record", "name": "Tick", "fields": [
        {"name": "time", "type": "long"}, {"name": "price", "type": "double"}, {"name": "size", "type": "double"},
        {"name": "order", "type": "long"}, {"name": "account", "type": "long"}, {"name": "venue", "type": "long"},
        {"name": "flags", "type": "long"}]}"#;
    type Seen<'a> = AvroTick<'a>;
}

impl Stored for Tick {
    const COLUMNS: &'static str = "time integer, price real, size real, \"order\" integer, account integer, \
                                   venue integer, flags integer";
    const SCAN: &'static str = "time, price, venue";
    const LOOK: &'static str = "price";

    fn insert(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        let (time, order) = (self.time.cast_signed(), self.order.cast_signed());
        let account = self.account.cast_signed();
        let values = params![time, self.price, self.size, order, account, self.venue, self.flags];
        statement.execute(values).map(drop)
    }

    fn add(row: &Row<'_>, sums: &mut Sums) -> rusqlite::Result<()> {
        sums.add(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?);
        Ok(())
    }

    fn look(row: &Row<'_>) -> rusqlite::Result<u64> {
        Ok(row.get::<_, f64>(0)?.to_bits())
    }
}

/// Compares all formats with `count` ticks.
pub fn run(folder: &Path, count: usize, rounds: usize) -> AnyResult<Table> {
    let formats: [Box<dyn Format<Tick>>; 14] = [
        Box::new(Raw(Check::Nothing)),
        Box::new(Raw(Check::Sums)),
        Box::new(Access::Map),
        Box::new(Access::Buffers),
        Box::new(Rkyv(true)),
        Box::new(Rkyv(false)),
        Box::new(Ipc(true)),
        Box::new(Parquet(false)),
        Box::new(Parquet(true)),
        Box::new(Frames::Bincode),
        Box::new(Frames::Bitcode),
        Box::new(Mcap),
        Box::new(Avro),
        Box::new(Sqlite),
    ];
    compare::run(folder, &formats, count, rounds)
}
