//! Encodes and decodes the core of a schema (FORMAT.md, section 6.2). Only the shape of the bytes is checked
//! here; `check` checks the rules.

use super::{Arg, Constant, Descriptor, Field, Form, Kind, Style, TypeRef, Variant};
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// The version of the core's encoding.
const CORE_VERSION: u16 = 1;
/// The flag of an integer that is never 0.
const NONZERO: u8 = 1;

/// Creates an error about a schema that violates a rule.
#[cold]
pub(super) fn bad(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadSchema).what(what)
}

/// Returns the error unless the rule holds.
pub(super) fn require(holds: bool, broken: impl FnOnce() -> Error) -> Result<()> {
    if holds { Ok(()) } else { Err(broken()) }
}

/// The bytes that are not read yet.
pub(super) struct WireReader<'a>(pub(super) &'a [u8]);

impl<'a> WireReader<'a> {
    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((head, rest)) = self.0.split_at_checked(count) else {
            return Err(bad("it ends too early")
                .expected(format!("{count} more bytes"))
                .found(self.0.len().to_string()));
        };
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N).map(|bytes| bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads text with a 16-bit length.
    pub(super) fn str(&mut self) -> Result<Cow<'static, str>> {
        let count = self.u16()?;
        self.text_of(count.into())
    }

    /// Reads text with a 32-bit length.
    pub(super) fn text(&mut self) -> Result<Cow<'static, str>> {
        let count = self.u32()?;
        self.text_of(count as usize)
    }

    fn text_of(&mut self, count: usize) -> Result<Cow<'static, str>> {
        let text = std::str::from_utf8(self.take(count)?).map_err(|_| bad("text that is not UTF-8"))?;
        Ok(Cow::Owned(text.to_string()))
    }

    /// Reads the next part, which is preceded by its length in 32 bits.
    pub(super) fn part(&mut self) -> Result<WireReader<'a>> {
        let count = self.u32()?;
        self.take(count as usize).map(WireReader)
    }

    /// Returns an error if bytes are left.
    pub(super) fn end(self) -> Result<()> {
        require(self.0.is_empty(), || bad(format!("{} bytes too many", self.0.len())))
    }
}

/// Decodes the types of a core. References are not checked.
pub(super) fn decode_core(core: &[u8]) -> Result<Vec<Descriptor>> {
    let mut input = WireReader(core);
    let version = input.u16()?;
    require((version, input.u16()?) == (CORE_VERSION, 0), || {
        Error::new(ErrorKind::UnknownFeature)
            .expected(format!("a schema core of version {CORE_VERSION}"))
            .found(format!("version {version}"))
    })?;
    let count = input.u32()?;
    require(count as usize <= super::check::MAX_TYPES, || bad("too many types").found(count.to_string()))?;
    let mut types = Vec::new();
    for _ in 0..count {
        let mut part = input.part()?;
        types.push(decode_type(&mut part)?);
        part.end()?;
    }
    input.end()?;
    Ok(types)
}

fn decode_type(input: &mut WireReader<'_>) -> Result<Descriptor> {
    let code = input.u8()?;
    let flags = input.u8()?;
    let Some(kind) = Kind::from_code(code).filter(|_| flags & !NONZERO == 0) else {
        return Err(Error::new(ErrorKind::UnknownFeature)
            .what("a kind of type that this version does not support")
            .found(format!("kind {code}, flags {flags}")));
    };
    let mut ty = Descriptor::new(kind, 0, 0);
    ty.nonzero = flags & NONZERO != 0;
    ty.form = Form::from_code(input.u8()?, input.u8()?.cast_signed());
    ty.size = input.u32()?;
    ty.align = input.u32()?;
    require(ty.size != 0 && ty.align != 0, || bad("a size or alignment of 0"))?;
    decode_body(&mut ty, input)?;
    Ok(ty)
}

fn decode_body(ty: &mut Descriptor, input: &mut WireReader<'_>) -> Result<()> {
    if ty.kind.is_named() {
        ty.name = input.str()?;
        let count = input.u16()?;
        ty.args = (0..count).map(|_| argument(input)).collect::<Result<_>>()?;
    }
    if ty.kind == Kind::Map {
        ty.key = Some(index(input)?);
    }
    if ty.kind.has_element() {
        ty.element = Some(index(input)?);
    }
    match ty.kind {
        Kind::Array => ty.count = u64::from_le_bytes(input.array()?),
        Kind::Tuple => ty.fields = decode_fields(input, false)?,
        Kind::Struct => ty.fields = decode_fields(input, true)?,
        Kind::Enum => {
            let tag = Kind::from_code(input.u8()?);
            let count = input.u16()?;
            ty.tag = Some(tag.ok_or_else(|| bad("an unknown tag kind"))?);
            ty.variants = (0..count).map(|_| decode_variant(input)).collect::<Result<_>>()?;
        }
        _ => {}
    }
    Ok(())
}

fn argument(input: &mut WireReader<'_>) -> Result<Arg> {
    let code = input.u8()?;
    if code == 0 {
        return index(input).map(Arg::Type);
    }
    // Exactly the kinds of constants have a zero.
    let kind = Kind::from_code(code)
        .filter(|kind| Constant::new(*kind, 0).is_some())
        .ok_or_else(|| bad("a constant that is not a bool, char or integer").found(code.to_string()))?;
    let bytes = input.take(kind.fixed_size() as usize)?;
    // Sign-extends the narrow number.
    let negative = kind.is_signed() && bytes.last().is_some_and(|byte| byte.cast_signed() < 0);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    wide.iter_mut().zip(bytes).for_each(|(wide, byte)| *wide = *byte);
    let value = i128::from_le_bytes(wide);
    let wrong = || bad(format!("a constant that is not a {}", kind.name())).found(value.to_string());
    Constant::new(kind, value).map(Arg::Const).ok_or_else(wrong)
}

fn decode_variant(input: &mut WireReader<'_>) -> Result<Variant> {
    let name = input.str()?;
    let tag = i128::from_le_bytes(input.array()?);
    let style = match input.u8()? {
        0 => Style::Unit,
        1 => Style::Tuple,
        2 => Style::Struct,
        other => return Err(bad("an unknown style of variant").found(other.to_string())),
    };
    Ok(Variant { name, tag, style, fields: decode_fields(input, true)?, notes: Cow::Borrowed(&[]) })
}

fn decode_fields(input: &mut WireReader<'_>, named: bool) -> Result<Cow<'static, [Field]>> {
    let count = input.u16()?;
    let field = |position: u16| {
        let name = if named { input.str()? } else { position.to_string().into() };
        Ok(Field::owned(name, index(input)?, input.u32()?))
    };
    (0..count).map(field).collect()
}

fn index(input: &mut WireReader<'_>) -> Result<TypeRef> {
    input.u32().map(TypeRef::Index)
}

/// Encodes types as a core.
pub(super) fn encode_core(types: &[Descriptor]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(CORE_VERSION.to_le_bytes());
    out.extend([0; 2]);
    out.extend((types.len() as u32).to_le_bytes());
    types.iter().for_each(|ty| encode_type(ty, &mut out));
    out
}

/// Encodes one type, preceded by its length.
pub(super) fn encode_type(ty: &Descriptor, out: &mut Vec<u8>) {
    prefixed(out, |out| {
        let (form, exponent) = ty.form.code();
        out.extend([ty.kind.code(), if ty.nonzero { NONZERO } else { 0 }, form, exponent.cast_unsigned()]);
        out.extend(ty.size.to_le_bytes());
        out.extend(ty.align.to_le_bytes());
        encode_body(ty, out);
    });
}

fn encode_body(ty: &Descriptor, out: &mut Vec<u8>) {
    if ty.kind.is_named() {
        put_str(out, &ty.name);
        out.extend((ty.args.len() as u16).to_le_bytes());
        ty.args.iter().for_each(|&arg| put_argument(out, arg));
    }
    ty.key.into_iter().chain(ty.element).for_each(|child| put_index(out, child));
    match ty.kind {
        Kind::Array => out.extend(ty.count.to_le_bytes()),
        Kind::Tuple => encode_fields(&ty.fields, false, out),
        Kind::Struct => encode_fields(&ty.fields, true, out),
        Kind::Enum => {
            out.push(ty.tag.map_or(0, Kind::code));
            out.extend((ty.variants.len() as u16).to_le_bytes());
            for variant in &*ty.variants {
                put_str(out, &variant.name);
                out.extend(variant.tag.to_le_bytes());
                out.push(variant.style as u8);
                encode_fields(&variant.fields, true, out);
            }
        }
        _ => {}
    }
}

fn encode_fields(fields: &[Field], named: bool, out: &mut Vec<u8>) {
    out.extend((fields.len() as u16).to_le_bytes());
    for field in fields {
        if named {
            put_str(out, &field.name);
        }
        put_index(out, field.ty);
        out.extend(field.offset.to_le_bytes());
    }
}

fn put_argument(out: &mut Vec<u8>, arg: Arg) {
    match arg {
        Arg::Type(ty) => {
            out.push(0);
            put_index(out, ty);
        }
        Arg::Const(constant) => {
            let kind = constant.kind();
            out.push(kind.code());
            out.extend(constant.value().to_le_bytes().iter().take(kind.fixed_size() as usize));
        }
    }
}

fn put_index(out: &mut Vec<u8>, ty: TypeRef) {
    out.extend(ty.index().to_le_bytes());
}

/// Writes text with a 16-bit length; the caller has checked that it has at most 255 bytes.
pub(super) fn put_str(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u16).to_le_bytes());
    out.extend(text.as_bytes());
}

/// Writes what `write` writes, preceded by its length in 32 bits.
pub(super) fn prefixed<R>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let start = out.len();
    out.extend([0; 4]);
    let result = write(out);
    if let Some((count, written)) = out.get_mut(start..).and_then(|own| own.split_first_chunk_mut()) {
        *count = (written.len() as u32).to_le_bytes();
    }
    result
}

/// Hashes bytes with FNV-1a, 64 bits.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
