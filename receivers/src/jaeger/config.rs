//! What the file says about it, and the way to start it.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Context, Listens, Outputs, Problem, Receiver};
use config::{Defaults, Interval, Node, Optional, Preset};
use formats::jaeger::Protocol;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::endpoint::host_and_port;
use transport::{grpc, http};

use super::agent::{Agent, Listener};
use super::grpc::Calls;
use super::http::Posts;
use super::intake::Intake;

/// Datagrams are read into memory that is set aside for them; none is longer than this.
const MAX_DATAGRAM: usize = 65_535;

/// Receives what Jaeger's clients send.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to listen for; at least one.
    pub protocols: Protocols,
    /// Gone from the Go Collector; any value is an error that says where to.
    #[serde(skip_serializing)]
    pub remote_sampling: Option<Node>,
}

/// The ways of Jaeger's clients. Each is on when it is named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocols {
    /// `jaeger.api_v2` over gRPC, as agents and OpenTelemetry's exporters send it.
    pub grpc: Optional<Preset<GrpcDefaults>>,
    /// A batch in binary Thrift, posted to `/api/traces`.
    pub thrift_http: Optional<Preset<HttpDefaults>>,
    /// Datagrams to an agent in compact Thrift, from most clients.
    pub thrift_compact: Optional<Preset<CompactDefaults>>,
    /// Datagrams to an agent in binary Thrift, from Node.
    pub thrift_binary: Optional<Preset<BinaryDefaults>>,
}

/// Settings of a socket for datagrams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UdpConfig {
    /// `host:port`.
    pub endpoint: String,
    /// How many packets may wait for a worker.
    pub queue_size: usize,
    /// The longest packet in bytes.
    pub max_packet_size: usize,
    /// How many packets are worked on at the same time.
    pub workers: usize,
    /// How many bytes the kernel keeps until they are read; 0 leaves it to the system.
    pub socket_buffer_size: usize,
}

impl Default for UdpConfig {
    fn default() -> UdpConfig {
        // The Go Collector's defaults; clients keep their packets within 65,000 bytes.
        UdpConfig {
            endpoint: String::new(),
            queue_size: 1000,
            max_packet_size: 65_000,
            workers: 10,
            socket_buffer_size: 0,
        }
    }
}

/// The receiver's own defaults for a gRPC server.
#[derive(Clone, Copy, Debug)]
pub enum GrpcDefaults {}

impl Defaults for GrpcDefaults {
    type Block = grpc::ServerConfig;

    fn defaults() -> grpc::ServerConfig {
        grpc::ServerConfig::with_endpoint("localhost:14250")
    }
}

/// The receiver's own defaults for an HTTP server. Answers may take as long as the pipeline does; unlike the Go
/// Collector's, connections are kept.
#[derive(Clone, Copy, Debug)]
pub enum HttpDefaults {}

impl Defaults for HttpDefaults {
    type Block = http::ServerConfig;

    fn defaults() -> http::ServerConfig {
        http::ServerConfig {
            write_timeout: Interval::ZERO,
            ..http::ServerConfig::with_endpoint("localhost:14268")
        }
    }
}

/// Where packets in compact Thrift come in.
#[derive(Clone, Copy, Debug)]
pub enum CompactDefaults {}

impl Defaults for CompactDefaults {
    type Block = UdpConfig;

    fn defaults() -> UdpConfig {
        UdpConfig { endpoint: "localhost:6831".to_owned(), ..UdpConfig::default() }
    }
}

/// Where packets in binary Thrift come in.
#[derive(Clone, Copy, Debug)]
pub enum BinaryDefaults {}

impl Defaults for BinaryDefaults {
    type Block = UdpConfig;

    fn defaults() -> UdpConfig {
        UdpConfig { endpoint: "localhost:6832".to_owned(), ..UdpConfig::default() }
    }
}

impl UdpConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = host_and_port(&self.endpoint) {
            problems.push(Problem::error("endpoint", format!("{error:#}")));
        }
        for (key, value) in [("queue_size", self.queue_size), ("workers", self.workers)] {
            if value == 0 {
                problems.push(Problem::error(key, "must be greater than 0"));
            }
        }
        if !(1..=MAX_DATAGRAM).contains(&self.max_packet_size) {
            let message = format!("must be within 1 and {MAX_DATAGRAM}, found `{}`", self.max_packet_size);
            problems.push(Problem::error("max_packet_size", message));
        }
        problems
    }
}

impl Protocols {
    /// The sockets for datagrams, with the key and the encoding of each.
    fn agents(&self) -> impl Iterator<Item = (&UdpConfig, &'static str, Protocol)> {
        let compact = self.thrift_compact.as_ref().map(|preset| &preset.0);
        let binary = self.thrift_binary.as_ref().map(|preset| &preset.0);
        let compact = compact.map(|udp| (udp, "thrift_compact", Protocol::Compact));
        compact.into_iter().chain(binary.map(|udp| (udp, "thrift_binary", Protocol::Binary)))
    }

    fn is_empty(&self) -> bool {
        !self.grpc.is_some() && !self.thrift_http.is_some() && self.agents().next().is_none()
    }
}

#[async_trait]
impl Receiver for Config {
    const NAME: &'static str = "jaeger";
    const SIGNALS: &'static [Signal] = &[Signal::Traces];

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.remote_sampling.is_some() {
            let message = "is served by the extension `jaegerremotesampling`: move it to \
                           `extensions::jaegerremotesampling` and name that in `service::extensions`";
            problems.push(Problem::error("remote_sampling", message));
        }
        let protocols = &self.protocols;
        if protocols.is_empty() {
            let message = "must specify at least one protocol when using the Jaeger receiver: `grpc`, \
                           `thrift_http`, `thrift_compact` or `thrift_binary`";
            problems.push(Problem::error("protocols", message));
        }
        let grpc = protocols.grpc.as_ref().map(|server| ("grpc", server.0.check()));
        let http = protocols.thrift_http.as_ref().map(|server| ("thrift_http", server.0.check()));
        let agents = protocols.agents().map(|(udp, key, _)| (key, udp.check()));
        for (key, found) in grpc.into_iter().chain(http).chain(agents) {
            problems.extend(found.into_iter().map(|problem| problem.under(key).under("protocols")));
        }
        problems
    }

    fn listens_on(&self) -> Vec<Listens> {
        let grpc = self.protocols.grpc.as_ref().map(|server| Listens {
            address: server.0.endpoint.clone(),
            setting: "protocols::grpc::endpoint",
        });
        let http = self.protocols.thrift_http.as_ref().map(|server| Listens {
            address: server.0.endpoint.clone(),
            setting: "protocols::thrift_http::endpoint",
        });
        // Ports of UDP are not those of TCP, and are not compared with them.
        grpc.into_iter().chain(http).collect()
    }

    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()> {
        let next = outputs.traces.context("a receiver is started when a pipeline wants its traces")?;
        let intake = Arc::new(Intake::new(&cx, next));
        let protocols = &self.protocols;
        // All are bound before one of them takes anything.
        let mut agents = Vec::new();
        for (udp, _, protocol) in protocols.agents() {
            agents.push(Listener::bind(udp, protocol).await?);
        }
        let http = match protocols.thrift_http.as_ref() {
            Some(server) => Some(server.0.bind(&cx).await?),
            None => None,
        };
        let grpc = match protocols.grpc.as_ref() {
            Some(server) => Some(server.0.bind(&cx).await?),
            None => None,
        };
        for listener in agents {
            let (endpoint, transport) = (listener.local_addr(), listener.transport());
            info!(component = %cx.id, %endpoint, transport, "Starting UDP server");
            Agent::serve(listener, &cx, intake.clone());
        }
        if let Some(server) = http {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting HTTP server");
            server.serve(&cx, Arc::new(Posts::new(intake.clone())));
        }
        if let Some(server) = grpc {
            info!(component = %cx.id, endpoint = %server.local_addr(), "Starting GRPC server");
            server.serve(&cx, Arc::new(Calls::new(intake)));
        }
        Ok(())
    }
}
