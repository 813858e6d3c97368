//! Where configurations are read from: files, the environment, the command line, HTTP servers.

use std::path::PathBuf;
use std::time::Duration;

use ::config::Resolved;
use anyhow::{Context as _, bail};
use tokio::runtime::Handle;

/// A configuration is text written by people; more than this is a mistake.
const MAX_BYTES: usize = 16 << 20;

/// How long an HTTP server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes that `uri` stands for. A text without a scheme is a file's path.
pub(super) async fn read(uri: &str) -> anyhow::Result<Vec<u8>> {
    match split(uri) {
        ("file", path) => read_file(path).await,
        ("env", reference) => {
            let (name, default) = reference.split_once(":-").map_or((reference, None), |(a, b)| (a, Some(b)));
            let value = std::env::var(name).ok().or_else(|| default.map(str::to_owned));
            Ok(value.with_context(|| format!("environment variable `{name}` is not set"))?.into_bytes())
        }
        ("yaml", text) => Ok(text.as_bytes().to_vec()),
        ("http" | "https", _) => download(uri).await,
        (scheme, _) => bail!(
            "unsupported scheme `{scheme}` in `{uri}`, expected `file`, `env`, `yaml`, `http` or `https`"
        ),
    }
}

/// `a.b.c=value` as a YAML text.
pub(super) fn setting(text: &str) -> anyhow::Result<String> {
    let (key, value) = text.split_once('=').context("missing equal sign, expected `KEY=VALUE`")?;
    Ok(format!("{}: {value}", key.replace('.', "::")))
}

/// Resolves the references in a configuration: `${env:X}`, `${file:x}`, `${https://...}`.
pub(super) fn fetcher() -> impl Fn(&str, &str) -> Result<Resolved, String> {
    |scheme, opaque| match scheme {
        "env" => match std::env::var(opaque) {
            Ok(value) => Ok(Resolved::Text(value)),
            Err(std::env::VarError::NotPresent) => Ok(Resolved::Unset),
            Err(std::env::VarError::NotUnicode(_)) => Err(format!("variable `{opaque}` is not UTF-8")),
        },
        "file" | "http" | "https" => {
            let uri = format!("{scheme}:{opaque}");
            // Expansion is plain code; it runs once at start and at reload, so it may hold this thread.
            let bytes = tokio::task::block_in_place(|| Handle::current().block_on(read(&uri)));
            let bytes = bytes.map_err(|error| format!("{error:#}"))?;
            String::from_utf8(bytes).map(Resolved::Text).map_err(|_| format!("`{uri}` is not UTF-8"))
        }
        _ => Err(format!(
            "scheme `{scheme}` is not supported, expected `env`, `file`, `yaml`, `http` or `https`"
        )),
    }
}

/// Scheme and rest. A scheme has at least two characters: `C:` is a drive.
fn split(uri: &str) -> (&str, &str) {
    let is_scheme = |text: &str| {
        text.len() >= 2
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'))
    };
    match uri.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("file", uri),
    }
}

async fn read_file(path: &str) -> anyhow::Result<Vec<u8>> {
    let path = PathBuf::from(path);
    let cannot = || format!("cannot read `{}`", path.display());
    let size = tokio::fs::metadata(&path).await.with_context(cannot)?.len();
    if size > MAX_BYTES as u64 {
        bail!("`{}` has {size} bytes, more than {MAX_BYTES}", path.display());
    }
    tokio::fs::read(&path).await.with_context(cannot)
}

async fn download(uri: &str) -> anyhow::Result<Vec<u8>> {
    let cx = crate::service::lone_context("configuration")?;
    let fetched = tokio::time::timeout(PATIENCE, transport::http::get(uri, MAX_BYTES, &cx)).await;
    match fetched {
        Ok(answer) => Ok(answer.with_context(|| format!("cannot fetch `{uri}`"))?.to_vec()),
        Err(_) => bail!("cannot fetch `{uri}`: no answer within {PATIENCE:?}"),
    }
}
