//! What the file says about it, and the way to start it.

use async_trait::async_trait;
use component::{Context, Listens, Outputs, Problem, Receiver};
use config::{Defaults, Inline, Interval, Optional, Preset};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::{grpc, http};

use super::grpc::Exports;
use super::http::Posts;

/// Receives OTLP.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to listen for; at least one.
    pub protocols: Protocols,
}

/// The two transports of OTLP.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocols {
    /// OTLP/gRPC.
    pub grpc: Optional<Preset<GrpcDefaults>>,
    /// OTLP/HTTP.
    pub http: Optional<HttpConfig>,
}

/// The receiver's own defaults for a gRPC server.
#[derive(Clone, Copy, Debug)]
pub enum GrpcDefaults {}

impl Defaults for GrpcDefaults {
    type Block = grpc::ServerConfig;

    fn defaults() -> grpc::ServerConfig {
        grpc::ServerConfig::with_endpoint("localhost:4317")
    }
}

/// The receiver's own defaults for an HTTP server.
///
/// Unlike the Go Collector's they leave the timeouts for headers and idle connections on, so that a slow client cannot
/// hold a connection for ever. Answers may take as long as the pipeline does.
#[derive(Clone, Copy, Debug)]
pub enum HttpDefaults {}

impl Defaults for HttpDefaults {
    type Block = http::ServerConfig;

    fn defaults() -> http::ServerConfig {
        http::ServerConfig {
            write_timeout: Interval::ZERO,
            ..http::ServerConfig::with_endpoint("localhost:4318")
        }
    }
}

/// An HTTP server with the receiver's own defaults, and the paths it serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Inline<(Preset<HttpDefaults>, Paths)>", into = "Inline<(Preset<HttpDefaults>, Paths)>")]
pub struct HttpConfig {
    /// The server.
    pub server: http::ServerConfig,
    /// Where each signal is posted.
    pub paths: Paths,
}

impl From<Inline<(Preset<HttpDefaults>, Paths)>> for HttpConfig {
    fn from(Inline((server, paths)): Inline<(Preset<HttpDefaults>, Paths)>) -> HttpConfig {
        HttpConfig { server: server.0, paths: paths.with_slashes() }
    }
}

impl From<HttpConfig> for Inline<(Preset<HttpDefaults>, Paths)> {
    fn from(config: HttpConfig) -> Inline<(Preset<HttpDefaults>, Paths)> {
        Inline((Preset(config.server), config.paths))
    }
}

/// Where each signal is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Of traces.
    pub traces_url_path: String,
    /// Of metrics.
    pub metrics_url_path: String,
    /// Of logs.
    pub logs_url_path: String,
}

impl Default for Paths {
    fn default() -> Paths {
        Paths {
            traces_url_path: "/v1/traces".to_owned(),
            metrics_url_path: "/v1/metrics".to_owned(),
            logs_url_path: "/v1/logs".to_owned(),
        }
    }
}

impl Paths {
    /// The signal that is posted to `path`.
    pub(super) fn signal(&self, path: &str) -> Option<Signal> {
        let all = [
            (&self.traces_url_path, Signal::Traces),
            (&self.metrics_url_path, Signal::Metrics),
            (&self.logs_url_path, Signal::Logs),
        ];
        all.into_iter().find(|(known, _)| *known == path).map(|(_, signal)| signal)
    }

    /// A missing slash at the front is meant.
    fn with_slashes(self) -> Paths {
        let slash = |path: String| if path.starts_with('/') { path } else { format!("/{path}") };
        Paths {
            traces_url_path: slash(self.traces_url_path),
            metrics_url_path: slash(self.metrics_url_path),
            logs_url_path: slash(self.logs_url_path),
        }
    }
}

#[async_trait]
impl Receiver for Config {
    const NAME: &'static str = "otlp";
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

    fn check(&self) -> Vec<Problem> {
        let Protocols { grpc, http } = &self.protocols;
        if !grpc.is_some() && !http.is_some() {
            let message = "must specify at least one protocol when using the OTLP receiver: `grpc` or `http`";
            return vec![Problem::error("protocols", message)];
        }
        let of_grpc = grpc.as_ref().map(|server| server.0.check()).unwrap_or_default();
        let of_http = http.as_ref().map(|config| config.server.check()).unwrap_or_default();
        let of_grpc = of_grpc.into_iter().map(|problem| problem.under("protocols::grpc"));
        of_grpc.chain(of_http.into_iter().map(|problem| problem.under("protocols::http"))).collect()
    }

    fn listens_on(&self) -> Vec<Listens> {
        let Protocols { grpc, http } = &self.protocols;
        let grpc = grpc.as_ref().map(|server| Listens {
            address: server.0.endpoint.clone(),
            setting: "protocols::grpc::endpoint",
        });
        let http = http.as_ref().map(|config| Listens {
            address: config.server.endpoint.clone(),
            setting: "protocols::http::endpoint",
        });
        grpc.into_iter().chain(http).collect()
    }

    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()> {
        // Both are bound before one of them takes anything.
        let grpc = match self.protocols.grpc.as_ref() {
            Some(server) => Some(server.0.bind(&cx).await?),
            None => None,
        };
        let http = match self.protocols.http.as_ref() {
            Some(config) => Some((config.server.bind(&cx).await?, config.paths.clone())),
            None => None,
        };
        if let Some(server) = grpc {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting GRPC server");
            server.serve(&cx, Exports::new(outputs.clone()));
        }
        if let Some((server, paths)) = http {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting HTTP server");
            server.serve(&cx, Posts::new(paths, outputs, cx.memory.clone()));
        }
        Ok(())
    }
}
