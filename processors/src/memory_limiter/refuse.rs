//! Refusing batches, and counting.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, Counter, Description};
use otlp::Signal;

use super::limiter::Limiter;

/// Stands in front of `next` and refuses what comes while the limiter says so.
pub(super) fn refuse_above(
    limiter: Arc<Limiter>,
    cx: &Context,
    next: Arc<dyn Consumer>,
) -> Arc<dyn Consumer> {
    let counters = |accepted: Description, refused: Description| {
        let labels = vec![("processor", cx.id.to_string())];
        Counters {
            accepted: cx.metrics.counter(accepted, labels.clone()),
            refused: cx.metrics.counter(refused, labels),
        }
    };
    let spans = counters(
        describe("otelcol_processor_memory_limiter_accepted_spans", "Spans let through", "{spans}"),
        describe(
            "otelcol_processor_memory_limiter_refused_spans",
            "Spans refused for want of memory",
            "{spans}",
        ),
    );
    let points = counters(
        describe(
            "otelcol_processor_memory_limiter_accepted_metric_points",
            "Data points let through",
            "{datapoints}",
        ),
        describe(
            "otelcol_processor_memory_limiter_refused_metric_points",
            "Data points refused for want of memory",
            "{datapoints}",
        ),
    );
    let records = counters(
        describe(
            "otelcol_processor_memory_limiter_accepted_log_records",
            "Log records let through",
            "{records}",
        ),
        describe(
            "otelcol_processor_memory_limiter_refused_log_records",
            "Log records refused for want of memory",
            "{records}",
        ),
    );
    Arc::new(Refuse { limiter, spans, points, records, next })
}

fn describe(name: &'static str, help: &'static str, unit: &'static str) -> Description {
    Description { name, help, unit }
}

struct Refuse {
    limiter: Arc<Limiter>,
    spans: Counters,
    points: Counters,
    records: Counters,
    next: Arc<dyn Consumer>,
}

struct Counters {
    accepted: Counter,
    refused: Counter,
}

#[async_trait]
impl Consumer for Refuse {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let items = batch.items() as u64;
        let counters = match batch.payload.signal() {
            Signal::Traces => &self.spans,
            Signal::Metrics => &self.points,
            Signal::Logs => &self.records,
        };
        if self.limiter.is_refusing() {
            counters.refused.add(items);
            return Err(ConsumeError::retryable("data refused due to high memory usage"));
        }
        counters.accepted.add(items);
        self.next.consume(batch).await
    }
}
