//! The target `jaeger_thrift`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("jaeger_thrift", data));
