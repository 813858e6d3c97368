//! The `jaegerremotesampling` extension: tells Jaeger's clients, and those of OpenTelemetry, how to sample.

mod config;
mod file;
mod message;
mod remote;
mod serve;
mod strategies;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use bytes::Bytes;
use transport::grpc::Status;

pub use self::config::Config;

/// Knows the strategy of each service.
#[async_trait]
trait Source: Send + Sync + 'static {
    /// The strategy of that service, as a `SamplingStrategyResponse`.
    async fn strategy(&self, service: &str) -> Result<Bytes, Status>;
}
