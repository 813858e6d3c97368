//! Pages: formats, chunks, and what goes on while they are made.

use component::Memory;
use opentelemetry_proto::tonic::metrics::v1::Exemplar;
use opentelemetry_proto::tonic::metrics::v1::exemplar;
use transport::compression::{Encoding, decompress};

use super::*;

const OPEN_METRICS: (&str, &str) = ("accept", "application/openmetrics-text;version=1.0.0");
const PROTOBUF: (&str, &str) =
    ("accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited");

async fn with_many(settings: &str, count: u32) -> Exporter {
    let exporter = exporter(settings);
    let points = (0..count).map(|number| point(&[("number", &format!("{number:06}"))], 1, number.into()));
    exporter.send(vec![gauge("many", points.collect())]).await;
    exporter
}

#[tokio::test(start_paused = true)]
async fn open_metrics_is_there_when_it_is_enabled_and_wanted() {
    let mut points = vec![point(&[], 1_500_000_000, 3.0)];
    points[0].exemplars = vec![Exemplar {
        trace_id: vec![1; 16],
        time_unix_nano: 2_000_000_000,
        value: Some(exemplar::Value::AsInt(1)),
        ..Exemplar::default()
    }];
    let metrics = vec![counter("c", points)];
    let exporter = exporter("enable_open_metrics: true, send_timestamps: true");
    exporter.send(metrics.clone()).await;
    let expected = format!(
        "# HELP c help\n# TYPE c counter\nc_total 3.0 1.5 # {{trace_id=\"{}\"}} 1.0 2\n# EOF\n",
        "01".repeat(16)
    );
    assert_eq!(exporter.page_for(&[OPEN_METRICS]), expected);
    assert_eq!(exporter.samples(), ["c_total 3 1500"]);
    let plain = super::exporter("");
    plain.send(metrics).await;
    assert_eq!(plain.page_for(&[OPEN_METRICS]), plain.page());
}

#[tokio::test(start_paused = true)]
async fn a_large_page_comes_in_small_chunks_sorted_and_whole() {
    let exporter = with_many("", 20_000).await;
    let (_, chunks) = exporter.chunks_for(&[]);
    assert!(chunks.len() > 5, "{} chunks", chunks.len());
    assert!(chunks.iter().all(|chunk| chunk.len() < 128 << 10));
    let page = String::from_utf8(chunks.concat()).unwrap();
    assert_eq!(page.lines().filter(|line| line.starts_with('#')).count(), 2);
    let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(samples.len() == 20_000 && samples.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_packed_page_is_the_same_page() {
    let exporter = with_many("", 20_000).await;
    for accepted in ["gzip", "br, gzip;q=0.5", "GZIP"] {
        let (_, chunks) = exporter.chunks_for(&[("accept-encoding", accepted)]);
        let unpacked = decompress(Encoding::Gzip, &chunks, 64 << 20, &Memory::default()).unwrap();
        assert!(unpacked == exporter.page(), "{accepted}");
    }
    for accepted in ["identity", "gzip;q=0", "br"] {
        assert!(exporter.page_for(&[("accept-encoding", accepted)]).starts_with("# HELP"), "{accepted}");
    }
    let (_, empty) = super::exporter("").chunks_for(&[("accept-encoding", "gzip")]);
    assert_eq!(decompress(Encoding::Gzip, &empty, 100, &Memory::default()).unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn protobuf_says_the_name_again_in_each_part() {
    let exporter = with_many("", 1000).await;
    let (_, chunks) = exporter.chunks_for(&[PROTOBUF]);
    let bytes = chunks.concat();
    let (mut rest, mut messages) = (&*bytes, 0);
    while !rest.is_empty() {
        let length = prost::decode_length_delimiter(&mut rest).unwrap();
        assert!(rest.starts_with(b"\x0a\x04many\x12\x04help\x18\x01"));
        rest = &rest[length..];
        messages += 1;
    }
    assert_eq!(messages, 4);
}

#[tokio::test(start_paused = true)]
async fn series_come_and_go_while_a_page_is_made() {
    let exporter = with_many("", 20_000).await;
    let Content::Chunks(mut chunks) = exporter.pages.page(&HeaderMap::new()).into_body() else { panic!() };
    let first = chunks.next().unwrap().unwrap();
    // One that the page has passed, one that it will come to, the end of one ahead, and a family ahead.
    let mut ended = point(&[("number", "015000")], 2, 0.0);
    ended.flags = 1;
    let news = vec![point(&[("number", "000000a")], 2, 1.0), point(&[("number", "019999a")], 2, 1.0), ended];
    exporter.send(vec![gauge("many", news), gauge("new", vec![point(&[], 2, 1.0)])]).await;
    let rest: Vec<Bytes> = chunks.map(Result::unwrap).collect();
    let page = String::from_utf8([vec![first], rest].concat().concat()).unwrap();
    assert!(!page.contains("000000a") && page.contains("019999a") && !page.contains("015000"));
    assert!(page.ends_with("new 1\n"));
    assert_eq!(page.lines().count(), 2 + 20_000 - 1 + 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn pages_are_bounded_in_number_and_in_time() {
    let exporter = with_many("", 20_000).await;
    let mut held: Vec<_> = (0..32).map(|_| exporter.pages.page(&HeaderMap::new())).collect();
    assert_eq!(exporter.chunks_for(&[]).0, StatusCode::SERVICE_UNAVAILABLE);
    // Who is gone makes room.
    let Content::Chunks(mut slow) = held.pop().unwrap().into_body() else { panic!() };
    held.clear();
    assert!(slow.next().unwrap().is_ok());
    tokio::time::sleep(std::time::Duration::from_secs(121)).await;
    assert!(slow.next().unwrap().is_err());
    assert!(slow.next().is_none());
    assert_eq!(exporter.chunks_for(&[]).0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn names_in_utf_8_are_shown_to_those_who_can_read_them() {
    let exporter = exporter("translation_strategy: NoTranslation");
    let one = || vec![point(&[("http.status", "200")], 1, 1.0)];
    exporter.send(vec![gauge("a.b", one()), gauge("a_b", one()), gauge("a.c", one())]).await;
    let utf8 = exporter.page_for(&[("accept", "text/plain;version=1.0.0;escaping=allow-utf-8")]);
    assert!(utf8.contains("{\"a.b\",\"http.status\"=\"200\"} 1\n"), "{utf8}");
    assert!(utf8.contains("a_b{\"http.status\"=\"200\"} 1\n"), "{utf8}");
    // Two names become one: the first is shown.
    let escaped = exporter.samples();
    assert_eq!(escaped, [r#"a_b{http_status="200"} 1"#, r#"a_c{http_status="200"} 1"#]);
    let values = exporter.page_for(&[("accept", "text/plain;version=1.0.0;escaping=values")]);
    assert!(values.contains("U__a_2e_b{U__http_2e_status=\"200\"} 1\n"), "{values}");
}
