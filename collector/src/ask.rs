//! Asking a running collector over HTTP, for the commands that look at one.

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Longer than a collector that is well ever needs to begin its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A flow of hundreds of pipelines is smaller.
const MAX_BODY: u64 = 16 << 20;

/// Where a collector listens, and what to say to it.
pub(crate) struct Endpoint<'a> {
    /// `host:port`.
    address: &'a str,
    headers: &'a [String],
}

/// An answer whose body is still to be read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: BufReader<TcpStream>,
}

impl<'a> Endpoint<'a> {
    /// `http://localhost:55679` or `localhost:55679`; headers are `Name: value`.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn parse(endpoint: &'a str, headers: &'a [String]) -> anyhow::Result<Endpoint<'a>> {
        let address = endpoint.strip_prefix("http://").unwrap_or(endpoint).trim_end_matches('/');
        if address.contains("://") {
            bail!("`{endpoint}` cannot be asked, expected `http://host:port`");
        }
        for (index, header) in headers.iter().enumerate() {
            if !header.contains(':') || header.contains(['\r', '\n']) {
                // Not the header itself: it may well be a token.
                bail!("header {} is not `Name: value`", index + 1);
            }
        }
        Ok(Endpoint { address, headers })
    }

    pub(crate) fn address(&self) -> &str {
        self.address
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When nobody answers in time, or not in HTTP.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        match tokio::time::timeout(PATIENCE, self.begin(path)).await {
            Ok(answer) => answer,
            Err(_) => bail!("`{}` did not answer within {PATIENCE:?}", self.address),
        }
    }

    async fn begin(&self, path: &str) -> anyhow::Result<Answer> {
        let address = self.address;
        let mut stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to `{address}`"))?;
        // An answer to version 1.0 has no chunks: its end is the end of the connection.
        let mut request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n");
        for header in self.headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut body = BufReader::new(stream);
        let mut line = String::new();
        (&mut body).take(MAX_BODY).read_line(&mut line).await.context("no answer in HTTP")?;
        let status = match line.split(' ').collect::<Vec<_>>()[..] {
            [version, status, ..] if version.starts_with("HTTP/") => status.trim().parse().ok(),
            _ => None,
        };
        let status = status.with_context(|| format!("`{address}` does not speak HTTP"))?;
        loop {
            line.clear();
            let read = (&mut body).take(MAX_BODY).read_line(&mut line).await;
            if read.context("the answer is cut short")? == 0 || line.trim_end().is_empty() {
                return Ok(Answer { status, body });
            }
        }
    }
}

impl Answer {
    /// The next line; nothing at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn line(&mut self) -> anyhow::Result<Option<String>> {
        let mut line = String::new();
        let read = (&mut self.body).take(MAX_BODY).read_line(&mut line).await;
        Ok((read.context("the answer broke off")? > 0).then_some(line))
    }

    /// All of it.
    ///
    /// # Errors
    /// When the connection breaks, or stops in the middle.
    pub(crate) async fn text(self) -> anyhow::Result<String> {
        let mut text = String::new();
        let mut body = self.body.take(MAX_BODY);
        match tokio::time::timeout(PATIENCE, body.read_to_string(&mut text)).await {
            Ok(read) => read.context("the answer broke off").map(|_| text),
            Err(_) => bail!("the answer stopped for {PATIENCE:?}"),
        }
    }
}

/// A part of an address, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
