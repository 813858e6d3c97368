//! What the file says about it, and the way to start it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem};
use config::{Defaults, Inline, Interval, Preset};
use formats::zipkin::NO_SERVICE_NAME;
use http::Uri;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::http::ClientConfig;

use super::send::Posts;

/// Sends spans to Zipkin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The connection; its `endpoint` is the whole URL.
    pub client: ClientConfig,
    /// What other HTTP clients do not have.
    pub own: Own,
    /// Queue and retry.
    pub delivery: DeliveryConfig,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Preset<ClientDefaults>, Own, DeliveryConfig)>;

/// What other HTTP clients do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// How spans are written.
    pub format: Format,
    /// The service name of resources that have neither one nor anything to take for one.
    pub default_service_name: String,
}

/// How spans are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// Protobuf.
    Proto,
}

impl Default for Own {
    /// The Go Collector has another default for the name, and does not use it: this is the one that it writes.
    fn default() -> Own {
        Own { format: Format::Json, default_service_name: NO_SERVICE_NAME.to_owned() }
    }
}

/// The exporter's own defaults for an HTTP client.
#[derive(Clone, Copy, Debug)]
pub enum ClientDefaults {}

impl Defaults for ClientDefaults {
    type Block = ClientConfig;

    fn defaults() -> ClientConfig {
        ClientConfig {
            timeout: Interval::from_secs(5),
            write_buffer_size: 512 << 10,
            ..ClientConfig::default()
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::from(Inline(Default::default()))
    }
}

impl From<Settings> for Config {
    fn from(Inline((client, own, delivery)): Settings) -> Config {
        Config { client: client.0, own, delivery }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((Preset(config.client), config.own, config.delivery))
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "zipkin";
    const SIGNALS: &'static [Signal] = &[Signal::Traces];

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.client.check();
        problems.extend(self.delivery.check());
        if self.client.endpoint.is_empty() {
            let words = "endpoint required: the whole URL, such as `http://localhost:9411/api/v2/spans`";
            problems.push(Problem::error("endpoint", words));
        }
        problems
    }

    fn delivery(&self) -> Delivery {
        // The client's own timeout covers the whole request, so there is no second one.
        self.delivery.delivery(Duration::ZERO)
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        let url: Uri = self.client.endpoint.parse()?;
        let client = self.client.connect(&cx)?;
        Ok(Arc::new(Posts::new(client, url, self.own, cx)))
    }
}
