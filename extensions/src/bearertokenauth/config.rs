//! What users write under `extensions::bearertokenauth`.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Problem};
use config::{Interval, Secret};
use http::HeaderName;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::token::{Bearer, Tokens};
use crate::watched_file;

/// The `bearertokenauth` extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What stands before the token; nothing when empty.
    pub scheme: String,
    /// The header that holds the token.
    pub header: String,
    /// The token.
    pub token: Secret,
    /// Several tokens: all are let in, the first is sent.
    pub tokens: Vec<Secret>,
    /// A file with a token in each line, read anew when it changes.
    pub filename: String,
    /// Whether to wait for the file at the start.
    pub file_retry: FileRetry,
}

/// Waiting for the file at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileRetry {
    /// Whether to wait.
    pub enabled: bool,
    /// How often to look again.
    pub max_retries: u32,
    /// How long to wait each time.
    pub retry_interval: Interval,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            scheme: "Bearer".to_owned(),
            header: "Authorization".to_owned(),
            token: Secret::default(),
            tokens: Vec::new(),
            filename: String::new(),
            file_retry: FileRetry::default(),
        }
    }
}

impl Default for FileRetry {
    fn default() -> FileRetry {
        FileRetry { enabled: false, max_retries: 10, retry_interval: Interval::from_secs(1) }
    }
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "bearertokenauth";

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |path: &str, message: String| problems.push(Problem::error(path, message));
        if HeaderName::try_from(&self.header).is_err() {
            wrong("header", format!("`{}` is not the name of a header", self.header));
        }
        if self.token.is_empty() && self.tokens.is_empty() && self.filename.is_empty() {
            wrong("", "no bearer token provided; set `token`, `tokens` or `filename`".to_owned());
        }
        if !self.token.is_empty() && !self.tokens.is_empty() {
            wrong("tokens", "either tokens or token should be provided, not both".to_owned());
        }
        if self.filename.is_empty()
            && let Err(error) = self.written_tokens()
        {
            wrong(if self.tokens.is_empty() { "token" } else { "tokens" }, format!("{error:#}"));
        }
        problems
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let header = HeaderName::try_from(&self.header)?;
        let tokens = match self.filename.is_empty() {
            true => Arc::new(ArcSwap::from_pointee(self.written_tokens()?)),
            false => self.watch(&cx).await?,
        };
        let bearer = Arc::new(Bearer { header, tokens });
        Ok(Capabilities { authenticator: Some(bearer.clone()), credentials: Some(bearer) })
    }
}

impl Config {
    fn written_tokens(&self) -> anyhow::Result<Tokens> {
        let token = Some(&self.token).filter(|token| !token.is_empty());
        Tokens::new(&self.scheme, token.into_iter().chain(&self.tokens).map(Secret::expose))
    }

    /// The tokens of the file. Waits for it as `file_retry` says.
    async fn watch(&self, cx: &Context) -> anyhow::Result<Arc<ArcSwap<Tokens>>> {
        let mut left = if self.file_retry.enabled { self.file_retry.max_retries } else { 0 };
        let pause: Duration = *self.file_retry.retry_interval;
        loop {
            let scheme = self.scheme.clone();
            let parse = move |text: &str| Tokens::parse(&scheme, text);
            match watched_file::watch(cx, &self.filename, parse).await {
                Err(error) if left > 0 && !cx.scope.is_stopping() => {
                    warn!(error = format!("{error:#}"), left, "cannot read the tokens yet");
                    left -= 1;
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
    }
}
