//! Where the slots of a level are in a payload of rows.

/// The place of slots that have none.
pub(super) const NOWHERE: usize = usize::MAX;

/// Consecutive slots, from a place in bytes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotRun {
    pub(super) place: usize,
    pub(super) count: usize,
}

/// The places of the slots of a level, in order.
pub(super) type SlotPlaces = Vec<SlotRun>;

/// Adds a run, to the last one if it continues that.
pub(super) fn push(places: &mut SlotPlaces, run: SlotRun, size: usize) {
    match places.last_mut() {
        Some(last) if last.place.saturating_add(last.count.saturating_mul(size)) == run.place => {
            last.count = last.count.saturating_add(run.count);
        }
        _ => places.push(run),
    }
}

/// Returns the place of each slot.
pub(super) fn slots(places: &[SlotRun], stride: usize) -> impl Iterator<Item = usize> {
    places.iter().flat_map(move |run| {
        let stride = if run.place == NOWHERE { 0 } else { stride };
        (0..run.count).map(move |index| run.place.saturating_add(index.saturating_mul(stride)))
    })
}
