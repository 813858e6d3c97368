//! The target `prometheus_openmetrics`, driven by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("prometheus_openmetrics", data));
