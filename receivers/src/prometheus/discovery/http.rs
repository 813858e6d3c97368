//! Targets listed by an HTTP server.

use async_trait::async_trait;
use component::{Context, Problem};
use config::Inline;
use serde::{Deserialize, Serialize};

use super::{Discovery, Finder};
use crate::prometheus::PromDuration;
use crate::prometheus::client::parse_url;
use crate::prometheus::http_config::HttpConfig;

/// One of `http_sd_configs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct HttpSdConfig {
    /// Whom to ask, and how often.
    pub keys: HttpKeysOfSd,
    /// How.
    pub http: HttpConfig,
}

type Parts = Inline<(HttpKeysOfSd, HttpConfig)>;

/// The keys of `http_sd_configs` that other HTTP clients do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpKeysOfSd {
    /// Where the list is.
    pub url: String,
    /// How often it is asked for, and how long an answer may take.
    pub refresh_interval: PromDuration,
}

impl Default for HttpKeysOfSd {
    fn default() -> HttpKeysOfSd {
        HttpKeysOfSd { url: String::new(), refresh_interval: PromDuration::from_secs(60) }
    }
}

impl From<Parts> for HttpSdConfig {
    fn from(Inline((keys, http)): Parts) -> HttpSdConfig {
        HttpSdConfig { keys, http }
    }
}

impl From<HttpSdConfig> for Parts {
    fn from(config: HttpSdConfig) -> Parts {
        Inline((config.keys, config.http))
    }
}

#[async_trait]
impl Discovery for HttpSdConfig {
    const NAME: &'static str = "http";

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.keys.url.is_empty() {
            problems.push(Problem::error("url", "must be set"));
        } else if let Err(words) = parse_url(&self.keys.url) {
            problems.push(Problem::error("url", words));
        }
        problems.extend(self.http.check());
        problems
    }

    fn describe(&self) -> String {
        self.keys.url.clone()
    }

    async fn run(self, _: Context, _: Finder) -> anyhow::Result<()> {
        std::future::pending().await
    }
}
