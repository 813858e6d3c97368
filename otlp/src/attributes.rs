//! Attributes: reading them where they lie, and the one way to change them.
//!
//! A resource, a scope, a span, a data point and a log record all hold a list of `KeyValue`s. The list is known by rows
//! of offsets; changing an attribute replaces its row by one that points to new bytes in an arena, and nothing else.

mod edit;
mod message;
mod row;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::value::{AnyValue, Text, Value};
use crate::wire::message::{BYTES, Fields, put_bytes, put_message};

pub use edit::AttributesEdit;
pub(crate) use message::Editor;
pub(crate) use row::{AttributeList, AttributeRow, Store};

/// Attributes to read. A key that occurs twice has the value it has first.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    form: Form<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Form<'a> {
    /// Read before: one row each.
    Rows { store: Store<'a>, rows: &'a [AttributeRow] },
    /// The fields with this number in the body of a message.
    Wire { message: &'a [u8], number: u32 },
}

/// A key and a value, encoded once: setting it on a million spans copies its bytes a million times and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The body of a `KeyValue`.
    body: Vec<u8>,
    /// Where the key lies in it.
    key: Range<usize>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn in_rows(store: Store<'a>, rows: &'a [AttributeRow]) -> Self {
        Self { form: Form::Rows { store, rows } }
    }

    pub(crate) fn on_wire(message: &'a [u8], number: u32) -> Self {
        Self { form: Form::Wire { message, number } }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        match self.form {
            Form::Rows { store, rows } => {
                let row = rows.iter().find(|row| row.has_key(store, key.as_bytes()))?;
                Some(Value::read(row.value(store)))
            }
            Form::Wire { .. } => self.iter().find(|(name, _)| *name == key).map(|(_, value)| value),
        }
    }

    /// Whether there is a value for `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (Text<'a>, Value<'a>)> + Clone + use<'a> {
        let (store, rows, message, number) = match self.form {
            Form::Rows { store, rows } => (store, rows, <&[u8]>::default(), 0),
            Form::Wire { message, number } => {
                (Store::default(), <&[AttributeRow]>::default(), message, number)
            }
        };
        let known = rows.iter().map(move |row| (Text::new(row.key(store)), Value::read(row.value(store))));
        known.chain(Fields::new(message).bodies(number).map(read_pair))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.form {
            Form::Rows { rows, .. } => rows.len(),
            Form::Wire { message, number } => Fields::new(message).bodies(number).count(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self.form {
            Form::Rows { rows, .. } => rows.is_empty(),
            Form::Wire { .. } => self.iter().next().is_none(),
        }
    }

    /// Writes each as a `KeyValue` field with `number`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, number: u32) {
        for (key, value) in self.iter() {
            put_message(out, number, |out| put_pair(out, key.as_bytes(), |out| value.write(out)));
        }
    }
}

impl Attribute {
    /// Encodes `key` and `value`.
    pub fn new(key: &str, value: impl Into<AnyValue>) -> Self {
        let value = value.into();
        let mut body = Vec::new();
        put_pair(&mut body, key.as_bytes(), |out| value.write(out));
        let key = Fields::new(&body).next().map_or(0..0, |field| field.value..field.end);
        Self { body, key }
    }

    /// The key.
    pub fn key(&self) -> Text<'_> {
        Text::new(&self.body[self.key.clone()])
    }

    /// The value.
    pub fn value(&self) -> Value<'_> {
        read_pair(&self.body).1
    }
}

/// Writes the body of a `KeyValue`.
fn put_pair(out: &mut Vec<u8>, key: &[u8], write_value: impl FnOnce(&mut Vec<u8>)) {
    put_bytes(out, 1, key);
    put_message(out, 2, write_value);
}

fn read_pair(body: &[u8]) -> (Text<'_>, Value<'_>) {
    let (mut key, mut value) = (<&[u8]>::default(), <&[u8]>::default());
    for field in Fields::new(body) {
        match (field.number, field.wire_type) {
            (1, BYTES) => key = field.value_in(body),
            (2, BYTES) => value = field.value_in(body),
            _ => (),
        }
    }
    (Text::new(key), Value::read(value))
}
