//! One item as text for people.

use serde_json::{Map, Value};

/// The lists in which the item lies, from outside to inside.
const LEVELS: [[&str; 3]; 3] = [
    ["resourceSpans", "resourceMetrics", "resourceLogs"],
    ["scopeSpans", "scopeMetrics", "scopeLogs"],
    ["spans", "metrics", "logRecords"],
];

/// Where and when, then resource, scope and item, each with its attributes.
pub(super) fn text(at: &str, edge: &str, data: &Value) -> String {
    let resource = first(data, LEVELS[0]);
    let scope = first(resource, LEVELS[1]);
    let item = first(scope, LEVELS[2]);
    let mut text = format!("{at}  {edge}\n");
    object(&mut text, 1, item);
    part(&mut text, "scope", &scope["scope"]);
    part(&mut text, "resource", &resource["resource"]);
    text
}

fn first<'a>(value: &'a Value, names: [&str; 3]) -> &'a Value {
    let found = names.iter().find_map(|name| value.get(name));
    found.and_then(|list| list.get(0)).unwrap_or(&Value::Null)
}

fn part(text: &mut String, name: &str, value: &Value) {
    if value.as_object().is_some_and(|fields| !fields.is_empty()) {
        line(text, 1, name);
        object(text, 2, value);
    }
}

/// Fields first, then what has fields itself.
fn object(text: &mut String, depth: usize, value: &Value) {
    let Some(fields) = value.as_object() else { return };
    for (name, value) in fields {
        match value {
            Value::Array(list) if name == "attributes" => attributes(text, depth, list),
            Value::Array(list) => {
                for value in list {
                    nested(text, depth, name, value);
                }
            }
            value => nested(text, depth, name, value),
        }
    }
}

fn nested(text: &mut String, depth: usize, name: &str, value: &Value) {
    match value {
        Value::Object(fields) if fields.is_empty() => (),
        Value::Object(fields) => match any_value(fields) {
            Some(value) => line(text, depth, &format!("{name}: {value}")),
            None => {
                line(text, depth, name);
                object(text, depth + 1, value);
            }
        },
        value => line(text, depth, &format!("{name}: {}", scalar(value))),
    }
}

fn attributes(text: &mut String, depth: usize, list: &[Value]) {
    for pair in list {
        let key = pair["key"].as_str().unwrap_or_default();
        let value = pair["value"].as_object().and_then(any_value).unwrap_or_default();
        line(text, depth, &format!("{key}={value}"));
    }
}

/// A value of OTLP, which names its type: `{"stringValue": "cart"}`.
fn any_value(fields: &Map<String, Value>) -> Option<String> {
    let (kind, value) = fields.iter().next()?;
    match kind.as_str() {
        "stringValue" | "boolValue" | "intValue" | "doubleValue" | "bytesValue" => Some(scalar(value)),
        "arrayValue" | "kvlistValue" => Some(value["values"].to_string()),
        _ => None,
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a terminal would take for orders is shown as it is written in programs: keys and values are whatever a client
/// sent.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn line(text: &mut String, depth: usize, words: &str) {
    text.push_str(&"  ".repeat(depth));
    text.push_str(&printable(words));
    text.push('\n');
}

#[cfg(test)]
mod tests;
