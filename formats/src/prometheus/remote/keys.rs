//! Byte strings, each kept once and numbered in the order in which they were first seen.

use std::hash::{BuildHasher, RandomState};

/// A set of byte strings. Random hashing: names come from outside.
#[derive(Debug, Default)]
pub(super) struct Keys {
    hasher: RandomState,
    bytes: Vec<u8>,
    /// The hash of each, and where it ends; it begins where the one before ends.
    keys: Vec<(u64, usize)>,
    /// Open addressing: the number of a key plus one, zero for a free slot. A power of two, at most half full.
    slots: Vec<u32>,
}

impl Keys {
    /// The number of `key`, and whether it is new.
    pub(super) fn intern(&mut self, key: &[u8]) -> (usize, bool) {
        if self.keys.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = self.hasher.hash_one(key);
        let mask = self.slots.len() - 1;
        let mut slot = Keys::first_slot(hash, mask);
        while let Some(number) = (self.slots[slot] as usize).checked_sub(1) {
            if self.keys[number].0 == hash && self.get(number) == key {
                return (number, false);
            }
            slot = (slot + 1) & mask;
        }
        let number = self.keys.len();
        self.bytes.extend_from_slice(key);
        self.keys.push((hash, self.bytes.len()));
        self.slots[slot] = number as u32 + 1;
        (number, true)
    }

    pub(super) fn get(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.keys[before].1);
        &self.bytes[start..self.keys[number].1]
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are as many as numbers of 32 bits can tell apart.
    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= (u32::MAX / 4) as usize
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (number, (hash, _)) in self.keys.iter().enumerate() {
            let mut slot = Keys::first_slot(*hash, size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }

    fn first_slot(hash: u64, mask: usize) -> usize {
        hash as usize & mask
    }
}
