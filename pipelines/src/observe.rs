//! Counting on the edges between components, under the Go Collector's names, and keeping the ledger's accounts.
//!
//! Every edge is a consumer that counts what passes and what comes back. An edge whose future is dropped while it
//! waits (the client went away) counts the items as refused: nobody has promised anything for them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use component::{
    Account, Batch, ConsumeError, Consumer, Counter, Description, Labels, MetricKind, Metrics, Operation,
    Operations, REFUSED_ITEMS,
};
use otlp::Signal;

use crate::graph::Environment;

/// Counts what a receiver hands in, by transport: accepted, refused, failed; and books it in `account`.
pub(crate) fn observe_receiver(
    environment: &Environment,
    account: &Account,
    receiver: &str,
    signal: Signal,
    next: Arc<dyn Consumer>,
) -> Arc<dyn Consumer> {
    Arc::new(ReceiverEdge {
        metrics: environment.metrics.clone(),
        operation: environment.operations.operation(format!("receiver/{receiver}/{signal}")),
        account: account.clone(),
        receiver: receiver.to_owned(),
        signal,
        transports: Default::default(),
        next,
    })
}

struct ReceiverEdge {
    metrics: Metrics,
    operation: Operation,
    account: Account,
    receiver: String,
    signal: Signal,
    /// One slot for each transport, filled when it is first seen. No component has more.
    transports: [OnceLock<(&'static str, Received)>; 8],
    next: Arc<dyn Consumer>,
}

struct Received {
    accepted: Counter,
    refused: Counter,
    failed: Counter,
}

#[async_trait]
impl Consumer for ReceiverEdge {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let counters = self.counters(batch.origin.transport);
        let (items, began) = (batch.items(), self.operation.begin());
        self.account.received(items);
        let mut pending = Pending { items, counters, account: &self.account };
        let answer = self.next.consume(batch).await;
        self.operation.end(began, items, answer.as_ref().copied());
        if answer.is_ok() {
            pending.accept();
        }
        answer
    }
}

impl ReceiverEdge {
    fn counters(&self, transport: &'static str) -> &Received {
        for slot in &self.transports {
            let (known, counters) = slot.get_or_init(|| (transport, self.register(transport)));
            if *known == transport {
                return counters;
            }
        }
        // More transports than slots: counted with the first rather than not at all.
        &self.transports[0].get_or_init(|| (transport, self.register(transport))).1
    }

    fn register(&self, transport: &str) -> Received {
        let labels = || vec![("receiver", self.receiver.clone()), ("transport", transport.to_owned())];
        let [accepted, failed] = RECEIVER_METRICS[self.signal as usize];
        let refused = REFUSED_ITEMS[self.signal as usize];
        Received {
            accepted: self.metrics.counter(accepted, labels()),
            refused: self.metrics.counter(refused, labels()),
            failed: self.metrics.counter(failed, labels()),
        }
    }
}

/// Items of a request that has no answer yet; dropped while it lives, they are refused.
struct Pending<'a> {
    items: usize,
    counters: &'a Received,
    account: &'a Account,
}

impl Pending<'_> {
    fn accept(&mut self) {
        self.account.delivered(self.items);
        self.counters.accepted.add(self.items as u64);
        self.counters.refused.add(0);
        self.counters.failed.add(0);
        self.items = 0;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.items > 0 {
            self.account.refused(self.items);
            self.counters.accepted.add(0);
            self.counters.refused.add(self.items as u64);
            self.counters.failed.add(0);
        }
    }
}

/// Books in `account` what enters here and what is sent back; what goes on is booked further on, by [`book_delivered`]
/// or [`observe_sends`].
pub(crate) fn account_for(account: &Account, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Entry { account: account.clone(), next })
}

struct Entry {
    account: Account,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Entry {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let mut unanswered = Unanswered { account: &self.account, items: batch.items() };
        self.account.received(unanswered.items);
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
    if counters.is_empty() { next } else { Arc::new(Counted { counters, next }) }
}

struct Counted {
    counters: Vec<Counter>,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Counted {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items() as u64;
        self.counters.iter().for_each(|counter| counter.add(items));
        self.next.consume(batch).await
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
        };
        let (begun, ended) = (all.begun.clone(), all.ended.clone());
        metrics.ask(IN_FLIGHT_REQUESTS, MetricKind::Gauge, all.typed_labels(), move || {
            Some(to_f64(begun.value().saturating_sub(ended.value())))
        });
        all
    }

    /// Shows the capacity of the exporter's queue, and how much of it `used` says is taken.
    pub(crate) fn queue(&self, capacity: u64, used: impl Fn() -> u64 + Send + Sync + 'static) {
        let labels = self.typed_labels();
        self.registry.ask(QUEUE_CAPACITY, MetricKind::Gauge, labels.clone(), move || Some(to_f64(capacity)));
        self.registry.ask(QUEUE_SIZE, MetricKind::Gauge, labels, move || Some(to_f64(used())));
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

const fn describe(name: &'static str, help: &'static str, unit: &'static str) -> Description {
    Description { name, help, unit }
}

/// Accepted, failed; by signal.
#[rustfmt::skip]
static RECEIVER_METRICS: [[Description; 2]; 3] = [
    [
        describe("otelcol_receiver_accepted_spans", "Number of spans successfully pushed into the pipeline.", "{spans}"),
        describe("otelcol_receiver_failed_spans", "Number of spans that failed to be processed by the receiver due to internal errors.", "{spans}"),
    ],
    [
        describe("otelcol_receiver_accepted_metric_points", "Number of metric points successfully pushed into the pipeline.", "{datapoints}"),
        describe("otelcol_receiver_failed_metric_points", "Number of metric points that failed to be processed by the receiver due to internal errors.", "{datapoints}"),
    ],
    [
        describe("otelcol_receiver_accepted_log_records", "Number of log records successfully pushed into the pipeline.", "{records}"),
        describe("otelcol_receiver_failed_log_records", "Number of log records that failed to be processed by the receiver due to internal errors.", "{records}"),
    ],
];

/// Sent, failed to send, refused by the queue; by signal.
#[rustfmt::skip]
static EXPORTER_METRICS: [[Description; 3]; 3] = [
    [
        describe("otelcol_exporter_sent_spans", "Number of spans successfully sent to destination.", "{spans}"),
        describe("otelcol_exporter_send_failed_spans", "Number of spans in failed attempts to send to destination.", "{spans}"),
        describe("otelcol_exporter_enqueue_failed_spans", "Number of spans failed to be added to the sending queue.", "{spans}"),
    ],
    [
        describe("otelcol_exporter_sent_metric_points", "Number of metric points successfully sent to destination.", "{datapoints}"),
        describe("otelcol_exporter_send_failed_metric_points", "Number of metric points in failed attempts to send to destination.", "{datapoints}"),
        describe("otelcol_exporter_enqueue_failed_metric_points", "Number of metric points failed to be added to the sending queue.", "{datapoints}"),
    ],
    [
        describe("otelcol_exporter_sent_log_records", "Number of log records successfully sent to destination.", "{records}"),
        describe("otelcol_exporter_send_failed_log_records", "Number of log records in failed attempts to send to destination.", "{records}"),
        describe("otelcol_exporter_enqueue_failed_log_records", "Number of log records failed to be added to the sending queue.", "{records}"),
    ],
];

const INCOMING_ITEMS: Description =
    describe("otelcol_processor_incoming_items", "Number of items passed to the processor.", "{items}");
const OUTGOING_ITEMS: Description =
    describe("otelcol_processor_outgoing_items", "Number of items emitted from the processor.", "{items}");
const QUEUE_SIZE: Description =
    describe("otelcol_exporter_queue_size", "Current size of the sending queue.", "{batches}");
const QUEUE_CAPACITY: Description =
    describe("otelcol_exporter_queue_capacity", "Fixed capacity of the sending queue.", "{batches}");
const IN_FLIGHT_REQUESTS: Description = describe(
    "otelcol_exporter_in_flight_requests",
    "Requests being sent, with all their attempts.",
    "{requests}",
);
