//! Settings of a gRPC client, with the Go Collector's keys and defaults.

use component::{Context, Problem};
use config::{Interval, Optional, SecretMap};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::server_config::{Middleware, check_middlewares};
use super::target::Target;
use super::{Client, message};
use crate::auth::AuthConfig;
use crate::tls::ClientTlsConfig;

/// Settings of a gRPC client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// `host:port`, also with `http://`, `https://`, `dns:///`, `passthrough:///` or `unix://` in front.
    pub endpoint: String,
    /// `gzip`, `snappy`, `zstd` or `none`.
    pub compression: String,
    /// Encryption; on unless `insecure`.
    pub tls: ClientTlsConfig,
    /// How a dead connection is found.
    pub keepalive: Optional<ClientKeepalive>,
    /// Read for compatibility: buffers fit themselves to what comes.
    pub read_buffer_size: i64,
    /// Read for compatibility, like `read_buffer_size`.
    pub write_buffer_size: i64,
    /// Waits for a connection instead of failing while there is none.
    pub wait_for_ready: bool,
    /// Headers of every call.
    pub headers: SecretMap,
    /// Replaces the component's own.
    pub user_agent: String,
    /// `round_robin` or `pick_first`.
    pub balancer_name: String,
    /// Replaces `:authority`.
    pub authority: String,
    /// Who signs the calls.
    pub auth: Optional<AuthConfig>,
    /// Extensions in front; none is supported.
    pub middlewares: Vec<Middleware>,
}

/// The `keepalive` block of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientKeepalive {
    /// A connection silent for this long is asked whether it lives.
    pub time: Interval,
    /// How long it has to answer.
    pub timeout: Interval,
    /// Whether that is done without calls under way.
    pub permit_without_stream: bool,
}

impl Default for ClientKeepalive {
    fn default() -> ClientKeepalive {
        ClientKeepalive {
            time: Interval::from_secs(10),
            timeout: Interval::from_secs(10),
            permit_without_stream: false,
        }
    }
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            endpoint: String::new(),
            compression: String::new(),
            tls: ClientTlsConfig::default(),
            keepalive: Optional::some(ClientKeepalive::default()),
            read_buffer_size: 0,
            write_buffer_size: 0,
            wait_for_ready: false,
            headers: SecretMap::default(),
            user_agent: String::new(),
            balancer_name: "round_robin".to_owned(),
            authority: String::new(),
            auth: Optional::NONE,
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
            && let Err(error) = Target::parse(&self.endpoint)
        {
            problems.push(Problem::error("endpoint", format!("{error:#}")));
        }
        if self.compression != "none" && message::encoding(&self.compression).is_none() {
            let words = "unsupported compression type, expected `gzip`, `snappy`, `zstd` or `none`";
            problems.push(Problem::error("compression", format!("`{}`: {words}", self.compression)));
        }
        if !matches!(self.balancer_name.as_str(), "" | "round_robin" | "pick_first") {
            let words = format!(
                "invalid balancer_name `{}`, expected `round_robin` or `pick_first`",
                self.balancer_name
            );
            problems.push(Problem::error("balancer_name", words));
        }
        problems.extend(self.tls.check().into_iter().map(|problem| problem.under("tls")));
        problems.extend(check_headers("headers", &self.headers));
        if self.auth.as_ref().is_some_and(|auth| auth.authenticator.is_none()) {
            problems.push(Problem::error("auth::authenticator", "must name an extension"));
        }
        problems.extend(check_middlewares(&self.middlewares));
        problems
    }

    /// Starts connecting in the background.
    ///
    /// # Errors
    /// When certificates cannot be read or the authenticator is not there; never because the server is away.
    pub fn connect(&self, cx: &Context) -> anyhow::Result<Client> {
        Client::start(self, cx)
    }
}

/// What is wrong with headers to send, configured at `path`.
pub(crate) fn check_headers(path: &str, headers: &SecretMap) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in headers.iter() {
        if HeaderName::try_from(name).is_err() {
            problems.push(Problem::error(path, format!("`{name}` is not a header name")));
        }
        if HeaderValue::try_from(value.expose()).is_err() {
            problems.push(Problem::error(path, format!("the value of `{name}` is not a header value")));
        }
    }
    problems
}
