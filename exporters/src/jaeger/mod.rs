//! The `jaeger` exporter: Jaeger's own protobuf over gRPC.

mod config;
mod send;
#[cfg(test)]
mod tests;

pub use self::config::Config;
