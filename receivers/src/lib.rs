//! Receivers: how telemetry comes in.

mod answer;
pub mod jaeger;
pub mod otlp;
pub mod prometheus;
pub mod zipkin;
