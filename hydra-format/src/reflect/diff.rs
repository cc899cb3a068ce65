//! Where two values differ. It follows the rules of equality, and stops at a bound.

use super::value::MAX_NESTING;
use super::walk::key_step;
use super::{Path, Scalar, Step, Value, compare_keys};
use crate::schema::{Kind, Style, Variant};
use std::cmp::Ordering;

/// A place where two values differ.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference<'a, 'b> {
    /// Where.
    pub path: Path,
    /// What is there on the left; none if there is nothing.
    pub left: Option<Value<'a>>,
    /// What is there on the right; none if there is nothing.
    pub right: Option<Value<'b>>,
}

impl Difference<'_, '_> {
    /// The most differences that [`Value::diff`] lists.
    pub const MAX: usize = 1000;
}

impl<'a> Value<'a> {
    /// Where this value and another differ, in stored order, at most [`Difference::MAX`] places; none if they are equal.
    ///
    /// Structs and variants are compared by the names of their fields, lists by position, maps by key. Sets that differ,
    /// values of another kind, and enums with another variant are one difference; so is what differs beyond 256 levels.
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
        if self.found.len() < Difference::MAX {
            self.found.push(Difference { path: self.path.clone(), left, right });
        }
    }

    fn values(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        let same_type = left.kind() == right.kind() && left.ty().form() == right.ty().form();
        let shown = !left.is_encoded() && !right.is_encoded();
        let same_variant = left.variant().map(Variant::name) == right.variant().map(Variant::name);
        if self.found.len() >= Difference::MAX {
            return;
        }
        // Of what is nested deeper, only whether it differs.
        let deeper = depth > MAX_NESTING;
        if !same_type || !shown || !same_variant || deeper && left != right {
            return self.note(Some(left), Some(right));
        }
        if deeper {
            return;
        }
        let single = matches!(left.kind(), Kind::Option | Kind::Set) && left.count() != right.count();
        match left.kind() {
            _ if single => self.note(Some(left), Some(right)),
            Kind::Map => self.entries(left, right, depth),
            Kind::Struct | Kind::Tuple | Kind::Enum => self.fields(left, right, depth),
            Kind::List | Kind::Array if left.scalar() == Scalar::None => self.elements(left, right, depth),
            Kind::Newtype | Kind::Box | Kind::Option => {
                let step = (left.kind() == Kind::Option).then_some(Step::Some);
                self.parts(step, left.part(0), right.part(0), depth);
            }
            _ if left != right => self.note(Some(left), Some(right)),
            _ => {}
        }
    }

    fn parts(&mut self, step: Option<Step>, left: Option<Value<'a>>, right: Option<Value<'b>>, depth: usize) {
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

    fn elements(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        for index in 0..left.count().max(right.count()) {
            if self.found.len() >= Difference::MAX {
                break;
            }
            self.parts(Some(Step::Index(index as i64)), left.part(index), right.part(index), depth);
        }
    }

    fn fields(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        let variant = left.variant().filter(|variant| variant.style() != Style::Unit);
        if let Some(variant) = variant {
            self.path.push(Step::Variant(variant.name().to_string()));
        }
        for (index, field) in left.own_fields().iter().enumerate() {
            let twin = right.field_near(index, field.name());
            self.parts(Some(Step::Field(field.name().to_string())), left.part(index), twin, depth);
        }
        for (index, field) in right.own_fields().iter().enumerate() {
            if left.field_near(index, field.name()).is_none() {
                self.parts(Some(Step::Field(field.name().to_string())), None, right.part(index), depth);
            }
        }
        if variant.is_some() {
            self.path.pop();
        }
    }

    /// Both maps are in the order of their keys, and gone through side by side.
    fn entries(&mut self, left: Value<'a>, right: Value<'b>, depth: usize) {
        let (Ok(mut lefts), Ok(mut rights)) = (left.entries(), right.entries()) else { return };
        let (mut one, mut other) = (lefts.next(), rights.next());
        let mut index = 0usize;
        while self.found.len() < Difference::MAX {
            let order = match (one, other) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((left, _)), Some((right, _))) => compare_keys(left, right),
            };
            let (left, right) = (one.filter(|_| order.is_le()), other.filter(|_| order.is_ge()));
            let key = left.map(|entry| key_step(entry.0.through(), index));
            let key = key.or(right.map(|entry| key_step(entry.0.through(), index)));
            self.parts(key, left.map(|entry| entry.1), right.map(|entry| entry.1), depth);
            one = if left.is_some() { lefts.next() } else { one };
            other = if right.is_some() { rights.next() } else { other };
            index = index.saturating_add(1);
        }
    }
}
