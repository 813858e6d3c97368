//! The `bearertokenauth` extension: a token in a header, checked on the way in and added on the way out.

mod config;
#[cfg(test)]
mod tests;
mod token;

pub use config::{Config, FileRetry};
