//! The commands, each in its own file.

pub(crate) mod cat;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod compat;
pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod get;
pub(crate) mod hex;
pub(crate) mod inspect;
pub(crate) mod layout;
pub(crate) mod recover;
pub(crate) mod schema;
pub(crate) mod set;
pub(crate) mod shell;
pub(crate) mod tail;
