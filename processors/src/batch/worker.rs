//! The worker of a shard: collects, sends, and keeps what it cannot send yet.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use component::{Acknowledge, Batch, ConsumeError, Consumer, Context, Origin};
use otlp::{Limit, Payload, Pending};
use tokio::time::{Instant, sleep, sleep_until};

use super::claims::Claims;
use super::intake::{Arrival, Intake};
use super::metrics::{BatchMetrics, Trigger};
use super::shards::Thresholds;
use super::trouble::Trouble;

/// The first pause before a batch is tried again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The reason in the books for items whose batch could not be sent.
const SENDER_FAILED: &str = "batch: sender failed";

/// What outlives a worker that died.
pub(super) struct Shard {
    pub(super) thresholds: Thresholds,
    /// Of every batch it sends.
    pub(super) origin: Origin,
    pub(super) intake: Intake,
    pub(super) metrics: BatchMetrics,
    pub(super) cx: Context,
    pub(super) next: Arc<dyn Consumer>,
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.metrics.combinations.add(-1);
    }
}

/// Works until the component is to stop and all that came has been sent.
pub(super) async fn run(shard: Arc<Shard>) -> anyhow::Result<()> {
    Worker::new(&shard).work().await;
    Ok(())
}

struct Worker<'a> {
    shard: &'a Shard,
    /// Made with the first payload, whose signal is that of all.
    pending: Option<Pending>,
    /// On the items of `pending` and of the batch that is being sent, oldest first.
    claims: Claims,
    /// When the oldest item has waited long enough.
    due: Option<Instant>,
    trouble: Trouble,
}

impl<'a> Worker<'a> {
    fn new(shard: &'a Shard) -> Worker<'a> {
        let trouble = Trouble::none(shard.cx.id.clone());
        Worker { shard, pending: None, claims: Claims::default(), due: None, trouble }
    }

    async fn work(mut self) {
        let intake = &self.shard.intake;
        let mut stopped = pin!(self.shard.cx.scope.stopped());
        let mut timer = pin!(sleep(Duration::ZERO));
        let mut arrivals = Vec::new();
        loop {
            self.take_in(&mut arrivals).await;
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.send_all().await;
                continue;
            }
            if let Some(due) = self.due.filter(|due| *due != timer.deadline()) {
                timer.set(sleep_until(due));
            }
            tokio::select! {
                // The rare ones come first, or busy producers would hide them.
                biased;
                () = &mut stopped => break,
                () = &mut timer, if self.due.is_some() => (),
                () = intake.filled() => (),
            }
        }
        intake.close();
        self.take_in(&mut arrivals).await;
        self.send_all().await;
    }

    /// Takes what came, and sends whenever there is enough.
    async fn take_in(&mut self, arrivals: &mut Vec<Arrival>) {
        while let Some(came) = self.shard.intake.take(arrivals, self.items()) {
            for arrival in arrivals.drain(..) {
                self.add(arrival, came);
                self.send_full(came).await;
            }
        }
    }

    fn add(&mut self, Arrival { payload, claim }: Arrival, came: Instant) {
        let pending = self.pending.get_or_insert_with(|| Pending::new(payload.signal()));
        if pending.is_empty() {
            self.due = self.shard.thresholds.timeout.map(|timeout| came + timeout);
        }
        self.claims.push(claim);
        pending.push(payload);
    }

    fn items(&self) -> usize {
        self.pending.as_ref().map_or(0, Pending::items)
    }

    fn take(&mut self) -> Option<Payload> {
        self.pending.as_mut()?.take(Limit::items(self.shard.thresholds.most))
    }

    /// Sends while there is enough. What is left came with the last payload: all before it was not enough.
    async fn send_full(&mut self, came: Instant) {
        let Thresholds { timeout, enough, .. } = self.shard.thresholds;
        if self.items() < enough {
            return;
        }
        while self.items() >= enough
            && let Some(payload) = self.take()
        {
            self.send(payload, Trigger::Size).await;
        }
        self.due = timeout.filter(|_| self.items() > 0).map(|timeout| came + timeout);
    }

    /// Sends what there is, because it has waited long enough.
    async fn send_all(&mut self) {
        self.due = None;
        while let Some(payload) = self.take() {
            self.send(payload, Trigger::Timeout).await;
        }
    }

    /// Sends one batch and answers for its items.
    async fn send(&mut self, payload: Payload, trigger: Trigger) {
        let (signal, items, bytes) = (payload.signal(), payload.items(), payload.size());
        let outcome = self.deliver(Batch { payload, origin: self.shard.origin.clone() }).await;
        let lost = self.claims.settle(items, &outcome);
        self.shard.cx.dropped(signal, lost, SENDER_FAILED);
        match outcome {
            Ok(()) => {
                self.shard.metrics.sent(items, bytes, trigger);
                self.trouble.over();
            }
            Err(error) => {
                self.trouble.failed(&error);
                self.trouble.dropped(lost);
            }
        }
    }

    /// Sends until it is taken, or refused for good. Producers that wait for the answer try again themselves.
    async fn deliver(&mut self, batch: Batch) -> Result<(), ConsumeError> {
        let Shard { cx, next, .. } = self.shard;
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match next.consume(batch.clone()).await {
                Err(error) if self.may_pass(&error) => error,
                answer => return answer,
            };
            self.trouble.failed(&error);
            let again = Instant::now() + pause.max(asked_pause(&error));
            // The last attempt is made while there is still time for the others behind it.
            let again = last_attempt(cx).map_or(again, |last| again.min(last));
            tokio::select! {
                () = sleep_until(again) => pause = (pause * 2).min(MAX_PAUSE),
                // From here on the queue in front drains: try again soon, until the time for stopping is over.
                () = cx.scope.stopped(), if !cx.scope.is_stopping() => pause = FIRST_PAUSE,
            }
        }
    }

    fn may_pass(&self, error: &ConsumeError) -> bool {
        let cx = &self.shard.cx;
        let has_time = last_attempt(cx).is_none_or(|last| Instant::now() < last);
        cx.acknowledge == Acknowledge::Held && !error.is_permanent() && has_time
    }
}

/// When a batch that nobody takes is tried for the last time; `None` while the component is not told to stop.
fn last_attempt(cx: &Context) -> Option<Instant> {
    cx.scope.deadline().map(|deadline| deadline.checked_sub(FIRST_PAUSE).unwrap_or(deadline))
}

fn asked_pause(error: &ConsumeError) -> Duration {
    match error {
        ConsumeError::Retryable { after, .. } => after.unwrap_or_default(),
        ConsumeError::Permanent(_) => Duration::ZERO,
    }
}
