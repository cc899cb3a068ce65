//! Types and laws of the format, shared by the tests and the fuzz targets.

pub mod columns;
pub mod craft;
pub mod laws;
pub mod memory;
pub mod scripts;
pub mod targets;
pub mod types;
