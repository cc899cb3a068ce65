//! Encodes and decodes the notes of a schema (FORMAT.md, section 6.4). Notes never affect how bytes are read.

use super::wire::{WireReader, bad, prefixed, put_str, require};
use super::{AttrValue, DefaultImage, Descriptor, Note};
use crate::Result;
use std::borrow::Cow;

const DOC: u8 = 1;
const ALIAS: u8 = 2;
const DEFAULT: u8 = 3;
const ATTRIBUTE: u8 = 4;
const DEPRECATED: u8 = 5;
const VERSION: u8 = 6;
const READ_ONLY: u8 = 7;
const SETTABLE: u8 = 8;
const PRIVATE: u8 = 9;
const OTHER: u8 = 10;
const INVARIANT: u8 = 11;

const STRING: u8 = 1;
const INTEGER: u8 = 2;
const FLOAT: u8 = 3;
const BOOL: u8 = 4;

/// The place of a note: index of the type, then position of the variant and of the field counted from 1, or 0
/// for none.
type NoteKey = (u32, u16, u16);

/// Encodes the notes of every type, in order of their places.
pub(super) fn encode_notes(types: &[Descriptor]) -> Result<Vec<u8>> {
    let mut out = vec![0; 4];
    let mut count = 0u32;
    let mut put_all = |place: NoteKey, notes: &[Note]| -> Result<()> {
        for note in notes {
            put_note(&mut out, place, note)?;
            count = count.saturating_add(1);
        }
        Ok(())
    };
    for (ty, number) in types.iter().zip(0..) {
        for ((notes, fields), variant) in ty.parts().zip(0..=u16::MAX) {
            put_all((number, variant, 0), notes)?;
            for (field, position) in fields.iter().zip(1..) {
                put_all((number, variant, position), &field.notes)?;
            }
        }
    }
    out.splice(..4, count.to_le_bytes());
    Ok(out)
}

fn put_note(out: &mut Vec<u8>, (ty, variant, field): NoteKey, note: &Note) -> Result<()> {
    prefixed(out, |out| {
        out.extend(ty.to_le_bytes());
        out.extend(variant.to_le_bytes());
        out.extend(field.to_le_bytes());
        put_value(out, note)
    })
}

/// Writes the content of a note and returns its code.
fn put_value(out: &mut Vec<u8>, note: &Note) -> Result<()> {
    match note {
        Note::Doc(text) => put_text(out, DOC, text),
        Note::Alias(text) => put_text(out, ALIAS, text),
        Note::Deprecated(text) => put_text(out, DEPRECATED, text),
        Note::Default(DefaultImage::Stored { text_offset, payload }) => put_image(out, *text_offset, payload),
        Note::Default(DefaultImage::Live(make)) => {
            let (text_offset, payload) = make()?;
            put_image(out, text_offset, &payload);
        }
        Note::Attribute { name, value } => put_attribute(out, name, value)?,
        Note::Version(version) => {
            out.push(VERSION);
            out.extend(version.to_le_bytes());
        }
        Note::ReadOnly => out.push(READ_ONLY),
        Note::Settable => out.push(SETTABLE),
        Note::Private => out.push(PRIVATE),
        Note::Other => out.push(OTHER),
        Note::Invariant => out.push(INVARIANT),
    }
    Ok(())
}

fn put_text(out: &mut Vec<u8>, code: u8, text: &str) {
    out.push(code);
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_image(out: &mut Vec<u8>, text_offset: u32, payload: &[u8]) {
    out.push(DEFAULT);
    out.extend(text_offset.to_le_bytes());
    out.extend(payload);
}

fn put_attribute(out: &mut Vec<u8>, name: &str, value: &AttrValue) -> Result<()> {
    require(name.len() <= usize::from(u16::MAX), || bad("the name of an attribute is too long"))?;
    out.push(ATTRIBUTE);
    put_str(out, name);
    match value {
        AttrValue::Str(text) => put_text(out, STRING, text),
        AttrValue::Int(_) => put_text(out, INTEGER, &value.to_string()),
        AttrValue::Float(_) => put_text(out, FLOAT, &value.to_string()),
        AttrValue::Bool(_) => put_text(out, BOOL, &value.to_string()),
    }
    Ok(())
}

/// Decodes notes and adds them to their types. Unknown kinds of notes are skipped.
pub(super) fn decode_notes(types: &mut [Descriptor], notes: &[u8]) -> Result<()> {
    let mut input = WireReader(notes);
    let count = input.u32()?;
    let mut last = (0, 0, 0);
    for _ in 0..count {
        let mut part = input.part()?;
        let place = (part.u32()?, part.u16()?, part.u16()?);
        require(place >= last, || bad("notes out of order"))?;
        last = place;
        let target = target(types, place).ok_or_else(|| bad("a note on a part that does not exist"))?;
        if let Some(note) = read_note(&mut part)? {
            part.end()?;
            target.to_mut().push(note);
        }
    }
    input.end()
}

/// Returns the notes at a place.
fn target(types: &mut [Descriptor], (ty, variant, field): NoteKey) -> Option<&mut Cow<'static, [Note]>> {
    let ty = types.get_mut(ty as usize)?;
    let (notes, fields) = match variant.checked_sub(1) {
        None => (&mut ty.notes, &mut ty.fields),
        Some(position) => {
            let variant = ty.variants.to_mut().get_mut(usize::from(position))?;
            (&mut variant.notes, &mut variant.fields)
        }
    };
    match field.checked_sub(1) {
        None => Some(notes),
        Some(position) => Some(&mut fields.to_mut().get_mut(usize::from(position))?.notes),
    }
}

fn read_note(input: &mut WireReader<'_>) -> Result<Option<Note>> {
    Ok(Some(match input.u8()? {
        DOC => Note::Doc(input.text()?),
        ALIAS => Note::Alias(input.text()?),
        DEFAULT => {
            let text_offset = input.u32()?;
            let payload = Cow::Owned(input.rest().to_vec());
            Note::Default(DefaultImage::Stored { text_offset, payload })
        }
        ATTRIBUTE => {
            let name = input.str()?;
            match attribute(input)? {
                Some(value) => Note::Attribute { name, value },
                None => return Ok(None),
            }
        }
        DEPRECATED => Note::Deprecated(input.text()?),
        VERSION => Note::Version(input.u32()?),
        READ_ONLY => Note::ReadOnly,
        SETTABLE => Note::Settable,
        PRIVATE => Note::Private,
        OTHER => Note::Other,
        INVARIANT => Note::Invariant,
        _ => return Ok(None),
    }))
}

fn attribute(input: &mut WireReader<'_>) -> Result<Option<AttrValue>> {
    let kind = input.u8()?;
    let text = input.text()?;
    let wrong = || bad("the value of an attribute").found(format!("{text:?}"));
    Ok(Some(match kind {
        STRING => AttrValue::Str(text),
        INTEGER => AttrValue::Int(text.parse().map_err(|_| wrong())?),
        FLOAT => AttrValue::Float(text.parse().map_err(|_| wrong())?),
        BOOL => AttrValue::Bool(text.parse().map_err(|_| wrong())?),
        _ => return Ok(None),
    }))
}
