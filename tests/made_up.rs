//! Schemas and values of every kind, made up from a number, with what is awkward in text more often than it would be by chance;
//! and what is the same in text.
#![forbid(unsafe_code)]

use hydra::reflect::Data;
use hydra::schema::{Field, Form, Style, TypeRef};
use hydra::{Descriptor, Dynamic, Kind, Schema};
use std::sync::Arc;

/// Names of anything, and text: whatever means something in CSV, JSON or a path.
const NAMES: [&str; 36] = [
    "a",
    "b",
    "a.b",
    "a.b.c",
    "a b",
    "x,y",
    "\"q\"",
    "[0]",
    "[]",
    "p",
    "q",
    "p.q",
    "type",
    "value",
    "records",
    "version",
    "table",
    "null",
    "\n",
    "\r",
    "🦀",
    "\u{feff}n",
    "'",
    "0",
    "1",
    " ",
    "\\",
    ":V",
    "?",
    "{",
    "-",
    "NaN",
    "é",
    "\u{7f}",
    "a=b",
    "\u{202e}",
];
const TEXTS: [&str; 32] = [
    "",
    "a\rb",
    ",",
    "\"\"",
    "\"",
    "null",
    "NA",
    " x\r\ny ",
    "é\u{1b}\\",
    "NaN",
    "inf",
    "-Infinity",
    "true",
    "1",
    "-0",
    "1.50",
    "007",
    "+1",
    "1e999",
    "0x00",
    "2024-01-02",
    "2024-01-02 03:04:05",
    "[1]",
    "{\"a\":1}",
    "\n",
    "\r",
    "a\rb",
    "\u{feff}",
    "\0",
    "340282366920938463463374607431768211456",
    "0.1000000000000000055511151231257827",
    "🦀\u{7f}\u{202e}",
];
const INTS: [Kind; 10] = [
    Kind::I8,
    Kind::I16,
    Kind::I32,
    Kind::I64,
    Kind::I128,
    Kind::U8,
    Kind::U16,
    Kind::U32,
    Kind::U64,
    Kind::U128,
];
/// Texts that are a number, a time or a bool in all of a column.
const NUMBERS: [&str; 16] = [
    "1",
    "-0",
    "0",
    "1.50",
    "9007199254740993",
    "1e5",
    "0.1",
    "NaN",
    "inf",
    "-Infinity",
    "123456789012345678901",
    "340282366920938463463374607431768211455",
    "-1",
    "-97.23049926757813",
    "0.10000000000000001",
    "1e-400",
];
const INTEGERS: [&str; 6] = [
    "1",
    "0",
    "-1",
    "18446744073709551615",
    "-9223372036854775809",
    "340282366920938463463374607431768211455",
];
const TIMES: [&str; 4] = [
    "2024-01-02T03:04:05Z",
    "2024-01-02 03:04:05.5+00:00",
    "9999-12-31T00:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
];
const FLAGS: [&str; 2] = ["true", "false"];
/// Beyond so many types a schema gets no larger.
const MAX_TYPES: usize = 40;

/// The number of lists and options of the root in a record that are not empty, at most.
const MAX_NESTED: usize = 5;

/// Numbers that look random and are the same every time.
pub(crate) struct Dice {
    state: u64,
    /// What text is picked from.
    texts: &'static [&'static str],
    /// Whether a schema may have its root in it.
    is_recursive: bool,
    /// How often the root may still be in the value that is being made.
    nested: usize,
}

type Types = Vec<Descriptor>;

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        let texts: [&[&str]; 8] = [&TEXTS, &TEXTS, &TEXTS, &NUMBERS, &NUMBERS, &INTEGERS, &TIMES, &FLAGS];
        Dice { state: seed, texts: texts[(seed % 8) as usize], is_recursive: seed % 7 == 3, nested: 0 }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.state ^ self.state >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ mixed >> 33
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.bits() >> 33) as usize % limit
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A schema; none where these types make none.
    pub(crate) fn schema(&mut self) -> Option<Arc<Schema>> {
        // The root comes first, the types in it after it.
        let mut types = vec![Descriptor::scalar(Kind::Unit)];
        let depth = self.pick(&[0, 1, 1, 2, 3, 5]);
        let root = match self.below(8) {
            0 => self.any(&mut types, depth),
            _ => self.structure(&mut types, depth),
        };
        types[0] = root;
        Schema::new(types).ok().map(Arc::new)
    }

    /// A value of a schema.
    pub(crate) fn record(&mut self, schema: &Arc<Schema>) -> Dynamic {
        self.nested = MAX_NESTED;
        let data = self.value(schema, schema.root());
        Dynamic::new(schema.clone(), data).expect("a value of its type")
    }

    fn push(&mut self, types: &mut Types, ty: Descriptor) -> TypeRef {
        types.push(ty);
        TypeRef::Index(types.len() as u32 - 1)
    }

    fn child(&mut self, types: &mut Types, depth: usize) -> TypeRef {
        let ty = self.any(types, depth);
        self.push(types, ty)
    }

    fn any(&mut self, types: &mut Types, depth: usize) -> Descriptor {
        if depth == 0 || types.len() > MAX_TYPES {
            return self.leaf(types);
        }
        let inner = depth - 1;
        match self.below(if self.is_recursive { 16 } else { 14 }) {
            0 => self.leaf(types),
            // The root itself, which is the first type.
            14 => Descriptor::list(TypeRef::Index(0)),
            15 => {
                let root = Descriptor::boxed(TypeRef::Index(0));
                Descriptor::option(self.push(types, root))
            }
            1 | 2 => Descriptor::option(self.child(types, inner)),
            3 | 4 => Descriptor::list(self.child(types, inner)),
            5 => {
                let (element, count) = (self.child(types, inner), self.below(4) as u64);
                Descriptor::array(element, count)
            }
            6 => Descriptor::boxed(self.child(types, inner)),
            7 => {
                let inner = self.child(types, inner);
                Descriptor::newtype(format!("T{}", types.len()), inner)
            }
            8 => Descriptor::tuple((0..self.below(4)).map(|_| self.child(types, inner)).collect()),
            9 => Descriptor::set(self.key(types, inner)),
            10 | 11 => {
                let key = self.key(types, inner);
                Descriptor::map(key, self.child(types, inner))
            }
            12 => self.enumeration(types, inner),
            _ => self.structure(types, inner),
        }
    }

    fn leaf(&mut self, types: &mut Types) -> Descriptor {
        let exponent = self.pick(&[-9, -6, -3, 0, -12, -1, 2]);
        match self.below(12) {
            0 => Descriptor::nonzero(self.pick(&INTS)),
            1 => Descriptor::formed(self.pick(&[Kind::I64, Kind::I128]), Form::Timestamp { exponent }),
            2 => {
                let kind = self.pick(&[Kind::I64, Kind::I128, Kind::U64, Kind::U128]);
                Descriptor::formed(kind, Form::Duration { exponent })
            }
            3 => Descriptor::formed(Kind::I32, Form::Date),
            4 => Descriptor::formed(self.pick(&[Kind::I64, Kind::I128]), Form::Decimal { exponent }),
            5 => Descriptor::uuid(self.push(types, Descriptor::scalar(Kind::U8))),
            6 => Descriptor::scalar(self.pick(&INTS)),
            7 | 8 => Descriptor::scalar(self.pick(&[Kind::F32, Kind::F64])),
            9 => Descriptor::scalar(self.pick(&[Kind::Bytes, Kind::Opaque, Kind::Unit])),
            10 => Descriptor::scalar(self.pick(&[Kind::Bool, Kind::Char])),
            _ => Descriptor::scalar(Kind::String),
        }
    }

    /// A type that may be a key.
    fn key(&mut self, types: &mut Types, depth: usize) -> TypeRef {
        let ty = match self.below(9) {
            0 => Descriptor::scalar(self.pick(&INTS)),
            1 => Descriptor::scalar(self.pick(&[Kind::Bool, Kind::Char, Kind::Bytes])),
            2 => Descriptor::formed(Kind::I32, Form::Date),
            3 => Descriptor::uuid(self.push(types, Descriptor::scalar(Kind::U8))),
            4 => {
                let names = self.names(3).into_iter().zip(0..);
                let variants = names.map(|(name, tag)| (name, tag, Style::Unit, Vec::new())).collect();
                Descriptor::enumeration(format!("T{}", types.len()), Kind::I8, variants)
            }
            5 if depth > 0 => Descriptor::tuple((0..2).map(|_| self.key(types, depth - 1)).collect()),
            6 if depth > 0 => {
                let inner = self.key(types, depth - 1);
                Descriptor::newtype(format!("T{}", types.len()), inner)
            }
            _ => Descriptor::scalar(Kind::String),
        };
        self.push(types, ty)
    }

    /// Distinct names, at least one.
    fn names(&mut self, most: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..1 + self.below(most) {
            let name = match self.below(6) {
                0 => format!("{}{}", self.pick(&NAMES), self.pick(&NAMES)),
                1 => names.len().to_string(),
                _ => self.pick(&NAMES).to_string(),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn structure(&mut self, types: &mut Types, depth: usize) -> Descriptor {
        let names = if self.below(20) == 0 { Vec::new() } else { self.names(5) };
        let fields = names.into_iter().map(|name| (name, self.child(types, depth))).collect();
        Descriptor::structure(format!("S{}", types.len()), fields)
    }

    fn enumeration(&mut self, types: &mut Types, depth: usize) -> Descriptor {
        let mut variants = Vec::new();
        for (name, tag) in self.names(4).into_iter().zip([0, 1, -1, 7]) {
            let (style, fields) = match self.below(3) {
                0 => (Style::Unit, Vec::new()),
                1 => {
                    let count = 1 + self.below(2);
                    (Style::Tuple, (0..count).map(|i| (i.to_string(), self.child(types, depth))).collect())
                }
                _ => {
                    let names = self.names(2).into_iter();
                    (Style::Struct, names.map(|name| (name, self.child(types, depth))).collect())
                }
            };
            variants.push((name, tag, style, fields));
        }
        Descriptor::enumeration(format!("E{}", types.len()), Kind::I16, variants)
    }

    fn value(&mut self, schema: &Schema, ty: &Descriptor) -> Data {
        let element = |ty: &Descriptor| ty.element().map(|element| schema.resolve(element));
        let is_root = |ty: &Descriptor| std::ptr::eq(ty, schema.root());
        let is_nested = match ty.kind() {
            Kind::List => element(ty).is_some_and(is_root),
            Kind::Option => element(ty).and_then(element).is_some_and(is_root),
            _ => false,
        };
        match ty.kind() {
            Kind::List if is_nested && self.nested == 0 => return Data::Parts(Vec::new()),
            Kind::Option if is_nested && self.nested == 0 => return Data::None,
            _ => self.nested -= usize::from(is_nested),
        }
        self.value_of(schema, ty)
    }

    fn value_of(&mut self, schema: &Schema, ty: &Descriptor) -> Data {
        let element = || schema.resolve(ty.element().expect("a type with an element"));
        match ty.kind() {
            Kind::Unit => Data::Unit,
            Kind::Bool => Data::Bool(self.below(2) == 0),
            Kind::Char => Data::Char(
                self.pick(&['a', '"', ',', '\n', '\r', '\0', 'é', '🦀', '\\', ' ', '\u{feff}', '1']),
            ),
            Kind::F32 => Data::F32(match self.below(3) {
                0 => self.pick(&[
                    f32::INFINITY,
                    f32::NEG_INFINITY,
                    -0.0,
                    f32::NAN,
                    -f32::NAN,
                    0.1,
                    f32::MAX,
                    1e-45,
                    1e13,
                ]),
                _ => f32::from_bits(self.bits() as u32),
            }),
            Kind::F64 => Data::F64(match self.below(6) {
                0 => self.pick(&[
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                    -0.0,
                    f64::NAN,
                    -f64::NAN,
                    0.1,
                    1e21,
                    f64::MAX,
                    5e-324,
                ]),
                1 | 2 => f64::from(f32::from_bits(self.bits() as u32 & 0x8fff_ffff | 0x4000_0000)),
                3 => self.bits() as i64 as f64,
                4 => f64::from_bits(0x7ff0_0000_0000_0001 | self.bits() >> 12),
                _ => f64::from_bits(self.bits()),
            }),
            Kind::String if self.texts.len() == TEXTS.len() && self.below(4) == 0 => {
                let parts: String = (0..3).map(|_| self.pick(&TEXTS)).collect();
                Data::from(parts)
            }
            Kind::String => Data::from(self.pick(self.texts)),
            Kind::Bytes | Kind::Opaque => {
                Data::Bytes((0..self.below(9)).map(|_| self.bits() as u8).collect())
            }
            Kind::Option if self.below(3) == 0 => Data::None,
            Kind::Option | Kind::Newtype | Kind::Box => Data::some(self.value(schema, element())),
            Kind::List => Data::Parts((0..self.below(4)).map(|_| self.value(schema, element())).collect()),
            Kind::Array => Data::Parts((0..ty.count()).map(|_| self.value(schema, element())).collect()),
            Kind::Set => Data::Parts(self.keys(schema, element())),
            Kind::Map => {
                let keys = self.keys(schema, schema.resolve(ty.key().expect("a map has keys")));
                Data::Entries(keys.into_iter().map(|key| (key, self.value(schema, element()))).collect())
            }
            Kind::Struct | Kind::Tuple => Data::Parts(self.fields(schema, ty.fields())),
            Kind::Enum => {
                let index = self.below(ty.variants().len());
                Data::Variant(index, self.fields(schema, ty.variants()[index].fields()))
            }
            kind => self.integer(kind, ty),
        }
    }

    fn fields(&mut self, schema: &Schema, fields: &[Field]) -> Vec<Data> {
        fields.iter().map(|field| self.value(schema, schema.resolve(field.ty()))).collect()
    }

    fn keys(&mut self, schema: &Schema, ty: &Descriptor) -> Vec<Data> {
        let mut keys: Vec<Data> = Vec::new();
        for _ in 0..self.below(4) {
            let key = self.value(schema, ty);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    fn integer(&mut self, kind: Kind, ty: &Descriptor) -> Data {
        // Within what times and durations of nanoseconds hold.
        let bits = match ty.form() {
            Form::Timestamp { .. } | Form::Duration { .. } => 63,
            _ => kind.fixed_size() * 8,
        };
        let wide = u128::from(self.bits()) << 64 | u128::from(self.bits());
        let number = match self.below(4) {
            0 => self.pick(&[0, 1, u128::MAX, u128::MAX / 2, u128::MAX / 2 + 1, u128::MAX - 1]),
            _ => wide >> self.below(128),
        };
        let number = match kind.is_signed() {
            true => Data::Int((number as i128) << (128 - bits) >> (128 - bits)),
            false => Data::Uint(number << (128 - bits) >> (128 - bits)),
        };
        match number {
            Data::Int(0) if ty.is_nonzero() => Data::Int(-1),
            Data::Uint(0) if ty.is_nonzero() => Data::Uint(1),
            number => number,
        }
    }
}

/// The digits of a decimal number and its exponent, without zeros at either end.
fn digits(text: &str) -> Option<(bool, String, i64)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let exponent: i64 = exponent.parse().ok()?;
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let cut = all.trim_start_matches('0').trim_end_matches('0');
    let trailing = all.len() - all.trim_end_matches('0').len();
    let exponent = if cut.is_empty() { 0 } else { exponent - fraction.len() as i64 + trailing as i64 };
    Some((unsigned.len() < text.len(), cut.to_string(), exponent))
}

/// A time without what may be spelled in several ways.
fn moment(text: &str) -> Option<String> {
    let text = text.strip_suffix("+00:00").or(text.strip_suffix('Z')).filter(|text| text.len() >= 19)?;
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    Some(text.replace(' ', "T"))
}

/// True if a decimal is the float that is printed, rounded to as many digits; or both have no value or no end.
fn names(decimal: &str, printed: &str) -> bool {
    let Ok(float) = printed.parse::<f64>() else { return false };
    match digits(decimal) {
        None => decimal.parse().is_ok_and(|own: f64| own == float || own.is_nan() && float.is_nan()),
        // Of two that are equally near, the standard library has the other one.
        Some((_, own, _)) => [format!("{float:.*e}", own.len().clamp(1, 700) - 1), format!("{float:e}")]
            .iter()
            .any(|printed| digits(printed) == digits(decimal)),
    }
}

/// True if two cells of CSV are the same text, number or time.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left == right
        || digits(left).is_some_and(|left| Some(left) == digits(right))
        || names(left, right)
        || moment(left).is_some_and(|left| Some(left) == moment(right))
}
