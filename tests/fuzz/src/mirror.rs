//! Edits of attributes, and the same edits of prost's structs.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use otlp::{Attribute, AttributesEdit};

/// Few keys, of which the seeds have some, so that edits meet attributes.
const KEYS: [&str; 6] = ["service.name", "a", "k8s.pod.name", "", "text", "long.key.that.is.in.no.request"];

/// An edit of one list of attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit {
    Nothing,
    Insert(&'static str),
    Update(&'static str),
    Upsert(&'static str),
    Set(&'static str),
    Copy(&'static str, &'static str),
    Delete(&'static str),
    Retain(&'static str),
    Rename(&'static str, &'static str),
    Clear,
}

impl Edit {
    /// Every byte is an edit.
    pub(crate) fn choose(choice: u8) -> Self {
        let key = KEYS[usize::from(choice) / 16 % KEYS.len()];
        let other = KEYS[usize::from(choice) / 32 % KEYS.len()];
        match choice % 16 {
            0 => Self::Clear,
            1 | 2 => Self::Insert(key),
            3 | 4 => Self::Update(key),
            5 | 6 => Self::Upsert(key),
            7 | 8 => Self::Set(key),
            9 => Self::Copy(key, other),
            10 | 11 => Self::Delete(key),
            12 => Self::Retain(key),
            13 | 14 => Self::Rename(key, other),
            _ => Self::Nothing,
        }
    }

    pub(crate) fn apply(self, attributes: &mut AttributesEdit<'_>) {
        match self {
            Self::Nothing => (),
            Self::Insert(key) => drop(attributes.insert(&Attribute::new(key, "inserted"))),
            Self::Update(key) => drop(attributes.update(&Attribute::new(key, -7))),
            Self::Upsert(key) => attributes.upsert(&Attribute::new(key, long_text())),
            Self::Set(key) => attributes.set(key, true),
            Self::Copy(from, to) => {
                // What is inside of lists and maps is not copied field by field, so unknown fields would differ.
                let value = attributes.get(from);
                if let Some(value) = value.filter(is_scalar).map(|value| value.to_owned()) {
                    attributes.set(to, value);
                }
            }
            Self::Delete(key) => drop(attributes.delete(key)),
            Self::Retain(key) => attributes.retain(|name, value| name != key && !value.is_empty()),
            Self::Rename(from, to) => drop(attributes.rename(from, to)),
            Self::Clear => attributes.clear(),
        }
    }

    pub(crate) fn apply_to_structs(self, attributes: &mut Vec<KeyValue>) {
        match self {
            Self::Nothing => (),
            Self::Insert(key) => {
                if position(attributes, key).is_none() {
                    attributes.push(pair(key, Some(Value::StringValue("inserted".to_owned()))));
                }
            }
            Self::Update(key) => {
                if let Some(position) = position(attributes, key) {
                    attributes[position] = pair(key, Some(Value::IntValue(-7)));
                }
            }
            Self::Upsert(key) => put(attributes, pair(key, Some(Value::StringValue(long_text())))),
            Self::Set(key) => put(attributes, pair(key, Some(Value::BoolValue(true)))),
            Self::Copy(from, to) => {
                if let Some(value) = position(attributes, from).map(|at| known_value(&attributes[at]))
                    && !matches!(value, Some(Value::ArrayValue(_) | Value::KvlistValue(_)))
                {
                    put(attributes, pair(to, value));
                }
            }
            Self::Delete(key) => attributes.retain(|attribute| attribute.key != key),
            Self::Retain(key) => {
                attributes.retain(|attribute| attribute.key != key && known_value(attribute).is_some())
            }
            Self::Rename(from, to) => rename(attributes, from, to),
            Self::Clear => attributes.clear(),
        }
    }
}

/// Long enough to change how many bytes the lengths around it take.
fn long_text() -> String {
    "long enough ".repeat(12)
}

fn rename(attributes: &mut Vec<KeyValue>, from: &str, to: &str) {
    let Some(first) = position(attributes, from) else { return };
    if from == to {
        return;
    }
    let value = attributes[first].value.clone().and_then(|value| value.value);
    attributes.retain(|attribute| attribute.key != to);
    let first = position(attributes, from).expect("only others were removed");
    attributes[first] = pair(to, value);
}

fn is_scalar(value: &otlp::Value<'_>) -> bool {
    !matches!(value, otlp::Value::Array(_) | otlp::Value::Map(_))
}

/// The value, unless it is in the dictionary that only profiles have.
fn known_value(attribute: &KeyValue) -> Option<Value> {
    let value = attribute.value.clone().and_then(|value| value.value);
    value.filter(|value| !matches!(value, Value::StringValueStrindex(_)))
}

fn put(attributes: &mut Vec<KeyValue>, new: KeyValue) {
    match position(attributes, &new.key) {
        Some(position) => attributes[position] = new,
        None => attributes.push(new),
    }
}

fn position(attributes: &[KeyValue], key: &str) -> Option<usize> {
    attributes.iter().position(|attribute| attribute.key == key)
}

fn pair(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
}
