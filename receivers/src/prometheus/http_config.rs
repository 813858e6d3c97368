//! The HTTP client keys of Prometheus, as they stand in scrape configs and in discoveries.
//!
//! A struct that has these keys beside its own is read from an `Inline` of both.

mod credentials;
mod headers;
mod oauth2;
mod proxy;
mod tls;

use component::Problem;
use config::{Inline, Secret};
use serde::{Deserialize, Serialize};

pub use credentials::{Authorization, BasicAuth};
pub use headers::{HeaderSource, HeaderSources};
pub use oauth2::{OAuth2, OAuth2Keys};
pub use proxy::ProxyConfig;
pub use tls::TlsConfig;

/// How requests are made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct HttpConfig {
    /// What only requests themselves have.
    pub keys: HttpKeys,
    /// Which proxy they go through.
    pub proxy: ProxyConfig,
}

type Parts = Inline<(HttpKeys, ProxyConfig)>;

/// The keys that only requests themselves have; requests for tokens share the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpKeys {
    /// A user and a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<BasicAuth>,
    /// A token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// A token from an authorization server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    /// The old spelling of `authorization::credentials`.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub bearer_token: Secret,
    /// The old spelling of `authorization::credentials_file`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub bearer_token_file: String,
    /// Encryption, for `https`.
    pub tls_config: TlsConfig,
    /// Asks where an answer points to.
    pub follow_redirects: bool,
    /// Offers HTTP/2 over TLS.
    pub enable_http2: bool,
    /// Headers of every request.
    pub http_headers: HeaderSources,
}

impl Default for HttpKeys {
    fn default() -> HttpKeys {
        HttpKeys {
            basic_auth: None,
            authorization: None,
            oauth2: None,
            bearer_token: Secret::default(),
            bearer_token_file: String::new(),
            tls_config: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            http_headers: HeaderSources::default(),
        }
    }
}

impl From<Parts> for HttpConfig {
    fn from(Inline((keys, proxy)): Parts) -> HttpConfig {
        HttpConfig { keys, proxy }
    }
}

impl From<HttpConfig> for Parts {
    fn from(config: HttpConfig) -> Parts {
        Inline((config.keys, config.proxy))
    }
}

impl HttpConfig {
    /// What is wrong with it, with paths from the block that has these keys.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let keys = &self.keys;
        let mut problems = self.check_choice();
        if let Some(basic) = &keys.basic_auth {
            problems.extend(under("basic_auth", basic.check()));
        }
        if let Some(authorization) = &keys.authorization {
            problems.extend(under("authorization", authorization.check()));
        }
        if let Some(oauth2) = &keys.oauth2 {
            problems.extend(under("oauth2", oauth2.check()));
        }
        problems.extend(under("tls_config", keys.tls_config.check()));
        problems.extend(self.proxy.check());
        problems.extend(under("http_headers", keys.http_headers.check()));
        problems
    }

    /// The one way to authorize that there may be; the old spelling of a token is the new one.
    fn check_choice(&self) -> Vec<Problem> {
        let keys = &self.keys;
        let ways = [
            ("basic_auth", keys.basic_auth.is_some()),
            ("authorization", keys.authorization.is_some()),
            ("oauth2", keys.oauth2.is_some()),
            ("bearer_token", !keys.bearer_token.is_empty()),
            ("bearer_token_file", !keys.bearer_token_file.is_empty()),
        ];
        let mut problems = Vec::new();
        let mut chosen = ways.iter().filter(|(_, is_set)| *is_set).map(|(key, _)| *key);
        let first = chosen.next();
        for other in chosen {
            let words = format!("`{}` and `{other}` must not both be set", first.unwrap_or_default());
            problems.push(Problem::error(other, words));
        }
        for (old, new) in [("bearer_token", "credentials"), ("bearer_token_file", "credentials_file")] {
            if ways.contains(&(old, true)) {
                let words = format!("is the old spelling of `authorization: {{{new}: …}}`");
                problems.push(Problem::warning(old, words));
            }
        }
        problems
    }
}

/// The problems of a block that stands under `key`.
fn under(key: &str, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |problem| problem.under(key))
}

/// At most one of a value, its file and its reference, which is not supported.
fn check_source(key: &str, has_value: bool, has_file: bool, has_ref: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    if has_value && has_file {
        let words = format!("`{key}` and `{key}_file` must not both be set");
        problems.push(Problem::error(&format!("{key}_file"), words));
    }
    if has_ref {
        let words = format!("references to secret managers are not supported, use `{key}_file`");
        problems.push(Problem::error(&format!("{key}_ref"), words));
    }
    problems
}

#[cfg(test)]
mod tests;
