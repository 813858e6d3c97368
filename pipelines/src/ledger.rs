//! The books of the whole: one account for each pipeline, and for each receiver and exporter and signal, shown as metrics and pages.

use std::sync::Arc;

use component::{Account, Description, LedgerEntry, MetricKind, Metrics, Sample, Totals, Value};
use otlp::Signal;

/// All accounts of a graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// Opens an account.
    pub(crate) fn open(&mut self, kind: &'static str, id: &str, signal: Signal) -> Account {
        let account = Account::default();
        self.entries.push(LedgerEntry { kind, id: id.into(), signal, account: account.clone() });
        account
    }

    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// Shows the accounts as metrics, instead of those shown before.
    pub(crate) fn publish(&self, metrics: &Metrics) {
        let entries: Arc<[LedgerEntry]> = self.entries.clone().into();
        for (what, kind, read) in NUMBERS {
            let entries = entries.clone();
            metrics.ask_all(what, kind, "ledger", move || {
                entries.iter().map(|entry| sample(entry, None, read(&entry.account.totals()))).collect()
            });
        }
        metrics.ask_all(DROPPED, MetricKind::Counter, "ledger", move || {
            let dropped = |entry: &LedgerEntry| {
                let totals = entry.account.totals();
                let by_reason = totals.dropped.iter();
                by_reason
                    .map(|(reason, items)| sample(entry, Some(reason), to_f64(*items)))
                    .collect::<Vec<_>>()
            };
            entries.iter().flat_map(dropped).collect()
        });
    }
}

fn sample(entry: &LedgerEntry, reason: Option<&'static str>, value: f64) -> Sample {
    let mut labels = vec![
        ("kind", entry.kind.to_owned()),
        ("id", entry.id.to_string()),
        ("otel_signal", entry.signal.as_str().to_owned()),
    ];
    labels.extend(reason.map(|reason| ("reason", reason.to_owned())));
    Sample { labels, value: Value::Number(value) }
}

#[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
fn to_f64(items: u64) -> f64 {
    items as f64
}

type Number = (Description, MetricKind, fn(&Totals) -> f64);

#[rustfmt::skip]
static NUMBERS: [Number; 4] = [
    (describe("ferrotel_ledger_received_items", "Items that came in."), MetricKind::Counter, |totals| to_f64(totals.received)),
    (describe("ferrotel_ledger_delivered_items", "Items that were handed on and acknowledged."), MetricKind::Counter, |totals| to_f64(totals.delivered)),
    (describe("ferrotel_ledger_refused_items", "Items that were sent back with an error."), MetricKind::Counter, |totals| to_f64(totals.refused)),
    (describe("ferrotel_ledger_in_flight_items", "Items that came and have not left yet."), MetricKind::Gauge, in_flight),
];

const DROPPED: Description =
    describe("ferrotel_ledger_dropped_items", "Items that were given up after they had been acknowledged.");

#[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
fn in_flight(totals: &Totals) -> f64 {
    totals.in_flight() as f64
}

const fn describe(name: &'static str, help: &'static str) -> Description {
    Description { name, help, unit: "{items}" }
}
