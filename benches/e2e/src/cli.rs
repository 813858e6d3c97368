//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::request::{Protocol, Shape};

/// Measures what the collector costs, end to end
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What to measure.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Runs every case for a second and judges nothing but crashes and losses
    #[arg(long)]
    pub(crate) smoke: bool,
    /// Runs only these cases
    #[arg(long = "case", value_name = "NAME")]
    pub(crate) cases: Vec<String>,
    /// How long each case is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// How often each case is measured; the median is reported
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) runs: u64,
    /// Gives the collector these many cores in every case, instead of one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=2))]
    pub(crate) cores: Option<u64>,
    /// Leaves out the yardsticks
    #[arg(long)]
    pub(crate) bare: bool,
    /// The collector; the `ferrotel` beside this program when not given
    #[arg(long, value_name = "PATH")]
    pub(crate) collector: Option<PathBuf>,
    /// Also writes the figures to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// The programs that the bench starts of itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Sends requests
    #[command(hide = true)]
    Generator(Load),
    /// Counts spans
    #[command(hide = true)]
    Sink,
    /// Exposes metrics
    #[command(hide = true)]
    Targets(Exposed),
    /// Forwards requests unread
    #[command(hide = true)]
    Relay(Relay),
}

/// What the generator sends, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub(crate) struct Load {
    /// Where to
    #[arg(long)]
    pub(crate) endpoint: SocketAddr,
    /// The protocol
    #[arg(long, value_enum)]
    pub(crate) protocol: Protocol,
    /// Spans a request
    #[arg(long)]
    pub(crate) spans: usize,
    /// Packs requests
    #[arg(long)]
    pub(crate) gzip: bool,
    /// Connections
    #[arg(long)]
    pub(crate) connections: usize,
    /// Requests under way on each connection; HTTP/1.1 opens a connection for each
    #[arg(long)]
    pub(crate) in_flight: usize,
    /// Spans a second; 0 is as many as are taken
    #[arg(long, default_value_t = 0)]
    pub(crate) rate: u64,
}

impl Load {
    pub(crate) fn shape(&self) -> Shape {
        Shape { protocol: self.protocol, spans: self.spans, gzip: self.gzip }
    }
}

/// What is exposed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Exposed {
    /// Targets
    #[arg(long)]
    pub(crate) count: usize,
    /// Samples on each page
    #[arg(long)]
    pub(crate) samples: usize,
}

/// What the relay forwards to.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Relay {
    /// The gRPC server
    #[arg(long)]
    pub(crate) grpc: SocketAddr,
    /// The HTTP server
    #[arg(long)]
    pub(crate) http: SocketAddr,
    /// Packs what it sends
    #[arg(long)]
    pub(crate) gzip: bool,
}
