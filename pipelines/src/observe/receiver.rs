//! What receivers hand in: accepted, refused, failed.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use component::{Account, Batch, ConsumeError, Consumer, Counter, Edge, Metrics, Operation, REFUSED_ITEMS};
use otlp::Signal;

use super::names::RECEIVER_METRICS;
use crate::graph::Environment;

/// Counts what a receiver hands in over `edge`, by transport: accepted, refused, failed; and books it in `account`.
pub(crate) fn observe_receiver(
    environment: &Environment,
    account: &Account,
    edge: Edge,
    next: Arc<dyn Consumer>,
) -> Arc<dyn Consumer> {
    let (receiver, signal) = (edge.component().to_owned(), edge.signal());
    Arc::new(ReceiverEdge {
        metrics: environment.metrics.clone(),
        operation: environment.operations.operation(format!("receiver/{receiver}/{signal}")),
        account: account.clone(),
        receiver,
        signal,
        edge,
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
    edge: Edge,
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
        self.edge.pass(&batch.payload);
        let mut pending = Pending { items, counters, account: &self.account };
        let answer = self.next.consume(batch).await;
        self.operation.end(began, items, answer.as_ref().copied());
        match &answer {
            Ok(()) => pending.accept(),
            Err(error) => pending.refuse(error),
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

/// The reason for a refusal when there was no answer to wait for any more.
const GAVE_UP: &str = "the client gave up before the answer";

impl Pending<'_> {
    fn accept(&mut self) {
        self.account.delivered(self.items);
        self.counters.accepted.add(self.items as u64);
        self.counters.refused.add(0);
        self.counters.failed.add(0);
        self.items = 0;
    }

    fn refuse(&mut self, why: &dyn Display) {
        self.account.refused(self.items);
        self.account.note_refusal(self.items, why);
        self.counters.accepted.add(0);
        self.counters.refused.add(self.items as u64);
        self.counters.failed.add(0);
        self.items = 0;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.items > 0 {
            self.refuse(&GAVE_UP);
        }
    }
}
