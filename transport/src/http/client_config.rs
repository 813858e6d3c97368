//! Settings of an HTTP client, with the Go Collector's keys and defaults.

use component::{Context, Problem};
use config::{Explicit, Interval, Optional, SecretMap};
use serde::{Deserialize, Serialize};

use super::Client;
use super::client::MAX_ANSWER;
use super::proxy::{Proxies, Proxy};
use crate::auth::AuthConfig;
use crate::compression::Encoding;
use crate::grpc::{Middleware, check_headers, check_middlewares};
use crate::tls::ClientTlsConfig;

/// Settings of an HTTP client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// A URL.
    pub endpoint: String,
    /// A proxy for all requests; the environment's when empty.
    pub proxy_url: String,
    /// Encryption, for `https://`.
    pub tls: ClientTlsConfig,
    /// Read for compatibility: buffers fit themselves to what comes.
    pub read_buffer_size: i64,
    /// Read for compatibility, like `read_buffer_size`.
    pub write_buffer_size: i64,
    /// How long a request may take, its answer included; 0 is for ever.
    pub timeout: Interval,
    /// Headers of every request; `Host` sets the host.
    pub headers: SecretMap,
    /// Who signs the requests.
    pub auth: Optional<AuthConfig>,
    /// How bodies are packed; none when empty.
    pub compression: Encoding,
    /// How hard.
    pub compression_params: CompressionParams,
    /// Connections kept for later; 0 is any number.
    pub max_idle_conns: usize,
    /// The same for one host; 0 is 2.
    pub max_idle_conns_per_host: usize,
    /// Requests at once to one host; 0 is any number.
    pub max_conns_per_host: usize,
    /// How long a connection is kept.
    pub idle_conn_timeout: Interval,
    /// Uses each connection once.
    pub disable_keep_alives: bool,
    /// An HTTP/2 connection silent for this long is asked whether it lives; 0 is never.
    pub http2_read_idle_timeout: Interval,
    /// How long it has to answer; 0 is 15 s.
    pub http2_ping_timeout: Interval,
    /// Offers HTTP/2 over TLS.
    pub force_attempt_http2: bool,
    /// Keeps cookies.
    pub cookies: Explicit<Cookies>,
    /// The newer form of the settings of connections.
    pub keepalive: Optional<ClientKeepAlive>,
    /// Extensions in front; none is supported.
    pub middlewares: Vec<Middleware>,
}

/// The `compression_params` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionParams {
    /// The level, in the algorithm's own numbers.
    pub level: Option<i32>,
}

/// The `cookies` block, which has no settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cookies {}

/// The `keepalive` block of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the same as the flat settings")]
pub struct ClientKeepAlive {
    pub enabled: bool,
    pub idle_conn_timeout: Interval,
    pub max_idle_conns: usize,
    pub max_idle_conns_per_host: usize,
}

/// What the settings of a client leave open.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Which proxies requests go through; `proxy_url` is not looked at.
    pub proxies: Proxies,
    /// What is done with redirects.
    pub redirects: Redirects,
    /// When the files of `tls` are read.
    pub files: Files,
    /// How much of a [`super::Reply`] is kept.
    pub max_answer: usize,
}

impl Manner {
    /// The manner of most clients: proxies as configured or as in the environment, redirects followed, files read at
    /// once.
    ///
    /// # Errors
    /// When a proxy's URL cannot be used.
    pub fn of(config: &ClientConfig) -> anyhow::Result<Manner> {
        Ok(Manner {
            proxies: Proxies::new(&config.proxy_url, |name| std::env::var(name).ok())?,
            redirects: Redirects::Follow,
            files: Files::AtStart,
            max_answer: MAX_ANSWER,
        })
    }
}

/// What is done with an answer that points elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// Asks there, up to ten times. Secrets are not sent to another host.
    Follow,
    /// It is the answer.
    Return,
}

/// When certificates and keys are read the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// At the start, which fails when they cannot be read.
    AtStart,
    /// With the first connection, which fails when they cannot be read.
    WhenNeeded,
}

impl Default for ClientKeepAlive {
    fn default() -> ClientKeepAlive {
        ClientKeepAlive {
            enabled: true,
            idle_conn_timeout: Interval::from_secs(90),
            max_idle_conns: 100,
            max_idle_conns_per_host: 0,
        }
    }
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            endpoint: String::new(),
            proxy_url: String::new(),
            tls: ClientTlsConfig::default(),
            read_buffer_size: 0,
            write_buffer_size: 0,
            timeout: Interval::ZERO,
            headers: SecretMap::default(),
            auth: Optional::NONE,
            compression: Encoding::Identity,
            compression_params: CompressionParams::default(),
            max_idle_conns: 100,
            max_idle_conns_per_host: 0,
            max_conns_per_host: 0,
            idle_conn_timeout: Interval::from_secs(90),
            disable_keep_alives: false,
            http2_read_idle_timeout: Interval::ZERO,
            http2_ping_timeout: Interval::ZERO,
            force_attempt_http2: true,
            cookies: Explicit::NONE,
            keepalive: Optional::NONE,
            middlewares: Vec::new(),
        }
    }
}

impl ClientConfig {
    /// What is wrong with it. Whether an endpoint must be set is the component's business.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !self.endpoint.is_empty()
            && let Err(words) = check_url(&self.endpoint)
        {
            problems.push(Problem::error("endpoint", words));
        }
        if let Err(error) = Proxy::parse(&self.proxy_url) {
            problems.push(Problem::error("proxy_url", format!("{error:#}")));
        }
        if let Some(level) = self.compression_params.level
            && !self.compression.takes_level(level)
        {
            let words = format!("unsupported level `{level}` for compression type `{}`", self.compression);
            problems.push(Problem::error("compression_params::level", words));
        }
        problems.extend(self.tls.check().into_iter().map(|problem| problem.under("tls")));
        problems.extend(check_headers("headers", &self.headers));
        if self.auth.as_ref().is_some_and(|auth| auth.authenticator.is_none()) {
            problems.push(Problem::error("auth::authenticator", "must name an extension"));
        }
        problems.extend(check_middlewares(&self.middlewares));
        problems
    }

    /// Makes a client; it connects when there is something to send.
    ///
    /// # Errors
    /// When certificates cannot be read or the authenticator is not there.
    pub fn connect(&self, cx: &Context) -> anyhow::Result<Client> {
        Client::start(self, cx)
    }

    /// The same, in its own manner in what the settings leave open.
    ///
    /// # Errors
    /// As [`ClientConfig::connect`].
    pub fn connect_in(&self, cx: &Context, manner: Manner) -> anyhow::Result<Client> {
        Client::start_in(self, cx, manner)
    }

    /// The settings of connections, in their newer form.
    pub(super) fn keep_alive(&self) -> ClientKeepAlive {
        self.keepalive.as_ref().cloned().unwrap_or(ClientKeepAlive {
            enabled: !self.disable_keep_alives,
            idle_conn_timeout: self.idle_conn_timeout,
            max_idle_conns: self.max_idle_conns,
            max_idle_conns_per_host: self.max_idle_conns_per_host,
        })
    }
}

fn check_url(url: &str) -> Result<(), String> {
    let uri: ::http::Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some() => Ok(()),
        _ => Err(format!("`{url}` must begin with `http://` or `https://` and a host")),
    }
}
