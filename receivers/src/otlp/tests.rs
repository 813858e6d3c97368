//! The receiver's services, called as the transport calls them; no sockets.

use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use component::testing::{Script, payload};
use component::{Code, ConsumeError, Memory, Outputs};
use config::{Diagnostics, Path};
use otlp::Signal;
use transport::grpc::{self, Service as _};
use transport::http::{self, Service as _};

use super::config::{Config, Paths};
use super::grpc::Exports;
use super::http::Posts;
use crate::answer::status;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[test]
fn no_protocol_is_an_error() {
    assert_eq!(problems("{}"), 1);
    assert_eq!(problems("{ protocols: { grpc: } }"), 0);
    assert_eq!(problems("{ protocols: { http: {} } }"), 0);
}

fn problems(text: &str) -> usize {
    component::Receiver::check(&read(text)).len()
}

#[test]
fn each_protocol_has_its_own_default_endpoint() {
    let config = read("{ protocols: { grpc: , http: { traces_url_path: t } } }");
    let listens_on: Vec<_> =
        component::Receiver::listens_on(&config).into_iter().map(|listens| listens.address).collect();
    assert_eq!(listens_on, ["localhost:4317", "localhost:4318"]);
    let paths = &config.protocols.http.as_ref().unwrap().paths;
    assert_eq!((paths.signal("/t"), paths.signal("/v1/traces")), (Some(Signal::Traces), None));
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap()
}

#[test]
fn the_pipelines_error_becomes_the_clients_status() {
    let with_status = ConsumeError::permanent("no").with_code(Code::PermissionDenied);
    let later = ConsumeError::retryable_after("later", Duration::from_secs(3));
    for (error, code, delay) in [
        (ConsumeError::permanent("no"), Code::Internal, None),
        (ConsumeError::retryable("no"), Code::Unavailable, None),
        (with_status, Code::PermissionDenied, None),
        (later, Code::Unavailable, Some(Duration::from_secs(3))),
    ] {
        let status = status(&error);
        assert_eq!((status.code, status.retry_delay()), (code, delay), "{error}");
    }
}

#[tokio::test]
async fn only_signals_that_a_pipeline_wants_are_served() {
    let (outputs, _) = outputs([]);
    let service = Exports::new(outputs);
    assert!(service.has(TRACES));
    assert!(!service.has("/opentelemetry.proto.collector.logs.v1.LogsService/Export"));
}

#[tokio::test]
async fn a_grpc_request_reaches_the_pipeline() {
    let (outputs, pipeline) = outputs([]);
    let answer = Exports::new(outputs).call(grpc_request(valid())).await.unwrap();
    assert_eq!(&answer[..], b"\x0a\x00");
    assert_eq!(pipeline.taken_items(), [2]);
    assert_eq!(pipeline.taken()[0].origin.transport, "grpc");
}

#[tokio::test]
async fn a_request_without_items_does_not_enter_the_pipeline() {
    let (outputs, pipeline) = outputs([]);
    assert!(Exports::new(outputs).call(grpc_request(Bytes::new())).await.is_ok());
    assert!(pipeline.asked_at().is_empty());
}

#[tokio::test]
async fn a_malformed_grpc_request_names_the_byte() {
    let (outputs, pipeline) = outputs([]);
    let status = Exports::new(outputs).call(grpc_request(Bytes::from_static(b"\x0a\x7f"))).await.unwrap_err();
    assert_eq!(status.code, Code::Internal);
    assert!(status.message.contains("byte"), "{}", status.message);
    assert!(pipeline.asked_at().is_empty());
}

#[tokio::test]
async fn http_answers_in_the_requests_encoding() {
    let json = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
    check_http("application/x-protobuf", &valid(), Ok(()), 200, b"\x0a\x00").await;
    check_http("application/json; charset=utf-8", json, Ok(()), 200, br#"{"partialSuccess":{}}"#).await;
    let refused = || Err(ConsumeError::retryable("sending queue is full"));
    check_http("application/json", json, refused(), 503, br#"{"code":14,"message":"sending queue is full"}"#)
        .await;
    let status = grpc::Status::new(Code::Unavailable, "sending queue is full").encode();
    check_http("application/x-protobuf", &valid(), refused(), 503, &status).await;
}

async fn check_http(kind: &str, body: &[u8], answer: Result<(), ConsumeError>, status: u16, expected: &[u8]) {
    let (outputs, _) = outputs([answer]);
    let posts = Posts::new(Paths::default(), outputs, Memory::default());
    let response = posts.call(http_request(kind, body)).await;
    assert_eq!((response.status().as_u16(), &response.body()[..]), (status, expected));
    let answered_kind = kind.split(';').next().unwrap();
    assert_eq!(response.headers()["content-type"], answered_kind);
}

#[tokio::test]
async fn a_backends_wish_for_a_pause_is_passed_on() {
    let busy =
        ConsumeError::retryable_after("busy", Duration::from_millis(1500)).with_code(Code::ResourceExhausted);
    let (outputs, _) = outputs([Err(busy)]);
    let posts = Posts::new(Paths::default(), outputs, Memory::default());
    let response = posts.call(http_request("application/x-protobuf", &valid())).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"2".parse().unwrap())
    );
}

#[tokio::test]
async fn malformed_bodies_are_the_clients_fault() {
    for (kind, body) in
        [("application/json", &b"{\"resourceSpans\":7}"[..]), ("application/x-protobuf", b"\x0a\x7f")]
    {
        let (outputs, pipeline) = outputs([]);
        let posts = Posts::new(Paths::default(), outputs, Memory::default());
        let response = posts.call(http_request(kind, body)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{kind}");
        assert!(pipeline.asked_at().is_empty());
    }
}

#[test]
fn wrong_paths_methods_and_types_are_answered_before_the_body_is_read() {
    let (outputs, _) = outputs([]);
    let posts = Posts::new(Paths::default(), outputs, Memory::default());
    let screen = |method: Method, path: &str, kind: &str| {
        let request = ::http::Request::builder().method(method).uri(path).header("content-type", kind);
        let (head, ()) = request.body(()).unwrap().into_parts();
        posts.screen(&head).map(|response| response.status().as_u16())
    };
    let protobuf = "application/x-protobuf";
    assert_eq!(screen(Method::POST, "/v1/traces", protobuf), None);
    assert_eq!(screen(Method::POST, "/v1/logs", protobuf), Some(404));
    assert_eq!(screen(Method::POST, "/", protobuf), Some(404));
    assert_eq!(screen(Method::GET, "/v1/traces", protobuf), Some(405));
    assert_eq!(screen(Method::POST, "/v1/traces", "text/plain"), Some(415));
}

/// A pipeline for traces only, which gives `answers`.
fn outputs(answers: impl IntoIterator<Item = Result<(), ConsumeError>>) -> (Outputs, std::sync::Arc<Script>) {
    let pipeline = Script::new(answers);
    (Outputs { traces: Some(pipeline.clone()), ..Outputs::default() }, pipeline)
}

fn valid() -> Bytes {
    payload(Signal::Traces, 2).to_rope().to_contiguous()
}

fn grpc_request(message: Bytes) -> grpc::Request {
    grpc::Request {
        path: TRACES.to_owned(),
        headers: HeaderMap::new(),
        peer: None,
        identity: None,
        metadata: None,
        message,
    }
}

fn http_request(kind: &str, body: &[u8]) -> http::Request {
    let request =
        ::http::Request::builder().method(Method::POST).uri("/v1/traces").header("content-type", kind);
    let (head, ()) = request.body(()).unwrap().into_parts();
    http::Request { head, body: Bytes::copy_from_slice(body), peer: None, identity: None, metadata: None }
}
