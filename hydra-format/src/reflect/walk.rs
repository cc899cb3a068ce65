//! A walk over a value and everything in it, each with its path.

use super::path::key_step;
use super::{Path, Step, Value};
use crate::schema::{Kind, Style};

impl<'a> Value<'a> {
    /// Visits this value and its parts down to `depth` steps, from the outside to the inside and in stored
    /// order, each with its path. `visit` returns whether to descend into the value. Values under keys that
    /// cannot be spelled in a path (such as tuples) are given by their position in the order of the keys.
    ///
    /// ```
    /// use hydra::Value;
    /// let mut leaves = Vec::new();
    /// Value::of(&(1u8, vec![2u8; 3], Some(4u16))).walk(8, &mut |path, value| {
    ///     leaves.push(format!("{path} = {value}"));
    ///     true
    /// });
    /// assert_eq!(leaves[1..], ["0 = 1", "1 = 0x020202", "2 = Some(4)", "2? = 4"]);
    /// ```
    pub fn walk(self, depth: usize, visit: &mut dyn FnMut(&Path, Value<'a>) -> bool) {
        walk(self, depth.min(super::value::MAX_NESTING), &mut Path::default(), visit);
    }
}

fn walk<'a>(
    value: Value<'a>,
    depth: usize,
    path: &mut Path,
    visit: &mut dyn FnMut(&Path, Value<'a>) -> bool,
) {
    let goes_on = visit(path, value);
    let Some(depth) = depth.checked_sub(1).filter(|_| goes_on) else { return };
    let value = value.through();
    if value.kind() == Kind::Map {
        for (index, (key, value)) in value.entries().into_iter().flatten().enumerate() {
            path.push(key_step(key).unwrap_or(Step::Index(index as i64)));
            walk(value, depth, path, visit);
            path.pop();
        }
        return;
    }
    let variant = value.variant().filter(|variant| variant.style() != Style::Unit);
    if let Some(variant) = variant {
        path.push(Step::Variant(variant.name().to_string()));
    }
    for (index, (_, part)) in value.parts().enumerate() {
        let Some(step) = value.segment(index).step() else { continue };
        path.push(step);
        walk(part, depth, path, visit);
        path.pop();
    }
    if variant.is_some() {
        path.pop();
    }
}
