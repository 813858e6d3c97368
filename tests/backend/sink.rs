//! Taking what is sent: the three services of tonic, and OTLP/HTTP.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response as HttpResponse, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use prost::Message;
use serde::Serialize;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::{Code, Response, Status, async_trait};

use super::answer::{http_status, status};
use super::{Answer, Export, State};
use crate::proto::collector::logs::v1::logs_service_server::LogsService;
use crate::proto::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use crate::proto::collector::metrics::v1::metrics_service_server::MetricsService;
use crate::proto::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use crate::proto::collector::trace::v1::trace_service_server::TraceService;
use crate::proto::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};

/// The services of one connection.
#[derive(Clone)]
pub(super) struct Sink {
    pub(super) state: State,
    /// Told to break the connection.
    pub(super) reset: Arc<Notify>,
}

/// What was thrown away of a request that was taken: how much, and why.
type Rejected = (i64, String);

impl Sink {
    async fn take(
        &self,
        export: Export,
        headers: HeaderMap,
    ) -> Result<Option<Rejected>, (Code, Option<Duration>)> {
        match self.state.ask(export, headers) {
            Answer::Accept => Ok(None),
            Answer::Reject { items, why } => Ok(Some((items, why.to_owned()))),
            Answer::Refuse { code, retry_after } => Err((code, retry_after)),
            Answer::Stall => std::future::pending().await,
            Answer::Reset => {
                self.reset.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn take_call<T>(
        &self,
        request: tonic::Request<T>,
        export: impl FnOnce(T) -> Export,
    ) -> Result<Option<Rejected>, Status> {
        let headers = request.metadata().clone().into_headers();
        let taken = self.take(export(request.into_inner()), headers).await;
        taken.map_err(|(code, retry_after)| status(code, retry_after))
    }
}

#[async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(traces_response(self.take_call(request, Export::Traces).await?)))
    }
}

#[async_trait]
impl MetricsService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(metrics_response(self.take_call(request, Export::Metrics).await?)))
    }
}

#[async_trait]
impl LogsService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        Ok(Response::new(logs_response(self.take_call(request, Export::Logs).await?)))
    }
}

fn traces_response(rejected: Option<Rejected>) -> ExportTraceServiceResponse {
    let partial =
        |(rejected_spans, error_message)| ExportTracePartialSuccess { rejected_spans, error_message };
    ExportTraceServiceResponse { partial_success: rejected.map(partial) }
}

fn metrics_response(rejected: Option<Rejected>) -> ExportMetricsServiceResponse {
    let partial = |(rejected_data_points, error_message)| ExportMetricsPartialSuccess {
        rejected_data_points,
        error_message,
    };
    ExportMetricsServiceResponse { partial_success: rejected.map(partial) }
}

fn logs_response(rejected: Option<Rejected>) -> ExportLogsServiceResponse {
    let partial = |(rejected_log_records, error_message)| ExportLogsPartialSuccess {
        rejected_log_records,
        error_message,
    };
    ExportLogsServiceResponse { partial_success: rejected.map(partial) }
}

/// OTLP/HTTP.
pub(super) async fn post(sink: Sink, request: Request<Incoming>) -> HttpResponse<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(StatusCode::BAD_REQUEST, Vec::new()) };
    let Some(export) = read(head.uri.path(), &head.headers, &body.to_bytes()) else {
        return answer(StatusCode::BAD_REQUEST, b"the backend cannot read this".to_vec());
    };
    let is_json = head.headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    let respond = match export {
        Export::Traces(_) => |rejected, json| write(&traces_response(rejected), json),
        Export::Metrics(_) => |rejected, json| write(&metrics_response(rejected), json),
        Export::Logs(_) => |rejected, json| write(&logs_response(rejected), json),
    };
    match sink.take(export, head.headers).await {
        Ok(rejected) => typed(answer(StatusCode::OK, respond(rejected, is_json)), is_json),
        Err((code, retry_after)) => {
            let mut response = answer(http_status(code), Vec::new());
            if let Some(delay) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
            }
            response
        }
    }
}

fn write<T: Message + Serialize>(response: &T, is_json: bool) -> Vec<u8> {
    if is_json { serde_json::to_vec(response).expect("it can be written") } else { response.encode_to_vec() }
}

/// Reads a body with prost, or with the serde of `opentelemetry-proto`.
fn read(path: &str, headers: &HeaderMap, body: &[u8]) -> Option<Export> {
    let body = unpack(headers, body)?;
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    match (path, is_json) {
        ("/v1/traces", false) => Message::decode(&*body).ok().map(Export::Traces),
        ("/v1/metrics", false) => Message::decode(&*body).ok().map(Export::Metrics),
        ("/v1/logs", false) => Message::decode(&*body).ok().map(Export::Logs),
        ("/v1/traces", true) => serde_json::from_slice(&body).ok().map(Export::Traces),
        ("/v1/metrics", true) => serde_json::from_slice(&body).ok().map(Export::Metrics),
        ("/v1/logs", true) => serde_json::from_slice(&body).ok().map(Export::Logs),
        _ => None,
    }
}

fn unpack(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None => Some(body.to_vec()),
        Some(b"gzip") => read_all(flate2::read::GzDecoder::new(body)),
        Some(b"zlib" | b"deflate") => read_all(flate2::read::ZlibDecoder::new(body)),
        Some(b"zstd") => zstd::decode_all(body).ok(),
        Some(b"snappy") => snap::raw::Decoder::new().decompress_vec(body).ok(),
        Some(b"lz4") => read_all(lz4_flex::frame::FrameDecoder::new(body)),
        Some(_) => None,
    }
}

fn read_all(mut reader: impl Read) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    reader.read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn answer(status: StatusCode, body: Vec<u8>) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(Body::new(Full::new(Bytes::from(body))));
    *response.status_mut() = status;
    response
}

fn typed(mut response: HttpResponse<Body>, is_json: bool) -> HttpResponse<Body> {
    let name = if is_json { "application/json" } else { "application/x-protobuf" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(name));
    response
}
