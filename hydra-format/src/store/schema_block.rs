//! The payload of SCHEMA blocks: a table's name and type (FORMAT.md, section 6.1). It does not know what is in the
//! core and the notes.
#![forbid(unsafe_code)]

use super::bytes::{MAX_NAME, MAX_SCHEMA_BYTES, put, schema, u16_at, u32_at, u64_at};
use crate::{Error, ErrorKind, Result, Schema};

/// An error if a table cannot have this name.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.len() > MAX_NAME {
        return Err(Error::new(ErrorKind::TooLarge)
            .what("the name of a table is too long")
            .expected(format!("at most {MAX_NAME} bytes"))
            .found(format!("{} bytes: {name}", name.len()))
            .help("`table_named` gives a table a name of its own"));
    }
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Error::new(ErrorKind::Usage)
            .what("a table cannot have this name")
            .expected(format!("1 to {MAX_NAME} bytes without control characters"))
            .found(format!("{name:?}")));
    }
    Ok(())
}

/// The parts of a SCHEMA payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SchemaBlock<'a> {
    /// File offset of the SCHEMA block before this one; 0: none.
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
        let (head, rest) =
            payload.split_at_checked(schema::BYTES).ok_or_else(|| bad("the payload is too short"))?;
        let (core, notes) = (u32_at(head, schema::CORE), u32_at(head, schema::NOTES));
        if u64::from(core).saturating_add(notes.into()) > MAX_SCHEMA_BYTES {
            return Err(Error::new(ErrorKind::TooLarge).what("core and notes are larger than 16 MiB"));
        }
        let name_bytes = usize::from(u16_at(head, schema::NAME));
        let parts = rest.split_at_checked(name_bytes).and_then(|(name, rest)| {
            let (core, rest) = rest.split_at_checked(core as usize)?;
            let (notes, rest) = rest.split_at_checked(notes as usize)?;
            rest.is_empty().then_some((name, core, notes))
        });
        let (name, core, notes) = parts.ok_or_else(|| bad("its parts do not add up to the payload"))?;
        let name = std::str::from_utf8(name).ok().filter(|name| (1..=MAX_NAME).contains(&name.len()));
        let name = name.ok_or_else(|| bad("the table's name is not a name of 1 to 255 bytes"))?;
        let id = u32_at(head, schema::ID);
        if id == 0 {
            return Err(bad("its id is 0"));
        }
        Ok(SchemaBlock { previous: u64_at(head, schema::PREVIOUS), id, name, core, notes })
    }

    /// The payload.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut payload = vec![0; schema::BYTES];
        put(&mut payload, schema::PREVIOUS, &self.previous.to_le_bytes());
        put(&mut payload, schema::ID, &self.id.to_le_bytes());
        put(&mut payload, schema::CORE, &(self.core.len() as u32).to_le_bytes());
        put(&mut payload, schema::NOTES, &(self.notes.len() as u32).to_le_bytes());
        put(&mut payload, schema::NAME, &(self.name.len() as u16).to_le_bytes());
        payload.extend_from_slice(self.name.as_bytes());
        payload.extend_from_slice(self.core);
        payload.extend_from_slice(self.notes);
        payload
    }

    /// The schema itself, checked.
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
