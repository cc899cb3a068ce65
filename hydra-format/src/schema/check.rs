//! The rules of schemas, and the sizes, alignments and offsets that follow from them (FORMAT.md, sections 5
//! and 6.2). All input is untrusted. Bytes are decoded elsewhere.

use super::layout::place;
use super::wire::{bad, require};
use super::{Descriptor, Field, Form, Kind, Style, TypeRef};
use crate::{Error, ErrorKind, Result};
use std::collections::{HashMap, HashSet};

/// The largest number of types in a schema.
pub(super) const MAX_TYPES: usize = 65_535;
/// The largest number of fields of a struct, tuple or variant.
const MAX_FIELDS: usize = 4_096;
/// The largest number of variants of an enum.
const MAX_VARIANTS: usize = 65_535;
/// The largest number of bytes in a name.
const MAX_NAME_BYTES: usize = 255;
/// The largest size of a value in bytes, without what it refers to.
const MAX_SIZE: usize = 16 << 20;
/// The largest alignment.
const MAX_ALIGN: u32 = 64;
/// The largest number of types that contain one another without a reference between.
pub(crate) const MAX_NESTING: u32 = 32;

/// Checks every rule, and fills in sizes, alignments and offsets. A type whose size is not 0 must already
/// have the right numbers.
pub(super) fn check(types: &mut [Descriptor]) -> Result<()> {
    require((1..=MAX_TYPES).contains(&types.len()), || {
        bad("the number of types").expected(format!("1 to {MAX_TYPES}")).found(types.len().to_string())
    })?;
    for (index, ty) in types.iter().enumerate() {
        check_type(ty, types).map_err(|e| e.place(place_text(index, ty)))?;
    }
    let known = vec![VisitState::Unknown; types.len()];
    let mut layouts = SizeCheck { types, known, offsets: HashMap::new() };
    for (index, ty) in types.iter().enumerate() {
        layouts.of(index, 0).map_err(|e| e.place(place_text(index, ty)))?;
    }
    for (index, ty) in types.iter().enumerate() {
        layouts.check_key(ty).map_err(|e| e.place(place_text(index, ty)))?;
    }
    let SizeCheck { known, mut offsets, .. } = layouts;
    for (index, (ty, state)) in types.iter_mut().zip(known).enumerate() {
        if let VisitState::Known(facts) = state {
            let offsets = offsets.remove(&index).unwrap_or_default();
            fill(ty, facts, offsets).map_err(|e| e.place(place_text(index, ty)))?;
        }
    }
    Ok(())
}

fn place_text(index: usize, ty: &Descriptor) -> String {
    format!("type {index} of the schema ({})", ty.name())
}

/// Checks the rules that do not depend on the sizes of other types.
fn check_type(ty: &Descriptor, types: &[Descriptor]) -> Result<()> {
    let known = |child| matches!(child, TypeRef::Index(index) if (index as usize) < types.len());
    require(ty.children().all(known), || {
        bad("a reference to a type that the schema does not have").expected(format!("below {}", types.len()))
    })?;
    check_shape(ty)?;
    check_form(ty, types)?;
    if ty.kind.is_named() {
        check_name(&ty.name)?;
        at_most("arguments", ty.args.len(), MAX_FIELDS)?;
    }
    check_fields(&ty.fields, if ty.kind == Kind::Tuple { Style::Tuple } else { Style::Struct })?;
    check_variants(ty)
}

/// Checks that a type has exactly the parts of its kind.
fn check_shape(ty: &Descriptor) -> Result<()> {
    use Kind::*;
    let fits = ty.element.is_some() == ty.kind.has_element()
        && ty.key.is_some() == (ty.kind == Map)
        && ty.tag.is_some() == (ty.kind == Enum)
        && (ty.fields.is_empty() || matches!(ty.kind, Struct | Tuple))
        && (ty.variants.is_empty() || ty.kind == Enum)
        && (ty.count == 0 || ty.kind == Array)
        && (!ty.nonzero || ty.kind.is_integer())
        && (ty.kind.is_named() || (ty.name.is_empty() && ty.args.is_empty()));
    require(fits, || bad("the parts of the type do not match its kind"))?;
    let is_integer = ty.tag.is_none_or(Kind::is_integer);
    require(is_integer, || bad("the tag of an enum").expected("an integer kind"))?;
    let is_aligned =
        ty.kind != Struct || ty.align == 0 || ty.align.is_power_of_two() && ty.align <= MAX_ALIGN;
    require(is_aligned, || {
        let expected = format!("a power of two, at most {MAX_ALIGN}");
        bad("an alignment").expected(expected).found(ty.align.to_string())
    })
}

fn check_form(ty: &Descriptor, types: &[Descriptor]) -> Result<()> {
    use Kind::*;
    let fits = match ty.form {
        Form::None => true,
        Form::Timestamp { .. } | Form::Decimal { .. } => matches!(ty.kind, I64 | I128),
        Form::Duration { .. } => matches!(ty.kind, I64 | I128 | U64 | U128),
        Form::Date => ty.kind == I32,
        Form::Uuid => ty.kind == Array && ty.count == 16,
        Form::Unknown { code, .. } => code > 5,
    };
    require(fits, || bad("a form that its kind cannot have").found(format!("{:?}", ty.form)))?;
    let element = ty.element.and_then(|element| types.get(element.index() as usize));
    let is_byte = element.is_some_and(|ty| ty.kind == Kind::U8 && !ty.nonzero);
    require(ty.form != Form::Uuid || is_byte, || bad("a UUID that is not of u8"))
}

fn check_name(name: &str) -> Result<()> {
    require((1..=MAX_NAME_BYTES).contains(&name.len()), || {
        let expected = format!("1 to {MAX_NAME_BYTES} bytes");
        bad("the length of a name").expected(expected).found(format!("{} bytes", name.len()))
    })
}

fn check_fields(fields: &[Field], style: Style) -> Result<()> {
    at_most("fields", fields.len(), if style == Style::Unit { 0 } else { MAX_FIELDS })?;
    let mut names = HashSet::new();
    for (index, field) in fields.iter().enumerate() {
        check_name(&field.name)?;
        require(style != Style::Tuple || field.name == index.to_string(), || {
            bad("a field of a tuple has a name").expected(index.to_string()).found(&*field.name)
        })?;
        let is_new = names.insert(&*field.name);
        require(is_new, || bad("two fields have the same name").found(&*field.name))?;
    }
    Ok(())
}

fn check_variants(ty: &Descriptor) -> Result<()> {
    at_most("variants", ty.variants.len(), MAX_VARIANTS)?;
    let mut names = HashSet::new();
    let mut tags = HashSet::new();
    for variant in &*ty.variants {
        check_name(&variant.name)?;
        check_fields(&variant.fields, variant.style).map_err(|e| e.path(&*variant.name))?;
        let is_new = names.insert(&*variant.name);
        require(is_new, || bad("two variants have the same name").found(&*variant.name))?;
        let tag = variant.tag;
        require(tags.insert(tag), || bad("two variants have the same tag").found(tag.to_string()))?;
        require(ty.tag.is_some_and(|kind| kind.holds(tag)), || {
            bad("a tag that its kind cannot hold").path(&*variant.name).found(tag.to_string())
        })?;
    }
    Ok(())
}

fn at_most(what: &str, count: usize, limit: usize) -> Result<()> {
    require(count <= limit, || {
        bad(format!("too many {what}")).expected(format!("at most {limit}")).found(count.to_string())
    })
}

/// The layout of one type.
#[derive(Clone, Copy, Debug)]
struct TypeLayout {
    size: usize,
    align: usize,
    /// The number of types on the longest chain of types that contain one another without a reference
    /// between.
    nesting: u32,
    /// Whether the type can be a key.
    key: bool,
}

impl TypeLayout {
    /// Returns the layout of a type that contains this one.
    fn inside(self) -> TypeLayout {
        TypeLayout { nesting: self.nesting.saturating_add(1), ..self }
    }
}

#[derive(Clone, Copy, Debug)]
enum VisitState {
    Unknown,
    Open,
    Known(TypeLayout),
}

struct SizeCheck<'a> {
    types: &'a [Descriptor],
    known: Vec<VisitState>,
    /// The offsets of the fields of each type with fields, by index.
    offsets: HashMap<usize, Vec<u32>>,
}

impl SizeCheck<'_> {
    /// Computes the layout of the type at `index`, which is nested in `depth` types. Each type is computed
    /// once.
    fn of(&mut self, index: usize, depth: u32) -> Result<TypeLayout> {
        let (Some(known), Some(ty)) = (self.known.get_mut(index), self.types.get(index)) else {
            return Err(bad("a type that does not exist"));
        };
        match known {
            VisitState::Known(facts) => return Ok(*facts),
            VisitState::Unknown if depth < MAX_NESTING => *known = VisitState::Open,
            VisitState::Open => return Err(bad("a type contains itself without a reference between")),
            VisitState::Unknown => return Err(too_nested()),
        }
        let facts = self.layout(index, ty, depth.saturating_add(1))?;
        require(facts.size <= MAX_SIZE, || {
            let found = format!("{} bytes", facts.size);
            Error::new(ErrorKind::TooLarge).what("a type").expected("at most 16 MiB").found(found)
        })?;
        require(facts.nesting <= MAX_NESTING, too_nested)?;
        if let Some(known) = self.known.get_mut(index) {
            *known = VisitState::Known(facts);
        }
        Ok(facts)
    }

    fn layout(&mut self, index: usize, ty: &Descriptor, depth: u32) -> Result<TypeLayout> {
        match ty.kind {
            Kind::Option => {
                let value = self.child(ty.element, depth)?;
                let size = value.align.saturating_add(value.size);
                Ok(TypeLayout { size, key: false, ..value.inside() })
            }
            Kind::Newtype => Ok(self.child(ty.element, depth)?.inside()),
            Kind::Array => {
                let element = self.child(ty.element, depth)?;
                // An array without elements is as large as its alignment.
                let size = element.size.saturating_mul(ty.count as usize).max(element.align);
                Ok(TypeLayout { size, ..element.inside() })
            }
            Kind::Tuple | Kind::Struct | Kind::Enum => self.with_fields(index, ty, depth),
            kind => {
                let key = !matches!(kind, Kind::F32 | Kind::F64 | Kind::Unit)
                    && (!kind.is_reference() || matches!(kind, Kind::String | Kind::Bytes));
                let (size, align) = (kind.fixed_size() as usize, kind.fixed_align() as usize);
                Ok(TypeLayout { size, align, nesting: 1, key })
            }
        }
    }

    /// Computes the layout of a type with fields, and stores their offsets.
    fn with_fields(&mut self, index: usize, ty: &Descriptor, depth: u32) -> Result<TypeLayout> {
        let mut facts = TypeLayout { size: 0, align: 1, nesting: 1, key: ty.kind == Kind::Tuple };
        let mut sizes = Vec::new();
        let mut ends = Vec::new();
        for (_, fields) in ty.parts() {
            for field in fields {
                let child = self.child(Some(field.ty), depth).map_err(|e| e.path(field.name.as_ref()))?;
                facts.nesting = facts.nesting.max(child.inside().nesting);
                facts.key &= child.key;
                sizes.push((child.size, child.align));
            }
            ends.push(sizes.len());
        }
        facts.key |= ty.is_fieldless();
        let tag = ty.tag.map_or(0, Kind::fixed_size) as usize;
        let min_align = if ty.kind == Kind::Struct { ty.align as usize } else { tag };
        let mut offsets = vec![0; sizes.len()];
        (facts.size, facts.align) = place(tag, min_align, &sizes, &ends, &mut offsets);
        self.offsets.insert(index, offsets);
        Ok(facts)
    }

    fn child(&mut self, child: Option<TypeRef>, depth: u32) -> Result<TypeLayout> {
        match child {
            Some(TypeRef::Index(index)) => self.of(index as usize, depth),
            _ => Err(bad("a type without its element")),
        }
    }

    fn check_key(&mut self, ty: &Descriptor) -> Result<()> {
        let key = if ty.kind == Kind::Set { ty.element } else { ty.key };
        require(key.is_none() || self.child(key, 0)?.key, || {
            bad("keys of this kind").help(
                "keys are bool, integers, char, strings, bytes, enums without fields, and arrays, tuples and \
                 newtypes of these",
            )
        })
    }
}

fn too_nested() -> Error {
    bad("types nested too deep").expected(format!("at most {MAX_NESTING} without a reference between"))
}

/// Fills in the numbers of a type, or compares them with those that it already has.
fn fill(ty: &mut Descriptor, facts: TypeLayout, offsets: Vec<u32>) -> Result<()> {
    let given = (ty.size, ty.align);
    let is_given = ty.size != 0;
    (ty.size, ty.align) = (facts.size as u32, facts.align as u32);
    require(!is_given || given == (ty.size, ty.align), || {
        let expected = format!("({}, {})", ty.size, ty.align);
        bad("size and alignment").expected(expected).found(format!("{given:?}"))
    })?;
    for (field, offset) in ty.fields_mut().zip(offsets) {
        let found = std::mem::replace(&mut field.offset, offset);
        require(!is_given || found == offset, || {
            let error = bad("the offset of a field").path(field.name.clone());
            error.expected(offset.to_string()).found(found.to_string())
        })?;
    }
    Ok(())
}
