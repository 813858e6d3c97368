//! The `prometheusremotewrite` receiver: metrics that Prometheus and its like send by remote write.

mod config;
mod http;
#[cfg(test)]
mod tests;

pub use self::config::Config;
