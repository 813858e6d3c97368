//! The `bearertokenauth` extension: a token in a header, checked on the way in and added on the way out.

mod config;
mod token;
#[cfg(test)]
mod tests;

pub use config::{Config, FileRetry};
