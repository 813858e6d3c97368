//! What the file says about it, and the way to start it.

use async_trait::async_trait;
use component::{Context, Listens, Outputs, Problem, Receiver};
use config::{Defaults, Inline, Interval, Preset};
use formats::zipkin::DecodeOptions;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::http;

use super::http::Posts;

/// Receives spans of Zipkin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The server.
    pub server: http::ServerConfig,
    /// What other HTTP servers do not have.
    pub own: Own,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Preset<ServerDefaults>, Own)>;

/// What other HTTP servers do not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Makes tags that look like a number or a boolean into one.
    pub parse_string_tags: bool,
}

/// The receiver's own defaults for an HTTP server.
///
/// The Go Collector's turn keep-alives and all timeouts off. Here connections are kept, and a slow client cannot hold
/// one for ever; answers may take as long as the pipeline does.
#[derive(Clone, Copy, Debug)]
pub enum ServerDefaults {}

impl Defaults for ServerDefaults {
    type Block = http::ServerConfig;

    fn defaults() -> http::ServerConfig {
        http::ServerConfig {
            write_timeout: Interval::ZERO,
            ..http::ServerConfig::with_endpoint("localhost:9411")
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::from(Inline(Default::default()))
    }
}

impl From<Settings> for Config {
    fn from(Inline((server, own)): Settings) -> Config {
        Config { server: server.0, own }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((Preset(config.server), config.own))
    }
}

#[async_trait]
impl Receiver for Config {
    const NAME: &'static str = "zipkin";
    const SIGNALS: &'static [Signal] = &[Signal::Traces];

    fn check(&self) -> Vec<Problem> {
        self.server.check()
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.server.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()> {
        // Without a pipeline for spans it is not started.
        let Some(next) = outputs.traces else { return Ok(()) };
        let server = self.server.bind(&cx).await?;
        info!(component = %cx.id, endpoint = %server.local_addr(), "Starting Zipkin server");
        let options = DecodeOptions { parse_string_tags: self.own.parse_string_tags };
        server.serve(&cx, Posts::new(options, next, cx.clone()));
        Ok(())
    }
}
