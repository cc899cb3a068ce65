/// A log.
#[hydra(rename_all = "camelCase", view = LogView, crate = renamed)]
pub struct Log {
    /// When.
    pub time_stamp: u64,
    pub r#type: String,
    #[hydra(skip, default = 7)]
    cache: u32,
    #[hydra(as = u64, default)]
    len: usize,
    #[hydra(with = crate::Text, readonly)]
    address: IpAddr,
    #[deprecated = "use len"]
    next: Option<Box<Self>>,
}
