//! Targets listed by an HTTP server.

use std::time::Duration;

use ::http::header::{ACCEPT, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use component::{Charge, Context, Memory, Problem};
use config::Inline;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Discovery, Finder, Group, document};
use crate::prometheus::PromDuration;
use crate::prometheus::client::{Answer, HttpClient, parse_url};
use crate::prometheus::http_config::HttpConfig;

/// Which server named a target.
const META_URL: &str = "__meta_url";

const NO_MEMORY: &str = "there is no memory for the list now";

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
        let mut problems = super::check_interval(self.keys.refresh_interval);
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

    async fn run(self, cx: Context, finder: Finder) -> anyhow::Result<()> {
        let interval = self.keys.refresh_interval.0;
        let asker = Asker {
            url: parse_url(&self.keys.url).map_err(anyhow::Error::msg)?,
            headers: headers(interval)?,
            client: self.http.client(&cx)?,
            source: self.keys.url,
            memory: cx.memory.clone(),
        };
        loop {
            let asked_at = Instant::now();
            let answer = tokio::time::timeout(interval, asker.ask()).await;
            match answer.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {interval:?}"))) {
                Ok(groups) => {
                    finder.replace(groups);
                    finder.works();
                }
                Err(error) => finder.failed(&format!("{error:#}")),
            }
            tokio::time::sleep_until(asked_at + interval).await;
        }
    }
}

/// What every request has in common.
struct Asker {
    client: HttpClient,
    url: Uri,
    headers: HeaderMap,
    source: String,
    memory: Memory,
}

impl Asker {
    /// The groups there are now.
    async fn ask(&self) -> anyhow::Result<Vec<Group>> {
        let answer = self.client.get(&self.url, self.headers.clone()).await?;
        ensure!(answer.status == StatusCode::OK, "the server answered {}", answer.status);
        let content_type =
            answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        ensure!(
            is_json(content_type),
            "the server answered with the content type `{content_type}`, not JSON"
        );
        let (body, charge) = self.read(answer).await?;
        let mut groups = document::from_json(&body, &self.source)?;
        drop((body, charge));
        for group in &mut groups {
            group.labels.set(META_URL, self.source.clone());
        }
        Ok(groups)
    }

    /// All of a body that is not too long, under a charge.
    async fn read(&self, mut answer: Answer) -> anyhow::Result<(Vec<u8>, Charge)> {
        let mut charge = self.memory.charge(0).context(NO_MEMORY)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            let max = document::MAX_BYTES;
            ensure!(body.len() + part.len() <= max, "the list has more than {max} bytes");
            ensure!(charge.grow(part.len()), NO_MEMORY);
            body.extend_from_slice(&part);
        }
        Ok((body, charge))
    }
}

/// What Prometheus says of itself when it asks for targets.
fn headers(interval: Duration) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let seconds = HeaderValue::try_from(interval.as_secs_f64().to_string())?;
    headers.insert(HeaderName::from_static("x-prometheus-refresh-interval-seconds"), seconds);
    Ok(headers)
}

/// `application/json`, with no parameter but the charset UTF-8.
fn is_json(content_type: &str) -> bool {
    let lower = content_type.to_ascii_lowercase();
    match lower.split_once(';') {
        None => lower.trim() == "application/json",
        Some((kind, parameter)) => {
            kind.trim() == "application/json"
                && matches!(parameter.trim(), "charset=utf-8" | "charset=\"utf-8\"")
        }
    }
}
