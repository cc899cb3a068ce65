#![no_main]
#![allow(dead_code)]

include!("../command.rs");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| imports::schema_is_rendered(bytes));
