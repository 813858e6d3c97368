//! Where the API server is, and who we are there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::http::Uri;
use anyhow::{Context as _, bail};

use super::config::KubernetesSdConfig;
use super::kubeconfig;
use crate::prometheus::client::parse_url;
use crate::prometheus::http_config::{Authorization, HttpConfig, HttpKeys, ProxyConfig, TlsConfig};

/// Where the account of a pod is mounted.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// An API server and the way to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Access {
    /// Without a slash at the end.
    pub(super) server: String,
    pub(super) http: HttpConfig,
}

/// What a pod is told of its cluster.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    /// The folder of the service account.
    pub(super) account: PathBuf,
    /// Where the API server is, when we are in a cluster.
    pub(super) server: Option<(String, String)>,
    /// How long trouble is waited out.
    pub(super) pace: Pace,
}

/// The first pause after trouble, and the longest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Default for Pace {
    /// As Go's client.
    fn default() -> Pace {
        Pace { first: Duration::from_millis(800), longest: Duration::from_secs(30) }
    }
}

impl Surroundings {
    /// As they are.
    pub(super) fn here() -> Surroundings {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let server = variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT"));
        Surroundings { account: PathBuf::from(ACCOUNT), server, pace: Pace::default() }
    }

    /// The way to the API server that `config` means.
    pub(super) fn access(&self, config: &KubernetesSdConfig) -> anyhow::Result<Access> {
        let keys = &config.keys;
        let access = match (keys.api_server.as_str(), keys.kubeconfig_file.as_str()) {
            ("", "") => self.in_cluster()?,
            ("", file) => {
                kubeconfig::read(Path::new(file)).with_context(|| format!("`{file}` is of no use"))?
            }
            (server, _) => Access { server: server.to_owned(), http: config.http.clone() },
        };
        parse_url(&access.server).map_err(anyhow::Error::msg)?;
        Ok(Access { server: access.server.trim_end_matches('/').to_owned(), ..access })
    }

    /// The namespaces to look in; an empty name is all of them.
    pub(super) fn namespaces(&self, config: &KubernetesSdConfig) -> anyhow::Result<Vec<String>> {
        let mut names = config.keys.namespaces.names.clone();
        if config.keys.namespaces.own_namespace {
            let file = self.account.join("namespace");
            let own = std::fs::read_to_string(&file);
            let own = own.with_context(|| format!("cannot read our namespace from `{}`", file.display()))?;
            if own.trim().is_empty() {
                bail!("cannot read our namespace: `{}` is empty", file.display());
            }
            names.push(own.trim().to_owned());
        } else if names.is_empty() {
            names.push(String::new());
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The token is read with each request, the certificate when it has changed: both rotate.
    fn in_cluster(&self) -> anyhow::Result<Access> {
        let Some((host, port)) = &self.server else {
            bail!(
                "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, and \
                 neither is `api_server` nor `kubeconfig_file`"
            );
        };
        let file = |name: &str| self.account.join(name).display().to_string();
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let keys = HttpKeys {
            authorization: Some(Authorization {
                credentials_file: file("token"),
                ..Authorization::default()
            }),
            tls_config: TlsConfig { ca_file: file("ca.crt"), ..TlsConfig::default() },
            ..HttpKeys::default()
        };
        Ok(Access { server: format!("https://{host}:{port}"), http: with_environment(keys) })
    }
}

/// Through the proxies of the environment, as Go's client.
pub(super) fn with_environment(keys: HttpKeys) -> HttpConfig {
    HttpConfig { keys, proxy: ProxyConfig { proxy_from_environment: true, ..ProxyConfig::default() } }
}

/// The URL of a path with parameters.
pub(super) fn url(server: &str, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Uri> {
    let mut url = format!("{server}{path}");
    let mut separator = '?';
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(separator);
        url.push_str(name);
        url.push('=');
        encode(value, &mut url);
        separator = '&';
    }
    url.parse().with_context(|| format!("`{url}` is no URL"))
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%XX`.
pub(super) fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
