//! For tests: servers over loopback that answer as they are told, and remember what they were asked.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use component::Problem;
use config::{Diagnostics, Path};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that speaks HTTP/1.1.
pub(super) struct Loopback {
    pub(super) addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Loopback {
    /// A server on 127.0.0.1 that answers a request, given as its text, with those bytes.
    pub(super) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Loopback {
        Loopback::start_at([127, 0, 0, 1].into(), answer).await
    }

    /// The same at another address of this machine.
    pub(super) async fn start_at(
        address: IpAddr,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Loopback {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let server = Loopback {
            addr: listener.local_addr().unwrap(),
            asked: Arc::default(),
            connections: Arc::default(),
        };
        let (asked, connections, answer) =
            (server.asked.clone(), server.connections.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, asked.clone(), answer.clone()));
            }
        });
        server
    }

    /// A URL of the server.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The requests so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn serve(
    mut stream: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Vec<u8> + Send + Sync + 'static>,
) {
    while let Some(request) = read_request(&mut stream).await {
        asked.lock().push(request.clone());
        if stream.write_all(&answer(&request)).await.is_err() {
            return;
        }
        if let Some(target) = request.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) {
            let mut other = TcpStream::connect(target).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut other).await;
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

/// An answer with that status line, those further lines of the head, and a body.
pub(super) fn answer(status: &str, head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A good answer in JSON.
pub(super) fn json(body: &str) -> Vec<u8> {
    answer("200 OK", "content-type: application/json\r\n", body)
}

/// The settings that a text is read as.
pub(super) fn read<T: DeserializeOwned>(yaml: &str) -> T {
    try_read(yaml).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The same, or what is wrong with it.
pub(super) fn try_read<T: DeserializeOwned>(yaml: &str) -> Result<T, Vec<String>> {
    let mut diagnostics = Diagnostics::new();
    let value = config::parse_value("test", yaml, &mut diagnostics)
        .and_then(|node| config::read(&node, &Path::root(), &mut diagnostics));
    value.ok_or_else(|| diagnostics.iter().map(ToString::to_string).collect())
}

/// Problems as `path: message`, warnings with a mark.
pub(super) fn words(problems: Vec<Problem>) -> Vec<String> {
    let line = |problem| match problem {
        Problem::Error { path, message } => format!("{}: {message}", path.join("::")),
        Problem::Warning { path, message } => format!("warning: {}: {message}", path.join("::")),
    };
    problems.into_iter().map(line).collect()
}

/// A folder for one test, removed after it.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("prometheus-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// The path of a file in it.
    pub(super) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Writes a file as careful programs do: under another name first.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path("new"), text).unwrap();
        std::fs::rename(self.path("new"), self.path(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
