//! Deserializing values whose type is a schema with serde: the inverse of `serialize.rs`, by the rules of
//! docs/VALUES.md. It reuses the memory of the previous value and depends on no particular format.

use super::dynamic::{data_of, sort};
use super::path::{PathSegment, PathStack};
use super::serialize::Spelling;
use super::types::Type;
use super::visit::{RAW, is_spelled};
use super::{Data, Dynamic, Value, parse};
use crate::layout::rows::{MAX_DEPTH, Validator, open_payload_of};
use crate::memory::AlignedBuf;
use crate::schema::{DefaultImage, Field, Kind, Note, Schema, Style, Variant};
use serde_core::Deserializer;
use serde_core::de::{DeserializeSeed, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

impl Dynamic {
    /// Reads a value of the schema's root type from any self-describing serde format. For many values of one
    /// schema a [`Seed`] is faster; its page lists what is accepted.
    ///
    /// ```
    /// use hydra::{Dynamic, Schema};
    /// let schema = Schema::of::<(u8, Option<String>)>();
    /// let mut json = serde_json::Deserializer::from_str(r#"[7, null]"#);
    /// assert_eq!(Dynamic::deserialize(&schema, &mut json)?.to_string(), "(7, None)");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Seed`].
    pub fn deserialize<'de, D: Deserializer<'de>>(schema: &Schema, from: D) -> Result<Dynamic, D::Error> {
        let mut seed = Seed::new(schema);
        seed.deserialize(from)?;
        Ok(Dynamic { schema: seed.schema, data: seed.data })
    }
}

/// A reader of values of one schema from any self-describing serde format. It reuses the memory of the
/// previous value.
///
/// It accepts everything that a [`Value`] serializes to (`docs/VALUES.md`), and also:
/// - integers of any width as numbers, as strings, or as floats that hold them exactly; numbers of JSON
///   beyond 64 bits need the feature `raw_value` or `arbitrary_precision` of serde_json;
/// - floats as integers; text formats are rounded to the nearest float, binary formats must hold the float
///   exactly;
/// - maps as objects or as lists of pairs, with keys in any order;
/// - fields in any order and under their aliases; a missing field gets its declared default, or none if it is
///   an option.
///
/// ```
/// use hydra::{Hydra, Schema, reflect::Seed};
/// use serde::de::DeserializeSeed;
///
/// #[derive(Hydra)]
/// struct Tick { time: u64, price: f32, venue: Option<String> }
///
/// let mut seed = Seed::new(&Schema::of::<Tick>());
/// let mut prices = Vec::new();
/// for line in [r#"{"time":1,"price":0.1}"#, r#"{"price":2,"time":"18446744073709551615","venue":"LSE"}"#] {
///     let value = seed.deserialize(&mut serde_json::Deserializer::from_str(line))?;
///     prices.push(value.field("price").unwrap().get::<f32>().unwrap()); // or Writer::append_value
/// }
/// assert_eq!(prices, [0.1, 2.0]);
/// let error = seed.deserialize(&mut serde_json::Deserializer::from_str(r#"{"time":-1}"#)).unwrap_err();
/// assert_eq!(error.to_string(), "time: invalid value: integer `-1`, expected u64 at line 1 column 10");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// The errors of the format, and errors for values that do not match the type: unknown, missing and duplicate
/// fields and keys, numbers that do not fit, and nesting beyond 64 references or 256 levels. The latter begin
/// with the path of the value.
pub struct Seed {
    schema: Arc<Schema>,
    /// The memory of the previous value; its content has no meaning.
    data: Data,
    /// Decoded defaults by the address of their field.
    defaults: RefCell<HashMap<usize, Data>>,
    pub(super) spelling: Spelling,
}

impl Seed {
    /// Returns a reader of values of the schema's root type.
    pub fn new(schema: &Schema) -> Seed {
        Seed {
            schema: Arc::new(schema.clone()),
            data: Data::Unit,
            defaults: RefCell::default(),
            spelling: Spelling::default(),
        }
    }

    /// Sets the spelling of text. 64-bit integers are always accepted both as numbers and as strings.
    pub fn spelling(self, spelling: Spelling) -> Seed {
        Seed { spelling, ..self }
    }

    /// Reads a value into `data` and reuses its memory. After an error the content of `data` is unspecified.
    /// Append the data with [`append_data`](crate::Writer::append_data).
    ///
    /// # Errors
    /// Those of [`Seed`].
    pub fn read<'de, D: Deserializer<'de>>(&self, from: D, data: &mut Data) -> Result<(), D::Error> {
        let ty = Type::root(&self.schema);
        let stack = &PathStack::ROOT;
        ReadTarget { ty, data, stack, text: true, references: 0, body: None, seed: self }.deserialize(from)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({}, {:?})", self.schema.name(), self.spelling)
    }
}

impl<'de, 's> DeserializeSeed<'de> for &'s mut Seed {
    type Value = Value<'s>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'s>, D::Error> {
        let mut data = std::mem::take(&mut self.data);
        let read = self.read(from, &mut data);
        self.data = data;
        read.map(|()| Value::data(&self.data, Type::root(&self.schema)))
    }
}

/// Makes an error about the value, which begins with its path.
#[cold]
pub(super) fn fail<E: Error>(stack: &PathStack<'_>, what: fmt::Arguments<'_>) -> E {
    match stack.path() {
        path if path.is_empty() => E::custom(what),
        path => E::custom(format_args!("{path}: {what}")),
    }
}

/// A part to read and its destination.
pub(super) struct ReadTarget<'n> {
    pub(super) ty: Type<'n>,
    pub(super) data: &'n mut Data,
    pub(super) stack: &'n PathStack<'n>,
    /// True if the format is human-readable.
    pub(super) text: bool,
    references: u32,
    /// The variant whose fields are read next, once its name is known.
    pub(super) body: Option<(usize, &'n Variant)>,
    pub(super) seed: &'n Seed,
}

impl<'de> DeserializeSeed<'de> for ReadTarget<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<(), D::Error> {
        let kind = self.ty.kind();
        self.text = from.is_human_readable();
        let deeper = matches!(kind, Kind::Box | Kind::List | Kind::Set | Kind::Map);
        self.references = self.references.saturating_add(deeper.into());
        if self.references > MAX_DEPTH || self.stack.within_limit().is_err() {
            return Err(fail(self.stack, format_args!("the value is nested too deep")));
        }
        match kind {
            Kind::Newtype | Kind::Box => self.inner(PathSegment::Inner, from),
            Kind::Option => from.deserialize_option(self),
            // Ask serde_json for the raw text if it can: its numbers end at 64 bits.
            Kind::I128 | Kind::U128 if self.text && !is_spelled(self.ty) => {
                from.deserialize_newtype_struct(RAW, self)
            }
            _ => from.deserialize_any(self),
        }
    }
}

impl<'n> ReadTarget<'n> {
    #[cold]
    pub(super) fn wrong<E: Error>(&self, what: &str, found: Unexpected<'_>) -> E {
        fail(self.stack, format_args!("invalid {what}: {found}, expected {self}"))
    }

    #[cold]
    fn wrong_length<E: Error>(&self, length: usize, expected: fmt::Arguments<'_>) -> E {
        fail(self.stack, format_args!("invalid length {length}, expected {expected}"))
    }

    /// Reads the content of an option, newtype or box.
    pub(super) fn inner<'de, D: Deserializer<'de>>(
        self,
        segment: PathSegment<'_>,
        from: D,
    ) -> Result<(), D::Error> {
        if !matches!(self.data, Data::Some(_)) {
            *self.data = Data::some(());
        }
        let element = self.ty.element();
        let stack = self.stack.to(segment);
        let Data::Some(data) = self.data else { return Ok(()) };
        ReadTarget { ty: element, data, stack: &stack, ..self }.deserialize(from)
    }

    /// Returns the target for a part of this one.
    fn part<'p>(&self, ty: Type<'p>, data: &'p mut Data, stack: &'p PathStack<'p>) -> ReadTarget<'p>
    where
        'n: 'p,
    {
        ReadTarget { ty, data, stack, body: None, ..*self }
    }

    /// Takes the memory of the parts out of the data while they are read.
    fn take_parts(&mut self) -> Vec<Data> {
        match std::mem::take(self.data) {
            Data::Parts(parts) | Data::Variant(_, parts) => parts,
            _ => Vec::new(),
        }
    }

    /// Reads the elements of a list or array, or the members of a set.
    pub(super) fn elements<'de, A: SeqAccess<'de>>(&mut self, mut from: A) -> Result<Vec<Data>, A::Error> {
        let mut parts = self.take_parts();
        let element = self.ty.element();
        let limit = if self.ty.kind() == Kind::Array { self.ty.count() } else { u64::MAX };
        fill(&mut parts, limit, |index, data| {
            let stack = self.stack.to(PathSegment::Index(index));
            Ok(from.next_element_seed(self.part(element, data, &stack))?.is_some())
        })?;
        match parts.len() {
            count if count as u64 == limit => end(&mut from, self.stack)?,
            _ if limit == u64::MAX => {}
            count => return Err(self.wrong_length(count, format_args!("{self}"))),
        }
        Ok(parts)
    }

    /// Reads the entries of a map from an object.
    pub(super) fn entries<'de, A: MapAccess<'de>>(&mut self, mut from: A) -> Result<(), A::Error> {
        self.all_entries(|node, index, (key, value)| {
            let stack = node.stack.to(PathSegment::Index(index));
            if from.next_key_seed(node.part(node.ty.key(), key, &stack))?.is_none() {
                return Ok(false);
            }
            let stack = node.stack.to(PathSegment::Key(Value::data(key, node.ty.key())));
            from.next_value_seed(node.part(node.ty.element(), value, &stack))?;
            Ok(true)
        })
    }

    /// Reads the entries of a map from pairs.
    pub(super) fn pairs<'de, A: SeqAccess<'de>>(&mut self, mut from: A) -> Result<(), A::Error> {
        self.all_entries(|node, index, (key, value)| {
            let stack = node.stack.to(PathSegment::Index(index));
            let pair = [node.part(node.ty.key(), key, &stack), node.part(node.ty.element(), value, &stack)];
            Ok(from.next_element_seed(EntryPair(pair))?.is_some())
        })
    }

    /// Reads all entries and sorts them.
    fn all_entries<E: Error>(
        &mut self,
        mut read: impl FnMut(&ReadTarget<'n>, usize, &mut (Data, Data)) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut entries = match std::mem::take(self.data) {
            Data::Entries(entries) => entries,
            _ => Vec::new(),
        };
        fill(&mut entries, u64::MAX, |index, entry| read(self, index, entry))?;
        self.sort(&mut entries, |entry| &entry.0, self.ty.key())?;
        *self.data = Data::Entries(entries);
        Ok(())
    }

    /// Reads fields by position.
    pub(super) fn positions<'de, A: SeqAccess<'de>>(
        &mut self,
        fields: &[Field],
        mut from: A,
    ) -> Result<Vec<Data>, A::Error> {
        let mut parts = self.take_parts();
        parts.resize(fields.len(), Data::Unit);
        for (index, (field, data)) in fields.iter().zip(&mut parts).enumerate() {
            let stack = self.stack.to(PathSegment::Field(field.name()));
            if from.next_element_seed(self.part(self.ty.resolve(field.ty()), data, &stack))?.is_none() {
                return Err(self.wrong_length(index, format_args!("{} fields", fields.len())));
            }
        }
        end(&mut from, self.stack)?;
        Ok(parts)
    }

    /// Reads fields by name, in any order.
    pub(super) fn fields<'de, A: MapAccess<'de>>(
        &mut self,
        fields: &[Field],
        mut from: A,
    ) -> Result<Vec<Data>, A::Error> {
        let mut parts = self.take_parts();
        let mut seen = SeenFields::of(fields.len());
        let mut next = 0;
        parts.resize(fields.len(), Data::Unit);
        let of: NameAndNotes<Field> = |field| (field.name(), field.notes());
        while let Some(index) = from.next_key_seed(NameSeed { items: fields, next, of, stack: self.stack })? {
            let (Some(field), Some(data)) = (fields.get(index), parts.get_mut(index)) else { break };
            let stack = self.stack.to(PathSegment::Field(field.name()));
            if !seen.insert(index) {
                return Err(fail(&stack, format_args!("the field is given twice")));
            }
            from.next_value_seed(self.part(self.ty.resolve(field.ty()), data, &stack))?;
            next = index.saturating_add(1);
        }
        for (index, (field, data)) in fields.iter().zip(&mut parts).enumerate() {
            if seen.insert(index) {
                let stack = self.stack.to(PathSegment::Field(field.name()));
                *data = self.absent(field).map_err(|why| fail(&stack, format_args!("{why}")))?;
            }
        }
        Ok(parts)
    }

    /// Returns the value of a missing field.
    fn absent(&self, field: &Field) -> Result<Data, &'static str> {
        let image = field.notes().iter().find_map(|note| match note {
            Note::Default(DefaultImage::Stored { text_offset, payload }) => Some((*text_offset, payload)),
            _ => None,
        });
        let ty = self.ty.resolve(field.ty());
        let Some((text_offset, payload)) = image else { return none_of(ty).ok_or("the field is missing") };
        let mut defaults = self.seed.defaults.borrow_mut();
        let address = std::ptr::from_ref(field).addr();
        if let Some(known) = defaults.get(&address) {
            return Ok(known.clone());
        }
        let data =
            default_of(ty, text_offset, payload).map_err(|_| "its default in the schema is damaged")?;
        defaults.insert(address, data.clone());
        Ok(data)
    }

    pub(super) fn variant<'de, A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let variants = self.ty.ty.variants();
        let of: NameAndNotes<Variant> = |variant| (variant.name(), variant.notes());
        let key = NameSeed { items: variants, next: usize::MAX, of, stack: self.stack };
        let Some(index) = from.next_key_seed(key)? else {
            return Err(self.wrong_length(0, format_args!("{self}")));
        };
        let Some(variant) = variants.get(index) else { return Ok(()) };
        let stack = self.stack.to(PathSegment::Variant(variant.name()));
        let body = Some((index, variant));
        from.next_value_seed(ReadTarget { body, stack: &stack, data: self.data, ..self })?;
        from.next_key_seed(RefuseExtra(self.stack)).map(|_| ())
    }

    pub(super) fn sort<T, E: Error>(
        &self,
        items: &mut [T],
        key: fn(&T) -> &Data,
        ty: Type<'_>,
    ) -> Result<(), E> {
        let twice = |error: crate::Error| error.found_text().unwrap_or_default().to_string();
        let sorted = sort(items, key, ty, self.stack).map_err(twice);
        sorted.map_err(|key| fail(self.stack, format_args!("the key {key}")))
    }
}

/// Reads items into the memory of the previous ones, until `read` finds no other or the limit is reached.
fn fill<T: Default, E>(
    items: &mut Vec<T>,
    limit: u64,
    mut read: impl FnMut(usize, &mut T) -> Result<bool, E>,
) -> Result<(), E> {
    let mut count = 0usize;
    while (count as u64) < limit {
        if count == items.len() {
            items.push(T::default());
        }
        let Some(item) = items.get_mut(count) else { break };
        if !read(count, item)? {
            break;
        }
        count = count.saturating_add(1);
    }
    items.truncate(count);
    Ok(())
}

/// Returns an option without a value, also within newtypes and boxes; `None` for other types.
fn none_of(ty: Type<'_>) -> Option<Data> {
    match ty.kind() {
        Kind::Option => Some(Data::None),
        Kind::Newtype => none_of(ty.element()).map(Data::some),
        _ => None,
    }
}

fn default_of(ty: Type<'_>, text_offset: u32, payload: &[u8]) -> crate::Result<Data> {
    let schema = Schema::of_type(ty.ty, ty.schema)?;
    let payload = AlignedBuf::copy_of(payload);
    let validator = Validator::new(&schema);
    let at = open_payload_of(&payload, text_offset, ty.size(), &validator)?;
    data_of(Value::stored(at, schema.root(), Some(&schema)))
}

/// Returns an error if there is another element.
pub(super) fn end<'de, A: SeqAccess<'de>>(from: &mut A, stack: &PathStack<'_>) -> Result<(), A::Error> {
    from.next_element_seed(RefuseExtra(stack)).map(|_| ())
}

/// A seed that rejects whatever it reads.
struct RefuseExtra<'k>(&'k PathStack<'k>);

impl<'de> DeserializeSeed<'de> for RefuseExtra<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(fail(self.0, format_args!("more parts than the type has")))
    }
}

/// The set of fields that were read: one bit each, the first 64 without an allocation.
struct SeenFields(u64, Vec<u64>);

impl SeenFields {
    fn of(count: usize) -> SeenFields {
        SeenFields(0, vec![0; count / 64])
    }

    /// Adds a field. Returns true if it is new.
    fn insert(&mut self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => Some(&mut self.0),
            Some(more) => self.1.get_mut(more),
        };
        let bit = 1 << (index % 64);
        word.is_some_and(|word| std::mem::replace(word, *word | bit) & bit == 0)
    }
}

type NameAndNotes<T> = fn(&T) -> (&str, &[Note]);

/// A seed that reads the name of a field or variant, most likely the one at `next`, and returns its position.
struct NameSeed<'k, T> {
    items: &'k [T],
    next: usize,
    of: NameAndNotes<T>,
    stack: &'k PathStack<'k>,
}

impl<T> NameSeed<'_, T> {
    fn find(&self, name: &str) -> Option<usize> {
        let named = |item: &T| (self.of)(item).0 == name;
        let aliased = |note: &Note| matches!(note, Note::Alias(alias) if alias == name);
        if self.items.get(self.next).is_some_and(named) {
            return Some(self.next);
        }
        let found = self.items.iter().position(named);
        found.or_else(|| self.items.iter().position(|item| (self.of)(item).1.iter().any(aliased)))
    }
}

impl<'de, T> DeserializeSeed<'de> for NameSeed<'_, T> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_str(self)
    }
}

impl<T> Visitor<'_> for NameSeed<'_, T> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.items.iter().take(8).map(|item| (self.of)(item).0).collect();
        let more = if self.items.len() > 8 { ", .." } else { "" };
        write!(f, "one of {}{more}", names.join(", "))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        self.find(name).ok_or_else(|| {
            let stack = self.stack.to(PathSegment::Field(name));
            fail(&stack, format_args!("no such name, expected {}", &self as &dyn Expected))
        })
    }
}

/// A map entry as an array of key and value.
struct EntryPair<'n>([ReadTarget<'n>; 2]);

impl<'de> DeserializeSeed<'de> for EntryPair<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntryPair<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of a key and its value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let stack = self.0[0].stack;
        for (index, node) in self.0.into_iter().enumerate() {
            if from.next_element_seed(node)?.is_none() {
                return Err(fail(
                    stack,
                    format_args!("invalid length {index}, expected a key and its value"),
                ));
            }
        }
        end(&mut from, stack)
    }
}

/// Prints what is expected there.
impl fmt::Display for ReadTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ty = self.ty;
        if let Some((_, variant)) = self.body {
            return f.write_str(match variant.style() {
                Style::Unit => "the name of the variant alone",
                Style::Tuple => "an array of the variant's fields",
                Style::Struct => "an object of the variant's fields",
            });
        }
        if is_spelled(ty) {
            return f.write_str(parse::example(ty.form()));
        }
        match ty.kind() {
            Kind::Array => write!(f, "array of {} elements", ty.count()),
            kind if kind.is_integer() && ty.is_nonzero() => write!(f, "{} that is not 0", kind.name()),
            _ => f.write_str(&Value::type_name(ty)),
        }
    }
}
