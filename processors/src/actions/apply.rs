//! Carrying actions out.

use component::Origin;
use otlp::{AnyValue, Attribute, AttributesEdit, Value};
use regex::Regex;

use super::hash::hash;
use super::{Actions, Conversion, OriginPart, Selection, Source, Step, When};

/// Actions for the batches of one origin.
pub(crate) struct Prepared<'a> {
    steps: &'a [Step],
    /// One for each step that asks the origin, in their order.
    from_origin: Vec<Option<Attribute>>,
}

impl Actions {
    /// Looks up what `origin` has to say.
    pub(crate) fn prepare(&self, origin: &Origin) -> Prepared<'_> {
        let asking = self.steps.iter().filter_map(|step| match step {
            Step::Put { key, source: Source::Origin { from, default }, .. } => Some((key, from, default)),
            _ => None,
        });
        let answer = |(key, from, default): (&String, &OriginPart, &Option<Attribute>)| {
            from.look_up(origin).map(|value| Attribute::new(key, value)).or_else(|| default.clone())
        };
        Prepared { steps: &self.steps, from_origin: asking.map(answer).collect() }
    }
}

impl Prepared<'_> {
    /// Carries all actions out on one list.
    pub(crate) fn apply(&self, attributes: &mut AttributesEdit<'_>) {
        let mut from_origin = self.from_origin.iter();
        for step in self.steps {
            match step {
                Step::Put { when, source: Source::Constant(attribute), .. } => {
                    put(*when, attribute, attributes)
                }
                Step::Put { when, source: Source::Origin { .. }, .. } => {
                    if let Some(Some(attribute)) = from_origin.next() {
                        put(*when, attribute, attributes);
                    }
                }
                Step::Put { key, when, source: Source::Attribute { name, default } } => {
                    if when.allows(attributes.contains(key)) {
                        copy(name, key, default.as_ref(), attributes);
                    }
                }
                Step::Delete(selection) => delete(selection, attributes),
                Step::Hash(selection) => hash_all(selection, attributes),
                Step::Extract { key, pattern, groups } => extract(key, pattern, groups, attributes),
                Step::Convert { key, to } => convert(key, *to, attributes),
            }
        }
    }
}

impl When {
    fn allows(self, is_present: bool) -> bool {
        match self {
            When::Absent => !is_present,
            When::Present => is_present,
            When::Always => true,
        }
    }
}

impl OriginPart {
    fn look_up(&self, origin: &Origin) -> Option<String> {
        match self {
            OriginPart::Metadata(name) => {
                let values = origin.metadata.as_ref()?.get(name);
                (!values.is_empty()).then(|| values.join(";"))
            }
            OriginPart::Identity(name) => Some(origin.identity.as_ref()?.get(name)?.to_owned()),
            OriginPart::Address => Some(origin.peer?.ip().to_canonical().to_string()),
        }
    }
}

fn put(when: When, attribute: &Attribute, attributes: &mut AttributesEdit<'_>) {
    match when {
        When::Absent => {
            attributes.insert(attribute);
        }
        When::Present => {
            attributes.update(attribute);
        }
        When::Always => attributes.upsert(attribute),
    }
}

fn copy(from: &str, to: &str, default: Option<&Attribute>, attributes: &mut AttributesEdit<'_>) {
    match (attributes.get(from).map(|value| Attribute::new(to, value)), default) {
        (Some(found), _) => attributes.upsert(&found),
        (None, Some(default)) => attributes.upsert(default),
        (None, None) => (),
    }
}

fn delete(selection: &Selection, attributes: &mut AttributesEdit<'_>) {
    if let Some(key) = &selection.key {
        attributes.delete(key);
    }
    if let Some(pattern) = &selection.pattern {
        attributes.retain(|key, _| !pattern.is_match(&key.to_str()));
    }
}

fn hash_all(selection: &Selection, attributes: &mut AttributesEdit<'_>) {
    if let Some(key) = &selection.key {
        hash_one(key, attributes);
    }
    if let Some(pattern) = &selection.pattern {
        let names = attributes.iter().map(|(key, _)| key.to_str());
        let matching: Vec<_> = names.filter(|name| pattern.is_match(name)).map(String::from).collect();
        for name in &matching {
            hash_one(name, attributes);
        }
    }
}

fn hash_one(key: &str, attributes: &mut AttributesEdit<'_>) {
    if let Some(hashed) = attributes.get(key).map(hash) {
        attributes.set(key, hashed);
    }
}

/// Matches once, anywhere in the text; a group that took no part in the match is empty.
fn extract(key: &str, pattern: &Regex, groups: &[String], attributes: &mut AttributesEdit<'_>) {
    let Some(text) = attributes.get(key).and_then(|value| value.as_str().map(String::from)) else { return };
    let Some(found) = pattern.captures(&text) else { return };
    for (index, name) in groups.iter().enumerate() {
        let part = found.get(index + 1).map_or("", |part| part.as_str());
        attributes.set(name, part);
    }
}

fn convert(key: &str, to: Conversion, attributes: &mut AttributesEdit<'_>) {
    let converted = attributes.get(key).and_then(|value| match to {
        Conversion::Text => to_text(value),
        Conversion::Int => to_int(value),
        Conversion::Double => to_double(value),
    });
    if let Some(converted) = converted {
        attributes.set(key, converted);
    }
}

fn to_text(value: Value<'_>) -> Option<AnyValue> {
    match value {
        Value::Text(_) => None,
        other => Some(AnyValue::String(other.to_text().into_owned())),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what does not fit becomes the nearest that does")]
fn to_int(value: Value<'_>) -> Option<AnyValue> {
    match value {
        Value::Text(text) => text.to_str().parse().ok().map(AnyValue::Int),
        Value::Double(number) => Some(AnyValue::Int(number as i64)),
        Value::Bool(flag) => Some(AnyValue::Int(i64::from(flag))),
        Value::Int(_) | Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "doubles are what was asked for")]
fn to_double(value: Value<'_>) -> Option<AnyValue> {
    match value {
        Value::Text(text) => parse_double(&text.to_str()).map(AnyValue::Double),
        Value::Int(number) => Some(AnyValue::Double(number as f64)),
        Value::Bool(flag) => Some(AnyValue::Double(f64::from(u8::from(flag)))),
        Value::Double(_) | Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => None,
    }
}

/// Digits that are beyond every double are no number, unlike the word `inf`.
fn parse_double(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let is_word = text.contains(['i', 'I', 'n', 'N']);
    (number.is_finite() || is_word).then_some(number)
}
