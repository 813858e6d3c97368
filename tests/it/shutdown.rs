//! Being told to stop.

use tests::client::Client;
use tests::tonic::Code;
use tests::{Answer, Backend, samples, serde_json};

use crate::FERROTEL;
use crate::configs::{queued_to, queued_with, to_nowhere};

/// One attempt may take as long as it likes.
const FOREVER: &str = "exporters.otlp.timeout=1h";

#[tokio::test]
async fn what_a_queue_holds_is_delivered_before_the_end() {
    let backend = Backend::start();
    let queue =
        "{ num_consumers: 1, sizer: items, queue_size: 1000, batch: { flush_timeout: 1h, min_size: 900 } }";
    let mut collector = FERROTEL.start(&queued_with(&backend.address(), queue)).await;
    let client = Client::connect(&collector.grpc().await).await;
    for number in 0..20 {
        client.export(samples::spans(&format!("held {number}"), 5)).await.expect("the queue takes it");
    }
    assert_eq!(backend.spans().len(), 0, "the queue waits for more");
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 0);
    assert_eq!(backend.spans().len(), 100);
    let last = last_words(&collector);
    assert_eq!((&last["delivered"], &last["left"]), (&100.into(), &0.into()));
}

#[tokio::test]
async fn what_a_batch_processor_holds_is_delivered_before_the_end() {
    let backend = Backend::start();
    let config = format!(
        "
processors: {{ batch: {{ timeout: 1h }} }}
exporters: {{ otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }} }}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], processors: [batch], exporters: [otlp] }} }} }}
",
        backend.address()
    );
    let mut collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("held", 30)).await.expect("the batch takes it");
    collector.signal("INT");
    assert_eq!(collector.exit_code().await, 0);
    assert_eq!(backend.spans().len(), 30);
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let backend = Backend::start();
    backend.answer([Answer::refuse(Code::Unavailable), Answer::refuse(Code::Unavailable)]);
    let retry = "retry_on_failure: { initial_interval: 500ms, randomization_factor: 0, multiplier: 1 }";
    let exporter = format!(
        "otlp: {{ endpoint: '{}', tls: {{ insecure: true }}, sending_queue: {{ enabled: false }}, {retry} }}",
        backend.address()
    );
    let mut collector = FERROTEL.start(&crate::configs::all_to(&exporter, "otlp")).await;
    let client = Client::connect(&collector.grpc().await).await;
    let call = tokio::runtime::Handle::current()
        .spawn(async move { client.export(samples::spans("under way", 1)).await });
    backend.wait_for_asked(1).await;
    collector.signal("TERM");
    call.await.expect("no panic").expect("the request is answered, and well");
    assert_eq!(collector.exit_code().await, 0);
    assert_eq!(backend.spans().len(), 1);
}

#[tokio::test]
async fn a_stalled_backend_is_waited_for_until_the_deadline_and_what_is_left_is_said() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = queued_to(&backend.address());
    let mut collector = FERROTEL.start_with(&config, &["--shutdown-timeout", "1s", "--set", FOREVER]).await;
    let client = Client::connect(&collector.grpc().await).await;
    for number in 0..3 {
        client.export(samples::spans(&format!("doomed {number}"), 7)).await.expect("the queue takes it");
    }
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 4);
    let last = last_words(&collector);
    assert_eq!((&last["delivered"], &last["left"]), (&0.into(), &21.into()), "{last}");
}

#[tokio::test]
async fn a_dead_backend_costs_its_data_and_that_is_said() {
    let mut backend = Backend::start();
    backend.go_away();
    let mut collector =
        FERROTEL.start_with(&queued_to(&backend.address()), &["--shutdown-timeout", "10s"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    for number in 0..3 {
        client.export(samples::spans(&format!("doomed {number}"), 7)).await.expect("the queue takes it");
    }
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 4, "an end that lost data is not a good end");
    let last = last_words(&collector);
    let gone = last["dropped"].as_u64().unwrap_or(0) + last["left"].as_u64().unwrap_or(0);
    assert_eq!((&last["delivered"], gone), (&0.into(), 21), "{last}");
}

#[tokio::test]
async fn an_idle_collector_ends_well() {
    let mut collector = FERROTEL.start(&to_nowhere()).await;
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 0);
    assert!(collector.log().last_line().contains("Shutdown complete."), "{}", collector.log().last_line());
}

#[tokio::test]
async fn an_open_connection_does_not_hold_up_the_end() {
    let mut collector = FERROTEL.start_with(&to_nowhere(), &["--shutdown-timeout", "1h"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("span", 1)).await.expect("it is taken");
    let _idle = tests::wire::Raw::connect(&collector.http().await).await;
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 0);
}

#[tokio::test]
async fn the_second_interrupt_ends_it_at_once() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = queued_to(&backend.address());
    let mut collector = FERROTEL.start_with(&config, &["--shutdown-timeout", "1h", "--set", FOREVER]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("doomed", 1)).await.expect("the queue takes it");
    backend.wait_for_asked(1).await;
    collector.signal("INT");
    collector.log().wait_for("Starting shutdown").await;
    assert!(collector.is_running());
    collector.signal("INT");
    assert_eq!(collector.exit_code().await, 1);
}

#[tokio::test]
async fn while_it_stops_it_is_not_healthy_and_takes_no_more() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = queued_to(&backend.address());
    let collector = FERROTEL.start_with(&config, &["--shutdown-timeout", "1h", "--set", FOREVER]).await;
    let address = collector.grpc().await;
    let client = Client::connect(&address).await;
    client.export(samples::spans("doomed", 1)).await.expect("the queue takes it");
    backend.wait_for_asked(1).await;
    collector.signal("TERM");
    tests::patience::until_equal("the health while stopping", 503, async || {
        tests::web::get(collector.health(), "/").await.status.as_u16()
    })
    .await;
    tests::patience::until("its port is closed", async || {
        tests::tokio::net::TcpStream::connect(&address).await.err()
    })
    .await;
}

/// The fields of the last line of the log.
fn last_words(collector: &tests::Collector) -> serde_json::Value {
    let line = collector.log().last_line();
    assert!(line.contains("Shutdown complete"), "{line}");
    let (_, fields) = line.split_once('{').expect("it has fields");
    serde_json::from_str(&format!("{{{fields}")).expect("they are JSON")
}
