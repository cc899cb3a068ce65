//! The canonical form of a schema (FORMAT.md, section 6.2), and the conversion of the program's types to it.
//! It works on any table of types whose indices are in bounds, and checks no other rules.

use super::wire::encode_type;
use super::{Descriptor, TypeRef};
use std::any::TypeId;
use std::collections::HashMap;

/// Identifies a type of the program: by its `TypeId`, or by its address if it has none.
fn identity(ty: &Descriptor) -> Result<TypeId, usize> {
    ty.live.map(|live| live.id).ok_or(std::ptr::from_ref(ty).addr())
}

/// Collects a type and all types that it mentions into one table. Indices refer to `within`. The result
/// contains nothing of the program's memory layout.
pub(super) fn collect<'a>(root: &'a Descriptor, within: &'a [Descriptor]) -> Vec<Descriptor> {
    let mut found = vec![root];
    let mut numbers = HashMap::from([(identity(root), 0u32)]);
    let mut types = Vec::new();
    while let Some(&live) = found.get(types.len()) {
        let mut ty = live.clone();
        ty.live = None;
        ty.fields_mut().for_each(|field| field.live_offset = None);
        ty.map_children(|child| {
            let target = match child {
                TypeRef::Index(index) => within.get(index as usize),
                TypeRef::Live(target) => Some(target()),
            };
            let Some(target) = target else { return child };
            let next = found.len() as u32;
            let number = *numbers.entry(identity(target)).or_insert(next);
            if number == next {
                found.push(target);
            }
            TypeRef::Index(number)
        });
        types.push(ty);
        if types.len() > super::check::MAX_TYPES {
            break;
        }
    }
    types
}

/// Returns the canonical table: indistinguishable types are merged, and types are ordered by a walk from the
/// root.
pub(super) fn canonical(types: &[Descriptor]) -> Vec<Descriptor> {
    let classes = classes(types);
    let class = |ty: TypeRef| classes.get(ty.index() as usize).copied().unwrap_or_default();
    let mut numbers: HashMap<u32, u32> = HashMap::new();
    let mut order = Vec::new();
    let mut stack = vec![TypeRef::Index(0)];
    while let Some(next) = stack.pop() {
        let Some(ty) = types.get(next.index() as usize) else { continue };
        if numbers.contains_key(&class(next)) {
            continue;
        }
        numbers.insert(class(next), numbers.len() as u32);
        order.push(ty);
        let start = stack.len();
        stack.extend(ty.children());
        stack.get_mut(start..).unwrap_or_default().reverse();
    }
    let renumbered = |ty: &Descriptor| {
        let mut ty = ty.clone();
        ty.map_children(|child| TypeRef::Index(numbers.get(&class(child)).copied().unwrap_or_default()));
        ty
    };
    order.into_iter().map(renumbered).collect()
}

/// Returns the class of each type: types of one class are indistinguishable. The first classes come from the
/// types' own data. Then each class splits the classes of which only some types have, at one position, a
/// child in it (Hopcroft's algorithm: only the smaller half of a split is processed again, so that hostile
/// tables cannot make this slow).
#[expect(clippy::indexing_slicing, reason = "indices of types and classes that are counted here")]
fn classes(types: &[Descriptor]) -> Vec<u32> {
    let mut parents: Vec<Vec<(usize, u32)>> = vec![Vec::new(); types.len()];
    let mut found = Classes { of: vec![0; types.len()], members: Vec::new(), at: vec![0; types.len()] };
    let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
    for (ty, index) in types.iter().zip(0u32..) {
        let fresh = found.members.len() as u32;
        let class = *seen.entry(signature(ty, |_| 0)).or_insert(fresh);
        if class == fresh {
            found.members.push(Vec::new());
        }
        found.put(index, class);
        for (position, child) in ty.children().enumerate() {
            if let Some(parents) = parents.get_mut(child.index() as usize) {
                parents.push((position, index));
            }
        }
    }
    let mut open: Vec<u32> = (0..found.members.len() as u32).collect();
    while let Some(splitter) = open.pop() {
        let inside = found.members[splitter as usize].iter();
        let mut edges: Vec<(usize, u32)> =
            inside.flat_map(|&ty| parents[ty as usize].iter().copied()).collect();
        edges.sort_unstable();
        for edges in edges.chunk_by(|left, right| left.0 == right.0) {
            let class = |&(_, ty): &(usize, u32)| (found.of[ty as usize], ty);
            let mut touched: Vec<(u32, u32)> = edges.iter().map(class).collect();
            touched.sort_unstable();
            for touched in touched.chunk_by(|left, right| left.0 == right.0) {
                open.extend(found.split(touched));
            }
        }
    }
    found.of
}

/// Encodes a type with its references replaced by these numbers.
fn signature(ty: &Descriptor, number: impl Fn(TypeRef) -> u32) -> Vec<u8> {
    let mut ty = ty.clone();
    ty.map_children(|child| TypeRef::Index(number(child)));
    let mut bytes = Vec::new();
    encode_type(&ty, &mut bytes);
    bytes
}

/// A partition of types into classes.
struct Classes {
    /// The class of each type.
    of: Vec<u32>,
    /// The types of each class.
    members: Vec<Vec<u32>>,
    /// The position of each type among the members of its class.
    at: Vec<usize>,
}

#[expect(clippy::indexing_slicing, reason = "indices of types and classes that the caller counts")]
impl Classes {
    fn put(&mut self, ty: u32, class: u32) {
        let members = &mut self.members[class as usize];
        (self.of[ty as usize], self.at[ty as usize]) = (class, members.len());
        members.push(ty);
    }

    /// Splits these types of one class, in ascending order, from the rest. Returns the new class, which is
    /// the smaller of both.
    fn split(&mut self, touched: &[(u32, u32)]) -> Option<u32> {
        let class = touched.first()?.0;
        let members = &self.members[class as usize];
        let rest = members.len().saturating_sub(touched.len());
        let moved: Vec<u32> = match rest {
            0 => return None,
            rest if rest < touched.len() => {
                let left = |ty: &&u32| touched.binary_search(&(class, **ty)).is_err();
                members.iter().filter(left).copied().collect()
            }
            _ => touched.iter().map(|&(_, ty)| ty).collect(),
        };
        let new = self.members.len() as u32;
        self.members.push(Vec::new());
        for ty in moved {
            let at = self.at[ty as usize];
            let members = &mut self.members[class as usize];
            members.swap_remove(at);
            if let Some(&other) = members.get(at) {
                self.at[other as usize] = at;
            }
            self.put(ty, new);
        }
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::schema::Schema;

    /// Computes the same classes by rounds over all types, which is simple and slow.
    fn classes_by_rounds(types: &[Descriptor]) -> Vec<u32> {
        let mut classes = vec![0; types.len()];
        loop {
            let number = |ty: TypeRef| classes[ty.index() as usize];
            let mut seen = HashMap::new();
            let next: Vec<u32> = (types.iter())
                .map(|ty| {
                    let fresh = seen.len() as u32;
                    *seen.entry(signature(ty, number)).or_insert(fresh)
                })
                .collect();
            if next == classes {
                return classes;
            }
            classes = next;
        }
    }

    #[test]
    fn classes_are_those_of_the_simple_way() {
        let mut state = 1u64;
        let mut below = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        for _ in 0..2000 {
            let count = 1 + below(12);
            let types: Vec<Descriptor> = (0..count)
                .map(|_| {
                    let mut any = || TypeRef::Index(below(count) as u32);
                    let (first, second, third) = (any(), any(), any());
                    match below(4) {
                        0 => Descriptor::list(first),
                        1 => Descriptor::tuple(vec![first, second, third]),
                        2 => Descriptor::map(first, second),
                        _ => Descriptor::scalar(if below(2) == 0 { Kind::U8 } else { Kind::Bool }),
                    }
                })
                .collect();
            let (fast, slow) = (classes(&types), classes_by_rounds(&types));
            for (left, right) in (0..types.len()).flat_map(|left| (0..left).map(move |right| (left, right))) {
                assert_eq!(fast[left] == fast[right], slow[left] == slow[right], "{types:?}");
            }
        }
    }

    #[test]
    fn a_long_chain_takes_no_time() {
        let count = 60_000;
        let mut types: Vec<Descriptor> =
            (1..count).map(|next| Descriptor::list(TypeRef::Index(next))).collect();
        types.push(Descriptor::scalar(Kind::U8));
        let start = std::time::Instant::now();
        assert_eq!(Schema::new(types).unwrap().types().len(), count as usize);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
