//! Numbers of a width of 0 to 64 bits, one after the other, from the lowest bit of each byte up.
//!
//! Each width has its own code, so that shifts and masks are constants: eight numbers of a width of W bits
//! take W bytes and start with a byte.

use super::GROUP;

/// The numbers of a group.
pub(super) type GroupBits = [u64; GROUP];

/// What numbers are read through: the bytes of eight numbers, and as many as the last one can be read past.
const MAX_WINDOW: usize = 64 + 16;

/// Reads the first numbers of `bytes` to the start of `numbers`: `count` rounded up to eight. Numbers past
/// the end of `bytes` have bits that are zero.
pub(super) fn unpack(width: u8, bytes: &[u8], count: usize, numbers: &mut GroupBits) {
    if let Some((_, unpack)) = KERNELS.get(usize::from(width)) {
        unpack(bytes, numbers.get_mut(..count.next_multiple_of(8)).unwrap_or_default());
    }
}

/// Appends the first `count` numbers, each of which is below 2^width. Some of those after
/// them become zero.
pub(super) fn pack(width: u8, numbers: &mut GroupBits, count: usize, bytes: &mut Vec<u8>) {
    let (start, padded) = (bytes.len(), count.next_multiple_of(8));
    numbers[count..padded].fill(0);
    if let Some((pack, _)) = KERNELS.get(usize::from(width)) {
        bytes.resize(start + padded / 8 * usize::from(width) + 8, 0);
        pack(&numbers[..padded], &mut bytes[start..]);
    }
    bytes.truncate(start + packed_size(width, count));
}

/// Returns the number of bytes of `count` numbers.
pub(super) fn packed_size(width: u8, count: usize) -> usize {
    count.saturating_mul(usize::from(width)).div_ceil(8)
}

/// Returns number `index`; bits past the end of `bytes` are zero.
pub(super) fn number_at(width: u8, bytes: &[u8], index: usize) -> u64 {
    let bit = index.saturating_mul(usize::from(width));
    let rest = bytes.get(bit / 8..).unwrap_or_default();
    let mut window = [0; 16];
    window.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    ((u128::from_le_bytes(window) >> (bit % 8)) as u64) & mask(width)
}

const fn mask(width: u8) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// How numbers of one width are packed and unpacked.
type Kernel = (fn(&[u64], &mut [u8]), fn(&[u8], &mut [u64]));

macro_rules! kernels {
    ($($width:literal)*) => { [$((pack_all::<$width>, unpack_all::<$width>)),*] };
}

static KERNELS: [Kernel; 65] = kernels![
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
];

fn unpack_all<const WIDTH: usize>(bytes: &[u8], numbers: &mut [u64]) {
    let mut rest = bytes;
    for eight in numbers.as_chunks_mut().0 {
        match rest.get(..WIDTH + 16) {
            Some(window) => unpack_eight::<WIDTH>(window, eight),
            None => {
                let mut window = [0; MAX_WINDOW];
                window.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                unpack_eight::<WIDTH>(&window[..WIDTH + 16], eight);
            }
        }
        rest = rest.get(WIDTH..).unwrap_or_default();
    }
}

#[inline(always)]
fn unpack_eight<const WIDTH: usize>(window: &[u8], eight: &mut [u64; 8]) {
    for (i, number) in eight.iter_mut().enumerate() {
        let (byte, shift) = (i * WIDTH / 8, i * WIDTH % 8);
        let bits = if WIDTH + 7 <= 64 {
            window[byte..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)) >> shift
        } else {
            (window[byte..].first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes)) >> shift) as u64
        };
        *number = bits & mask(WIDTH as u8);
    }
}

/// Each eight numbers write up to seven bytes past their own, which the next eight replace.
fn pack_all<const WIDTH: usize>(numbers: &[u64], bytes: &mut [u8]) {
    for (i, eight) in numbers.as_chunks::<8>().0.iter().enumerate() {
        pack_eight::<WIDTH>(eight, &mut bytes[i * WIDTH..][..WIDTH + 8]);
    }
}

#[inline(always)]
fn pack_eight<const WIDTH: usize>(eight: &[u64; 8], window: &mut [u8]) {
    let (mut bits, mut filled, mut at) = (0, 0, 0);
    for number in eight {
        bits |= number << filled;
        filled += WIDTH;
        if filled >= 64 {
            window[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            at += 8;
            filled -= 64;
            bits = if filled == 0 { 0 } else { number >> (WIDTH - filled) };
        }
    }
    window[at..at + 8].copy_from_slice(&bits.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_go_round() {
        for width in 0..=64u8 {
            for count in [0, 1, 2, 7, 8, 9, 63, 65, 1023, 1024] {
                let number = |i: usize| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask(width);
                let mut numbers: GroupBits = std::array::from_fn(number);
                let mut bytes = vec![7];
                pack(width, &mut numbers, count, &mut bytes);
                let spare = packed_size(width, count) * 8 - count * usize::from(width);
                assert!(
                    u32::from(*bytes.last().unwrap()).leading_zeros() as usize >= 24 + spare || count == 0
                );
                assert_eq!((bytes[0], bytes.len()), (7, 1 + packed_size(width, count)));
                for after in [0, 1, 100] {
                    bytes.truncate(1 + packed_size(width, count));
                    bytes.resize(bytes.len() + after, 0xff);
                    let mut found = [0; GROUP];
                    unpack(width, &bytes[1..], count, &mut found);
                    assert_eq!(found[..count], numbers[..count], "{width} bits, {count} numbers");
                    assert!((0..count).all(|i| number_at(width, &bytes[1..], i) == numbers[i]));
                }
            }
        }
    }

    #[test]
    fn numbers_start_with_the_lowest_bit() {
        let mut numbers = [7; GROUP];
        numbers[..4].copy_from_slice(&[0b101, 0b011, 0b110, 0b001]);
        let mut bytes = Vec::new();
        pack(3, &mut numbers, 4, &mut bytes);
        assert_eq!(bytes, [0b10_011_101, 0b0000_0011]);
    }
}
