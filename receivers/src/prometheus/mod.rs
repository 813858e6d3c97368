//! Prometheus: scrapes targets, found by itself, and makes OTLP metrics of what they expose.

pub mod client;
pub mod discovery;
mod duration;
pub mod http_config;
mod text;

pub use duration::{PromDuration, PromDurationError};
pub use text::Text;
