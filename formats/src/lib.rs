//! Foreign formats of telemetry, each to and from OTLP as pure functions over bytes.

pub mod jaeger;
pub mod prometheus;
pub mod xray;
pub mod zipkin;
