//! What the file says about it, and the way to start it.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem};
use config::{Defaults, Inline, Interval, Optional, Preset};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::grpc::ClientConfig;

use super::send::Exports;
use crate::{server, user_agent};

/// Sends OTLP over gRPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The connection.
    pub client: ClientConfig,
    /// How long one attempt may take.
    pub timeout: TimeoutConfig,
    /// Queue and retry.
    pub delivery: DeliveryConfig,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Preset<ClientDefaults>, TimeoutConfig, DeliveryConfig)>;

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

impl From<Settings> for Config {
    fn from(Inline((client, timeout, delivery)): Settings) -> Config {
        Config { client: client.0, timeout, delivery }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((Preset(config.client), config.timeout, config.delivery))
    }
}

/// The exporter's own defaults for a gRPC client.
#[derive(Clone, Copy, Debug)]
pub enum ClientDefaults {}

impl Defaults for ClientDefaults {
    type Block = ClientConfig;

    fn defaults() -> ClientConfig {
        ClientConfig { compression: "gzip".to_owned(), keepalive: Optional::NONE, ..ClientConfig::default() }
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
            problems.push(Problem::error(
                "endpoint",
                "requires a non-empty `endpoint`, such as `localhost:4317`",
            ));
        }
        problems.extend(self.delivery.check());
        problems
    }

    fn delivery(&self) -> Delivery {
        self.delivery.delivery(*self.timeout.timeout)
    }

    fn labels(&self, _: Signal) -> Vec<(&'static str, String)> {
        let (address, port) = server(&self.client.endpoint);
        vec![("server_address", address.to_owned()), ("server_port", port.to_owned())]
    }

    async fn start(mut self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        if self.client.user_agent.is_empty() {
            self.client.user_agent = user_agent(&cx.build);
        }
        let client = self.client.connect(&cx)?;
        Ok(Arc::new(Exports::new(client, cx)))
    }
}
