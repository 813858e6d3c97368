//! What the file says about it, and the way to start it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem};
use config::{Defaults, Inline, Interval, Preset};
use http::Uri;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::http::ClientConfig;

use super::send::Posts;
use crate::user_agent;

/// Sends OTLP over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The connection; its `endpoint` is the base of all URLs.
    pub client: ClientConfig,
    /// What other HTTP clients do not have.
    pub own: Own,
    /// Queue and retry.
    pub delivery: DeliveryConfig,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Preset<ClientDefaults>, Own, DeliveryConfig)>;

/// What other HTTP clients do not have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// The whole URL for traces.
    pub traces_endpoint: String,
    /// The whole URL for metrics.
    pub metrics_endpoint: String,
    /// The whole URL for logs.
    pub logs_endpoint: String,
    /// How requests are written.
    pub encoding: Encoding,
}

/// How requests are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Protobuf.
    #[default]
    Proto,
    /// JSON.
    Json,
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

/// The exporter's own defaults for an HTTP client.
#[derive(Clone, Copy, Debug)]
pub enum ClientDefaults {}

impl Defaults for ClientDefaults {
    type Block = ClientConfig;

    fn defaults() -> ClientConfig {
        ClientConfig {
            timeout: Interval::from_secs(30),
            compression: transport::compression::Encoding::Gzip,
            ..ClientConfig::default()
        }
    }
}

impl Config {
    /// Where requests of that signal go.
    fn url(&self, signal: Signal) -> Result<Uri, String> {
        let (own, key) = match signal {
            Signal::Traces => (&self.own.traces_endpoint, "traces_endpoint"),
            Signal::Metrics => (&self.own.metrics_endpoint, "metrics_endpoint"),
            Signal::Logs => (&self.own.logs_endpoint, "logs_endpoint"),
        };
        let base = &self.client.endpoint;
        let text = match (own.is_empty(), base.is_empty()) {
            (false, _) => own.clone(),
            (true, false) if base.ends_with('/') => format!("{base}v1/{signal}"),
            (true, false) => format!("{base}/v1/{signal}"),
            (true, true) => return Err(format!("either endpoint or {key} must be specified")),
        };
        let uri: Uri = text.parse().map_err(|error| format!("`{text}` is not a URL: {error}"))?;
        match uri.scheme_str() {
            Some("http" | "https") => Ok(uri),
            _ => Err(format!("`{text}` is not a URL: it must start with `http://` or `https://`")),
        }
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "otlp_http";
    const ALIASES: &'static [&'static str] = &["otlphttp"];
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.client.check();
        problems.extend(self.delivery.check());
        let Own { traces_endpoint, metrics_endpoint, logs_endpoint, .. } = &self.own;
        // The client has checked its own endpoint.
        let endpoints = [
            ("traces_endpoint", traces_endpoint, Signal::Traces),
            ("metrics_endpoint", metrics_endpoint, Signal::Metrics),
            ("logs_endpoint", logs_endpoint, Signal::Logs),
        ];
        if self.client.endpoint.is_empty() && endpoints.iter().all(|(_, endpoint, _)| endpoint.is_empty()) {
            problems.push(Problem::error("endpoint", "at least one endpoint must be specified"));
        }
        for (key, endpoint, signal) in endpoints {
            if let (false, Err(error)) = (endpoint.is_empty(), self.url(signal)) {
                problems.push(Problem::error(key, error));
            }
        }
        problems
    }

    fn delivery(&self) -> Delivery {
        // The client's own timeout covers the whole request, so there is no second one.
        self.delivery.delivery(Duration::ZERO)
    }

    fn labels(&self, signal: Signal) -> Vec<(&'static str, String)> {
        let Ok(url) = self.url(signal) else { return Vec::new() };
        let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 });
        vec![
            ("server_address", url.host().unwrap_or_default().to_owned()),
            ("server_port", port.to_string()),
            ("url_path", url.path().to_owned()),
        ]
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        let urls = [Signal::Traces, Signal::Metrics, Signal::Logs].map(|signal| self.url(signal));
        let client = self.client.connect(&cx)?;
        let user_agent = user_agent(&cx.build);
        Ok(Arc::new(Posts::new(client, urls, self.own.encoding, user_agent, cx)))
    }
}
