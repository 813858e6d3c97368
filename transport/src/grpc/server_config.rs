//! Settings of a gRPC server, with the Go Collector's keys and defaults.

use component::{Context, Problem};
use config::{ComponentId, Interval, Optional};
use serde::{Deserialize, Serialize};

use super::Server;
use crate::auth::AuthConfig;
use crate::endpoint::{Transport, host_and_port};
use crate::tls::ServerTlsConfig;

/// What gRPC takes when nothing else is said: 4 MiB.
const DEFAULT_MAX_MESSAGE_MIB: u64 = 4;

/// Settings of a gRPC server.
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
    /// The largest message, in MiB; 0 is 4.
    pub max_recv_msg_size_mib: u64,
    /// How many calls one connection may have at once; 0 leaves it to the collector.
    pub max_concurrent_streams: u32,
    /// Read for compatibility: buffers fit themselves to what comes.
    pub read_buffer_size: i64,
    /// Read for compatibility, like `read_buffer_size`.
    pub write_buffer_size: i64,
    /// How long connections live, and how one is found dead.
    pub keepalive: Optional<ServerKeepalive>,
    /// Who may call.
    pub auth: Optional<AuthConfig>,
    /// Keeps request headers with the data.
    pub include_metadata: bool,
    /// Extensions in front; none is supported.
    pub middlewares: Vec<Middleware>,
}

/// The `dialer` block of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialer {
    /// Unused by servers.
    pub timeout: Interval,
}

/// An entry of `middlewares`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Middleware {
    /// The extension.
    pub id: Option<ComponentId>,
}

/// The `keepalive` block of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerKeepalive {
    /// What the server does.
    pub server_parameters: Optional<ServerParameters>,
    /// What clients may do.
    pub enforcement_policy: Optional<EnforcementPolicy>,
}

/// What the server does; 0 is the default of gRPC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerParameters {
    /// A connection without calls for this long is closed; never by default.
    pub max_connection_idle: Interval,
    /// A connection this old takes no more calls, give or take a tenth; never by default.
    pub max_connection_age: Interval,
    /// How long its last calls may take then; for ever by default.
    pub max_connection_age_grace: Interval,
    /// A connection silent for this long is asked whether it lives; 2 h by default.
    pub time: Interval,
    /// How long it has to answer; 20 s by default.
    pub timeout: Interval,
}

/// What clients may do. Pings are answered by the HTTP/2 library, which does not tell when they come; it bounds how
/// many answers can pile up, so these are read and have no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnforcementPolicy {
    /// The least time between two pings.
    pub min_time: Interval,
    /// Whether a client may ping without calls.
    pub permit_without_stream: bool,
}

impl Default for ServerKeepalive {
    fn default() -> ServerKeepalive {
        ServerKeepalive {
            server_parameters: Optional::some(ServerParameters::default()),
            enforcement_policy: Optional::some(EnforcementPolicy::default()),
        }
    }
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            endpoint: String::new(),
            transport: Transport::Tcp,
            dialer: Dialer::default(),
            tls: Optional::NONE,
            max_recv_msg_size_mib: 0,
            max_concurrent_streams: 0,
            read_buffer_size: 0,
            write_buffer_size: 0,
            keepalive: Optional::some(ServerKeepalive::default()),
            auth: Optional::NONE,
            include_metadata: false,
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
        for (path, size) in
            [("read_buffer_size", self.read_buffer_size), ("write_buffer_size", self.write_buffer_size)]
        {
            if size < 0 {
                problems.push(Problem::error(path, format!("must not be negative, found `{size}`")));
            }
        }
        if let Some(tls) = self.tls.as_ref() {
            problems.extend(tls.check().into_iter().map(|problem| problem.under("tls")));
        }
        if self.auth.as_ref().is_some_and(|auth| auth.authenticator.is_none()) {
            problems.push(Problem::error("auth::authenticator", "must name an extension"));
        }
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

    /// The largest message in bytes.
    pub(super) fn max_message(&self) -> usize {
        let mib = if self.max_recv_msg_size_mib == 0 {
            DEFAULT_MAX_MESSAGE_MIB
        } else {
            self.max_recv_msg_size_mib
        };
        usize::try_from(mib.saturating_mul(1 << 20)).unwrap_or(usize::MAX)
    }

    pub(super) fn parameters(&self) -> ServerParameters {
        let keepalive = self.keepalive.as_ref();
        keepalive.and_then(|keepalive| keepalive.server_parameters.as_ref()).cloned().unwrap_or_default()
    }
}

/// What is wrong with an address to listen on.
pub(crate) fn check_listener(endpoint: &str, transport: Transport) -> Vec<Problem> {
    let wrong = match transport {
        Transport::Unix if endpoint.is_empty() => Some("must be the path of a socket".to_owned()),
        Transport::Unix => None,
        Transport::Tcp | Transport::Tcp4 | Transport::Tcp6 => {
            host_and_port(endpoint).err().map(|error| format!("{error:#}"))
        }
    };
    wrong.map(|words| Problem::error("endpoint", words)).into_iter().collect()
}

/// Middleware cannot be left out in silence: it may be what keeps others away.
pub(crate) fn check_middlewares(middlewares: &[Middleware]) -> Option<Problem> {
    let words = "middleware extensions are not supported, remove the list";
    (!middlewares.is_empty()).then(|| Problem::error("middlewares", words))
}
