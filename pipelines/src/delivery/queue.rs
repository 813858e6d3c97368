//! Keeping what cannot be sent yet.
//!
//! Rules:
//! 1. An element counts against the capacity from when it is taken until it has been sent or given up, not only while
//!    it waits: the capacity bounds what the exporter holds.
//! 2. The queue keeps the exporter's account. Whoever settles an element is [`Held`], when the last part of it is gone:
//!    what was sent is delivered; what failed is refused if somebody still waits for the answer, else dropped; what was
//!    neither (its task died) is dropped as well. So the books balance whatever happens.
//! 3. On stop, what waits is sent, one attempt each; new elements are refused.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use component::{
    Account, Acknowledge, Batch, Code, ConsumeError, Consumer, Context, QueueConfig, QueueState, Sizer,
    Trouble,
};
use otlp::Signal;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::batch::run_batcher;
use crate::observe::ExporterMetrics;

/// Puts a queue in front of `next`; its workers run on the scope of `cx`.
pub(super) fn with_queue(
    config: QueueConfig,
    next: Arc<dyn Consumer>,
    signal: Signal,
    account: &Account,
    metrics: &ExporterMetrics,
    cx: &Context,
) -> Arc<dyn Consumer> {
    let shared = Arc::new(Shared {
        wait_for_result: config.wait_for_result || cx.acknowledge == Acknowledge::Delivered,
        state: Mutex::default(),
        room: Notify::new(),
        work: Notify::new(),
        account: account.clone(),
        enqueue_failed: metrics.enqueue_failed.clone(),
        trouble: Trouble::new(cx.id.to_string(), "sending failed; dropping data"),
        config,
    });
    let observed = shared.clone();
    metrics.queue(move || observed.look());
    start_workers(&shared, &next, signal, cx);
    Arc::new(Queue { shared })
}

fn start_workers(shared: &Arc<Shared>, next: &Arc<dyn Consumer>, signal: Signal, cx: &Context) {
    if shared.config.batch.as_ref().is_some() {
        let (shared, next, scope) = (shared.clone(), next.clone(), cx.scope.clone());
        cx.scope.supervise("batch", move || run_batcher(shared.clone(), next.clone(), signal, scope.clone()));
        return;
    }
    for _ in 0..shared.config.num_consumers {
        let (shared, next, scope) = (shared.clone(), next.clone(), cx.scope.clone());
        cx.scope.supervise("send", move || {
            let (shared, next, scope) = (shared.clone(), next.clone(), scope.clone());
            async move {
                while let Some((batch, held)) = shared.take(&scope).await {
                    held.settle(batch.items(), next.consume(batch).await);
                }
                Ok(())
            }
        });
    }
}

struct Queue {
    shared: Arc<Shared>,
}

#[async_trait]
impl Consumer for Queue {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items();
        if items == 0 {
            return Ok(());
        }
        self.shared.account.received(items);
        let mut unanswered = Unanswered { shared: &self.shared, items };
        let size = self.shared.size(&batch);
        if size > self.shared.config.queue_size {
            let message = format!("element of size {size} is larger than the whole queue");
            return Err(ConsumeError::permanent(message));
        }
        let (asked, answer) = oneshot::channel();
        let asked = self.shared.wait_for_result.then_some(asked);
        let held = Held::new(&self.shared, items, size, asked);
        self.shared.put(batch, held).await?;
        // From here on the element answers for itself.
        unanswered.items = 0;
        if !self.shared.wait_for_result {
            return Ok(());
        }
        answer.await.unwrap_or_else(|_| Err(ConsumeError::retryable("the queue ended without an answer")))
    }
}

/// Items that are neither in the queue nor refused yet; dropped while it lives, they are refused.
struct Unanswered<'a> {
    shared: &'a Shared,
    items: usize,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.items > 0 {
            self.shared.account.refused(self.items);
            self.shared.enqueue_failed.add(self.items as u64);
        }
    }
}

/// What the queue and its workers have in common.
pub(super) struct Shared {
    pub(super) config: QueueConfig,
    wait_for_result: bool,
    state: Mutex<State>,
    /// Told when capacity is given back.
    room: Notify,
    /// Told when there is an element to take.
    work: Notify,
    account: Account,
    enqueue_failed: component::Counter,
    trouble: Trouble,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Batch, Arc<Held>)>,
    /// Capacity in use, by what waits and by what is being sent.
    used: u64,
    /// Since when each element uses it, in the order in which they came.
    since: BTreeMap<u64, Instant>,
    /// The number of the next element.
    next_number: u64,
    closed: bool,
}

impl Shared {
    /// Takes the oldest element, waiting for one; `None` when the scope stops and nothing is left.
    pub(super) async fn take(&self, scope: &component::Scope) -> Option<(Batch, Arc<Held>)> {
        loop {
            let told = self.work.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            {
                let mut state = self.state.lock();
                if let Some(element) = state.waiting.pop_front() {
                    return Some(element);
                }
                if scope.is_stopping() {
                    state.closed = true;
                    return None;
                }
            }
            tokio::select! {
                () = told => (),
                () = scope.stopped() => (),
            }
        }
    }

    /// Puts an element at the end, waiting for room if that was asked for.
    async fn put(&self, batch: Batch, mut held: Held) -> Result<(), ConsumeError> {
        let mut element = Some(batch);
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let mut state = self.state.lock();
                if state.closed {
                    return Err(
                        ConsumeError::retryable("the queue is shutting down").with_code(Code::Unavailable)
                    );
                }
                if state.used + held.size <= self.config.queue_size {
                    state.used += held.size;
                    held.number = Some(state.enter());
                    let batch = element.take().expect("it is taken once, on the way out");
                    state.waiting.push_back((batch, Arc::new(held)));
                    break;
                }
            }
            if !self.config.block_on_overflow {
                return Err(ConsumeError::retryable("sending queue is full"));
            }
            room.await;
        }
        self.work.notify_one();
        Ok(())
    }

    fn size(&self, batch: &Batch) -> u64 {
        measure(self.config.sizer(), batch)
    }

    fn look(&self) -> QueueState {
        let state = self.state.lock();
        QueueState {
            used: state.used,
            capacity: self.config.queue_size,
            sizer: match self.config.sizer() {
                Sizer::Requests => "requests",
                Sizer::Items => "items",
                Sizer::Bytes => "bytes",
            },
            oldest: state.since.values().next().map(Instant::elapsed),
            blocks: self.config.block_on_overflow,
        }
    }
}

impl State {
    /// The number of an element that comes now.
    fn enter(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.since.insert(number, Instant::now());
        number
    }
}

/// The size of a batch, counted in that way.
pub(super) fn measure(sizer: Sizer, batch: &Batch) -> u64 {
    match sizer {
        Sizer::Requests => 1,
        Sizer::Items => batch.items() as u64,
        Sizer::Bytes => batch.payload.size() as u64,
    }
}

/// One element's place in the queue. Dropping it settles what has not been settled (rule 2).
pub(super) struct Held {
    shared: Arc<Shared>,
    pub(super) items: usize,
    size: u64,
    /// Its number, once it has entered the queue: only then is anything settled here.
    number: Option<u64>,
    outcome: Mutex<Outcome>,
}

#[derive(Default)]
struct Outcome {
    delivered: usize,
    failed: usize,
    error: Option<ConsumeError>,
    asked: Option<oneshot::Sender<Result<(), ConsumeError>>>,
}

impl Held {
    fn new(
        shared: &Arc<Shared>,
        items: usize,
        size: u64,
        asked: Option<oneshot::Sender<Result<(), ConsumeError>>>,
    ) -> Held {
        let outcome = Mutex::new(Outcome { asked, ..Outcome::default() });
        Held { shared: shared.clone(), items, size, number: None, outcome }
    }

    /// Notes what became of `items` of this element. What was delivered has been booked by whoever sent it.
    pub(super) fn settle(&self, items: usize, answer: Result<(), ConsumeError>) {
        let mut outcome = self.outcome.lock();
        match answer {
            Ok(()) => {
                outcome.delivered += items;
                self.shared.trouble.over();
            }
            Err(error) => {
                outcome.failed += items;
                outcome.error = Some(error);
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let outcome = self.outcome.get_mut();
        let lost = self.items - outcome.delivered - outcome.failed;
        if lost > 0 {
            self.shared.account.dropped(lost, "its task died");
        }
        let answer = outcome.error.take().map_or(Ok(()), Err);
        let unheard = match outcome.asked.take() {
            Some(asked) => asked.send(answer.clone()).is_err(),
            None => true,
        };
        if let Err(error) = &answer {
            if unheard {
                self.shared.account.dropped(outcome.failed, reason(error));
                self.shared.trouble.report(outcome.failed, error);
            } else {
                self.shared.account.refused(outcome.failed);
            }
        }
        let mut state = self.shared.state.lock();
        state.used -= self.size;
        state.since.remove(&number);
        drop(state);
        self.shared.room.notify_waiters();
    }
}

/// The word in the books for a failure.
fn reason(error: &ConsumeError) -> &'static str {
    if error.is_permanent() { "permanent error" } else { "no more retries" }
}
