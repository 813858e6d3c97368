//! What X-Ray answers, and what the collector makes of it.

use tests::backend::Export;
use tests::certificates::Certificates;
use tests::client::Client;
use tests::patience::{until, until_equal};
use tests::serde_json::Value;
use tests::xray::{Put, Verdict, XRay, header};
use tests::{Collector, samples};

use super::{Credentials, collector, config, ids, spans};
use crate::FERROTEL;

#[tokio::test]
async fn spans_arrive_as_signed_requests_of_at_most_fifty_documents() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    let collector = collector(&endpoint(&xray), &credentials, "").await;
    send(&collector, 120).await;
    let documents = xray.wait_for_documents(120).await;
    let puts = xray.puts();
    let mut sizes: Vec<usize> = puts.iter().map(|put| put.documents.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
    for put in &puts {
        let authorization = header(&put.headers, "authorization");
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=KEY/"), "{authorization}");
        assert!(authorization.contains("/us-west-2/xray/aws4_request"), "{authorization}");
        assert!(header(&put.headers, "user-agent").contains("ferrotel"));
        assert!(header(&put.headers, "x-amzn-xray-timestamp").contains('.'));
    }
    assert_eq!(ids_of(&documents), ids(0..120));
    assert!(documents.iter().all(|document| document["name"] == "shop" && document["fault"] == true));
    collector.assert_books_balance().await;
    assert_eq!(collector.account("exporter", "awsxray", "traces").await.delivered, 120);
}

#[tokio::test]
async fn what_passes_is_sent_again() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    xray.answer([
        Verdict::Fail(429, "ThrottledException"),
        Verdict::Fail(400, "ThrottlingException"),
        Verdict::Fail(503, "ServiceUnavailable"),
        Verdict::FailFor(429, "ThrottledException", 1),
        Verdict::Hang,
    ]);
    let collector = collector(&endpoint(&xray), &credentials, "request_timeout_seconds: 1").await;
    send(&collector, 2).await;
    let documents = xray.wait_for_documents(2).await;
    assert_eq!(xray.puts().len(), 6);
    // Each attempt says the same, so that X-Ray has every segment once.
    assert!(xray.puts().iter().all(|put| put.documents == documents));
    collector.log().wait_for("spans go to X-Ray again").await;
    assert_eq!(collector.log().text().matches("cannot send spans to X-Ray").count(), 1);
    collector.assert_books_balance().await;
    assert_eq!(collector.account("exporter", "awsxray", "traces").await.delivered, 2);
}

#[tokio::test]
async fn the_sdk_tries_as_often_as_it_is_told() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    xray.always_answer(Verdict::Fail(500, "InternalFailure"));
    let config = config(&endpoint(&xray), &credentials, "").replace("max_retries: 1", "max_retries: 2");
    let collector = FERROTEL.start(&config.replace("initial_interval: 50ms", "enabled: false")).await;
    send(&collector, 1).await;
    until_equal("spans that were dropped", 1, async || {
        collector.account("exporter", "awsxray", "traces").await.all_dropped()
    })
    .await;
    assert_eq!(xray.puts().len(), 2);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn expired_credentials_are_looked_for_anew() {
    let (xray, credentials) = (XRay::start(), Credentials::of("OLD"));
    xray.always_answer(Verdict::Expired("OLD"));
    let collector = collector(&endpoint(&xray), &credentials, "").await;
    send(&collector, 1).await;
    xray.wait_for_puts(1).await;
    credentials.become_those_of("NEW");
    xray.wait_for_documents(1).await;
    let last = xray.puts().into_iter().last().expect("there is one");
    assert!(header(&last.headers, "authorization").contains("Credential=NEW/"));
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn segments_that_were_not_processed_are_sent_again_if_that_can_help() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    xray.answer([Verdict::Unprocessed(vec!["InvalidTraceId", "InternalFailure", "ThrottledException"])]);
    let collector = collector(&endpoint(&xray), &credentials, "").await;
    send(&collector, 4).await;
    let puts = xray.wait_for_puts(2).await;
    let sent: Vec<_> = puts.iter().map(|put: &Put| ids_of(&put.documents)).collect();
    assert_eq!(sent, [ids(0..4), ids(1..3)]);
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "awsxray", "traces").await;
    assert_eq!((account.delivered, account.all_dropped()), (3, 1), "{account:?}");
    let metrics = collector.metrics().await;
    for code in ["InvalidTraceId", "InternalFailure", "ThrottledException"] {
        let labels = [("exporter", "awsxray"), ("error_code", code)];
        assert_eq!(metrics.sum("ferrotel_awsxray_unprocessed_segments", &labels), 1.0, "{code}");
    }
    let line = collector.log().wait_for("InvalidTraceId").await;
    assert!(line.contains(&"5f".repeat(16)) && line.contains(&ids([0])[0]), "{line}");
}

#[tokio::test]
async fn a_request_that_is_malformed_costs_its_own_documents() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    xray.answer([Verdict::Fail(400, "InvalidRequestException")]);
    let collector = collector(&endpoint(&xray), &credentials, "num_workers: 1").await;
    send(&collector, 60).await;
    let documents = xray.wait_for_documents(10).await;
    assert_eq!(ids_of(&documents), ids(50..60));
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "awsxray", "traces").await;
    assert_eq!((account.delivered, account.all_dropped()), (10, 50), "{account:?}");
}

#[tokio::test]
async fn missing_rights_end_the_attempts() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    xray.answer([Verdict::Fail(403, "AccessDeniedException")]);
    let collector = collector(&endpoint(&xray), &credentials, "num_workers: 1").await;
    send(&collector, 60).await;
    until_equal("spans that were dropped", 60, async || {
        collector.account("exporter", "awsxray", "traces").await.all_dropped()
    })
    .await;
    assert_eq!(xray.puts().len(), 1);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn one_bad_span_costs_one_span() {
    let (xray, credentials) = (XRay::start(), Credentials::of("KEY"));
    let collector = collector(&endpoint(&xray), &credentials, "").await;
    let mut bad = spans(3);
    bad[1].trace_id = Vec::new();
    export(&collector, bad).await;
    assert_eq!(ids_of(&xray.wait_for_documents(2).await), ids([0, 2]));
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "awsxray", "traces").await;
    assert_eq!((account.delivered, account.all_dropped()), (2, 1), "{account:?}");
    collector.log().wait_for("it has no trace id").await;
}

#[tokio::test]
async fn certificates_are_checked_unless_that_is_turned_off() {
    let certificates = Certificates::make();
    let (xray, credentials) = (XRay::start_with_tls(certificates.server_of_all()), Credentials::of("KEY"));
    let authority = format!("certificate_file_path: '{}'", certificates.path("ca.pem").display());
    let endpoint = format!("https://{}", xray.address());
    for (number, settings) in ["no_verify_ssl: true", &authority].into_iter().enumerate() {
        let collector = collector(&endpoint, &credentials, settings).await;
        send(&collector, 1).await;
        xray.wait_for_documents(number + 1).await;
        collector.assert_books_balance().await;
    }
    let collector = collector(&endpoint, &credentials, "").await;
    send(&collector, 1).await;
    let log = until("it says what is wrong with the certificate", async || {
        Some(collector.log().text()).filter(|log| log.contains("invalid peer certificate"))
    });
    log.await;
    assert_eq!(xray.puts().len(), 2);
}

#[tokio::test]
async fn without_a_region_it_starts_and_says_so() {
    let credentials = Credentials::of("KEY");
    let settings = "profile: no-such-profile";
    let config = config("http://127.0.0.1:1", &credentials, settings).replace("region: us-west-2", "");
    let whole = format!("receivers: {{ otlp: {{ protocols: {{ grpc: }} }} }}\n{config}");
    let finished = FERROTEL.run(&["validate", "--config", &format!("yaml:{whole}")]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(finished.stderr.contains("no region is set"), "{}", finished.stderr);
    let collector = FERROTEL.start(&config).await;
    send(&collector, 1).await;
    let line = collector.log().wait_for("cannot send spans to X-Ray").await;
    assert!(line.contains("no region is set"), "{line}");
}

#[tokio::test]
async fn the_section_of_an_old_file_runs_as_it_is() {
    let config = "
exporters:
  awsxray:
    region: us-west-2
    no_verify_ssl: false
    local_mode: false
service: { pipelines: { traces: { receivers: [otlp], exporters: [awsxray] } } }
";
    let collector = FERROTEL.start(config).await;
    // Whether there are credentials depends on the machine; nothing else is to be said about it.
    let lines = collector.log().lines();
    let warnings: Vec<_> = lines.iter().filter(|line| line.contains("\twarn\t")).collect();
    assert!(warnings.iter().all(|line| line.contains("no credentials are set")), "{warnings:#?}");
}

fn endpoint(xray: &XRay) -> String {
    format!("http://{}", xray.address())
}

async fn send(collector: &Collector, count: u64) {
    export(collector, spans(count)).await;
}

async fn export(collector: &Collector, spans: Vec<tests::proto::trace::v1::Span>) {
    let client = Client::connect(&collector.grpc().await).await;
    let request = samples::trace_request(spans);
    client.export(Export::Traces(request)).await.expect("the queue takes it");
}

/// The ids of documents, in order.
fn ids_of(documents: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> =
        documents.iter().map(|document| document["id"].as_str().expect("a text").to_owned()).collect();
    ids.sort();
    ids
}
