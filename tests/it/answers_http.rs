//! What OTLP/HTTP answers, to the letter.

use tests::http::Method;
use tests::prost::Message;
use tests::rpc::RpcStatus;
use tests::web::{Reply, get, post, send};
use tests::wire::{ENCODINGS, pack};
use tests::{Backend, Collector, samples, serde_json};

use crate::FERROTEL;
use crate::configs::{all_to, straight_to, to_nowhere};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

#[tokio::test]
async fn what_is_taken_is_acknowledged_in_the_clients_own_encoding() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    let reply = post(&http, "/v1/traces", PROTOBUF, two_spans()).await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"\x0a\x00"[..]));
    assert_eq!(reply.header("content-type"), PROTOBUF);
    let reply = post(&http, "/v1/logs", &format!("{JSON}; charset=utf-8"), r#"{"resourceLogs":[]}"#).await;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (200, r#"{"partialSuccess":{}}"#));
    assert_eq!(reply.header("content-type"), JSON);
    let reply = post(&http, "/v1/metrics", PROTOBUF, "").await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"\x0a\x00"[..]));
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_wrong_address_method_or_type_is_told_in_plain_text() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    assert_text(&post(&http, "/v1/nothing", JSON, "{}").await, 404, "404 page not found");
    assert_text(&post(&http, "/v1/traces/", JSON, "{}").await, 404, "404 page not found");
    assert_text(&get(&http, "/v1/traces").await, 405, "405 method not allowed, supported: [POST]");
    let unsupported = "415 unsupported media type, supported: [application/json, application/x-protobuf]";
    assert_text(&post(&http, "/v1/traces", "text/plain", "{}").await, 415, unsupported);
    assert_text(&send(&http, Method::POST, "/v1/traces", &[], "{}").await, 415, unsupported);
}

#[tokio::test]
async fn a_signal_without_a_pipeline_has_no_address() {
    let config =
        "{ exporters: { nop: }, service: { pipelines: { logs: { receivers: [otlp], exporters: [nop] } } } }";
    let collector = FERROTEL.start(config).await;
    let http = collector.http().await;
    assert_eq!(post(&http, "/v1/traces", JSON, "{}").await.status, 404);
    assert_eq!(post(&http, "/v1/logs", JSON, "{}").await.status, 200);
}

#[tokio::test]
async fn malformed_protobuf_is_refused_with_the_place_of_the_fault() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    // The second byte promises more than there is.
    let reply = post(&http, "/v1/traces", PROTOBUF, vec![0x0a, 0x05, 0x0a]).await;
    let status = assert_status(&reply, 400);
    assert_eq!(status.code, 3);
    assert!(status.message.contains("byte"), "{}", status.message);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn malformed_json_is_refused_with_the_place_of_the_fault() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    for document in [
        r#"{"resourceSpans": ["#,
        r#"{"resourceSpans": 7}"#,
        r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}"#,
        r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "SPAN_KIND_WRONG"}]}]}]}"#,
    ] {
        let reply = post(&http, "/v1/traces", JSON, document).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type").as_str()), (400, JSON), "{document}");
        let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(body["code"], 3, "{body}");
        let message = body["message"].as_str().expect("a message");
        assert!(message.contains(|c: char| c.is_ascii_digit()), "no place in `{message}`");
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let collector = FERROTEL.start(&limited(20_000)).await;
    let http = collector.http().await;
    let reply = post(&http, "/v1/traces", PROTOBUF, vec![0; 20_001]).await;
    assert_eq!(assert_status(&reply, 400).code, 3);
    let packed = pack("gzip", &samples_bytes(100));
    assert!(packed.len() < 20_000, "the packed body is within the limit, the unpacked one is not");
    let reply = send_packed(&http, "gzip", packed).await;
    assert_eq!(assert_status(&reply, 400).code, 3);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_decompression_bomb_costs_little_memory() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    let zeros = vec![0; 192 << 20];
    let bombs = ["gzip", "zstd"].map(|encoding| (encoding, pack(encoding, &zeros)));
    drop(zeros);
    // The first request brings the memory that every request needs.
    assert_eq!(send_packed(&http, "gzip", pack("gzip", &two_spans())).await.status, 200);
    let before = collector.resident_memory();
    for (encoding, bomb) in bombs {
        let reply = send_packed(&http, encoding, bomb).await;
        assert_eq!(reply.status, 400, "{encoding}");
    }
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 100, "192 MiB of zeros took {grown} MiB, with a limit of 20 MiB on a body");
    assert_eq!(post(&http, "/v1/traces", PROTOBUF, two_spans()).await.status, 200);
}

#[tokio::test]
async fn every_encoding_of_the_go_collector_is_taken() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let http = collector.http().await;
    for (done, encoding) in ENCODINGS.iter().enumerate() {
        let reply = send_packed(&http, encoding, pack(encoding, &two_spans())).await;
        assert_eq!(reply.status, 200, "{encoding}: {}", reply.text());
        assert_eq!(backend.spans().len(), 2 * (done + 1), "{encoding}");
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn what_is_packed_wrongly_or_unheard_of_is_refused() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    let reply = send_packed(&http, "br", two_spans()).await;
    let status = assert_status(&reply, 400);
    assert!(status.message.contains("unsupported Content-Encoding: br"), "{}", status.message);
    for encoding in ENCODINGS {
        let reply = send_packed(&http, encoding, b"this is not packed at all".to_vec()).await;
        assert_eq!(reply.status, 400, "{encoding}");
        let mut cut = pack(encoding, &samples_bytes(50));
        cut.truncate(cut.len() / 2);
        assert_eq!(send_packed(&http, encoding, cut).await.status, 400, "{encoding}, cut in half");
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn browsers_may_ask_before_they_send() {
    let cors = "receivers: { otlp: { protocols: { http: { cors: { allowed_origins: ['http://*.shop.example'], \
                allowed_headers: [x-tenant], max_age: 7200 } } } } }";
    let collector = FERROTEL.start(&format!("{}\n{cors}", to_nowhere())).await;
    let http = collector.http().await;
    let preflight = |origin| {
        let http = http.clone();
        async move {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type,x-tenant"),
            ];
            send(&http, Method::OPTIONS, "/v1/traces", &headers, "").await
        }
    };
    let reply = preflight("http://www.shop.example").await;
    assert!(reply.status.is_success(), "{reply:?}");
    assert_eq!(reply.header("access-control-allow-origin"), "http://www.shop.example");
    assert_eq!(reply.header("access-control-max-age"), "7200");
    assert!(reply.header("access-control-allow-headers").to_lowercase().contains("x-tenant"), "{reply:?}");
    assert_eq!(preflight("http://elsewhere.example").await.header("access-control-allow-origin"), "");

    let headers = [("origin", "http://www.shop.example"), ("content-type", JSON)];
    let reply = send(&http, Method::POST, "/v1/traces", &headers, "{}").await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("access-control-allow-origin").as_str()),
        (200, headers[0].1)
    );
}

#[tokio::test]
async fn what_a_backend_answers_is_passed_on() {
    use std::time::Duration;
    use tests::{Answer, tonic::Code};

    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let http = collector.http().await;
    backend.answer([
        Answer::refuse(Code::InvalidArgument),
        Answer::refuse(Code::Unavailable),
        Answer::refuse_until(Code::ResourceExhausted, Duration::from_secs(7)),
        Answer::refuse(Code::Internal),
    ]);
    let reply = post(&http, "/v1/traces", PROTOBUF, two_spans()).await;
    assert_eq!(assert_status(&reply, 400).code, 3);
    let reply = post(&http, "/v1/traces", PROTOBUF, two_spans()).await;
    assert_eq!((assert_status(&reply, 503).code, reply.header("retry-after").as_str()), (14, ""));
    let reply = post(&http, "/v1/traces", PROTOBUF, two_spans()).await;
    assert_eq!((assert_status(&reply, 429).code, reply.header("retry-after").as_str()), (8, "7"));
    let reply = post(&http, "/v1/traces", PROTOBUF, two_spans()).await;
    assert_eq!(assert_status(&reply, 500).code, 13);
    assert_eq!(post(&http, "/v1/traces", PROTOBUF, two_spans()).await.status, 200);
    let books = refusals(&collector).await;
    assert_eq!(books, (10, 2, 8), "received, delivered, refused");
    collector.assert_books_balance().await;
}

async fn refusals(collector: &Collector) -> (u64, u64, u64) {
    let entry = collector.account("pipeline", "traces", "traces").await;
    (entry.received, entry.delivered, entry.refused)
}

fn limited(bytes: usize) -> String {
    let limit =
        format!("receivers: {{ otlp: {{ protocols: {{ http: {{ max_request_body_size: {bytes} }} }} }} }}");
    format!("{}\n{limit}", all_to("nop:", "nop"))
}

fn two_spans() -> Vec<u8> {
    samples::trace_request(vec![samples::span("a"), samples::span("b")]).encode_to_vec()
}

fn samples_bytes(count: usize) -> Vec<u8> {
    samples::trace_request((0..count).map(|_| samples::span("the same")).collect()).encode_to_vec()
}

async fn send_packed(http: &str, encoding: &str, body: Vec<u8>) -> Reply {
    let headers = [("content-type", PROTOBUF), ("content-encoding", encoding)];
    send(http, Method::POST, "/v1/traces", &headers, body).await
}

fn assert_text(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status.as_u16(), reply.text().trim_end()), (status, body));
    assert!(reply.header("content-type").starts_with("text/plain"), "{reply:?}");
}

fn assert_status(reply: &Reply, status: u16) -> RpcStatus {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), PROTOBUF);
    RpcStatus::decode(reply.body.clone()).expect("a status")
}
