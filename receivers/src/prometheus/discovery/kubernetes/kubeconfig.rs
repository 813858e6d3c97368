//! The file by which `kubectl` knows clusters.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::{Diagnostics, Secret};
use serde::{Deserialize, Deserializer};

use super::access::{Access, with_environment};
use crate::prometheus::Text;
use crate::prometheus::http_config::{Authorization, BasicAuth, HttpKeys, TlsConfig};

/// More than any such file.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KubeConfig {
    #[serde(default)]
    current_context: String,
    #[serde(default, deserialize_with = "nullable")]
    clusters: Vec<Named<Cluster>>,
    #[serde(default, deserialize_with = "nullable")]
    users: Vec<Named<User>>,
    #[serde(default, deserialize_with = "nullable")]
    contexts: Vec<Named<Context>>,
}

/// A thing under its name; the key of the thing is its kind.
#[derive(Deserialize)]
struct Named<T> {
    name: String,
    #[serde(alias = "cluster", alias = "user", alias = "context")]
    is: T,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    cluster: String,
    user: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Cluster {
    server: String,
    certificate_authority: String,
    certificate_authority_data: String,
    insecure_skip_tls_verify: bool,
    tls_server_name: String,
    proxy_url: Secret,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    token: Secret,
    #[serde(rename = "tokenFile")]
    token_file: String,
    client_certificate: String,
    client_certificate_data: String,
    client_key: String,
    client_key_data: Secret,
    username: String,
    password: Secret,
    exec: Option<serde::de::IgnoredAny>,
    auth_provider: Option<serde::de::IgnoredAny>,
}

/// The way to the cluster of the current context.
pub(super) fn read(path: &Path) -> anyhow::Result<Access> {
    let size = std::fs::metadata(path)?.len();
    if size > MAX_BYTES {
        bail!("it has {size} bytes, at most {MAX_BYTES} are read");
    }
    let text = std::fs::read_to_string(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    parse(&text, folder)
}

/// The same from the file's text; other files are found from `folder`.
pub(super) fn parse(text: &str, folder: &Path) -> anyhow::Result<Access> {
    let mut diagnostics = Diagnostics::new();
    let Some(node) = config::parse_value("kubeconfig", text, &mut diagnostics) else {
        bail!("it is not YAML: {diagnostics}");
    };
    let config: KubeConfig =
        serde_json::from_str(&config::to_json(&node)).map_err(|error| anyhow!(without_values(&error)))?;
    let name = config.current_context.as_str();
    if name.is_empty() {
        bail!("it has no `current-context`");
    }
    let context = find(&config.contexts, name).with_context(|| format!("there is no context `{name}`"))?;
    let cluster = find(&config.clusters, &context.cluster);
    let cluster = cluster.with_context(|| format!("there is no cluster `{}`", context.cluster))?;
    let nobody = User::default();
    let user = match context.user.as_str() {
        "" => &nobody,
        user => find(&config.users, user).with_context(|| format!("there is no user `{user}`"))?,
    };
    if user.exec.is_some() || user.auth_provider.is_some() {
        bail!(
            "the user `{}` gets credentials from a program (`exec` or `auth-provider`), which is not \
             supported: use `token`, `tokenFile` or a client certificate",
            context.user
        );
    }
    let mut http =
        with_environment(HttpKeys { tls_config: tls(cluster, user, folder)?, ..identity(user, folder) });
    if !cluster.proxy_url.is_empty() {
        http.proxy.proxy_from_environment = false;
        http.proxy.proxy_url = cluster.proxy_url.clone();
    }
    Ok(Access { server: cluster.server.clone(), http })
}

fn find<'a, T>(list: &'a [Named<T>], name: &str) -> Option<&'a T> {
    list.iter().find(|named| named.name == name).map(|named| &named.is)
}

fn identity(user: &User, folder: &Path) -> HttpKeys {
    let mut keys = HttpKeys::default();
    // A token file goes before a token, and both before a password.
    if !user.token_file.is_empty() {
        let credentials_file = beside(folder, &user.token_file);
        keys.authorization = Some(Authorization { credentials_file, ..Authorization::default() });
    } else if !user.token.is_empty() {
        keys.authorization =
            Some(Authorization { credentials: user.token.clone(), ..Authorization::default() });
    } else if !user.username.is_empty() {
        let username = Text(user.username.clone());
        keys.basic_auth =
            Some(BasicAuth { username, password: user.password.clone(), ..BasicAuth::default() });
    }
    keys
}

/// Data goes before files.
fn tls(cluster: &Cluster, user: &User, folder: &Path) -> anyhow::Result<TlsConfig> {
    let file = |path: &str, data: &str| match (path, data) {
        ("", _) => String::new(),
        (path, "") => beside(folder, path),
        _ => String::new(),
    };
    let key_data = user.client_key_data.expose();
    Ok(TlsConfig {
        ca: decode("certificate-authority-data", &cluster.certificate_authority_data)?,
        ca_file: file(&cluster.certificate_authority, &cluster.certificate_authority_data),
        cert: decode("client-certificate-data", &user.client_certificate_data)?,
        cert_file: file(&user.client_certificate, &user.client_certificate_data),
        key: Secret::new(decode("client-key-data", key_data)?),
        key_file: file(&user.client_key, key_data),
        server_name: cluster.tls_server_name.clone(),
        insecure_skip_verify: cluster.insecure_skip_tls_verify,
        ..TlsConfig::default()
    })
}

/// The text in base64. What is wrong with it is not shown: it may be a key.
fn decode(key: &str, data: &str) -> anyhow::Result<String> {
    let bytes = STANDARD.decode(data.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.with_context(|| format!("`{key}` is not base64 of a PEM file"))
}

fn beside(folder: &Path, path: &str) -> String {
    folder.join(path).display().to_string()
}

fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What serde says of the file, without the value it names: that may be a token in a wrong place.
fn without_values(error: &serde_json::Error) -> String {
    let words = error.to_string();
    match (words.find('"'), words.rfind('"')) {
        (Some(from), Some(to)) if from < to => format!("{}...{}", &words[..from], &words[to + 1..]),
        _ => words,
    }
}
