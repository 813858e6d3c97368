//! Zipkin, in and out.

use tests::backend::Answer;
use tests::client::Client;
use tests::http::Method;
use tests::patience::{until, until_equal};
use tests::proto::trace::v1::Span;
use tests::serde_json::json;
use tests::tonic::Code;
use tests::web::{self, Reply, post};
use tests::wire::{ENCODINGS, pack};
use tests::zipkin::{Zipkin, in_words};
use tests::{Backend, Collector, samples};

use crate::FERROTEL;

const V2: &str = "/api/v2/spans";
const JSON: &str = "application/json";
const GOOD: &str = r#"{"traceId":"5b8efff798038103d269b633813fc60c","id":"eee19b7ec3c1b174","name":"good"}"#;

#[tokio::test]
async fn one_bad_span_of_three_costs_one_span() {
    let backend = Backend::start();
    let second = "traces/second: { receivers: [zipkin], exporters: [nop] }";
    let collector = FERROTEL.start(&receiving(&backend.address(), second)).await;
    let body = format!(r#"[{GOOD},{{"traceId":"xyz","id":"1"}},{GOOD}]"#);
    let reply = post(&collector.zipkin().await, V2, JSON, body).await;
    assert_eq!(reply.status, 202);
    assert_eq!(reply.text(), "1 of 3 spans refused\nspan 1: valid traceId required, found `xyz`");
    assert_eq!(backend.spans().len(), 2);

    collector.assert_books_balance().await;
    let account = collector.account("receiver", "zipkin", "traces").await;
    assert_eq!((account.received, account.delivered, account.refused), (3, 2, 1));
    for pipeline in ["traces", "traces/second"] {
        let account = collector.account("pipeline", pipeline, "traces").await;
        assert_eq!((account.received, account.delivered, account.refused), (2, 2, 0), "{pipeline}");
    }
    let labels = [("receiver", "zipkin"), ("transport", "http_v2_json")];
    let metrics = collector.metrics().await;
    assert_eq!(metrics.sum("otelcol_receiver_accepted_spans", &labels), 2.0);
    assert_eq!(metrics.sum("otelcol_receiver_refused_spans", &labels), 1.0);
}

#[tokio::test]
async fn a_wrong_address_method_or_type_is_told_in_plain_text() {
    let collector = FERROTEL.start(&receiving("127.0.0.1:1", "")).await;
    let zipkin = collector.zipkin().await;
    let refused = |reply: &Reply, status: u16, words: &str| {
        assert_eq!(reply.status, status);
        assert!(reply.text().contains(words), "{}", reply.text());
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    };
    refused(&post(&zipkin, "/api/v2/trace", JSON, "[]").await, 404, "/api/v2/spans");
    refused(&web::get(&zipkin, V2).await, 405, "supported: [POST]");
    refused(&post(&zipkin, V2, "application/x-thrift", "[]").await, 415, "application/x-protobuf");
    refused(&post(&zipkin, V2, JSON, "[{]").await, 400, "malformed at byte 2");
    assert_eq!(post(&zipkin, V2, "text/plain", "[]").await.status, 202);
    assert_eq!(web::send(&zipkin, Method::POST, "/prefix/api/v1/spans", &[], "[]").await.status, 202);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn every_encoding_is_unpacked_and_browsers_may_send() {
    let backend = Backend::start();
    let config =
        receiving(&backend.address(), "").replace("zipkin: {", "zipkin: { cors: { allowed_origins: ['*'] },");
    let collector = FERROTEL.start(&config).await;
    let zipkin = collector.zipkin().await;
    for (done, encoding) in ENCODINGS.iter().enumerate() {
        let body = pack(encoding, format!("[{GOOD}]").as_bytes());
        let reply = send_packed(&zipkin, encoding, body).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (202, String::new()), "{encoding}");
        assert_eq!(backend.spans().len(), done + 1, "{encoding}");
    }
    let headers = [("origin", "http://shop.example"), ("access-control-request-method", "POST")];
    let reply = web::send(&zipkin, Method::OPTIONS, V2, &headers, "").await;
    assert!(reply.status.is_success(), "{}", reply.status);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_packed_or_not() {
    let limit = "zipkin: { max_request_body_size: 20000,";
    let collector = FERROTEL.start(&receiving("127.0.0.1:1", "").replace("zipkin: {", limit)).await;
    let zipkin = collector.zipkin().await;
    assert_eq!(post(&zipkin, V2, JSON, " ".repeat(20_001)).await.status, 400);
    let packed = pack("gzip", &[b' '; 20_001]);
    assert_eq!(send_packed(&zipkin, "gzip", packed).await.status, 400);
    assert_eq!(post(&zipkin, V2, JSON, "[]").await.status, 202);
}

#[tokio::test]
async fn a_decompression_bomb_of_spans_costs_little_memory() {
    let collector = FERROTEL.start(&receiving("127.0.0.1:1", "")).await;
    let zipkin = collector.zipkin().await;
    let bomb = pack("gzip", &vec![b'['; 128 << 20]);
    assert_eq!(send_packed(&zipkin, "gzip", pack("gzip", b"[]")).await.status, 202);
    let before = collector.resident_memory();
    assert_eq!(send_packed(&zipkin, "gzip", bomb).await.status, 400);
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 100, "128 MiB took {grown} MiB, with a limit of 20 MiB on a body");
    assert_eq!(post(&zipkin, V2, JSON, "[]").await.status, 202);
}

#[tokio::test]
async fn many_small_things_in_one_span_cost_little_memory() {
    let collector = FERROTEL.start(&receiving("127.0.0.1:1", "")).await;
    let zipkin = collector.zipkin().await;
    let before = collector.resident_memory();
    // Four million annotations of a byte each, then as many tags as there is room for.
    let head = b"\x0c\0\0\0\x01\x0a\0\x01\0\0\0\0\0\0\0\x01\x0a\0\x04\0\0\0\0\0\0\0\x02";
    let count: u32 = 4 << 20;
    let thrift = |field: u8| {
        let list =
            [&[0x0f, 0, field, 0x0c][..], &count.to_be_bytes(), &vec![0; count as usize], &[0]].concat();
        [&head[..], &list].concat()
    };
    for field in [6, 8] {
        post(&zipkin, "/api/v1/spans", "application/x-thrift", thrift(field)).await;
    }
    let tags = r#""a":"","#.repeat(600_000);
    let body = format!(r#"[{{"traceId":"1","id":"1","tags":{{{tags}"b":""}}}}]"#);
    post(&zipkin, V2, JSON, body).await;
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 120, "bodies of 4 MiB took {grown} MiB");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn pressure_goes_back_to_the_client_and_so_do_faults() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address(), "")).await;
    let zipkin = collector.zipkin().await;
    backend.answer([Answer::refuse(Code::Unavailable), Answer::refuse(Code::InvalidArgument)]);
    let reply = post(&zipkin, V2, JSON, format!("[{GOOD}]")).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after").as_str()), (503, "1"));
    let reply = post(&zipkin, V2, JSON, format!("[{GOOD}]")).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after").as_str()), (400, ""));
    let reply = post(&zipkin, V2, JSON, format!("[{GOOD}]")).await;
    assert_eq!(reply.status, 202);
    collector.assert_books_balance().await;
    let account = collector.account("pipeline", "traces", "traces").await;
    assert_eq!((account.received, account.delivered, account.refused), (3, 1, 2));
}

#[tokio::test]
async fn what_goes_through_zipkin_comes_back_in_either_format() {
    let expected = format!(
        "server \"get /cart\" {T}/{S}<{P} 1700000000123457000..1700000000124457000 \
         {{bytes=\"AP8H\", fraction=\"0.1\", http.route=\"/cart\", net.host.port=8080, truth=\"true\"}} \
         status 2 \"it broke\" @1700000000123500000 \"checked\" {{late=false}}",
        T = "5b".repeat(16),
        S = "ee".repeat(8),
        P = "aa".repeat(8),
    );
    for format in ["json", "proto"] {
        let backend = Backend::start();
        let last = FERROTEL.start(&receiving(&backend.address(), "")).await;
        // The first answer is a refusal, which the first collector hears and waits for.
        backend.answer([Answer::refuse(Code::Unavailable)]);
        let first = FERROTEL.start(&sending(&last.zipkin().await, format)).await;
        let client = Client::connect(&first.grpc().await).await;
        client.export(a_request(vec![a_span()])).await.expect("the queue takes it");
        let arrived = backend.wait_for_spans(1).await;
        // JSON has names in lower case.
        assert_eq!(in_words(&arrived[0]).replace("GET", "get"), expected, "{format}");
        assert_eq!(arrived[0].trace_state, "vendor=state");
        assert_eq!(arrived[0].links.len(), 1);
        first.assert_books_balance().await;
        last.assert_books_balance().await;
        assert_eq!(backend.asked().len(), 2, "{format}");
    }
}

#[tokio::test]
async fn what_zipkin_cannot_hold_is_booked_and_its_neighbours_are_sent() {
    let backend = Backend::start();
    let last = FERROTEL.start(&receiving(&backend.address(), "")).await;
    let collector = FERROTEL.start(&sending(&last.zipkin().await, "json")).await;
    let client = Client::connect(&collector.grpc().await).await;
    let backwards = Span { end_time_unix_nano: 1, ..a_span() };
    client.export(a_request(vec![backwards.clone(), a_span()])).await.expect("the queue takes it");
    client.export(a_request(vec![backwards])).await.expect("the queue takes it");
    backend.wait_for_spans(1).await;
    until_equal("spans dropped", 2, async || exporter(&collector).await.all_dropped()).await;
    collector.assert_books_balance().await;
    let account = exporter(&collector).await;
    assert_eq!((account.received, account.delivered), (3, 1));
    assert_eq!(account.dropped.get("Zipkin cannot hold it"), Some(&1), "{account:?}");
    assert_eq!(account.dropped.get("permanent error"), Some(&1), "{account:?}");
    assert_eq!(backend.spans().len(), 1);
}

#[tokio::test]
async fn a_refusal_of_the_body_itself_ends_the_attempts() {
    // The backend does not know the path, and answers 400.
    let backend = Backend::start();
    let collector = FERROTEL.start(&sending(&backend.address(), "json")).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(a_request(vec![a_span()])).await.expect("the queue takes it");
    until_equal("spans dropped", 1, async || exporter(&collector).await.all_dropped()).await;
    collector.log().wait_for("failed the request with status code 400: the backend cannot read this").await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_real_zipkin_takes_both_formats_and_finds_the_trace() {
    let Some(zipkin) = Zipkin::start().await else { return };
    for (format, byte) in [("json", 0x11), ("proto", 0x22)] {
        let collector = FERROTEL.start(&sending(zipkin.address(), format)).await;
        let client = Client::connect(&collector.grpc().await).await;
        let span = Span { trace_id: vec![byte; 16], ..a_span() };
        client.export(a_request(vec![span])).await.expect("the queue takes it");
        let id = format!("{byte:02x}").repeat(16);
        let spans = until("the trace is found", async || zipkin.trace(&id).await).await;
        let expected = json!([{
            "traceId": id, "id": "eeeeeeeeeeeeeeee", "parentId": "aaaaaaaaaaaaaaaa", "kind": "SERVER",
            "name": "get /cart", "timestamp": 1_700_000_000_123_457_u64, "duration": 1000,
            "localEndpoint": { "serviceName": "shop", "port": 8080 },
            "annotations": [{ "timestamp": 1_700_000_000_123_500_u64, "value": "checked|{\"late\":false}|0" }],
            "tags": {
                "bytes": "AP8H", "error": "true", "fraction": "0.1", "http.route": "/cart",
                "otel.status_code": "STATUS_CODE_ERROR", "otel.status_description": "it broke",
                "otlp.link.0": format!("{}|{}|linked=yes|{{}}|0", "5b".repeat(16), "ee".repeat(8)),
                "truth": "true", "w3c.tracestate": "vendor=state",
            },
        }]);
        assert_eq!(tests::serde_json::Value::Array(spans), expected, "{format}");
        collector.assert_books_balance().await;
    }
}

/// From Zipkin straight to the backend, so that the client hears what the backend says; `more` pipelines beside it.
pub(crate) fn receiving(address: &str, more: &str) -> String {
    let straight = "sending_queue: { enabled: false }, retry_on_failure: { enabled: false }";
    format!(
        "
receivers:
  zipkin: {{ endpoint: '127.0.0.1:0' }}
exporters:
  nop:
  otlp: {{ endpoint: '{address}', tls: {{ insecure: true }}, {straight} }}
service:
  pipelines:
    traces: {{ receivers: [zipkin], exporters: [otlp] }}
    {more}
"
    )
}

/// From OTLP to the Zipkin at `address`.
fn sending(address: &str, format: &str) -> String {
    let retry = "retry_on_failure: { initial_interval: 50ms, max_interval: 100ms }";
    format!(
        "
exporters:
  zipkin: {{ endpoint: 'http://{address}{V2}', format: {format}, {retry} }}
service:
  pipelines:
    traces: {{ receivers: [otlp], exporters: [zipkin] }}
"
    )
}

async fn exporter(collector: &Collector) -> tests::collector::Entry {
    collector.account("exporter", "zipkin", "traces").await
}

async fn send_packed(address: &str, encoding: &str, body: Vec<u8>) -> Reply {
    let headers = [("content-type", JSON), ("content-encoding", encoding)];
    web::send(address, Method::POST, V2, &headers, body).await
}

/// A request whose resource has nothing but the name of the service.
fn a_request(spans: Vec<Span>) -> tests::backend::Export {
    let mut request = samples::trace_request(spans);
    for part in &mut request.resource_spans {
        part.resource.iter_mut().for_each(|resource| {
            resource.attributes.retain(|attribute| attribute.key == "service.name");
        });
        part.scope_spans.iter_mut().for_each(|scope| scope.scope = None);
    }
    tests::backend::Export::Traces(request)
}

/// The span that has everything, with what Zipkin can hold of it.
fn a_span() -> Span {
    use tests::proto::common::v1::any_value::Value;
    let mut span = samples::span("GET /cart");
    span.attributes.retain(|attribute| ["truth", "fraction", "bytes"].contains(&attribute.key.as_str()));
    span.attributes.push(samples::attribute("http.route", Value::StringValue("/cart".to_owned())));
    span.attributes.push(samples::attribute("net.host.port", Value::IntValue(8080)));
    span.events[0].time_unix_nano = 1_700_000_000_123_500_000;
    span.events[0].name = "checked".to_owned();
    span.events[0].dropped_attributes_count = 0;
    span.events[0].attributes = vec![samples::attribute("late", Value::BoolValue(false))];
    span.links[0].attributes.clear();
    span.links[0].dropped_attributes_count = 0;
    span
}
