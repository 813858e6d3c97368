//! A target that is scraped: it exposes what the story says, well or badly, and remembers how it was asked.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::patience::until;

/// What a target answers.
#[derive(Clone, Debug)]
pub enum Page {
    /// A page in Prometheus' text format.
    Text(String),
    /// A page of another type; empty for none at all.
    Typed(&'static str, String),
    /// The same as text, packed with gzip.
    Packed(String),
    /// Any bytes that say they are packed with gzip.
    Gzip(Vec<u8>),
    /// That status.
    Status(u16),
    /// Go there instead; to itself when empty.
    Redirect(String),
    /// Nothing, for ever.
    Hang,
    /// The beginning of a page, and then nothing.
    HangAfter(String),
    /// The beginning of a longer page, and then the connection ends.
    Cut(String),
    /// A page without an end.
    Endless,
    /// What is no HTTP.
    Gibberish,
}

impl Page {
    /// That many bytes of nothing, packed.
    #[must_use]
    pub fn bomb(size: usize) -> Page {
        Page::Gzip(gzip(&vec![b'#'; size]))
    }
}

/// A target on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct State {
    page: Page,
    asked: Vec<String>,
}

impl Target {
    /// A target that answers `page` to every request.
    #[must_use]
    pub fn start(page: Page) -> Target {
        Target::start_at("127.0.0.1:0", page)
    }

    /// The same at that address.
    #[must_use]
    pub fn start_at(address: &str, page: Page) -> Target {
        let listener = StdListener::bind(address).expect("the address is free");
        listener.set_nonblocking(true).expect("it can be");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Mutex::new(State { page, asked: Vec::new() }));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        let shared = state.clone();
        runtime.handle().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("it is a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                // A peer that goes away is no trouble of ours.
                tokio::runtime::Handle::current().spawn(async move { drop(serve(stream, &shared).await) });
            }
        });
        Target { address, state, runtime: Some(runtime) }
    }

    /// A target with a page in Prometheus' text format.
    #[must_use]
    pub fn with(text: &str) -> Target {
        Target::start(Page::Text(text.to_owned()))
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it answers from now on.
    pub fn show(&self, page: Page) {
        self.with_state(|state| state.page = page);
    }

    /// The heads of all requests, in lower case.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.with_state(|state| state.asked.clone())
    }

    /// Waits until it was asked so many more times.
    pub async fn wait_for_more(&self, count: usize) {
        let before = self.asked().len();
        until("the target is scraped", async || (self.asked().len() >= before + count).then_some(())).await;
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    let page = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.push(head);
        state.page.clone()
    };
    answer(&mut stream, page, &path).await?;
    stream.shutdown().await
}

const TEXT: &str = "text/plain; version=0.0.4";

async fn answer(stream: &mut TcpStream, page: Page, path: &str) -> std::io::Result<()> {
    match page {
        Page::Text(text) => whole(stream, TEXT, "", text.as_bytes()).await,
        Page::Typed(content_type, text) => whole(stream, content_type, "", text.as_bytes()).await,
        Page::Packed(text) => whole(stream, TEXT, "content-encoding: gzip\r\n", &gzip(text.as_bytes())).await,
        Page::Gzip(bytes) => whole(stream, TEXT, "content-encoding: gzip\r\n", &bytes).await,
        Page::Status(status) => {
            let head = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await
        }
        Page::Redirect(to) => {
            let to = if to.is_empty() { path } else { &to };
            let head = format!(
                "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await
        }
        Page::Hang => std::future::pending().await,
        Page::HangAfter(text) => {
            begin(stream, TEXT, "", text.len() + 1000).await?;
            stream.write_all(text.as_bytes()).await?;
            std::future::pending().await
        }
        Page::Cut(text) => {
            begin(stream, TEXT, "", text.len() + 1000).await?;
            stream.write_all(text.as_bytes()).await
        }
        Page::Endless => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-type: {TEXT}\r\n\r\n").as_bytes()).await?;
            let lines = "endless{number=\"1\"} 1\n".repeat(1000);
            loop {
                stream.write_all(lines.as_bytes()).await?;
            }
        }
        Page::Gibberish => stream.write_all(b"\x16\x03\x01 what is this\r\n\r\n").await,
    }
}

async fn whole(stream: &mut TcpStream, content_type: &str, more: &str, body: &[u8]) -> std::io::Result<()> {
    begin(stream, content_type, more, body.len()).await?;
    stream.write_all(body).await
}

async fn begin(stream: &mut TcpStream, content_type: &str, more: &str, length: usize) -> std::io::Result<()> {
    let content_type = match content_type {
        "" => String::new(),
        content_type => format!("content-type: {content_type}\r\n"),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\n{content_type}{more}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}
