//! Log lines with strings, an option and a list, in every format.

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
use arrow_array::builder::{ListBuilder, UInt32Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field};
use hydra::Hydra;
use memmap2::Mmap;
use rusqlite::{Row, Statement, params};
use std::ops::AddAssign;
use std::path::Path;
use std::sync::Arc;

/// A line of the log of a service.
#[derive(
    Hydra,
    Clone,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    bincode::Encode,
    bincode::Decode,
    bitcode::Encode,
    bitcode::Decode,
    serde::Serialize,
)]
#[hydra(view = LogView)]
pub struct Log {
    pub time: u64,
    pub service: String,
    pub message: String,
    pub spans: Vec<u32>,
    pub user: Option<u32>,
    pub micros: u32,
    pub status: u16,
    pub level: u8,
}

/// The result of a scan: two numbers, the option, the length and first byte of the message, the
/// elements of the list.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Sums {
    time: u64,
    status: u64,
    user: u64,
    text: u64,
    spans: u64,
}

impl Sums {
    #[inline(always)]
    fn add(
        &mut self,
        time: u64,
        status: u16,
        user: Option<u32>,
        message: &[u8],
        spans: impl Iterator<Item = u32>,
    ) {
        self.time = self.time.wrapping_add(time);
        self.status = self.status.wrapping_add(u64::from(status));
        self.user = self.user.wrapping_add(user.map_or(0, u64::from));
        self.text = self.text.wrapping_add(text(message));
        self.spans = spans.fold(self.spans, |sum, span| sum.wrapping_add(u64::from(span)));
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, more: Sums) {
        self.time = self.time.wrapping_add(more.time);
        self.status = self.status.wrapping_add(more.status);
        self.user = self.user.wrapping_add(more.user);
        self.text = self.text.wrapping_add(more.text);
        self.spans = self.spans.wrapping_add(more.spans);
    }
}

/// Returns what a scan uses of a text: its length and its first byte.
#[inline(always)]
fn text(message: &[u8]) -> u64 {
    message.len() as u64 + u64::from(message.first().copied().unwrap_or_default())
}

const SERVICES: [&str; 8] =
    ["checkout", "search", "payments-eu", "cart", "identity-provider", "mail", "inventory", "recommender"];

impl Record for Log {
    type Sums = Sums;

    fn make(index: u64) -> Log {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (order, took) = ((noise >> 20) as u32 % 1_000_000, (noise >> 44) as u32 % 5_000);
        let message = match noise >> 60 {
            0 => format!("Bestellung {order} überfällig seit {took} s"),
            1 | 2 => format!("cache miss for key user:{order}"),
            3 => format!("retry 2 of 5 after {took} ms: connection reset by peer"),
            _ => format!("GET /api/v1/orders/{order} took {took} ms"),
        };
        Log {
            time: 1_700_000_000_000_000_000 + index * 1000,
            service: SERVICES[(noise >> 33) as usize % 8].into(),
            message,
            spans: (0..(noise >> 29) as u32 % 5).map(|span| order.wrapping_mul(span + 1)).collect(),
            user: (!(noise >> 50).is_multiple_of(4)).then_some((noise >> 32) as u32),
            micros: took * 1000,
            status: if noise >> 58 == 0 { 500 } else { 200 },
            level: (noise >> 57) as u8 % 5,
        }
    }
}

/// Implements the fields of a log line for each representation.
macro_rules! fields {
    ($($form:ty, |$log:ident| $time:expr, $status:expr, $user:expr, $message:expr, $spans:expr;)*) => {$(
        impl Fields<Sums> for $form {
            #[inline(always)]
            fn add(&self, sums: &mut Sums) {
                let $log = self;
                sums.add($time, $status, $user, $message, $spans);
            }

            #[inline(always)]
            fn stamp(&self) -> u64 {
                let $log = self;
                $time
            }

            #[inline(always)]
            fn look(&self) -> u64 {
                let $log = self;
                $time.wrapping_add(text($message))
            }
        }
    )*};
}
fields! {
    Log, |log| log.time, log.status, log.user, log.message.as_bytes(), log.spans.iter().copied();
    LogView<'_>, |log| log.time(), log.status(), log.user(), log.message().as_bytes(), log.spans().iter().copied();
    ArchivedLog, |log| log.time.to_native(), log.status.to_native(), log.user.as_ref().map(|user| user.to_native()),
        log.message.as_bytes(), log.spans.iter().map(|span| span.to_native());
    RawLog<'_>, |log| log.fixed.time, log.fixed.status, (log.fixed.has_user == 1).then_some(log.fixed.user),
        part(log.text, log.fixed.message), part(log.spans, log.fixed.spans).iter().copied();
    AvroLog<'_>, |log| integer(log.value(0)) as u64, integer(log.value(6)) as u16, log.user(),
        log.message(), log.spans();
}

/// The fixed part of a log line: each text or list is an offset and a length.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Fixed {
    time: u64,
    service: [u32; 2],
    message: [u32; 2],
    spans: [u32; 2],
    user: u32,
    micros: u32,
    status: u16,
    level: u8,
    has_user: u8,
    unused: u32,
}

/// A log line in its three files.
#[derive(Clone, Copy)]
pub struct RawLog<'a> {
    fixed: &'a Fixed,
    spans: &'a [u32],
    text: &'a [u8],
}

#[inline(always)]
fn part<T>(all: &[T], [start, count]: [u32; 2]) -> &[T] {
    &all[start as usize..][..count as usize]
}

/// Appends to a part. Returns the offset and the length.
#[inline]
fn push<T: bytemuck::NoUninit>(run: &mut Run, items: &[T]) -> AnyResult<[u32; 2]> {
    let start = run.count / size_of::<T>() as u64;
    run.push(bytemuck::cast_slice(items))?;
    Ok([u32::try_from(start)?, items.len() as u32])
}

/// The three parts: fixed, spans, text.
fn parts(parts: &[Mmap]) -> AnyResult<(&[Fixed], &[u32], &[u8])> {
    let [fixed, spans, text] = parts else { return Err("expected three parts".into()) };
    Ok((bytemuck::cast_slice(fixed), bytemuck::cast_slice(spans), text))
}

impl Floor for Log {
    const PARTS: usize = 3;
    type Seen<'a> = RawLog<'a>;

    #[inline]
    fn put(&self, parts: &mut [Run]) -> AnyResult<()> {
        let [fixed, spans, text] = parts else { return Err("expected three parts".into()) };
        let line = Fixed {
            time: self.time,
            service: push(text, self.service.as_bytes())?,
            message: push(text, self.message.as_bytes())?,
            spans: push(spans, &self.spans)?,
            user: self.user.unwrap_or_default(),
            micros: self.micros,
            status: self.status,
            level: self.level,
            has_user: u8::from(self.user.is_some()),
            unused: 0,
        };
        Ok(fixed.push(bytemuck::bytes_of(&line))?)
    }

    fn rows(files: &[Mmap]) -> AnyResult<impl Iterator<Item = RawLog<'_>>> {
        let (fixed, spans, text) = parts(files)?;
        Ok(fixed.iter().map(move |fixed| RawLog { fixed, spans, text }))
    }

    #[inline]
    fn row(files: &[Mmap], index: usize) -> AnyResult<RawLog<'_>> {
        let (fixed, spans, text) = parts(files)?;
        Ok(RawLog { fixed: &fixed[index], spans, text })
    }

    fn owned(RawLog { fixed, spans, text }: RawLog<'_>) -> AnyResult<Log> {
        Ok(Log {
            time: fixed.time,
            service: std::str::from_utf8(part(text, fixed.service))?.into(),
            message: std::str::from_utf8(part(text, fixed.message))?.into(),
            spans: part(spans, fixed.spans).into(),
            user: (fixed.has_user == 1).then_some(fixed.user),
            micros: fixed.micros,
            status: fixed.status,
            level: fixed.level,
        })
    }

    fn check_text(files: &[Mmap], each: bool) -> AnyResult<()> {
        let (fixed, _, text) = parts(files)?;
        if !each {
            std::str::from_utf8(text)?;
            return Ok(());
        }
        fixed.iter().try_for_each(|fixed| {
            std::str::from_utf8(part(text, fixed.service))?;
            std::str::from_utf8(part(text, fixed.message))?;
            Ok(())
        })
    }
}

impl Arrays for Log {
    fn fields() -> Vec<Field> {
        use DataType::{UInt8, UInt16, UInt32, UInt64, Utf8};
        vec![
            Field::new("time", UInt64, false),
            Field::new("service", Utf8, false),
            Field::new("message", Utf8, false),
            Field::new("spans", DataType::List(Arc::new(Field::new_list_field(UInt32, false))), false),
            Field::new("user", UInt32, true),
            Field::new("micros", UInt32, false),
            Field::new("status", UInt16, false),
            Field::new("level", UInt8, false),
        ]
    }

    fn arrays(logs: &[Log]) -> Vec<ArrayRef> {
        let mut spans =
            ListBuilder::new(UInt32Builder::new()).with_field(Field::new_list_field(DataType::UInt32, false));
        for log in logs {
            spans.values().append_slice(&log.spans);
            spans.append(true);
        }
        vec![
            Arc::new(UInt64Array::from_iter_values(logs.iter().map(|log| log.time))),
            Arc::new(StringArray::from_iter_values(logs.iter().map(|log| &log.service))),
            Arc::new(StringArray::from_iter_values(logs.iter().map(|log| &log.message))),
            Arc::new(spans.finish()),
            Arc::new(UInt32Array::from_iter(logs.iter().map(|log| log.user))),
            Arc::new(UInt32Array::from_iter_values(logs.iter().map(|log| log.micros))),
            Arc::new(UInt16Array::from_iter_values(logs.iter().map(|log| log.status))),
            Arc::new(UInt8Array::from_iter_values(logs.iter().map(|log| log.level))),
        ]
    }
}

impl Columns for Log {
    const SCAN: &'static [usize] = &[0, 2, 3, 4, 6];
    const LOOK: &'static [usize] = &[0, 2];

    fn add(batch: &RecordBatch, sums: &mut Sums) {
        let times = batch.column(0).as_primitive::<UInt64Type>().values();
        let messages = batch.column(1).as_string::<i32>();
        let spans = batch.column(2).as_list::<i32>();
        let span = spans.values().as_primitive::<UInt32Type>().values();
        let users = batch.column(3).as_primitive::<UInt32Type>();
        let statuses = batch.column(4).as_primitive::<UInt16Type>().values();
        let ends = spans.value_offsets().windows(2);
        for ((((time, message), ends), user), status) in
            times.iter().zip(messages.iter()).zip(ends).zip(users).zip(statuses)
        {
            let spans = &span[ends[0] as usize..ends[1] as usize];
            sums.add(*time, *status, user, message.unwrap_or_default().as_bytes(), spans.iter().copied());
        }
    }

    fn look(batch: &RecordBatch, row: usize) -> u64 {
        let time = batch.column(0).as_primitive::<UInt64Type>().values()[row];
        time.wrapping_add(text(batch.column(1).as_string::<i32>().value(row).as_bytes()))
    }
}

/// A log line as Avro values.
pub struct AvroLog<'a>(&'a [(String, Value)]);

impl<'a> From<&'a [(String, Value)]> for AvroLog<'a> {
    fn from(values: &'a [(String, Value)]) -> Self {
        AvroLog(values)
    }
}

impl AvroLog<'_> {
    fn value(&self, index: usize) -> &Value {
        &self.0[index].1
    }

    fn message(&self) -> &[u8] {
        if let Value::String(message) = self.value(2) { message.as_bytes() } else { &[] }
    }

    fn spans(&self) -> impl Iterator<Item = u32> {
        let spans = if let Value::Array(spans) = self.value(3) { spans } else { &[][..] };
        spans.iter().map(|span| integer(span) as u32)
    }

    fn user(&self) -> Option<u32> {
        let Value::Union(_, user) = self.value(4) else { return None };
        (**user != Value::Null).then(|| integer(user) as u32)
    }
}

impl Avros for Log {
    const SCHEMA: &'static str = r#"{"type": "record", "name": "Log", "fields": [
        {"name": "time", "type": "long"}, {"name": "service", "type": "string"}, {"name": "message", "type": "string"},
        {"name": "spans", "type": {"type": "array", "items": "long"}}, {"name": "user", "type": ["null", "long"]},
        {"name": "micros", "type": "long"}, {"name": "status", "type": "int"}, {"name": "level", "type": "int"}]}"#;
    type Seen<'a> = AvroLog<'a>;
}

impl Stored for Log {
    const COLUMNS: &'static str = "time integer, service text, message text, spans blob, user integer, \
                                   micros integer, status integer, level integer";
    const SCAN: &'static str = "time, status, user, message, spans";
    const LOOK: &'static str = "time, message";

    fn insert(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        let spans: &[u8] = bytemuck::cast_slice(&self.spans);
        let time = self.time.cast_signed();
        statement
            .execute(params![
                time,
                self.service,
                self.message,
                spans,
                self.user,
                self.micros,
                self.status,
                self.level
            ])
            .map(drop)
    }

    fn add(row: &Row<'_>, sums: &mut Sums) -> rusqlite::Result<()> {
        let message = row.get_ref(3)?.as_str()?;
        let spans = row.get_ref(4)?.as_blob()?.as_chunks::<4>().0.iter();
        let spans = spans.map(|span| u32::from_le_bytes(*span));
        sums.add(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?, message.as_bytes(), spans);
        Ok(())
    }

    fn look(row: &Row<'_>) -> rusqlite::Result<u64> {
        let time = row.get::<_, i64>(0)?.cast_unsigned();
        Ok(time.wrapping_add(text(row.get_ref(1)?.as_str()?.as_bytes())))
    }
}

/// Compares all formats with `count` log lines.
pub fn run(folder: &Path, count: usize, rounds: usize) -> AnyResult<Table> {
    let formats: [Box<dyn Format<Log>>; 17] = [
        Box::new(Raw(Check::Nothing)),
        Box::new(Raw(Check::Sums)),
        Box::new(Raw(Check::Text)),
        Box::new(Raw(Check::EachText)),
        Box::new(Access::Map),
        Box::new(Access::Buffers),
        Box::new(Rkyv(true)),
        Box::new(Rkyv(false)),
        Box::new(Ipc(true)),
        Box::new(Ipc(false)),
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
