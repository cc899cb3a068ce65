//! What makes two schemas different, in words. Only for errors: equality is decided by their bytes.
#![forbid(unsafe_code)]

use super::{Descriptor, Field, Kind, Schema, TypeRef};
use crate::{Error, ErrorKind};
use std::collections::BTreeSet;

/// A difference: the path of the value, what the program has and what the file has.
struct Difference {
    path: String,
    program: String,
    file: String,
}

impl Schema {
    /// The error of a program whose type is `self`, on a file whose schema is `file`.
    #[cold]
    pub(crate) fn mismatch(&self, file: &Schema) -> Error {
        let error = Error::new(ErrorKind::TypeMismatch).place(format!("table {}", file.name())).help(
            "read it as data with `dynamic_table`, or with the type that wrote it; `hydra schema` shows that",
        );
        let mut seen = BTreeSet::new();
        let roots = (self.root(), file.root());
        match compare(self, file, roots, "", 0, &mut seen) {
            Some(found) if found.path.is_empty() => error.expected(found.program).found(found.file),
            Some(found) => error.path(found.path).expected(found.program).found(found.file),
            None => error.found("a schema with the same fields in another form"),
        }
    }
}

/// The first difference below two types, depth first.
fn compare(
    program: &Schema,
    file: &Schema,
    (left, right): (&Descriptor, &Descriptor),
    path: &str,
    depth: u32,
    seen: &mut BTreeSet<(usize, usize)>,
) -> Option<Difference> {
    let pair = (std::ptr::from_ref(left).addr(), std::ptr::from_ref(right).addr());
    if depth > 64 || !seen.insert(pair) {
        return None;
    }
    let differ = |path: &str, program: String, file: String| {
        Some(Difference { path: path.to_string(), program, file })
    };
    let facts = |ty: &Descriptor| (ty.kind(), ty.form(), ty.is_nonzero(), ty.count(), ty.tag());
    if facts(left) != facts(right) || (left.kind().is_named() && left.name() != right.name()) {
        return differ(path, program.spell(left), file.spell(right));
    }
    let mut go = |refs: Option<(TypeRef, TypeRef)>, step: &str| {
        let (left, right) = refs?;
        let types = (program.resolve(left), file.resolve(right));
        compare(program, file, types, &format!("{path}{step}"), depth + 1, seen)
    };
    let step =
        if matches!(left.kind(), Kind::List | Kind::Array | Kind::Set | Kind::Map) { "[]" } else { "" };
    if let found @ Some(_) = go(left.key().zip(right.key()), step) {
        return found;
    }
    if let found @ Some(_) = go(left.element().zip(right.element()), step) {
        return found;
    }
    let mut fields = |left: &[Field], right: &[Field], prefix: &str| {
        let names = |fields: &[Field]| fields.iter().map(Field::name).collect::<Vec<_>>().join(", ");
        if names(left) != names(right) {
            let of = |fields| format!("the fields {}", names(fields));
            return differ(&format!("{path}{prefix}"), of(left), of(right));
        }
        left.iter().zip(right).find_map(|(left, right)| {
            let dot = if path.is_empty() && prefix.is_empty() { "" } else { "." };
            go(Some((left.ty(), right.ty())), &format!("{prefix}{dot}{}", left.name()))
        })
    };
    if let found @ Some(_) = fields(left.fields(), right.fields(), "") {
        return found;
    }
    let tags = |ty: &Descriptor| {
        let all = ty.variants().iter().map(|variant| format!("{} = {}", variant.name(), variant.tag()));
        all.collect::<Vec<_>>().join(", ")
    };
    if tags(left) != tags(right) {
        return differ(path, format!("the variants {}", tags(left)), format!("the variants {}", tags(right)));
    }
    let variants = left.variants().iter().zip(right.variants());
    variants
        .into_iter()
        .find_map(|(left, right)| fields(left.fields(), right.fields(), &format!(":{}", left.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(kind: Kind, name: &str) -> Schema {
        let fields = vec![("id".to_string(), TypeRef::Index(2)), (name.to_string(), TypeRef::Index(1))];
        let types = vec![
            Descriptor::structure("Log", fields),
            Descriptor::list(TypeRef::Index(2)),
            Descriptor::scalar(kind),
        ];
        Schema::new(types).expect("a valid schema")
    }

    #[test]
    fn the_first_difference_is_named() {
        let error = schema(Kind::U32, "tags").mismatch(&schema(Kind::U64, "tags"));
        assert_eq!(
            (error.path_text(), error.expected_text(), error.found_text()),
            (Some("id"), Some("u32"), Some("u64"))
        );
        let error = schema(Kind::U32, "tags").mismatch(&schema(Kind::U32, "labels"));
        assert_eq!(error.path_text(), None);
        assert_eq!(error.expected_text(), Some("the fields id, tags"));
    }
}
