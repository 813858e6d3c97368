//! Asking a running collector whether it is well, for containers that have no other program to do so.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::exit;

/// Longer than a healthy collector ever needs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the `health_check` extension at `endpoint` (`host:port`).
pub(crate) async fn ask(endpoint: &str) -> ExitCode {
    match tokio::time::timeout(PATIENCE, status(endpoint)).await {
        Ok(Ok(200)) => ExitCode::from(exit::DONE),
        Ok(Ok(status)) => exit::failed(format!("`{endpoint}` answered {status}")),
        Ok(Err(error)) => exit::failed(format!("{error:#}")),
        Err(_) => exit::failed(format!("`{endpoint}` did not answer within {PATIENCE:?}")),
    }
}

async fn status(endpoint: &str) -> anyhow::Result<u16> {
    let mut stream =
        TcpStream::connect(endpoint).await.with_context(|| format!("cannot connect to `{endpoint}`"))?;
    stream.write_all(format!("GET / HTTP/1.0\r\nHost: {endpoint}\r\n\r\n").as_bytes()).await?;
    // The first line is enough: `HTTP/1.0 200 OK`.
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.context("the answer is cut short")?;
    match std::str::from_utf8(&line).ok().and_then(|line| line.split_once(' ')) {
        Some((version, status)) if version.starts_with("HTTP/") => {
            status.trim().parse().context("no HTTP status")
        }
        _ => bail!("`{endpoint}` does not speak HTTP"),
    }
}
