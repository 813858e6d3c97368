//! The bytes of requests in flight, held to one limit for the whole process.
//!
//! Rules:
//! 1. Whoever is about to keep bytes from outside asks for a [`Charge`] first. No charge, no bytes.
//! 2. A charge goes with the buffer ([`Charge::attach`]) and is given back when the last slice of it is gone, be it in
//!    a queue, a batch or a socket. So what is held is known without looking.
//! 3. Without a limit nothing is refused, and counting costs one addition to a cache line of this thread's own.
//! 4. Bytes that have arrived and wait for a charge are in memory all the same. They have a room of their own
//!    ([`Memory::wait`]), a small part of the limit; who finds it full is refused at once.
//! 5. Threads hand what they counted to the shared sum in lumps of [`LUMP`]: the sum is off by at most a lump a thread,
//!    which the limit keeps in reserve.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;

use crate::sharded::Sharded;

/// How many bytes a thread counts for itself before it tells the others.
const LUMP: i64 = 256 << 10;

/// The part of the limit that may wait for a charge. The limiter keeps twice as much in reserve.
const WAITING_PART: i64 = 16;

/// The account of bytes in flight. Cheap to clone; all clones are one account.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Counted by a thread and not yet told.
    untold: Sharded<AtomicI64>,
    told: AtomicI64,
    /// The most that may be held; `i64::MAX` is no limit.
    limit: AtomicI64,
    /// Bytes that wait for a charge.
    waiting: AtomicI64,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory(Arc::new(Inner {
            untold: Sharded::new(),
            told: AtomicI64::new(0),
            limit: AtomicI64::new(i64::MAX),
            waiting: AtomicI64::new(0),
        }))
    }
}

impl Memory {
    /// Sets how many bytes may be in flight; `None` is no limit. What is held already is not touched.
    pub fn set_limit(&self, limit: Option<u64>) {
        let reserve = LUMP * i64::try_from(self.0.untold.slots()).unwrap_or(i64::MAX);
        let limit = match limit {
            Some(bytes) => i64::try_from(bytes).unwrap_or(i64::MAX).saturating_sub(reserve).max(0),
            None => i64::MAX,
        };
        self.0.limit.store(limit, Ordering::Relaxed);
    }

    /// Asks to keep `bytes`; `None` when that would pass the limit.
    #[must_use]
    pub fn charge(&self, bytes: usize) -> Option<Charge> {
        let mut charge = Charge { memory: self.clone(), bytes: 0 };
        charge.grow(bytes).then_some(charge)
    }

    /// Asks to let `bytes` that have arrived wait for a charge, until what is returned is dropped. `None` when too many
    /// wait already; one may always wait.
    #[must_use]
    pub fn wait(&self, bytes: usize) -> Option<Waiting> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let room = self.0.limit.load(Ordering::Relaxed) / WAITING_PART;
        let admit =
            |waiting: i64| (waiting == 0 || waiting <= room - bytes).then(|| waiting.saturating_add(bytes));
        let admitted = self.0.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, admit);
        admitted.ok().map(|_| Waiting { memory: self.clone(), bytes })
    }

    /// Bytes in flight, as far as threads have told.
    #[must_use]
    pub fn held(&self) -> u64 {
        let untold: i64 = self.0.untold.all().map(|slot| slot.load(Ordering::Relaxed)).sum();
        u64::try_from(self.0.told.load(Ordering::Relaxed) + untold).unwrap_or(0)
    }

    /// Whether `bytes` more would still be within the limit.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        let limit = self.0.limit.load(Ordering::Relaxed);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        limit == i64::MAX || self.0.told.load(Ordering::Relaxed).saturating_add(bytes) <= limit
    }

    fn count(&self, bytes: i64) {
        let mine = self.0.untold.mine();
        let untold = mine.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if untold.abs() >= LUMP {
            mine.fetch_sub(untold, Ordering::Relaxed);
            self.0.told.fetch_add(untold, Ordering::Relaxed);
        }
    }
}

/// The right to keep some bytes. Dropping it gives them back.
#[derive(Debug)]
pub struct Charge {
    memory: Memory,
    bytes: usize,
}

impl Charge {
    /// Asks for `more` bytes on top. `false` when that would pass the limit; what is charged stays as it is then.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        if !self.memory.has_room(more) {
            return false;
        }
        self.memory.count(i64::try_from(more).unwrap_or(i64::MAX));
        self.bytes += more;
        true
    }

    /// Gives back all but `bytes`; does nothing when no more than that is charged.
    pub fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.memory.count(-i64::try_from(surplus).unwrap_or(i64::MAX));
        self.bytes -= surplus;
    }

    /// Bytes charged.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Ties the charge to a buffer: it ends with the last slice of it.
    #[must_use]
    pub fn attach(self, buffer: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        Bytes::from_owner(Charged { buffer, _charge: self })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.count(-i64::try_from(self.bytes).unwrap_or(i64::MAX));
    }
}

/// Bytes that wait for a charge.
#[derive(Debug)]
pub struct Waiting {
    memory: Memory,
    bytes: i64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.memory.0.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Charged<B> {
    buffer: B,
    _charge: Charge,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Charged<B> {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_ref()
    }
}

#[cfg(test)]
mod tests;
