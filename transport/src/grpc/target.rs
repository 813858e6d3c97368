//! What a client's `endpoint` means.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;

use crate::endpoint::{Address, host_and_port};

/// What a client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) place: Place,
    /// Whether the endpoint was written with `https://`, which asks for TLS whatever `tls::insecure` says.
    pub(super) wants_tls: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All addresses of a name.
    Host {
        host: String,
        port: u16,
    },
    Unix(PathBuf),
}

impl Target {
    /// Reads `host:port`, `http://`, `https://`, `dns:///`, `passthrough:///` and `unix:` endpoints.
    pub(super) fn parse(endpoint: &str) -> anyhow::Result<Target> {
        if endpoint.is_empty() {
            bail!("must be set: `host:port`");
        }
        if let Some(path) = endpoint.strip_prefix("unix://").or_else(|| endpoint.strip_prefix("unix:")) {
            return Ok(Target { place: Place::Unix(path.into()), wants_tls: false });
        }
        let wants_tls = endpoint.starts_with("https://");
        let rest = ["https://", "http://", "dns:///", "passthrough:///"]
            .iter()
            .find_map(|scheme| endpoint.strip_prefix(scheme))
            .unwrap_or(endpoint);
        let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest))?;
        let host = if host.is_empty() { "localhost".to_owned() } else { host };
        Ok(Target { place: Place::Host { host, port }, wants_tls })
    }

    /// What stands in `:authority`.
    pub(super) fn authority(&self) -> String {
        match &self.place {
            Place::Host { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Host { host, port } => format!("{host}:{port}"),
            // What grpc-go sends.
            Place::Unix(_) => "localhost".to_owned(),
        }
    }

    /// The address and the port that telemetry about the exporter names.
    pub(super) fn server(&self) -> (String, u16) {
        match &self.place {
            Place::Host { host, port } => (host.clone(), *port),
            Place::Unix(path) => (path.display().to_string(), 0),
        }
    }

    /// All addresses it has now.
    pub(super) async fn resolve(&self) -> io::Result<Vec<Address>> {
        match &self.place {
            Place::Unix(path) => Ok(vec![Address::Unix(path.clone())]),
            Place::Host { host, port } => {
                let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), *port)).await?.collect();
                let mut addresses: Vec<Address> = Vec::with_capacity(found.len());
                for addr in found.into_iter().map(Address::Tcp) {
                    if !addresses.contains(&addr) {
                        addresses.push(addr);
                    }
                }
                Ok(addresses)
            }
        }
    }
}
