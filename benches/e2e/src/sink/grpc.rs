//! The gRPC side.

use std::future::poll_fn;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::count::gunzip;
use super::{Sink, Verdict, count_spans};

/// An empty `ExportTraceServiceResponse`, in its frame.
const EMPTY: &[u8] = &[0; 5];

pub(super) async fn serve(listener: TcpListener, sink: Arc<Sink>) -> anyhow::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        connections.spawn(serve_connection(stream, sink.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_connection(stream: TcpStream, sink: Arc<Sink>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut http2 = h2::server::Builder::new();
    http2.initial_window_size(16 << 20).initial_connection_window_size(64 << 20).max_frame_size(1 << 20);
    let mut connection = http2.handshake(stream).await?;
    let mut calls = JoinSet::new();
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        calls.spawn(answer(request, respond, sink.clone()));
        while calls.try_join_next().is_some() {}
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    sink: Arc<Sink>,
) -> anyhow::Result<()> {
    let framed = read(request.into_body()).await?;
    let spans = count_framed(&framed);
    drop(framed);
    let verdict = tokio::select! {
        verdict = sink.judge(spans) => verdict,
        // The client has given up.
        _ = poll_fn(|cx| respond.poll_reset(cx)) => return Ok(()),
    };
    let mut response = Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut stream = respond.send_response(response, false)?;
    if verdict == Verdict::Taken {
        stream.send_data(Bytes::from_static(EMPTY), false)?;
    }
    Ok(stream.send_trailers(trailers(verdict))?)
}

/// All of the body; as it came when it is one piece.
async fn read(mut body: RecvStream) -> anyhow::Result<Bytes> {
    let mut whole = Bytes::new();
    let mut gathered = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        if whole.is_empty() && gathered.is_empty() {
            whole = chunk;
        } else {
            gathered.extend_from_slice(&std::mem::take(&mut whole));
            gathered.extend_from_slice(&chunk);
        }
    }
    Ok(if gathered.is_empty() { whole } else { gathered.into() })
}

fn count_framed(framed: &[u8]) -> anyhow::Result<u64> {
    let (prefix, message) = framed.split_first_chunk::<5>().context("there is no frame")?;
    Ok(if prefix[0] == 0 { count_spans(message)? } else { count_spans(&gunzip(message)?)? })
}

fn trailers(verdict: Verdict) -> HeaderMap {
    let status = match verdict {
        Verdict::Taken => "0",
        Verdict::Later => "14",
        Verdict::Malformed => "3",
    };
    HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static(status))])
}
