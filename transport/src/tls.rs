//! TLS on both sides, by rustls on ring, with the Go Collector's keys.
//!
//! Rules:
//! 1. What a setting asks for and rustls cannot do is said by `check`, never ignored.
//! 2. Files are read at the start, and it fails when they cannot be; some clients read them with their first
//!    connection instead. Later they are read again at a handshake that
//!    comes after `reload_interval`; a file that cannot be used then leaves the old certificates in place, and is
//!    logged.
//! 3. `client_ca_file` asks every client for a certificate and verifies it.

mod client;
mod material;
mod reload;
mod server;
mod versions;

use component::Problem;
use config::{Interval, Secret};
use serde::{Deserialize, Serialize};

pub(crate) use client::Connector;
pub(crate) use server::Acceptor;

use material::Material;

/// The `tls` block of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the keys are the Go Collector's, and the shared ones are explained at the client"
)]
pub struct ServerTlsConfig {
    pub ca_file: String,
    pub ca_pem: Secret,
    pub include_system_ca_certs_pool: bool,
    pub cert_file: String,
    pub cert_pem: Secret,
    pub key_file: String,
    pub key_pem: Secret,
    pub min_version: String,
    pub max_version: String,
    pub cipher_suites: Vec<String>,
    pub include_insecure_cipher_suites: bool,
    pub curve_preferences: Vec<String>,
    pub reload_interval: Interval,
    pub tpm: Tpm,
    /// Clients must have a certificate that one of these signed.
    pub client_ca_file: String,
    /// Reads `client_ca_file` again when it has changed.
    pub client_ca_file_reload: bool,
}

/// The `tls` block of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTlsConfig {
    /// Certificates to trust instead of the system's.
    pub ca_file: String,
    /// The same as PEM.
    pub ca_pem: Secret,
    /// Trusts the system's certificates too.
    pub include_system_ca_certs_pool: bool,
    /// The certificate to show.
    pub cert_file: String,
    /// The same as PEM.
    pub cert_pem: Secret,
    /// The certificate's key.
    pub key_file: String,
    /// The same as PEM.
    pub key_pem: Secret,
    /// The least version: `1.2`.
    pub min_version: String,
    /// The highest version.
    pub max_version: String,
    /// What TLS 1.2 may use, by IANA names.
    pub cipher_suites: Vec<String>,
    /// Lets suites be named that are not safe; rustls has none.
    pub include_insecure_cipher_suites: bool,
    /// Key exchanges: `X25519`, `P256`, `P384`.
    pub curve_preferences: Vec<String>,
    /// How often the certificate and its key are read again; 0 is never.
    pub reload_interval: Interval,
    /// Keys in a trusted platform module, which are not supported.
    pub tpm: Tpm,
    /// No TLS at all, unless there is a CA to trust.
    pub insecure: bool,
    /// Trusts any server.
    pub insecure_skip_verify: bool,
    /// The name that the server's certificate must have.
    pub server_name_override: String,
}

/// The `tpm` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "read to be refused with words")]
pub struct Tpm {
    pub enabled: bool,
    pub path: String,
    pub owner_auth: Secret,
    pub auth: Secret,
}

impl ServerTlsConfig {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.material().check();
        if self.cert_file.is_empty() && self.cert_pem.is_empty() {
            problems.push(Problem::error("", "a server needs a certificate: `cert_file` and `key_file`"));
        }
        problems
    }

    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> anyhow::Result<Acceptor> {
        Acceptor::new(self, protocols)
    }

    fn material(&self) -> Material<'_> {
        Material {
            ca_file: &self.ca_file,
            ca_pem: &self.ca_pem,
            include_system: self.include_system_ca_certs_pool,
            cert_file: &self.cert_file,
            cert_pem: &self.cert_pem,
            key_file: &self.key_file,
            key_pem: &self.key_pem,
            min_version: &self.min_version,
            max_version: &self.max_version,
            cipher_suites: &self.cipher_suites,
            curve_preferences: &self.curve_preferences,
            tpm: &self.tpm,
        }
    }
}

impl ClientTlsConfig {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        self.material().check()
    }

    /// Whether there is to be no TLS. A CA to trust outweighs `insecure`, as in the Go Collector.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.insecure && self.ca_file.is_empty() && self.ca_pem.is_empty()
    }

    pub(crate) fn connector(&self, protocols: &[&[u8]]) -> anyhow::Result<Connector> {
        Connector::new(self, protocols)
    }

    /// The same, whose files are read with the first connection.
    pub(crate) fn late_connector(&self, protocols: &[&[u8]]) -> Connector {
        Connector::late(self, protocols)
    }

    fn material(&self) -> Material<'_> {
        Material {
            ca_file: &self.ca_file,
            ca_pem: &self.ca_pem,
            include_system: self.include_system_ca_certs_pool,
            cert_file: &self.cert_file,
            cert_pem: &self.cert_pem,
            key_file: &self.key_file,
            key_pem: &self.key_pem,
            min_version: &self.min_version,
            max_version: &self.max_version,
            cipher_suites: &self.cipher_suites,
            curve_preferences: &self.curve_preferences,
            tpm: &self.tpm,
        }
    }
}

#[cfg(test)]
mod tests;
