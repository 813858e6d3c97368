//! Changing a list of attributes.

use super::row::{AttributeList, AttributeRow, Store};
use super::{Attribute, Attributes, put_pair};
use crate::value::{AnyValue, Text, Value};
use crate::wire::message::{Fields, put_message};

/// Spare rows that a list gets when it has to move because it grew: most get one or two attributes more.
const SPARE: u32 = 2;

/// The attributes of one resource, scope, span, data point or log record, to be changed.
#[derive(Debug)]
pub struct AttributesEdit<'a> {
    pub(crate) source: &'a [u8],
    pub(crate) arena: &'a mut Vec<u8>,
    /// The rows of all lists.
    pub(crate) rows: &'a mut Vec<AttributeRow>,
    /// The rows that are this list.
    pub(crate) list: &'a mut AttributeList,
    /// The number of the field that attributes are in the message around them.
    pub(crate) number: u32,
}

impl AttributesEdit<'_> {
    /// The attributes as they are now.
    pub fn view(&self) -> Attributes<'_> {
        Attributes::in_rows(self.store(), self.list.of(self.rows))
    }

    /// The value of `key`, the first if there are several.
    pub fn get(&self, key: &str) -> Option<Value<'_>> {
        self.view().get(key)
    }

    /// Whether there is a value for `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.position(key.as_bytes()).is_some()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (Text<'_>, Value<'_>)> + Clone {
        self.view().iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.len == 0
    }

    /// Adds `attribute` unless its key is there. Whether it was added.
    pub fn insert(&mut self, attribute: &Attribute) -> bool {
        let is_new = self.position(attribute.key().as_bytes()).is_none();
        if is_new {
            let row = self.write(|out| out.extend_from_slice(&attribute.body));
            self.push(row);
        }
        is_new
    }

    /// Replaces the value of the attribute's key if it is there. Whether it was.
    pub fn update(&mut self, attribute: &Attribute) -> bool {
        let position = self.position(attribute.key().as_bytes());
        if let Some(position) = position {
            let row = self.write(|out| out.extend_from_slice(&attribute.body));
            self.replace(position, row);
        }
        position.is_some()
    }

    /// Adds `attribute`, or replaces the value of its key.
    pub fn upsert(&mut self, attribute: &Attribute) {
        if !self.update(attribute) {
            let row = self.write(|out| out.extend_from_slice(&attribute.body));
            self.push(row);
        }
    }

    /// Adds or replaces the value of `key`: for values that are computed anew for each item.
    pub fn set(&mut self, key: &str, value: impl Into<AnyValue>) {
        let value = value.into();
        self.put(key.as_bytes(), |out| value.write(out));
    }

    /// Adds or replaces the value of `key` by one that lies elsewhere, whose bytes are copied.
    pub fn set_raw(&mut self, key: &str, value: Value<'_>) {
        self.put(key.as_bytes(), |out| value.write(out));
    }

    /// Removes all attributes with this key. Whether there was one.
    pub fn delete(&mut self, key: &str) -> bool {
        let Some(position) = self.position(key.as_bytes()) else {
            return false;
        };
        self.keep_rows(position, |row, store| !row.has_key(store, key.as_bytes()));
        true
    }

    /// Removes the attributes that `keep` refuses.
    pub fn retain(&mut self, mut keep: impl FnMut(Text<'_>, Value<'_>) -> bool) {
        self.keep_rows(0, |row, store| keep(Text::new(row.key(store)), Value::read(row.value(store))));
    }

    /// Gives the value of `from` to `to`, whose own value is lost. Whether there was something to rename.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let Some(position) = self.position(from.as_bytes()) else {
            return false;
        };
        if from != to {
            let row = self.list.of(self.rows)[position];
            let value = row.value(self.store()).to_vec();
            self.delete(to);
            let position = self.position(from.as_bytes()).expect("only `to` was deleted");
            let row = self.write(|out| put_pair(out, to.as_bytes(), |out| out.extend_from_slice(&value)));
            self.replace(position, row);
        }
        true
    }

    /// Removes all attributes.
    pub fn clear(&mut self) {
        self.list.is_changed |= self.list.len > 0;
        self.list.len = 0;
    }

    fn store(&self) -> Store<'_> {
        Store::new(self.source, self.arena)
    }

    fn position(&self, key: &[u8]) -> Option<usize> {
        let store = self.store();
        self.list.of(self.rows).iter().position(|row| row.has_key(store, key))
    }

    fn put(&mut self, key: &[u8], write_value: impl FnOnce(&mut Vec<u8>)) {
        let row = self.write(|out| put_pair(out, key, write_value));
        match self.position(key) {
            Some(position) => self.replace(position, row),
            None => self.push(row),
        }
    }

    /// Replaces a row by one that was just written, unless they say the same.
    fn replace(&mut self, position: usize, row: AttributeRow) {
        let old = self.list.of(self.rows)[position];
        let store = self.store();
        if old.value(store) == row.value(store) && old.has_key(store, row.key(store)) {
            self.arena.truncate(row.start as usize - self.source.len() - 1);
        } else {
            self.rows[self.list.first as usize + position] = row;
            self.list.is_changed = true;
        }
    }

    /// Removes the rows from `position` on that `keep` refuses.
    fn keep_rows(&mut self, position: usize, mut keep: impl FnMut(&AttributeRow, Store<'_>) -> bool) {
        let store = Store::new(self.source, self.arena);
        let first = self.list.first as usize;
        let (start, end) = (first + position, first + self.list.len as usize);
        let mut kept = start;
        for at in start..end {
            let row = self.rows[at];
            if keep(&row, store) {
                self.rows[kept] = row;
                kept += 1;
            }
        }
        let len = (kept - first) as u32;
        self.list.is_changed |= len != self.list.len;
        self.list.len = len;
    }

    /// Writes a whole field into the arena, whose body `write` writes.
    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> AttributeRow {
        let start = self.arena.len();
        put_message(self.arena, self.number, write);
        let field = Fields::starting_at(self.arena, start).next().expect("it was just written");
        AttributeRow::read(self.arena, self.source.len() + 1, (field.start, field.value, field.end))
    }

    /// Adds a row; a list without room moves behind all others, where it can grow.
    fn push(&mut self, row: AttributeRow) {
        let (first, len) = (self.list.first as usize, self.list.len as usize);
        self.list.is_changed = true;
        self.list.len += 1;
        if self.list.len <= self.list.capacity {
            self.rows[first + len] = row;
            return;
        }
        if first + len < self.rows.len() {
            self.list.first = self.rows.len() as u32;
            self.rows.extend_from_within(first..first + len);
        }
        self.list.capacity = self.list.len + SPARE;
        self.rows.extend([row; 1 + SPARE as usize]);
    }
}
