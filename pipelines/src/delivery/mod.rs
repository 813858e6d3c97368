//! What stands in front of an exporter, put together in the order in which data passes it.

mod batch;
mod queue;
mod retry;
#[cfg(test)]
mod tests;
mod timeout;

use std::sync::Arc;

use component::{Account, Consumer, Context, Delivery, Edge};

use crate::observe::{ExporterMetrics, account_for, note_refusals, observe_attempts, observe_sends};

/// Puts queue, batching, observation, retry and timeout in front of `exporter`, as far as `delivery` asks for them.
///
/// Every item that enters over the edge is booked in `account`, once when it comes and once when it goes.
pub(crate) fn deliver(
    delivery: Delivery,
    exporter: Arc<dyn Consumer>,
    edge: Edge,
    account: &Account,
    metrics: &ExporterMetrics,
    cx: &Context,
) -> Arc<dyn Consumer> {
    let signal = edge.signal();
    if delivery.timeout.is_some() || delivery.queue.is_some() {
        metrics.sending.mind_time();
    }
    let mut next = exporter;
    if let Some(limit) = delivery.timeout {
        next = timeout::with_timeout(limit, next);
    }
    next = observe_attempts(&metrics.sending, next);
    if let Some(retry) = delivery.retry {
        next = retry::with_retry(retry, next, cx);
    }
    // Behind the queue, so that a request counts as in flight while it is sent, with all its attempts.
    next = observe_sends(account, metrics, next);
    match delivery.queue {
        // The queue answers for what it holds, so it keeps the account itself.
        Some(queue) => {
            note_refusals(account, edge, queue::with_queue(queue, next, signal, account, metrics, cx))
        }
        None => account_for(account, edge, next),
    }
}
