//! Schemas: a type as data, together with all types that it mentions.

use super::spell::spelling;
use super::wire::{decode_core, encode_core, fnv1a, require};
use super::{Descriptor, TypeRef, canon, check, notes};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// The largest number of bytes of core and notes together.
const MAX_BYTES: usize = 16 << 20;

/// A type as data, together with all types that it mentions, as a file stores it for a table.
///
/// The root is type 0. Cloning is cheap. Two schemas are identical if their cores are the same bytes.
///
/// ```
/// use hydra::{Descriptor, Kind, schema::TypeRef};
/// let schema = hydra::Schema::new(vec![
///     Descriptor::structure("Tick", vec![("time".into(), TypeRef::Index(1)), ("venue".into(), TypeRef::Index(2))]),
///     Descriptor::scalar(Kind::U64),
///     Descriptor::scalar(Kind::String),
/// ])?;
/// assert_eq!(schema.name(), "Tick");
/// assert_eq!(schema.root().size(), 16);
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    types: Vec<Descriptor>,
    core: Vec<u8>,
    notes: Vec<u8>,
    fingerprint: u64,
}

impl Schema {
    /// Returns the schema of a descriptor of the program.
    ///
    /// # Panics
    /// Panics where [`Schema::of`] does.
    #[expect(clippy::panic, reason = "documented, and only for types of the program")]
    pub fn from_descriptor(root: &'static Descriptor) -> Schema {
        match Schema::try_from_descriptor(root) {
            Ok(schema) => schema,
            Err(error) => panic!("the type {} has no schema: {error}", root.name()),
        }
    }

    /// Returns the schema of a descriptor of the program.
    ///
    /// # Errors
    /// Fails if the type breaks a rule or limit of the format (for example nesting deeper than 32, or two
    /// fields with one name), or if a default cannot be encoded.
    pub fn try_from_descriptor(root: &'static Descriptor) -> Result<Schema> {
        Schema::of_type(root, None)
    }

    /// Returns the schema of any type: one of the program, or one whose indices refer to `schema`.
    pub(crate) fn of_type(ty: &Descriptor, schema: Option<&Schema>) -> Result<Schema> {
        match schema {
            Some(schema) if std::ptr::eq(ty, schema.root()) => Ok(schema.clone()),
            _ => Schema::new(canon::collect(ty, schema.map_or(&[], Schema::types))),
        }
    }

    /// Returns one of this schema's types, with the types that it needs, as a schema of its own.
    ///
    /// ```
    /// # use hydra::Schema;
    /// let schema = Schema::of::<(u8, Vec<String>)>();
    /// let names = schema.resolve(schema.root().fields()[1].ty());
    /// assert!(schema.part(names)?.is_identical(&Schema::of::<Vec<String>>()));
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fails if `ty` belongs to another schema and breaks a rule with the types of this one.
    pub fn part(&self, ty: &Descriptor) -> Result<Schema> {
        Schema::of_type(ty, Some(self))
    }

    /// Creates a schema of types that refer to one another by index; the root is the first.
    ///
    /// Sizes, alignments and offsets are computed; a type whose size is not 0 must already have the right
    /// ones. Indistinguishable types are merged, and the types are put in canonical order.
    ///
    /// # Errors
    /// Fails if the types break a rule or limit of the format.
    pub fn new(mut types: Vec<Descriptor>) -> Result<Schema> {
        check::check(&mut types)?;
        let mut types = canon::canonical(&types);
        let core = encode_core(&types);
        let notes = notes::encode_notes(&types)?;
        within_limits(&core, &notes)?;
        types.iter_mut().for_each(Descriptor::forget_notes);
        Schema::from_parts(types, core, notes)
    }

    /// Decodes a schema from its bytes in a file, which are untrusted.
    ///
    /// # Errors
    /// Fails if the bytes are not a valid schema.
    pub fn decode(core: &[u8], notes: &[u8]) -> Result<Schema> {
        within_limits(core, notes)?;
        let mut types = decode_core(core)?;
        check::check(&mut types)?;
        Schema::from_parts(types, core.to_vec(), notes.to_vec())
    }

    /// Types without notes get theirs from the bytes, so that schemas from the program and from a file are
    /// equal.
    fn from_parts(mut types: Vec<Descriptor>, core: Vec<u8>, notes: Vec<u8>) -> Result<Schema> {
        notes::decode_notes(&mut types, &notes)?;
        let fingerprint = fnv1a(&core);
        Ok(Schema(Arc::new(Inner { types, core, notes, fingerprint })))
    }

    /// Returns whether indistinguishable types are merged and all types are in canonical order.
    pub(crate) fn is_canonical(&self) -> bool {
        encode_core(&canon::canonical(self.types())) == self.core()
    }

    /// Returns the core: the bytes that determine how values are read.
    pub fn core(&self) -> &[u8] {
        &self.0.core
    }

    /// Returns the notes: documentation, attributes, defaults.
    pub fn notes(&self) -> &[u8] {
        &self.0.notes
    }

    /// Returns all types; the root is the first.
    pub fn types(&self) -> &[Descriptor] {
        &self.0.types
    }

    /// Returns the root type.
    #[inline]
    pub fn root(&self) -> &Descriptor {
        self.resolve(TypeRef::Index(0))
    }

    /// Returns the descriptor that a reference refers to: one of this schema, or one of the program.
    ///
    /// # Panics
    /// Panics if the index is out of bounds. References of this schema's own types never are.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "references within a checked schema are in bounds")]
    pub fn resolve(&self, ty: TypeRef) -> &Descriptor {
        match ty {
            TypeRef::Index(index) => &self.0.types[index as usize],
            TypeRef::Live(descriptor) => descriptor(),
        }
    }

    /// Returns the canonical spelling of the root.
    pub fn name(&self) -> String {
        self.spell(self.root())
    }

    /// Returns the canonical spelling of a type of this schema, truncated to 1024 bytes.
    pub fn spell(&self, ty: &Descriptor) -> String {
        spelling(self, ty, false)
    }

    /// Returns the Rust spelling of a type of this schema, truncated to 1024 bytes.
    pub fn spell_rust(&self, ty: &Descriptor) -> String {
        spelling(self, ty, true)
    }

    /// Returns the FNV-1a hash of the core. Equal hashes do not prove that schemas are identical.
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprint
    }

    /// Returns the same hash of the core without names and type arguments.
    pub fn layout_fingerprint(&self) -> u64 {
        let mut types = self.types().to_vec();
        types.iter_mut().for_each(Descriptor::forget_names);
        fnv1a(&encode_core(&types))
    }

    /// Returns whether the schemas are identical and have equal notes.
    pub(crate) fn is_same(&self, other: &Schema) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.core() == other.core() && self.notes() == other.notes())
    }

    /// Returns whether the cores are equal: types are read in the same way and have the same names.
    pub fn is_identical(&self, other: &Schema) -> bool {
        #[cfg(test)]
        LOOKS.set(LOOKS.get().saturating_add(1));
        Arc::ptr_eq(&self.0, &other.0) || self.core() == other.core()
    }
}

#[cfg(test)]
thread_local! {
    /// Counts comparisons of schemas and open tables that were examined, for tests that detect linear
    /// searches.
    pub(crate) static LOOKS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl PartialEq for Schema {
    /// Compares as [`Schema::is_identical`] does.
    fn eq(&self, other: &Schema) -> bool {
        self.is_identical(other)
    }
}

impl Eq for Schema {}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({}, {:016x})", self.name(), self.fingerprint())
    }
}

fn within_limits(core: &[u8], notes: &[u8]) -> Result<()> {
    let bytes = core.len().saturating_add(notes.len());
    require(bytes <= MAX_BYTES, || {
        Error::new(ErrorKind::TooLarge)
            .what("a schema")
            .expected(format!("at most {MAX_BYTES} bytes of core and notes"))
            .found(bytes.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Arg, AttrValue, Constant, DefaultImage, Form, Kind, Note, Style};
    use super::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn at(index: u32) -> TypeRef {
        TypeRef::Index(index)
    }

    fn round_trip(schema: &Schema) {
        let back = Schema::decode(schema.core(), schema.notes()).unwrap();
        assert!(back.is_identical(schema));
        assert_eq!(encode_core(back.types()), schema.core());
        assert_eq!(notes::encode_notes(back.types()).unwrap(), schema.notes());
    }

    #[test]
    fn types_of_the_program_have_schemas() {
        let schema = Schema::of::<BTreeMap<String, Vec<Option<(u8, u64)>>>>();
        assert_eq!(schema.name(), "map<string,list<option<(u8,u64)>>>");
        assert_eq!(schema.spell_rust(schema.root()), "BTreeMap<String, Vec<Option<(u8, u64)>>>");
        assert_eq!(schema.types().len(), 7);
        round_trip(&schema);
        let pair = Schema::of::<(Box<str>, String)>();
        assert_eq!(pair.types().len(), 2, "the same on disk is one entry");
    }

    #[test]
    fn constant_arguments_are_values_of_their_kinds() {
        let named = |args| {
            vec![
                Descriptor::structure("S", vec![("a".into(), at(1))]).with_args(args),
                Descriptor::scalar(Kind::U8),
            ]
        };
        let char = |c: char| (Kind::Char, i128::from(u32::from(c)));
        let values = [
            (Kind::Bool, 1),
            char('\n'),
            char('\\'),
            char('日'),
            (Kind::I8, -128),
            (Kind::U128, -1),
            (Kind::I128, i128::MIN),
        ];
        let args = values.map(|(kind, value)| Arg::Const(Constant::new(kind, value).unwrap()));
        let schema = Schema::new(named(args.to_vec())).unwrap();
        assert_eq!(
            schema.name(),
            format!(r"S<true,'\u{{a}}','\u{{5c}}','日',-128,{},{}>", u128::MAX, i128::MIN)
        );
        round_trip(&schema);
        let wrong = [
            (Kind::Bool, 2),
            (Kind::Char, 0xd800),
            (Kind::Char, -1),
            (Kind::Char, 0x11_0000),
            (Kind::U8, 256),
            (Kind::U8, -1),
        ];
        let kinds = [(Kind::F32, 0), (Kind::Unit, 0), (Kind::String, 0), (Kind::Array, 1)];
        assert!(wrong.iter().chain(&kinds).all(|&(kind, value)| Constant::new(kind, value).is_none()));
        // The same type in bytes: kind and value of the one argument.
        let one = Schema::new(named(vec![Arg::Const(Constant::new(Kind::Bool, 1).unwrap())])).unwrap();
        let found = one.core().windows(2).position(|pair| pair == [2, 1]).unwrap();
        for (kind, value) in [(2, 2), (1, 0), (14, 1), (29, 1), (255, 1), (10, 1)] {
            let mut core = one.core().to_vec();
            core[found..found + 2].copy_from_slice(&[kind, value]);
            assert_eq!(
                Schema::decode(&core, one.notes()).unwrap_err().kind(),
                ErrorKind::BadSchema,
                "{kind} {value}"
            );
        }
    }

    #[test]
    fn an_enum_is_laid_out_and_goes_round() {
        let fields = vec![("a".to_string(), at(1)), ("b".to_string(), at(2))];
        let variants = vec![
            ("Empty".to_string(), 0, Style::Unit, vec![]),
            ("Both".to_string(), 7, Style::Struct, fields.clone()),
        ];
        let shape = Descriptor::enumeration("Shape", Kind::U8, variants);
        let schema =
            Schema::new(vec![shape, Descriptor::scalar(Kind::U16), Descriptor::boxed(at(0))]).unwrap();
        assert_eq!((schema.root().size(), schema.root().align()), (16, 4));
        let both = &schema.root().variants()[1];
        assert_eq!((both.fields()[0].offset(), both.fields()[1].offset()), (4, 8));
        round_trip(&schema);
    }

    #[test]
    fn notes_come_back() {
        let image = DefaultImage::Live(|| Ok((64, vec![5; 3])));
        let notes = vec![
            Note::Doc("A tick.\nOf the clock.".into()),
            Note::Version(3),
            Note::Attribute { name: "scale".into(), value: AttrValue::Float(0.1) },
        ];
        let field = vec![
            Note::Default(image),
            Note::Attribute { name: "unit".into(), value: AttrValue::Str("ms".into()) },
        ];
        let tick = Descriptor::structure("Tick", vec![("time".into(), at(1))])
            .with_notes(notes)
            .with_field_notes(0, field);
        let schema = Schema::new(vec![tick, Descriptor::scalar(Kind::U64)]).unwrap();
        round_trip(&schema);
        assert_eq!(schema.root().doc(), Some("A tick.\nOf the clock."));
        assert_eq!(schema.root().fields()[0].attribute("unit"), Some(&AttrValue::Str("ms".into())));
        let text = "/// A tick.\n/// Of the clock.\n// version 3\n// scale = 0.1\nstruct Tick {\n    \
                    // has a default\n    // unit = \"ms\"\n    time: u64,\n}\n";
        assert_eq!(schema.to_string(), text);
        let mut unknown = schema.notes().to_vec();
        let count = unknown[0];
        unknown[0] = count + 1;
        unknown.extend([11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 99, 1, 2]);
        assert_eq!(
            Schema::decode(schema.core(), &unknown).unwrap().notes(),
            unknown,
            "unknown notes are skipped and kept"
        );
    }

    #[test]
    fn canonical_form_merges_and_orders() {
        let list = |of| Descriptor::list(at(of));
        let one = Schema::new(vec![
            Descriptor::tuple(vec![at(2), at(1)]),
            list(3),
            list(4),
            Descriptor::scalar(Kind::U8),
            Descriptor::scalar(Kind::U8),
        ]);
        let two =
            Schema::new(vec![Descriptor::tuple(vec![at(1), at(1)]), list(2), Descriptor::scalar(Kind::U8)]);
        assert!(one.unwrap().is_identical(&two.unwrap()));
        let cycle = |types: &[u32]| {
            let node = |&next: &u32| Descriptor::structure("Node", vec![("next".into(), at(next))]);
            let mut all: Vec<Descriptor> = types.iter().map(node).collect();
            all.extend((0..types.len() as u32).map(|of| Descriptor::option(at(types.len() as u32 * 2 + of))));
            all.extend(
                (0..types.len() as u32).map(|of| Descriptor::boxed(at((of + 1) % types.len() as u32))),
            );
            Schema::new(all).unwrap()
        };
        let (short, long) = (cycle(&[1]), cycle(&[3, 4, 5]));
        assert_eq!(short.types().len(), 3);
        assert!(short.is_identical(&long), "a cycle unrolled is the same type");
    }

    #[test]
    fn rules_are_kept() {
        let refused = |types: Vec<Descriptor>, words: &str| {
            let error = Schema::new(types).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        };
        let u8_ = || Descriptor::scalar(Kind::U8);
        let field = |name: &str| (name.to_string(), at(1));
        refused(vec![], "number of types");
        refused(vec![Descriptor::list(at(1))], "does not have");
        refused(vec![Descriptor::option(at(0))], "contains itself");
        refused(vec![Descriptor::structure("S", vec![field("a"), field("a")]), u8_()], "same name");
        refused(vec![Descriptor::structure("S", vec![field("")]), u8_()], "length of a name");
        refused(vec![Descriptor::structure("", vec![]), u8_()], "length of a name");
        refused(vec![Descriptor::structure("S", vec![]).with_align(3)], "power of two");
        refused(vec![Descriptor::structure("S", vec![]).with_align(128)], "power of two");
        refused(vec![Descriptor::set(at(1)), Descriptor::scalar(Kind::F64)], "keys of this kind");
        refused(vec![Descriptor::map(at(1), at(2)), Descriptor::list(at(2)), u8_()], "keys of this kind");
        refused(vec![Descriptor::formed(Kind::U8, Form::Date)], "form");
        refused(vec![Descriptor::nonzero(Kind::F32)], "parts");
        refused(vec![Descriptor::array(at(1), u64::MAX), Descriptor::scalar(Kind::U64)], "a type");
        let variant = |name: &str, tag| (name.to_string(), tag, Style::Unit, vec![]);
        let choice = |a, b| vec![Descriptor::enumeration("E", Kind::I8, vec![a, b])];
        refused(choice(variant("A", 0), variant("A", 1)), "same name");
        refused(choice(variant("A", 1), variant("B", 1)), "same tag");
        refused(choice(variant("A", 1), variant("B", 128)), "cannot hold");
        refused(vec![Descriptor::enumeration("E", Kind::F32, vec![])], "integer kind");
        let unit = ("A".to_string(), 0, Style::Unit, vec![field("0")]);
        refused(vec![Descriptor::enumeration("E", Kind::U8, vec![unit]), u8_()], "too many fields");
        let tuple = ("A".to_string(), 0, Style::Tuple, vec![field("x")]);
        refused(vec![Descriptor::enumeration("E", Kind::U8, vec![tuple]), u8_()], "field of a tuple");
    }

    #[test]
    fn parts_names_and_sizes_have_limits() {
        let fields = |count: usize| (0..count).map(|index| (format!("f{index}"), at(1))).collect::<Vec<_>>();
        let accepted = |ty: Descriptor| Schema::new(vec![ty, Descriptor::scalar(Kind::U8)]).is_ok();
        let structure = |count| accepted(Descriptor::structure("S", fields(count)));
        assert_eq!([4096, 4097].map(structure), [true, false]);
        let variants = |count: usize| {
            let variant = |index| (format!("V{index}"), index as i128, Style::Unit, vec![]);
            let ty = Descriptor::enumeration("E", Kind::U32, (0..count).map(variant).collect());
            Schema::new(vec![ty]).is_ok()
        };
        assert_eq!([65_535, 65_536].map(variants), [true, false]);
        let named = |length| accepted(Descriptor::structure("n".repeat(length), fields(1)));
        assert_eq!([255, 256].map(named), [true, false]);
        let array = |count| accepted(Descriptor::array(at(1), count));
        assert_eq!([1 << 24, (1 << 24) + 1].map(array), [true, false]);
    }

    #[test]
    fn inline_nesting_is_bounded_whatever_the_order() {
        let nested = |count: u32, reversed: bool| {
            let mut types: Vec<Descriptor> = (1..count).map(|next| Descriptor::option(at(next))).collect();
            types.push(Descriptor::scalar(Kind::U8));
            if reversed {
                types.reverse();
                types.iter_mut().for_each(|ty| ty.map_children(|child| at(count - 1 - child.index())));
                types.insert(0, Descriptor::list(at(count)));
                types.iter_mut().skip(1).for_each(|ty| ty.map_children(|child| at(child.index() + 1)));
            }
            Schema::new(types)
        };
        for reversed in [false, true] {
            assert!(nested(32, reversed).is_ok());
            assert!(nested(33, reversed).unwrap_err().to_string().contains("nested too deep"));
        }
    }

    #[test]
    fn every_flipped_byte_of_a_core_is_refused_or_read_without_panic() {
        let schema = Schema::of::<BTreeMap<String, Vec<Option<([u8; 3], u64, i128, Duration)>>>>();
        let mut accepted = 0;
        for position in 0..schema.core().len() {
            for bit in 0..8 {
                let mut core = schema.core().to_vec();
                core[position] ^= 1 << bit;
                if let Ok(other) = Schema::decode(&core, schema.notes()) {
                    assert_eq!(other.core(), core);
                    accepted += usize::from(!other.to_string().is_empty() && !other.name().is_empty());
                }
            }
            assert!(Schema::decode(&schema.core()[..position], schema.notes()).is_err());
        }
        assert!(accepted > 0);
    }

    /// A core is (version, 0), the number of types, and each type with its length: kind, flags, form,
    /// exponent, size, alignment.
    #[test]
    fn a_core_says_only_what_this_version_knows() {
        let schema = Schema::of::<std::num::NonZero<u32>>();
        let core = schema.core();
        assert_eq!((core[13], &core[16..24]), (1, &[4, 0, 0, 0, 4, 0, 0, 0][..]));
        assert_eq!(Schema::decode(core, &[0; 4]).unwrap(), schema);
        let refused = |changes: &[(usize, u8)]| {
            let mut core = core.to_vec();
            changes.iter().for_each(|&(at, byte)| core[at] = byte);
            Schema::decode(&core, &[0; 4]).unwrap_err().kind()
        };
        assert_eq!(refused(&[(0, 2)]), ErrorKind::UnknownFeature);
        assert_eq!(refused(&[(2, 1)]), ErrorKind::UnknownFeature);
        assert_eq!(refused(&[(12, 29)]), ErrorKind::UnknownFeature);
        assert_eq!(refused(&[(13, 3)]), ErrorKind::UnknownFeature);
        for zeros in [&[(16, 0)][..], &[(20, 0)], &[(16, 0), (20, 0)], &[(16, 8)], &[(20, 8)]] {
            assert_eq!(refused(zeros), ErrorKind::BadSchema, "{zeros:?}");
        }
    }

    #[test]
    fn fingerprints_are_fnv_1a() {
        // Test vectors from the page of the authors of FNV.
        let vectors =
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)];
        vectors.into_iter().for_each(|(text, hash)| assert_eq!(fnv1a(text.as_bytes()), hash));
    }

    #[test]
    fn the_number_of_types_has_a_limit() {
        let chain = |count: u32| {
            let lists = (1..count).map(|next| Descriptor::list(at(next)));
            Schema::new(lists.chain([Descriptor::scalar(Kind::U8)]).collect())
        };
        let most = chain(65_535).unwrap();
        assert_eq!(Schema::decode(most.core(), most.notes()).unwrap(), most);
        let error = chain(65_536).unwrap_err().to_string();
        assert!(error.contains("1 to 65535"), "{error}");
        let mut core = most.core().to_vec();
        core[4..8].copy_from_slice(&65_536u32.to_le_bytes());
        let error = Schema::decode(&core, most.notes()).unwrap_err().to_string();
        assert!(error.contains("too many types"), "before it looks for them: {error}");
    }

    #[test]
    fn a_spelling_ends() {
        let knot = Schema::new(vec![Descriptor::list(at(0))]).unwrap();
        assert!(
            knot.name().len() < 1100 && knot.name().starts_with("list<list<") && knot.name().ends_with('…')
        );
        let wide: Vec<Descriptor> = (0..30).map(|next| Descriptor::tuple(vec![at(next + 1); 2])).collect();
        let wide = [wide, vec![Descriptor::structure("Z", vec![])]].concat();
        assert!(Schema::new(wide).is_err(), "2^30 bytes are too large");
        let lists: Vec<Descriptor> = (0..60)
            .map(|next| {
                if next % 2 == 0 {
                    Descriptor::tuple(vec![at(next + 1); 2])
                } else {
                    Descriptor::list(at(next + 1))
                }
            })
            .chain([Descriptor::scalar(Kind::U8)])
            .collect();
        assert!(Schema::new(lists).unwrap().name().len() < 1100);
    }
}
