//! Descriptors: constant data in the program, and the same shape for types that were read from a file.

use super::{Form, Kind, Note};
use std::any::TypeId;
use std::borrow::Cow;

/// Another type: of the program, or by its index in a [`Schema`](super::Schema).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum TypeRef {
    /// A type of the program. A function, so that types may be recursive.
    Live(fn() -> &'static Descriptor),
    /// A type of a schema, by its index.
    Index(u32),
}

impl TypeRef {
    /// The index in a schema; one that no schema has for a type of the program.
    pub(crate) fn index(self) -> u32 {
        if let TypeRef::Index(index) = self { index } else { u32::MAX }
    }

    /// The type, if it is one of the program.
    pub(crate) fn live(self) -> Option<&'static Descriptor> {
        if let TypeRef::Live(descriptor) = self { Some(descriptor()) } else { None }
    }
}

impl std::fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TypeRef::Live(descriptor) => write!(f, "{}", descriptor().name()),
            TypeRef::Index(index) => write!(f, "#{index}"),
        }
    }
}

/// What stands in the angle brackets behind the name of a type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Arg {
    /// A type.
    Type(TypeRef),
    /// A constant.
    Const(Constant),
}

impl Arg {
    /// The type, if it is one.
    pub fn ty(self) -> Option<TypeRef> {
        if let Arg::Type(ty) = self { Some(ty) } else { None }
    }

    /// The constant, if it is one.
    pub fn constant(self) -> Option<Constant> {
        if let Arg::Const(constant) = self { Some(constant) } else { None }
    }
}

/// A constant argument of a type: a bool, a char or an integer. It is shown as FORMAT.md, section 5.6, spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    kind: Kind,
    value: i128,
}

impl Constant {
    /// A value of this kind: of a bool 0 or 1, of a char its code point, of a u128 its bits. None if it is no value of the kind, or the kind
    /// is no bool, char or integer.
    pub const fn new(kind: Kind, value: i128) -> Option<Constant> {
        let fits = match kind {
            Kind::Bool => value == 0 || value == 1,
            Kind::Char => value >= 0 && value <= 0x10_ffff && char::from_u32(value as u32).is_some(),
            kind => kind.holds(value),
        };
        if fits { Some(Constant { kind, value }) } else { None }
    }

    /// Its kind.
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Its value, as [`Constant::new`] takes it.
    pub fn value(self) -> i128 {
        self.value
    }
}

impl std::fmt::Display for Constant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.kind, char::from_u32(self.value as u32)) {
            (Kind::Bool, _) => write!(f, "{}", self.value == 1),
            (Kind::Char, Some(c)) if matches!(c, '\'' | '\\') || c.is_control() => {
                write!(f, "'{}'", c.escape_unicode())
            }
            (Kind::Char, Some(c)) => write!(f, "'{c}'"),
            (Kind::U128, _) => write!(f, "{}", self.value.cast_unsigned()),
            _ => write!(f, "{}", self.value),
        }
    }
}

/// What a type is in the memory of this program: there is none for a type that was read from a file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Live {
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Its identity.
    pub id: TypeId,
}

impl Live {
    /// The live layout of `T`.
    pub const fn of<T: 'static>() -> Live {
        Live { size: size_of::<T>(), align: align_of::<T>(), id: TypeId::of::<T>() }
    }
}

/// How a variant is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Style {
    /// `Empty`
    Unit = 0,
    /// `Poly(A, B)`
    Tuple = 1,
    /// `Circle { r: f64 }`
    Struct = 2,
}

/// A type as data: what Go calls a `reflect.Type`.
///
/// Get one with [`type_of`](crate::type_of), or from a [`Schema`](super::Schema).
#[derive(Clone, Debug)]
pub struct Descriptor {
    pub(super) name: Cow<'static, str>,
    pub(super) args: Cow<'static, [Arg]>,
    pub(super) kind: Kind,
    pub(crate) form: Form,
    pub(crate) nonzero: bool,
    pub(super) size: u32,
    pub(super) align: u32,
    pub(crate) live: Option<Live>,
    pub(crate) element: Option<TypeRef>,
    pub(crate) key: Option<TypeRef>,
    pub(crate) count: u64,
    pub(crate) tag: Option<Kind>,
    pub(super) fields: Cow<'static, [Field]>,
    pub(super) variants: Cow<'static, [Variant]>,
    pub(super) notes: Cow<'static, [Note]>,
}

impl Descriptor {
    /// A kind with a stored size and alignment in bytes, and nothing else.
    pub(crate) const fn new(kind: Kind, size: usize, align: usize) -> Descriptor {
        assert!(size <= 16 << 20, "a Hydra type is larger than the format allows (16 MiB)");
        assert!(align <= 64, "a Hydra type has an alignment above 64, a cache line");
        Descriptor {
            name: Cow::Borrowed(""),
            args: Cow::Borrowed(&[]),
            kind,
            form: Form::None,
            nonzero: false,
            size: size as u32,
            align: align as u32,
            live: None,
            element: None,
            key: None,
            count: 0,
            tag: None,
            fields: Cow::Borrowed(&[]),
            variants: Cow::Borrowed(&[]),
            notes: Cow::Borrowed(&[]),
        }
    }

    /// The same with a name, arguments and notes.
    pub(crate) const fn of_name(
        mut self,
        name: &'static str,
        args: &'static [Arg],
        notes: &'static [Note],
    ) -> Descriptor {
        set(&mut self.name, name);
        set(&mut self.args, args);
        set(&mut self.notes, notes);
        self
    }

    /// The same with fields.
    pub(crate) const fn of_fields(mut self, fields: &'static [Field]) -> Descriptor {
        set(&mut self.fields, fields);
        self
    }

    /// The same with variants.
    pub(crate) const fn of_variants(mut self, variants: &'static [Variant]) -> Descriptor {
        set(&mut self.variants, variants);
        self
    }

    /// Name of a struct, enum or newtype without its arguments; the name of the kind otherwise.
    #[inline]
    pub fn name(&self) -> &str {
        if self.name.is_empty() { self.kind.name() } else { &self.name }
    }

    /// Arguments, in their order: types that are stored, and constants.
    #[inline]
    pub fn args(&self) -> &[Arg] {
        &self.args
    }

    /// Kind.
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What the kind means beyond its bytes.
    #[inline]
    pub fn form(&self) -> Form {
        self.form
    }

    /// True for integers that are never 0.
    pub fn is_nonzero(&self) -> bool {
        self.nonzero
    }

    /// Size on disk in bytes.
    #[inline]
    pub const fn size(&self) -> usize {
        self.size as usize
    }

    /// Alignment on disk in bytes.
    #[inline]
    pub const fn align(&self) -> usize {
        self.align as usize
    }

    /// Layout in the memory of this program; none for a type that was read from a file, and for arrays of transparent
    /// newtypes. Of a transparent newtype it is that of what the newtype shows.
    #[inline]
    pub fn live(&self) -> Option<Live> {
        self.live
    }

    /// Element of options, lists, arrays, sets and boxes; inner type of newtypes; value of maps.
    #[inline]
    pub fn element(&self) -> Option<TypeRef> {
        self.element
    }

    /// Key of maps.
    pub fn key(&self) -> Option<TypeRef> {
        self.key
    }

    /// Number of elements of an array; 0 for other kinds.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Integer kind of an enum's tag.
    pub fn tag(&self) -> Option<Kind> {
        self.tag
    }

    /// Fields of a struct or tuple, in stored order.
    #[inline]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Variants of an enum, in declaration order.
    #[inline]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Notes on the type: documentation, attributes, version.
    #[inline]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The documentation comment.
    pub fn doc(&self) -> Option<&str> {
        doc(&self.notes)
    }

    /// Position of the field with this name.
    pub fn field_index(&self, name: &str) -> Option<usize> {
        position(&self.fields, name)
    }

    /// Position of the variant with this name.
    pub fn variant_index(&self, name: &str) -> Option<usize> {
        self.variants.iter().position(|variant| variant.name == name)
    }

    /// True for an enum none of whose variants has fields.
    pub fn is_fieldless(&self) -> bool {
        self.kind == Kind::Enum && self.variants.iter().all(|variant| variant.fields.is_empty())
    }
}

/// A field of a struct, a tuple or a variant.
#[derive(Clone, Debug)]
pub struct Field {
    pub(super) name: Cow<'static, str>,
    pub(super) ty: TypeRef,
    /// Of the name: most other names have another one.
    pub(super) hash: u32,
    pub(super) offset: u32,
    pub(super) live_offset: Option<usize>,
    pub(super) notes: Cow<'static, [Note]>,
}

impl Field {
    /// A field at a stored offset in bytes, and at an offset in live memory where it has one under its
    /// stored type.
    pub(crate) const fn new(
        name: &'static str,
        ty: TypeRef,
        offset: u32,
        live_offset: Option<usize>,
        notes: &'static [Note],
    ) -> Field {
        let hash = hash(name);
        Field { name: Cow::Borrowed(name), ty, hash, offset, live_offset, notes: Cow::Borrowed(notes) }
    }

    /// A field of a type that exists only as data, at an offset on disk.
    pub(super) fn owned(name: Cow<'static, str>, ty: TypeRef, offset: u32) -> Field {
        Field { hash: hash(&name), name, ty, offset, live_offset: None, notes: Cow::Borrowed(&[]) }
    }

    /// Name.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Type.
    #[inline]
    pub fn ty(&self) -> TypeRef {
        self.ty
    }

    /// Offset on disk, in bytes from the start of the struct, tuple or enum.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Offset in live memory; none for fields of enums, for fields stored under another type, for transparent
    /// newtypes, and for types that were read from a file.
    #[inline]
    pub fn live_offset(&self) -> Option<usize> {
        self.live_offset
    }

    /// Notes: documentation, aliases, default, attributes.
    #[inline]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The documentation comment.
    pub fn doc(&self) -> Option<&str> {
        doc(&self.notes)
    }

    /// The attribute with this name: `unit` is the well-known one.
    pub fn attribute(&self, name: &str) -> Option<&super::AttrValue> {
        self.notes.iter().find_map(|note| match note {
            Note::Attribute { name: own, value } if own == name => Some(value),
            _ => None,
        })
    }
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    pub(super) name: Cow<'static, str>,
    pub(super) tag: i128,
    pub(super) style: Style,
    pub(super) fields: Cow<'static, [Field]>,
    pub(super) notes: Cow<'static, [Note]>,
}

impl Variant {
    /// A variant with its tag; u128 tags are given by their bits.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        tag: i128,
        style: Style,
        fields: &'static [Field],
        notes: &'static [Note],
    ) -> Variant {
        Variant {
            name: Cow::Borrowed(name),
            tag,
            style,
            fields: Cow::Borrowed(fields),
            notes: Cow::Borrowed(notes),
        }
    }

    /// Name.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tag on disk; u128 tags by their bits.
    pub fn tag(&self) -> i128 {
        self.tag
    }

    /// How it is written.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Fields, in stored order; offsets count from the start of the enum.
    #[inline]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Notes: documentation, aliases.
    #[inline]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Position of the field with this name.
    pub fn field_index(&self, name: &str) -> Option<usize> {
        position(&self.fields, name)
    }
}

/// Position of the field with this name.
#[inline]
pub(crate) fn position(fields: &[Field], name: &str) -> Option<usize> {
    let hash = hash(name);
    fields.iter().position(|field| field.hash == hash && same(field.name.as_bytes(), name.as_bytes()))
}

/// Equality, without a call for names of 4 to 8 bytes.
#[inline]
fn same(left: &[u8], right: &[u8]) -> bool {
    let ends = |name: &[u8]| Some((*name.first_chunk::<4>()?, *name.last_chunk::<4>()?));
    match left.len() == right.len() && left.len() <= 8 {
        true if left.len() >= 4 => ends(left) == ends(right),
        _ => left == right,
    }
}

/// A number of a name: from its length, its first and its last bytes.
#[inline]
pub(super) const fn hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        (Some(first), Some(last), _) => (u32::from_le_bytes(*first), u32::from_le_bytes(*last)),
        (.., [first, .., last]) => (*first as u32, *last as u32),
        (.., [one]) => (*one as u32, 0),
        _ => (0, 0),
    };
    first.wrapping_mul(0x9e37_79b1) ^ last.rotate_left(7) ^ bytes.len() as u32
}

/// Puts constant data in the place of such data. A constant function drops nothing, and there is nothing to drop.
const fn set<T: ToOwned + ?Sized>(place: &mut Cow<'static, T>, data: &'static T) {
    std::mem::forget(std::mem::replace(place, Cow::Borrowed(data)));
}

fn doc(notes: &[Note]) -> Option<&str> {
    notes.iter().find_map(|note| match note {
        Note::Doc(text) => Some(text.as_ref()),
        _ => None,
    })
}
