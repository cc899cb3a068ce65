//! Payloads on disk: header, commits, blocks, index, writer and reader.
#![forbid(unsafe_code)]
