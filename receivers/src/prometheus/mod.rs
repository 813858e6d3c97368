//! The `prometheus` receiver: scrapes targets as a Prometheus server does.

mod config;
#[cfg(test)]
mod tests;

pub use self::config::Config;
