//! Settings of an HTTP server, with the Go Collector's keys and defaults.

use component::{Context, Problem};
use config::{Interval, Optional, SecretMap};
use serde::{Deserialize, Serialize};

use super::Server;
use crate::auth::AuthConfig;
use crate::compression::Encoding;
use crate::endpoint::Transport;
use crate::grpc::{Dialer, Middleware, check_headers, check_listener, check_middlewares};
use crate::tls::ServerTlsConfig;

/// The largest body when nothing else is said: 20 MiB, as in the Go Collector.
const DEFAULT_MAX_BODY: usize = 20 << 20;

/// Settings of an HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// `host:port`, or a path.
    pub endpoint: String,
    /// `tcp` or `unix`.
    pub transport: Transport,
    /// How outgoing connections are made, which a server has none of.
    pub dialer: Dialer,
    /// Encryption; plain text when absent.
    pub tls: Optional<ServerTlsConfig>,
    /// Which web pages may send.
    pub cors: Optional<CorsConfig>,
    /// Who may call.
    pub auth: Optional<AuthConfig>,
    /// The largest body in bytes, packed and unpacked; 0 is 20 MiB.
    pub max_request_body_size: i64,
    /// Keeps request headers with the data.
    pub include_metadata: bool,
    /// Headers of every answer.
    pub response_headers: SecretMap,
    /// How bodies may be packed; `""` is not at all. An empty list takes bodies as they are.
    pub compression_algorithms: Vec<String>,
    /// How long a request may take to arrive; 0 is two minutes.
    pub read_timeout: Interval,
    /// How long its headers may take; 0 is `read_timeout`, or one minute.
    pub read_header_timeout: Interval,
    /// How long the client may let an answer lie; 0 is one minute.
    pub write_timeout: Interval,
    /// How long a connection may wait for its next request; 0 is for ever.
    pub idle_timeout: Interval,
    /// Whether a connection serves more than one request.
    pub keep_alives_enabled: bool,
    /// The newer form of the two above.
    pub keepalive: Optional<ServerKeepAlive>,
    /// Extensions in front; none is supported.
    pub middlewares: Vec<Middleware>,
}

/// The `cors` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins that may send; `*` stands for anything, within a name too.
    pub allowed_origins: Vec<String>,
    /// Headers they may send, beside the plain ones; `*` is any.
    pub allowed_headers: Vec<String>,
    /// Headers that pages may see in the answer.
    pub exposed_headers: Vec<String>,
    /// For how many seconds a browser may remember this.
    pub max_age: u32,
}

/// The `keepalive` block of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerKeepAlive {
    /// Whether a connection serves more than one request.
    pub enabled: bool,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Interval,
}

impl Default for ServerKeepAlive {
    fn default() -> ServerKeepAlive {
        ServerKeepAlive { enabled: true, idle_timeout: Interval::from_secs(60) }
    }
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        let algorithms = ["", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4", "x-snappy-framed"];
        ServerConfig {
            endpoint: String::new(),
            transport: Transport::Tcp,
            dialer: Dialer::default(),
            tls: Optional::NONE,
            cors: Optional::NONE,
            auth: Optional::NONE,
            max_request_body_size: 20 << 20,
            include_metadata: false,
            response_headers: SecretMap::default(),
            compression_algorithms: algorithms.map(str::to_owned).to_vec(),
            read_timeout: Interval::ZERO,
            read_header_timeout: Interval::from_secs(60),
            write_timeout: Interval::from_secs(30),
            idle_timeout: Interval::from_secs(60),
            keep_alives_enabled: true,
            keepalive: Optional::NONE,
            middlewares: Vec::new(),
        }
    }
}

impl ServerConfig {
    /// The defaults, at that endpoint.
    #[must_use]
    pub fn with_endpoint(endpoint: &str) -> ServerConfig {
        ServerConfig { endpoint: endpoint.to_owned(), ..ServerConfig::default() }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = check_listener(&self.endpoint, self.transport);
        for name in &self.compression_algorithms {
            if Encoding::parse(name).is_none() {
                let words = format!("unsupported compression algorithm `{name}`");
                problems.push(Problem::error("compression_algorithms", words));
            }
        }
        if let Some(tls) = self.tls.as_ref() {
            problems.extend(tls.check().into_iter().map(|problem| problem.under("tls")));
        }
        if self.auth.as_ref().is_some_and(|auth| auth.authenticator.is_none()) {
            problems.push(Problem::error("auth::authenticator", "must name an extension"));
        }
        if let Some(cors) = self.cors.as_ref()
            && cors.allowed_origins.is_empty()
            && !cors.allowed_headers.is_empty()
        {
            let words = "CORS is off: `allowed_headers` is set without `allowed_origins`";
            problems.push(Problem::warning("cors::allowed_headers", words));
        }
        problems.extend(check_headers("response_headers", &self.response_headers));
        problems.extend(check_middlewares(&self.middlewares));
        problems
    }

    /// Binds the listener.
    ///
    /// # Errors
    /// When the endpoint cannot be bound, the certificates cannot be read, or the authenticator is not there.
    pub async fn bind(&self, cx: &Context) -> anyhow::Result<Server> {
        Server::bind(self, cx).await
    }

    pub(super) fn max_body(&self) -> usize {
        usize::try_from(self.max_request_body_size).ok().filter(|size| *size > 0).unwrap_or(DEFAULT_MAX_BODY)
    }

    pub(super) fn keeps_alive(&self) -> bool {
        self.keepalive.as_ref().map_or(self.keep_alives_enabled, |keepalive| keepalive.enabled)
    }

    pub(super) fn idle(&self) -> Interval {
        self.keepalive.as_ref().map_or(self.idle_timeout, |keepalive| keepalive.idle_timeout)
    }
}
