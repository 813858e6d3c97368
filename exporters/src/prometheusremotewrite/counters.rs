//! What only this exporter can count, under the Go Collector's names.

use component::{Context, Counter, Description};

/// Its counters.
pub(super) struct Counters {
    pub(super) failed_translations: Counter,
    pub(super) translated_time_series: Counter,
    pub(super) sent_batches: Counter,
    pub(super) written_samples: Counter,
    pub(super) written_histograms: Counter,
    pub(super) written_exemplars: Counter,
}

impl Counters {
    pub(super) fn new(cx: &Context) -> Counters {
        let counter = |name, help, unit| {
            cx.metrics.counter(Description { name, help, unit }, vec![("exporter", cx.id.to_string())])
        };
        Counters {
            failed_translations: counter(
                "otelcol_exporter_prometheusremotewrite_failed_translations",
                "Points that Prometheus cannot hold.",
                "1",
            ),
            translated_time_series: counter(
                "otelcol_exporter_prometheusremotewrite_translated_time_series",
                "Series that batches were translated to.",
                "1",
            ),
            sent_batches: counter(
                "otelcol_exporter_prometheusremotewrite_sent_batches",
                "Requests sent, whether they were taken or not.",
                "{batch}",
            ),
            written_samples: counter(
                "otelcol_exporter_prometheusremotewrite_written_samples",
                "Samples that the other side says it has written; of version 2.",
                "{sample}",
            ),
            written_histograms: counter(
                "otelcol_exporter_prometheusremotewrite_written_histograms",
                "Native histograms that the other side says it has written; of version 2.",
                "{histogram}",
            ),
            written_exemplars: counter(
                "otelcol_exporter_prometheusremotewrite_written_exemplars",
                "Exemplars that the other side says it has written; of version 2.",
                "{exemplar}",
            ),
        }
    }
}
