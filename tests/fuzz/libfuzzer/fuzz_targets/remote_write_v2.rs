//! The target `remote_write_v2`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("remote_write_v2", data));
