//! Payloads of columns (FORMAT.md, section 7.1), taken apart into streams and put together again, with whatever lies a test
//! wants.

/// Runs something that writes columns in encodings that follow from a seed, and not in the smallest ones.
pub fn forced<R>(seed: u64, write: impl FnOnce() -> R) -> R {
    hydra::testing::force_encodings(Some(seed));
    let written = write();
    hydra::testing::force_encodings(None);
    written
}

/// A stream: its entry and its stored bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    /// Encoding, parameter and flags.
    pub head: [u8; 3],
    /// The length in encoding 0.
    pub plain: u32,
    /// Slots, and those that are absent.
    pub slots: [u32; 2],
    /// Bytes 32..64 of the entry.
    pub statistics: [u8; 32],
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

impl Stream {
    /// A stream in encoding 0 without absent slots.
    pub fn plain(slots: u32, bytes: &[u8]) -> Stream {
        Stream::coded(0, bytes.len() as u32, slots, bytes)
    }

    /// A stream in another encoding, without absent slots.
    pub fn coded(encoding: u8, plain: u32, slots: u32, bytes: &[u8]) -> Stream {
        Stream { head: [encoding, 0, 0], plain, slots: [slots, 0], bytes: bytes.into(), ..Stream::default() }
    }
}

/// The streams of a block, and the bytes of heap and text of its records as rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Bytes of heap.
    pub heap: u32,
    /// Bytes of text.
    pub text: u32,
    /// The streams.
    pub streams: Vec<Stream>,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word))
}

/// Where the entries of a payload are.
fn entries(payload: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let count = (word(payload, 4) as usize).min((payload.len() / 64).saturating_sub(1));
    (1..=count).map(|number| number * 64)
}

/// The stored bytes of an entry.
fn stored(payload: &[u8], entry: usize) -> Option<std::ops::Range<usize>> {
    let start = word(payload, entry + 4) as usize;
    Some(start..start.checked_add(word(payload, entry + 8) as usize).filter(|end| *end <= payload.len())?)
}

impl Columns {
    /// Takes a payload apart.
    pub fn of(payload: &[u8]) -> Columns {
        let stream = |at: usize| Stream {
            head: [payload[at], payload[at + 1], payload[at + 2]],
            plain: word(payload, at + 12),
            slots: [word(payload, at + 16), word(payload, at + 20)],
            statistics: *payload[at + 32..].first_chunk().expect("an entry"),
            bytes: payload[stored(payload, at).expect("a stream")].to_vec(),
        };
        let streams = entries(payload).map(stream).collect();
        Columns { heap: word(payload, 8), text: word(payload, 12), streams }
    }

    /// Takes any bytes apart: the streams have what the directory says of their lengths, one after the other.
    pub fn of_any(payload: &[u8]) -> Columns {
        let mut rest = payload.get(64 + 64 * entries(payload).count()..).unwrap_or_default();
        let stream = |at: usize| {
            let (bytes, behind) = rest.split_at((word(payload, at + 8) as usize).min(rest.len()));
            rest = behind.get(bytes.len().next_multiple_of(64) - bytes.len()..).unwrap_or_default();
            Stream {
                head: [payload[at], payload[at + 1], payload[at + 2]],
                plain: word(payload, at + 12),
                slots: [word(payload, at + 16), word(payload, at + 20)],
                statistics: [0; 32],
                bytes: bytes.to_vec(),
            }
        };
        let streams = entries(payload).map(stream).collect();
        Columns { heap: word(payload, 8), text: word(payload, 12), streams }
    }

    /// The payload, and the checksum of its directory.
    pub fn payload(&self) -> (Vec<u8>, u32) {
        let directory = 64 + 64 * self.streams.len();
        let mut payload = Vec::new();
        for word in [directory as u32, self.streams.len() as u32, self.heap, self.text] {
            payload.extend(word.to_le_bytes());
        }
        payload.resize(directory, 0);
        for (number, stream) in self.streams.iter().enumerate() {
            payload.resize(payload.len().next_multiple_of(64), 0);
            let (at, offset) = (64 + 64 * number, payload.len() as u32);
            payload[at..at + 3].copy_from_slice(&stream.head);
            let [slots, absent] = stream.slots;
            let words = [offset, stream.bytes.len() as u32, stream.plain, slots, absent];
            for (word, at) in words.into_iter().zip((at + 4..).step_by(4)) {
                payload[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            payload[at + 32..at + 64].copy_from_slice(&stream.statistics);
            payload.extend(&stream.bytes);
        }
        let crc = repair(&mut payload);
        (payload, crc)
    }
}

/// Makes the checksums of the streams right, as far as their entries make sense, and returns that of the directory.
pub fn repair(payload: &mut [u8]) -> u32 {
    for at in entries(payload) {
        if let Some(stored) = stored(payload, at) {
            let crc = crc32fast::hash(&payload[stored]);
            payload[at + 24..at + 28].copy_from_slice(&crc.to_le_bytes());
        }
    }
    // As long as it should be, whatever it says.
    crc32fast::hash(payload.get(..64 + 64 * word(payload, 4) as usize).unwrap_or(payload))
}

/// The most memory that FORMAT.md, section 7.1, allows a reader to take for one block of columns of a file: the larger of all
/// streams in encoding 0, and of the records as rows, if that is within the limit.
pub fn allowed(file: &[u8]) -> usize {
    let of = |at: usize| {
        let payload = file.get(at + 64..)?.get(..word(file, at + 44) as usize)?;
        let is_of_columns = file[at..].starts_with(b"HBLK") && file[at + 4] == 2 && file[at + 6] == 1;
        let plain = entries(payload).map(|at| u64::from(word(payload, at + 12))).sum::<u64>();
        let records = u64::from(word(file, at + 32)) * u64::from(word(file, at + 36));
        let rows = records + u64::from(word(payload, 8)) + u64::from(word(payload, 12));
        let most = (payload.len() as u64 * 1024).clamp(16 << 20, 256 << 20);
        is_of_columns.then(|| plain.max(rows)).filter(|taken| *taken <= most)
    };
    (0..file.len()).step_by(64).filter_map(of).max().unwrap_or(0) as usize
}
