//! The `zipkin` receiver: spans of Zipkin over HTTP, versions 1 and 2.

mod config;
mod form;
mod http;
#[cfg(test)]
mod tests;

pub use self::config::Config;
