//! The target `zipkin_json`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("zipkin_json", data));
