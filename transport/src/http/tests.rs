//! Requests over loopback, from our client and from bare sockets.

mod clients;
mod servers;

use std::sync::Arc;
use std::time::Duration;

use ::http::{Method, StatusCode, Uri, request};
use async_trait::async_trait;
use bytes::Bytes;
use component::testing::context;
use component::{Context, Kind, Origin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Answers `POST /echo` with the body; other paths in their own ways.
struct Echo;

#[async_trait]
impl Service for Echo {
    fn screen(&self, head: &request::Parts) -> Option<Response> {
        match (&head.method, head.uri.path()) {
            (_, "/nowhere") => Some(text(StatusCode::NOT_FOUND, "404 page not found")),
            (&Method::PUT, _) => Some(text(StatusCode::METHOD_NOT_ALLOWED, "405")),
            _ => None,
        }
    }

    async fn call(&self, request: Request) -> Response {
        let head = &request.head;
        let location = |status: StatusCode, place: &str| {
            let mut response = text(status, "");
            response.headers_mut().insert("location", place.parse().unwrap());
            response
        };
        match head.uri.path() {
            "/echo" => text(StatusCode::OK, request.body),
            "/slow" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                text(StatusCode::OK, request.body)
            }
            "/hang" => std::future::pending().await,
            "/moved" => location(StatusCode::TEMPORARY_REDIRECT, "/echo"),
            "/other" => location(StatusCode::SEE_OTHER, "/request"),
            "/loop" => location(StatusCode::FOUND, "/loop"),
            "/large" => text(StatusCode::OK, vec![b'x'; 200_000]),
            "/cookie" => {
                let cookie =
                    head.headers.get("cookie").map_or("none", |value| value.to_str().unwrap()).to_owned();
                let mut response = text(StatusCode::OK, cookie);
                response.headers_mut().append("set-cookie", "lb=7; Path=/".parse().unwrap());
                response
            }
            "/request" => {
                let mut names: Vec<String> = head
                    .headers
                    .iter()
                    .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
                    .collect();
                names.sort();
                let metadata = request.metadata.map(|metadata| metadata.get("host").len());
                text(
                    StatusCode::OK,
                    format!("{} {:?} {} {metadata:?}", head.method, head.uri, names.join(" ")),
                )
            }
            _ => panic!("as asked"),
        }
    }

    async fn answer(&self, request: Request) -> ::http::Response<Content> {
        let count = match request.head.uri.path() {
            "/chunks" => 100,
            "/broken" => 3,
            "/by-and-by" => return ::http::Response::new(in_two_parts(request.body)),
            _ => return self.call(request).await.map(Content::Whole),
        };
        let chunks = (0..100_u8).map(move |number| match number < count {
            true => Ok(Bytes::from(vec![number + 128; 100_000])),
            false => Err(std::io::Error::other("as asked")),
        });
        ::http::Response::new(Content::Chunks(Box::new(chunks)))
    }
}

/// What was said, in two parts with some time between.
fn in_two_parts(said: Bytes) -> Content {
    let (parts, body) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let _ = parts.send(Bytes::from_static(b"first ")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let _ = parts.send(said).await;
    });
    Content::Arriving(body)
}

async fn serve(config: ServerConfig) -> (Context, String) {
    let cx = context(Kind::Receiver, "otlp");
    let server = config.bind(&cx).await.unwrap();
    let addr = server.local_addr();
    server.serve(&cx, Arc::new(Echo));
    (cx, addr)
}

fn local() -> ServerConfig {
    ServerConfig::with_endpoint("127.0.0.1:0")
}

fn client(config: &ClientConfig) -> (Context, Client) {
    let cx = context(Kind::Exporter, "otlp_http");
    let client = config.connect(&cx).unwrap();
    (cx, client)
}

async fn post(client: &Client, url: &str, body: &[u8]) -> Result<Reply, Fault> {
    let url: Uri = url.parse().unwrap();
    client.post(&url, "text/plain", vec![Bytes::copy_from_slice(body)], &Origin::default()).await
}

/// Sends bytes as they are and reads until the server closes, or nothing comes for a second.
async fn raw(addr: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..count]);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn settings(yaml: &str) -> config::SecretMap {
    let mut diagnostics = config::Diagnostics::new();
    let node = config::parse_value("test", yaml, &mut diagnostics).unwrap();
    config::read(&node, &config::Path::root(), &mut diagnostics).unwrap()
}
