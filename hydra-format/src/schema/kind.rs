//! The kinds and forms of types, with their codes on disk (FORMAT.md, section 5).

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $text:literal, $size:literal;)*) => {
        /// What kind of type it is. The numbers are the codes on disk.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Kind { $($(#[doc = $doc])* $name = $code,)* }

        impl Kind {
            /// Every kind, in the order of its code.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];

            /// The kind with this code on disk.
            pub const fn from_code(code: u8) -> Option<Kind> {
                match code { $($code => Some(Kind::$name),)* _ => None }
            }

            /// The name, as in the canonical spelling of types.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$name => $text,)* }
            }

            /// Size in bytes where the kind alone decides it; 0 otherwise.
            pub const fn fixed_size(self) -> u32 {
                match self { $(Kind::$name => $size,)* }
            }
        }
    };
}

kinds! {
    /// Nothing: one zero byte.
    Unit = 1, "unit", 1;
    /// 0 or 1.
    Bool = 2, "bool", 1;
    /// A Unicode scalar value.
    Char = 3, "char", 4;
    /// A signed integer of 8 bits.
    I8 = 4, "i8", 1;
    /// A signed integer of 16 bits.
    I16 = 5, "i16", 2;
    /// A signed integer of 32 bits.
    I32 = 6, "i32", 4;
    /// A signed integer of 64 bits.
    I64 = 7, "i64", 8;
    /// A signed integer of 128 bits.
    I128 = 8, "i128", 16;
    /// An unsigned integer of 8 bits.
    U8 = 9, "u8", 1;
    /// An unsigned integer of 16 bits.
    U16 = 10, "u16", 2;
    /// An unsigned integer of 32 bits.
    U32 = 11, "u32", 4;
    /// An unsigned integer of 64 bits.
    U64 = 12, "u64", 8;
    /// An unsigned integer of 128 bits.
    U128 = 13, "u128", 16;
    /// A float of 32 bits.
    F32 = 14, "f32", 4;
    /// A float of 64 bits.
    F64 = 15, "f64", 8;
    /// UTF-8.
    String = 16, "string", 8;
    /// Bytes.
    Bytes = 17, "bytes", 8;
    /// A value or none.
    Option = 18, "option", 0;
    /// Any number of elements of one type.
    List = 19, "list", 8;
    /// A fixed number of elements of one type.
    Array = 20, "array", 0;
    /// Fields by position.
    Tuple = 21, "tuple", 0;
    /// Fields by name.
    Struct = 22, "struct", 0;
    /// One of several variants.
    Enum = 23, "enum", 0;
    /// Keys with values, in the order of the keys.
    Map = 24, "map", 8;
    /// Distinct members, in their order.
    Set = 25, "set", 8;
    /// Another type under a name.
    Newtype = 26, "newtype", 0;
    /// One value behind a reference.
    Box = 27, "box", 8;
    /// The bytes of a foreign codec.
    Opaque = 28, "opaque", 8;
}

impl Kind {
    /// The code on disk.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// True for the ten integer kinds.
    pub const fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// True for i8 to i128.
    pub const fn is_signed(self) -> bool {
        matches!(self, Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 | Kind::I128)
    }

    /// True for u8 to u128.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 | Kind::U128)
    }

    /// True if an integer kind holds this value; u128 values are given by their bits.
    pub(crate) const fn holds(self, value: i128) -> bool {
        match self {
            Kind::I128 | Kind::U128 => true,
            _ if self.is_signed() => matches!(value >> self.bits().saturating_sub(1), 0 | -1),
            _ => self.is_unsigned() && value >> self.bits() == 0,
        }
    }

    /// Bits of a value of a kind that has one size.
    pub(crate) const fn bits(self) -> u32 {
        self.fixed_size().saturating_mul(8)
    }

    /// These bits, all set.
    pub(crate) const fn mask(self) -> u128 {
        u128::MAX.unbounded_shr(u128::BITS.saturating_sub(self.bits()))
    }

    /// True for kinds that are stored as a reference into the heap or the text.
    pub const fn is_reference(self) -> bool {
        use Kind::*;
        matches!(self, String | Bytes | List | Map | Set | Box | Opaque)
    }

    /// True for kinds with an element; the inner type of a newtype and the value of a map are one.
    pub(crate) const fn has_element(self) -> bool {
        use Kind::*;
        matches!(self, Option | List | Set | Box | Array | Map | Newtype)
    }

    /// True for kinds that carry a name of their own: struct, enum and newtype.
    pub const fn is_named(self) -> bool {
        matches!(self, Kind::Struct | Kind::Enum | Kind::Newtype)
    }

    /// Alignment in bytes where the kind alone decides it; 0 otherwise. References align to 4.
    pub const fn fixed_align(self) -> u32 {
        if self.is_reference() { 4 } else { self.fixed_size() }
    }
}

/// What a base kind means beyond its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Form {
    /// Nothing beyond its kind.
    #[default]
    None,
    /// Value times ten to the exponent: seconds since 1970-01-01 UTC.
    Timestamp {
        /// Decimal exponent of the unit: -9 for nanoseconds.
        exponent: i8,
    },
    /// Value times ten to the exponent: seconds.
    Duration {
        /// Decimal exponent of the unit: -9 for nanoseconds.
        exponent: i8,
    },
    /// Days since 1970-01-01.
    Date,
    /// Sixteen bytes in the order of RFC 9562.
    Uuid,
    /// Value times ten to the exponent.
    Decimal {
        /// Decimal exponent: -2 for cents.
        exponent: i8,
    },
    /// A form of a newer version: the base kind counts.
    Unknown {
        /// Its code on disk.
        code: u8,
        /// Its exponent on disk.
        exponent: i8,
    },
}

impl Form {
    /// Code and exponent on disk.
    pub const fn code(self) -> (u8, i8) {
        match self {
            Form::None => (0, 0),
            Form::Timestamp { exponent } => (1, exponent),
            Form::Duration { exponent } => (2, exponent),
            Form::Date => (3, 0),
            Form::Uuid => (4, 0),
            Form::Decimal { exponent } => (5, exponent),
            Form::Unknown { code, exponent } => (code, exponent),
        }
    }

    /// The form with this code and exponent on disk.
    pub const fn from_code(code: u8, exponent: i8) -> Form {
        match (code, exponent) {
            (0, 0) => Form::None,
            (1, _) => Form::Timestamp { exponent },
            (2, _) => Form::Duration { exponent },
            (3, 0) => Form::Date,
            (4, 0) => Form::Uuid,
            (5, _) => Form::Decimal { exponent },
            _ => Form::Unknown { code, exponent },
        }
    }

    /// The name in the canonical spelling; empty for none and for unknown forms.
    pub const fn name(self) -> &'static str {
        match self {
            Form::None | Form::Unknown { .. } => "",
            Form::Timestamp { .. } => "timestamp",
            Form::Duration { .. } => "duration",
            Form::Date => "date",
            Form::Uuid => "uuid",
            Form::Decimal { .. } => "decimal",
        }
    }
}

/// Nanoseconds of a second.
pub(crate) const NANOS: u128 = 1_000_000_000;

/// True if 128 bits are a timestamp in nanoseconds: within 2^63 seconds of 1970 (FORMAT.md, section 5.5).
pub(crate) fn is_timestamp(bits: u128) -> bool {
    const LIMIT: i128 = (NANOS << 63).cast_signed();
    (-LIMIT..LIMIT).contains(&bits.cast_signed())
}

/// True if 128 bits are a duration in nanoseconds: below 2^64 seconds.
pub(crate) fn is_duration(bits: u128) -> bool {
    bits < NANOS << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_round() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::from_code(0), None);
        assert_eq!(Kind::from_code(29), None);
        for code in 0..=255u8 {
            for exponent in [-9, 0, 3] {
                assert_eq!(Form::from_code(code, exponent).code(), (code, exponent));
            }
        }
    }
}
