//! What a receiver refuses by itself, before a pipeline sees it: an item that is wrong while its neighbours are not.

use otlp::Signal;

use crate::context::Context;
use crate::telemetry::Description;

/// Items that a receiver took from a client and no pipeline took from it; by signal.
#[rustfmt::skip]
pub static REFUSED_ITEMS: [Description; 3] = [
    describe("otelcol_receiver_refused_spans", "Number of spans that could not be pushed into the pipeline.", "{spans}"),
    describe("otelcol_receiver_refused_metric_points", "Number of metric points that could not be pushed into the pipeline.", "{datapoints}"),
    describe("otelcol_receiver_refused_log_records", "Number of log records that could not be pushed into the pipeline.", "{records}"),
];

impl Context {
    /// Counts and books items that this receiver refuses while their neighbours go on; call it once for a request.
    pub fn refused(&self, signal: Signal, transport: &'static str, items: usize) {
        if items == 0 {
            return;
        }
        let labels = vec![("receiver", self.id.to_string()), ("transport", transport.to_owned())];
        self.metrics.counter(REFUSED_ITEMS[signal as usize], labels).add(items as u64);
        let account = self.accounts.of(signal);
        account.received(items);
        account.refused(items);
        account.note_refusal(items, &"items that cannot be read");
    }
}

const fn describe(name: &'static str, help: &'static str, unit: &'static str) -> Description {
    Description { name, help, unit }
}
