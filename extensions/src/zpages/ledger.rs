//! The books of every edge, as a page and as JSON.

use component::{LedgerEntry, Overview, Totals};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::html::{Cell, Page};

/// One edge at one moment.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    kind: &'static str,
    id: &'a str,
    signal: &'static str,
    received: u64,
    delivered: u64,
    refused: u64,
    dropped: BTreeMap<&'static str, u64>,
    in_flight: i64,
}

pub(super) fn html(overview: &Overview) -> String {
    let mut page = Page::new("Ledger");
    page.paragraph(
        "For every edge at every moment: received = delivered + refused + dropped + in flight, in spans, data points \
         or log records.",
    );
    let columns = ["Kind", "ID", "Signal", "Received", "Delivered", "Refused", "Dropped", "In flight"];
    page.table(&columns, entries(overview).map(|entry| entry.row()));
    page.links(&[("The same as JSON", "/debug/ledgerz?format=json")]);
    page.finish()
}

pub(super) fn json(overview: &Overview) -> Vec<u8> {
    let entries: Vec<_> = entries(overview).collect();
    serde_json::to_vec(&entries).expect("an entry is text and numbers")
}

fn entries(overview: &Overview) -> impl Iterator<Item = Entry<'_>> {
    overview.ledger.iter().map(|entry| Entry::read(entry, entry.account.totals()))
}

impl Entry<'_> {
    fn read(entry: &LedgerEntry, totals: Totals) -> Entry<'_> {
        Entry {
            kind: entry.kind,
            id: &entry.id,
            signal: entry.signal.as_str(),
            in_flight: totals.in_flight(),
            received: totals.received,
            delivered: totals.delivered,
            refused: totals.refused,
            dropped: totals.dropped,
        }
    }

    fn row(&self) -> Vec<Cell> {
        let number = |count: u64| Cell::Number(count.cast_signed());
        let dropped: Vec<_> =
            self.dropped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        vec![
            self.kind.into(),
            self.id.into(),
            self.signal.into(),
            number(self.received),
            number(self.delivered),
            number(self.refused),
            Cell::Text(if dropped.is_empty() { "0".to_owned() } else { dropped.join(", ") }),
            Cell::Number(self.in_flight),
        ]
    }
}
