//! The `jaeger` receiver: spans of Jaeger's clients, over gRPC, HTTP and UDP.

mod agent;
mod config;
mod delivery;
mod grpc;
mod http;
mod intake;
mod packets;
#[cfg(test)]
mod tests;

pub use self::config::Config;
