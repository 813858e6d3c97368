//! Collecting payloads until there are enough of them.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::payload::{Payload, Splitter};
use crate::signal::Signal;
use crate::wire::split::Limit;

/// Payloads of one signal that wait to be sent together, the oldest first.
#[derive(Debug)]
pub struct Pending {
    signal: Signal,
    /// Each has items. Only the first has ever been cut.
    waiting: VecDeque<Splitter>,
    items: usize,
    bytes: usize,
}

impl Pending {
    /// Nothing of `signal` waits yet.
    pub fn new(signal: Signal) -> Self {
        Self { signal, waiting: VecDeque::new(), items: 0, bytes: 0 }
    }

    /// Adds `payload`, which must be of the same signal, unless it has no items.
    ///
    /// # Panics
    ///
    /// When the signals differ, which is a fault of the program and not of any input.
    pub fn push(&mut self, payload: Payload) {
        assert_eq!(payload.signal(), self.signal, "a batch holds one signal");
        if payload.is_empty() {
            return;
        }
        self.items += payload.items();
        self.bytes += payload.size();
        self.waiting.push_back(payload.split(Limit::NONE));
    }

    /// How many items wait.
    pub fn items(&self) -> usize {
        self.items
    }

    /// How many encoded bytes wait. What was cut repeats its containers and may come to a little more.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The oldest items within `limit`, but at least one; `None` when nothing waits.
    pub fn take(&mut self, limit: Limit) -> Option<Payload> {
        let mut batch = self.take_first(|first| first.cut(limit))?;
        while let Some(room) = room(limit, &batch)
            && let Some(piece) = self.take_first(|first| first.cut_within(room))
        {
            batch.append(piece);
        }
        Some(batch)
    }

    /// All that waits; `None` when nothing does.
    pub fn take_all(&mut self) -> Option<Payload> {
        self.take(Limit::NONE)
    }

    /// What `cut` takes of the oldest payload.
    fn take_first(&mut self, cut: impl FnOnce(&mut Splitter) -> Option<Payload>) -> Option<Payload> {
        let first = self.waiting.front_mut()?;
        let before = (first.items(), first.bytes());
        let piece = cut(first);
        let items = first.items();
        let bytes = if items == 0 { 0 } else { first.bytes() };
        self.items -= before.0 - items;
        self.bytes -= before.1 - bytes;
        if items == 0 {
            self.waiting.pop_front();
        }
        piece
    }
}

/// What `batch` leaves of `limit`, if anything.
fn room(limit: Limit, batch: &Payload) -> Option<Limit> {
    let items = limit.items.saturating_sub(batch.items());
    let bytes = limit.bytes.saturating_sub(batch.size());
    (items > 0 && bytes > 0).then_some(Limit { items, bytes })
}
