//! Queue, batching, retry and timeout, by what they do and when; time is paused.

use std::sync::Arc;
use std::time::Duration;

use ::config::{Interval, Optional};
use component::testing::{Script, Stalled, context, spans};
use component::{
    Account, Acknowledge, Batch, BatchConfig, ConsumeError, Consumer, Context, Delivery, Edge, Kind,
    Metadata, Origin, QueueConfig, RetryConfig, Sizer, Totals,
};
use otlp::Signal;
use tokio::time::Instant;

use super::*;
use crate::observe::ExporterMetrics;

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_the_backend_asks() {
    let busy = ConsumeError::retryable_after("busy", Duration::from_secs(60));
    check_retry([Err(busy), Ok(())], Ok(()), &[0, 60]).await;
}

#[tokio::test(start_paused = true)]
async fn gives_up_at_once_when_the_data_is_at_fault() {
    check_retry([Err(ConsumeError::permanent("bad"))], Err("permanent: bad"), &[0]).await;
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_by_the_multiplier_up_to_the_longest() {
    let busy = || Err(ConsumeError::retryable("busy"));
    check_retry([busy(), busy(), busy(), Ok(())], Ok(()), &[0, 5, 12, 23]).await;
}

#[tokio::test(start_paused = true)]
async fn gives_up_without_waiting_when_the_time_for_trying_would_be_over() {
    let far = ConsumeError::retryable_after("busy", Duration::from_secs(301));
    check_retry([Err(far)], Err("no more retries left: busy"), &[0]).await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_asks_for_more_time_than_there_is_is_given_up() {
    let soon = ConsumeError::retryable("busy");
    let never = ConsumeError::retryable_after("busy", Duration::from_secs(u64::MAX));
    check_retry([Err(soon), Err(never)], Err("no more retries left: busy"), &[0, 5]).await;
}

/// Sends one batch to a backend that gives `answers`, without randomness; checks the outcome and the seconds at which
/// the backend was asked.
async fn check_retry(
    answers: impl IntoIterator<Item = Result<(), ConsumeError>>,
    outcome: Result<(), &str>,
    asked_at: &[u64],
) {
    let backend = Script::new(answers);
    let config = RetryConfig { randomization_factor: 0.0, ..RetryConfig::default() };
    let stand = Stand::new(Delivery { retry: Some(config), ..Delivery::default() }, backend.clone());
    let answer = stand.first.consume(spans(1)).await;
    assert_eq!(answer.map_err(|error| error.to_string()), outcome.map_err(str::to_owned));
    assert_eq!(backend.asked_at(), asked_at);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_can_be_repeated() {
    let delivery = Delivery { timeout: Some(Duration::from_secs(5)), ..Delivery::default() };
    let stand = Stand::new(delivery, Arc::new(Stalled));
    let error = stand.first.consume(spans(3)).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer within 5s");
    assert!(!error.is_permanent());
    assert_eq!(stand.totals(), Totals { received: 3, refused: 3, ..Totals::default() });
}

#[tokio::test(start_paused = true)]
async fn a_queue_answers_before_it_sends_and_sends_in_order() {
    let backend = Script::new([]);
    let stand = Stand::queue(QueueConfig { num_consumers: 1, ..QueueConfig::default() }, backend.clone());
    for items in [1, 2, 3] {
        stand.first.consume(spans(items)).await.unwrap();
    }
    assert!(backend.taken().is_empty());
    stand.drain().await;
    assert_eq!(backend.taken_items(), [1, 2, 3]);
    assert_eq!(stand.totals(), Totals { received: 6, delivered: 6, ..Totals::default() });
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_what_is_being_sent_counts() {
    let stand = Stand::queue(QueueConfig { queue_size: 2, ..QueueConfig::default() }, Arc::new(Stalled));
    stand.first.consume(spans(1)).await.unwrap();
    stand.first.consume(spans(1)).await.unwrap();
    tokio::task::yield_now().await;
    let error = stand.first.consume(spans(5)).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.is_permanent()), ("sending queue is full", false));
    assert_eq!(stand.totals().in_flight(), 2);
    assert_eq!(stand.totals().refused, 5);
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_queue_is_that_of_its_oldest_element_waiting_or_being_sent() {
    let config = QueueConfig { num_consumers: 1, ..QueueConfig::default() };
    let stand = Stand::queue(config, Slow::new(Duration::from_secs(10), Ok(())));
    let queue = || stand.sending.queue().unwrap();
    assert_eq!((queue().used, queue().capacity, queue().oldest), (0, 1000, None));
    stand.first.consume(spans(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    stand.first.consume(spans(1)).await.unwrap();
    assert_eq!((queue().used, queue().oldest), (2, Some(Duration::from_secs(4))));
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!((queue().used, queue().oldest), (1, Some(Duration::from_secs(7))));
    stand.drain().await;
    assert_eq!((queue().used, queue().oldest), (0, None));
}

#[tokio::test(start_paused = true)]
async fn an_exporter_is_failing_while_a_batch_waits_for_its_next_attempt_and_not_after_it_arrived() {
    let lost = || Err(ConsumeError::retryable("connection refused"));
    let retry = RetryConfig { randomization_factor: 0.0, ..RetryConfig::default() };
    let queue = Some(QueueConfig::default());
    let delivery = Delivery { queue, retry: Some(retry), ..Delivery::default() };
    let stand = Stand::new(delivery, Script::new([lost(), lost()]));
    stand.first.consume(spans(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(stand.sending.failing().unwrap().why, "connection refused");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(stand.sending.failing(), None);
}

#[tokio::test(start_paused = true)]
async fn why_a_queue_refuses_is_noted() {
    let stand = Stand::queue(QueueConfig { queue_size: 1, ..QueueConfig::default() }, Arc::new(Stalled));
    stand.first.consume(spans(1)).await.unwrap();
    stand.first.consume(spans(5)).await.unwrap_err();
    let refusals = stand.account.refusals();
    assert_eq!(refusals.by_reason["sending queue is full"], 5);
    assert_eq!(refusals.last.unwrap().text, "sending queue is full");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_blocks_waits_for_room() {
    let backend = Script::new([]);
    let config = QueueConfig { queue_size: 1, block_on_overflow: true, ..QueueConfig::default() };
    let stand = Stand::queue(config, backend.clone());
    for _ in 0..5 {
        stand.first.consume(spans(1)).await.unwrap();
    }
    stand.drain().await;
    assert_eq!(backend.taken_items(), [1; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_waiting_for_room_takes_its_batch_back() {
    let config = QueueConfig { queue_size: 1, block_on_overflow: true, ..QueueConfig::default() };
    let stand = Stand::queue(config, Arc::new(Stalled));
    stand.first.consume(spans(1)).await.unwrap();
    let impatient = tokio::time::timeout(Duration::from_secs(1), stand.first.consume(spans(7))).await;
    assert!(impatient.is_err());
    assert_eq!((stand.totals().refused, stand.totals().in_flight()), (7, 1));
}

#[tokio::test(start_paused = true)]
async fn an_element_larger_than_the_queue_is_refused_for_good() {
    let config = QueueConfig { queue_size: 10, sizer: Some(Sizer::Items), ..QueueConfig::default() };
    let stand = Stand::queue(config, Script::new([]));
    assert!(stand.first.consume(spans(11)).await.unwrap_err().is_permanent());
}

#[tokio::test(start_paused = true)]
async fn what_fails_behind_a_queue_is_dropped_and_booked_with_the_reason() {
    let backend = Script::new([Err(ConsumeError::permanent("bad")), Err(ConsumeError::retryable("busy"))]);
    let stand = Stand::queue(QueueConfig::default(), backend);
    for items in [2, 3, 4] {
        stand.first.consume(spans(items)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stand.drain().await;
    let dropped = [("permanent error", 2), ("no more retries", 3)].into();
    assert_eq!(stand.totals(), Totals { received: 9, delivered: 4, refused: 0, dropped });
}

#[tokio::test(start_paused = true)]
async fn a_queue_asked_for_results_hands_the_error_back() {
    let backend = Script::new([Err(ConsumeError::permanent("bad"))]);
    let stand = Stand::queue(QueueConfig { wait_for_result: true, ..QueueConfig::default() }, backend);
    assert_eq!(stand.first.consume(spans(2)).await.unwrap_err().to_string(), "permanent: bad");
    assert_eq!(stand.totals(), Totals { received: 2, refused: 2, ..Totals::default() });
    assert!(stand.first.consume(spans(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn acknowledging_what_is_delivered_waits_for_the_result_too() {
    let mut cx = context(Kind::Exporter, "otlp");
    cx.acknowledge = Acknowledge::Delivered;
    let backend = Script::new([Err(ConsumeError::retryable("busy"))]);
    let queue = Delivery { queue: Some(QueueConfig::default()), ..Delivery::default() };
    let stand = Stand::with(queue, backend, cx);
    assert!(stand.first.consume(spans(2)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_result_that_nobody_waits_for_any_more_is_booked_as_dropped() {
    let slow = Slow::new(Duration::from_secs(10), Err(ConsumeError::permanent("bad")));
    let stand = Stand::queue(QueueConfig { wait_for_result: true, ..QueueConfig::default() }, slow);
    let impatient = tokio::time::timeout(Duration::from_secs(1), stand.first.consume(spans(7))).await;
    assert!(impatient.is_err());
    tokio::time::sleep(Duration::from_secs(20)).await;
    let dropped = [("permanent error", 7)].into();
    assert_eq!(stand.totals(), Totals { received: 7, dropped, ..Totals::default() });
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_sending_costs_that_batch_and_is_booked() {
    let stand = Stand::queue(QueueConfig { num_consumers: 1, ..QueueConfig::default() }, Arc::new(Panics));
    stand.first.consume(spans(3)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let dropped = [("its task died", 3)].into();
    assert_eq!(stand.totals(), Totals { received: 3, dropped, ..Totals::default() });
}

#[tokio::test(start_paused = true)]
async fn on_stop_each_waiting_element_gets_one_attempt() {
    let busy = || Err(ConsumeError::retryable("busy"));
    let backend = Script::new([busy(), busy()]);
    let delivery = Delivery {
        retry: Some(RetryConfig::default()),
        queue: Some(QueueConfig { num_consumers: 1, ..QueueConfig::default() }),
        ..Delivery::default()
    };
    let stand = Stand::new(delivery, backend.clone());
    for items in [1, 2, 4] {
        stand.first.consume(spans(items)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    stand.drain().await;
    assert_eq!(backend.asked_at(), [0, 0, 0]);
    let dropped = [("no more retries", 3)].into();
    assert_eq!(stand.totals(), Totals { received: 7, delivered: 4, refused: 0, dropped });
}

#[tokio::test(start_paused = true)]
async fn a_batching_queue_merges_up_to_the_wanted_size() {
    let batch = BatchConfig { min_size: 10, max_size: 10, ..BatchConfig::default() };
    check_batches(batch, &[4, 4, 4, 25], &[10, 10, 10, 7]).await;
}

#[tokio::test(start_paused = true)]
async fn a_batching_queue_without_a_largest_size_does_not_cut() {
    let batch = BatchConfig { min_size: 10, ..BatchConfig::default() };
    check_batches(batch, &[4, 4, 25, 1], &[33, 1]).await;
}

/// Sends batches of these items; checks what arrives, in order, after the flush.
async fn check_batches(batch: BatchConfig, sent: &[usize], arrived: &[usize]) {
    let backend = Script::new([]);
    let config = QueueConfig { batch: Optional::some(batch), num_consumers: 1, ..QueueConfig::default() };
    let stand = Stand::queue(config, backend.clone());
    for items in sent {
        stand.first.consume(spans(*items)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(backend.taken_items(), arrived);
    let all: u64 = sent.iter().map(|items| *items as u64).sum();
    assert_eq!(stand.totals(), Totals { received: all, delivered: all, ..Totals::default() });
}

#[tokio::test(start_paused = true)]
async fn a_batching_queue_sends_what_is_old_enough() {
    let backend = Script::new([]);
    let batch = BatchConfig { flush_timeout: Interval::from_secs(3), ..BatchConfig::default() };
    let stand =
        Stand::queue(QueueConfig { batch: Optional::some(batch), ..QueueConfig::default() }, backend.clone());
    stand.first.consume(spans(2)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    stand.first.consume(spans(2)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((backend.taken_items(), backend.asked_at()), (vec![4], vec![3]));
}

#[tokio::test(start_paused = true)]
async fn a_failing_merged_request_is_booked_for_each_of_its_elements() {
    let backend = Script::new([Ok(()), Err(ConsumeError::permanent("bad"))]);
    let batch = BatchConfig { min_size: 4, max_size: 4, ..BatchConfig::default() };
    let config = QueueConfig { batch: Optional::some(batch), num_consumers: 1, ..QueueConfig::default() };
    let stand = Stand::queue(config, backend);
    stand.first.consume(spans(6)).await.unwrap();
    stand.first.consume(spans(2)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let dropped = [("permanent error", 4)].into();
    assert_eq!(stand.totals(), Totals { received: 8, delivered: 4, refused: 0, dropped });
}

#[tokio::test(start_paused = true)]
async fn clients_with_other_metadata_are_not_merged() {
    let backend = Script::new([]);
    let mut batch = BatchConfig::default();
    batch.partition.metadata_keys = vec!["Tenant".to_owned()];
    let stand =
        Stand::queue(QueueConfig { batch: Optional::some(batch), ..QueueConfig::default() }, backend.clone());
    for tenant in ["a", "b", "a"] {
        let mut metadata = Metadata::default();
        metadata.add("tenant", tenant);
        metadata.add("other", "x");
        let origin = Origin { metadata: Some(Arc::new(metadata)), ..Origin::default() };
        stand.first.consume(Batch { origin, ..spans(1) }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut seen: Vec<_> = backend
        .taken()
        .iter()
        .map(|batch| {
            let metadata = batch.origin.metadata.as_ref().unwrap();
            (metadata.get("tenant").join(","), metadata.get("other").len(), batch.items())
        })
        .collect();
    seen.sort();
    assert_eq!(seen, [("a".to_owned(), 0, 2), ("b".to_owned(), 0, 1)]);
}

/// An exporter with a delivery in front of it.
struct Stand {
    sending: component::Sending,
    first: Arc<dyn Consumer>,
    account: Account,
    cx: Context,
}

impl Stand {
    fn new(delivery: Delivery, backend: Arc<dyn Consumer>) -> Stand {
        Stand::with(delivery, backend, context(Kind::Exporter, "otlp"))
    }

    fn queue(config: QueueConfig, backend: Arc<dyn Consumer>) -> Stand {
        Stand::new(Delivery { queue: Some(config), ..Delivery::default() }, backend)
    }

    fn with(delivery: Delivery, backend: Arc<dyn Consumer>, cx: Context) -> Stand {
        let account = Account::default();
        let metrics = ExporterMetrics::new(&cx.metrics, &cx.operations, "otlp", Signal::Traces, Vec::new());
        let edge = Edge::of_component("exporter", "otlp", Signal::Traces);
        let first = deliver(delivery, backend, edge, &account, &metrics, &cx);
        Stand { first, account, sending: metrics.sending.clone(), cx }
    }

    fn totals(&self) -> Totals {
        self.account.totals()
    }

    async fn drain(&self) {
        self.cx.scope.stop(Instant::now() + Duration::from_secs(60)).await.unwrap();
    }
}

/// A backend that takes its time.
struct Slow {
    time: Duration,
    answer: Result<(), ConsumeError>,
}

impl Slow {
    fn new(time: Duration, answer: Result<(), ConsumeError>) -> Arc<Slow> {
        Arc::new(Slow { time, answer })
    }
}

#[async_trait::async_trait]
impl Consumer for Slow {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        tokio::time::sleep(self.time).await;
        self.answer.clone()
    }
}

struct Panics;

#[async_trait::async_trait]
impl Consumer for Panics {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        panic!("a bug")
    }
}
