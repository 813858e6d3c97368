//! Calls over one HTTP/2 connection.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use http::{Request, Uri};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Answer, Sender};
use crate::request::{GRPC_PATH, JAEGER_PATH, Protocol};

/// `RESOURCE_EXHAUSTED` and `UNAVAILABLE`: later, please.
const RETRYABLE: [&str; 2] = ["8", "14"];

/// Calls until told to stop, or until the connection fails.
pub(super) async fn send(sender: &Arc<Sender>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(sender.load.endpoint).await?;
    stream.set_nodelay(true)?;
    let (client, connection) = h2::client::handshake(stream).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let head = head(sender)?;
    let mut callers = JoinSet::new();
    for _ in 0..sender.load.in_flight {
        callers.spawn(call_in_turn(sender.clone(), client.clone(), head.clone()));
    }
    let mut outcome: anyhow::Result<()> = Ok(());
    while let Some(ended) = callers.join_next().await {
        outcome = outcome.and(ended?);
    }
    outcome
}

async fn call_in_turn(
    sender: Arc<Sender>,
    mut client: SendRequest<Bytes>,
    head: Request<()>,
) -> anyhow::Result<()> {
    loop {
        client = client.ready().await?;
        let Some(body) = sender.next().await else { return Ok(()) };
        let (response, mut stream) = client.send_request(head.clone(), false)?;
        stream.send_data(body, true)?;
        let answer = answer(response.await?).await;
        sender.count(*answer.as_ref().unwrap_or(&Answer::Unknown));
        answer?;
    }
}

async fn answer(response: http::Response<RecvStream>) -> anyhow::Result<Answer> {
    let (head, mut body) = response.into_parts();
    if let Some(answer) = status(&head.headers) {
        return Ok(answer);
    }
    while let Some(chunk) = body.data().await {
        body.flow_control().release_capacity(chunk?.len())?;
    }
    let trailers = body.trailers().await?.context("there are no trailers")?;
    status(&trailers).context("there is no grpc-status")
}

fn status(headers: &HeaderMap) -> Option<Answer> {
    let status = headers.get("grpc-status")?.to_str().ok()?;
    Some(match status {
        "0" => Answer::Accepted,
        status if RETRYABLE.contains(&status) => Answer::Refused,
        _ => Answer::Unknown,
    })
}

fn head(sender: &Sender) -> anyhow::Result<Request<()>> {
    let path = match sender.load.protocol {
        Protocol::Grpc | Protocol::Http | Protocol::Zipkin => GRPC_PATH,
        Protocol::JaegerGrpc => JAEGER_PATH,
    };
    let uri: Uri = format!("http://{}{path}", sender.load.endpoint).parse()?;
    let mut head = Request::post(uri).body(())?;
    let headers = head.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if sender.load.gzip {
        headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
    }
    Ok(head)
}
