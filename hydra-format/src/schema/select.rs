//! Schemas with some fields of another schema, for reading only these.

use super::{Kind, Schema, TypeRef};
use crate::Result;

impl Schema {
    /// Returns the schema with some fields of its root only, in their order.
    pub(crate) fn with_fields(&self, keep: &[usize]) -> Result<Schema> {
        let mut types = self.types().to_vec();
        if let Some(root) = types.first_mut() {
            let fields = keep.iter().filter_map(|index| root.fields.get(*index).cloned());
            root.fields = fields.collect::<Vec<_>>().into();
            (root.size, root.align) = (0, 0);
        }
        Schema::new(types)
    }

    /// Returns the schema with only the field at a path of its root, and the schema of the field; `None` if
    /// there is none. What contains the field has the same layout as the field.
    pub(crate) fn column(&self, path: &str) -> Result<Option<(Schema, Schema)>> {
        let mut types = self.types().to_vec();
        // The struct that is being reduced to one field, and the type of that field.
        let (mut outer, mut inner) = (0, None);
        for name in path.split('.') {
            if let Some(ty) = inner {
                // The struct may also be the type of other fields.
                let copy = types.len();
                types.extend(types.get(ty).cloned());
                if let Some(field) = types.get_mut(outer).and_then(|outer| outer.fields.to_mut().first_mut())
                {
                    field.ty = TypeRef::Index(copy as u32);
                }
                outer = copy;
            }
            let Some(found) = types.get_mut(outer).filter(|outer| outer.kind == Kind::Struct) else {
                return Ok(None);
            };
            let Some(field) = found.fields.iter().find(|field| field.name() == name).cloned() else {
                return Ok(None);
            };
            inner = Some(field.ty.index() as usize);
            (found.size, found.align, found.fields) = (0, 0, vec![field].into());
        }
        let field = inner.and_then(|ty| self.types().get(ty)).map(|ty| self.part(ty)).transpose()?;
        field.map(|field| Ok((Schema::new(types)?, field))).transpose()
    }
}
