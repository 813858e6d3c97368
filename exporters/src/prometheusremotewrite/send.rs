//! A batch as requests, several at the same time, and never a newer sample before an older one.
//!
//! 1. One batch at a time, in the order in which they come; that is what the turn is for. It lasts as long as any of
//!    its requests is tried.
//! 2. Requests of one batch hold different series, so they may be sent at the same time. Where a series goes on in the
//!    next request, the two form a lane, which is sent in order.
//! 3. What was not taken in the end is booked by points: a point of which something is missing did not arrive. When
//!    something of the batch was taken it is a success with a loss, otherwise the first error is the answer.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, ConsumeError, Consumer, Context, Origin, Trouble};
use formats::prometheus::remote::{EncodeOptions, Message, Request, Requests, Series};
use futures_util::stream::{FuturesUnordered, StreamExt};
use otlp::Signal;
use tokio::sync::Semaphore;
use tracing::warn;

use super::counters::Counters;
use super::post::{Answer, Posts, Written};

/// Sends each batch by remote write.
pub(super) struct Writes {
    posts: Posts,
    options: EncodeOptions,
    sending: Sending,
    /// Whether the other side has said that it does not know version 2.
    knows_v1_only: AtomicBool,
    turn: Semaphore,
    counters: Counters,
    trouble: Trouble,
    cx: Context,
}

/// How batches become requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub(super) message: Message,
    /// The largest request, before it is packed.
    pub(super) max_bytes: usize,
    /// How many requests of a batch are sent at the same time.
    pub(super) parallelism: usize,
    /// Whether requests of their own tell what is known of metrics.
    pub(super) metadata: bool,
}

/// What became of requests.
#[derive(Default)]
struct Outcome {
    is_taken: bool,
    /// The points of which something was not taken.
    lost: BTreeSet<u32>,
    /// What the other side left out of requests that it took, without saying which.
    rejected: usize,
    error: Option<ConsumeError>,
}

impl Writes {
    pub(super) fn new(posts: Posts, options: EncodeOptions, sending: Sending, cx: Context) -> Writes {
        Writes {
            posts,
            options,
            sending,
            knows_v1_only: AtomicBool::new(false),
            turn: Semaphore::new(1),
            counters: Counters::new(&cx),
            trouble: Trouble::new(cx.id.to_string(), "remote write refused a part of a batch"),
            cx,
        }
    }

    fn message(&self) -> Message {
        if self.knows_v1_only.load(Ordering::Relaxed) { Message::V1 } else { self.sending.message }
    }

    async fn send(&self, series: &Series, origin: &Origin) -> Outcome {
        let message = self.message();
        let mut requests = series.requests(message, self.sending.max_bytes).peekable();
        let mut under_way = FuturesUnordered::new();
        let mut outcome = Outcome::default();
        loop {
            while under_way.len() < self.sending.parallelism
                && let Some(lane) = next_lane(&mut requests)
            {
                under_way.push(self.send_lane(series, lane, message, origin));
            }
            match under_way.next().await {
                Some(of_lane) => outcome.add(of_lane),
                None => return outcome,
            }
        }
    }

    async fn send_lane(
        &self,
        series: &Series,
        lane: Vec<Request>,
        message: Message,
        origin: &Origin,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for mut request in lane {
            let pieces = std::mem::take(&mut request.pieces);
            match self.send_request(request, message, origin, &mut outcome).await {
                None => (),
                // Names in UTF-8 are none of version 1.
                Some((request, error)) if self.options.names.strategy.keeps_utf8() => {
                    outcome.fail(request.points, error);
                }
                Some(_) => {
                    if !self.knows_v1_only.swap(true, Ordering::Relaxed) {
                        warn!(component = %self.cx.id, "the other side does not know version 2 of remote write; using 1");
                    }
                    for request in series.rewrite(pieces, Message::V1, self.sending.max_bytes) {
                        self.send_request(request, Message::V1, origin, &mut outcome).await;
                    }
                }
            }
        }
        outcome
    }

    /// Gives back what the other side said when it does not know the message.
    async fn send_request(
        &self,
        request: Request,
        message: Message,
        origin: &Origin,
        outcome: &mut Outcome,
    ) -> Option<(Request, ConsumeError)> {
        let body = Bytes::from(request.body);
        let request = Request { body: Vec::new(), ..request };
        self.counters.sent_batches.add(1);
        match self.posts.post(message, &body, origin).await {
            Answer::Taken(written) => {
                outcome.is_taken = true;
                outcome.rejected += self.missing(&request, written.as_ref());
            }
            Answer::UnknownMessage(error) => return Some((request, error)),
            Answer::Refused(error, Some(written)) if written.samples + written.histograms > 0 => {
                outcome.is_taken = true;
                outcome.rejected += self.missing(&request, Some(&written));
                self.trouble.report(request.points.len(), &error);
            }
            Answer::Refused(error, _) => outcome.fail(request.points, error),
        }
        None
    }

    /// How many points the other side has left out, as far as its numbers tell.
    fn missing(&self, request: &Request, written: Option<&Written>) -> usize {
        let Some(written) = written else { return 0 };
        self.counters.written_samples.add(written.samples as u64);
        self.counters.written_histograms.add(written.histograms as u64);
        self.counters.written_exemplars.add(written.exemplars as u64);
        let missing = request.samples.saturating_sub(written.samples)
            + request.histograms.saturating_sub(written.histograms);
        missing.min(request.points.len())
    }

    /// Types, help and units. What is not taken of them is no loss of data.
    async fn send_metadata(&self, series: &Series, origin: &Origin) {
        for body in series.metadata(self.sending.max_bytes) {
            self.counters.sent_batches.add(1);
            if let Answer::Refused(error, _) = self.posts.post(Message::V1, &Bytes::from(body), origin).await
            {
                self.trouble.report(0, &error);
            }
        }
    }

    /// Answers for the batch, and books what the others went without.
    fn settle(&self, outcome: Outcome, series: &Series) -> Result<(), ConsumeError> {
        let refused = series.refused();
        match (outcome.is_taken, &outcome.error, refused.reasons.first()) {
            (false, Some(error), _) => return Err(error.clone()),
            (false, None, Some(first)) => {
                return Err(ConsumeError::permanent(format!("no point that Prometheus can hold: {first}")));
            }
            (true, Some(error), _) => self.trouble.report(outcome.lost.len(), error),
            (true, None, _) if outcome.rejected == 0 => self.trouble.over(),
            (true | false, None, _) => (),
        }
        if refused.total > 0 {
            let first = refused.reasons.first().map(String::as_str).unwrap_or_default();
            warn!(component = %self.cx.id, dropped = refused.total, first, "points that Prometheus cannot hold were left out");
            self.cx.left_out(Signal::Metrics, refused.total, "Prometheus cannot hold it");
        }
        let reason = match &outcome.error {
            Some(error) if !error.is_permanent() => "no more retries",
            _ => "permanent error",
        };
        let lost = outcome.lost.len().min(series.points());
        self.cx.left_out(Signal::Metrics, lost, reason);
        self.cx.rejected(Signal::Metrics, outcome.rejected.min(series.points() - lost));
        Ok(())
    }
}

#[async_trait]
impl Consumer for Writes {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let Some(metrics) = batch.payload.as_metrics() else {
            return Err(ConsumeError::permanent("remote write takes metrics only"));
        };
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|_| ConsumeError::retryable("the exporter is shutting down"))?;
        let series = Series::new(metrics, &self.options);
        self.counters.translated_time_series.add(series.len() as u64);
        self.counters.failed_translations.add(series.refused().total as u64);
        let outcome = self.send(&series, &batch.origin).await;
        if self.sending.metadata && outcome.is_taken {
            self.send_metadata(&series, &batch.origin).await;
        }
        self.settle(outcome, &series)
    }
}

impl Outcome {
    fn fail(&mut self, points: Vec<u32>, error: ConsumeError) {
        self.lost.extend(points);
        self.error.get_or_insert(error);
    }

    fn add(&mut self, other: Outcome) {
        self.is_taken |= other.is_taken;
        self.lost.extend(other.lost);
        self.rejected += other.rejected;
        self.error = self.error.take().or(other.error);
    }
}

/// The next request, and those that go on with the series that it ends with.
fn next_lane(requests: &mut Peekable<Requests<'_>>) -> Option<Vec<Request>> {
    let mut lane = vec![requests.next()?];
    while let Some(request) = requests.next_if(|request| request.is_continued) {
        lane.push(request);
    }
    Some(lane)
}
