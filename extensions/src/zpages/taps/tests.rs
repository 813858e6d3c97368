//! Opening taps, what they show, and when they end; in memory.

use std::time::Duration;

use component::testing::{context, payload};
use component::{Edge, Kind};
use otlp::Signal;
use serde_json::Value;
use transport::http::ServerConfig;

use super::*;

/// Taps behind pages at `endpoint`, and the edges that a person sees.
struct Stand {
    taps: Taps,
    overview: Overview,
    cx: Context,
}

impl Stand {
    async fn at(endpoint: &str) -> Stand {
        let cx = context(Kind::Extension, "zpages");
        let server = ServerConfig::with_endpoint(endpoint).bind(&cx).await.unwrap();
        let edges = vec![
            Edge::of_component("receiver", "otlp", Signal::Traces),
            Edge::of_component("receiver", "otlp", Signal::Logs),
            Edge::of_pipeline("traces", Signal::Traces),
            Edge::of_processor("traces", "batch", Signal::Traces),
            Edge::of_component("exporter", "otlp", Signal::Traces),
        ];
        let overview = Overview { edges, ..Overview::default() };
        Stand { taps: Taps::new(&server, &cx), overview, cx }
    }

    async fn local() -> Stand {
        Stand::at("127.0.0.1:0").await
    }

    fn open(&self, query: &str) -> Stream {
        self.open_by("localhost:55679", query)
    }

    fn open_by(&self, host: &str, query: &str) -> Stream {
        let request = http::Request::builder().uri(format!("/debug/tapz?{query}")).header("host", host);
        let (head, ()) = request.body(()).unwrap().into_parts();
        self.taps.open(&head, &self.overview)
    }

    fn pass(&self, edge: usize, items: usize) {
        let edge = &self.overview.edges[edge];
        edge.pass(&payload(edge.signal(), items));
    }
}

async fn line(stream: &mut Stream) -> Value {
    let line = stream.body_mut().recv().await.expect("the stream goes on");
    assert_eq!(line.last(), Some(&b'\n'));
    serde_json::from_slice(&line).expect("a line is JSON")
}

/// The next line that is no count.
async fn told(stream: &mut Stream) -> Value {
    loop {
        let line = line(stream).await;
        if line["type"] != "count" {
            return line;
        }
    }
}

async fn refusal(mut stream: Stream) -> (u16, String) {
    let words = stream.body_mut().recv().await.unwrap();
    assert!(stream.body_mut().recv().await.is_none());
    (stream.status().as_u16(), String::from_utf8(words.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_tap_shows_the_items_that_fit_and_counts_the_rest() {
    let stand = Stand::local().await;
    let mut stream = stand.open("edge=receiver/otlp/traces&filter=name%3D2");
    assert_eq!(stream.headers()["content-type"], "application/x-ndjson");
    let begin = line(&mut stream).await;
    assert_eq!((&begin["type"], &begin["seconds"]), (&"begin".into(), &60.into()));
    assert_eq!(begin["edges"], serde_json::json!(["receiver/otlp/traces"]));
    tokio::time::sleep(Duration::from_millis(10)).await;
    stand.pass(0, 4);
    let item = told(&mut stream).await;
    assert_eq!((&item["type"], &item["edge"]), (&"item".into(), &"receiver/otlp/traces".into()));
    let span = &item["data"]["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(span, &serde_json::json!([{ "name": "2", "status": {} }]));
    let attribute = &item["data"]["resourceSpans"][0]["resource"]["attributes"][0];
    assert_eq!(attribute["value"]["stringValue"], "test");
    let count = line(&mut stream).await;
    let expected = serde_json::json!({ "type": "count", "seen": 4, "matched": 1, "shown": 1, "missed": 0 });
    assert_eq!(count, expected);
    let end = told(&mut stream).await;
    assert_eq!((&end["type"], &end["reason"]), (&"end".into(), &"the time is over".into()));
    assert!(stream.body_mut().recv().await.is_none());
    assert_eq!(stand.overview.edges[0].watchers(), 0, "the edge forgot it");
}

#[tokio::test(start_paused = true)]
async fn points_and_records_come_one_by_one_as_well() {
    let stand = Stand::local().await;
    let mut stream = stand.open("edge=receiver/otlp/logs&limit=2");
    line(&mut stream).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    stand.pass(1, 3);
    for number in ["0", "1"] {
        let item = told(&mut stream).await;
        let records = &item["data"]["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        assert_eq!(records.as_array().unwrap().len(), 1);
        assert_eq!(records[0]["body"]["stringValue"], number);
    }
    let end = told(&mut stream).await;
    assert_eq!((&end["type"], &end["reason"]), (&"end".into(), &"as many as were asked for".into()));
    assert_eq!((&end["seen"], &end["matched"], &end["shown"]), (&3.into(), &3.into(), &2.into()));
}

#[tokio::test(start_paused = true)]
async fn no_more_items_are_shown_in_a_second_than_were_asked_for() {
    let stand = Stand::local().await;
    let mut stream = stand.open("edge=receiver/otlp/traces&rate=2");
    line(&mut stream).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    stand.pass(0, 5);
    for _ in 0..2 {
        assert_eq!(told(&mut stream).await["type"], "item");
    }
    // Nothing more is looked at until the next second.
    stand.pass(0, 7);
    let count = line(&mut stream).await;
    assert_eq!((&count["seen"], &count["shown"], &count["missed"]), (&5.into(), &2.into(), &7.into()));
    stand.pass(0, 1);
    assert_eq!(told(&mut stream).await["type"], "item");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_loses_items_and_never_stops_the_data() {
    let stand = Stand::local().await;
    let stream = stand.open("edge=receiver/otlp/traces&rate=100");
    for _ in 0..1000 {
        stand.pass(0, 10);
        tokio::task::yield_now().await;
    }
    assert_eq!(stand.overview.edges[0].passed(), 10_000);
    drop(stream);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stand.overview.edges[0].watchers(), 0, "it ends when the client goes");
}

#[tokio::test(start_paused = true)]
async fn a_tap_ends_when_the_collector_stops_and_says_so() {
    // Each time, whichever is looked at first.
    for _ in 0..20 {
        let stand = Stand::local().await;
        let mut stream = stand.open("edge=pipeline/traces");
        line(&mut stream).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        assert_eq!(stand.cx.scope.stop(deadline).await, Ok(()));
        let end = told(&mut stream).await;
        assert_eq!((&end["type"], &end["reason"]), (&"end".into(), &"the collector stops".into()));
    }
}

#[tokio::test]
async fn edges_are_named_by_their_names_their_beginnings_or_their_components() {
    let stand = Stand::local().await;
    for (wanted, expected) in [
        ("edge=receiver/otlp", &["receiver/otlp/traces", "receiver/otlp/logs"][..]),
        ("edge=batch", &["processor/traces/batch"]),
        ("edge=traces", &["pipeline/traces"]),
        ("edge=traces&edge=batch&edge=traces", &["pipeline/traces", "processor/traces/batch"]),
    ] {
        let begin = line(&mut stand.open(wanted)).await;
        assert_eq!(begin["edges"], serde_json::json!(expected), "{wanted}");
    }
}

#[tokio::test]
async fn what_cannot_be_tapped_is_told_in_words() {
    let stand = Stand::local().await;
    for (query, status, words) in [
        ("", 400, "which edge? Say `edge=...` with one of: `receiver/otlp/traces`"),
        ("edge=nothing", 404, "there is no `nothing` here; there is: `receiver/otlp/traces`"),
        ("edge=otlp", 400, "`otlp` is several things; say which: `receiver/otlp/traces`, "),
        ("edge=batch&filter=a%3E5", 400, "filter, character 2: expected `=`"),
        ("edge=batch&seconds=601", 400, "`seconds` is `601`, expected a whole number from 1 to 600"),
        ("edge=batch&rate=many", 400, "`rate` is `many`, expected a whole number from 1 to 100"),
        ("edge=batch&limit=0", 400, "`limit` is `0`, expected a whole number from 1 on"),
    ] {
        let (found, said) = refusal(stand.open(query)).await;
        assert_eq!(found, status, "{query}: {said}");
        assert!(said.starts_with(words), "{query}: {said}");
    }
}

#[tokio::test]
async fn there_are_eight_taps_and_no_more() {
    let stand = Stand::local().await;
    let streams: Vec<_> = (0..MAX_TAPS).map(|_| stand.open("edge=batch")).collect();
    assert!(streams.iter().all(|stream| stream.status() == 200));
    let (status, words) = refusal(stand.open("edge=batch")).await;
    assert_eq!((status, words.as_str()), (429, "there are 8 taps already; end one of them first\n"));
}

#[tokio::test]
async fn beyond_this_machine_taps_need_auth() {
    let stand = Stand::at("0.0.0.0:0").await;
    let (status, words) = refusal(stand.open("edge=batch")).await;
    assert_eq!(status, 403);
    assert!(words.contains("need `auth`"), "{words}");
    assert!(stand.taps.closed().is_some());
    assert!(matches!(Door::of("/run/pages.sock", false), Door::Guarded));
    assert!(matches!(Door::of("", false), Door::Closed(_)), "what is not known is not trusted");
    assert!(Door::of("0.0.0.0:55679", true).check(&http::Request::new(()).into_parts().0).is_ok());
}

#[tokio::test]
async fn a_page_that_calls_this_machine_by_a_name_of_its_own_learns_nothing() {
    let stand = Stand::local().await;
    for host in ["rebound.example:55679", "localhost.example", "10.0.0.1:55679", "[2001:db8::1]:1"] {
        let (status, words) = refusal(stand.open_by(host, "edge=batch")).await;
        assert_eq!(status, 403, "{host}: {words}");
    }
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1:55679", "127.1.2.3", "[::1]:55679", "[::1]"] {
        assert_eq!(stand.open_by(host, "edge=batch").status(), 200, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_too_large_is_named_and_not_shown() {
    let name = "n".repeat(100_000);
    let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"{name}"}}]}}]}}]}}"#);
    let bytes = otlp::json::decode(Signal::Traces, text.as_bytes(), 1 << 20).unwrap();
    let stand = Stand::local().await;
    let mut stream = stand.open("edge=pipeline/traces");
    line(&mut stream).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    stand.overview.edges[2].pass(&otlp::Payload::parse(Signal::Traces, bytes.into()).unwrap());
    let item = told(&mut stream).await;
    assert_eq!((&item["type"], &item["data"]), (&"item".into(), &Value::Null));
    assert!(item["bytes"].as_u64().unwrap() > 100_000);
}
