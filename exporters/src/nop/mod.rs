//! The `nop` exporter: takes everything and does nothing with it.

mod config;
#[cfg(test)]
mod tests;

pub use config::Config;
