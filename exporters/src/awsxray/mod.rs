//! The `awsxray` exporter: spans as segments of AWS X-Ray.

mod client;
mod config;
mod connector;
mod identity;
mod region;
mod send;
mod telemetry;
#[cfg(test)]
mod tests;
mod unprocessed;
mod verdict;

pub use self::config::Config;
