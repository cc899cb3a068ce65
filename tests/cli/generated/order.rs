// Table Order, schema fingerprint 0xcce3c81f7c6e8b02; made by `hydra schema --as rust`.

use hydra::Hydra;

/// Attributes of every kind.
#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(version = 3)]
pub struct Order {
    /// Renamed by the rule of the type.
    pub orderId: u64,
    #[hydra(alias = "kind", alias = "sort")]
    pub r#type: String,
    pub position: u64,
    #[hydra(default = 7)]
    pub retries: u32,
    #[deprecated(note = "use position")]
    pub index: u32,
    secret: u16,
}
