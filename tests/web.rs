//! HTTP/1.1 and bare gRPC calls, one connection each, with every word of them under the test's control.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::patience::within;

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What came after the body.
    pub trailers: HeaderMap,
}

impl Reply {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// One header or trailer as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).or_else(|| self.trailers.get(name));
        value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }

    /// The number of the gRPC status.
    #[must_use]
    pub fn grpc_status(&self) -> i32 {
        self.header("grpc-status").parse().unwrap_or(-1)
    }

    /// The message of the gRPC status.
    #[must_use]
    pub fn grpc_message(&self) -> String {
        self.header("grpc-message")
    }
}

/// `GET path`.
pub async fn get(address: &str, path: &str) -> Reply {
    send(address, Method::GET, path, &[], Bytes::new()).await
}

/// The status of `GET path`; `None` while nobody listens there.
pub async fn status(address: &str, path: &str) -> Option<u16> {
    let stream = TcpStream::connect(address).await.ok()?;
    let reply = send_over(stream, address, Method::GET, path, &[], Bytes::new()).await.ok()?;
    Some(reply.status.as_u16())
}

/// `POST path` with that content type.
pub async fn post(address: &str, path: &str, content_type: &str, body: impl Into<Bytes>) -> Reply {
    send(address, Method::POST, path, &[("content-type", content_type)], body).await
}

/// Any request over HTTP/1.1.
pub async fn send(
    address: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    let stream =
        TcpStream::connect(address).await.unwrap_or_else(|error| panic!("nobody at {address}: {error}"));
    send_over(stream, address, method, path, headers, body.into()).await.expect("an answer comes")
}

/// The same over a stream that is open already, such as one with TLS.
///
/// # Errors
/// When the connection breaks before the answer is there.
pub async fn send_over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Reply, hyper::Error> {
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body)).expect("the request is well-formed");
    let call = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::runtime::Handle::current().spawn(connection);
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?;
        connection.abort();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes(), trailers })
    };
    within("an HTTP answer", call).await
}

/// A gRPC call whose frame is made by the test: `message` is what follows the five bytes of the frame's head.
pub async fn grpc(
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
    compressed: bool,
    message: &[u8],
) -> Reply {
    let mut frame = vec![u8::from(compressed)];
    frame.extend_from_slice(&u32::try_from(message.len()).expect("a small message").to_be_bytes());
    frame.extend_from_slice(message);
    grpc_frame(address, path, headers, frame).await
}

/// A gRPC call with any bytes as its body.
pub async fn grpc_frame(address: &str, path: &str, headers: &[(&str, &str)], frame: Vec<u8>) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri(format!("http://{address}{path}"));
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(frame))).expect("the request is well-formed");
    let call = async {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.expect("it speaks HTTP/2");
        let connection = tokio::runtime::Handle::current().spawn(connection);
        let response = sender.send_request(request).await.expect("an answer comes");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the answer has an end");
        connection.abort();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Reply { status: head.status, headers: head.headers, body: body.to_bytes(), trailers }
    };
    within("a gRPC answer", call).await
}
