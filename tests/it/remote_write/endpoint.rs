//! The exporter before an endpoint that answers by a script.

use std::time::Duration;

use tests::client::Client;
use tests::patience::{until, until_equal};
use tests::remote_write::{RemoteWrite, Verdict, Write};
use tests::{Collector, proto::metrics::v1::NumberDataPoint};

use super::{counter, gauge, number, send, sending};
use crate::FERROTEL;

const MILLISECOND: u64 = 1_000_000;

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request";

#[tokio::test]
async fn requests_are_those_of_the_protocol_in_either_version() {
    for (version, content_type, settings) in [
        ("0.1.0", "application/x-protobuf", ""),
        ("2.0.0", "application/x-protobuf;proto=io.prometheus.write.v2.Request", V2),
    ] {
        let endpoint = RemoteWrite::start();
        let headers = "headers: { x-tenant: shop, Content-Type: text/plain }";
        let collector =
            start(&endpoint, &format!("{headers}, external_labels: {{ region: eu }}, {settings}")).await;
        send_to(&collector, "requests", &[(5.0, 1)]).await;
        let write = &endpoint.wait_for_writes(1).await[0];
        let header = |name: &str| write.headers[name].to_str().expect("it is text").to_owned();
        assert_eq!(header("x-prometheus-remote-write-version"), version);
        assert_eq!(
            (header("content-type"), header("content-encoding")),
            (content_type.to_owned(), "snappy".to_owned())
        );
        assert_eq!(header("x-tenant"), "shop");
        assert!(header("user-agent").starts_with("ferrotel/"), "{}", header("user-agent"));
        let series = "requests_total{instance=\"i1\",job=\"shop\",region=\"eu\"}";
        assert_eq!(write.samples, [(series.to_owned(), 1, 5.0)]);
        collector.assert_books_balance().await;
    }
}

#[tokio::test]
async fn what_may_be_taken_later_is_sent_again_and_what_may_not_is_dropped() {
    let endpoint = RemoteWrite::start();
    endpoint.answer([
        Verdict::FailFor(429, 1),
        Verdict::Fail(500, String::new()),
        Verdict::Take,
        Verdict::Fail(400, "x".repeat(1000)),
    ]);
    let collector = start(&endpoint, "").await;
    send_to(&collector, "a", &[(1.0, 1)]).await;
    send_to(&collector, "b", &[(1.0, 1)]).await;
    let writes = endpoint.wait_for_writes(4).await;
    assert!(writes[1].at - writes[0].at >= Duration::from_secs(1), "it asked for a second");
    assert!(endpoint.taken().contains_key("a_total{instance=\"i1\",job=\"shop\"}"));
    let line = collector.log().wait_for("remote write returned HTTP status 400; err = x").await;
    assert!(line.contains(&"x".repeat(256)) && !line.contains(&"x".repeat(257)), "{line}");
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered, account.all_dropped()), (2, 1, 1));
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_asked_again() {
    let endpoint = RemoteWrite::start();
    endpoint.answer([Verdict::Hang]);
    let collector = start(&endpoint, "timeout: 200ms").await;
    send_to(&collector, "a", &[(1.0, 1)]).await;
    endpoint.wait_for_writes(2).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered), (1, 1));
}

#[tokio::test]
async fn who_does_not_know_version_2_gets_version_1() {
    for first in [Verdict::Fail(415, "no".to_owned()), Verdict::TakeSilently] {
        let endpoint = RemoteWrite::start();
        endpoint.answer([first]);
        let collector = start(&endpoint, V2).await;
        send_to(&collector, "a", &[(1.0, 1)]).await;
        endpoint.wait_for_writes(2).await;
        send_to(&collector, "a", &[(2.0, 2)]).await;
        let writes = endpoint.wait_for_writes(3).await;
        let version = |write: &Write| write.headers["x-prometheus-remote-write-version"].clone();
        assert_eq!(writes.iter().map(version).collect::<Vec<_>>(), ["2.0.0", "0.1.0", "0.1.0"]);
        collector.assert_books_balance().await;
        let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
        assert_eq!((account.received, account.delivered), (2, 2));
    }
}

#[tokio::test]
async fn samples_that_were_not_written_are_no_deliveries() {
    let endpoint = RemoteWrite::start();
    endpoint.answer([Verdict::TakePart(1)]);
    let collector = start(&endpoint, V2).await;
    send_to(&collector, "a", &[(1.0, 1), (2.0, 2), (3.0, 3)]).await;
    endpoint.wait_for_writes(1).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered, account.all_dropped()), (3, 1, 2));
}

#[tokio::test]
async fn a_part_that_is_refused_costs_its_points_only() {
    let endpoint = RemoteWrite::start();
    endpoint.answer([Verdict::Take, Verdict::Fail(400, "bad".to_owned())]);
    let collector = start(&endpoint, "max_batch_size_bytes: 1, max_batch_request_parallelism: 1").await;
    send_to(&collector, "a", &[(1.0, 1), (2.0, 2), (3.0, 3)]).await;
    endpoint.wait_for_writes(3).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered, account.all_dropped()), (3, 2, 1));
    let delta = NumberDataPoint { value: None, ..number(0.0, 1) };
    let client = Client::connect(&collector.grpc().await).await;
    send(&client, vec![gauge("g", vec![delta, number(1.0, MILLISECOND)])]).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered, account.all_dropped()), (5, 3, 2));
}

#[tokio::test]
async fn no_sample_overtakes_an_older_one_whatever_fails() {
    const SERIES: u64 = 12;
    const BATCHES: u64 = 30;
    let endpoint = RemoteWrite::start();
    // Small requests, so that five are under way; about every third fails for now, in an order of no pattern.
    let mut state = 0x9e37_79b9_u64;
    let failures = (0..150).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 6 {
            0 => Verdict::Fail(503, String::new()),
            1 => Verdict::Fail(429, String::new()),
            _ => Verdict::Take,
        }
    });
    endpoint.answer(failures);
    let retry = "retry_on_failure: { initial_interval: 1ms, max_interval: 3ms }";
    let collector = start(&endpoint, &format!("max_batch_size_bytes: 150, {retry}")).await;
    let client = Client::connect(&collector.grpc().await).await;
    for batch in 0..BATCHES {
        let metrics = (0..SERIES).map(|series| {
            // Several points of each, so that a series goes on in the next request.
            let time = |step: u64| (batch * 3 + step + 1) * MILLISECOND;
            let points = (0..3).map(|step| number(1.0, time(step))).collect();
            gauge(&format!("m{series}"), points)
        });
        send(&client, metrics.collect()).await;
    }
    let count = || endpoint.taken().values().map(Vec::len).sum::<usize>();
    until_equal("samples that are taken", (SERIES * BATCHES * 3) as usize, async || count()).await;
    for (series, samples) in endpoint.taken() {
        assert!(samples.is_sorted_by(|one, other| one.0 < other.0), "{series}: {samples:?}");
    }
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.delivered, account.all_dropped()), (SERIES * BATCHES * 3, 0));
}

#[tokio::test]
async fn metadata_is_sent_apart_when_it_is_wanted() {
    let endpoint = RemoteWrite::start();
    let collector = start(&endpoint, "send_metadata: true").await;
    send_to(&collector, "a", &[(1.0, 1)]).await;
    let writes = until("metadata", async || Some(endpoint.writes()).filter(|writes| writes.len() >= 2)).await;
    assert!(writes[1].samples.is_empty());
    collector.assert_books_balance().await;
}

async fn start(endpoint: &RemoteWrite, settings: &str) -> Collector {
    let config = sending(&format!("endpoint: '{}', {settings}", endpoint.url()));
    FERROTEL.start(&config).await
}

/// Sends a counter with these values at these milliseconds.
async fn send_to(collector: &Collector, name: &str, values: &[(f64, u64)]) {
    let client = Client::connect(&collector.grpc().await).await;
    let points = values.iter().map(|(value, millis)| number(*value, millis * MILLISECOND)).collect();
    send(&client, vec![counter(name, points)]).await;
}
