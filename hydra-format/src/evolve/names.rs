//! Matching of the parts of two types, by name and then by alias on either side.

use crate::schema::Note;
use std::collections::HashMap;

pub(super) fn aliases(notes: &[Note]) -> impl Iterator<Item = &str> {
    notes.iter().filter_map(|note| match note {
        Note::Alias(name) => Some(&**name),
        _ => None,
    })
}

/// Returns, for each part of the target, the position of its counterpart: the part with the same name; else a
/// part whose name is one of its aliases; else a part that has its name as an alias. Each part is used once.
/// Names and notes are those of fields or of variants.
pub(super) fn pairs<T>(
    (from, to): (&[T], &[T]),
    name: fn(&T) -> &str,
    notes: fn(&T) -> &[Note],
) -> Vec<Option<usize>> {
    let names: HashMap<&str, usize> =
        from.iter().enumerate().map(|(index, part)| (name(part), index)).collect();
    let mut found: Vec<Option<usize>> = to.iter().map(|part| names.get(name(part)).copied()).collect();
    let mut taken = vec![false; from.len()];
    found.iter().flatten().for_each(|&index| taken[index] = true);
    let mut former: HashMap<&str, usize> = HashMap::new();
    for (index, part) in from.iter().enumerate().filter(|(index, _)| !taken[*index]) {
        aliases(notes(part)).for_each(|alias| _ = former.entry(alias).or_insert(index));
    }
    for own in [true, false] {
        for (part, found) in to.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = match own {
                true => aliases(notes(part))
                    .filter_map(|alias| names.get(alias).copied())
                    .find(|&index| !taken[index]),
                false => former.get(name(part)).copied().filter(|&index| !taken[index]),
            };
            found.iter().for_each(|&index| taken[index] = true);
        }
    }
    found
}
