//! The kinds and forms of types, and their codes in a file (FORMAT.md, section 5).

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $text:literal, $size:literal;)*) => {
        /// The kind of a type. The numbers are the stored codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Kind { $($(#[doc = $doc])* $name = $code,)* }

        impl Kind {
            /// All kinds, in order of their codes.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];

            /// Returns the kind with this stored code.
            pub const fn from_code(code: u8) -> Option<Kind> {
                match code { $($code => Some(Kind::$name),)* _ => None }
            }

            /// Returns the name, as in the canonical spelling of types.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$name => $text,)* }
            }

            /// Returns the size in bytes if the kind alone determines it; 0 otherwise.
            pub const fn fixed_size(self) -> u32 {
                match self { $(Kind::$name => $size,)* }
            }
        }
    };
}

kinds! {
    /// The unit type, stored as one zero byte.
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
    /// Text in UTF-8.
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
    /// The bytes of another codec, such as serde's.
    Opaque = 28, "opaque", 8;
}

impl Kind {
    /// Returns the stored code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns whether it is one of the ten integer kinds.
    pub const fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// Returns whether it is one of i8 to i128.
    pub const fn is_signed(self) -> bool {
        matches!(self, Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 | Kind::I128)
    }

    /// Returns whether it is one of u8 to u128.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 | Kind::U128)
    }

    /// Returns whether an integer kind has this value; u128 values are given by their bits.
    pub(crate) const fn holds(self, value: i128) -> bool {
        match self {
            Kind::I128 | Kind::U128 => true,
            _ if self.is_signed() => matches!(value >> self.bits().saturating_sub(1), 0 | -1),
            _ => self.is_unsigned() && value >> self.bits() == 0,
        }
    }

    /// Returns the number of bits of a value of a kind with a fixed size.
    pub(crate) const fn bits(self) -> u32 {
        self.fixed_size().saturating_mul(8)
    }

    /// Returns a mask of these bits.
    pub(crate) const fn mask(self) -> u128 {
        u128::MAX.unbounded_shr(u128::BITS.saturating_sub(self.bits()))
    }

    /// Returns whether values are stored as a reference into the heap or the text.
    pub const fn is_reference(self) -> bool {
        use Kind::*;
        matches!(self, String | Bytes | List | Map | Set | Box | Opaque)
    }

    /// Returns whether types of the kind have an element; it includes the inner type of a newtype and the
    /// value of a map.
    pub(crate) const fn has_element(self) -> bool {
        use Kind::*;
        matches!(self, Option | List | Set | Box | Array | Map | Newtype)
    }

    /// Returns whether types of the kind have a name of their own: struct, enum and newtype.
    pub const fn is_named(self) -> bool {
        matches!(self, Kind::Struct | Kind::Enum | Kind::Newtype)
    }

    /// Returns the alignment in bytes if the kind alone determines it; 0 otherwise. References have alignment
    /// 4.
    pub const fn fixed_align(self) -> u32 {
        if self.is_reference() { 4 } else { self.fixed_size() }
    }
}

/// The meaning of a type beyond its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Form {
    /// No meaning beyond the kind.
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
    /// A form of a newer version; values are shown by their kind.
    Unknown {
        /// The stored code.
        code: u8,
        /// The stored exponent.
        exponent: i8,
    },
}

impl Form {
    /// Returns the stored code and exponent.
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

    /// Returns the form with this stored code and exponent.
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

    /// Returns the name in the canonical spelling; empty for `None` and `Unknown`.
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

/// The number of nanoseconds in a second.
pub(crate) const NANOS: u128 = 1_000_000_000;

/// Returns whether 128 bits are a timestamp in nanoseconds: within 2^63 seconds of 1970 (FORMAT.md, section
/// 5.5).
pub(crate) fn is_timestamp(bits: u128) -> bool {
    const LIMIT: i128 = (NANOS << 63).cast_signed();
    (-LIMIT..LIMIT).contains(&bits.cast_signed())
}

/// Returns whether 128 bits are a duration in nanoseconds: below 2^64 seconds.
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
