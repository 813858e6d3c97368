//! Prometheus: scrapes targets, found by itself, and makes OTLP metrics of what they expose.

pub mod client;
pub mod discovery;
mod duration;
pub mod http_config;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the other side of a test belongs to no component")]
mod loopback;
mod text;

pub use duration::{PromDuration, PromDurationError};
pub use text::Text;
