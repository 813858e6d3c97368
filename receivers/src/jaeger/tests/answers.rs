//! What clients that wait for an answer are told.

use std::time::Duration;

use ::http::Method;
use component::{Code, ConsumeError};
use otlp::Signal;
use transport::grpc::Service as _;
use transport::http::Service as _;

use super::{BINARY, PROTO, Setup, bytes, call, post};
use crate::jaeger::grpc::Calls;
use crate::jaeger::http::Posts;

const POST_SPANS: &str = "/jaeger.api_v2.CollectorService/PostSpans";
const THRIFT: &str = "application/x-thrift";

#[tokio::test]
async fn spans_over_grpc_reach_the_pipeline() {
    let setup = Setup::new([]);
    let answer = Calls::new(setup.intake.clone()).call(call(POST_SPANS, &bytes(PROTO))).await.unwrap();
    assert!(answer.is_empty());
    assert_eq!(setup.pipeline.taken_items(), [1]);
    let batch = &setup.pipeline.taken()[0];
    assert_eq!(batch.origin.transport, "grpc");
    let traces = batch.payload.as_traces().unwrap();
    let span = traces.spans().next().unwrap();
    assert_eq!((span.name().to_string(), span.kind()), ("op".to_owned(), 2));
}

#[tokio::test]
async fn what_cannot_be_read_is_the_clients_fault() {
    let setup = Setup::new([]);
    let calls = Calls::new(setup.intake.clone());
    for message in [&b"\x0a\x7f"[..], b"\x0a\x05\x0a\x03\x0a\x01x"] {
        let status = calls.call(call(POST_SPANS, message)).await.unwrap_err();
        assert_eq!(status.code, Code::InvalidArgument, "{status}");
        assert!(status.message.contains("byte"), "{status}");
    }
    assert!(setup.pipeline.asked_at().is_empty());
}

#[tokio::test]
async fn requests_without_spans_are_taken_and_do_not_enter_the_pipeline() {
    let setup = Setup::new([]);
    assert!(Calls::new(setup.intake.clone()).call(call(POST_SPANS, b"")).await.is_ok());
    assert!(setup.pipeline.asked_at().is_empty());
}

#[tokio::test]
async fn a_bad_span_costs_that_span_and_is_booked() {
    let setup = Setup::new([]);
    let mut batch = bytes(PROTO);
    // A second request, which protobuf merges: a span whose id has one byte.
    batch.extend(b"\x0a\x05\x0a\x03\x0a\x01x");
    Calls::new(setup.intake.clone()).call(call(POST_SPANS, &batch)).await.unwrap();
    assert_eq!(setup.pipeline.taken_items(), [1]);
    assert_eq!(setup.count("otelcol_receiver_refused_spans", "grpc"), 1.0);
    let totals = setup.cx.accounts.of(Signal::Traces).totals();
    assert_eq!((totals.received, totals.refused, totals.in_flight()), (1, 1, 0));
}

#[tokio::test]
async fn grpc_clients_hear_what_the_pipeline_said() {
    for (answer, code) in [
        (ConsumeError::retryable("sending queue is full"), Code::Unavailable),
        (ConsumeError::permanent("no"), Code::Internal),
        (ConsumeError::permanent("no").with_code(Code::PermissionDenied), Code::PermissionDenied),
    ] {
        let setup = Setup::new([Err(answer)]);
        let status = Calls::new(setup.intake).call(call(POST_SPANS, &bytes(PROTO))).await.unwrap_err();
        assert_eq!(status.code, code, "{status}");
    }
}

#[tokio::test]
async fn sampling_is_one_in_a_thousand_when_nothing_is_configured() {
    let calls = Calls::new(Setup::new([]).intake);
    let method = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
    assert!(calls.has(method) && calls.has(POST_SPANS) && !calls.has("/jaeger.api_v2.QueryService/GetTrace"));
    let answer = calls.call(call(method, b"\x0a\x01s")).await.unwrap();
    assert_eq!(answer[..], bytes("120909fca9f1d24d62503f"));
}

#[tokio::test]
async fn http_answers_by_status() {
    let busy = ConsumeError::retryable_after("busy", Duration::from_millis(1500));
    let exhausted = ConsumeError::retryable("slow down").with_code(Code::ResourceExhausted);
    let denied = ConsumeError::permanent("no").with_code(Code::PermissionDenied);
    check_http(THRIFT, &bytes(BINARY), Ok(()), 202, None, "").await;
    check_http("application/vnd.apache.thrift.binary; x=y", &bytes(BINARY), Ok(()), 202, None, "").await;
    check_http(THRIFT, &bytes(BINARY)[..100], Ok(()), 400, None, "Unable to process request body: byte")
        .await;
    check_http(THRIFT, b"\x00", Ok(()), 400, None, "Unable to process request body: ").await;
    let words = "Cannot submit Jaeger batch: ";
    check_http(THRIFT, &bytes(BINARY), Err(busy), 503, Some("2"), words).await;
    check_http(THRIFT, &bytes(BINARY), Err(exhausted), 429, Some("1"), words).await;
    check_http(THRIFT, &bytes(BINARY), Err(denied), 403, None, words).await;
    check_http(THRIFT, &bytes(BINARY), Err(ConsumeError::permanent("no")), 500, None, words).await;
}

async fn check_http(
    kind: &str,
    body: &[u8],
    answer: Result<(), ConsumeError>,
    status: u16,
    retry_after: Option<&str>,
    words: &str,
) {
    let response = Posts::new(Setup::new([answer]).intake).call(post(kind, body)).await;
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers().get("retry-after").map(|value| value.to_str().unwrap()), retry_after);
    let text = std::str::from_utf8(response.body()).unwrap();
    assert!(text.starts_with(words) && text.is_empty() == words.is_empty(), "{text}");
}

#[tokio::test]
async fn without_memory_http_clients_are_asked_to_come_back() {
    let setup = Setup::new([]);
    setup.cx.memory.set_limit(Some(0));
    let response = Posts::new(setup.intake).call(post(THRIFT, &bytes(BINARY))).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
}

#[test]
fn wrong_paths_methods_and_types_are_answered_before_the_body_is_read() {
    let posts = Posts::new(Setup::new([]).intake);
    let screen = |method: Method, path: &str, kind: Option<&str>| {
        let mut request = ::http::Request::builder().method(method).uri(path);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        posts.screen(&head).map(|response| response.status().as_u16())
    };
    assert_eq!(screen(Method::POST, "/api/traces?format=jaeger.thrift", Some(THRIFT)), None);
    assert_eq!(screen(Method::GET, "/api/traces", Some(THRIFT)), Some(405));
    assert_eq!(screen(Method::POST, "/", Some(THRIFT)), Some(404));
    assert_eq!(screen(Method::POST, "/api/traces", Some("application/json")), Some(400));
    assert_eq!(screen(Method::POST, "/api/traces", None), Some(400));
}
