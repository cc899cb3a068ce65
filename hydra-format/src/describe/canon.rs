//! The canonical form of a schema (FORMAT.md, section 6.2), and the way there from the types of the program.
//! It does not know rules: it works on any table whose indices are within it.
#![forbid(unsafe_code)]

use super::wire::Encoder;
use super::{Descriptor, TypeRef};
use std::any::TypeId;
use std::collections::HashMap;

/// What tells types of the program apart.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Type(TypeId),
    Constant(usize),
}

fn identity(ty: &Descriptor) -> Identity {
    match ty.live {
        Some(live) => Identity::Type(live.id),
        None => Identity::Constant(std::ptr::from_ref(ty).addr()),
    }
}

/// The table of a type and of all types that it mentions, its indices counting in `within`; nothing of this
/// program's memory layout stays in it.
pub(super) fn collect<'a>(root: &'a Descriptor, within: &'a [Descriptor]) -> Vec<Descriptor> {
    let (mut found, mut numbers) = (vec![root], HashMap::from([(identity(root), 0u32)]));
    let mut types = Vec::new();
    while let Some(&live) = found.get(types.len()) {
        let mut ty = live.clone();
        ty.live = None;
        ty.each_field(&mut |field| field.live_offset = None);
        ty.map_children(&mut |child| {
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

/// The canonical table: one entry for types that cannot be told apart, in the order of a walk from the root.
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
        stack[start..].reverse();
    }
    let renumber = |ty| TypeRef::Index(numbers.get(&class(ty)).copied().unwrap_or_default());
    let renumbered = |ty: &&Descriptor| {
        let mut ty = (*ty).clone();
        ty.map_children(&mut |child| renumber(child));
        ty
    };
    order.iter().map(renumbered).collect()
}

/// The class of each type: types of one class cannot be told apart. Starts from what each type shows of
/// itself, and splits classes by the classes of their children until no class splits.
fn classes(types: &[Descriptor]) -> Vec<u32> {
    let mut classes = vec![0; types.len()];
    let mut count = 1;
    loop {
        let number = |ty: TypeRef| classes.get(ty.index() as usize).copied().unwrap_or_default();
        let encoder = Encoder { number: &number, names: true };
        let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut next = Vec::with_capacity(types.len());
        for ty in types {
            let mut signature = Vec::new();
            encoder.ty(ty, &mut signature);
            let fresh = seen.len() as u32;
            next.push(*seen.entry(signature).or_insert(fresh));
        }
        if seen.len() == count {
            return next;
        }
        count = seen.len();
        classes = next;
    }
}
