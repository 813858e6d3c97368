//! The `file` exporter: telemetry in files, as OTLP JSON or protobuf.

mod config;
mod encode;
mod group;
mod output;
mod permissions;
mod rotation;
mod sink;
#[cfg(test)]
mod tests;
mod writer;

pub use config::{Compression, CompressionParams, Config, Format, GroupBy};
pub use permissions::Permissions;
pub use rotation::Rotation;
