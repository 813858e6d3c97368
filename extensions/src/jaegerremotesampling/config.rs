//! What users write under `extensions::jaegerremotesampling`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Listens, Problem};
use config::{Defaults, Explicit, Interval, Optional, Preset};
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::{grpc, http};

use super::Source;
use super::file::File;
use super::remote::Remote;
use super::serve::Answers;

/// Tells clients how to sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Answers over HTTP; `http:` alone turns it off.
    pub http: Explicit<Preset<HttpDefaults>>,
    /// Answers over gRPC; `grpc:` alone turns it off.
    pub grpc: Explicit<Preset<GrpcDefaults>>,
    /// Where strategies come from.
    pub source: SourceConfig,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            http: Explicit::some(Preset::default()),
            grpc: Explicit::some(Preset::default()),
            source: SourceConfig::default(),
        }
    }
}

/// Where strategies come from: a file or another Jaeger.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceConfig {
    /// A file of strategies, or the URL of one.
    pub file: String,
    /// A Jaeger collector to ask.
    pub remote: Optional<grpc::ClientConfig>,
    /// After how long the file is read anew, or an answer asked for again; zero is never, or each time.
    pub reload_interval: Interval,
}

/// The extension's own defaults for an HTTP server.
#[derive(Clone, Copy, Debug)]
pub enum HttpDefaults {}

impl Defaults for HttpDefaults {
    type Block = http::ServerConfig;

    fn defaults() -> http::ServerConfig {
        http::ServerConfig::with_endpoint("localhost:5778")
    }
}

/// The extension's own defaults for a gRPC server.
#[derive(Clone, Copy, Debug)]
pub enum GrpcDefaults {}

impl Defaults for GrpcDefaults {
    type Block = grpc::ServerConfig;

    fn defaults() -> grpc::ServerConfig {
        grpc::ServerConfig::with_endpoint("localhost:14250")
    }
}

impl SourceConfig {
    fn check(&self) -> Vec<Problem> {
        match (self.file.is_empty(), self.remote.as_ref()) {
            (false, Some(_)) => {
                let message = "too many sources specified, has to be either `file` or `remote`";
                vec![Problem::error("", message)]
            }
            (true, None) => {
                vec![Problem::error("", "no sources specified, has to be either `file` or `remote`")]
            }
            (false, None) => Vec::new(),
            (true, Some(client)) if client.endpoint.is_empty() => {
                let message = "must have a non-empty `endpoint`, such as `localhost:14250`";
                vec![Problem::error("remote::endpoint", message)]
            }
            (true, Some(client)) => {
                client.check().into_iter().map(|problem| problem.under("remote")).collect()
            }
        }
    }

    async fn open(&self, cx: &Context) -> anyhow::Result<Arc<dyn Source>> {
        match self.remote.as_ref() {
            Some(client) => Ok(Arc::new(Remote::new(client.connect(cx)?, *self.reload_interval))),
            None => Ok(File::open(&self.file, *self.reload_interval, cx).await?),
        }
    }
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "jaegerremotesampling";

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !self.http.is_some() && !self.grpc.is_some() {
            let message = "no protocols selected to serve the strategies, use `grpc`, `http`, or both";
            problems.push(Problem::error("", message));
        }
        let http = self.http.as_ref().map(|server| server.0.check()).unwrap_or_default();
        let grpc = self.grpc.as_ref().map(|server| server.0.check()).unwrap_or_default();
        problems.extend(http.into_iter().map(|problem| problem.under("http")));
        problems.extend(grpc.into_iter().map(|problem| problem.under("grpc")));
        problems.extend(self.source.check().into_iter().map(|problem| problem.under("source")));
        problems
    }

    fn listens_on(&self) -> Vec<Listens> {
        let http = self.http.as_ref().map(|server| (server.0.endpoint.clone(), "http::endpoint"));
        let grpc = self.grpc.as_ref().map(|server| (server.0.endpoint.clone(), "grpc::endpoint"));
        http.into_iter().chain(grpc).map(|(address, setting)| Listens { address, setting }).collect()
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let http = match self.http.as_ref() {
            Some(server) => Some(server.0.bind(&cx).await?),
            None => None,
        };
        let grpc = match self.grpc.as_ref() {
            Some(server) => Some(server.0.bind(&cx).await?),
            None => None,
        };
        let answers = Arc::new(Answers::new(self.source.open(&cx).await?));
        if let Some(server) = http {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting HTTP server");
            server.serve(&cx, answers.clone());
        }
        if let Some(server) = grpc {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting GRPC server");
            server.serve(&cx, answers);
        }
        Ok(Capabilities::default())
    }
}
