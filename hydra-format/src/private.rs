//! What the expansion of `#[derive(Hydra)]` names, under paths that no shadowed prelude reaches. Nothing here
//! is part of the public face.
#![forbid(unsafe_code)]

pub use crate::codec::reflect::{Part, PartMut, Reflect, ReflectMut, Scalar};
pub use crate::codec::{As, At, Cursor, Hydra, ListView, Measure, Run, Sink, With};
pub use crate::describe::{
    Arg, AttrValue, DefaultImage, Descriptor, Field, Kind, Note, Style, TypeRef, Variant,
};
pub use crate::raw::{Describe, Plain};
pub use crate::{Result, type_of};
pub use std::clone::Clone;
pub use std::cmp::Ordering;
pub use std::default::Default;
pub use std::fmt::{Debug, Formatter, Result as FmtResult};
pub use std::marker::{Copy, PhantomData};
pub use std::mem::offset_of;
pub use std::option::Option::{self, None, Some};
pub use std::primitive::{bool, i8, i16, i32, i64, i128, isize, str, u8, u16, u32, u64, u128, usize};
pub use std::result::Result::Ok;
pub use std::vec::Vec;

pub use crate::__opaque as opaque_feature;
#[cfg(feature = "opaque")]
pub use crate::codec::Opaque;

pub(crate) use crate::codec::encode_payload as image;
use crate::codec::{Checked, MAX_BYTES, Seen, part, put};
use crate::describe::{Constant, Layout, Live, Parts, struct_layout, variants_layout};
use crate::{Error, ErrorKind};
use std::borrow::Cow;

#[path = "private/field.rs"]
mod field_of;
pub use field_of::*;

/// What the layout and the flatness of a type follow from, for one of its stored fields.
#[derive(Clone, Copy)]
pub struct Facts {
    size: usize,
    align: usize,
    /// Offset in live memory, where the field has one under its stored type.
    live_offset: Option<usize>,
    /// The type that describes the field is the field's type in memory.
    own: bool,
    flat: bool,
    any_bits: bool,
    refs: bool,
    key: bool,
    valid: fn(&[u8]) -> bool,
    check: Checked,
    show: fn(At<'_>, &mut Formatter<'_>) -> FmtResult,
}

impl Facts {
    /// What the type of a field says of itself.
    pub(crate) const fn of<T: Hydra>() -> Facts {
        Facts {
            size: T::SIZE,
            align: T::ALIGN,
            live_offset: None,
            own: !T::TRANSPARENT,
            flat: T::FLAT,
            any_bits: T::ANY_BITS,
            refs: T::REFS,
            key: T::KEY,
            valid: T::valid,
            check: T::check,
            show: |at, f| T::show(&T::view(at), f),
        }
    }

    /// For a field that is converted: it is never taken as it is, and always measured, as converting may fail.
    pub(crate) const fn converted(self) -> Facts {
        Facts { own: false, flat: false, refs: true, key: false, ..self }
    }

    /// For a field at this offset in live memory.
    pub const fn at(self, live_offset: usize) -> Facts {
        Facts { live_offset: Some(live_offset), ..self }
    }
}

/// The stored fields of a type; of an enum: those of all its variants, one variant after the other.
pub trait Fields: Describe {
    const FACTS: &'static [Facts];
    /// Their stored offsets.
    const OFFSETS: &'static [u32];
}

/// The variants of an enum.
pub trait Variants: Fields + Reflect {
    const TAG: Kind;
    const TAGS: &'static [i128];
    /// The number of fields up to and with each variant.
    const ENDS: &'static [usize];
}

const fn sizes<S: Fields, const N: usize>() -> [(usize, usize); N] {
    let (mut sizes, mut i) = ([(0, 1); N], 0);
    while i < N {
        sizes[i] = (S::FACTS[i].size, S::FACTS[i].align);
        i += 1;
    }
    sizes
}

/// Where the `N` fields of a struct are stored.
pub const fn placed<S: Fields, const N: usize>(min_align: usize) -> Layout<N> {
    struct_layout(sizes::<S, N>(), min_align)
}

/// Where the `N` fields of the variants of an enum are stored.
pub const fn placed_variants<S: Variants, const N: usize>() -> Layout<N> {
    variants_layout(S::TAG.fixed_size() as usize, sizes::<S, N>(), S::ENDS)
}

/// True if the fields stand in memory as they are stored, and nothing stands between or after them.
pub const fn flat<S: Fields>() -> bool {
    let (mut sum, mut i) = (0, 0);
    while i < S::FACTS.len() {
        let facts = S::FACTS[i];
        match facts.live_offset {
            Some(offset) if facts.flat && offset == S::OFFSETS[i] as usize => sum += facts.size,
            _ => return false,
        }
        i += 1;
    }
    sum == S::SIZE && size_of::<S>() == S::SIZE
}

/// True if an enum without fields, whose tags are its discriminants under an integer `repr`, is its tag alone.
pub const fn flat_enum<S: Variants>() -> bool {
    size_of::<S>() == S::SIZE && S::TAG.fixed_size() as usize == S::SIZE
}

/// What the fields say together: any bits are valid in each, one holds references, each is a key.
const fn together<S: Fields>() -> (bool, bool, bool) {
    let (mut any_bits, mut refs, mut key, mut i) = (!S::FACTS.is_empty(), false, true, 0);
    while i < S::FACTS.len() {
        any_bits &= S::FACTS[i].any_bits;
        refs |= S::FACTS[i].refs;
        key &= S::FACTS[i].key;
        i += 1;
    }
    (any_bits, refs, key)
}

/// True if any bits are valid in every field.
pub const fn any_bits<S: Fields>() -> bool {
    together::<S>().0
}

/// True if any field holds references.
pub const fn refs<S: Fields>() -> bool {
    together::<S>().1
}

/// True if every field is a key.
pub const fn key<S: Fields>() -> bool {
    together::<S>().2
}

/// True if the bytes of every field are valid.
pub fn valid<S: Fields>(bytes: &[u8]) -> bool {
    S::FACTS.iter().zip(S::OFFSETS).all(|(facts, &offset)| {
        let field = bytes.get(offset as usize..).and_then(|rest| rest.get(..facts.size));
        facts.any_bits || field.is_some_and(facts.valid)
    })
}

/// [`Hydra::check`] of an enum.
pub fn check_variant<S: Variants>(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
    let Some(index) = position::<S>(At::new(bytes, &[], "").integer(S::TAG)) else { return false };
    let end = S::ENDS.get(index).copied().unwrap_or(0);
    let start = index.checked_sub(1).and_then(|before| S::ENDS.get(before)).copied().unwrap_or(0);
    let (facts, offsets) = (S::FACTS.get(start..end), S::OFFSETS.get(start..end));
    facts.unwrap_or_default().iter().zip(offsets.unwrap_or_default()).all(|(facts, &offset)| {
        let field = bytes.get(offset as usize..).and_then(|rest| rest.get(..facts.size));
        field.is_some_and(|field| (facts.check)(field, cursor, depth))
    })
}

/// True if the bytes are a tag.
pub fn valid_tag<S: Variants>(bytes: &[u8]) -> bool {
    position::<S>(At::new(bytes, &[], "").integer(S::TAG)).is_some()
}

/// The types of constant parameters, and the kinds under which their values are arguments in a schema.
pub trait ConstParam {
    const KIND: Kind;
}

macro_rules! const_params {
    ($($ty:ident $kind:ident),*) => {$(
        impl ConstParam for $ty {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}
const_params!(bool Bool, char Char, i8 I8, i16 I16, i32 I32, i64 I64, i128 I128, isize I64);
const_params!(u8 U8, u16 U16, u32 U32, u64 U64, u128 U128, usize U64);

/// A constant argument of type `T`.
pub const fn constant<T: ConstParam>(value: i128) -> Arg {
    match Constant::new(T::KIND, value) {
        Some(constant) => Arg::Const(constant),
        None => panic!("a value of its own kind"),
    }
}

/// A type argument.
pub const fn argument<T: Hydra>() -> Arg {
    Arg::Type(FieldOf::<T>::TYPE)
}

/// Parts of a type with a name.
const fn named<T: Describe>(
    kind: Kind,
    name: &'static str,
    args: &'static [Arg],
    notes: &'static [Note],
) -> Parts {
    let mut parts = Parts::new(kind, T::SIZE, T::ALIGN);
    parts.live = Some(Live::of::<T>());
    parts.name = name;
    parts.args = args;
    parts.notes = notes;
    parts
}

/// The descriptor of a struct.
pub const fn structure<T: Describe>(
    name: &'static str,
    args: &'static [Arg],
    fields: &'static [Field],
    notes: &'static [Note],
) -> Descriptor {
    let mut parts = named::<T>(Kind::Struct, name, args, notes);
    parts.fields = fields;
    Descriptor::new(parts)
}

/// The descriptor of a newtype.
pub const fn newtype<T: Describe>(
    name: &'static str,
    args: &'static [Arg],
    inner: TypeRef,
    notes: &'static [Note],
) -> Descriptor {
    let mut parts = named::<T>(Kind::Newtype, name, args, notes);
    parts.element = Some(inner);
    Descriptor::new(parts)
}

/// The descriptor of an enum.
pub const fn enumeration<T: Variants>(
    name: &'static str,
    args: &'static [Arg],
    variants: &'static [Variant],
    notes: &'static [Note],
) -> Descriptor {
    let mut parts = named::<T>(Kind::Enum, name, args, notes);
    parts.tag = Some(T::TAG);
    parts.variants = variants;
    Descriptor::new(parts)
}

pub const fn doc(text: &'static str) -> Note {
    Note::Doc(Cow::Borrowed(text))
}

pub const fn alias(name: &'static str) -> Note {
    Note::Alias(Cow::Borrowed(name))
}

pub const fn deprecated(text: &'static str) -> Note {
    Note::Deprecated(Cow::Borrowed(text))
}

pub const fn attribute(name: &'static str, value: AttrValue) -> Note {
    Note::Attribute { name: Cow::Borrowed(name), value }
}

pub const fn text(text: &'static str) -> AttrValue {
    AttrValue::Str(Cow::Borrowed(text))
}

/// The default of a field of type `T`.
pub const fn default<T>(make: fn() -> Result<(u32, Vec<u8>)>) -> Note {
    assert!(
        size_of::<T>() <= MAX_BYTES,
        "a default is made on the stack: put a field of more than 128 KiB behind a Box"
    );
    Note::Default(DefaultImage::Live(make))
}

/// The stored offset of field `I` of `S`.
#[inline]
pub fn offset<S: Fields, const I: usize>() -> usize {
    const { S::OFFSETS[I] as usize }
}

/// True if a slot is too short for an `S`. Asked first, it spares the compiler a check for each field.
#[inline]
pub fn is_short<S: Describe>(slot: &[u8]) -> bool {
    slot.len() < S::SIZE
}

/// An error if the bytes of an `S` are not all there, as [`is_short`].
#[inline]
pub fn whole<S: Describe>(at: At<'_>) -> Result<()> {
    if is_short::<S>(at.bytes()) { Err(Error::new(ErrorKind::BadReference)) } else { Ok(()) }
}

/// The descriptor of field `index` of `S`.
pub const fn field<S: Fields>(
    ty: TypeRef,
    index: usize,
    name: &'static str,
    notes: &'static [Note],
) -> Field {
    let facts = S::FACTS[index];
    Field::new(name, ty, S::OFFSETS[index], if facts.own { facts.live_offset } else { None }, notes)
}

/// Says in words that `#[hydra(opaque)]` needs a feature, where it is missing.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "opaque"))]
macro_rules! __opaque {
    () => {
        compile_error!(
            "`#[hydra(opaque)]` needs the feature `opaque` of hydra-format: in Cargo.toml, add features = [\"opaque\"] to \
             it; or use `with` to store the field as bytes or text"
        );
    };
}
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "opaque")]
macro_rules! __opaque {
    () => {};
}

/// The smallest unsigned kind that holds all tags, or signed if there is a negative one.
pub const fn smallest_tag(tags: &[i128]) -> Kind {
    let (mut low, mut high, mut i) = (0, 0, 0);
    while i < tags.len() {
        low = if tags[i] < low { tags[i] } else { low };
        high = if tags[i] > high { tags[i] } else { high };
        i += 1;
    }
    // One bit more for the sign: -128..=127 fits where 0..=255 does.
    let (reach, signed) =
        if low < 0 { (if -(low + 1) > high { -(low + 1) } else { high }, 1) } else { (high, 0) };
    match reach >> (8 - signed) {
        0 => [Kind::U8, Kind::I8][signed],
        _ if reach >> (16 - signed) == 0 => [Kind::U16, Kind::I16][signed],
        _ if reach >> (32 - signed) == 0 => [Kind::U32, Kind::I32][signed],
        _ if reach >> (64 - signed) == 0 => [Kind::U64, Kind::I64][signed],
        _ => [Kind::U128, Kind::I128][signed],
    }
}

/// Fails to compile if two tags are the same, or one does not fit into the kind.
#[track_caller]
pub const fn check_tags(kind: Kind, tags: &[i128]) {
    let mut i = 0;
    while i < tags.len() {
        assert!(kind.holds(tags[i]), "a tag of this enum does not fit into its `repr`");
        let mut j = i + 1;
        while j < tags.len() {
            assert!(tags[i] != tags[j], "two variants of this enum have the same tag");
            j += 1;
        }
        i += 1;
    }
}

#[inline]
fn position<S: Variants>(tag: i128) -> Option<usize> {
    if const { is_dense(S::TAGS) } {
        usize::try_from(tag).ok().filter(|&index| index < S::TAGS.len())
    } else {
        S::TAGS.iter().position(|&known| known == tag)
    }
}

const fn is_dense(tags: &[i128]) -> bool {
    let mut i = 0;
    while i < tags.len() {
        if tags[i] != i as i128 {
            return false;
        }
        i += 1;
    }
    true
}

/// Makes a variant in a frame of its own, where the compiler does not think better of it.
#[inline]
pub fn apart<S>(make: impl FnOnce() -> Result<S>) -> Result<S> {
    make()
}

/// The position of the stored variant; of the first one for an unknown tag.
#[inline]
pub fn variant_seen<S: Variants>(at: At<'_>) -> usize {
    position::<S>(at.integer(S::TAG)).unwrap_or(0)
}

/// The position of the stored variant.
pub fn variant<S: Variants>(at: At<'_>) -> Result<usize> {
    let tag = at.integer(S::TAG);
    position::<S>(tag).ok_or_else(|| {
        let name = S::TYPE.name();
        Error::new(ErrorKind::BadValue)
            .expected(format!("the tag of a variant of {name}"))
            .found(tag.to_string())
    })
}

#[inline]
fn live_tag<S: Variants>(value: &S) -> i128 {
    S::TAGS.get(value.variant()).copied().unwrap_or(0)
}

/// Writes the tag of a variant.
#[inline]
pub fn put_tag<S: Variants>(value: &S, slot: &mut [u8]) {
    let bytes = live_tag(value).to_le_bytes();
    put(slot, bytes.get(..S::TAG.fixed_size() as usize).unwrap_or_default());
}

/// Number of fields of the present variant.
pub fn count<S: Variants>(value: &S) -> usize {
    S::TYPE.variants().get(value.variant()).map_or(0, |variant| variant.fields().len())
}

/// Tags in an order of unsigned numbers, whatever the kind.
fn rank<S: Variants>(tag: i128) -> u128 {
    if S::TAG.is_signed() { (tag as u128) ^ (1 << 127) } else { tag as u128 }
}

/// Compares a stored enum without fields with a live one.
pub fn compare_tag<S: Variants>(at: At<'_>, key: &S) -> Ordering {
    rank::<S>(at.integer(S::TAG)).cmp(&rank::<S>(live_tag(key)))
}

/// Compares two live enums without fields.
pub fn order_tags<S: Variants>(left: &S, right: &S) -> Ordering {
    rank::<S>(live_tag(left)).cmp(&rank::<S>(live_tag(right)))
}

/// What an invariant says, refusals in words.
pub type Verdict = Result<(), String>;

/// What an invariant says of a value, in words.
pub fn refused<E: std::fmt::Display>(verdict: Result<(), E>) -> Verdict {
    verdict.map_err(|error| error.to_string())
}

/// A stored field, to be shown.
struct StoredField<'a>(At<'a>, Facts);

impl Debug for StoredField<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        (self.1.show)(self.0, f)
    }
}

/// Shows a stored struct as std's derive shows the live one.
pub fn show_struct<S: Fields>(at: At<'_>, f: &mut Formatter<'_>, name: &str, names: &[&str]) -> FmtResult {
    let fields = S::FACTS.iter().zip(S::OFFSETS);
    let parts: Vec<_> =
        fields.map(|(facts, &offset)| StoredField(at.part(offset as usize, facts.size), *facts)).collect();
    let parts: Vec<&dyn Debug> = parts.iter().map(|part| part as &dyn Debug).collect();
    show_fields(f, name, names, &parts)
}

/// Shows a struct or a variant as std's derive does; no names for those of tuples.
pub fn show_fields(f: &mut Formatter<'_>, name: &str, names: &[&str], fields: &[&dyn Debug]) -> FmtResult {
    match (names.is_empty(), fields.is_empty()) {
        (_, true) => f.write_str(name),
        (true, _) => {
            let mut tuple = f.debug_tuple(name);
            fields.iter().for_each(|field| _ = tuple.field(field));
            tuple.finish()
        }
        (false, _) => {
            let mut structure = f.debug_struct(name);
            names.iter().zip(fields).for_each(|(name, field)| _ = structure.field(name, field));
            structure.finish()
        }
    }
}

/// Shows an enum without fields.
pub fn show_variant<T: Reflect>(value: &T, names: &[&str], f: &mut Formatter<'_>) -> FmtResult {
    f.write_str(names.get(value.variant()).copied().unwrap_or_default())
}

/// Hands on what shows each element of a list.
pub fn show_list<T: Hydra>(list: ListView<'_, T>, each: &mut dyn FnMut(&dyn Debug)) {
    list.iter().for_each(|view| each(&Seen::<T>(view)));
}

/// Where what shows elements goes.
pub type Each<'e> = &'e mut (dyn FnMut(&dyn Debug) + 'e);

/// What is in a newtype, to be shown with its name.
pub struct InNewtype<'n>(pub &'static str, pub &'n dyn Debug);

impl Debug for InNewtype<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.debug_tuple(self.0).field(self.1).finish()
    }
}

/// How a run of a plain type is read: as a slice if any bits are valid, as a list if not.
pub struct Bits<const ANY: bool>;

pub trait PlainList {
    type List<'a, T: Hydra + Plain>: Copy;
    fn list<T: Hydra + Plain>(run: Run<'_>) -> Self::List<'_, T>;
    fn show_list<T: Hydra + Plain>(list: Self::List<'_, T>, each: &mut dyn FnMut(&dyn Debug));
}

impl PlainList for Bits<true> {
    type List<'a, T: Hydra + Plain> = &'a [T];

    #[inline]
    fn list<T: Hydra + Plain>(run: Run<'_>) -> &[T] {
        run.slice()
    }

    fn show_list<T: Hydra + Plain>(list: &[T], each: &mut dyn FnMut(&dyn Debug)) {
        let bytes = crate::raw::bytes_of(list).unwrap_or_default();
        show_list(ListView::<T>::new(At::new(bytes, &[], "").inline_run(list.len())), each);
    }
}

impl PlainList for Bits<false> {
    type List<'a, T: Hydra + Plain> = ListView<'a, T>;

    #[inline]
    fn list<T: Hydra + Plain>(run: Run<'_>) -> ListView<'_, T> {
        ListView::new(run)
    }

    fn show_list<T: Hydra + Plain>(list: ListView<'_, T>, each: &mut dyn FnMut(&dyn Debug)) {
        show_list(list, each);
    }
}

/// Fails to compile if field `index` of a plain type is not as it is stored; `why` says which field:
/// not plain, not at its stored offset, padding before it.
#[track_caller]
pub const fn plain_field<S: Fields>(index: usize, why: [&str; 3]) {
    let facts = S::FACTS[index];
    if !facts.flat {
        panic!("{}", why[0]);
    }
    let Some(offset) = facts.live_offset else { panic!("{}", why[0]) };
    let end = match index {
        0 => 0,
        _ => S::OFFSETS[index - 1] as usize + S::FACTS[index - 1].size,
    };
    if S::OFFSETS[index] as usize != end {
        panic!("{}", why[2]);
    }
    if offset != S::OFFSETS[index] as usize {
        panic!("{}", why[1]);
    }
}

/// Fails to compile if a plain type is not as it is stored as a whole.
#[track_caller]
pub const fn plain_type<S: Fields>(why: &str) {
    let (mut end, mut i) = (0, 0);
    while i < S::FACTS.len() {
        end = S::OFFSETS[i] as usize + S::FACTS[i].size;
        i += 1;
    }
    if i > 0 && end != S::SIZE {
        panic!("{}", why);
    }
    assert!(
        size_of::<S>() >= S::SIZE && align_of::<S>() <= S::ALIGN,
        "a plain type is laid out as it is stored"
    );
}

#[cfg(test)]
#[path = "private_tests.rs"]
mod tests;
