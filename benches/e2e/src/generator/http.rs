//! Posts over one HTTP/1.1 connection.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Answer, Sender};
use crate::request::{HTTP_PATH, Protocol, ZIPKIN_PATH};

/// Posts until told to stop, or until the connection fails.
pub(super) async fn send(sender: &Arc<Sender>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(sender.load.endpoint).await?;
    stream.set_nodelay(true)?;
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    loop {
        client.ready().await?;
        let Some(body) = sender.next().await else { return Ok(()) };
        let response = client.send_request(request(sender, body)?).await?;
        let status = response.status();
        response.into_body().collect().await?;
        sender.count(match status {
            StatusCode::OK | StatusCode::ACCEPTED => Answer::Accepted,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Answer::Refused,
            _ => Answer::Unknown,
        });
    }
}

fn request(sender: &Sender, body: Bytes) -> anyhow::Result<Request<Full<Bytes>>> {
    let (path, content_type) = match sender.load.protocol {
        Protocol::Zipkin => (ZIPKIN_PATH, "application/json"),
        Protocol::Grpc | Protocol::Http | Protocol::JaegerGrpc => (HTTP_PATH, "application/x-protobuf"),
    };
    let mut request = Request::post(path).body(Full::new(body))?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::try_from(sender.load.endpoint.to_string())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if sender.load.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(request)
}
