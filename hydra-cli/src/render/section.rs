//! The sections of a dump: bytes with a title and remarks, and the fields of structures with the results of
//! their checksums.

use super::dump::{DumpPart, DumpRegion, cut, draw, little};
use crate::console::Console;
use crate::failure::Result;
use crate::text::{TextStyle, count, escape};
use hydra::file::FieldLayout;
use serde_json::{Value, json};
use std::io::Write;

/// A part of the output: bytes with a title and remarks.
#[derive(Default)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// A line about the whole part, and whether the part is undamaged.
    pub(crate) fact: Option<(String, bool)>,
    pub(crate) regions: Vec<DumpRegion>,
    /// Lines below the bytes.
    pub(crate) remarks: Vec<String>,
}

impl Section {
    pub(crate) fn draw(&self, console: &mut Console) -> Result<()> {
        console.line(TextStyle::Bold, &escape::line(&self.title))?;
        if let Some((fact, good)) = &self.fact {
            console.line(if *good { TextStyle::Dim } else { TextStyle::Bad }, fact)?;
        }
        for region in &self.regions {
            let text = draw(region, console.width, console.color);
            writeln!(console, "{text}")?;
        }
        if self.regions.is_empty() {
            writeln!(console)?;
        }
        Ok(self.remarks.iter().try_for_each(|remark| writeln!(console, "{remark}"))?)
    }

    pub(crate) fn json(&self) -> Value {
        let fact = self.fact.as_ref().map(|(fact, _)| fact);
        let regions: Vec<Value> = self.regions.iter().map(DumpRegion::json).collect();
        let remarks: Vec<&str> = self.remarks.iter().map(|remark| remark.trim()).collect();
        json!({ "title": self.title, "fact": fact, "regions": regions, "remarks": remarks })
    }
}

/// Returns the parts of a structure on disk; `tell` returns the text of a value by the name of its field.
pub(crate) fn named_parts(
    fields: &[FieldLayout],
    at: u64,
    bytes: &[u8],
    tell: &dyn Fn(&str, &[u8]) -> Option<String>,
) -> Vec<DumpPart> {
    let part = |&FieldLayout { name, offset, size: len, .. }: &FieldLayout| {
        let own = cut(bytes, offset, len);
        let zero = name.starts_with("ZERO");
        let value = match tell(name, own) {
            Some(value) => value,
            None if zero => "✗ not zero".into(),
            None if own.len() > 8 => String::new(),
            None => count(little(own) as u64),
        };
        let name = match zero {
            true if own.iter().all(|&byte| byte == 0) => String::new(),
            true => "zero".into(),
            false => name.to_lowercase(),
        };
        let ty = if len <= 8 { format!("u{}", 8 * len) } else { format!("{len} bytes") };
        DumpPart {
            at: at + offset as u64,
            len: len as u64,
            name: name.replace('_', " "),
            ty,
            value,
            told: true,
        }
    };
    fields.iter().map(part).collect()
}

pub(crate) fn verdict(good: bool, wrong: impl std::fmt::Display) -> String {
    if good { "✓".into() } else { format!("✗ {wrong}") }
}

/// Returns the text of a stored checksum and the result of comparing it with the checksum of these bytes.
pub(crate) fn checksum(stored: u64, bytes: &[u8]) -> String {
    let computed = u64::from(crc32fast::hash(bytes));
    format!("{stored:#010x} {}", verdict(stored == computed, format!("computed {computed:#010x}")))
}
