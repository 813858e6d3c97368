//! The target `zipkin_v1`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("zipkin_v1", data));
