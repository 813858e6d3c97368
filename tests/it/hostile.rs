//! Peers that mean harm, and neighbours who must not notice.

use std::time::Duration;

use tests::client::Client;
use tests::http::Method;
use tests::patience::within;
use tests::web::{post, send};
use tests::wire::Raw;
use tests::{Backend, Collector, samples};

use crate::FERROTEL;
use crate::configs::{straight_to, to_nowhere};

/// How HTTP/2 begins: the preface and empty settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

#[tokio::test]
async fn half_requests_and_slow_ones_do_not_hold_up_their_neighbours() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let (grpc, http) = (collector.grpc().await, collector.http().await);
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut of_http = Raw::connect(&http).await;
        let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n";
        of_http.send(&head.as_bytes()[..head.len() - number % 60]).await;
        let mut of_grpc = Raw::connect(&grpc).await;
        of_grpc.send(&HTTP2[..HTTP2.len() - number % 30]).await;
        slow.extend([of_http, of_grpc]);
    }
    assert_serves(&collector, &backend, 1).await;
    for connection in &mut slow {
        connection.send(b"\r").await;
    }
    assert_serves(&collector, &backend, 2).await;
    slow.into_iter().for_each(Raw::reset);
    assert_serves(&collector, &backend, 3).await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn bytes_that_are_no_protocol_at_all_are_turned_away() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    for address in [collector.grpc().await, collector.http().await] {
        for nonsense in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"SSH-2.0-nonsense\r\n\r\n",
            &[0; 4096],
            &[0xff; 4096],
        ] {
            let mut raw = Raw::connect(&address).await;
            raw.send(nonsense).await;
            raw.finish().await;
            raw.rest().await;
        }
    }
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("after the noise", 1)).await.expect("it is taken");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let http = collector.http().await;
    for _ in 0..20 {
        let mut raw = Raw::connect(&http).await;
        let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
        raw.send(head.as_bytes()).await;
        raw.reset();
    }
    assert_serves(&collector, &backend, 1).await;
    collector.assert_books_balance().await;
    assert_eq!(collector.account("pipeline", "traces", "traces").await.received, 2);
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let before = collector.resident_memory();
    let mut raw = Raw::connect(&collector.http().await).await;
    raw.send(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n").await;
    let line = format!("x-padding: {}\r\n", "y".repeat(8000));
    for _ in 0..4000 {
        raw.send(line.as_bytes()).await;
    }
    raw.finish().await;
    let answer = raw.rest().await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 16, "32 MB of headers took {grown} MiB");
}

#[tokio::test]
async fn json_nested_without_end_is_refused() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    let deep = 200_000;
    let arrays = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{}"#,
        r#"{"arrayValue":{"values":["#.repeat(deep)
    );
    assert_eq!(post(&http, "/v1/traces", "application/json", arrays).await.status, 400);
    let unknown = format!(r#"{{"unknown":{}"#, "[".repeat(deep));
    assert_eq!(post(&http, "/v1/traces", "application/json", unknown).await.status, 400);
    assert_eq!(post(&http, "/v1/traces", "application/json", "{}").await.status, 200);
}

#[tokio::test]
async fn protobuf_nested_without_end_is_refused() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let http = collector.http().await;
    // An attribute whose value is a list in a list in a list: `any { array { any { ...`.
    let mut value = Vec::new();
    for _ in 0..5000 {
        value = field(5, &field(1, &value));
    }
    let attribute = [field(1, b"k"), field(2, &value)].concat();
    let request = field(1, &field(1, &field(1, &attribute)));
    let status = post(&http, "/v1/traces", "application/x-protobuf", request).await.status;
    assert!([200, 400].contains(&status.as_u16()), "{status}");
    let reply = send(&http, Method::POST, "/v1/traces", &[("content-type", "application/json")], "{}").await;
    assert_eq!(reply.status, 200, "it lives on");
}

#[tokio::test]
async fn many_clients_at_once_are_all_served() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let address = collector.grpc().await;
    let mut clients = tests::tokio::task::JoinSet::new();
    for number in 0..40 {
        let address = address.clone();
        clients.spawn(async move {
            let client = Client::connect(&address).await;
            for round in 0..5 {
                client.export(samples::spans(&format!("{number}.{round}"), 2)).await.expect("it is taken");
            }
        });
    }
    within("all clients are served", clients.join_all()).await;
    assert_eq!(backend.spans().len(), 400);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn calls_that_are_given_up_leave_the_connection_to_their_neighbours() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    for number in 0..50 {
        let call = client.export(samples::spans(&format!("given up {number}"), 1));
        // Some are given up before they are sent, some while they are under way, some after.
        let _ = tests::tokio::time::timeout(Duration::from_micros(number * 100), call).await;
    }
    client.export(samples::spans("kept", 1)).await.expect("it is taken");
    assert!(backend.spans().iter().any(|span| span.name == "kept 0"));
    collector.assert_books_balance().await;
}

async fn assert_serves(collector: &Collector, backend: &Backend, round: usize) {
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("neighbour", 1)).await.expect("it is taken");
    let document = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"neighbour"}]}]}]}"#;
    let reply = post(&collector.http().await, "/v1/traces", "application/json", document).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(backend.spans().len(), 2 * round);
}

/// One field of a message: its number, and its bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).expect("seven bits"));
    field.extend_from_slice(bytes);
    field
}
