//! Rows with a key and a number that stays theirs; what is not used any more is swept out.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Stands for the number of no row.
pub(super) const NOWHERE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Table<K, T> {
    rows: Vec<Option<T>>,
    /// The numbers of rows that are free.
    free: Vec<u32>,
    by_key: HashMap<K, u32>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Table { rows: Vec::new(), free: Vec::new(), by_key: HashMap::new() }
    }
}

impl<K: Eq + Hash, T> Table<K, T> {
    /// The number of the row with this key.
    pub(super) fn find<Q>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.by_key.get(key).copied()
    }

    /// The number of the row with this key, which is made if there is none.
    pub(super) fn find_or_make(&mut self, key: K, make: impl FnOnce(&K) -> T) -> u32 {
        if let Some(id) = self.by_key.get(&key) {
            return *id;
        }
        let row = Some(make(&key));
        let id = match self.free.pop() {
            Some(id) => {
                self.rows[id as usize] = row;
                id
            }
            None => {
                self.rows.push(row);
                // A page has at most as many rows as bytes, and it is shorter than four gigabytes.
                u32::try_from(self.rows.len() - 1).unwrap_or(NOWHERE)
            }
        };
        self.by_key.insert(key, id);
        id
    }

    /// The row with this number, if it is still there.
    #[inline]
    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.rows.get(id as usize)?.as_ref()
    }

    /// The row with this number, which is in use.
    #[inline]
    pub(super) fn row(&self, id: u32) -> &T {
        self.rows[id as usize].as_ref().expect("what a row in use refers to is in use")
    }

    /// The row with this number, which is in use.
    #[inline]
    pub(super) fn row_mut(&mut self, id: u32) -> &mut T {
        self.rows[id as usize].as_mut().expect("what a row in use refers to is in use")
    }

    /// All rows with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.rows).filter_map(|(id, row)| Some((id, row.as_ref()?)))
    }

    /// All rows with their numbers.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        (0..).zip(&mut self.rows).filter_map(|(id, row)| Some((id, row.as_mut()?)))
    }

    /// A number above those of all rows.
    pub(super) fn end(&self) -> usize {
        self.rows.len()
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Frees the rows that are not to be kept.
    pub(super) fn sweep(&mut self, keep: impl Fn(&T) -> bool) {
        for (id, row) in (0..).zip(&mut self.rows) {
            if row.as_ref().is_some_and(|row| !keep(row)) {
                *row = None;
                self.free.push(id);
            }
        }
        let rows = &self.rows;
        self.by_key.retain(|_, id| rows[*id as usize].is_some());
        self.shrink();
    }

    /// Gives memory back when most of it is free.
    fn shrink(&mut self) {
        while self.rows.last().is_some_and(Option::is_none) {
            self.rows.pop();
        }
        let end = self.rows.len();
        self.free.retain(|id| (*id as usize) < end);
        if self.rows.capacity() > 4 * end + 64 {
            self.rows.shrink_to(2 * end);
            self.free.shrink_to_fit();
            self.by_key.shrink_to(2 * self.by_key.len());
        }
    }
}
