//! The `health_check` extension: tells over HTTP whether the collector is ready.

mod config;
mod serve;
#[cfg(test)]
mod tests;

pub use config::{Config, Own, PipelineCheck, Pipelines, ResponseBody};
