//! Facts that are computed once for each type of the program: its schema, and how to validate it.

use super::{Checked, Checks, Validator};
use crate::Hydra;
use crate::memory::Payload;
use crate::schema::{Descriptor, Note, Schema};
use std::any::TypeId;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Facts that are computed once for each type of the program.
#[derive(Debug)]
pub(crate) struct TypeFacts {
    /// The schema.
    pub(crate) schema: Schema,
    /// The validator of payloads of the type.
    pub(crate) validator: Arc<Validator>,
    /// The fingerprint of the schema.
    pub(crate) fingerprint: u64,
    /// The largest alignment of anything in a payload, in bytes.
    pub(crate) align: usize,
    /// Whether a type in it has an invariant.
    pub(crate) has_invariant: bool,
}

/// The number of types in a thread's cache, a hash table without chains, by the address of their descriptor.
const RECENT: usize = 16;
type RecentType = Cell<Option<(TypeId, &'static TypeFacts)>>;
thread_local! {
    static RECENT_TYPES: [RecentType; RECENT] = const { [const { Cell::new(None) }; RECENT] };
}

/// The facts of all types. They are never freed, because a program has a fixed number of types.
static ALL_TYPES: LazyLock<RwLock<HashMap<TypeId, &'static TypeFacts>>> = LazyLock::new(RwLock::default);

/// Returns the facts of a type, computed at the first call.
///
/// # Panics
/// Panics where [`Schema::of`] does, for a type that exceeds the limits of the format.
#[inline]
pub(crate) fn facts_of<T: Hydra>() -> &'static TypeFacts {
    let id = TypeId::of::<T>();
    const ALIGN: usize = align_of::<Descriptor>();
    let place = std::ptr::from_ref(T::TYPE).addr() / ALIGN % RECENT;
    RECENT_TYPES.with(|recent| match recent.get(place).and_then(Cell::get) {
        Some((known, facts)) if known == id => facts,
        _ => {
            let values: Checked = |all, cursor, depth| cursor.elements::<T>(all, depth);
            let facts = look_up(id, T::TYPE, (values, T::FLAT.then_some(Payload::has_values::<T>)));
            recent.get(place).inspect(|slot| slot.set(Some((id, facts))));
            facts
        }
    })
}

#[cold]
fn look_up(id: TypeId, ty: &'static Descriptor, checks: Checks) -> &'static TypeFacts {
    if let Some(facts) = ALL_TYPES.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return facts;
    }
    // This is not done under the lock, because a default of the type may ask for the facts of another type.
    let schema = Schema::from_descriptor(ty);
    let facts = TypeFacts {
        validator: Arc::new(Validator::new(&schema).with(checks)),
        fingerprint: schema.fingerprint(),
        align: schema.types().iter().map(Descriptor::align).max().unwrap_or(1),
        has_invariant: schema
            .types()
            .iter()
            .flat_map(Descriptor::notes)
            .any(|note| matches!(note, Note::Invariant)),
        schema,
    };
    let mut all = ALL_TYPES.write().unwrap_or_else(PoisonError::into_inner);
    all.entry(id).or_insert_with(|| Box::leak(Box::new(facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_facts_of_its_own_worked_out_once() {
        let (one, two) = (facts_of::<Vec<u8>>(), facts_of::<Option<u64>>());
        assert!(std::ptr::eq(one, facts_of::<Vec<u8>>()));
        assert_eq!((one.schema.name(), two.schema.name()), ("bytes".to_string(), "option<u64>".to_string()));
        assert_eq!((one.align, two.align), (4, 8));
        let other = std::thread::spawn(|| std::ptr::from_ref(facts_of::<Vec<u8>>()).addr()).join().unwrap();
        assert_eq!(other, std::ptr::from_ref(one).addr(), "threads share them");
    }
}
