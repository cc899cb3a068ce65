//! Columns: the second layout of DATA blocks (FORMAT.md, sections 7.1 to 7.5).

#[cfg_attr(not(test), expect(dead_code, reason = "until the streams of a block are written"))]
mod zstd;
