//! The receiver's service, called as the transport calls it; no sockets.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Method, StatusCode};
use bytes::Bytes;
use component::testing::{Script, context};
use component::{Account, Accounts, Code, ConsumeError, Context, Kind, Receiver as _};
use config::{Diagnostics, Path};
use formats::zipkin::DecodeOptions;
use otlp::Signal;
use transport::http::{Refusal, Request, Response, Service as _};

use super::config::{Config, Own};
use super::form::{Form, Unknown};
use super::http::Posts;

const V2: &str = "/api/v2/spans";
const GOOD: &str = r#"{"traceId":"1","id":"2","timestamp":5}"#;

#[test]
fn it_listens_where_zipkin_does() {
    let config = read("{}");
    assert_eq!(config.listens_on()[0].address, "localhost:9411");
    assert!(config.server.keep_alives_enabled && !config.own.parse_string_tags);
    let config = read("{ endpoint: '127.0.0.1:1', parse_string_tags: true, max_request_body_size: 9 }");
    assert_eq!(config.listens_on()[0].address, "127.0.0.1:1");
    assert_eq!((config.own, config.server.max_request_body_size), (Own { parse_string_tags: true }, 9));
    assert!(config.check().is_empty());
    assert_eq!(read("{ compression_algorithms: [unheard] }").check().len(), 1);
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

#[test]
fn path_and_content_type_say_how_spans_are_written() {
    let thrift = "application/x-thrift";
    let protobuf = "application/x-protobuf";
    for (path, kind, expected) in [
        ("/api/v1/spans", "", Ok(Form::JsonV1)),
        ("/api/v1/spans", "application/json", Ok(Form::JsonV1)),
        ("/api/v1/spans", thrift, Ok(Form::ThriftV1)),
        ("/api/v1/spans", protobuf, Err(Unknown::ContentType)),
        ("/api/v2/spans", "", Ok(Form::JsonV2)),
        ("/api/v2/spans", "text/plain;charset=UTF-8", Ok(Form::JsonV2)),
        ("/api/v2/spans", protobuf, Ok(Form::ProtobufV2)),
        ("/api/v2/spans", "Application/X-Protobuf; v=1", Ok(Form::ProtobufV2)),
        ("/api/v2/spans", thrift, Err(Unknown::ContentType)),
        ("/zipkin/api/v2/spans/", protobuf, Ok(Form::ProtobufV2)),
        ("/zipkin/api/v1/spans?x=y", "", Ok(Form::JsonV1)),
        ("/api/v2/spans/x", "", Err(Unknown::Path)),
        ("/api/v2/traces", "", Err(Unknown::Path)),
        ("/", "application/json", Err(Unknown::Path)),
    ] {
        let (head, ()) = head(Method::POST, path, kind).into_parts();
        assert_eq!(Form::of(&head), expected, "{path} {kind}");
    }
}

#[test]
fn wrong_paths_methods_and_types_are_answered_before_the_body_is_read() {
    let posts = posts(Script::new([]));
    let screen = |method: Method, path: &str, kind: &str| {
        let (head, ()) = head(method, path, kind).into_parts();
        posts.screen(&head).map(|response| response.status().as_u16())
    };
    assert_eq!(screen(Method::POST, V2, "text/plain"), None);
    assert_eq!(screen(Method::POST, "/api/v3/spans", ""), Some(404));
    assert_eq!(screen(Method::GET, "/api/v3/spans", ""), Some(404));
    assert_eq!(screen(Method::GET, V2, ""), Some(405));
    assert_eq!(screen(Method::PUT, "/api/v1/spans", "application/x-thrift"), Some(405));
    assert_eq!(screen(Method::POST, V2, "application/x-thrift"), Some(415));
    assert_eq!(screen(Method::POST, "/api/v1/spans", "application/x-protobuf"), Some(415));
}

#[tokio::test]
async fn every_form_reaches_the_pipeline_under_its_own_name() {
    let v1 = r#"[{"traceId":"0000000000000001","id":"0000000000000002"}]"#.as_bytes();
    let thrift = b"\x0c\0\0\0\x01\x0a\0\x01\0\0\0\0\0\0\0\x01\x0a\0\x04\0\0\0\0\0\0\0\x02\0";
    let proto = b"\x0a\x14\x0a\x08\0\0\0\0\0\0\0\x01\x1a\x08\0\0\0\0\0\0\0\x02";
    let v2 = format!("[{GOOD}]");
    for (path, kind, body, transport) in [
        ("/api/v1/spans", "application/json", v1, "http_v1_json"),
        ("/api/v1/spans", "application/x-thrift", &thrift[..], "http_v1_thrift"),
        (V2, "application/json", v2.as_bytes(), "http_v2_json"),
        (V2, "application/x-protobuf", &proto[..], "http_v2_proto"),
    ] {
        let pipeline = Script::new([]);
        let response = posts(pipeline.clone()).call(request(path, kind, body)).await;
        assert_eq!((response.status().as_u16(), response.body().len()), (202, 0), "{transport}");
        let taken = pipeline.taken();
        assert_eq!((taken[0].origin.transport, taken[0].items()), (transport, 1));
    }
}

#[tokio::test]
async fn one_bad_span_costs_one_span() {
    let body = format!(r#"[{GOOD},{{"traceId":"1","id":"0"}},{GOOD}]"#);
    let pipeline = Script::new([]);
    let cx = receiver();
    let posts = Posts::new(DecodeOptions::default(), pipeline.clone(), cx.clone());
    let response = posts.call(request(V2, "application/json", body.as_bytes())).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.body(), "1 of 3 spans refused\nspan 1: valid span id required");
    assert_eq!(pipeline.taken_items(), [2]);
    assert_eq!(refused(&cx), 1);
}

#[tokio::test]
async fn only_the_first_bad_spans_are_named() {
    let bad = vec![r#"{"traceId":"1"}"#; 40].join(",");
    let pipeline = Script::new([]);
    let response = post_to(&pipeline, &format!("[{bad}]")).await;
    assert!(pipeline.asked_at().is_empty());
    let words = String::from_utf8_lossy(response.body()).into_owned();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(words.starts_with("40 of 40 spans refused\nspan 0: "), "{words}");
    assert!(words.ends_with("\nand 24 more"), "{words}");
}

#[tokio::test]
async fn bodies_get_the_status_of_their_worst_fault() {
    for (body, status, in_words) in [
        ("[]", 202, ""),
        ("null", 202, ""),
        ("[null]", 202, ""),
        ("", 400, "malformed at byte 0"),
        ("{}", 400, "expected an array of spans"),
        (r#"[{"traceId":"1"}]"#, 400, "valid span id required"),
        (r#"[{"traceId":"","id":"1"}]"#, 400, "valid traceId required"),
        (r#"[{"traceId":"1","id":"1","timestamp":1.5}]"#, 400, "1.5"),
        (r#"[{"traceId":"1","id":"1","localEndpoint":{"port":70000}}]"#, 400, "port"),
        (r#"[{"traceId":"1","id":"1","parentId":"1","timestamp":5}]"#, 202, ""),
    ] {
        let response = post_to(&Script::new([]), body).await;
        let words = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(response.status().as_u16(), status, "{body}: {words}");
        assert!(words.contains(in_words), "{body}: {words}");
    }
    let empty = request(V2, "application/x-protobuf", b"");
    assert_eq!(posts(Script::new([])).call(empty).await.status().as_u16(), 202);
}

#[tokio::test]
async fn the_pipelines_error_becomes_the_clients_status() {
    let wait = Duration::from_millis(1500);
    for (error, status, retry_after) in [
        (ConsumeError::permanent("no"), 400, None),
        (ConsumeError::permanent("no").with_code(Code::PermissionDenied), 400, None),
        (ConsumeError::retryable("no"), 503, Some("1")),
        (ConsumeError::retryable_after("no", wait), 503, Some("2")),
        (ConsumeError::retryable_after("no", wait).with_code(Code::ResourceExhausted), 429, Some("2")),
        (ConsumeError::retryable("no").with_code(Code::Unknown), 503, Some("1")),
    ] {
        let response = post_to(&Script::new([Err(error.clone())]), &format!("[{GOOD}]")).await;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, &b"no"[..]), "{error}");
        let found = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(found, retry_after, "{error}");
    }
}

#[tokio::test]
async fn without_memory_the_client_is_asked_to_come_back() {
    let cx = receiver();
    cx.memory.set_limit(Some(0));
    let pipeline = Script::new([]);
    let posts = Posts::new(DecodeOptions::default(), pipeline.clone(), cx.clone());
    // More than a thread counts for itself.
    let tags = "x".repeat(400_000);
    let body = format!(r#"[{{"traceId":"1","id":"2","name":"{tags}"}}]"#);
    let response = posts.call(request(V2, "application/json", body.as_bytes())).await;
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert!(pipeline.asked_at().is_empty());
    assert_eq!(refused(&cx), 1);

    let (head, ()) = head(Method::POST, V2, "").into_parts();
    let refused =
        |status, code| posts.refuse(&head, &Refusal { status, code, message: "no room".to_owned() });
    let response = refused(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable);
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    let response = refused(StatusCode::BAD_REQUEST, Code::InvalidArgument);
    assert_eq!((response.status().as_u16(), response.headers().get("retry-after")), (400, None));
}

#[tokio::test]
async fn tags_are_parsed_on_request() {
    let body = format!(r#"[{{"tags":{{"n":"7"}},{}]"#, &GOOD[1..]);
    let pipeline = Script::new([]);
    for parse_string_tags in [false, true] {
        let options = DecodeOptions { parse_string_tags };
        let posts = Posts::new(options, pipeline.clone(), receiver());
        posts.call(request(V2, "", body.as_bytes())).await;
    }
    let sizes = pipeline.taken().iter().map(|batch| batch.payload.size()).collect::<Vec<_>>();
    assert_eq!(sizes[0], sizes[1] + 1, "a string of one letter has a length, a small number has none");
}

async fn post_to(pipeline: &Arc<Script>, body: &str) -> Response {
    posts(pipeline.clone()).call(request(V2, "application/json", body.as_bytes())).await
}

fn posts(pipeline: Arc<Script>) -> Arc<Posts> {
    Posts::new(DecodeOptions::default(), pipeline, receiver())
}

/// A receiver with an account of its own.
fn receiver() -> Context {
    Context { accounts: Accounts::single(&Account::default()), ..context(Kind::Receiver, "zipkin") }
}

/// What it has refused by itself.
fn refused(cx: &Context) -> u64 {
    let totals = cx.accounts.of(Signal::Traces).totals();
    assert_eq!((totals.received, totals.in_flight()), (totals.refused, 0));
    totals.refused
}

fn head(method: Method, path: &str, kind: &str) -> ::http::Request<()> {
    let request = ::http::Request::builder().method(method).uri(path);
    let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
    request.body(()).unwrap()
}

fn request(path: &str, kind: &str, body: &[u8]) -> Request {
    let (head, ()) = head(Method::POST, path, kind).into_parts();
    Request { head, body: Bytes::copy_from_slice(body), peer: None, identity: None, metadata: None }
}
