//! Encryption.

use component::Problem;
use config::{Interval, Secret};
use serde::{Deserialize, Serialize};
use transport::tls::ClientTlsConfig;

use super::check_source;

/// Files are looked at again with the first new connection after this.
const RELOAD: Interval = Interval::from_secs(1);

/// The `tls_config` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificates to trust instead of the system's.
    pub ca: String,
    /// The same in a file.
    pub ca_file: String,
    /// Not supported.
    pub ca_ref: String,
    /// The certificate to show.
    pub cert: String,
    /// The same in a file.
    pub cert_file: String,
    /// Not supported.
    pub cert_ref: String,
    /// The certificate's key.
    pub key: Secret,
    /// The same in a file.
    pub key_file: String,
    /// Not supported.
    pub key_ref: String,
    /// The name that the server's certificate must have.
    pub server_name: String,
    /// Trusts any server.
    pub insecure_skip_verify: bool,
    /// The least version: `TLS12`.
    pub min_version: String,
    /// The highest version.
    pub max_version: String,
}

impl TlsConfig {
    pub(super) fn check(&self) -> Vec<Problem> {
        let sources = [
            ("ca", self.ca.is_empty(), &self.ca_file, &self.ca_ref),
            ("cert", self.cert.is_empty(), &self.cert_file, &self.cert_ref),
            ("key", self.key.is_empty(), &self.key_file, &self.key_ref),
        ];
        let mut problems: Vec<Problem> = sources
            .into_iter()
            .flat_map(|(key, empty, file, reference)| {
                check_source(key, !empty, !file.is_empty(), !reference.is_empty())
            })
            .collect();
        let has =
            |value: bool, file: &str, reference: &str| value || !file.is_empty() || !reference.is_empty();
        let has_cert = has(!self.cert.is_empty(), &self.cert_file, &self.cert_ref);
        let has_key = has(!self.key.is_empty(), &self.key_file, &self.key_ref);
        match (has_cert, has_key) {
            (true, false) => {
                problems.push(Problem::error("", "a certificate needs its key: `key` or `key_file`"))
            }
            (false, true) => {
                problems.push(Problem::error("", "a key needs its certificate: `cert` or `cert_file`"))
            }
            (true, true) | (false, false) => {}
        }
        problems.extend(self.check_versions());
        problems
    }

    fn check_versions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value) in [("min_version", &self.min_version), ("max_version", &self.max_version)] {
            match (key, value.as_str()) {
                (_, "" | "TLS12" | "TLS13") => {}
                ("min_version", "TLS10" | "TLS11") => {
                    problems
                        .push(Problem::warning(key, format!("{value} is not offered; the least is TLS12")));
                }
                (_, "TLS10" | "TLS11") => {
                    problems.push(Problem::error(key, format!("{value} is not offered; the least is TLS12")));
                }
                _ => {
                    let words = format!("unknown TLS version `{value}`, expected `TLS12` or `TLS13`");
                    problems.push(Problem::error(key, words));
                }
            }
        }
        if (self.min_version.as_str(), self.max_version.as_str()) == ("TLS13", "TLS12") {
            problems.push(Problem::error("min_version", "must not be higher than `max_version`"));
        }
        problems
    }

    /// The same in our transport's words.
    pub(in crate::prometheus) fn of_client(&self) -> ClientTlsConfig {
        ClientTlsConfig {
            ca_file: self.ca_file.clone(),
            ca_pem: self.ca.as_str().into(),
            cert_file: self.cert_file.clone(),
            cert_pem: self.cert.as_str().into(),
            key_file: self.key_file.clone(),
            key_pem: self.key.clone(),
            min_version: version(&self.min_version).to_owned(),
            max_version: version(&self.max_version).to_owned(),
            insecure_skip_verify: self.insecure_skip_verify,
            server_name_override: self.server_name.clone(),
            reload_interval: RELOAD,
            ..ClientTlsConfig::default()
        }
    }
}

fn version(name: &str) -> &'static str {
    match name {
        "TLS12" => "1.2",
        "TLS13" => "1.3",
        _ => "",
    }
}
