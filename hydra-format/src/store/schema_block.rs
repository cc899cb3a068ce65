//! The payload of SCHEMA blocks: name and type of a table (FORMAT.md, section 6.1). Core and notes are
//! decoded in `schema`.

use super::bytes::{MAX_NAME, MAX_SCHEMA_BYTES, record};
use crate::{Error, ErrorKind, Result, Schema};

/// Returns an error if a table cannot have this name.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.len() > MAX_NAME {
        return Err(Error::new(ErrorKind::TooLarge)
            .what("the name of a table is too long")
            .expected(format!("at most {MAX_NAME} bytes"))
            .found(format!("{} bytes: {name}", name.len()))
            .help("choose another name with `table_named`"));
    }
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Error::new(ErrorKind::Usage)
            .what("a table cannot have this name")
            .expected(format!("1 to {MAX_NAME} bytes without control characters"))
            .found(format!("{name:?}")));
    }
    Ok(())
}

record! {
    /// The fixed part of a SCHEMA payload, up to the name of the table.
    #[derive(Clone, Copy)]
    pub(crate) struct SchemaHead in head, 26 {
        /// The file offset of the previous SCHEMA block; 0 if there is none.
        previous = PREVIOUS: u64,
        /// The id of the schema.
        id = ID: u32,
        /// The size of the core in bytes.
        core_bytes = CORE: u32,
        /// The size of the notes in bytes.
        notes_bytes = NOTES: u32,
        ZERO: u32,
        /// The size of the name in bytes.
        name_bytes = NAME: u16,
    }
}

/// The parts of a SCHEMA payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SchemaBlock<'a> {
    /// The file offset of the previous SCHEMA block; 0 if there is none.
    pub(crate) previous: u64,
    pub(crate) id: u32,
    pub(crate) name: &'a str,
    pub(crate) core: &'a [u8],
    pub(crate) notes: &'a [u8],
}

impl<'a> SchemaBlock<'a> {
    /// Finds the parts of a payload.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<SchemaBlock<'a>> {
        let bad = |what: &str| Error::new(ErrorKind::BadSchema).what(what);
        let parts = payload.split_at_checked(head::BYTES);
        let (bytes, rest) = parts.ok_or_else(|| bad("the payload is too short"))?;
        let head = SchemaHead::from_rows(bytes);
        if u64::from(head.core_bytes).saturating_add(head.notes_bytes.into()) > MAX_SCHEMA_BYTES {
            return Err(Error::new(ErrorKind::TooLarge).what("core and notes are larger than 16 MiB"));
        }
        let parts = rest.split_at_checked(head.name_bytes.into()).and_then(|(name, rest)| {
            let (core, rest) = rest.split_at_checked(head.core_bytes as usize)?;
            let (notes, rest) = rest.split_at_checked(head.notes_bytes as usize)?;
            rest.is_empty().then_some((name, core, notes))
        });
        let (name, core, notes) = parts.ok_or_else(|| bad("its parts do not add up to the payload"))?;
        let name = std::str::from_utf8(name).ok().filter(|name| (1..=MAX_NAME).contains(&name.len()));
        let name = name.ok_or_else(|| bad("the name of the table is not 1 to 255 bytes of valid text"))?;
        if head.id == 0 {
            return Err(bad("its id is 0"));
        }
        Ok(SchemaBlock { previous: head.previous, id: head.id, name, core, notes })
    }

    /// Encodes the payload.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let head = SchemaHead {
            previous: self.previous,
            id: self.id,
            core_bytes: self.core.len() as u32,
            notes_bytes: self.notes.len() as u32,
            name_bytes: self.name.len() as u16,
        };
        let mut payload = head.to_rows().to_vec();
        payload.extend_from_slice(self.name.as_bytes());
        payload.extend_from_slice(self.core);
        payload.extend_from_slice(self.notes);
        payload
    }

    /// Decodes and checks the schema.
    pub(crate) fn schema(&self) -> Result<Schema> {
        Schema::decode(self.core, self.notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_come_back_and_every_prefix_is_refused() {
        let block = SchemaBlock { previous: 8192, id: 2, name: "Tick", core: b"core", notes: b"notes" };
        let payload = block.encode();
        assert_eq!(SchemaBlock::parse(&payload).unwrap(), block);
        for length in 0..payload.len() {
            assert!(SchemaBlock::parse(&payload[..length]).is_err(), "{length}");
        }
        assert!(SchemaBlock::parse(&[&payload[..], &[0]].concat()).is_err());
        assert!(SchemaBlock::parse(&SchemaBlock { id: 0, ..block }.encode()).is_err());
        assert!(SchemaBlock::parse(&SchemaBlock { name: "", ..block }.encode()).is_err());
    }

    #[test]
    fn a_schema_has_a_largest_size() {
        let parsed = |core: usize, notes: usize| {
            let (core, notes) = (vec![1; core], vec![2; notes]);
            let payload =
                SchemaBlock { previous: 64, id: 7, name: "ticks", core: &core, notes: &notes }.encode();
            SchemaBlock::parse(&payload)
                .map(|block| (block.core.len(), block.notes.len()))
                .map_err(|e| e.kind())
        };
        let most = MAX_SCHEMA_BYTES as usize;
        for (core, notes) in [(0, 0), (3, 4), (most, 0), (most - 9, 9)] {
            assert_eq!(parsed(core, notes), Ok((core, notes)));
        }
        assert_eq!(parsed(most - 9, 10), Err(ErrorKind::TooLarge));
        assert_eq!(parsed(most + 4, 0), Err(ErrorKind::TooLarge));
    }
}
