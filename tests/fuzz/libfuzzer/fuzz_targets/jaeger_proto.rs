//! The target `jaeger_proto`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("jaeger_proto", data));
