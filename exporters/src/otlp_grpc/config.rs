//! What the file says about it, and the way to start it.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem};
use config::{Inline, Interval};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::grpc::ClientConfig;

use super::send::Exports;
use crate::user_agent;

/// Sends OTLP over gRPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)>")]
#[serde(into = "Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)>")]
pub struct Config {
    /// The connection.
    pub client: ClientConfig,
    /// How long one attempt may take.
    pub timeout: TimeoutConfig,
    /// Queue and retry.
    pub delivery: DeliveryConfig,
}

/// How long one attempt may take.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutConfig {
    /// Zero is for ever.
    pub timeout: Interval,
}

impl Default for TimeoutConfig {
    fn default() -> TimeoutConfig {
        TimeoutConfig { timeout: Interval::from_secs(5) }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::from(Inline(Default::default()))
    }
}

impl From<Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)>> for Config {
    fn from(Inline((mut client, timeout, delivery)): Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)>) -> Config {
        client.compression.get_or_insert_with(|| "gzip".to_owned());
        Config { client, timeout, delivery }
    }
}

impl From<Config> for Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)> {
    fn from(config: Config) -> Inline<(ClientConfig, TimeoutConfig, DeliveryConfig)> {
        Inline((config.client, config.timeout, config.delivery))
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "otlp_grpc";
    const ALIASES: &'static [&'static str] = &["otlp"];
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.client.check();
        if self.client.endpoint.is_empty() {
            problems.push(Problem::error("endpoint", "requires a non-empty `endpoint`, such as `localhost:4317`"));
        }
        problems.extend(self.delivery.check());
        problems
    }

    fn delivery(&self) -> Delivery {
        self.delivery.delivery(*self.timeout.timeout)
    }

    fn labels(&self, _: Signal) -> Vec<(&'static str, String)> {
        let (address, port) = self.client.server();
        vec![("server_address", address), ("server_port", port.to_string())]
    }

    async fn start(mut self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        if self.client.user_agent.is_empty() {
            self.client.user_agent = user_agent(&cx.build);
        }
        let client = self.client.connect(&cx)?;
        Ok(Arc::new(Exports::new(client, cx)))
    }
}
