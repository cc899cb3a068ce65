//! `Debug` of the views of derived types, which matches std's derive for the values.

use super::fields::{Facts, Fields};
use crate::layout::rows::reflect::Reflect;
use crate::layout::rows::{At, DebugView, Hydra, ListView, Run};
use crate::memory::{Plain, bytes_of};
use std::fmt::{self, Debug, Formatter};

/// A stored field to be printed.
struct StoredField<'a>(At<'a>, Facts);

impl Debug for StoredField<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (self.1.show)(self.0, f)
    }
}

/// Prints a stored struct as std's derive prints the live one.
pub fn show_struct<S: Fields>(at: At<'_>, f: &mut Formatter<'_>, name: &str, names: &[&str]) -> fmt::Result {
    let fields = S::FACTS.iter().zip(S::OFFSETS);
    let parts: Vec<_> =
        fields.map(|(facts, &offset)| StoredField(at.part(offset as usize, facts.size), *facts)).collect();
    let parts: Vec<&dyn Debug> = parts.iter().map(|part| part as &dyn Debug).collect();
    show_fields(f, name, names, &parts)
}

/// Prints a struct or a variant as std's derive does. Tuples have no names.
pub fn show_fields(f: &mut Formatter<'_>, name: &str, names: &[&str], fields: &[&dyn Debug]) -> fmt::Result {
    match (names.is_empty(), fields.is_empty()) {
        (_, true) => f.write_str(name),
        (true, _) => {
            let mut tuple = f.debug_tuple(name);
            fields.iter().for_each(|field| _ = tuple.field(field));
            tuple.finish()
        }
        (false, _) => {
            let mut structure = f.debug_struct(name);
            names.iter().zip(fields).for_each(|(name, field)| _ = structure.field(name, field));
            structure.finish()
        }
    }
}

/// Prints an enum without fields.
pub fn show_variant<T: Reflect>(value: &T, names: &[&str], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(names.get(value.variant()).copied().unwrap_or_default())
}

/// Passes each element of a list to `each`.
pub fn show_list<T: Hydra>(list: ListView<'_, T>, each: &mut dyn FnMut(&dyn Debug)) {
    list.iter().for_each(|view| each(&DebugView::<T>(view)));
}

/// The callback that receives each element to be printed.
pub type Each<'e> = &'e mut (dyn FnMut(&dyn Debug) + 'e);

/// The content of a newtype, to be printed with its name.
pub struct InNewtype<'n>(pub &'static str, pub &'n dyn Debug);

impl Debug for InNewtype<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.0).field(self.1).finish()
    }
}

/// The view of a run of a plain type: a slice if any bits are valid, otherwise a list.
pub struct Bits<const ANY: bool>;

pub trait PlainList {
    type List<'a, T: Hydra + Plain>: Copy;
    fn list<T: Hydra + Plain>(run: Run<'_>) -> Self::List<'_, T>;
    fn show_list<T: Hydra + Plain>(list: Self::List<'_, T>, each: &mut dyn FnMut(&dyn Debug));
}

impl PlainList for Bits<true> {
    type List<'a, T: Hydra + Plain> = &'a [T];

    #[inline]
    fn list<T: Hydra + Plain>(run: Run<'_>) -> &[T] {
        run.slice()
    }

    fn show_list<T: Hydra + Plain>(list: &[T], each: &mut dyn FnMut(&dyn Debug)) {
        let bytes = bytes_of(list).unwrap_or_default();
        show_list(ListView::<T>::new(At::new(bytes, &[], "").inline_run(list.len())), each);
    }
}

impl PlainList for Bits<false> {
    type List<'a, T: Hydra + Plain> = ListView<'a, T>;

    #[inline]
    fn list<T: Hydra + Plain>(run: Run<'_>) -> ListView<'_, T> {
        ListView::new(run)
    }

    fn show_list<T: Hydra + Plain>(list: ListView<'_, T>, each: &mut dyn FnMut(&dyn Debug)) {
        show_list(list, each);
    }
}
