//! The receiver's service, called as the transport calls it; no sockets.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Method, StatusCode};
use bytes::Bytes;
use component::testing::{Script, context};
use component::{Account, Accounts, Code, ConsumeError, Context, Kind, Receiver as _};
use config::{Diagnostics, Path};
use otlp::Signal;
use otlp::write::Writer;
use transport::http::{Request, Response, Service as _};

use super::config::Config;
use super::http::Writes;

const PATH: &str = "/api/v1/write";
const V1: &str = "application/x-protobuf";
const V2: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

#[test]
fn it_listens_where_prometheus_does() {
    let config = read("{}");
    assert_eq!(config.listens_on()[0].address, "localhost:9090");
    assert_eq!(config.server.0.max_request_body_size, 10 << 20);
    let config = read("{ endpoint: '127.0.0.1:1', max_request_body_size: 9 }");
    assert_eq!(config.listens_on()[0].address, "127.0.0.1:1");
    assert!(config.check().is_empty());
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

#[test]
fn the_content_type_names_the_message() {
    let writes = Writes::new(1 << 20, Script::new([]), receiver());
    let screen = |method: Method, path: &str, kind: &str| {
        let (head, ()) = head(method, path, kind).into_parts();
        writes.screen(&head).map(|response| response.status().as_u16())
    };
    for kind in
        [V1, V2, "application/x-protobuf; proto=prometheus.WriteRequest", "Application/X-Protobuf; a=b"]
    {
        assert_eq!(screen(Method::POST, PATH, kind), None, "{kind}");
    }
    for kind in
        ["", "text/plain", "application/json", "application/x-protobuf;proto=io.prometheus.write.v3.Request"]
    {
        assert_eq!(screen(Method::POST, PATH, kind), Some(415), "{kind}");
    }
    assert_eq!(screen(Method::POST, "/", V1), Some(404));
    assert_eq!(screen(Method::GET, PATH, V1), Some(405));
}

#[tokio::test]
async fn what_is_taken_is_told_in_headers_of_version_2() {
    let pipeline = Script::new([]);
    let response = post(&pipeline, V1, &v1(&[("m", 1)])).await;
    assert_eq!((response.status(), response.body().len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(written(&response), None);
    let response = post(&pipeline, V2, &v2(&[1, 2])).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(written(&response), Some([1, 0, 0]));
    let taken = pipeline.taken();
    let transports: Vec<_> = taken.iter().map(|batch| (batch.origin.transport, batch.items())).collect();
    assert_eq!(transports, [("http_v1", 1), ("http_v2", 1)]);
}

#[tokio::test]
async fn one_bad_series_costs_itself_and_makes_it_a_400() {
    let cx = receiver();
    let pipeline = Script::new([]);
    let writes = Writes::new(1 << 20, pipeline.clone(), cx.clone());
    let response = writes.call(request(V1, &v1(&[("m", 1), ("", 1), ("n", -1)]))).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let words = String::from_utf8_lossy(response.body()).into_owned();
    assert_eq!(words, "2 of 3 samples refused\na series has no name\na time of -1 ms is out of range");
    assert_eq!(pipeline.taken_items(), [1]);
    assert_eq!(refused(&cx), 2);

    let response = writes.call(request(V2, &v2(&[1, 9]))).await;
    assert_eq!((response.status(), written(&response)), (StatusCode::BAD_REQUEST, Some([0, 0, 0])));
    assert_eq!(pipeline.taken_items(), [1]);
}

#[tokio::test]
async fn broken_bodies_are_a_400_that_says_where() {
    let response = post(&Script::new([]), V1, b"\x0a\x05\x00").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(
        String::from_utf8_lossy(response.body()).contains("malformed at byte 1"),
        "{:?}",
        response.body()
    );
}

#[tokio::test]
async fn the_pipelines_error_becomes_a_status_that_senders_understand() {
    let wait = Duration::from_millis(1500);
    for (error, status, retry_after) in [
        (ConsumeError::permanent("no"), 400, None),
        (ConsumeError::retryable("no"), 503, Some("1")),
        (ConsumeError::retryable_after("no", wait), 503, Some("2")),
        (ConsumeError::retryable_after("no", wait).with_code(Code::ResourceExhausted), 503, Some("2")),
    ] {
        let response = post(&Script::new([Err(error.clone())]), V2, &v2(&[1, 2])).await;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, &b"no"[..]), "{error}");
        let found = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((found, written(&response)), (retry_after, Some([0, 0, 0])), "{error}");
    }
}

#[tokio::test]
async fn without_memory_the_sender_is_asked_to_come_back() {
    let cx = receiver();
    cx.memory.set_limit(Some(0));
    let pipeline = Script::new([]);
    let writes = Writes::new(1 << 20, pipeline.clone(), cx.clone());
    // More than a thread counts for itself.
    let response = writes.call(request(V1, &v1(&[(&"x".repeat(400_000), 1)]))).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"1".parse::<http::HeaderValue>().unwrap())
    );
    assert!(pipeline.asked_at().is_empty());
    assert_eq!(refused(&cx), 1);
}

#[tokio::test]
async fn what_is_known_of_a_target_is_told_of_later_requests() {
    let pipeline = Script::new([]);
    let writes = Writes::new(1 << 20, pipeline.clone(), receiver());
    let own = [("__name__", "m"), ("job", "j")];
    let info = [("__name__", "target_info"), ("host", "h"), ("job", "j")];
    for labels in [&own[..], &info, &own] {
        let mut out = Writer::new();
        series(&mut out, labels, 1);
        assert_eq!(writes.call(request(V1, out.as_slice())).await.status(), StatusCode::NO_CONTENT);
    }
    let hosts: Vec<_> = pipeline
        .taken()
        .iter()
        .map(|batch| {
            let metrics = batch.payload.as_metrics().unwrap();
            let host = metrics.resources().next().unwrap().resource().attributes().get("host");
            host.map(|host| host.to_text().into_owned())
        })
        .collect();
    assert_eq!(hosts, [None, Some("h".to_owned())]);
}

async fn post(pipeline: &Arc<Script>, kind: &str, body: &[u8]) -> Response {
    Writes::new(1 << 20, pipeline.clone(), receiver()).call(request(kind, body)).await
}

/// A request of version 1: series by name, each with a sample at that time.
fn v1(all: &[(&str, i64)]) -> Vec<u8> {
    let mut out = Writer::new();
    all.iter().for_each(|(name, time)| series(&mut out, &[("__name__", name)], *time));
    out.into_bytes()
}

fn series(out: &mut Writer, labels: &[(&str, &str)], time: i64) {
    out.message(1, |out| {
        for (name, value) in labels {
            out.message(1, |out| {
                out.text(1, name);
                out.text(2, value);
            });
        }
        out.message(2, |out| {
            out.double(1, 1.0);
            out.varint(2, time.cast_unsigned());
        });
    });
}

/// A request of version 2 with one series: its labels by the numbers of texts, `__name__` being 1 and `m` 2.
fn v2(refs: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    ["", "__name__", "m"].iter().for_each(|text| out.text(4, text));
    out.message(5, |out| {
        out.bytes(1, refs);
        out.message(2, |out| {
            out.double(1, 1.0);
            out.varint(2, 7);
        });
    });
    out.into_bytes()
}

/// Samples, histograms and exemplars.
fn written(response: &Response) -> Option<[usize; 3]> {
    let count = |what: &str| {
        let value = response.headers().get(format!("x-prometheus-remote-write-{what}-written"))?;
        value.to_str().ok()?.parse().ok()
    };
    Some([count("samples")?, count("histograms")?, count("exemplars")?])
}

/// A receiver with an account of its own.
fn receiver() -> Context {
    let accounts = Accounts::single(&Account::default());
    Context { accounts, ..context(Kind::Receiver, "prometheusremotewrite") }
}

/// What it has refused by itself.
fn refused(cx: &Context) -> u64 {
    let totals = cx.accounts.of(Signal::Metrics).totals();
    assert_eq!((totals.received, totals.in_flight()), (totals.refused, 0));
    totals.refused
}

fn head(method: Method, path: &str, kind: &str) -> ::http::Request<()> {
    let request = ::http::Request::builder().method(method).uri(path);
    let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
    request.body(()).unwrap()
}

fn request(kind: &str, body: &[u8]) -> Request {
    let (head, ()) = head(Method::POST, PATH, kind).into_parts();
    Request { head, body: Bytes::copy_from_slice(body), peer: None, identity: None, metadata: None }
}
