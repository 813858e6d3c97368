//! What only the batch can count.

use component::{Context, Counter, Description, Gauge, Histogram};

/// The Go Collector's bounds.
const ITEM_BOUNDS: [f64; 22] = [
    10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1e3, 2e3, 3e3, 4e3, 5e3, 6e3, 7e3, 8e3, 9e3, 1e4,
    2e4, 3e4, 5e4, 1e5,
];

/// The powers of two from 128 bytes to 16 MiB.
const BYTE_EXPONENTS: std::ops::RangeInclusive<i32> = 7..=24;

/// What made a batch go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    Size,
    Timeout,
}

/// The metrics of one processor, the same for all its shards.
#[derive(Clone)]
pub(super) struct BatchMetrics {
    items: Histogram,
    bytes: Histogram,
    by_size: Counter,
    by_timeout: Counter,
    pub(super) combinations: Gauge,
}

impl BatchMetrics {
    pub(super) fn register(cx: &Context) -> BatchMetrics {
        let labels = vec![("processor", cx.id.to_string())];
        let byte_bounds: Vec<_> = BYTE_EXPONENTS.map(|exponent| 2_f64.powi(exponent)).collect();
        let counter =
            |name, help| cx.metrics.counter(Description { name, help, unit: "{times}" }, labels.clone());
        let histogram = |name, help, unit, bounds: &[f64]| {
            cx.metrics.histogram(Description { name, help, unit }, labels.clone(), bounds)
        };
        let combinations = Description {
            name: "otelcol_processor_batch_metadata_cardinality",
            help: "Combinations of metadata values that are batched apart",
            unit: "{combinations}",
        };
        BatchMetrics {
            items: histogram(
                "otelcol_processor_batch_batch_send_size",
                "Items in a batch that was sent",
                "{units}",
                &ITEM_BOUNDS,
            ),
            bytes: histogram(
                "otelcol_processor_batch_batch_send_size_bytes",
                "Bytes in a batch that was sent",
                "By",
                &byte_bounds,
            ),
            by_size: counter(
                "otelcol_processor_batch_batch_size_trigger_send",
                "Batches sent for their size",
            ),
            by_timeout: counter(
                "otelcol_processor_batch_timeout_trigger_send",
                "Batches sent after the timeout",
            ),
            combinations: cx.metrics.gauge(combinations, labels.clone()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^53")]
    pub(super) fn sent(&self, items: usize, bytes: usize, trigger: Trigger) {
        self.items.record(items as f64);
        self.bytes.record(bytes as f64);
        match trigger {
            Trigger::Size => self.by_size.add(1),
            Trigger::Timeout => self.by_timeout.add(1),
        }
    }
}
