//! The `zipkin` exporter: spans to a Zipkin server, version 2, in JSON or protobuf.

mod config;
mod send;
#[cfg(test)]
mod tests;

pub use self::config::Config;
