//! What users write under `extensions::pprof`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Listens, Problem};
use config::Interval;
use serde::{Deserialize, Serialize};
use transport::http::ServerConfig;

use super::sampling::Only;
use super::serve;

/// The `pprof` extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub endpoint: String,
    /// Read for the sake of old files; a server dials nobody.
    pub dialer: Dialer,
    /// Go's; there is no such profile here.
    pub block_profile_fraction: i64,
    /// Go's; there is no such profile here.
    pub mutex_profile_fraction: i64,
    /// Where to write a CPU profile of the whole run; nowhere when empty.
    pub save_to_file: String,
}

/// How outgoing connections are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialer {
    /// How long one may take.
    pub timeout: Interval,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            endpoint: "localhost:1777".to_owned(),
            dialer: Dialer::default(),
            block_profile_fraction: 0,
            mutex_profile_fraction: 0,
            save_to_file: String::new(),
        }
    }
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "pprof";

    fn check(&self) -> Vec<Problem> {
        let mut problems = ServerConfig::with_endpoint(&self.endpoint).check();
        let fractions = [
            ("block_profile_fraction", self.block_profile_fraction),
            ("mutex_profile_fraction", self.mutex_profile_fraction),
        ];
        for (key, fraction) in fractions {
            if fraction != 0 {
                let message = "has no effect: this profile is one of the Go runtime, and does not exist here";
                problems.push(Problem::warning(key, message));
            }
        }
        problems
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let only = Arc::new(Only::claim()?);
        let server = ServerConfig::with_endpoint(&self.endpoint).bind(&cx).await?;
        if !self.save_to_file.is_empty() {
            let (only, scope, path) = (only.clone(), cx.scope.clone(), self.save_to_file);
            cx.scope.spawn("cpu profile", async move { only.save(&scope, &path).await });
        }
        serve::start(server, only, &cx);
        Ok(Capabilities::default())
    }
}
