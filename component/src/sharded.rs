//! Counting from many threads without sharing a cache line.

use std::sync::atomic::{AtomicUsize, Ordering};

/// More slots than this save nothing: the reader would have to add them all up.
const MAX_SLOTS: usize = 64;

/// One value per thread slot, each on a cache line of its own.
#[derive(Debug)]
pub(crate) struct Sharded<T>(Box<[Padded<T>]>);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Padded<T>(T);

impl<T: Default> Sharded<T> {
    pub(crate) fn new() -> Sharded<T> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = cores.next_power_of_two().min(MAX_SLOTS);
        Sharded((0..slots).map(|_| Padded::default()).collect())
    }

    /// This thread's slot.
    pub(crate) fn mine(&self) -> &T {
        &self.0[thread_number() % self.0.len()].0
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }

    pub(crate) fn slots(&self) -> usize {
        self.0.len()
    }
}

/// A small number for this thread, given out in the order in which threads first count something.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}
