//! Counting on the edges between components, under the Go Collector's names, and keeping the ledger's accounts.
//!
//! Every edge is a consumer that counts what passes and what comes back. An edge whose future is dropped while it
//! waits (the client went away) counts the items as refused: nobody has promised anything for them.

mod names;
mod receiver;

use std::sync::Arc;

use async_trait::async_trait;
use component::{
    Account, Batch, ConsumeError, Consumer, Counter, Edge, Labels, MetricKind, Metrics, Operation,
    Operations, QueueState, Sending,
};
use otlp::Signal;

use self::names::{
    EXPORTER_METRICS, IN_FLIGHT_REQUESTS, INCOMING_ITEMS, OUTGOING_ITEMS, QUEUE_AGE, QUEUE_CAPACITY,
    QUEUE_SIZE,
};
pub(crate) use self::receiver::observe_receiver;

/// Books in `account` what enters here over `edge` and what is sent back; what goes on is booked further on, by
/// [`book_delivered`] or [`observe_sends`].
pub(crate) fn account_for(account: &Account, edge: Edge, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Entry { account: account.clone(), edge, next })
}

struct Entry {
    account: Account,
    edge: Edge,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Entry {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let mut unanswered = Unanswered { account: &self.account, items: batch.items() };
        self.account.received(unanswered.items);
        self.edge.pass(&batch.payload);
        self.next.consume(batch).await?;
        unanswered.items = 0;
        Ok(())
    }
}

struct Unanswered<'a> {
    account: &'a Account,
    items: usize,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.items > 0 {
            self.account.refused(self.items);
        }
    }
}

/// Books in `account` what `next` acknowledges: the way out of a pipeline.
pub(crate) fn book_delivered(account: &Account, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Exit { account: account.clone(), next })
}

struct Exit {
    account: Account,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Exit {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items();
        self.next.consume(batch).await?;
        self.account.delivered(items);
        Ok(())
    }
}

/// What goes into and comes out of one processor.
#[derive(Clone)]
pub(crate) struct ProcessorMetrics {
    pub(crate) incoming: Counter,
    pub(crate) outgoing: Counter,
}

impl ProcessorMetrics {
    pub(crate) fn new(metrics: &Metrics, processor: &str, signal: Signal) -> ProcessorMetrics {
        let labels =
            || vec![("processor", processor.to_owned()), ("otel_signal", signal.as_str().to_owned())];
        ProcessorMetrics {
            incoming: metrics.counter(INCOMING_ITEMS, labels()),
            outgoing: metrics.counter(OUTGOING_ITEMS, labels()),
        }
    }
}

/// Adds the items of each batch to `counters` before it goes on.
pub(crate) fn count_items(counters: Vec<Counter>, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    if counters.is_empty() { next } else { Arc::new(Counted { counters, edge: None, next }) }
}

/// The same for batches that go on over `edge`.
pub(crate) fn count_items_over(
    edge: Edge,
    counters: Vec<Counter>,
    next: Arc<dyn Consumer>,
) -> Arc<dyn Consumer> {
    Arc::new(Counted { counters, edge: Some(edge), next })
}

struct Counted {
    edge: Option<Edge>,
    counters: Vec<Counter>,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Counted {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items() as u64;
        self.counters.iter().for_each(|counter| counter.add(items));
        if let Some(edge) = &self.edge {
            edge.pass(&batch.payload);
        }
        self.next.consume(batch).await
    }
}

/// Notes in `account` why an exporter sends back what it is given over `edge`.
pub(crate) fn note_refusals(account: &Account, edge: Edge, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Handed { account: account.clone(), edge, next })
}

struct Handed {
    account: Account,
    edge: Edge,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Handed {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items();
        self.edge.pass(&batch.payload);
        let answer = self.next.consume(batch).await;
        if let Err(error) = &answer {
            self.account.note_refusal(items, error);
        }
        answer
    }
}

/// Tells `sending` how each attempt ends.
pub(crate) fn observe_attempts(sending: &Sending, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Attempts { sending: sending.clone(), next })
}

struct Attempts {
    sending: Sending,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Attempts {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let attempt = self.sending.attempt();
        let answer = self.next.consume(batch).await;
        match &answer {
            Ok(()) => attempt.succeeded(),
            Err(error) => attempt.failed(error),
        }
        answer
    }
}

/// The counters of one exporter for one signal.
pub(crate) struct ExporterMetrics {
    registry: Metrics,
    exporter: String,
    signal: Signal,
    sent: Counter,
    send_failed: Counter,
    pub(crate) enqueue_failed: Counter,
    /// Requests begun and ended; what is in flight is the difference, so that no gauge is shared by all.
    begun: Counter,
    ended: Counter,
    operation: Operation,
    /// Whether it delivers.
    pub(crate) sending: Sending,
}

impl ExporterMetrics {
    /// `labels` are those beside the exporter's id.
    pub(crate) fn new(
        metrics: &Metrics,
        operations: &Operations,
        exporter: &str,
        signal: Signal,
        labels: Labels,
    ) -> ExporterMetrics {
        let own = || vec![("exporter", exporter.to_owned())];
        let full: Labels = own().into_iter().chain(labels).collect();
        let [sent, send_failed, enqueue_failed] = EXPORTER_METRICS[signal as usize];
        let all = ExporterMetrics {
            registry: metrics.clone(),
            exporter: exporter.to_owned(),
            signal,
            sent: metrics.counter(sent, full.clone()),
            send_failed: metrics.counter(send_failed, full),
            enqueue_failed: metrics.counter(enqueue_failed, own()),
            begun: Counter::default(),
            ended: Counter::default(),
            operation: operations.operation(format!("exporter/{exporter}/{signal}")),
            sending: Sending::default(),
        };
        let (begun, ended) = (all.begun.clone(), all.ended.clone());
        metrics.ask(IN_FLIGHT_REQUESTS, MetricKind::Gauge, all.typed_labels(), move || {
            Some(to_f64(begun.value().saturating_sub(ended.value())))
        });
        all
    }

    /// Shows what the exporter's queue holds, as `state` says, and tells [`ExporterMetrics::sending`] of it.
    pub(crate) fn queue(&self, state: impl Fn() -> QueueState + Clone + Send + Sync + 'static) {
        let show = |what, value: fn(QueueState) -> f64| {
            let state = state.clone();
            self.registry.ask(what, MetricKind::Gauge, self.typed_labels(), move || Some(value(state())));
        };
        show(QUEUE_CAPACITY, |queue| to_f64(queue.capacity));
        show(QUEUE_SIZE, |queue| to_f64(queue.used));
        show(QUEUE_AGE, |queue| queue.oldest.unwrap_or_default().as_secs_f64());
        self.sending.has_queue(state);
    }

    fn typed_labels(&self) -> Labels {
        vec![("exporter", self.exporter.clone()), ("data_type", self.signal.as_str().to_owned())]
    }
}

#[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
fn to_f64(value: u64) -> f64 {
    value as f64
}

/// Counts what an exporter sends and what it fails to send, once for each batch, after all attempts.
pub(crate) fn observe_sends(
    account: &Account,
    metrics: &ExporterMetrics,
    next: Arc<dyn Consumer>,
) -> Arc<dyn Consumer> {
    Arc::new(Sends {
        account: account.clone(),
        sent: metrics.sent.clone(),
        send_failed: metrics.send_failed.clone(),
        begun: metrics.begun.clone(),
        ended: metrics.ended.clone(),
        operation: metrics.operation.clone(),
        next,
    })
}

struct Sends {
    account: Account,
    sent: Counter,
    send_failed: Counter,
    begun: Counter,
    ended: Counter,
    operation: Operation,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Sends {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items();
        self.begun.add(1);
        let _ended = Ended(&self.ended);
        let began = self.operation.begin();
        let answer = self.next.consume(batch).await;
        self.operation.end(began, items, answer.as_ref().copied());
        match &answer {
            Ok(()) => {
                self.sent.add(items as u64);
                self.account.delivered(items);
            }
            Err(_) => {
                self.sent.add(0);
                self.send_failed.add(items as u64);
            }
        }
        answer
    }
}

/// Counts the end of a request, also of one that was given up.
struct Ended<'a>(&'a Counter);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.add(1);
    }
}
