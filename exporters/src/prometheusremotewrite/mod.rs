//! The `prometheusremotewrite` exporter: metrics to Prometheus and whoever else takes remote write.

mod check;
mod config;
mod counters;
mod post;
mod send;
#[cfg(test)]
mod tests;

pub use self::config::Config;
