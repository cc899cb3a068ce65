//! Iterators over the parts of a value. An iterator over a live map sorts the keys once, when it is made, so
//! that iteration is never quadratic.

use super::types::{EntryLayout, Type};
use super::value::Repr;
use super::{Data, Part, Value};
use crate::layout::rows::{Run, search};
use crate::schema::{Field, Kind};
use std::cmp::Ordering;
use std::ops::Range;

/// An iterator over the entries of a map as (key, value), or the members of a set as (member, member), in the
/// order of the keys.
#[derive(Debug)]
pub struct Entries<'a> {
    source: EntrySource<'a>,
    left: Range<usize>,
}

#[derive(Debug)]
enum EntrySource<'a> {
    Live(Vec<(Part<'a>, Part<'a>)>),
    Stored(Run<'a>, EntryLayout<'a>),
    Data(&'a Data, EntryLayout<'a>),
}

impl<'a> Entries<'a> {
    /// Returns `None` if the value is neither a map nor a set, or does not show its entries.
    pub(super) fn new(value: Value<'a>) -> Option<Entries<'a>> {
        if !matches!(value.kind(), Kind::Map | Kind::Set) {
            return None;
        }
        let layout = value.typed().entry();
        let source = match value.0 {
            Repr::Live(live, _) => EntrySource::Live(live.entries()),
            Repr::Encoded { .. } => return None,
            Repr::Stored { at, ty } => EntrySource::Stored(ty.run(at), layout),
            Repr::Data { data, .. } => EntrySource::Data(data, layout),
        };
        Some(Entries { source, left: 0..value.count() })
    }

    /// Returns the entry at `index` in the order of the keys.
    pub fn get(&self, index: usize) -> Option<(Value<'a>, Value<'a>)> {
        match &self.source {
            EntrySource::Live(entries) => entries.get(index).map(|&(key, value)| (key.into(), value.into())),
            EntrySource::Stored(run, layout) => (index < run.count()).then(|| {
                let entry = run.element(index, layout.size);
                let part =
                    |offset, ty: Type<'a>| Value(Repr::Stored { at: entry.part(offset, ty.size()), ty });
                (part(0, layout.key), part(layout.offset, layout.value))
            }),
            EntrySource::Data(data, layout) => {
                let (key, value) = match data {
                    Data::Entries(entries) => entries.get(index).map(|(key, value)| (key, value))?,
                    Data::Parts(members) => members.get(index).map(|member| (member, member))?,
                    _ => return None,
                };
                Some((Value::data(key, layout.key), Value::data(value, layout.value)))
            }
        }
    }

    /// Returns the position of the entry whose key `compare` finds equal, by binary search.
    pub(super) fn search(&self, compare: impl Fn(Value<'a>) -> Ordering) -> Option<usize> {
        let key = |index| self.get(index).map_or(Ordering::Less, |(key, _)| compare(key));
        search(self.left.end, key)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left.next().and_then(|index| self.get(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// An iterator over the parts of a value. Each part that is a field comes with its descriptor.
#[derive(Debug)]
pub struct Parts<'a> {
    value: Value<'a>,
    fields: &'a [Field],
    entries: Option<Entries<'a>>,
    left: Range<usize>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(value: Value<'a>) -> Parts<'a> {
        Parts { value, fields: value.own_fields(), entries: Entries::new(value), left: 0..value.count() }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (Option<&'a Field>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.left.next()?;
        let part = match &self.entries {
            Some(entries) => entries.get(index)?.1,
            None => match (self.value.0, self.fields.get(index)) {
                // A fast path for the common case.
                (Repr::Stored { at, ty }, Some(field)) => {
                    let ty = ty.resolve(field.ty());
                    Value(Repr::Stored { at: at.part(field.offset(), ty.size()), ty })
                }
                _ => self.value.part(index)?,
            },
        };
        Some((self.fields.get(index), part))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}
