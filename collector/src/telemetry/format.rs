//! How a log line is written: as the Go Collector's logger (zap) writes it.

use std::fmt::{Debug, Write as _};

use jiff::Zoned;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};

use super::config::Encoding;

/// An event's message and fields.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl Fields {
    pub(super) fn of(event: &Event<'_>) -> Fields {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if fields.fields.contains_key("otelcol.component.id")
            && let Some(kind) = component_kind(event.metadata().target())
        {
            fields.fields.insert("otelcol.component.kind".to_owned(), kind.into());
        }
        fields
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            // The Go Collector's name for it.
            ("component", value) => drop(self.fields.insert("otelcol.component.id".to_owned(), value)),
            // A component may bring names that are no Rust names, as one JSON object.
            ("fields", Value::String(text)) => match serde_json::from_str(&text) {
                Ok(Value::Object(more)) => self.fields.extend(more),
                _ => drop(self.fields.insert("fields".to_owned(), text.into())),
            },
            (name, value) => drop(self.fields.insert(name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// What is the same on all lines of a logger.
#[derive(Default)]
pub(super) struct Style {
    pub(super) encoding: Option<Encoding>,
    pub(super) caller: bool,
    /// Added to each line.
    pub(super) initial: Map<String, Value>,
}

impl Style {
    /// One line, with its end.
    pub(super) fn line(&self, metadata: &Metadata<'_>, event: Fields) -> String {
        let time = Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string();
        match self.encoding {
            Some(Encoding::Json) => self.json(metadata, event, time),
            Some(Encoding::Console) | None => self.console(metadata, event, &time),
        }
    }

    fn console(&self, metadata: &Metadata<'_>, event: Fields, time: &str) -> String {
        let mut line = format!("{time}\t{}", level(metadata));
        if self.caller {
            // Writing to a string does not fail.
            let _ = write!(line, "\t{}", caller(metadata));
        }
        let _ = write!(line, "\t{}", event.message);
        let mut fields = self.initial.clone();
        fields.extend(event.fields);
        if !fields.is_empty() {
            let _ = write!(line, "\t{}", Value::Object(fields));
        }
        line.push('\n');
        line
    }

    fn json(&self, metadata: &Metadata<'_>, event: Fields, time: String) -> String {
        let mut object = Map::new();
        object.insert("level".to_owned(), level(metadata).into());
        object.insert("ts".to_owned(), time.into());
        if self.caller {
            object.insert("caller".to_owned(), caller(metadata).into());
        }
        object.insert("msg".to_owned(), event.message.into());
        object.extend(self.initial.clone());
        object.extend(event.fields);
        format!("{}\n", Value::Object(object))
    }
}

fn level(metadata: &Metadata<'_>) -> &'static str {
    match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

fn caller(metadata: &Metadata<'_>) -> String {
    format!("{}:{}", metadata.file().unwrap_or("unknown"), metadata.line().unwrap_or(0))
}

/// What kind of component lives in this module.
fn component_kind(target: &str) -> Option<&'static str> {
    match target.split("::").next()? {
        "receivers" => Some("receiver"),
        "processors" => Some("processor"),
        "exporters" => Some("exporter"),
        "connectors" => Some("connector"),
        "extensions" => Some("extension"),
        _ => None,
    }
}
