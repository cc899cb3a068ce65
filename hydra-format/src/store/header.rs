//! The header line: identity and features of a file (FORMAT.md, section 3.1), and the recognition of mangled
//! headers and of other formats.

use super::block::BlockFile;
use super::bytes::{self, FieldLayout, HEADER_AT, MAGIC, MAJOR, MINOR, REGION, get, put, record};
use super::storage::Source;
use crate::{Error, ErrorKind, Result};

record! {
    /// The header line of a file.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct FileHeader in line, 64 {
        MAGIC: u64,
        /// The major version.
        major = MAJOR: u16,
        /// The minor version, for information only.
        minor = MINOR: u16,
        ZERO: u32,
        /// The features without which the file cannot be read.
        incompat = INCOMPAT: u64,
        /// The features without which the file cannot be written.
        read_only = READ_ONLY: u64,
        /// The features that a program may ignore.
        compat = COMPAT: u64,
        /// The identity of the file.
        file_id = FILE_ID: [u8; 16],
        ZERO_TOO: u32,
        CRC: u32,
    }
}

impl FileHeader {
    /// Returns the stored fields in order, including those that have no meaning for users.
    pub fn fields() -> &'static [FieldLayout] {
        line::NAMED
    }

    /// Creates the header of a new file.
    pub(crate) fn new(file_id: [u8; 16]) -> FileHeader {
        FileHeader { major: MAJOR, minor: MINOR, incompat: 0, read_only: 0, compat: 0, file_id }
    }

    /// Returns the key that binds block headers to the file; see [`BlockHeader`](super::BlockHeader).
    pub(crate) fn sync_key(&self) -> u64 {
        get(&self.file_id, 0)
    }

    /// Returns the blocks of a file with this header, up to `limit`.
    pub(crate) fn blocks<'a>(&self, source: &'a dyn Source, limit: u64) -> BlockFile<'a> {
        BlockFile { source, key: self.sync_key(), limit }
    }

    /// Encodes the line.
    pub(crate) fn encode(&self) -> [u8; line::BYTES] {
        let mut bytes = self.to_rows();
        put(&mut bytes, line::MAGIC, &MAGIC);
        let crc = crc32fast::hash(&bytes[..line::CRC]);
        put(&mut bytes, line::CRC, &crc.to_le_bytes());
        bytes
    }

    /// Decodes the line, or returns what is wrong with it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<FileHeader, &'static str> {
        let Some(bytes) = bytes.first_chunk::<{ line::BYTES }>() else {
            return Err("it is truncated");
        };
        if !bytes.starts_with(&MAGIC) {
            return Err("it does not start with the magic bytes");
        }
        if crc32fast::hash(&bytes[..line::CRC]) != get::<u32>(bytes, line::CRC) {
            return Err("its checksum does not match");
        }
        Ok(FileHeader::from_rows(bytes))
    }

    /// Decodes the header of a file from its header region. The second part is what is wrong with each copy.
    pub(crate) fn of_region(region: &[u8]) -> Result<(FileHeader, [Option<&'static str>; 2])> {
        let copies = HEADER_AT.map(|at| FileHeader::decode(region.get(at as usize..).unwrap_or_default()));
        let header = match copies {
            [Ok(first), Ok(second)] if first != second => {
                let error = Error::new(ErrorKind::Header).at(HEADER_AT[1]);
                return Err(error.what("its two header lines are valid and differ"));
            }
            [Ok(header), _] | [_, Ok(header)] => header,
            [Err(_), Err(_)] => return Err(diagnose(region)),
        };
        if header.major != MAJOR {
            let error = newer(ErrorKind::UnknownFeature, line::MAJOR, header.major.to_string());
            return Err(error.what("the major version is not supported").expected(MAJOR.to_string()));
        }
        if header.incompat != 0 {
            let error = newer(ErrorKind::UnknownFeature, line::INCOMPAT, format!("{:#x}", header.incompat));
            let error = error.what("the file needs features that this library does not have");
            return Err(error.expected("no incompatible feature bits"));
        }
        Ok((header, copies.map(Result::err)))
    }

    /// Returns an error if the file has features without which this library must not write it.
    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.read_only == 0 {
            return Ok(());
        }
        let error = newer(ErrorKind::ReadOnlyFeature, line::READ_ONLY, format!("{:#x}", self.read_only));
        Err(error.expected("no read-only feature bits"))
    }
}

/// Creates the error about something that a newer version of the format put into the header line.
fn newer(kind: ErrorKind, at: usize, found: String) -> Error {
    Error::new(kind).at(at as u64).found(found).help("update this program")
}

/// Transfers that mangle files, by what they make of the magic bytes.
const MANGLINGS: [(&[u8], &str); 8] = [
    (b"\x09HYD\r\n\x1a\n", "a 7-bit transfer stripped the high bit of its bytes"),
    (b"\x89HYD\n\x1a\n", "its CRLF became LF, as by a transfer in text mode"),
    (b"\x89HYD\r\r\n\x1a\r\n", "its LF became CRLF, as by a transfer in text mode"),
    (b"\x89HYD\r\n\x1a\r\n", "its LF became CRLF, as by a transfer in text mode"),
    (b"\xc2\x89HYD", "it was re-encoded as UTF-8, as by an editor"),
    (b"\xef\xbb\xbf\xc2\x89HYD", "it was re-encoded as UTF-8, as by an editor"),
    (b"\xef\xbf\xbdHYD", "it was re-encoded as UTF-8 with loss, as by an editor"),
    (b"\xff\xfe\x89\x00H\x00", "it was re-encoded as UTF-16, as by a shell's redirection"),
];

/// Other file formats, by their first bytes.
const KINDS: [(&[u8], &str); 18] = [
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"CDF", "a NetCDF file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89MCAP0\r\n", "an MCAP file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\x1f\x8b", "a gzip file: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file: unpack it first"),
    (b"PK\x03\x04", "a zip file: unpack it first"),
    (b"\xfd7zXZ\0", "an xz file: unpack it first"),
    (b"%PDF-", "a PDF"),
    (b"\x7fELF", "a program"),
    (b"{", "text, perhaps JSON"),
    (b"[", "text, perhaps JSON"),
];

/// Explains why these first bytes are not the start of a file that can be opened.
#[cold]
fn diagnose(region: &[u8]) -> Error {
    let not_hydra = |found: &str| Error::new(ErrorKind::NotHydra).at(0).found(found);
    if region.is_empty() {
        return not_hydra("an empty file").help("was it ever written, or did the disk fill up?");
    }
    if region.starts_with(&MAGIC) {
        return damaged(region);
    }
    if MAGIC.starts_with(region) {
        return cut_short(region.len());
    }
    if bytes::is_zero(region.get(..bytes::LINE as usize).unwrap_or(region)) {
        let help =
            "its content was lost, for example in a crash of the system: restore a copy, or recover the file";
        return not_hydra("zeros").help(help);
    }
    if let Some((_, how)) = MANGLINGS.iter().find(|(bytes, _)| region.starts_with(bytes)) {
        return not_hydra("a Hydra file that was mangled").what(*how).help("copy it again, in binary mode");
    }
    if region.windows(MAGIC.len()).any(|bytes| bytes == MAGIC) {
        return not_hydra("a Hydra header at another place").what("other bytes precede it");
    }
    match KINDS.iter().find(|(bytes, _)| region.starts_with(bytes)) {
        Some((_, kind)) => not_hydra(kind),
        None if std::str::from_utf8(region.get(..256).unwrap_or(region)).is_ok() => not_hydra("text"),
        None => {
            let shown: Vec<String> = region.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            not_hydra(&shown.join(" ")).expected("89 48 59 44 0d 0a 1a 0a")
        }
    }
}

fn cut_short(length: usize) -> Error {
    Error::new(ErrorKind::CutShort)
        .at(length as u64)
        .expected(format!("a header region of {REGION} bytes"))
        .found(format!("{length} bytes"))
        .help("restore a copy of the file")
}

/// Creates the error for a file with the magic bytes in which both lines are invalid.
fn damaged(region: &[u8]) -> Error {
    let Some(line) = region.get(..line::CRC).filter(|_| region.len() >= line::BYTES) else {
        return cut_short(region.len());
    };
    let found: u32 = get(region, line::CRC);
    Error::new(ErrorKind::Header)
        .at(line::CRC as u64)
        .what("neither of its two header lines is valid")
        .expected(format!("{:#010x}", crc32fast::hash(line)))
        .found(format!("{found:#010x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(header: FileHeader) -> Vec<u8> {
        let mut region = vec![0; REGION as usize];
        for at in HEADER_AT {
            put(&mut region, at as usize, &header.encode());
        }
        region
    }

    fn why(bytes: &[u8]) -> (ErrorKind, String) {
        let error = FileHeader::of_region(bytes).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn either_line_opens_the_file() {
        let header = FileHeader::new(*b"an id of a file.");
        let good = region(header);
        assert_eq!(FileHeader::of_region(&good).unwrap(), (header, [None, None]));
        for at in HEADER_AT {
            let mut damaged = good.clone();
            damaged[at as usize + 20] ^= 1;
            let (found, bad) = FileHeader::of_region(&damaged).unwrap();
            assert_eq!((found, bad.iter().flatten().count()), (header, 1));
        }
        assert!(FileHeader::of_region(&good[..100]).is_ok(), "the second page is cut off");
    }

    #[test]
    fn headers_that_differ_and_unknown_features_are_refused() {
        let header = FileHeader::new([1; 16]);
        let mut two = region(header);
        put(&mut two, HEADER_AT[1] as usize, &FileHeader::new([2; 16]).encode());
        assert_eq!(why(&two).0, ErrorKind::Header);
        assert_eq!(why(&region(FileHeader { major: 1, ..header })).0, ErrorKind::UnknownFeature);
        assert_eq!(why(&region(FileHeader { incompat: 8, ..header })).0, ErrorKind::UnknownFeature);
        let read_only = FileHeader { read_only: 1, compat: 5, minor: 9, ..header };
        let (found, _) = FileHeader::of_region(&region(read_only)).unwrap();
        assert_eq!(found.check_writable().unwrap_err().kind(), ErrorKind::ReadOnlyFeature);
        assert!(header.check_writable().is_ok());
    }

    #[test]
    fn every_mangling_is_named() {
        let good = region(FileHeader::new([0xa5; 16]));
        let text = |bytes: &[u8], from: &str, to: &str| -> Vec<u8> {
            let latin: String = bytes.iter().map(|&byte| byte as char).collect();
            latin.replace(from, to).chars().map(|c| c as u8).collect()
        };
        let stripped: Vec<u8> = good.iter().map(|byte| byte & 0x7f).collect();
        assert!(why(&stripped).1.contains("high bit"));
        assert!(why(&text(&good, "\r\n", "\n")).1.contains("CRLF became LF"));
        assert!(why(&text(&good, "\n", "\r\n")).1.contains("LF became CRLF"));
        let latin: String = good.iter().map(|&byte| byte as char).collect();
        assert!(why(latin.as_bytes()).1.contains("UTF-8"));
        assert!(why(String::from_utf8_lossy(&good).as_bytes()).1.contains("UTF-8 with loss"));
        assert!(why(&[0; 8192]).1.contains("zeros"));
        assert!(why(&[]).1.contains("empty"));
        assert_eq!(why(&good[..5]).0, ErrorKind::CutShort);
        assert_eq!(why(&good[..63]).0, ErrorKind::CutShort);
        assert!(why(b"PAR1....").1.contains("Parquet"));
        assert!(why(b"a,b\n1,2\n").1.contains("text"));
        assert!(why(&[&b"\0\0\0\0"[..], &good[..4090], &[1; 4102]].concat()).1.contains("another place"));
        assert!(why(&[0xee; 100]).1.contains("ee ee"));
        let mut damaged = good.clone();
        damaged[30] ^= 1;
        damaged[4096 + 30] ^= 1;
        assert_eq!(why(&damaged).0, ErrorKind::Header);
    }
}
