//! An image that is kept: validated once, and changed by nobody but through it, so that its value is there without more.

use super::view_mut::root;
use super::{HEAD, encode_image, open_image};
use crate::layout::rows::{At, TypeFacts, facts_of, heap_start, part};
use crate::memory::{AlignedBuf, Text, TextBuf};
use crate::{Hydra, Result, Value, View, ViewMut};
use std::fmt::{self, Formatter};
use std::marker::PhantomData;

/// A value in its encoded form: an image, as [`to_bytes`](crate::to_bytes) makes it, that is known to be valid. It is
/// validated when it is made from bytes, and not again: reading the value and changing it in place cost no more
/// than the access itself.
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
/// **Checksums.** A checksum is checked when the image is made, and taken out: it would be wrong after a change. The
/// image is the one of `to_bytes`, whatever it was made from. Where one is wanted with the bytes that leave the
/// program, [`to_bytes_checked`](crate::to_bytes_checked) makes it, of the decoded value.
pub struct Image<T> {
    bytes: TextBuf,
    /// What the value before was in, for the next one.
    spare: AlignedBuf,
    facts: &'static TypeFacts,
    of: PhantomData<fn() -> T>,
}

impl<T: Hydra> Image<T> {
    /// The image of a value. It is not validated, as it was just encoded.
    ///
    /// ```
    /// let image = hydra::Image::of(&vec![1u32, 2, 3])?;
    /// assert_eq!(image.view(), &[1, 2, 3]);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// An error if the value cannot be encoded, as for [`to_bytes`](crate::to_bytes).
    pub fn of(value: &T) -> Result<Image<T>> {
        Ok(Image::known(encoded(value, &mut AlignedBuf::default())?))
    }

    /// An image that [`to_bytes`](crate::to_bytes) made, wherever its bytes are in memory: copies and validates them.
    /// Bytes may be hostile.
    ///
    /// ```
    /// let image = hydra::Image::<u64>::from_bytes(&hydra::to_bytes(&7u64)?)?;
    /// assert_eq!(image.view(), 7);
    /// assert!(hydra::Image::<u64>::from_bytes(b"something else").is_err());
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// The errors are those of [`view`](crate::view).
    pub fn from_bytes(bytes: &[u8]) -> Result<Image<T>> {
        Image::from_buffer(AlignedBuf::copy_of(bytes))
    }

    /// As [`Image::from_bytes`], without a copy.
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

    /// The value, read in place.
    #[inline]
    pub fn view(&self) -> View<'_, T> {
        // Loaded as in `view` of borrowed bytes.
        T::view(self.at().loaded())
    }

    /// The value as data.
    pub fn value(&self) -> Value<'_> {
        Value::stored(self.at(), T::TYPE, None)
    }

    /// The value, to be changed in place: what has a fixed size, by [`Slot`](crate::reflect::Slot)s. An error for a type with an
    /// invariant alone: decode, change and [`set`](Image::set) such a value.
    #[inline]
    pub fn view_mut(&mut self) -> Result<ViewMut<'_, T>> {
        let (front, text) = self.bytes.halves_mut();
        root(front, text, self.facts)
    }

    /// The value as an owned one. An error as for [`from_bytes`](crate::from_bytes) of what is valid: too large for the
    /// stack, or refused by a type's own conversion.
    pub fn decode(&self) -> Result<T> {
        self.at().owned()
    }

    /// Replaces the value. An error as for [`Image::of`]; the image then stays what it was.
    ///
    /// The new value is encoded beside the old one, in the buffer that the one before that was in: memory is
    /// allocated only where a value is larger, and an image whose value was replaced has two buffers.
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

    /// The image, for a file or a socket: what [`view`](crate::view) and [`from_bytes`](crate::from_bytes) take.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }

    /// The image as a buffer.
    pub fn into_bytes(self) -> AlignedBuf {
        self.bytes.into_bytes()
    }
}

/// The image of a value, made in a buffer, which is taken if the value can be encoded.
fn encoded<T: Hydra>(value: &T, buffer: &mut AlignedBuf) -> Result<TextBuf> {
    let start = encode_image(value, false, buffer)?;
    // It is text: a sink copies whole strings only.
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

/// As values, as [`Value`] compares them.
impl<T: Hydra> PartialEq for Image<T> {
    fn eq(&self, other: &Image<T>) -> bool {
        self.value() == other.value()
    }
}

/// As the value's view.
impl<T: Hydra> fmt::Debug for Image<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        T::show(&self.view(), f)
    }
}
