//! Batches between scripted consumers, in paused time. The edges of the pipeline are played by [`Bench`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::testing::{Script, context, payload, spans};
use component::{
    Account, Accounts, Acknowledge, Batch, ConsumeError, Consumer, Context, Kind, Metadata, Origin, Problem,
    Processor, Value,
};
use otlp::Signal;
use tokio::time::{Instant, sleep};

use super::Config;
use crate::cases::settings;

#[test]
fn each_mistake_is_found_where_it_is() {
    let config: Config =
        settings("send_batch_size: 10\nsend_batch_max_size: 9\nmetadata_keys: [a, b, A]").unwrap();
    let message = "must be greater or equal to `send_batch_size`, which is 10, unless it is 0";
    let expected = [
        Problem::error("send_batch_max_size", message),
        Problem::error("metadata_keys::2", "duplicate entry `a` (case-insensitive)"),
    ];
    assert_eq!(config.check(), expected);
    assert_eq!(Config::default().check(), []);
}

#[tokio::test(start_paused = true)]
async fn small_requests_are_sent_together_after_the_timeout() {
    let bench = Bench::new("timeout: 10s", []).await;
    bench.hold([3, 4]).await;
    sleep(Duration::from_secs(9)).await;
    bench.hold([5]).await;
    assert!(bench.sent().is_empty());
    sleep(Duration::from_millis(1001)).await;
    assert_eq!(bench.sent(), [12], "the timeout counts from the first item");
    assert_eq!(bench.script.asked_at(), [10]);
    bench.check_books().await;
}

#[tokio::test(start_paused = true)]
async fn enough_items_are_sent_at_once() {
    let bench = Bench::new("timeout: 10s\nsend_batch_size: 10", []).await;
    bench.hold([4, 4, 4, 4]).await;
    bench.settle().await;
    assert_eq!(bench.sent(), [12]);
    assert_eq!(bench.script.asked_at(), [0]);
    bench.check_books().await;
    assert_eq!(bench.sent(), [12, 4], "the rest is sent at the end");
    assert_eq!(bench.count("otelcol_processor_batch_batch_size_trigger_send"), Some(1.0));
    assert_eq!(bench.count("otelcol_processor_batch_timeout_trigger_send"), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn a_large_request_is_cut() {
    let bench = Bench::new("timeout: 10s\nsend_batch_size: 10\nsend_batch_max_size: 15", []).await;
    bench.hold([49]).await;
    bench.settle().await;
    assert_eq!(bench.sent(), [15, 15, 15]);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.sent(), [15, 15, 15, 4]);
    bench.check_books().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_nothing_waits() {
    for yaml in ["timeout: 0s\nsend_batch_max_size: 10000", "send_batch_size: 0"] {
        let bench = Bench::new(yaml, []).await;
        bench.hold([1, 2, 3]).await;
        bench.settle().await;
        assert_eq!(bench.sent(), [1, 2, 3], "{yaml}");
        bench.check_books().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_signal_is_counted_in_its_items() {
    for signal in Signal::ALL {
        let bench = Bench::new("send_batch_size: 4", []).await;
        bench.consumer.consume(Batch::new(payload(signal, 2))).await.unwrap();
        bench.consumer.consume(Batch::new(payload(signal, 2))).await.unwrap();
        bench.settle().await;
        assert_eq!(bench.sent(), [4], "{signal}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_without_items_is_answered_and_forgotten() {
    let bench = Bench::new("", []).await;
    bench.hold([0]).await;
    bench.check_books().await;
    assert!(bench.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_may_pass_is_tried_again_and_nothing_is_lost() {
    let full = || Err(ConsumeError::retryable("sending queue is full"));
    let after = Err(ConsumeError::retryable_after("busy", Duration::from_secs(60)));
    let bench = Bench::new("send_batch_size: 1", [full(), full(), after]).await;
    bench.hold([5]).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!(bench.sent(), [5]);
    assert_eq!(bench.script.asked_at(), [0, 0, 0, 60]);
    assert_eq!(bench.account.totals().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_drains_while_stopping_gets_what_is_held() {
    let full = || Err(ConsumeError::retryable("sending queue is full"));
    let bench = Bench::new("send_batch_size: 1", (0..5).map(|_| full())).await;
    bench.hold([5]).await;
    bench.check_books().await;
    assert_eq!(bench.sent(), [5]);
}

#[tokio::test(start_paused = true)]
async fn while_a_batch_is_tried_again_producers_wait() {
    let full = || Err(ConsumeError::retryable("sending queue is full"));
    let bench = Bench::new("send_batch_size: 1", (0..10_000).map(|_| full())).await;
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut held = 0;
    while let Ok(answer) = tokio::time::timeout(Duration::from_secs(1), bench.push(1)).await {
        answer.unwrap();
        held += 1;
        assert!(held <= 2 * cores, "the intake has a bound");
    }
    assert!(held > cores, "only {held} were taken");
    assert_eq!(bench.account.totals().in_flight(), held as i64);
    bench.check_books().await;
    let dropped = bench.account.totals().dropped;
    assert_eq!(
        dropped["batch: sender failed"], held as u64,
        "they are given up when the time for stopping is over"
    );
}

#[tokio::test(start_paused = true)]
async fn a_permanent_refusal_drops_the_batch_and_no_other() {
    let bench = Bench::new(
        "send_batch_size: 4\nsend_batch_max_size: 4",
        [Ok(()), Err(ConsumeError::permanent("bad"))],
    )
    .await;
    bench.hold([3, 9, 2]).await;
    bench.check_books().await;
    assert_eq!(bench.sent(), [4, 4, 2]);
    assert_eq!(bench.account.totals().dropped["batch: sender failed"], 4);
    assert_eq!(
        bench.count("otelcol_processor_batch_batch_size_trigger_send"),
        Some(2.0),
        "only what was sent counts"
    );
}

#[tokio::test(start_paused = true)]
async fn when_it_stops_it_sends_what_it_has_and_takes_nothing_more() {
    let bench = Bench::new("timeout: 1h", []).await;
    bench.hold([1, 2]).await;
    bench.check_books().await;
    assert_eq!(bench.sent(), [3]);
    let refused = bench.push(1).await.unwrap_err();
    assert_eq!((refused.to_string().as_str(), refused.is_permanent()), ("the batch is shutting down", false));
}

#[tokio::test(start_paused = true)]
async fn a_panic_behind_it_costs_what_it_had_and_is_booked() {
    let bench = Bench::over(
        "send_batch_size: 5\nsend_batch_max_size: 5",
        Acknowledge::Held,
        Arc::new(PanicsOnce::default()),
    )
    .await;
    bench.hold([7]).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.account.totals().dropped["batch: abandoned"], 7);
    bench.hold([5]).await;
    bench.check_books().await;
    assert_eq!(bench.account.totals().delivered, 5, "a new worker has taken over");
}

#[tokio::test(start_paused = true)]
async fn delivered_means_that_the_answer_is_that_of_the_batch() {
    let bench = Bench::delivered("send_batch_size: 4", [Ok(()), Err(ConsumeError::retryable("full"))]).await;
    let (one, other) = tokio::join!(bench.push(2), bench.push(2));
    assert!(one.is_ok() && other.is_ok());
    let (one, other) = tokio::join!(bench.push(1), bench.push(3));
    assert_eq!(one.unwrap_err().to_string(), "full");
    assert_eq!(other.unwrap_err().to_string(), "full");
    bench.check_books().await;
    let totals = bench.account.totals();
    assert_eq!((totals.delivered, totals.refused), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_producer_whose_items_lie_in_two_batches_waits_for_both() {
    let yaml = "timeout: 5s\nsend_batch_size: 4\nsend_batch_max_size: 4";
    let bench = Bench::delivered(yaml, [Ok(()), Err(ConsumeError::permanent("bad"))]).await;
    let begin = Instant::now();
    let refused = bench.push(6).await.unwrap_err();
    assert_eq!((refused.to_string().as_str(), begin.elapsed().as_secs()), ("permanent: bad", 5));
    bench.check_books().await;
    let totals = bench.account.totals();
    // The four that were delivered will come again, as the client was told that nothing was taken.
    assert_eq!((totals.received, totals.delivered, totals.refused), (10, 4, 6));
}

#[tokio::test(start_paused = true)]
async fn items_of_a_producer_that_gives_up_are_still_sent() {
    for (answer, delivered) in [(Ok(()), 3), (Err(ConsumeError::permanent("bad")), 0)] {
        let bench = Bench::delivered("timeout: 5s", [answer]).await;
        assert!(tokio::time::timeout(Duration::from_secs(1), bench.push(3)).await.is_err());
        sleep(Duration::from_secs(5)).await;
        bench.check_books().await;
        let totals = bench.account.totals();
        assert_eq!((totals.received, totals.refused, totals.delivered), (6, 3, delivered));
        assert_eq!(totals.dropped.values().sum::<u64>(), 3 - delivered);
    }
}

#[tokio::test(start_paused = true)]
async fn clients_with_other_metadata_are_batched_apart() {
    let bench = Bench::new("timeout: 1s\nmetadata_keys: [Tenant]\nmetadata_cardinality_limit: 2", []).await;
    for (tenant, items) in [("a", 1), ("b", 2), ("a", 3), ("b", 4)] {
        bench.consumer.consume(from_tenant(tenant, items)).await.unwrap();
    }
    let refused = bench.consumer.consume(from_tenant("c", 1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "permanent: too many batcher metadata-value combinations");
    sleep(Duration::from_secs(2)).await;
    let mut sent: Vec<_> = bench
        .script
        .taken()
        .into_iter()
        .map(|batch| {
            let metadata = batch.origin.metadata.unwrap();
            (metadata.get("tenant").to_vec(), metadata.get("other").len(), batch.payload.items())
        })
        .collect();
    sent.sort();
    assert_eq!(sent, [(vec!["a".to_owned()], 0, 4), (vec!["b".to_owned()], 0, 6)]);
    assert_eq!(bench.count("otelcol_processor_batch_metadata_cardinality"), Some(2.0));
}

#[tokio::test(start_paused = true)]
async fn without_metadata_keys_the_origin_is_lost() {
    let bench = Bench::new("send_batch_size: 1", []).await;
    bench.consumer.consume(from_tenant("a", 1)).await.unwrap();
    bench.settle().await;
    let origin = bench.script.taken()[0].origin.clone();
    assert!(origin.metadata.is_none() && origin.peer.is_none());
}

#[tokio::test(start_paused = true)]
async fn many_producers_at_once_lose_nothing() {
    for acknowledge in [Acknowledge::Held, Acknowledge::Delivered] {
        let answers = (0..40).map(|number| match number % 5 {
            3 => Err(ConsumeError::retryable("full")),
            4 => Err(ConsumeError::permanent("bad")),
            _ => Ok(()),
        });
        let bench =
            Bench::with("timeout: 50ms\nsend_batch_size: 50\nsend_batch_max_size: 64", acknowledge, answers)
                .await;
        let bench = Arc::new(bench);
        for number in 0..400_u64 {
            let (own, patience) = (bench.clone(), Duration::from_millis(1 + number * 7 % 300));
            let impatient = async move {
                let _ = tokio::time::timeout(patience, own.push(1 + number as usize % 90)).await;
            };
            bench.cx.scope.spawn_request(impatient);
        }
        sleep(Duration::from_secs(60)).await;
        bench.check_books().await;
        assert!(bench.account.totals().delivered > 0);
    }
}

fn from_tenant(tenant: &str, items: usize) -> Batch {
    let mut metadata = Metadata::default();
    metadata.add("tenant", tenant);
    metadata.add("other", "x");
    let peer = Some("10.0.0.1:1".parse().unwrap());
    let origin = Origin { metadata: Some(Arc::new(metadata)), peer, ..Origin::default() };
    Batch { origin, ..spans(items) }
}

/// A batch between the two edges of a pipeline.
struct Bench {
    consumer: Arc<dyn Consumer>,
    script: Arc<Script>,
    account: Account,
    cx: Context,
}

impl Bench {
    async fn new(yaml: &str, answers: impl IntoIterator<Item = Result<(), ConsumeError>>) -> Bench {
        Bench::with(yaml, Acknowledge::Held, answers).await
    }

    async fn delivered(yaml: &str, answers: impl IntoIterator<Item = Result<(), ConsumeError>>) -> Bench {
        Bench::with(yaml, Acknowledge::Delivered, answers).await
    }

    async fn with(
        yaml: &str,
        acknowledge: Acknowledge,
        answers: impl IntoIterator<Item = Result<(), ConsumeError>>,
    ) -> Bench {
        let script = Script::new(answers);
        let bench = Bench::over(yaml, acknowledge, script.clone()).await;
        Bench { script, ..bench }
    }

    async fn over(yaml: &str, acknowledge: Acknowledge, next: Arc<dyn Consumer>) -> Bench {
        let account = Account::default();
        let mut cx = context(Kind::Processor, "batch");
        cx.acknowledge = acknowledge;
        cx.accounts = Accounts::single(&account);
        let config: Config = if yaml.is_empty() { Config::default() } else { settings(yaml).unwrap() };
        assert_eq!(config.check(), []);
        let behind = Arc::new(EdgeBehind { account: account.clone(), next });
        let consumer = config.start(cx.clone(), behind).await.unwrap();
        Bench { consumer, script: Script::new([]), account, cx }
    }

    /// One request through the edge before.
    async fn push(&self, items: usize) -> Result<(), ConsumeError> {
        let mut refused = Refused { account: &self.account, items };
        self.account.received(items);
        let answer = self.consumer.consume(spans(items)).await;
        if answer.is_ok() {
            refused.items = 0;
        }
        answer
    }

    async fn hold(&self, requests: impl IntoIterator<Item = usize>) {
        for items in requests {
            self.push(items).await.unwrap();
        }
    }

    /// Lets the worker do what it can do now.
    async fn settle(&self) {
        sleep(Duration::from_millis(1)).await;
    }

    fn sent(&self) -> Vec<usize> {
        self.script.taken_items()
    }

    /// Stops, and checks that all that came has left.
    async fn check_books(&self) {
        assert_eq!(self.cx.scope.stop(Instant::now() + Duration::from_secs(60)).await, Ok(()));
        assert_eq!(self.account.totals().in_flight(), 0, "{:?}", self.account.totals());
    }

    fn count(&self, name: &str) -> Option<f64> {
        let family = self.cx.metrics.read().into_iter().find(|family| family.name == name)?;
        match family.samples[0].value {
            Value::Number(number) => Some(number),
            Value::Histogram { .. } => None,
        }
    }
}

/// Books a request as refused when it was answered with an error or given up.
struct Refused<'a> {
    account: &'a Account,
    items: usize,
}

impl Drop for Refused<'_> {
    fn drop(&mut self) {
        self.account.refused(self.items);
    }
}

struct EdgeBehind {
    account: Account,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for EdgeBehind {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items();
        self.next.consume(batch).await?;
        self.account.delivered(items);
        Ok(())
    }
}

#[derive(Default)]
struct PanicsOnce(std::sync::atomic::AtomicBool);

#[async_trait]
impl Consumer for PanicsOnce {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        assert!(self.0.swap(true, std::sync::atomic::Ordering::Relaxed), "the first time");
        Ok(())
    }
}
