//! Bytes in text: base64 and hexadecimal digits.

/// Two hexadecimal digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Base64 in the standard alphabet, padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place)) as usize & 63;
            let letter = ALPHABET.get(index).map_or('=', |&letter| char::from(letter));
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

/// The bytes of such a text; none if it is not the one that they have.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let padding = text.bytes().rev().take_while(|&byte| byte == b'=').count();
    let digits = text.as_bytes().get(..text.len() - padding)?;
    if padding > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in digits.chunks(4) {
        let word = chunk.iter().try_fold(0u32, |word, &byte| Some(word << 6 | u32::from(digit(byte)?)))?;
        let word = (word << (6 * (4 - chunk.len()))).to_be_bytes();
        let (kept, rest) = word.get(1..)?.split_at_checked(chunk.len() - 1)?;
        bytes.extend_from_slice(kept);
        if rest.iter().any(|&byte| byte != 0) {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (&[0, 1, 2], "AAEC")]
        {
            assert_eq!(base64(bytes), text);
        }
    }
}
