//! Records with two strings, an option of a string, a list of strings and an enum, compared with the floor
//! and rkyv.

use crate::AnyResult;
use crate::compare::{self, Fields, Format, Record};
use crate::peers::Run;
use crate::peers::hydra::Access;
use crate::peers::raw::{Check, Floor, Raw};
use crate::peers::rkyv::Rkyv;
use crate::report::Table;
use hydra::Hydra;
use memmap2::Mmap;
use std::path::Path;

/// The severity of an event.
#[derive(Hydra, Clone, Copy, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[repr(u8)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// An event of a service.
#[derive(Hydra, Clone, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[hydra(view = EventView)]
pub struct Event {
    time: u64,
    host: String,
    message: String,
    user: Option<String>,
    tags: Vec<String>,
    micros: u32,
    severity: Severity,
}

/// The result of a scan: the time, an enum, and the length and first byte of each text.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Sums {
    time: u64,
    errors: u64,
    text: u64,
}

impl Sums {
    #[inline(always)]
    fn add<'a>(
        &mut self,
        time: u64,
        is_error: bool,
        message: &[u8],
        user: Option<&[u8]>,
        tags: impl Iterator<Item = &'a [u8]>,
    ) {
        self.time = self.time.wrapping_add(time);
        self.errors += u64::from(is_error);
        let user = user.map_or(0, text);
        self.text = tags.fold(self.text + text(message) + user, |sum, tag| sum + text(tag));
    }
}

/// Returns what a scan uses of a text: its length and its first byte.
#[inline(always)]
fn text(text: &[u8]) -> u64 {
    text.len() as u64 + u64::from(text.first().copied().unwrap_or_default())
}

const HOSTS: [&str; 5] = ["db-1.eu.example.org", "db-2.eu.example.org", "web-17", "edge-us-west-4", "batch"];
const TAGS: [&str; 6] = ["disk", "slow", "retried", "payments", "customer-visible", "ipv6"];

impl Record for Event {
    type Sums = Sums;

    fn make(index: u64) -> Event {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let number = (noise >> 20) as u32 % 1_000_000;
        let tags = TAGS.iter().cycle().skip((noise >> 40) as usize % 6).take((noise >> 29) as usize % 4);
        Event {
            time: 1_700_000_000_000_000_000 + index * 1000,
            host: HOSTS[(noise >> 33) as usize % 5].into(),
            message: match noise >> 62 {
                0 => format!("volume {number} degraded, rebuilding"),
                1 => format!("Zertifikat für Kunde {number} erneuert"),
                _ => format!("request {number} finished"),
            },
            user: (noise >> 60).is_multiple_of(3).then(|| format!("user-{}", number % 5000)),
            tags: tags.map(ToString::to_string).collect(),
            micros: number,
            severity: [Severity::Info, Severity::Warning, Severity::Error][(noise >> 50) as usize % 3],
        }
    }
}

/// Implements the fields of an event for each representation.
macro_rules! fields {
    ($($form:ty, |$event:ident| $time:expr, $is_error:expr, $message:expr, $user:expr, $tags:expr;)*) => {$(
        impl Fields<Sums> for $form {
            #[inline(always)]
            fn add(&self, sums: &mut Sums) {
                let $event = self;
                sums.add($time, $is_error, $message, $user, $tags);
            }

            #[inline(always)]
            fn stamp(&self) -> u64 {
                let $event = self;
                $time
            }

            #[inline(always)]
            fn look(&self) -> u64 {
                let $event = self;
                $time.wrapping_add(text($message))
            }
        }
    )*};
}
fields! {
    Event, |event| event.time, event.severity == Severity::Error, event.message.as_bytes(),
        event.user.as_ref().map(|user| user.as_bytes()), event.tags.iter().map(|tag| tag.as_bytes());
    EventView<'_>, |event| event.time(), event.severity() == Severity::Error, event.message().as_bytes(),
        event.user().map(|user| user.as_bytes()), event.tags().iter().map(|tag| tag.as_bytes());
    ArchivedEvent, |event| event.time.to_native(), matches!(event.severity, ArchivedSeverity::Error),
        event.message.as_bytes(), event.user.as_ref().map(|user| user.as_bytes()),
        event.tags.iter().map(|tag| tag.as_bytes());
    RawEvent<'_>, |event| event.fixed.time, event.fixed.severity == 2, part(event.text, event.fixed.message),
        (event.fixed.has_user == 1).then(|| part(event.text, event.fixed.user)),
        part(event.tags, event.fixed.tags).iter().map(|tag| part(event.text, *tag));
}

/// The fixed part of an event: each text or list is an offset and a length.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Fixed {
    time: u64,
    host: [u32; 2],
    message: [u32; 2],
    user: [u32; 2],
    tags: [u32; 2],
    micros: u32,
    severity: u8,
    has_user: u8,
    unused: u16,
}

/// An event in its three files.
#[derive(Clone, Copy)]
pub struct RawEvent<'a> {
    fixed: &'a Fixed,
    tags: &'a [[u32; 2]],
    text: &'a [u8],
}

#[inline(always)]
fn part<T>(all: &[T], [start, count]: [u32; 2]) -> &[T] {
    &all[start as usize..][..count as usize]
}

/// Appends text. Returns its offset and length.
#[inline]
fn push(run: &mut Run, text: &str) -> AnyResult<[u32; 2]> {
    let start = u32::try_from(run.count)?;
    run.push(text.as_bytes())?;
    Ok([start, text.len() as u32])
}

/// The three parts: fixed, tags, text.
fn parts(parts: &[Mmap]) -> AnyResult<(&[Fixed], &[[u32; 2]], &[u8])> {
    let [fixed, tags, text] = parts else { return Err("expected three parts".into()) };
    Ok((bytemuck::cast_slice(fixed), bytemuck::cast_slice(tags), text))
}

impl Floor for Event {
    const PARTS: usize = 3;
    type Seen<'a> = RawEvent<'a>;

    #[inline]
    fn put(&self, parts: &mut [Run]) -> AnyResult<()> {
        let [fixed, tags, text] = parts else { return Err("expected three parts".into()) };
        let first_tag = u32::try_from(tags.count / 8)?;
        let line = Fixed {
            time: self.time,
            host: push(text, &self.host)?,
            message: push(text, &self.message)?,
            user: self.user.as_ref().map_or(Ok([0; 2]), |user| push(text, user))?,
            tags: [first_tag, self.tags.len() as u32],
            micros: self.micros,
            severity: self.severity as u8,
            has_user: u8::from(self.user.is_some()),
            unused: 0,
        };
        for tag in &self.tags {
            let place = push(text, tag)?;
            tags.push(bytemuck::bytes_of(&place))?;
        }
        Ok(fixed.push(bytemuck::bytes_of(&line))?)
    }

    fn rows(files: &[Mmap]) -> AnyResult<impl Iterator<Item = RawEvent<'_>>> {
        let (fixed, tags, text) = parts(files)?;
        Ok(fixed.iter().map(move |fixed| RawEvent { fixed, tags, text }))
    }

    #[inline]
    fn row(files: &[Mmap], index: usize) -> AnyResult<RawEvent<'_>> {
        let (fixed, tags, text) = parts(files)?;
        Ok(RawEvent { fixed: &fixed[index], tags, text })
    }

    fn owned(RawEvent { fixed, tags, text }: RawEvent<'_>) -> AnyResult<Event> {
        let string = |place| AnyResult::Ok(std::str::from_utf8(part(text, place))?.to_string());
        let severities = [Severity::Info, Severity::Warning, Severity::Error];
        Ok(Event {
            time: fixed.time,
            host: string(fixed.host)?,
            message: string(fixed.message)?,
            user: (fixed.has_user == 1).then(|| string(fixed.user)).transpose()?,
            tags: part(tags, fixed.tags).iter().map(|tag| string(*tag)).collect::<AnyResult<_>>()?,
            micros: fixed.micros,
            severity: *severities.get(usize::from(fixed.severity)).ok_or("no such severity")?,
        })
    }

    fn check_text(files: &[Mmap], each: bool) -> AnyResult<()> {
        let (fixed, tags, text) = parts(files)?;
        if !each {
            std::str::from_utf8(text)?;
            return Ok(());
        }
        for fixed in fixed {
            std::str::from_utf8(part(text, fixed.host))?;
            std::str::from_utf8(part(text, fixed.message))?;
            std::str::from_utf8(part(text, fixed.user))?;
            for tag in part(tags, fixed.tags) {
                std::str::from_utf8(part(text, *tag))?;
            }
        }
        Ok(())
    }
}

/// Compares the floor, Hydra and rkyv with `count` events.
pub fn run(folder: &Path, count: usize, rounds: usize) -> AnyResult<Table> {
    let formats: [Box<dyn Format<Event>>; 8] = [
        Box::new(Raw(Check::Nothing)),
        Box::new(Raw(Check::Sums)),
        Box::new(Raw(Check::Text)),
        Box::new(Raw(Check::EachText)),
        Box::new(Access::Map),
        Box::new(Access::Buffers),
        Box::new(Rkyv(true)),
        Box::new(Rkyv(false)),
    ];
    compare::run(folder, &formats, count, rounds)
}
