//! Which resource goes into which file: pure functions.

use std::collections::BTreeMap;

use otlp::{Payload, Resource, Value};

/// A path with a place for what a resource says.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    prefix: String,
    suffix: String,
}

impl Pattern {
    /// The pattern of a path with one `*`.
    pub(super) fn new(path: &str) -> Pattern {
        let (prefix, suffix) = path.split_once('*').unwrap_or((path, ""));
        Pattern { prefix: prefix.to_owned(), suffix: suffix.to_owned() }
    }

    /// The path for that value. It comes from outside, and cannot lead out of where the pattern points.
    pub(super) fn path(&self, value: &str) -> String {
        let mut names = Vec::new();
        for name in value.split('/') {
            match name {
                "" | "." => (),
                ".." => drop(names.pop()),
                name => names.push(name),
            }
        }
        format!("{}{}{}", self.prefix, names.join("/"), self.suffix)
    }
}

/// The parts of `payload` by the text in that attribute of their resources, and the number of items without one.
pub(super) fn split(payload: Payload, attribute: &str) -> (BTreeMap<String, Payload>, usize) {
    let values = values(&payload, attribute);
    let of = |resource: Resource<'_>| values.get(&resource.index());
    let mut distinct: Vec<&String> = values.values().collect();
    distinct.sort();
    distinct.dedup();
    let parts: BTreeMap<String, Payload> = distinct
        .into_iter()
        .map(|value| {
            let mut part = payload.clone();
            match &mut part {
                Payload::Traces(traces) => traces.retain(|span| of(span.resource()) == Some(value)),
                Payload::Metrics(metrics) => metrics.retain(|metric| of(metric.resource()) == Some(value)),
                Payload::Logs(logs) => logs.retain(|record| of(record.resource()) == Some(value)),
            };
            (value.clone(), part)
        })
        .collect();
    let kept: usize = parts.values().map(Payload::items).sum();
    (parts, payload.items().saturating_sub(kept))
}

/// What the resources say, by their position; those without a text are absent.
fn values(payload: &Payload, attribute: &str) -> BTreeMap<usize, String> {
    let value = |resource: Resource<'_>| match resource.attributes().get(attribute) {
        Some(Value::Text(text)) => Some((resource.index(), text.to_str().into_owned())),
        _ => None,
    };
    match payload {
        Payload::Traces(traces) => traces.resources().filter_map(|group| value(group.resource())).collect(),
        Payload::Metrics(metrics) => {
            metrics.resources().filter_map(|group| value(group.resource())).collect()
        }
        Payload::Logs(logs) => logs.resources().filter_map(|group| value(group.resource())).collect(),
    }
}
