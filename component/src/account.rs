//! The books of one edge: what came, and what became of it.
//!
//! For every account at every moment: received = delivered + refused + dropped + in flight. The first four are
//! counted where they happen; what is in flight is the rest. An account whose rest is not zero after a drain has lost
//! something, and a test sees it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::sending::LastError;
use crate::telemetry::Counter;

/// Reasons are sentences of whoever refuses; more of them than this are counted together.
const MAX_REASONS: usize = 16;

/// Where they are counted then.
const OTHER_REASONS: &str = "other reasons";

/// The books of one pipeline or of one exporter, in items. Cheap to clone; all clones are one account.
#[derive(Clone, Debug)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    received: Counter,
    delivered: Counter,
    refused: Counter,
    /// Part of `delivered` that did not arrive, by reason.
    left_out: Mutex<Dropped>,
    /// Rarely written: an item dropped is trouble, not traffic (a filter counts once a batch).
    dropped: Mutex<Dropped>,
    last_drop: Mutex<Option<Instant>>,
    refusals: Mutex<Refusals>,
}

/// Why items were sent back, as far as it was noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Items by the words of who refused them.
    pub by_reason: BTreeMap<String, u64>,
    /// The newest.
    pub last: Option<LastError>,
}

/// What was dropped, by reason.
pub type Dropped = BTreeMap<&'static str, u64>;

/// An account at one moment, in items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What came in.
    pub received: u64,
    /// What was handed on and acknowledged.
    pub delivered: u64,
    /// What was sent back to where it came from with an error.
    pub refused: u64,
    /// What was given up after it had been acknowledged, by reason.
    pub dropped: Dropped,
}

impl Default for Account {
    fn default() -> Account {
        Account(Arc::new(Inner {
            received: Counter::default(),
            delivered: Counter::default(),
            refused: Counter::default(),
            left_out: Mutex::default(),
            dropped: Mutex::default(),
            last_drop: Mutex::default(),
            refusals: Mutex::default(),
        }))
    }
}

impl Account {
    /// Items came in.
    pub fn received(&self, items: usize) {
        self.0.received.add(items as u64);
    }

    /// Items were handed on and acknowledged.
    pub fn delivered(&self, items: usize) {
        self.0.delivered.add(items as u64);
    }

    /// Items were sent back with an error.
    pub fn refused(&self, items: usize) {
        self.0.refused.add(items as u64);
    }

    /// Items were given up.
    pub fn dropped(&self, items: usize, reason: &'static str) {
        *self.0.dropped.lock().entry(reason).or_default() += items as u64;
        *self.0.last_drop.lock() = Some(Instant::now());
    }

    /// Items of a batch that the other side acknowledged without them: dropped, not delivered. The batch as a whole is
    /// booked as delivered by whoever sent it.
    pub fn left_out(&self, items: usize, reason: &'static str) {
        *self.0.left_out.lock().entry(reason).or_default() += items as u64;
        *self.0.last_drop.lock() = Some(Instant::now());
    }

    /// Notes why items are sent back. It books nothing: [`Account::refused`] does.
    pub fn note_refusal(&self, items: usize, why: &dyn Display) {
        let error = LastError::now(why);
        let mut refusals = self.0.refusals.lock();
        let is_known = refusals.by_reason.contains_key(&error.text);
        let reason = match is_known || refusals.by_reason.len() < MAX_REASONS {
            true => error.text.clone(),
            false => OTHER_REASONS.to_owned(),
        };
        *refusals.by_reason.entry(reason).or_default() += items as u64;
        refusals.last = Some(error);
    }

    /// Why items were sent back.
    #[must_use]
    pub fn refusals(&self) -> Refusals {
        self.0.refusals.lock().clone()
    }

    /// When something was given up last.
    #[must_use]
    pub fn last_drop(&self) -> Option<Instant> {
        *self.0.last_drop.lock()
    }

    /// The account now. Read what left before what came, so that nothing is seen to leave before it came.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut dropped = self.0.dropped.lock().clone();
        let refused = self.0.refused.value();
        let left_out = self.0.left_out.lock().clone();
        let delivered = self.0.delivered.value().saturating_sub(left_out.values().sum());
        for (reason, items) in left_out {
            *dropped.entry(reason).or_default() += items;
        }
        Totals { received: self.0.received.value(), delivered, refused, dropped }
    }
}

impl Totals {
    /// What came and has not left yet. Negative only if something was counted out twice, which is a bug.
    #[must_use]
    pub fn in_flight(&self) -> i64 {
        let left = self.delivered + self.refused + self.dropped.values().sum::<u64>();
        self.received.cast_signed() - left.cast_signed()
    }
}

#[cfg(test)]
mod tests;
