// Table Trade, schema fingerprint 0xa38961611d10d5cf; made by `hydra schema --as rust`.
// Needs these features of hydra-format: jiff, rust_decimal, uuid.

use hydra::Hydra;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Types of other crates, stored as forms.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Trade {
    pub id: uuid::Uuid,
    pub at: SystemTime,
    pub took: jiff::SignedDuration,
    pub settles: jiff::civil::Date,
    pub price: hydra::Fixed<9>,
    pub shown: hydra::Fixed<2>,
    pub rate: hydra::Fixed<18>,
    pub parents: Vec<uuid::Uuid>,
    pub history: BTreeMap<jiff::civil::Date, Vec<hydra::Fixed<9>>>,
    pub extra: hydra::Opaque,
}
