//! The HTTP client of scrapes and discoveries.
//!
//! Rules:
//! 1. Whatever can change while we run is read with each request: secrets in files, tokens. Certificates are read with
//!    the first connection, and again with later ones when they have changed.
//! 2. What cannot be read costs that request, never the start.
//! 3. A body is read as it comes: callers bound and charge what they keep, and say how long they wait.

mod credentials;
mod secret;
mod token;

use std::sync::Arc;

use ::http::header::{AUTHORIZATION, USER_AGENT};
use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use component::{Context, Origin};
use config::Interval;
use transport::http::{Client, ClientConfig, Files, Manner, Redirects};

pub use transport::http::{Answer, Fault};

use super::http_config::{HttpConfig, ProxyConfig, TlsConfig};
use credentials::Credentials;
use secret::SecretSource;

/// As Prometheus: longer than most scrape intervals, so that a target's connection serves the next scrape.
const IDLE: Interval = Interval::from_secs(300);

/// Idle connections to one host. Most targets need one; a server in front of many, such as that of Kubernetes, more.
const IDLE_PER_HOST: usize = 32;

/// A silent HTTP/2 connection is asked whether it lives after this, as in Prometheus.
const SILENT: Interval = Interval::from_secs(60);

/// How much is read of what an authorization server answers, or of the answer that redirects.
const MAX_SMALL_ANSWER: usize = 64 << 10;

/// Makes requests. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    client: Client,
    credentials: Credentials,
    headers: Vec<(HeaderName, SecretSource)>,
    user_agent: HeaderValue,
}

impl HttpConfig {
    /// Makes a client; it connects when there is something to ask.
    ///
    /// # Errors
    /// When the settings are not those that `check` found right, or the environment names no proxy that can be used.
    pub fn client(&self, cx: &Context) -> anyhow::Result<HttpClient> {
        let keys = &self.keys;
        let redirects = if keys.follow_redirects { Redirects::Follow } else { Redirects::Return };
        let user_agent = format!("{}/{}", cx.build.command, cx.build.version);
        let mut headers = Vec::new();
        for (name, source) in &keys.http_headers.0 {
            let name = HeaderName::try_from(name)?;
            headers.extend(SecretSource::of_header(source).map(|source| (name.clone(), source)));
        }
        Ok(HttpClient(Arc::new(Inner {
            client: client(&keys.tls_config, &self.proxy, keys.enable_http2, redirects, cx)?,
            credentials: Credentials::new(keys, cx)?,
            headers,
            user_agent: HeaderValue::try_from(user_agent)?,
        })))
    }
}

impl HttpClient {
    /// Asks for what is at `url`. There is no limit on the time: that is the caller's. `headers` come on top of those
    /// that are configured.
    ///
    /// # Errors
    /// When there is no answer; an answer that says no is an [`Answer`].
    pub async fn get(&self, url: &Uri, mut headers: HeaderMap) -> Result<Answer, Fault> {
        let inner = &*self.0;
        headers.entry(USER_AGENT).or_insert_with(|| inner.user_agent.clone());
        for (name, source) in &inner.headers {
            headers.append(name.clone(), source.header().await?);
        }
        if let Some(value) = inner.credentials.header().await? {
            headers.entry(AUTHORIZATION).or_insert(value);
        }
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = url.clone();
        *request.headers_mut() = headers;
        inner.client.open(request, &Origin::default()).await
    }
}

/// A URL of the web. One with a password in it is refused: it would be seen in logs.
///
/// # Errors
/// What is wrong with it.
pub fn parse_url(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(format!("`{url}` must begin with `http://` or `https://` and a host"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("must not have a user or a password in it, use `basic_auth`".to_owned());
    }
    Ok(uri)
}

fn client(
    tls: &TlsConfig,
    proxy: &ProxyConfig,
    http2: bool,
    redirects: Redirects,
    cx: &Context,
) -> anyhow::Result<Client> {
    let config = ClientConfig {
        tls: tls.of_client(),
        max_idle_conns_per_host: IDLE_PER_HOST,
        idle_conn_timeout: IDLE,
        http2_read_idle_timeout: SILENT,
        force_attempt_http2: http2,
        ..ClientConfig::default()
    };
    let manner = Manner {
        proxies: proxy.proxies()?,
        redirects,
        files: Files::WhenNeeded,
        max_answer: MAX_SMALL_ANSWER,
    };
    config.connect_in(cx, manner)
}

#[cfg(test)]
mod tests;
