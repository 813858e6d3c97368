//! The `debug` exporter: shows on the console what passes. Also under its old name and settings, `logging`.

mod config;
mod logging;
mod output;
mod render;
mod sampler;
mod show;
#[cfg(test)]
mod tests;

pub use config::{Config, Verbosity};
pub use logging::Config as Logging;
