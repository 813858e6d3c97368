//! The HTTP side.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::count::gunzip;
use super::{Sink, Verdict, count_spans};

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
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(request, &sink).await));
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

async fn answer(request: Request<Incoming>, sink: &Sink) -> Response<Full<Bytes>> {
    let packed = request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
    let spans = match request.into_body().collect().await {
        Ok(body) => count(&body.to_bytes(), packed),
        Err(error) => Err(error.into()),
    };
    let status = match sink.judge(spans).await {
        Verdict::Taken => StatusCode::OK,
        Verdict::Later => StatusCode::SERVICE_UNAVAILABLE,
        Verdict::Malformed => StatusCode::BAD_REQUEST,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    response
}

fn count(body: &[u8], packed: bool) -> anyhow::Result<u64> {
    Ok(if packed { count_spans(&gunzip(body)?)? } else { count_spans(body)? })
}
