//! The target `zipkin_proto`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("zipkin_proto", data));
