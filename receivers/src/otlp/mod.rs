//! The `otlp` receiver: OTLP over gRPC and HTTP, all three signals.

mod answer;
mod config;
mod grpc;
mod http;
#[cfg(test)]
mod tests;

pub use self::config::Config;
