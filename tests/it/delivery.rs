//! What becomes of data that a backend does not take at once.

use std::time::Duration;

use tests::client::Client;
use tests::patience::{until, until_equal};
use tests::tonic::Code;
use tests::{Answer, Backend, Collector, samples};

use crate::FERROTEL;
use crate::configs::{all_to, queued_to, queued_with, straight_to};

#[tokio::test]
async fn a_backend_that_refuses_twice_gets_everything_once() {
    let backend = Backend::start();
    backend.answer([Answer::refuse(Code::Unavailable), Answer::refuse(Code::Unavailable)]);
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    let sent = samples::spans("patient", 10);
    client.export(sent.clone()).await.expect("the queue takes it");
    backend.wait_for_taken(1).await;
    collector.assert_books_balance().await;
    assert_eq!(backend.taken(), [sent]);
    assert_eq!(backend.asked().len(), 3);
    assert_eq!(collector.account("exporter", "otlp", "traces").await.delivered, 10);
}

#[tokio::test]
async fn the_same_over_http() {
    let backend = Backend::start();
    backend.answer([Answer::refuse(Code::Unavailable), Answer::refuse(Code::ResourceExhausted)]);
    let retry = "retry_on_failure: { initial_interval: 50ms, max_interval: 100ms }";
    let exporter = format!("otlphttp: {{ endpoint: 'http://{}', {retry} }}", backend.address());
    let collector = FERROTEL.start(&all_to(&exporter, "otlphttp")).await;
    let client = Client::connect(&collector.grpc().await).await;
    let sent = samples::records("patient", 10);
    client.export(sent.clone()).await.expect("the queue takes it");
    backend.wait_for_taken(1).await;
    collector.assert_books_balance().await;
    assert_eq!(backend.taken(), [sent]);
    assert_eq!(backend.asked().len(), 3);
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_sent_again_and_is_booked_as_dropped() {
    let backend = Backend::start();
    backend.answer([Answer::refuse(Code::InvalidArgument)]);
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("bad", 7)).await.expect("the queue takes it");
    until_equal("dropped items", 7, async || dropped(&collector).await).await;
    client.export(samples::spans("good", 1)).await.expect("the queue takes it");
    backend.wait_for_spans(1).await;
    collector.assert_books_balance().await;
    assert_eq!(backend.asked().len(), 2, "the bad batch was sent once");
    assert_eq!(collector.account("exporter", "otlp", "traces").await.delivered, 1);
    collector.log().wait_for("dropping data").await;
}

#[tokio::test]
async fn a_delay_that_the_backend_asks_for_is_honoured() {
    let backend = Backend::start();
    let delay = Duration::from_secs(1);
    backend.answer([Answer::refuse_until(Code::ResourceExhausted, delay)]);
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("later", 1)).await.expect("the queue takes it");
    let asked = backend.wait_for_asked(2).await;
    let pause = asked[1].at - asked[0].at;
    // Its own pause would have been a tenth of a second at most.
    assert!(pause >= delay, "it came back after {pause:?}");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_retry_after_header_is_honoured() {
    let backend = Backend::start();
    backend.answer([Answer::refuse_until(Code::Unavailable, Duration::from_secs(1))]);
    let retry = "retry_on_failure: { initial_interval: 10ms, max_interval: 10ms }";
    let exporter = format!("otlphttp: {{ endpoint: 'http://{}', {retry} }}", backend.address());
    let collector = FERROTEL.start(&all_to(&exporter, "otlphttp")).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("later", 1)).await.expect("the queue takes it");
    let asked = backend.wait_for_asked(2).await;
    let pause = asked[1].at - asked[0].at;
    assert!(pause >= Duration::from_secs(1), "it came back after {pause:?}");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn what_a_backend_takes_and_throws_away_is_booked() {
    let backend = Backend::start();
    backend.answer([Answer::Reject { items: 3, why: "too old" }]);
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("old", 10)).await.expect("the queue takes it");
    collector.log().wait_for("too old").await;
    until_equal("dropped items", 3, async || dropped(&collector).await).await;
    collector.assert_books_balance().await;
    assert_eq!(collector.account("exporter", "otlp", "traces").await.delivered, 7);
    assert_eq!(backend.asked().len(), 1, "a partial success is not sent again");
}

#[tokio::test]
async fn a_full_queue_tells_the_client_to_come_back() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = queued_with(&backend.address(), "{ num_consumers: 1, queue_size: 2 }");
    let collector = FERROTEL.start_with(&config, &["--set", "exporters.otlp.timeout=200ms"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("first", 1)).await.expect("there is room");
    client.export(samples::spans("second", 1)).await.expect("there is room");
    let refused = client.export(samples::spans("third", 1)).await.expect_err("there is no room");
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("queue is full"), "{refused:?}");

    backend.always_answer(Answer::Accept);
    until("the third is taken", async || client.export(samples::spans("third", 1)).await.ok()).await;
    let spans = backend.wait_for_spans(3).await;
    collector.assert_books_balance().await;
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["first 0", "second 0", "third 0"]);
}

#[tokio::test]
async fn a_backend_that_stalls_costs_one_timeout_and_no_data() {
    let backend = Backend::start();
    backend.answer([Answer::Stall]);
    let config = queued_to(&backend.address());
    let collector = FERROTEL.start_with(&config, &["--set", "exporters.otlp.timeout=300ms"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("waiting", 4)).await.expect("the queue takes it");
    backend.wait_for_spans(4).await;
    collector.assert_books_balance().await;
    assert_eq!(backend.spans().len(), 4);
}

#[tokio::test]
async fn a_backend_that_breaks_connections_costs_no_data() {
    let backend = Backend::start();
    backend.answer([Answer::Reset, Answer::Reset]);
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("stubborn", 4)).await.expect("the queue takes it");
    backend.wait_for_spans(4).await;
    collector.assert_books_balance().await;
    assert_eq!((backend.spans().len(), backend.asked().len()), (4, 3));
}

#[tokio::test]
async fn a_backend_that_goes_away_and_comes_back_misses_nothing() {
    let mut backend = Backend::start();
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("before", 1)).await.expect("the queue takes it");
    backend.wait_for_spans(1).await;
    backend.go_away();
    for number in 0..5 {
        client.export(samples::spans(&format!("during {number}"), 2)).await.expect("the queue takes it");
    }
    collector.log().wait_for("will send again").await;
    backend.come_back().await;
    client.export(samples::spans("after", 1)).await.expect("the queue takes it");
    backend.wait_for_spans(12).await;
    collector.assert_books_balance().await;
    assert_eq!(backend.spans().len(), 12, "nothing twice");
}

#[tokio::test]
async fn a_dead_backend_is_heard_of_by_the_client_when_there_is_no_queue() {
    let mut backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    backend.go_away();
    let client = Client::connect(&collector.grpc().await).await;
    let refused = client.export(samples::spans("unlucky", 2)).await.expect_err("nobody takes it");
    assert_eq!(refused.code(), Code::Unavailable);
    collector.assert_books_balance().await;
    let entry = collector.account("pipeline", "traces", "traces").await;
    assert_eq!((entry.received, entry.refused), (2, 2));
}

#[tokio::test]
async fn a_client_that_gives_up_is_booked_as_refused() {
    let backend = Backend::start();
    backend.answer([Answer::Stall]);
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    let call = tokio::runtime::Handle::current().spawn(async move {
        let _ = client.export(samples::spans("impatient", 3)).await;
    });
    backend.wait_for_asked(1).await;
    call.abort();
    collector.assert_books_balance().await;
    let entry = collector.account("pipeline", "traces", "traces").await;
    assert_eq!((entry.received, entry.refused), (3, 3));
}

#[tokio::test]
async fn requests_are_merged_up_to_the_size_that_the_batch_names() {
    let backend = Backend::start();
    let queue = "{ num_consumers: 1, sizer: items, queue_size: 1000, \
                  batch: { flush_timeout: 10s, min_size: 10, max_size: 10 } }";
    let collector = FERROTEL.start(&queued_with(&backend.address(), queue)).await;
    let client = Client::connect(&collector.grpc().await).await;
    for number in 0..6 {
        client.export(samples::spans(&format!("request {number}"), 5)).await.expect("the queue takes it");
    }
    let taken = backend.wait_for_taken(3).await;
    collector.assert_books_balance().await;
    assert_eq!(taken.iter().map(|export| export.spans().len()).collect::<Vec<_>>(), [10, 10, 10]);
}

#[tokio::test]
async fn one_bad_exporter_does_not_keep_the_others_from_their_data() {
    let (good, bad) = (Backend::start(), Backend::start());
    bad.always_answer(Answer::refuse(Code::PermissionDenied));
    let config = format!(
        "
exporters:
  otlp/good: {{ endpoint: '{}', tls: {{ insecure: true }} }}
  otlp/bad: {{ endpoint: '{}', tls: {{ insecure: true }} }}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], exporters: [otlp/bad, otlp/good] }} }} }}
",
        good.address(),
        bad.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("shared", 3)).await.expect("both queues take it");
    good.wait_for_spans(3).await;
    bad.wait_for_asked(1).await;
    collector.assert_books_balance().await;
    assert_eq!(collector.account("exporter", "otlp/good", "traces").await.delivered, 3);
    assert_eq!(collector.account("exporter", "otlp/bad", "traces").await.all_dropped(), 3);
}

#[tokio::test]
async fn with_acknowledge_delivered_the_client_hears_only_when_the_backend_has_it() {
    let backend = Backend::start();
    backend.answer([
        Answer::refuse(Code::Unavailable),
        Answer::Accept,
        Answer::refuse(Code::InvalidArgument),
    ]);
    let config = format!("{}  acknowledge: delivered\n", queued_to(&backend.address()));
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("kept", 2)).await.expect("the second attempt succeeds");
    assert_eq!(backend.spans().len(), 2, "it is there when the client is told so");
    let refused = client.export(samples::spans("bad", 3)).await.expect_err("the backend does not want it");
    assert_eq!(refused.code(), Code::InvalidArgument);
    collector.assert_books_balance().await;
    let entry = collector.account("pipeline", "traces", "traces").await;
    assert_eq!((entry.received, entry.delivered, entry.refused), (5, 2, 3));
}

async fn dropped(collector: &Collector) -> u64 {
    collector.account("exporter", "otlp", "traces").await.all_dropped()
}
