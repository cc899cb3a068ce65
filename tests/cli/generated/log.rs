// Table Log, schema fingerprint 0x0d546096ec78475a; made by `hydra schema --as rust`.

use hydra::Hydra;

/// A line of a log.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Log {
    pub time: u64,
    pub level: Level,
    pub target: String,
    pub text: String,
    pub user: Option<u64>,
    pub tags: Vec<String>,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Level {
    Info = 0,
    Warn = 1,
    Error = 2,
}
