//! Descriptors: types as data, constant in the program, or built for types that were read from a file.

use super::{Form, Kind, Note};
use std::any::TypeId;
use std::borrow::Cow;

/// A reference to another type: of the program, or by its index in a [`Schema`](super::Schema).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum TypeRef {
    /// A type of the program, as a function so that types can be recursive.
    Live(fn() -> &'static Descriptor),
    /// A type of a schema, by its index.
    Index(u32),
}

impl TypeRef {
    /// Returns the index in a schema, or an index that no schema has for a type of the program.
    pub(crate) fn index(self) -> u32 {
        if let TypeRef::Index(index) = self { index } else { u32::MAX }
    }

    /// Returns the type if it is one of the program.
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

/// A type argument, as in the angle brackets after the name of a type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Arg {
    /// A type.
    Type(TypeRef),
    /// A constant.
    Const(Constant),
}

impl Arg {
    /// Returns the type, if it is one.
    pub fn ty(self) -> Option<TypeRef> {
        if let Arg::Type(ty) = self { Some(ty) } else { None }
    }

    /// Returns the constant, if it is one.
    pub fn constant(self) -> Option<Constant> {
        if let Arg::Const(constant) = self { Some(constant) } else { None }
    }
}

/// A constant argument of a type: a bool, a char or an integer. `Display` writes it as FORMAT.md, section
/// 5.6, specifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    kind: Kind,
    value: i128,
}

impl Constant {
    /// Creates a constant: 0 or 1 for a bool, the code point of a char, the bits of a u128. Returns `None` if
    /// the kind has no such value, or is not bool, char or integer.
    pub const fn new(kind: Kind, value: i128) -> Option<Constant> {
        let fits = match kind {
            Kind::Bool => value == 0 || value == 1,
            Kind::Char => value >= 0 && value <= 0x10_ffff && char::from_u32(value as u32).is_some(),
            kind => kind.holds(value),
        };
        if fits { Some(Constant { kind, value }) } else { None }
    }

    /// Returns the kind.
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Returns the value, as [`Constant::new`] takes it.
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

/// The layout of a type in the memory of this program. Types that were read from a file have none.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Live {
    /// The size in bytes.
    pub size: usize,
    /// The alignment in bytes.
    pub align: usize,
    /// The identity of the type.
    pub id: TypeId,
}

impl Live {
    /// Returns the live layout of `T`.
    pub const fn of<T: 'static>() -> Live {
        Live { size: size_of::<T>(), align: align_of::<T>(), id: TypeId::of::<T>() }
    }
}

/// The style of a variant.
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

/// A type as data, like Go's `reflect.Type`.
///
/// [`type_of`](crate::type_of) and [`Schema`](super::Schema) return descriptors.
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
    /// Creates a type with a kind, and a stored size and alignment in bytes.
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

    /// Sets name, arguments and notes.
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

    /// Sets the fields of a struct or tuple.
    #[doc(hidden)]
    pub const fn of_fields(mut self, fields: &'static [Field]) -> Descriptor {
        set(&mut self.fields, fields);
        self
    }

    /// Sets the inner type of a newtype.
    #[doc(hidden)]
    pub const fn of_inner(mut self, inner: TypeRef) -> Descriptor {
        self.element = Some(inner);
        self
    }

    /// Sets the variants of an enum, and the kind of their tags.
    #[doc(hidden)]
    pub const fn of_variants(mut self, variants: &'static [Variant], tag: Kind) -> Descriptor {
        set(&mut self.variants, variants);
        self.tag = Some(tag);
        self
    }

    /// Returns the name of a struct, enum or newtype without its arguments, or the name of the kind.
    #[inline]
    pub fn name(&self) -> &str {
        if self.name.is_empty() { self.kind.name() } else { &self.name }
    }

    /// Returns the type arguments in order: stored types and constants.
    #[inline]
    pub fn args(&self) -> &[Arg] {
        &self.args
    }

    /// Returns the kind.
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the form: the meaning beyond the kind.
    #[inline]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Returns whether it is an integer that is never 0.
    pub fn is_nonzero(&self) -> bool {
        self.nonzero
    }

    /// Returns the stored size in bytes.
    #[inline]
    pub const fn size(&self) -> usize {
        self.size as usize
    }

    /// Returns the stored alignment in bytes.
    #[inline]
    pub const fn align(&self) -> usize {
        self.align as usize
    }

    /// Returns the layout in the memory of this program. Types that were read from a file have none, and
    /// neither do arrays of transparent newtypes. A transparent newtype has the layout of its inner type.
    #[inline]
    pub fn live(&self) -> Option<Live> {
        self.live
    }

    /// Returns the element of an option, list, array, set or box, the inner type of a newtype, or the value
    /// of a map.
    #[inline]
    pub fn element(&self) -> Option<TypeRef> {
        self.element
    }

    /// Returns the key of a map.
    pub fn key(&self) -> Option<TypeRef> {
        self.key
    }

    /// Returns the number of elements of an array; 0 for other kinds.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the integer kind of an enum's tag.
    pub fn tag(&self) -> Option<Kind> {
        self.tag
    }

    /// Returns the fields of a struct or tuple, in stored order.
    #[inline]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the variants of an enum, in declaration order.
    #[inline]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Returns the position of the field with this name.
    pub fn field_index(&self, name: &str) -> Option<usize> {
        position(&self.fields, name)
    }

    /// Returns the position of the variant with this name.
    pub fn variant_index(&self, name: &str) -> Option<usize> {
        self.variants.iter().position(|variant| variant.name == name)
    }

    /// Returns whether it is an enum without fields in any variant.
    pub fn is_fieldless(&self) -> bool {
        self.kind == Kind::Enum && self.variants.iter().all(|variant| variant.fields.is_empty())
    }
}

/// A field of a struct, tuple or variant.
#[derive(Clone, Debug)]
pub struct Field {
    pub(super) name: Cow<'static, str>,
    pub(super) ty: TypeRef,
    /// A hash of the name, which differs for most other names.
    pub(super) hash: u32,
    pub(super) offset: u32,
    pub(super) live_offset: Option<usize>,
    pub(super) notes: Cow<'static, [Note]>,
}

impl Field {
    /// Creates a field at a stored offset in bytes. `live` is its offset in memory, if it has the stored type
    /// there.
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

    /// Creates a field of a type that exists only as data, at a stored offset.
    pub(super) fn owned(name: Cow<'static, str>, ty: TypeRef, offset: u32) -> Field {
        Field { hash: hash(&name), name, ty, offset, live_offset: None, notes: Cow::Borrowed(&[]) }
    }

    /// Returns the name.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type.
    #[inline]
    pub fn ty(&self) -> TypeRef {
        self.ty
    }

    /// Returns the stored offset, in bytes from the start of the struct, tuple or enum.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Returns the offset in live memory. There is none for fields of enums, of transparent newtypes and of
    /// types that were read from a file, and for fields that are stored as another type.
    #[inline]
    pub fn live_offset(&self) -> Option<usize> {
        self.live_offset
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
    /// Creates a variant with its tag; a u128 tag is given by its bits.
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

    /// Returns the name.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the stored tag; a u128 tag by its bits.
    pub fn tag(&self) -> i128 {
        self.tag
    }

    /// Returns the style: unit, tuple or struct.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Returns the fields, in stored order; offsets count from the start of the enum.
    #[inline]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the position of the field with this name.
    pub fn field_index(&self, name: &str) -> Option<usize> {
        position(&self.fields, name)
    }
}

/// Returns the position of the field with this name.
#[inline]
pub(crate) fn position(fields: &[Field], name: &str) -> Option<usize> {
    let hash = hash(name);
    fields.iter().position(|field| field.hash == hash && same(field.name.as_bytes(), name.as_bytes()))
}

/// Compares two names, without a call for names of 4 to 8 bytes.
#[inline]
fn same(left: &[u8], right: &[u8]) -> bool {
    let ends = |name: &[u8]| Some((*name.first_chunk::<4>()?, *name.last_chunk::<4>()?));
    match left.len() == right.len() && left.len() <= 8 {
        true if left.len() >= 4 => ends(left) == ends(right),
        _ => left == right,
    }
}

/// Hashes a name by its length and its first and last bytes.
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

/// Assigns borrowed data to a `Cow` in a constant function, which cannot drop; the old data is borrowed as
/// well.
const fn set<T: ToOwned + ?Sized>(place: &mut Cow<'static, T>, data: &'static T) {
    std::mem::forget(std::mem::replace(place, Cow::Borrowed(data)));
}

/// Implements what types, fields and variants have in common.
macro_rules! noted {
    ($($ty:ident)*) => {$(
        impl $ty {
            /// Returns the notes: documentation, aliases, attributes and the like.
            #[inline]
            pub fn notes(&self) -> &[Note] {
                &self.notes
            }

            /// Returns the documentation comment.
            pub fn doc(&self) -> Option<&str> {
                self.notes.iter().find_map(|note| if let Note::Doc(text) = note { Some(&**text) } else { None })
            }

            /// Returns the attribute with this name, such as `unit`.
            pub fn attribute(&self, name: &str) -> Option<&super::AttrValue> {
                self.notes.iter().find_map(|note| match note {
                    Note::Attribute { name: own, value } if own == name => Some(value),
                    _ => None,
                })
            }
        }
    )*};
}
noted!(Descriptor Field Variant);
