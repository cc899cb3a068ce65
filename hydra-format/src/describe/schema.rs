//! Schemas: a type as data, closed over all types that it mentions.
#![forbid(unsafe_code)]

use super::{Descriptor, TypeRef};
use crate::Result;

/// A type as data, closed over all types that it mentions: what a file keeps of a table's type.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Vec<Descriptor>,
}

impl Schema {
    /// The schema of a type of the program, in canonical form.
    pub fn of<T: crate::Hydra>() -> Schema {
        Schema::from_descriptor(crate::type_of::<T>())
    }

    /// The schema of a descriptor.
    pub fn from_descriptor(_root: &'static Descriptor) -> Schema {
        todo!()
    }

    /// From core and notes bytes; hostile until checked.
    pub fn decode(_core: &[u8], _notes: &[u8]) -> Result<Schema> {
        todo!()
    }

    /// The canonical core.
    pub fn core(&self) -> &[u8] {
        todo!()
    }

    /// The root type.
    pub fn root(&self) -> &Descriptor {
        &self.types[0]
    }

    /// The descriptor that a reference means: within this schema, or of the program.
    pub fn resolve(&self, _ty: TypeRef) -> &Descriptor {
        todo!()
    }
}
