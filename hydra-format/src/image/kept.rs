//! An owned image: it is validated once and changes only through its own methods, so reading it needs no
//! further checks.

use super::view_mut::root;
use super::{HEAD, encode_image, open_image};
use crate::layout::rows::{At, TypeFacts, facts_of, heap_start, part};
use crate::memory::{AlignedBuf, Text, TextBuf};
use crate::{Hydra, Result, Value, View, ViewMut};
use std::fmt::{self, Formatter};
use std::marker::PhantomData;

/// An owned value in its encoded form, as [`to_bytes`](crate::to_bytes) makes it. It is validated once, when
/// it is made from bytes. Reading the value and changing it in place then cost no more than the access
/// itself.
///
/// ```
/// use hydra::{Hydra, Image, reflect::Slot};
/// #[derive(Hydra)]
/// pub struct Player {
///     pub name: String,
///     pub score: u32,
/// }
/// let mut player = Image::of(&Player { name: "ada".into(), score: 5 })?;
/// let score = Slot::<Player, u32>::new("score")?;
/// player.view_mut()?.set(&score, 6)?;
/// assert_eq!((player.view().name(), player.view().score()), ("ada", 6));
///
/// let sent: Vec<u8> = player.as_bytes().to_vec();
/// let received = Image::<Player>::from_bytes(&sent)?;
/// assert_eq!(received, player);
/// # Ok::<(), hydra::Error>(())
/// ```
///
/// **Checksums.** A checksum is verified when the image is made and then removed, since it would be wrong
/// after a change. The bytes are always those of `to_bytes`. To send an image with a checksum, encode the
/// decoded value with [`to_bytes_checked`](crate::to_bytes_checked).
pub struct Image<T> {
    bytes: TextBuf,
    /// The buffer of the previous value, reused for the next one.
    spare: AlignedBuf,
    facts: &'static TypeFacts,
    of: PhantomData<fn() -> T>,
}

impl<T: Hydra> Image<T> {
    /// Makes the image of a value, without validation since it was just encoded.
    ///
    /// ```
    /// let image = hydra::Image::of(&vec![1u32, 2, 3])?;
    /// assert_eq!(image.view(), &[1, 2, 3]);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`to_bytes`](crate::to_bytes).
    pub fn of(value: &T) -> Result<Image<T>> {
        Ok(Image::known(encoded(value, &mut AlignedBuf::default())?))
    }

    /// Copies and validates an image that [`to_bytes`](crate::to_bytes) made. The bytes may be untrusted and
    /// may have any alignment.
    ///
    /// ```
    /// let image = hydra::Image::<u64>::from_bytes(&hydra::to_bytes(&7u64)?)?;
    /// assert_eq!(image.view(), 7);
    /// assert!(hydra::Image::<u64>::from_bytes(b"something else").is_err());
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`view`](crate::view), except for the alignment.
    pub fn from_bytes(bytes: &[u8]) -> Result<Image<T>> {
        Image::from_buffer(AlignedBuf::copy_of(bytes))
    }

    /// Makes an image from a buffer, as [`Image::from_bytes`] does, without a copy.
    ///
    /// ```
    /// let mut buffer = hydra::AlignedBuf::zeroed(0);
    /// hydra::to_bytes_in(&mut buffer, &7u64)?; // or read from a file or a socket
    /// let image = hydra::Image::<u64>::from_buffer(buffer)?;
    /// assert_eq!(image.decode()?, 7);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn from_buffer(buffer: AlignedBuf) -> Result<Image<T>> {
        let mut bytes = TextBuf::new(buffer, |image| Ok(open_image::<T>(image, facts_of::<T>())?.text))?;
        let (head, _) = bytes.halves_mut();
        [4, 24].into_iter().for_each(|checksum| part(head, checksum, 4).fill(0));
        Ok(Image::known(bytes))
    }

    fn known(bytes: TextBuf) -> Image<T> {
        Image { bytes, spare: AlignedBuf::default(), facts: facts_of::<T>(), of: PhantomData }
    }

    #[inline]
    fn at(&self) -> At<'_> {
        let (front, text) = self.bytes.halves();
        let heap = front.get(HEAD.saturating_add(heap_start(T::SIZE))..).unwrap_or_default();
        At::new(front, heap, text).part(HEAD, T::SIZE)
    }

    /// Returns the view of the value, read in place.
    #[inline]
    pub fn view(&self) -> View<'_, T> {
        // Rebuilt from its parts, as in `view` of borrowed bytes.
        T::view(self.at().loaded())
    }

    /// Returns the value as data.
    pub fn value(&self) -> Value<'_> {
        Value::stored(self.at(), T::TYPE, None)
    }

    /// Returns the value for changes in place. Parts of a fixed size can be changed, through
    /// [`Slot`](crate::reflect::Slot)s.
    ///
    /// # Errors
    /// `NotSettable` if the type has an invariant: decode, change and [`set`](Image::set) such a value.
    #[inline]
    pub fn view_mut(&mut self) -> Result<ViewMut<'_, T>> {
        let (front, text) = self.bytes.halves_mut();
        root(front, text, self.facts)
    }

    /// Returns the owned value.
    ///
    /// # Errors
    /// Those of [`from_bytes`](crate::from_bytes) for a valid image: the value is too large for the stack, or
    /// a conversion of the type refuses it.
    pub fn decode(&self) -> Result<T> {
        self.at().owned()
    }

    /// Replaces the value. On an error, which is one of [`Image::of`], the image stays unchanged.
    ///
    /// The new value is encoded into a second buffer, that of the value before the present one. Memory is
    /// allocated only if a value is larger than the earlier ones.
    ///
    /// ```
    /// let mut image = hydra::Image::of(&"one".to_string())?;
    /// image.set(&"another".into())?;
    /// assert_eq!(image.view(), "another");
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn set(&mut self, value: &T) -> Result<()> {
        let bytes = encoded(value, &mut self.spare)?;
        self.spare = std::mem::replace(&mut self.bytes, bytes).into_bytes();
        Ok(())
    }

    /// Returns the bytes of the image, for a file or a socket. [`view`](crate::view) and
    /// [`from_bytes`](crate::from_bytes) read them.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }

    /// Returns the buffer of the image.
    pub fn into_bytes(self) -> AlignedBuf {
        self.bytes.into_bytes()
    }
}

/// Encodes a value in a buffer, and takes the buffer if that succeeds.
fn encoded<T: Hydra>(value: &T, buffer: &mut AlignedBuf) -> Result<TextBuf> {
    let start = encode_image(value, false, buffer)?;
    // The region is valid UTF-8: a sink copies only whole strings.
    TextBuf::new(std::mem::take(buffer), |image| {
        Ok(image.get(start..).and_then(Text::of).unwrap_or_default())
    })
}

impl<T> AsRef<[u8]> for Image<T> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.bytes()
    }
}

impl<T> Clone for Image<T> {
    fn clone(&self) -> Image<T> {
        Image { bytes: self.bytes.clone(), spare: AlignedBuf::default(), ..*self }
    }
}

/// Compares the values, as [`Value`] does.
impl<T: Hydra> PartialEq for Image<T> {
    fn eq(&self, other: &Image<T>) -> bool {
        self.value() == other.value()
    }
}

/// Prints the view of the value.
impl<T: Hydra> fmt::Debug for Image<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        T::show(&self.view(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reflect::Slot;
    use crate::{ErrorKind, to_bytes, to_bytes_checked};
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    type Sample = (u64, Option<String>, Vec<(u8, String)>, BTreeMap<String, Vec<u32>>);

    fn sample() -> Sample {
        let map = BTreeMap::from([("one".into(), vec![1]), ("two".into(), vec![2, 2])]);
        (7, Some("né".into()), vec![(1, "a".into()), (0, String::new())], map)
    }

    #[test]
    fn an_image_is_made_from_a_value_and_from_bytes() {
        let image = Image::of(&sample()).unwrap();
        let bytes = to_bytes(&sample()).unwrap();
        assert_eq!((image.as_bytes(), image.decode().unwrap()), (&bytes[..], sample()));
        let place = bytes.as_ptr();
        let same = Image::<Sample>::from_buffer(bytes.clone()).unwrap();
        let moved = Image::<Sample>::from_buffer(bytes).unwrap();
        assert_eq!(moved.as_bytes().as_ptr(), place, "not copied");
        assert_eq!((&same, &moved), (&image, &image));
        assert_eq!(moved.into_bytes().as_ptr(), place, "not copied back");
        let mut shifted = vec![0];
        shifted.extend_from_slice(image.as_ref());
        let copied = Image::<Sample>::from_bytes(&shifted[1..]).unwrap();
        let (seven, text, list, map) = copied.view();
        assert_eq!((seven, text, list.len()), (7, Some("né"), 2));
        assert_eq!(map.get("two"), Some(&[2u32, 2][..]));
        assert_eq!(format!("{image:?}"), format!("{:?}", sample()));
        assert_eq!(copied.value(), Value::of(&sample()));
    }

    #[test]
    fn an_image_is_changed_in_place_and_is_that_of_the_changed_value() {
        let mut image = Image::of(&sample()).unwrap();
        let before = image.clone();
        let mut changed = sample();
        (changed.0, changed.2[1].0) = (9, 200);
        let mut root = image.view_mut().unwrap();
        root.set(&Slot::new("0").unwrap(), 9u64).unwrap();
        let mut list = root.list(&Slot::<Sample, Vec<(u8, String)>>::new("2").unwrap());
        list.get(1).unwrap().set(&Slot::new("0").unwrap(), 200u8).unwrap();
        assert_eq!(image.as_bytes(), &to_bytes(&changed).unwrap()[..]);
        assert_eq!((image.view().0, image.decode().unwrap()), (9, changed));
        assert!(image != before && before.decode().unwrap() == sample(), "a clone has bytes of its own");
    }

    #[test]
    fn a_checksum_is_checked_and_taken_out() {
        let mut bytes = to_bytes_checked(&sample()).unwrap();
        let mut image = Image::<Sample>::from_bytes(&bytes).unwrap();
        assert_eq!(image.as_bytes(), &to_bytes(&sample()).unwrap()[..]);
        image.view_mut().unwrap().set(&Slot::new("0").unwrap(), 8u64).unwrap();
        assert_eq!(crate::from_bytes::<Sample>(image.as_bytes()).unwrap().0, 8);
        bytes[HEAD] ^= 1;
        let error = Image::<Sample>::from_buffer(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Checksum);
    }

    /// A text that is stored differently each time if it is "varies". The second pass must detect this.
    #[derive(hydra::Hydra, Debug, PartialEq)]
    struct Note {
        #[hydra(with = Varying)]
        text: String,
    }
    struct Varying;
    impl crate::With<String> for Varying {
        type Stored = String;
        fn to_stored(text: &String) -> Result<String> {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            assert_ne!(text, "panics");
            let count = if text == "varies" { 100 + COUNT.fetch_add(1, Ordering::Relaxed) } else { 1 };
            Ok(text.repeat(count))
        }
        fn from_stored(stored: String) -> Result<String> {
            Ok(stored)
        }
    }

    #[test]
    fn a_value_that_cannot_be_encoded_leaves_the_image_as_it_was() {
        let note = |text: &str| Note { text: text.into() };
        let mut image = Image::of(&note("first")).unwrap();
        let before = image.clone();
        for _ in 0..3 {
            assert_eq!(image.set(&note("varies")).unwrap_err().kind(), ErrorKind::CannotEncode);
            let set = std::panic::AssertUnwindSafe(|| image.set(&note("panics")));
            assert!(std::panic::catch_unwind(set).is_err());
            assert_eq!((image.as_bytes(), image.view().text()), (before.as_bytes(), "first"));
            image.set(&note("another")).unwrap();
            assert_eq!(image.decode().unwrap(), note("another"));
            image.set(&note("first")).unwrap();
        }
    }

    #[test]
    fn buffers_are_used_again() {
        let mut image = Image::of(&"x".repeat(1000)).unwrap();
        image.set(&"y".repeat(1000)).unwrap();
        let mut places = Vec::new();
        for text in ["one", "né", "", "three"] {
            image.set(&text.to_string()).unwrap();
            assert_eq!(image.view(), text);
            assert_eq!(image.as_bytes(), &to_bytes(&text.to_string()).unwrap()[..]);
            places.push(image.as_bytes().as_ptr());
        }
        assert!(places[0] == places[2] && places[1] == places[3] && places[0] != places[1]);
    }

    #[test]
    fn what_is_no_image_of_the_type_is_refused() {
        let bytes = to_bytes(&sample()).unwrap();
        let kind = |bytes: &[u8]| Image::<Sample>::from_bytes(bytes).unwrap_err().kind();
        assert_eq!(kind(b"HVAL"), ErrorKind::NotHydra);
        assert_eq!(kind(&bytes[..bytes.len() - 1]), ErrorKind::CutShort);
        assert_eq!(kind(&to_bytes(&7u64).unwrap()), ErrorKind::TypeMismatch);
        let mut text = bytes.to_vec();
        *text.last_mut().unwrap() = 0xff;
        assert_eq!(kind(&text), ErrorKind::BadUtf8);
        let mut record = bytes.to_vec();
        record[HEAD + 8] = 9;
        assert_eq!(kind(&record), ErrorKind::BadValue);
    }
}
