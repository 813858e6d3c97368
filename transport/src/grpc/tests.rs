//! One server and one client over loopback; tonic and bare h2 stand in for others.

mod clients;
mod interop;
mod keepalive;
mod servers;
mod sockets;
mod statuses;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::testing::context;
use component::{Code, Context, Kind, Origin};
use http::HeaderMap;

use super::{ClientConfig, Request, ServerConfig, Service, Status};

pub(super) const ECHO: &str = "/test.Test/Echo";

/// Answers with what it was sent; other methods fail in their own ways.
#[derive(Default)]
pub(super) struct Echo {
    /// Calls of `Hang` that were dropped.
    pub(super) dropped: Arc<AtomicUsize>,
    pub(super) calls: Arc<AtomicUsize>,
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Service for Echo {
    fn has(&self, path: &str) -> bool {
        path.starts_with("/test.Test/")
    }

    async fn call(&self, request: Request) -> Result<Bytes, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match request.path.as_str() {
            ECHO => Ok(request.message),
            "/test.Test/Header" => {
                let value = request.headers.get("x-test").map_or(&b""[..], |value| value.as_bytes());
                Ok(Bytes::copy_from_slice(value))
            }
            "/test.Test/Metadata" => {
                let metadata = request.metadata.unwrap_or_default();
                Ok(Bytes::from(format!("{:?} {:?}", metadata.get("x-test"), metadata.get("host").len())))
            }
            "/test.Test/Busy" => {
                let busy = Status::new(Code::ResourceExhausted, "später: 100 %");
                Err(busy.with_retry_delay(Duration::from_millis(1500)))
            }
            "/test.Test/Slow" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(request.message)
            }
            "/test.Test/Hang" => {
                let _guard = CountDrop(self.dropped.clone());
                std::future::pending().await
            }
            _ => panic!("as asked"),
        }
    }
}

/// A server's context and address.
pub(super) async fn serve(config: ServerConfig) -> (Context, String) {
    serve_with(config, Echo::default()).await
}

pub(super) async fn serve_with(config: ServerConfig, service: Echo) -> (Context, String) {
    let cx = context(Kind::Receiver, "otlp");
    let server = config.bind(&cx).await.unwrap();
    let addr = server.local_addr();
    server.serve(&cx, Arc::new(service));
    (cx, addr)
}

pub(super) fn local() -> ServerConfig {
    ServerConfig::with_endpoint("127.0.0.1:0")
}

/// A plain-text client.
pub(super) fn client_config(addr: &str) -> ClientConfig {
    let mut config = ClientConfig { endpoint: addr.to_owned(), ..ClientConfig::default() };
    config.tls.insecure = true;
    config
}

pub(super) fn client(config: &ClientConfig) -> (Context, super::Client) {
    let cx = context(Kind::Exporter, "otlp");
    let client = config.connect(&cx).unwrap();
    (cx, client)
}

pub(super) fn nowhere() -> Origin {
    Origin::default()
}

/// A message of `size` bytes in frames of its own making.
pub(super) fn noise(size: usize) -> Bytes {
    (0..size).map(|at| (at * 31 % 251) as u8).collect::<Vec<u8>>().into()
}

pub(super) fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
}

/// Polls until `done`, or fails after ten seconds.
pub(super) async fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be that {what}");
}
