//! For tests: one HTTP request over 127.0.0.1, and what is read out of a configuration.

use component::Problem;
use config::{Diagnostics, Path};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Asks the server at `address` for `path`.
pub(crate) async fn get(address: &str, path: &str) -> Answer {
    get_with(address, path, "").await
}

/// The same with more header lines, each with its line end.
pub(crate) async fn get_with(address: &str, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let border = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..border].to_vec()).unwrap().to_lowercase();
    let body = answer[border + 4..].to_vec();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(!head.contains("transfer-encoding"), "the test reads plain bodies only: {head}");
    Answer { status, head, body }
}

/// The settings in `text`, a YAML map.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut findings = Diagnostics::new();
    let node = config::parse("test", text, &mut findings);
    let value = node.and_then(|node| config::read(&node, &Path::root(), &mut findings));
    value.filter(|_| !findings.has_errors()).ok_or_else(|| findings.to_string())
}

/// What is wrong, one line each: `error`/`warning`, path, message.
pub(crate) fn lines(problems: &[Problem]) -> Vec<String> {
    let line = |problem: &Problem| match problem {
        Problem::Error { path, message } => format!("error {}: {message}", path.join("::")),
        Problem::Warning { path, message } => format!("warning {}: {message}", path.join("::")),
    };
    problems.iter().map(line).collect()
}

/// The example in a component's README, below `extensions::<name>`.
pub(crate) fn example<T: DeserializeOwned>(readme: &str, name: &str) -> T {
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let mut findings = Diagnostics::new();
    let node = config::parse("README.md", example, &mut findings).unwrap();
    let section = node.child("extensions").unwrap().child(name).unwrap();
    config::read(section, &Path::root(), &mut findings).unwrap_or_else(|| panic!("{findings}"))
}
