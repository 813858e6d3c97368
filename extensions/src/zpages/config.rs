//! What users write under `extensions::zpages`.

use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Listens, Problem};
use config::Inline;
use serde::{Deserialize, Serialize};
use transport::http::ServerConfig;

use super::serve;

/// The Go Collector's default.
const ENDPOINT: &str = "localhost:55679";

/// The `zpages` extension.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Inline<(ServerConfig, Own)>", into = "Inline<(ServerConfig, Own)>")]
pub struct Config {
    /// Where and how to serve.
    pub server: ServerConfig,
    /// What to serve.
    pub own: Own,
}

/// The keys beside those of the HTTP server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// The page with the variables of the process.
    pub expvar: Expvar,
}

/// The page with the variables of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expvar {
    /// Whether there is one.
    pub enabled: bool,
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
    const NAME: &'static str = "zpages";

    fn check(&self) -> Vec<Problem> {
        self.server.check()
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.server.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let server = self.server.bind(&cx).await?;
        serve::start(server, &self.own, &cx);
        Ok(Capabilities::default())
    }
}
