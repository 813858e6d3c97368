//! Annotations, which can be searched for, and metadata, which cannot: all that no block takes.
//!
//! The usual way copies what the resource has and appends what the span has. Where keys of both could meet, or a span
//! asks for something of its own, a slower way looks at every key.

use std::borrow::Cow;
use std::collections::HashSet;

use otlp::Value;

use super::cause::Told;
use super::json::{Json, utf8};
use super::keys::Taker;
use super::resource::{PREFIX, is_indexed};
use super::rows::Row;
use super::segment::{Form, Segment};
use super::{Cut, foreign};

/// The namespace in which a document says what was cut from it.
const OUR_NAMESPACE: &str = "ferrotel";
const DEFAULT_NAMESPACE: &str = "default";

/// Where an attribute of a span goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A block has it, or there is nothing to keep.
    Nowhere,
    Annotation,
    Metadata,
}

/// The keys that an object has.
#[derive(Default)]
pub(super) struct Keys {
    keys: HashSet<String>,
}

impl Keys {
    /// Whether `key` was not there yet; now it is.
    pub(super) fn is_new(&mut self, key: &str) -> bool {
        self.keys.insert(key.to_owned())
    }
}

/// Whether this can be an annotation.
pub(super) fn is_scalar(value: Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Double(_))
}

/// The key as X-Ray takes it in an annotation: letters and digits of ASCII, and dots.
pub(super) fn annotation_key(key: &str) -> Cow<'_, str> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    if key.chars().all(is_allowed) {
        return key.into();
    }
    key.chars().map(|letter| if is_allowed(letter) { letter } else { '_' }).collect::<String>().into()
}

/// Writes the members `annotations` and `metadata`, as far as there is something in them.
pub(super) fn write(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    if segment.cut < Cut::Annotations {
        let before = json.len();
        if write_annotations(segment, json).is_none() {
            json.truncate(before);
            write_annotations_slowly(segment, json);
        }
    }
    write_metadata(segment, json);
}

/// Writes `annotations` unless keys could meet; then nothing is right, and the answer is none.
fn write_annotations(segment: &Segment<'_, '_>, json: &mut Json<'_>) -> Option<()> {
    let start = json.len();
    json.key("annotations");
    json.open('{');
    let empty = json.len();
    if segment.stores_resource {
        if segment.wants_resource_indexed() {
            return None;
        }
        json.raw(&segment.resource.annotations);
    }
    for row in segment.rows.iter().filter(|row| place(segment, row) == Place::Annotation) {
        let name = row.name();
        if matches!(annotation_key(&name), Cow::Owned(_)) || name.starts_with(PREFIX) {
            return None;
        }
        json.foreign_key("", &name);
        json.value(row.value);
    }
    close_unless_empty(json, start, empty);
    Some(())
}

fn write_annotations_slowly(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let start = json.len();
    json.key("annotations");
    json.open('{');
    let empty = json.len();
    let mut keys = Keys::default();
    let mut write = |json: &mut Json<'_>, name: &str, value: Value<'_>| {
        let name = annotation_key(name);
        if keys.is_new(&name) {
            json.foreign_key("", &name);
            json.value(value);
        }
    };
    for (key, value) in segment.resource.attributes.iter().filter(|_| segment.stores_resource) {
        let name = utf8(key);
        if is_resource_indexed(segment, &name, value) {
            write(json, &format!("{PREFIX}{name}"), value);
        }
    }
    for row in segment.rows.iter().filter(|row| place(segment, row) == Place::Annotation) {
        write(json, &row.name(), row.value);
    }
    close_unless_empty(json, start, empty);
}

fn is_resource_indexed(segment: &Segment<'_, '_>, name: &str, value: Value<'_>) -> bool {
    let is_wanted = |name: &[u8]| segment.wants_resource_indexed() && segment.rows.wants_indexed(name);
    is_indexed(name, value, segment.options, is_wanted)
}

fn close_unless_empty(json: &mut Json<'_>, start: usize, empty: usize) {
    match json.len() == empty {
        true => json.truncate(start),
        false => json.close('}'),
    }
}

fn write_metadata(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let start = json.len();
    json.key("metadata");
    json.open('{');
    let empty = json.len();
    if segment.cut < Cut::Metadata {
        match segment.form {
            Form::Service => write_resource_only(segment, json),
            Form::Plain | Form::LocalRoot | Form::Dependency => write_namespaces(segment, json),
        }
    }
    if segment.cut != Cut::Nothing {
        json.key(OUR_NAMESPACE);
        json.open('{');
        json.key("cut");
        json.raw("\"");
        json.raw(segment.cut.words());
        json.raw("\",");
        json.close('}');
    }
    close_unless_empty(json, start, empty);
}

/// Metadata of which the span's own part was taken out, which is seen by an empty object.
fn write_resource_only(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let members = if segment.stores_resource { segment.resource.metadata.as_str() } else { "" };
    let mut own = segment.rows.iter().filter(|row| place(segment, row) == Place::Metadata);
    if members.is_empty() && own.next().is_none() {
        return;
    }
    json.key(DEFAULT_NAMESPACE);
    json.open('{');
    json.raw(members);
    json.close('}');
}

fn write_namespaces(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let before = json.len();
    if write_default(segment, json).is_none() {
        json.truncate(before);
        write_namespaces_slowly(segment, json);
    }
}

/// Writes the default namespace if it is the only one, and unless keys could meet; otherwise the answer is none.
fn write_default(segment: &Segment<'_, '_>, json: &mut Json<'_>) -> Option<()> {
    let start = json.len();
    json.key(DEFAULT_NAMESPACE);
    json.open('{');
    let empty = json.len();
    if segment.stores_resource {
        if segment.wants_resource_indexed() {
            return None;
        }
        json.raw(&segment.resource.metadata);
    }
    for row in segment.rows.iter().filter(|row| place(segment, row) == Place::Metadata) {
        let name = row.name();
        if row.namespace().is_some() || name.starts_with(PREFIX) {
            return None;
        }
        json.foreign_key("", &name);
        json.value(row.value);
    }
    close_unless_empty(json, start, empty);
    Some(())
}

fn write_namespaces_slowly(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let start = json.len();
    json.key(DEFAULT_NAMESPACE);
    json.open('{');
    let empty = json.len();
    let mut keys = Keys::default();
    for (key, value) in segment.resource.attributes.iter().filter(|_| segment.stores_resource) {
        let name = utf8(key);
        let is_kept = !value.is_empty() && !is_resource_indexed(segment, &name, value);
        if is_kept && keys.is_new(&format!("{PREFIX}{name}")) {
            json.foreign_key(PREFIX, &name);
            json.value(value);
        }
    }
    let mut others = Vec::new();
    for row in segment.rows.iter().filter(|row| place(segment, row) == Place::Metadata) {
        match namespace(row) {
            Some((name, members)) if name.eq_ignore_ascii_case(DEFAULT_NAMESPACE) => {
                for (key, value) in members.iter().filter(|(key, _)| keys.is_new(key)) {
                    json.foreign_key("", key);
                    json.raw(value);
                }
            }
            Some(other) => others.push(other),
            None => {
                let name = row.name();
                if keys.is_new(&name) {
                    json.foreign_key("", &name);
                    json.value(row.value);
                }
            }
        }
    }
    close_unless_empty(json, start, empty);
    for (name, members) in others {
        json.foreign_key("", &name);
        json.open('{');
        for (key, value) in members {
            json.foreign_key("", &key);
            json.raw(&value);
        }
        json.close('}');
    }
}

/// The namespace that an attribute holds, with its members.
fn namespace<'a>(row: &Row<'a>) -> Option<(Cow<'a, str>, foreign::Members)> {
    let (name, text) = row.namespace()?;
    let name = utf8(name);
    // Ours may be needed.
    if name == OUR_NAMESPACE {
        return None;
    }
    Some((name, foreign::members(&utf8(text))?))
}

fn place(segment: &Segment<'_, '_>, row: &Row<'_>) -> Place {
    if row.taker == Taker::Remote && segment.form == Form::Service {
        return Place::Nowhere;
    }
    let name = row.key.as_bytes();
    let is_scalar = is_scalar(row.value);
    let is_listed = is_scalar && segment.options.indexes(name);
    if is_taken(segment, row) {
        return if is_listed { Place::Annotation } else { Place::Nowhere };
    }
    if segment.options.index_all_attributes {
        return if is_scalar { Place::Annotation } else { Place::Nowhere };
    }
    if is_listed || (is_scalar && segment.rows.wants_indexed(name)) {
        return Place::Annotation;
    }
    if row.value.is_empty() { Place::Nowhere } else { Place::Metadata }
}

/// Whether a block has it.
fn is_taken(segment: &Segment<'_, '_>, row: &Row<'_>) -> bool {
    match row.taker {
        Taker::Nobody | Taker::Remote => false,
        Taker::Http | Taker::User => true,
        Taker::Aws => segment.resource.aws.is_some(),
        Taker::Sql => segment.is_query,
        Taker::StatusText => segment.cause == Told::InStatusText,
        Taker::InProgress => matches!(row.value, Value::Bool(_)),
        Taker::Annotations => matches!(row.value, Value::Array(_)),
    }
}
