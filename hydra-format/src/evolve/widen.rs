//! Conversion of numbers to wider kinds: which conversions are exact, and how bytes change.

use super::run::Lane;
use crate::schema::Kind;

/// Returns true if every value of one number kind is also a value of the other.
pub(super) fn is_exact(from: Kind, to: Kind) -> bool {
    let bits = from.bits().saturating_sub(from.is_signed().into());
    match to {
        Kind::F64 if from == Kind::F32 => true,
        Kind::F32 if from.is_integer() => bits <= 24,
        Kind::F64 if from.is_integer() => bits <= 53,
        _ if from.is_unsigned() => to.is_integer() && to.fixed_size() > from.fixed_size(),
        _ => from.is_signed() && to.is_signed() && to.fixed_size() > from.fixed_size(),
    }
}

/// Writes the numbers of a run, at `places`, as a wider kind.
pub(super) fn widen(lane: &Lane<'_>, places: (u32, u32), (from, to): (Kind, Kind), target: &mut [u8]) {
    macro_rules! floats {
        ($($from:ident $number:ty => $to:ident $float:ty;)*) => {
            match (from, to) {
                $((Kind::$from, Kind::$to) => {
                    return lane.each(places, target, |it| <$float>::from(<$number>::from_le_bytes(it)).to_le_bytes());
                })*
                _ => {}
            }
        };
    }
    floats! {
        I8 i8 => F32 f32; I16 i16 => F32 f32; U8 u8 => F32 f32; U16 u16 => F32 f32;
        I8 i8 => F64 f64; I16 i16 => F64 f64; I32 i32 => F64 f64;
        U8 u8 => F64 f64; U16 u16 => F64 f64; U32 u32 => F64 f64; F32 f32 => F64 f64;
    }
    let signed = from.is_signed();
    match (from.fixed_size(), to.fixed_size()) {
        (1, 2) => lane.each::<1, 2>(places, target, extend(signed)),
        (1, 4) => lane.each::<1, 4>(places, target, extend(signed)),
        (1, 8) => lane.each::<1, 8>(places, target, extend(signed)),
        (1, 16) => lane.each::<1, 16>(places, target, extend(signed)),
        (2, 4) => lane.each::<2, 4>(places, target, extend(signed)),
        (2, 8) => lane.each::<2, 8>(places, target, extend(signed)),
        (2, 16) => lane.each::<2, 16>(places, target, extend(signed)),
        (4, 8) => lane.each::<4, 8>(places, target, extend(signed)),
        (4, 16) => lane.each::<4, 16>(places, target, extend(signed)),
        (8, 16) => lane.each::<8, 16>(places, target, extend(signed)),
        _ => {}
    }
}

/// Extends an integer to more bytes.
fn extend<const N: usize, const M: usize>(signed: bool) -> impl Fn([u8; N]) -> [u8; M] {
    move |bytes| {
        let negative = signed && bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = [if negative { 0xff } else { 0 }; M];
        if let Some(low) = wide.first_chunk_mut() {
            *low = bytes;
        }
        wide
    }
}
