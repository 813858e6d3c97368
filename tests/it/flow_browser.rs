//! The flow page in a real browser.

use tests::browser::visit;
use tests::{Backend, tokio};

use crate::FERROTEL;
use crate::configs::all_to;

#[tokio::test]
async fn a_person_sees_the_first_span_and_taps_the_next_ones() {
    let backend = Backend::start();
    let config = format!(
        "
receivers: {{ zipkin: {{ endpoint: '127.0.0.1:0' }} }}
processors: {{ memory_limiter: {{ limit_mib: 500, check_interval: 1s }}, batch: {{ timeout: 100ms }} }}
exporters:
  otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }}
  debug:
service:
  pipelines:
    traces: {{ receivers: [otlp, zipkin], processors: [memory_limiter, batch], exporters: [otlp, debug] }}
    logs: {{ receivers: [otlp], exporters: [otlp] }}
",
        backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let Some(visit) = visit("flowing", collector.zpages(), &collector.http().await).await else { return };
    visit.assert_well_behaved();
    assert_eq!(visit.seen("headlines"), &tests::serde_json::json!(["All is quiet", "All is flowing"]));
    let label = visit.seen("label").as_str().unwrap_or_default();
    assert!(label.starts_with("receiver/otlp/traces: ") && label.contains("spans a second"), "{label}");
    let item = visit.seen("item").as_str().unwrap_or_default();
    assert!(item.contains("GET /cart") && item.contains("cart · server · 12 ms"), "{item}");
    assert_eq!(visit.seen("filtered"), 0);
    assert_eq!(visit.seen("focus"), "receiver/otlp/traces", "closing gives the focus back");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_person_sees_that_a_backend_is_away_and_why() {
    let mut backend = Backend::start();
    let retry = "retry_on_failure: { initial_interval: 200ms, max_interval: 200ms }";
    let exporter = format!(
        "otlp: {{ endpoint: '{}', tls: {{ insecure: true }}, sending_queue: {{ queue_size: 20 }}, {retry} }}",
        backend.address()
    );
    let collector = FERROTEL.start(&all_to(&exporter, "otlp")).await;
    backend.go_away();
    let Some(visit) = visit("failing", collector.zpages(), &collector.http().await).await else { return };
    visit.assert_well_behaved();
    assert_eq!(visit.seen("headlines"), &tests::serde_json::json!(["traces: not delivering"]));
    let why = visit.seen("why").as_str().unwrap_or_default();
    assert!(why.starts_with("exporter otlp does not deliver: ") && why.contains("since"), "{why}");
    backend.come_back().await;
    collector.assert_books_balance().await;
}
