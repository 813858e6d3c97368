//! The `otlp_grpc` exporter: OTLP over gRPC.

mod config;
mod send;
#[cfg(test)]
mod tests;

pub use self::config::{Config, TimeoutConfig};
