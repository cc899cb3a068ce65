//! Differences between two values, by the rules of equality and up to a limit.

use super::equal::alike;
use super::path::key_step;
use super::value::MAX_NESTING;
use super::{Path, Step, Value, compare_keys};
use crate::schema::{Kind, Style};
use std::cmp::Ordering;

/// A place where two values differ.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference<'a, 'b> {
    /// The path.
    pub path: Path,
    /// The part on the left, if there is one.
    pub left: Option<Value<'a>>,
    /// The part on the right, if there is one.
    pub right: Option<Value<'b>>,
}

impl Difference<'_, '_> {
    /// The maximum number of differences that [`Value::diff`] returns.
    pub const MAX: usize = 1000;
}

impl<'a> Value<'a> {
    /// Returns the places where this value and another differ, in stored order and at most
    /// [`Difference::MAX`]; none if they are equal.
    ///
    /// Fields of structs and variants are compared by name, lists by position, maps by key. Sets that differ,
    /// values of different kinds, and enums with different variants count as one difference. So does a
    /// difference nested deeper than 256 levels.
    ///
    /// ```
    /// use hydra::Value;
    /// let (left, right) = ((1u8, vec![1.0, 2.0]), (1u8, vec![1.0, 2.5, 3.0]));
    /// let differences = Value::of(&left).diff(Value::of(&right));
    /// let paths: Vec<_> = differences.iter().map(|difference| difference.path.to_string()).collect();
    /// assert_eq!(paths, ["1[1]", "1[2]"]);
    /// assert_eq!(differences[0].right.unwrap().get::<f64>()?, 2.5);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn diff<'b>(self, other: Value<'b>) -> Vec<Difference<'a, 'b>> {
        let mut diff = Diff { found: Vec::new(), path: Path::default() };
        diff.values(self, other, 0);
        diff.found
    }
}

struct Diff<'a, 'b> {
    found: Vec<Difference<'a, 'b>>,
    path: Path,
}

impl<'a, 'b> Diff<'a, 'b> {
    fn note(&mut self, left: Option<Value<'a>>, right: Option<Value<'b>>) {
        if !self.is_full() {
            self.found.push(Difference { path: self.path.clone(), left, right });
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= Difference::MAX
    }

    fn values(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        if self.is_full() {
            return;
        }
        // Below the limit, report only whether the values differ.
        let known = if depth > MAX_NESTING { Some(left == right) } else { alike(left, right) };
        let equal = match left.kind() {
            Kind::Set => Some(left == right),
            Kind::Option if left.count() != right.count() => Some(false),
            _ => known,
        };
        match equal {
            Some(true) => {}
            Some(false) => self.note(Some(left), Some(right)),
            None if left.kind() == Kind::Map => self.entries(left, right, depth),
            None => self.parts(left, right, depth),
        }
    }

    /// Compares fields by name or elements by index, then lists the parts that only the right value has.
    fn parts(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        let variant = left.own_variant().filter(|variant| variant.style() != Style::Unit);
        if let Some(variant) = variant {
            self.path.push(Step::Variant(variant.name().to_string()));
        }
        for index in 0..left.count() {
            if self.is_full() {
                break;
            }
            self.part(left.segment(index).step(), left.part(index), left.twin(index, right), depth);
        }
        let first = if right.own_fields().is_empty() { left.count() } else { 0 };
        for index in first..right.count() {
            if self.is_full() {
                break;
            }
            if right.twin(index, left).is_none() {
                self.part(right.segment(index).step(), None, right.part(index), depth);
            }
        }
        if variant.is_some() {
            self.path.pop();
        }
    }

    fn part(&mut self, step: Option<Step>, left: Option<Value<'a>>, right: Option<Value<'b>>, depth: usize) {
        let stepped = step.map(|step| self.path.push(step)).is_some();
        match (left, right) {
            (Some(left), Some(right)) => self.values(left, right, depth.saturating_add(1)),
            (None, None) => {}
            (left, right) => self.note(left, right),
        }
        if stepped {
            self.path.pop();
        }
    }

    /// Compares two maps side by side; both are sorted by key.
    fn entries(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        let (Ok(mut lefts), Ok(mut rights)) = (left.entries(), right.entries()) else { return };
        let (mut one, mut other) = (lefts.next(), rights.next());
        let mut index = 0i64;
        while !self.is_full() {
            let order = match (one, other) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((left, _)), Some((right, _))) => compare_keys(left, right),
            };
            let (left, right) = (one.filter(|_| order.is_le()), other.filter(|_| order.is_ge()));
            let key = left.map_or_else(|| right.and_then(|(key, _)| key_step(key)), |(key, _)| key_step(key));
            self.part(
                Some(key.unwrap_or(Step::Index(index))),
                left.map(|entry| entry.1),
                right.map(|entry| entry.1),
                depth,
            );
            one = if left.is_some() { lefts.next() } else { one };
            other = if right.is_some() { rights.next() } else { other };
            index = index.saturating_add(1);
        }
    }
}
