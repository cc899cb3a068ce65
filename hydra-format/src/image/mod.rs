//! One value as bytes without a file (FORMAT.md, section 13): converts a value to an image, and an image to
//! the value, to a view, or to a view that changes it in place (`view_mut.rs`). The owned image is in
//! `kept.rs`.
//!
//! Payloads are encoded and validated by `layout`. Start reading at [`to_bytes`].

mod kept;
mod view_mut;

pub use kept::Image;
pub use view_mut::{ListMut, ViewMut, view_mut};

use crate::layout::rows::{At, TypeFacts, encode_after, facts_of, open_payload, part, put};
use crate::memory::AlignedBuf;
use crate::{Error, ErrorKind, Hydra, Result, View};

/// The first bytes of a value image: "HVAL".
const MAGIC: [u8; 4] = *b"HVAL";
/// The number of bytes before the payload.
const HEAD: usize = 64;
/// A flag: the CRC is present.
const CHECKED: u32 = 1;

/// Encodes one value as bytes, which [`from_bytes`] decodes and [`view`] reads in place.
///
/// ```
/// let image = hydra::to_bytes(&7u64)?;
/// assert_eq!(hydra::from_bytes::<u64>(&image)?, 7);
/// # Ok::<(), hydra::Error>(())
/// ```
///
/// # Errors
/// Fails if the value cannot be encoded: it is nested more than 64 lists, maps or boxes deep, two of its
/// keys are equal on disk, or it needs more than 256 MiB.
pub fn to_bytes<T: Hydra>(value: &T) -> Result<AlignedBuf> {
    let mut image = AlignedBuf::default();
    encode_image(value, false, &mut image)?;
    Ok(image)
}

/// Encodes one value, as [`to_bytes`] does, into a buffer. The content of the buffer is replaced and its
/// memory reused.
///
/// ```
/// let mut buffer = hydra::AlignedBuf::default();
/// for value in [7u64, 8] {
///     hydra::to_bytes_in(&mut buffer, &value)?;
///     assert_eq!(hydra::from_bytes::<u64>(&buffer)?, value);
/// }
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn to_bytes_in<T: Hydra>(buffer: &mut AlignedBuf, value: &T) -> Result<()> {
    encode_image(value, false, buffer)?;
    Ok(())
}

/// Encodes one value, as [`to_bytes`] does, with a checksum that is verified when the bytes are read.
pub fn to_bytes_checked<T: Hydra>(value: &T) -> Result<AlignedBuf> {
    let mut image = AlignedBuf::default();
    encode_image(value, true, &mut image)?;
    Ok(image)
}

/// Decodes the value of an image that [`to_bytes`] made. The bytes may be untrusted and may have any
/// alignment.
///
/// # Errors
/// The errors of invalid bytes, and `TooLarge` if the value needs more than 128 KiB on the stack: put large
/// fields behind a Box.
pub fn from_bytes<T: Hydra>(image: &[u8]) -> Result<T> {
    let facts = facts_of::<T>();
    let copy = (!is_aligned(image, facts)).then(|| AlignedBuf::copy_of(image));
    open_image::<T>(copy.as_deref().unwrap_or(image), facts)?.owned()
}

/// Returns the view of an image in place, after validation. The bytes may be untrusted. They must have the
/// alignment of the type, which an [`AlignedBuf`] guarantees.
///
/// ```
/// let image = hydra::to_bytes(&vec![1u32, 2, 3])?;
/// assert_eq!(hydra::view::<Vec<u32>>(&image)?, &[1, 2, 3]);
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn view<T: Hydra>(image: &[u8]) -> Result<View<'_, T>> {
    let facts = facts_of::<T>();
    if !is_aligned(image, facts) {
        return Err(misaligned(image, facts.align));
    }
    // Rebuilt from its parts: a copy of the whole would wait until every part is in memory.
    open_image::<T>(image, facts).map(|at| T::view(at.loaded()))
}

#[inline]
fn is_aligned(image: &[u8], facts: &TypeFacts) -> bool {
    image.as_ptr().addr() & facts.align.wrapping_sub(1) == 0
}

#[cold]
fn misaligned(image: &[u8], align: usize) -> Error {
    Error::new(ErrorKind::Usage)
        .what("a view needs aligned bytes")
        .expected(format!("an address that is a multiple of {align}"))
        .found(format!("{:#x}", image.as_ptr().addr()))
        .help("copy the bytes into an AlignedBuf, or decode them with from_bytes")
}

/// Encodes the value as an image in the buffer. Returns the offset of its text.
fn encode_image<T: Hydra>(value: &T, checked: bool, image: &mut AlignedBuf) -> Result<usize> {
    let text_offset = encode_after(HEAD, value, image)?;
    let (head, payload) = image.split_at_mut(HEAD);
    let crc = if checked { crc32fast::hash(payload) } else { 0 };
    let mut put_at = |offset: usize, bytes: &[u8]| put(part(head, offset, bytes.len()), bytes);
    put_at(0, &MAGIC);
    put_at(4, &u32::from(checked).to_le_bytes());
    put_at(8, &facts_of::<T>().fingerprint.to_le_bytes());
    put_at(16, &(payload.len() as u32).to_le_bytes());
    put_at(20, &text_offset.to_le_bytes());
    put_at(24, &crc.to_le_bytes());
    Ok(HEAD.saturating_add(text_offset as usize))
}

/// Validates an image and returns its record. Offsets in errors are relative to the start of the image.
#[inline(always)]
fn open_image<'a, T: Hydra>(image: &'a [u8], facts: &TypeFacts) -> Result<At<'a>> {
    let (text_offset, crc) = open_head(image, facts)?;
    let payload = image.get(HEAD..).unwrap_or_default();
    if let Some(crc) = crc {
        check_crc(payload, crc)?;
    }
    open_payload::<T>(payload, text_offset, facts).map_err(|error| error.shifted(HEAD as u64))
}

/// Returns the text offset of an image, and its checksum if it has one.
#[inline(always)]
fn open_head(image: &[u8], facts: &TypeFacts) -> Result<(u32, Option<u32>)> {
    let (head, payload) = image.split_first_chunk::<HEAD>().ok_or_else(|| too_short(image))?;
    let head = At::new(head, &[], "");
    let u32_at = |offset| u32::from_le_bytes(head.part(offset, 4).array());
    let (flags, payload_bytes) = (u32_at(4), u32_at(16));
    let fingerprint = u64::from_le_bytes(head.part(8, 8).array());
    let sound =
        head.array::<4>() == MAGIC && flags & !CHECKED == 0 && payload_bytes as usize == payload.len();
    if !sound || fingerprint != facts.fingerprint {
        return Err(refuse(facts, head.array(), (flags, payload_bytes, payload.len()), fingerprint));
    }
    Ok((u32_at(20), (flags & CHECKED != 0).then(|| u32_at(24))))
}

#[cold]
fn too_short(image: &[u8]) -> Error {
    Error::new(ErrorKind::NotHydra)
        .instead("not a value image")
        .expected(format!("at least {HEAD} bytes"))
        .found(format!("{} bytes", image.len()))
}

fn check_crc(payload: &[u8], expected: u32) -> Result<()> {
    let found = crc32fast::hash(payload);
    if found == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Checksum)
        .at(HEAD as u64)
        .expected(format!("0x{expected:08x}"))
        .found(format!("0x{found:08x}")))
}

/// Returns the error for a head that is not that of an image of this type.
#[cold]
fn refuse(facts: &TypeFacts, magic: [u8; 4], head: (u32, u32, usize), fingerprint: u64) -> Error {
    let (flags, payload_bytes, present) = head;
    if magic != MAGIC {
        return Error::new(ErrorKind::NotHydra)
            .instead("not a value image")
            .at(0)
            .expected("\"HVAL\" at the start")
            .found(format!("\"{}\"", magic.escape_ascii()));
    }
    if flags & !CHECKED != 0 {
        return Error::new(ErrorKind::UnknownFeature).at(4).expected("flags 0 or 1").found(flags.to_string());
    }
    if payload_bytes as usize != present {
        let (kind, summary) = match present < payload_bytes as usize {
            true => (ErrorKind::CutShort, "the value image is cut short"),
            false => (ErrorKind::Header, "there are bytes after the value image"),
        };
        return Error::new(kind)
            .instead(summary)
            .at(16)
            .expected(format!("{} bytes according to its head", HEAD.saturating_add(payload_bytes as usize)))
            .found(HEAD.saturating_add(present).to_string());
    }
    Error::new(ErrorKind::TypeMismatch)
        .instead("the value image is of another type")
        .at(8)
        .expected(format!("{} with the fingerprint {:016x}", facts.schema.name(), facts.fingerprint))
        .found(format!("{fingerprint:016x}"))
        .help("read the image with the type that wrote it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashMap};

    type Sample = (u64, Option<String>, Vec<(bool, String)>, BTreeMap<String, Vec<u32>>);

    fn sample() -> Sample {
        let map = BTreeMap::from([("one".into(), vec![1]), ("two".into(), vec![2, 2])]);
        (7, Some("né".into()), vec![(true, "a".into()), (false, String::new())], map)
    }

    #[test]
    fn values_go_round_and_are_viewed_in_place() {
        let image = to_bytes(&sample()).unwrap();
        assert_eq!(from_bytes::<Sample>(&image).unwrap(), sample());
        let (seven, text, list, map) = view::<Sample>(&image).unwrap();
        assert_eq!((seven, text, list.len()), (7, Some("né"), 2));
        assert_eq!(map.get(&"two".to_string()), Some(&[2, 2][..]));
        assert_eq!(from_bytes::<()>(&to_bytes(&()).unwrap()).unwrap(), ());
        assert_eq!(from_bytes::<[u64; 0]>(&to_bytes(&[0u64; 0]).unwrap()).unwrap(), [0u64; 0]);
    }

    #[test]
    fn an_image_is_the_same_bytes_whatever_the_order_in_memory() {
        let forward: HashMap<u32, u8> = (0..100).map(|key| (key, 1)).collect();
        let backward: HashMap<u32, u8> = (0..100).rev().map(|key| (key, 1)).collect();
        assert_eq!(*to_bytes(&forward).unwrap(), *to_bytes(&backward).unwrap());
    }

    #[test]
    fn a_buffer_that_is_used_again_gives_the_same_bytes() {
        fn same<T: Hydra>(value: &T) {
            let mut buffer = AlignedBuf::copy_of(&[0xff; 3000]);
            for _ in 0..2 {
                to_bytes_in(&mut buffer, value).unwrap();
                assert_eq!(*buffer, *to_bytes(value).unwrap());
                buffer.fill(0xff);
            }
        }
        same(&sample());
        same(&(1u8, 2u64, Some(3u16), None::<u64>, (None::<(f32, u8)>, Some(true), None::<String>)));
        same(&vec![(1u8, String::new()), (2, "é".into()), (3, "x".repeat(70))]);
        same(&(
            vec![true; 3],
            vec![7u16; 5],
            vec![vec![Some(1u64)], vec![], vec![None]],
            Box::new((1u8, 9u32)),
        ));
        same(&(1..80).map(|count| "y".repeat(count)).collect::<Vec<_>>());
        same(&BTreeMap::from([((1u8, 2u32), None), ((2, 1), Some(vec![1u8]))]));
        same(&"z".repeat(10_000));
    }

    #[test]
    fn any_address_decodes_and_a_view_says_what_it_needs() {
        let image = to_bytes(&sample()).unwrap();
        let mut shifted = AlignedBuf::zeroed(image.len() + 1);
        shifted[1..].copy_from_slice(&image);
        assert_eq!(from_bytes::<Sample>(&shifted[1..]).unwrap(), sample());
        let error = view::<Sample>(&shifted[1..]).map(|_| ()).unwrap_err();
        assert_eq!(
            (error.kind(), error.expected_text()),
            (ErrorKind::Usage, Some("an address that is a multiple of 8"))
        );
    }

    #[test]
    fn wrong_images_are_refused_in_words() {
        let image = to_bytes_checked(&sample()).unwrap();
        assert_eq!(from_bytes::<Sample>(&image).unwrap(), sample());
        let kind = |bytes: &[u8]| from_bytes::<Sample>(bytes).unwrap_err().kind();
        let changed = |offset: usize, byte: u8| {
            let mut image = image.clone();
            image[offset] ^= byte;
            kind(&image)
        };
        assert_eq!(kind(b"short"), ErrorKind::NotHydra);
        assert_eq!(kind(&image[..image.len() - 1]), ErrorKind::CutShort);
        assert_eq!(changed(0, 1), ErrorKind::NotHydra);
        assert_eq!(changed(4, 2), ErrorKind::UnknownFeature);
        assert_eq!(changed(20, 1), ErrorKind::BadReference);
        assert_eq!(changed(64, 1), ErrorKind::Checksum);
        assert_eq!(from_bytes::<u64>(&image).unwrap_err().kind(), ErrorKind::TypeMismatch);
        let message = |bytes: &[u8]| from_bytes::<Sample>(bytes).unwrap_err().to_string();
        let count = image.len();
        let longer = [&image[..], &[0]].concat();
        assert_eq!(kind(&longer), ErrorKind::Header);
        for (bytes, words) in [
            (
                &longer[..],
                format!(
                    "after the value image\n  --> @ 0x10: expected {count} bytes according to its head, found {}",
                    count + 1
                ),
            ),
            (
                &image[..count - 1],
                format!(
                    "image is cut short\n  --> @ 0x10: expected {count} bytes according to its head, found {}",
                    count - 1
                ),
            ),
            (
                &to_bytes(&7u64).unwrap(),
                "the value image is of another type\n  --> @ 0x8: expected (u64,".into(),
            ),
            (b"HVAL", "not a value image\n  --> expected at least 64 bytes, found 4 bytes".into()),
            (&[b'x'; 64], "not a value image\n  --> @ 0x0: expected \"HVAL\"".into()),
        ] {
            assert!(message(bytes).contains(&words), "{}\n{words}", message(bytes));
        }
        let (mut short, mut list) = (to_bytes(&7u64).unwrap(), to_bytes(&vec![1u8, 2]).unwrap());
        (short[20], list[20]) = (0, 100);
        assert_eq!(from_bytes::<u64>(&short).unwrap_err().kind(), ErrorKind::BadReference, "in the record");
        assert_eq!(
            from_bytes::<Vec<u8>>(&list).unwrap_err().kind(),
            ErrorKind::BadReference,
            "not on a line"
        );
        let error = from_bytes::<Sample>(&{
            let mut image = to_bytes(&sample()).unwrap();
            image[64 + 8] = 9;
            image
        });
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadValue);
        assert_eq!((error.offset(), error.path_text(), error.found_text()), (Some(72), Some("1"), Some("9")));
        let mut image = to_bytes(&"é".to_string()).unwrap();
        let last = image.len() - 1;
        image[last] = b'x';
        let error = from_bytes::<String>(&image).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::BadUtf8, Some(last as u64 - 1)));
    }
}
