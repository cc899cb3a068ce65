//! Limits on deserialization from untrusted bytes: the depth, and the number of values that take no bytes. It
//! wraps serde's deserializers and visitors and works with any encoding.

use serde_core::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// The maximum nesting, the same as in serde_json.
const MAX_LEVELS: u8 = 128;
/// The maximum number of values in an image: this many per byte, plus `MORE_VALUES`.
const VALUES_A_BYTE: usize = 64;
const MORE_VALUES: usize = 1 << 16;

/// A wrapped item of serde with the remaining levels and values.
pub(super) struct Guard<'b, X> {
    inner: X,
    levels: u8,
    values: &'b Cell<usize>,
}

impl<'b, X> Guard<'b, X> {
    /// Wraps a deserializer. The cell holds the number of bytes.
    pub(super) fn new(inner: X, values: &'b Cell<usize>) -> Guard<'b, X> {
        values.set(values.get().saturating_mul(VALUES_A_BYTE).saturating_add(MORE_VALUES));
        Guard { inner, levels: MAX_LEVELS, values }
    }

    fn with<Y>(&self, inner: Y) -> Guard<'b, Y> {
        Guard { inner, levels: self.levels, values: self.values }
    }

    fn deeper<Y, E: Error>(&self, inner: Y) -> Result<Guard<'b, Y>, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or_else(|| E::custom(format_args!("more than {MAX_LEVELS} levels")))?;
        Ok(Guard { inner, levels, values: self.values })
    }

    fn next<Y, E: Error>(&self, inner: Y) -> Result<Guard<'b, Y>, E> {
        let values = self.values.get().checked_sub(1);
        self.values.set(values.ok_or_else(|| E::custom("more values than its bytes allow"))?);
        Ok(self.with(inner))
    }
}

macro_rules! deserialize {
    ($($method:ident($($arg:ident: $ty:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.with(visitor);
            self.inner.$method($($arg,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, D> {
    type Error = D::Error;

    deserialize! {
        deserialize_any(); deserialize_bool(); deserialize_char(); deserialize_f32(); deserialize_f64();
        deserialize_i8(); deserialize_i16(); deserialize_i32(); deserialize_i64(); deserialize_i128();
        deserialize_u8(); deserialize_u16(); deserialize_u32(); deserialize_u64(); deserialize_u128();
        deserialize_str(); deserialize_string(); deserialize_bytes(); deserialize_byte_buf();
        deserialize_option(); deserialize_unit(); deserialize_seq(); deserialize_map();
        deserialize_identifier(); deserialize_ignored_any();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident($($value:ident: $ty:ty)?);)*) => {$(
        fn $method<E: Error>(self $(, $value: $ty)?) -> Result<V::Value, E> {
            self.inner.$method($($value)?)
        }
    )*};
}

/// Visits that descend one level.
macro_rules! visit_deeper {
    ($($method:ident($access:ident);)*) => {$(
        fn $method<A: $access<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
            let inner = self.deeper(inner)?;
            self.inner.$method(inner)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guard<'_, V> {
    type Value = V::Value;

    visit! {
        visit_bool(it: bool); visit_char(it: char); visit_f32(it: f32); visit_f64(it: f64);
        visit_i8(it: i8); visit_i16(it: i16); visit_i32(it: i32); visit_i64(it: i64); visit_i128(it: i128);
        visit_u8(it: u8); visit_u16(it: u16); visit_u32(it: u32); visit_u64(it: u64); visit_u128(it: u128);
        visit_str(it: &str); visit_borrowed_str(it: &'de str); visit_string(it: String);
        visit_bytes(it: &[u8]); visit_borrowed_bytes(it: &'de [u8]); visit_byte_buf(it: Vec<u8>);
        visit_none(); visit_unit();
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit_deeper! {
        visit_some(Deserializer); visit_newtype_struct(Deserializer);
        visit_seq(SeqAccess); visit_map(MapAccess); visit_enum(EnumAccess);
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        let inner = self.with(inner);
        self.inner.deserialize(inner)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let seed = self.next(seed)?;
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let seed = self.next(seed)?;
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<W: DeserializeSeed<'de>>(&mut self, seed: W) -> Result<W::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'b, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Guard<'b, A> {
    type Error = A::Error;
    type Variant = Guard<'b, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let Guard { inner, levels, values } = self;
        let (value, variant) = inner.variant_seed(Guard { inner: seed, levels, values })?;
        Ok((value, Guard { inner: variant, levels, values }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
