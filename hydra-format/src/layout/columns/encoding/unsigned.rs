//! The unsigned integers that streams of all kinds are encoded as.

use bytemuck::Pod;
use std::ops::BitXor;

/// An unsigned integer of 1 to 16 bytes. Calculations wrap around.
pub(super) trait Unsigned: Pod + Ord + BitXor<Output = Self> {
    /// The size in bytes.
    const SIZE: usize = size_of::<Self>();
    /// The largest width of a number of bits.
    const MAX_WIDTH: u8;
    /// The sign bit of the signed integer of the same size. Values with this bit inverted are in the order of
    /// the signed integers.
    const SIGN: Self;

    /// Returns the lowest 64 bits.
    fn low(self) -> u64;
    /// Returns the bits above them.
    fn high(self) -> u64;
    /// Returns the integer with these lowest bits; others are lost, or zero.
    fn of_low(bits: u64) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// Returns the integer shifted up by fewer bits than it has.
    fn up(self, bits: usize) -> Self;
    /// Returns the number of bits up to the highest 1.
    fn length(self) -> u32;
    /// Returns the float with these bits. Sizes that no float has give NaN.
    fn float(self) -> f64;
    /// Returns the bits of a float, rounded to the float of this size.
    fn of_float(float: f64) -> Self;
}

macro_rules! unsigned {
    ($($name:ident, $float:expr, $of_float:expr;)*) => {$(
        impl Unsigned for $name {
            const MAX_WIDTH: u8 = if $name::BITS < 64 { $name::BITS as u8 } else { 64 };
            const SIGN: Self = 1 << ($name::BITS - 1);

            fn low(self) -> u64 { self as u64 }
            fn high(self) -> u64 { self.unbounded_shr(64) as u64 }
            fn of_low(bits: u64) -> Self { bits as Self }
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
            fn up(self, bits: usize) -> Self { self << bits }
            fn length(self) -> u32 {
                // Of 64 bits this takes fewer instructions than of 16 or 8.
                let high = 64 - self.high().leading_zeros();
                if high > 0 { 64 + high } else { 64 - self.low().leading_zeros() }
            }
            fn float(self) -> f64 { $float(self) }
            fn of_float(float: f64) -> Self { $of_float(float) }
        }
    )*};
}

unsigned! {
    u8, |_| f64::NAN, |_| 0;
    u16, |_| f64::NAN, |_| 0;
    u32, |bits| f64::from(f32::from_bits(bits)), |float| (float as f32).to_bits();
    u64, f64::from_bits, f64::to_bits;
    u128, |_| f64::NAN, |_| 0;
}

/// Returns value number `index` of these bytes.
#[inline(always)]
pub(super) fn value_at<T: Unsigned>(bytes: &[u8], index: usize) -> Option<T> {
    let start = index.checked_mul(T::SIZE)?;
    let value = bytes.get(start..start.checked_add(T::SIZE)?)?;
    bytemuck::try_pod_read_unaligned(value).ok()
}

/// Returns the values that the bytes are, copied if they are misaligned.
pub(super) fn values_of<T: Unsigned>(bytes: &[u8]) -> std::borrow::Cow<'_, [T]> {
    match bytemuck::try_cast_slice(bytes) {
        Ok(values) => values.into(),
        Err(_) => bytes.chunks_exact(T::SIZE).filter_map(|value| value_at(value, 0)).collect(),
    }
}

/// Calls `read` to fill these bytes with values, through a copy if they are misaligned.
pub(super) fn fill<T: Unsigned, E>(
    out: &mut [u8],
    read: impl FnOnce(&mut [T]) -> Result<(), E>,
) -> Result<(), E> {
    if let Ok(values) = bytemuck::try_cast_slice_mut(out) {
        return read(values);
    }
    let mut values = vec![T::zeroed(); out.len().checked_div(T::SIZE).unwrap_or(0)];
    let done = read(&mut values);
    for (byte, value) in out.iter_mut().zip(bytemuck::cast_slice(&values)) {
        *byte = *value;
    }
    done
}

/// Evaluates an expression with `$T` as the unsigned integer of this size in bytes; other sizes count as 1.
macro_rules! by_size {
    ($size:expr, $T:ident => $body:expr) => {
        match $size {
            2 => by_size!(@ $T = u16, $body),
            4 => by_size!(@ $T = u32, $body),
            8 => by_size!(@ $T = u64, $body),
            16 => by_size!(@ $T = u128, $body),
            _ => by_size!(@ $T = u8, $body),
        }
    };
    (@ $T:ident = $type:ty, $body:expr) => {{
        type $T = $type;
        $body
    }};
}
pub(super) use by_size;
