//! The `otlp_http` exporter: OTLP over HTTP, in protobuf or JSON.

mod config;
mod send;
#[cfg(test)]
mod tests;

pub use self::config::Config;
