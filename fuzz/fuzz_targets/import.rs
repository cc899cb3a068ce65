#![no_main]
#![allow(dead_code)]

include!("../command.rs");

thread_local! {
    static IMPORTS: imports::Imports = imports::Imports::new();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| IMPORTS.with(|imports| imports.keep_the_law(bytes)));
