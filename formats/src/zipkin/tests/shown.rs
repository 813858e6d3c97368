//! Requests as text that is easy to compare: a line per resource, span, event and link, attributes in order.

use std::fmt::Write;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;

pub(super) fn show(request: &ExportTraceServiceRequest) -> String {
    let mut out = String::new();
    for resource in &request.resource_spans {
        let attributes = resource.resource.as_ref().map(|resource| resource.attributes.as_slice());
        writeln!(out, "resource {}", attributes_shown(attributes.unwrap_or_default())).unwrap();
        for scope in &resource.scope_spans {
            if let Some(scope) = &scope.scope {
                writeln!(out, "scope {} {}", scope.name, scope.version).unwrap();
            }
            scope.spans.iter().for_each(|span| show_span(&mut out, span));
        }
    }
    out
}

fn show_span(out: &mut String, span: &Span) {
    let (trace, id) = (hex(&span.trace_id), hex(&span.span_id));
    write!(out, "span {trace} {id} <{}> {:?} ", hex(&span.parent_span_id), span.name).unwrap();
    write!(out, "kind {} {}..{} ", span.kind, span.start_time_unix_nano, span.end_time_unix_nano).unwrap();
    write!(out, "{}", attributes_shown(&span.attributes)).unwrap();
    if !span.trace_state.is_empty() {
        write!(out, " state {}", span.trace_state).unwrap();
    }
    if let Some(status) = &span.status {
        write!(out, " status {} {:?}", status.code, status.message).unwrap();
    }
    writeln!(out).unwrap();
    for event in &span.events {
        let attributes = attributes_shown(&event.attributes);
        let (time, dropped) = (event.time_unix_nano, event.dropped_attributes_count);
        writeln!(out, "event {time} {:?} {attributes} {dropped}", event.name).unwrap();
    }
    for link in &span.links {
        let attributes = attributes_shown(&link.attributes);
        let (trace, id) = (hex(&link.trace_id), hex(&link.span_id));
        let (state, dropped) = (&link.trace_state, link.dropped_attributes_count);
        writeln!(out, "link {trace} {id} {state} {attributes} {dropped}").unwrap();
    }
}

fn attributes_shown(attributes: &[KeyValue]) -> String {
    let mut shown: Vec<String> = attributes
        .iter()
        .map(|attribute| format!("{}={}", attribute.key, value_shown(attribute.value.as_ref())))
        .collect();
    shown.sort();
    format!("{{{}}}", shown.join(", "))
}

fn value_shown(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => "null".to_owned(),
        Some(Value::StringValue(text)) => format!("{text:?}"),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => format!("{number:?}"),
        Some(Value::ArrayValue(array)) => {
            let values: Vec<_> = array.values.iter().map(|value| value_shown(Some(value))).collect();
            format!("[{}]", values.join(", "))
        }
        Some(Value::KvlistValue(list)) => attributes_shown(&list.values),
        Some(other) => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
