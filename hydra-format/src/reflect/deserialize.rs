//! serde's Deserialize for values whose type is a schema: the inverse of `serialize.rs`, by the rules of docs/VALUES.md.
//! It reads into the data of the value before, and knows no format but what serde tells of it.
#![forbid(unsafe_code)]

use super::dynamic::{data_of, integer, sort};
use super::encode::{Crumb, Trail};
use super::serialize::is_tuple_struct;
use super::text::from_base64;
use super::types::Type;
use super::value::Repr;
use super::{Data, Dynamic, Value, fit, parse};
use crate::codec::{MAX_DEPTH, Validator, open_payload_of};
use crate::describe::{DefaultImage, Field, Form, Kind, Note, Schema, Style, Variant};
use crate::raw::AlignedBuf;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

impl Dynamic {
    /// Reads a value of this schema's root type from any self-describing serde format. For many values of one schema a
    /// [`Seed`] is faster, and its page says what is read as what.
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
        Ok(Dynamic::checked(seed.schema, seed.data))
    }
}

/// Reads values of a schema from any self-describing serde format, one after the other, each into the memory of the one
/// before.
///
/// What a [`Value`] serializes to is read as it is written (`docs/VALUES.md`), and besides:
/// - integers of any width may be numbers or strings, and floats without a fraction that hold them exactly;
/// - floats may be integers; text is rounded to the nearest float, a format for machines must hold the float exactly;
/// - maps may have their keys as those of an object or as pairs, in any order;
/// - fields may come in any order and under an alias; one that is missing gets its declared default, an option none.
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
/// Those of the format, and of values that are none of the type, each after the path in the value where it was: unknown,
/// missing and duplicate fields and keys, numbers that do not fit, nesting beyond 64 references or 256 levels.
pub struct Seed {
    schema: Arc<Schema>,
    /// Between two values, anything.
    data: Data,
    defaults: RefCell<HashMap<usize, Data>>,
    hex: bool,
}

impl Seed {
    /// A reader of values of the schema's root type.
    pub fn new(schema: &Schema) -> Seed {
        Seed { schema: Arc::new(schema.clone()), data: Data::Unit, defaults: RefCell::default(), hex: false }
    }

    /// Bytes in text are hexadecimal digits instead of base64.
    pub fn hex(self, hex: bool) -> Seed {
        Seed { hex, ..self }
    }
}

impl<'de, 's> DeserializeSeed<'de> for &'s mut Seed {
    type Value = Value<'s>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'s>, D::Error> {
        let context = Context { failed: OnceCell::new(), defaults: &self.defaults, hex: self.hex };
        let ty = Type::new(self.schema.root(), Some(&self.schema));
        let node = Node { ty, data: &mut self.data, trail: &Trail::ROOT, references: 0, context: &context };
        let read = node.deserialize(from);
        read.map_err(|error| match context.failed.get() {
            Some(path) if !path.is_empty() => D::Error::custom(format_args!("{path}: {error}")),
            _ => error,
        })?;
        Ok(Value::data(&self.data, self.schema.root(), &self.schema))
    }
}

/// What is the same for all parts of a value.
struct Context<'c> {
    /// Path of the part that was wrong.
    failed: OnceCell<String>,
    /// Defaults that were needed, by the addresses of their fields.
    defaults: &'c RefCell<HashMap<usize, Data>>,
    hex: bool,
}

impl Context<'_> {
    #[cold]
    fn blame(&self, trail: &Trail<'_>) {
        self.failed.get_or_init(|| trail.path());
    }
}

/// A part that is to be read, and where to.
struct Node<'n> {
    ty: Type<'n>,
    data: &'n mut Data,
    trail: &'n Trail<'n>,
    references: u32,
    context: &'n Context<'n>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let (context, trail) = (self.context, self.trail);
        self.read(from).inspect_err(|_| context.blame(trail))
    }
}

impl<'n> Node<'n> {
    fn read<'de, D: Deserializer<'de>>(mut self, from: D) -> Result<(), D::Error> {
        let (kind, text) = (self.ty.kind(), from.is_human_readable());
        self.references += u32::from(matches!(kind, Kind::Box | Kind::List | Kind::Set | Kind::Map));
        if self.references > MAX_DEPTH || self.trail.within_limit().is_err() {
            return Err(D::Error::custom("the value is nested too deep"));
        }
        match kind {
            Kind::Newtype | Kind::Box => self.inner(Crumb::Inner, from),
            Kind::Option => from.deserialize_option(Visit { node: self, text }),
            _ => from.deserialize_any(Visit { node: self, text }),
        }
    }

    /// What an option, newtype or box holds.
    fn inner<'de, D: Deserializer<'de>>(self, crumb: Crumb<'_>, from: D) -> Result<(), D::Error> {
        if !matches!(self.data, Data::Some(_)) {
            *self.data = Data::some(());
        }
        let (element, trail) = (self.ty.element(), self.trail.to(crumb));
        let Data::Some(data) = self.data else { return Ok(()) };
        Node { ty: element, data, trail: &trail, ..self }.deserialize(from)
    }

    /// A part of this one.
    fn part<'p>(&self, ty: Type<'p>, data: &'p mut Data, trail: &'p Trail<'p>) -> Node<'p>
    where
        'n: 'p,
    {
        Node { ty, data, trail, references: self.references, context: self.context }
    }

    fn field<'p>(&self, field: &'p Field, data: &'p mut Data, trail: &'p Trail<'p>) -> Node<'p>
    where
        'n: 'p,
    {
        self.part(self.ty.resolve(field.ty()), data, trail)
    }

    fn key<'p, T>(&self, items: &'p [T], next: usize, of: Names<T>) -> Key<'p, T>
    where
        'n: 'p,
    {
        Key { items, next, of, trail: self.trail, context: self.context }
    }

    /// The memory of its parts, out of its data for as long as they are read.
    fn take_parts(&mut self) -> Vec<Data> {
        match std::mem::replace(self.data, Data::Unit) {
            Data::Parts(parts) | Data::Variant(_, parts) => parts,
            _ => Vec::new(),
        }
    }

    /// Elements of a list or array, members of a set.
    fn elements<'de, A: SeqAccess<'de>>(&mut self, mut from: A) -> Result<Vec<Data>, A::Error> {
        let (mut parts, element, mut count) = (self.take_parts(), self.ty.element(), 0);
        let limit = if self.ty.kind() == Kind::Array { self.ty.count() } else { u64::MAX };
        while (count as u64) < limit {
            if count == parts.len() {
                parts.push(Data::Unit);
            }
            let (Some(data), trail) = (parts.get_mut(count), self.trail.to(Crumb::Index(count))) else {
                break;
            };
            if from.next_element_seed(self.part(element, data, &trail))?.is_none() {
                break;
            }
            count += 1;
        }
        match count as u64 {
            count if count == limit => end(&mut from)?,
            _ if limit == u64::MAX => {}
            _ => return Err(A::Error::invalid_length(count, self)),
        }
        parts.truncate(count);
        Ok(parts)
    }

    /// Entries of a map, as those of an object.
    fn entries<'de, A: MapAccess<'de>>(&mut self, mut from: A) -> Result<(), A::Error> {
        self.all_entries(|node, index, (key, value)| {
            let trail = node.trail.to(Crumb::Index(index));
            if from.next_key_seed(node.part(node.ty.key(), key, &trail))?.is_none() {
                return Ok(false);
            }
            let trail = node.trail.to(Crumb::Key(Value(Repr::Data { data: key, ty: node.ty.key() })));
            from.next_value_seed(node.part(node.ty.element(), value, &trail))?;
            Ok(true)
        })
    }

    /// Entries of a map, as pairs.
    fn pairs<'de, A: SeqAccess<'de>>(&mut self, mut from: A) -> Result<(), A::Error> {
        self.all_entries(|node, index, (key, value)| {
            let trail = node.trail.to(Crumb::Index(index));
            let pair = [node.part(node.ty.key(), key, &trail), node.part(node.ty.element(), value, &trail)];
            Ok(from.next_element_seed(Pair(pair))?.is_some())
        })
    }

    /// Reads entries until there is none, and sorts them.
    fn all_entries<E: Error>(
        &mut self,
        mut read: impl FnMut(&Node<'n>, usize, &mut (Data, Data)) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut entries = match std::mem::replace(self.data, Data::Unit) {
            Data::Entries(entries) => entries,
            _ => Vec::new(),
        };
        let mut count = 0;
        loop {
            if count == entries.len() {
                entries.push((Data::Unit, Data::Unit));
            }
            let Some(entry) = entries.get_mut(count) else { break };
            if !read(self, count, entry)? {
                break;
            }
            count += 1;
        }
        entries.truncate(count);
        sort(&mut entries, |entry| &entry.0, self.ty.key(), self.trail).map_err(twice)?;
        *self.data = Data::Entries(entries);
        Ok(())
    }

    /// Fields one after the other.
    fn positions<'de, A: SeqAccess<'de>>(
        &mut self,
        fields: &[Field],
        mut from: A,
    ) -> Result<Vec<Data>, A::Error> {
        let mut parts = self.take_parts();
        parts.resize(fields.len(), Data::Unit);
        for (index, (field, data)) in fields.iter().zip(&mut parts).enumerate() {
            let trail = self.trail.to(Crumb::Field(field.name()));
            if from.next_element_seed(self.field(field, data, &trail))?.is_none() {
                return Err(A::Error::invalid_length(index, &format!("{} fields", fields.len()).as_str()));
            }
        }
        end(&mut from)?;
        Ok(parts)
    }

    /// Fields under their names, in any order.
    fn fields<'de, A: MapAccess<'de>>(
        &mut self,
        fields: &[Field],
        mut from: A,
    ) -> Result<Vec<Data>, A::Error> {
        let (mut parts, mut seen, mut next) = (self.take_parts(), Seen::of(fields.len()), 0);
        parts.resize(fields.len(), Data::Unit);
        while let Some(index) =
            from.next_key_seed(self.key(fields, next, |field| (field.name(), field.notes())))?
        {
            let (Some(field), Some(data)) = (fields.get(index), parts.get_mut(index)) else { break };
            let trail = self.trail.to(Crumb::Field(field.name()));
            if !seen.insert(index) {
                self.context.blame(&trail);
                return Err(A::Error::custom("the field is there twice"));
            }
            from.next_value_seed(self.field(field, data, &trail))?;
            next = index + 1;
        }
        for (index, (field, data)) in fields.iter().zip(&mut parts).enumerate() {
            if seen.insert(index) {
                let trail = self.trail.to(Crumb::Field(field.name()));
                *data = self.absent(field).map_err(|error| {
                    self.context.blame(&trail);
                    A::Error::custom(error)
                })?;
            }
        }
        Ok(parts)
    }

    /// The value of a field that is not there.
    fn absent(&self, field: &Field) -> Result<Data, &'static str> {
        let image = field.notes().iter().find_map(|note| match note {
            Note::Default(DefaultImage::Stored { text_offset, payload }) => Some((*text_offset, payload)),
            _ => None,
        });
        let ty = self.ty.resolve(field.ty());
        let Some((text_offset, payload)) = image else { return none_of(ty).ok_or("the field is missing") };
        let mut defaults = self.context.defaults.borrow_mut();
        let address = std::ptr::from_ref(field).addr();
        if let Some(known) = defaults.get(&address) {
            return Ok(known.clone());
        }
        let data =
            default_of(ty, text_offset, payload).map_err(|_| "its default in the schema is damaged")?;
        defaults.insert(address, data.clone());
        Ok(data)
    }

    fn variant<'de, A: MapAccess<'de>>(mut self, mut from: A) -> Result<(), A::Error> {
        let variants = self.ty.ty.variants();
        let key = self.key(variants, usize::MAX, |variant| (variant.name(), variant.notes()));
        let Some(index) = from.next_key_seed(key)? else { return Err(A::Error::invalid_length(0, &self)) };
        let Some(variant) = variants.get(index) else { return Ok(()) };
        let (trail, parts) = (self.trail.to(Crumb::Variant(variant.name())), self.take_parts());
        *self.data = Data::Parts(parts);
        let body = Node {
            ty: self.ty,
            data: self.data,
            trail: &trail,
            references: self.references,
            context: self.context,
        };
        let parts = from.next_value_seed(Body(body, variant))?;
        *self.data = Data::Variant(index, parts);
        from.next_key_seed(Extra).map(|_| ())
    }
}

/// An option without a value, also within newtypes and boxes; none for other types.
fn none_of(ty: Type<'_>) -> Option<Data> {
    match ty.kind() {
        Kind::Option => Some(Data::None),
        Kind::Newtype => none_of(ty.element()).map(Data::some),
        _ => None,
    }
}

fn default_of(ty: Type<'_>, text_offset: u32, payload: &[u8]) -> crate::Result<Data> {
    let schema = Schema::of_type(ty.ty, ty.schema)?;
    let (payload, validator) = (AlignedBuf::copy_of(payload), Validator::new(&schema));
    let at = open_payload_of(&payload, text_offset, ty.size(), &validator)?;
    data_of(Value::stored(at, schema.root(), Some(&schema)), 0)
}

#[cold]
fn twice<E: Error>(error: crate::Error) -> E {
    E::custom(format_args!("the key {}", error.found_text().unwrap_or_default()))
}

/// An error if there is another element.
fn end<'de, A: SeqAccess<'de>>(from: &mut A) -> Result<(), A::Error> {
    from.next_element_seed(Extra).map(|_| ())
}

/// Refuses what it is asked to read.
struct Extra;

impl<'de> DeserializeSeed<'de> for Extra {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom("more parts than the type has"))
    }
}

/// Which fields were there: a bit each, the first 64 without an allocation.
struct Seen(u64, Vec<u64>);

impl Seen {
    fn of(count: usize) -> Seen {
        Seen(0, vec![0; count / 64])
    }

    /// True if it is new.
    fn insert(&mut self, index: usize) -> bool {
        let word = match index / 64 {
            0 => Some(&mut self.0),
            more => self.1.get_mut(more - 1),
        };
        let bit = 1 << (index % 64);
        word.is_some_and(|word| std::mem::replace(word, *word | bit) & bit == 0)
    }
}

type Names<T> = fn(&T) -> (&str, &[Note]);

/// The name of a field or variant, which probably is the one at `next`; its position.
struct Key<'k, T> {
    items: &'k [T],
    next: usize,
    of: Names<T>,
    trail: &'k Trail<'k>,
    context: &'k Context<'k>,
}

impl<T> Key<'_, T> {
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

impl<'de, T> DeserializeSeed<'de> for Key<'_, T> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_str(self)
    }
}

impl<T> Visitor<'_> for Key<'_, T> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.items.iter().take(8).map(|item| (self.of)(item).0).collect();
        let more = if self.items.len() > 8 { ", .." } else { "" };
        write!(f, "one of {}{more}", names.join(", "))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        self.find(name).ok_or_else(|| {
            self.context.blame(&self.trail.to(Crumb::Field(name)));
            E::custom(format_args!("no such name, expected {}", &self as &dyn Expected))
        })
    }
}

/// An entry as an array of key and value.
struct Pair<'n>([Node<'n>; 2]);

impl<'de> DeserializeSeed<'de> for Pair<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pair<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of a key and its value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        for (index, node) in self.0.into_iter().enumerate() {
            if from.next_element_seed(node)?.is_none() {
                return Err(A::Error::invalid_length(index, &"a key and its value"));
            }
        }
        end(&mut from)
    }
}

/// The fields of a variant.
struct Body<'n>(Node<'n>, &'n Variant);

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Vec<Data>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<Data>, D::Error> {
        let (context, trail) = (self.0.context, self.0.trail);
        from.deserialize_any(self).inspect_err(|_| context.blame(trail))
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Vec<Data>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.1.style() {
            Style::Unit => "the name of the variant alone",
            Style::Tuple => "an array of the variant's fields",
            Style::Struct => "an object of the variant's fields",
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, from: A) -> Result<Vec<Data>, A::Error> {
        match self.1.style() {
            Style::Tuple => self.0.positions(self.1.fields(), from),
            _ => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, from: A) -> Result<Vec<Data>, A::Error> {
        match self.1.style() {
            Style::Struct => self.0.fields(self.1.fields(), from),
            _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

impl Expected for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ty = self.ty;
        match (ty.kind(), ty.form()) {
            (_, Form::None | Form::Unknown { .. }) => {}
            (_, form) => return f.write_str(parse::example(form)),
        }
        match ty.kind() {
            Kind::Array => write!(f, "array of {} elements", ty.count()),
            kind if kind.is_integer() && ty.is_nonzero() => write!(f, "{} that is not 0", kind.name()),
            _ => f.write_str(&Value::type_name(ty)),
        }
    }
}

/// What a format has for a part that is no newtype or box.
struct Visit<'n> {
    node: Node<'n>,
    /// The format is one that people read.
    text: bool,
}

/// An integer as the nearest float.
macro_rules! float {
    ($number:expr, $float:ty) => {
        match $number {
            Data::Int(number) => number as $float,
            Data::Uint(number) => number as $float,
            _ => 0.0,
        }
    };
}

impl Visit<'_> {
    /// Sets the data; an error where what was found is none of the type's values.
    fn set<E: Error>(self, data: Option<Data>, found: Unexpected<'_>) -> Result<(), E> {
        *self.node.data = data.ok_or_else(|| E::invalid_value(found, &self.node))?;
        Ok(())
    }

    /// A number that the format has as an integer.
    fn integer<E: Error>(self, number: Data, found: Unexpected<'_>) -> Result<(), E> {
        let (ty, text) = (self.node.ty, self.text);
        let data = match ty.kind() {
            _ if is_spelled(ty) => return Err(E::invalid_type(found, &self.node)),
            kind if kind.is_integer() => integer(&number, ty).ok(),
            Kind::F32 if text || fits(&number, f32::MANTISSA_DIGITS) => Some(Data::F32(float!(number, f32))),
            Kind::F64 if text || fits(&number, f64::MANTISSA_DIGITS) => Some(Data::F64(float!(number, f64))),
            Kind::F32 | Kind::F64 => None,
            _ => return Err(E::invalid_type(found, &self.node)),
        };
        self.set(data, found)
    }

    /// Text of a scalar that is not a string.
    fn parsed<E: Error>(self, text: &str) -> Result<(), E> {
        let ty = self.node.ty;
        let data = parse::parse(text, ty).and_then(|data| match data {
            Data::Int(_) | Data::Uint(_) => integer(&data, ty),
            data => Ok(data),
        });
        self.set(data.ok(), Unexpected::Str(text))
    }

    fn string<E>(self, text: &str) -> Result<(), E> {
        match self.node.data {
            Data::Str(own) => {
                own.clear();
                own.push_str(text);
            }
            data => *data = Data::from(text),
        }
        Ok(())
    }
}

/// A form that has a text of its own.
fn is_spelled(ty: Type<'_>) -> bool {
    !matches!(ty.form(), Form::None | Form::Unknown { .. })
}

/// True if a float with so many binary digits holds an integer exactly.
fn fits(number: &Data, digits: u32) -> bool {
    let magnitude = match number {
        Data::Int(number) => number.unsigned_abs(),
        Data::Uint(number) => *number,
        _ => 0,
    };
    magnitude == 0 || u128::BITS - magnitude.leading_zeros() - magnitude.trailing_zeros() <= digits
}

/// The f32 of a number that the format has as f64; none if that would not be the same. The f64 of a decimal may be just in
/// the middle between two f32, and the decimal nearer to the one whose shortest text it is.
fn narrow(number: f64, text: bool) -> Option<f32> {
    let near = number as f32;
    let back = f64::from(near);
    if back == number || number.is_nan() {
        return Some(near);
    }
    if near.is_infinite() || !text {
        return None;
    }
    let other = if back < number { near.next_up() } else { near.next_down() };
    let is_middle = (back + f64::from(other)) / 2.0 == number;
    let is_text_of = |float: f32| float.to_string().parse() == Ok(number);
    Some(if is_middle && is_text_of(other) && !is_text_of(near) { other } else { near })
}

impl<'de> Visitor<'de> for Visit<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Expected::fmt(&self.node, f)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        *self.node.data = match self.node.ty.kind() {
            Kind::Unit => Data::Unit,
            Kind::Option => Data::None,
            _ => return Err(E::invalid_type(Unexpected::Unit, &self)),
        };
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.node.inner(Crumb::Some, from)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<(), E> {
        if self.node.ty.kind() != Kind::Bool {
            return Err(E::invalid_type(Unexpected::Bool(it), &self));
        }
        *self.node.data = Data::Bool(it);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Unsigned(number))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Other(&number.to_string()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Other(&number.to_string()))
    }

    fn visit_f32<E: Error>(self, number: f32) -> Result<(), E> {
        if self.node.ty.kind() != Kind::F32 {
            return self.visit_f64(number.into());
        }
        *self.node.data = Data::F32(number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let found = Unexpected::Float(number);
        // Beyond, an integer that became a float may not be the one that it was.
        let is_whole = number.fract() == 0.0 && number.abs() <= (1u64 << f64::MANTISSA_DIGITS) as f64;
        let data = match self.node.ty.kind() {
            Kind::F64 => Some(Data::F64(number)),
            Kind::F32 => narrow(number, self.text).map(Data::F32),
            kind if kind.is_integer() && is_whole => return self.integer(Data::Int(number as i128), found),
            _ => return Err(E::invalid_type(found, &self)),
        };
        self.set(data, found)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let ty = self.node.ty;
        let data = match ty.kind() {
            Kind::String => return self.string(text),
            kind if kind.is_integer() || kind == Kind::Char || is_spelled(ty) => return self.parsed(text),
            Kind::F32 | Kind::F64 if matches!(text, "NaN" | "inf" | "-inf") => return self.parsed(text),
            Kind::Enum => {
                let named = fit::variant(text, ty).ok().filter(|(_, variant)| variant.style() == Style::Unit);
                named.map(|(index, _)| Data::Variant(index, Vec::new()))
            }
            Kind::Bytes | Kind::Opaque if self.text => match self.node.context.hex {
                true => parse::hex(text).map(Data::Bytes),
                false => from_base64(text).map(Data::Bytes),
            },
            _ => return Err(E::invalid_type(Unexpected::Str(text), &self)),
        };
        self.set(data, Unexpected::Str(text))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        match self.node.ty.kind() {
            Kind::Bytes | Kind::Opaque => self.set(Some(Data::from(bytes)), Unexpected::Bytes(bytes)),
            // So does rmp-serde write them.
            Kind::I128 | Kind::U128 => match (self.node.ty.kind(), bytes.try_into()) {
                (Kind::I128, Ok(bytes)) => self.visit_i128(i128::from_be_bytes(bytes)),
                (_, Ok(bytes)) => self.visit_u128(u128::from_be_bytes(bytes)),
                (_, Err(_)) => self.set(None, Unexpected::Bytes(bytes)),
            },
            _ => Err(E::invalid_type(Unexpected::Bytes(bytes), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let Visit { mut node, .. } = self;
        let (ty, fields) = (node.ty, node.ty.ty.fields());
        let parts = match ty.kind() {
            _ if is_spelled(ty) => return Err(A::Error::invalid_type(Unexpected::Seq, &node)),
            // CBOR has unit as an empty array.
            Kind::Unit => {
                *node.data = Data::Unit;
                return end(&mut from);
            }
            Kind::List | Kind::Array => node.elements(from)?,
            Kind::Set => {
                let mut members = node.elements(from)?;
                sort(&mut members, |member| member, ty.element(), node.trail).map_err(twice)?;
                members
            }
            Kind::Map => return node.pairs(from),
            Kind::Tuple => node.positions(fields, from)?,
            Kind::Struct if is_tuple_struct(fields) => node.positions(fields, from)?,
            _ => return Err(A::Error::invalid_type(Unexpected::Seq, &node)),
        };
        *node.data = Data::Parts(parts);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let Visit { mut node, text } = self;
        match node.ty.kind() {
            Kind::Struct if !is_tuple_struct(node.ty.ty.fields()) => {
                *node.data = Data::Parts(node.fields(node.ty.ty.fields(), from)?);
                Ok(())
            }
            Kind::Enum => node.variant(from),
            Kind::Map => node.entries(from),
            kind if kind.is_integer() || matches!(kind, Kind::F32 | Kind::F64) => {
                match from.next_key::<String>()? {
                    Some(key) if key == NUMBER => Visit { node, text }.decimal(&from.next_value::<String>()?),
                    _ => Err(A::Error::invalid_type(Unexpected::Map, &node)),
                }
            }
            _ => Err(A::Error::invalid_type(Unexpected::Map, &node)),
        }
    }
}

/// How serde_json hands out a number as text, where its feature `arbitrary_precision` is on.
const NUMBER: &str = "$serde_json::private::Number";

impl Visit<'_> {
    fn decimal<E: Error>(self, text: &str) -> Result<(), E> {
        let (found, kind) = (Unexpected::Other(text), self.node.ty.kind());
        let (int, uint, float) = (text.parse::<i128>(), text.parse::<u128>(), text.parse::<f64>());
        match (kind, int, uint, float) {
            (Kind::F32, ..) => {
                self.set(text.parse().ok().filter(|n: &f32| n.is_finite()).map(Data::F32), found)
            }
            (Kind::F64, .., float) => self.set(float.ok().filter(|n| n.is_finite()).map(Data::F64), found),
            (_, Ok(number), ..) => self.integer(number.into(), found),
            (_, _, Ok(number), _) => self.integer(number.into(), found),
            (.., Ok(number)) => self.visit_f64(number),
            _ => self.set(None, found),
        }
    }
}
