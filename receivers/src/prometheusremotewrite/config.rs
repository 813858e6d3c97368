//! What the file says about it, and the way to start it.

use async_trait::async_trait;
use component::{Context, Listens, Outputs, Problem, Receiver};
use config::{Defaults, Interval, Preset};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::http;

use super::http::Writes;

/// The largest body when nothing else is said, as in the Go Collector: 10 MiB.
const DEFAULT_MAX_BODY: i64 = 10 << 20;

/// Receives metrics by remote write.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Config {
    /// The server.
    pub server: Preset<ServerDefaults>,
}

/// The receiver's own defaults for an HTTP server.
#[derive(Clone, Copy, Debug)]
pub enum ServerDefaults {}

impl Defaults for ServerDefaults {
    type Block = http::ServerConfig;

    fn defaults() -> http::ServerConfig {
        http::ServerConfig {
            max_request_body_size: DEFAULT_MAX_BODY,
            // An answer may take as long as the pipeline does.
            write_timeout: Interval::ZERO,
            ..http::ServerConfig::with_endpoint("localhost:9090")
        }
    }
}

#[async_trait]
impl Receiver for Config {
    const NAME: &'static str = "prometheusremotewrite";
    const ALIASES: &'static [&'static str] = &["prometheus_remote_write"];
    const SIGNALS: &'static [Signal] = &[Signal::Metrics];

    fn check(&self) -> Vec<Problem> {
        self.server.0.check()
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.server.0.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()> {
        // Without a pipeline for metrics it is not started.
        let Some(next) = outputs.metrics else { return Ok(()) };
        let server = self.server.0.bind(&cx).await?;
        info!(component = %cx.id, endpoint = %server.local_addr(), "Starting remote write server");
        let max_body = usize::try_from(self.server.0.max_request_body_size).ok().filter(|size| *size > 0);
        server.serve(&cx, Writes::new(max_body.unwrap_or(20 << 20), next, cx.clone()));
        Ok(())
    }
}
