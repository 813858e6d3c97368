//! What users write under `extensions::health_check`.

use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Listens, Problem};
use config::{Inline, Interval, Optional};
use serde::{Deserialize, Serialize};
use transport::http::ServerConfig;

use super::serve;

/// The Go Collector's default.
const ENDPOINT: &str = "localhost:13133";

/// The `health_check` extension.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Inline<(ServerConfig, Own)>", into = "Inline<(ServerConfig, Own)>")]
pub struct Config {
    /// Where and how to serve.
    pub server: ServerConfig,
    /// What to serve.
    pub own: Own,
}

/// The keys beside those of the HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Below which path to answer; `/` is every path.
    pub path: String,
    /// What to answer instead of the JSON text.
    pub response_body: Optional<ResponseBody>,
    /// A path of its own for how each pipeline is.
    pub pipelines: Pipelines,
    /// Old, and without effect.
    pub check_collector_pipeline: PipelineCheck,
}

/// What to answer instead of the JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseBody {
    /// When all is well.
    pub healthy: String,
    /// When it is not.
    pub unhealthy: String,
}

/// How each pipeline is, on a path of its own. Off by default: the answer on every other path is the Go Collector's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pipelines {
    /// Whether there is one.
    pub enabled: bool,
    /// Which.
    pub path: String,
}

impl Default for Pipelines {
    fn default() -> Pipelines {
        Pipelines { enabled: false, path: "/health/pipelines".to_owned() }
    }
}

/// Old, and without effect, as in the Go Collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are read so that old files run, and mean nothing")]
pub struct PipelineCheck {
    pub enabled: bool,
    pub interval: Interval,
    pub exporter_failure_threshold: i64,
}

impl Default for PipelineCheck {
    fn default() -> PipelineCheck {
        PipelineCheck { enabled: false, interval: Interval::from_secs(300), exporter_failure_threshold: 5 }
    }
}

impl Default for Own {
    fn default() -> Own {
        Own {
            path: "/".to_owned(),
            response_body: Optional::NONE,
            pipelines: Pipelines::default(),
            check_collector_pipeline: PipelineCheck::default(),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config { server: ServerConfig::with_endpoint(ENDPOINT), own: Own::default() }
    }
}

impl From<Inline<(ServerConfig, Own)>> for Config {
    fn from(Inline((mut server, own)): Inline<(ServerConfig, Own)>) -> Config {
        if server.endpoint.is_empty() {
            ENDPOINT.clone_into(&mut server.endpoint);
        }
        Config { server, own }
    }
}

impl From<Config> for Inline<(ServerConfig, Own)> {
    fn from(config: Config) -> Inline<(ServerConfig, Own)> {
        Inline((config.server, config.own))
    }
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "health_check";

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.server.check();
        if !self.own.path.starts_with('/') {
            problems.push(Problem::error("path", format!("`{}` must start with `/`", self.own.path)));
        }
        let pipelines = &self.own.pipelines;
        if !pipelines.path.starts_with('/') {
            let words = format!("`{}` must start with `/`", pipelines.path);
            problems.push(Problem::error("pipelines::path", words));
        }
        if pipelines.enabled && pipelines.path == self.own.path {
            let words = format!("`{}` is the path of the other answer", pipelines.path);
            problems.push(Problem::error("pipelines::path", words));
        }
        if self.own.check_collector_pipeline != PipelineCheck::default() {
            let message =
                "has no effect, here as in the Go Collector; watch the metrics of the exporters instead";
            problems.push(Problem::warning("check_collector_pipeline", message));
        }
        problems
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.server.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let server = self.server.bind(&cx).await?;
        serve::start(server, self.own, &cx);
        Ok(Capabilities::default())
    }
}
