//! Which parts of two types belong together: by name, then by alias, on either side. It knows nothing but names.

use crate::schema::{Field, Note, Variant};
use std::collections::HashMap;

/// What has a name and notes.
pub(super) trait Named {
    fn name(&self) -> &str;
    fn notes(&self) -> &[Note];
}

impl Named for Field {
    fn name(&self) -> &str {
        self.name()
    }

    fn notes(&self) -> &[Note] {
        self.notes()
    }
}

impl Named for Variant {
    fn name(&self) -> &str {
        self.name()
    }

    fn notes(&self) -> &[Note] {
        self.notes()
    }
}

pub(super) fn aliases(notes: &[Note]) -> impl Iterator<Item = &str> {
    notes.iter().filter_map(|note| match note {
        Note::Alias(name) => Some(&**name),
        _ => None,
    })
}

/// For each part of the target, the position of its counterpart: the one with its name; one with a name among its aliases; one
/// that has its name as an alias. No part is taken twice.
pub(super) fn pairs<T: Named>(from: &[T], to: &[T]) -> Vec<Option<usize>> {
    let names: HashMap<&str, usize> =
        from.iter().enumerate().map(|(index, part)| (part.name(), index)).collect();
    let mut found: Vec<Option<usize>> = to.iter().map(|part| names.get(part.name()).copied()).collect();
    let mut taken = vec![false; from.len()];
    found.iter().flatten().for_each(|&index| taken[index] = true);
    let mut former: HashMap<&str, usize> = HashMap::new();
    for (index, part) in from.iter().enumerate().filter(|(index, _)| !taken[*index]) {
        aliases(part.notes()).for_each(|alias| _ = former.entry(alias).or_insert(index));
    }
    for own in [true, false] {
        for (part, found) in to.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = match own {
                true => aliases(part.notes())
                    .filter_map(|alias| names.get(alias).copied())
                    .find(|&index| !taken[index]),
                false => former.get(part.name()).copied().filter(|&index| !taken[index]),
            };
            found.iter().for_each(|&index| taken[index] = true);
        }
    }
    found
}
