//! What senders and scrapers may do.

use tests::backend::Export;
use tests::client::Client;
use tests::prometheus::Prometheus;
use tests::prost::Message;
use tests::tokio::io::AsyncWriteExt;
use tests::tokio::net::TcpStream;
use tests::web;

use super::metrics::{attributes, gauge, gauges, histogram, request};
use super::{assert_promtool_reads, listener, page, start};

#[tokio::test]
async fn any_text_and_any_number_arrives_at_prometheus() {
    let collector = start("without_scope_info: true").await;
    let text = attributes(&[("quotes", "a\"b\\c\nd"), ("broken", "PLACEHOLDER"), ("emoji", "\u{1f980}")]);
    let points = [
        (attributes(&[("n", "nan")]), f64::NAN),
        (attributes(&[("n", "inf")]), f64::INFINITY),
        (attributes(&[("n", "-inf")]), f64::NEG_INFINITY),
        (text, 5e-324),
    ];
    let Export::Metrics(request) = request(vec![gauges("odd", points)]) else { unreachable!() };
    // What no library sends: bytes that are not UTF-8.
    let mut body = request.encode_to_vec();
    let at = body.windows(11).position(|bytes| bytes == b"PLACEHOLDER").expect("it is there");
    body[at..at + 11].copy_from_slice(b"x\xff\xfe\x80yyyyyyy");
    let http = collector.http().await;
    let reply = web::post(&http, "/v1/metrics", "application/x-protobuf", body).await;
    assert_eq!(reply.status, 200);
    let address = listener(&collector).await;
    assert_promtool_reads(&page(&address, &[]).await.text()).await;
    if let Some(prometheus) = Prometheus::scraping(&address, &[]).await {
        let of = "instance=i1, job=shop/cart";
        let line = |labels: &str, value: &str| format!("odd{{{labels}}} {value}");
        let expected = [
            line(&format!("{of}, n=nan"), "NaN"),
            line(&format!("{of}, n=inf"), "+Inf"),
            line(&format!("{of}, n=-inf"), "-Inf"),
            line(
                &format!("broken=x\u{fffd}\u{fffd}\u{fffd}yyyyyyy, emoji=\u{1f980}, {of}, quotes=a\"b\\c\nd"),
                "5e-324",
            ),
        ];
        prometheus.shows("odd", &expected.each_ref().map(String::as_str)).await;
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_flood_of_labels_ends_at_the_limit_and_names_who_sends_it() {
    let collector = start("series_limit: 1000").await;
    let client = Client::connect(&collector.grpc().await).await;
    for part in 0..10 {
        let points = (0..10_000).map(|number| (attributes(&[("id", &format!("{part}-{number}"))]), 1.0));
        client.export(request(vec![gauges("offender", points)])).await.expect("it is taken");
    }
    client.export(request(vec![gauge("neighbour", "", 1.0)])).await.expect("it is taken");
    let text = page(&listener(&collector).await, &[]).await.text();
    assert_eq!(text.lines().filter(|line| line.starts_with("offender{")).count(), 1000);
    assert!(text.contains("\nneighbour{"), "its neighbours are shown");
    collector.log().wait_for("metric `offender`: series limit").await;
    let labels = [("exporter", "prometheus"), ("metric", "offender"), ("reason", "series limit")];
    let refused = "ferrotel_prometheus_exporter_refused_points_total";
    assert_eq!(collector.metrics().await.sum(refused, &labels), 99_000.0);
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheus", "metrics").await;
    assert_eq!((account.delivered, account.dropped.get("series limit")), (1001, Some(&99_000)));
}

#[tokio::test]
async fn names_that_collide_cost_their_own_points_and_never_the_page() {
    let collector = start("").await;
    let client = Client::connect(&collector.grpc().await).await;
    let clash = vec![(attributes(&[("a.b", "1"), ("a_b", "2")]), 1.0), (attributes(&[("fine", "1")]), 1.0)];
    let metrics =
        vec![histogram(), gauge("latency", "s", 1.0), gauges("labels", clash), gauge("free", "", 1.0)];
    client.export(request(metrics)).await.expect("it is taken");
    let reply = page(&listener(&collector).await, &[]).await;
    assert_eq!(reply.status, 200);
    let text = reply.text();
    assert!(text.contains("\nlatency_seconds_count{") && text.contains("\nfree{"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("labels{")).count(), 1);
    assert_promtool_reads(&text).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheus", "metrics").await;
    assert_eq!((account.delivered, account.all_dropped()), (3, 2));
}

#[tokio::test]
async fn scrapers_that_vanish_leave_room_for_others() {
    let collector = start("").await;
    let client = Client::connect(&collector.grpc().await).await;
    let points = (0..20_000).map(|number| (attributes(&[("id", &format!("{number:0100}"))]), 1.0));
    client.export(request(vec![gauges("many", points)])).await.expect("it is taken");
    let address = listener(&collector).await;
    // More than pages can be under way.
    for _ in 0..50 {
        let mut gone = TcpStream::connect(&address).await.expect("it listens");
        gone.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it reads");
        drop(gone);
    }
    let text = tests::patience::until("there is room", async || {
        let reply = page(&address, &[("accept-encoding", "identity")]).await;
        (reply.status == 200).then(|| reply.text())
    });
    assert_eq!(text.await.lines().filter(|line| line.starts_with("many{")).count(), 20_000);
    collector.assert_books_balance().await;
}
