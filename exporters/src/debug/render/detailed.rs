//! Every field of every item.

use std::fmt::{Display, Write as _};

use otlp::{Attributes, Event, Link, LogRecord, Payload, Resource, Scope, Span, Text};

use super::{go, points};

/// The batch with every field of it.
pub(in super::super) fn detailed(payload: &Payload) -> String {
    let mut dump = Dump(String::new());
    match payload {
        Payload::Traces(traces) => dump.traces(traces),
        Payload::Metrics(metrics) => dump.metrics(metrics),
        Payload::Logs(logs) => dump.logs(logs),
    }
    dump.0
}

/// The text so far.
pub(super) struct Dump(String);

impl Dump {
    pub(super) fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("text takes everything");
    }

    /// A field of a span, its name padded.
    fn aligned(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("    {name:<15}: {value}"));
    }

    /// A heading and the attributes below it; nothing where there are none. `indent` goes before the attributes.
    pub(super) fn attributes(&mut self, heading: &str, indent: &str, attributes: Attributes<'_>) {
        if attributes.is_empty() {
            return;
        }
        self.line(format_args!("{heading}:"));
        for (key, value) in attributes.iter() {
            self.line(format_args!("{indent}     -> {key}: {}", go::Typed(value)));
        }
    }

    fn resource(&mut self, heading: &str, number: usize, resource: Resource<'_>) {
        self.line(format_args!("{heading} #{number}"));
        self.line(format_args!("Resource SchemaURL: {}", resource.schema_url()));
        self.attributes("Resource attributes", "", resource.attributes());
    }

    fn scope(&mut self, heading: &str, number: usize, scope: Scope<'_>, schema_url: Text<'_>) {
        self.line(format_args!("{heading} #{number}"));
        self.line(format_args!("{heading} SchemaURL: {schema_url}"));
        self.line(format_args!("InstrumentationScope {} {}", scope.name(), scope.version()));
        self.attributes("InstrumentationScope attributes", "", scope.attributes());
    }

    fn traces(&mut self, traces: &otlp::Traces) {
        for (number, resource) in traces.resources().enumerate() {
            self.resource("ResourceSpans", number, resource.resource());
            for (number, scope) in resource.scopes().enumerate() {
                self.scope("ScopeSpans", number, scope.scope(), scope.schema_url());
                scope.spans().enumerate().for_each(|(number, span)| self.span(number, span));
            }
        }
    }

    fn metrics(&mut self, metrics: &otlp::Metrics) {
        for (number, resource) in metrics.resources().enumerate() {
            self.resource("ResourceMetrics", number, resource.resource());
            for (number, scope) in resource.scopes().enumerate() {
                self.scope("ScopeMetrics", number, scope.scope(), scope.schema_url());
                scope.metrics().enumerate().for_each(|(number, metric)| points::metric(self, number, metric));
            }
        }
    }

    fn logs(&mut self, logs: &otlp::Logs) {
        for (number, resource) in logs.resources().enumerate() {
            self.resource("ResourceLog", number, resource.resource());
            for (number, scope) in resource.scopes().enumerate() {
                self.scope("ScopeLogs", number, scope.scope(), scope.schema_url());
                scope.records().enumerate().for_each(|(number, record)| self.record(number, record));
            }
        }
    }

    fn span(&mut self, number: usize, span: Span<'_>) {
        self.line(format_args!("Span #{number}"));
        self.aligned("Trace ID", go::id(span.trace_id()));
        self.aligned("Parent ID", go::id(span.parent_span_id()));
        self.aligned("ID", go::id(span.span_id()));
        self.aligned("Name", span.name());
        self.aligned("Kind", go::span_kind(span.kind()));
        if !span.trace_state().is_empty() {
            self.aligned("TraceState", span.trace_state());
        }
        self.aligned("Start time", go::time(span.start_time_unix_nano()));
        self.aligned("End time", go::time(span.end_time_unix_nano()));
        self.aligned("Status code", go::status_code(span.status().code));
        self.aligned("Status message", span.status().message);
        self.line(format_args!("    DroppedAttributesCount: {}", span.dropped_attributes_count()));
        self.attributes("Attributes", "", span.attributes());
        self.numbered("Events", span.events(), Dump::event);
        self.line(format_args!("    DroppedEventsCount: {}", span.dropped_events_count()));
        self.numbered("Links", span.links(), Dump::link);
        self.line(format_args!("    DroppedLinksCount: {}", span.dropped_links_count()));
    }

    /// A heading and all of `things` below it; nothing where there are none.
    pub(super) fn numbered<T>(
        &mut self,
        heading: &str,
        things: impl Iterator<Item = T>,
        show: impl Fn(&mut Dump, usize, T),
    ) {
        for (number, thing) in things.enumerate() {
            if number == 0 {
                self.line(format_args!("{heading}:"));
            }
            show(self, number, thing);
        }
    }

    fn event(&mut self, number: usize, event: Event<'_>) {
        self.line(format_args!("SpanEvent #{number}"));
        self.line(format_args!("     -> Name: {}", event.name()));
        self.line(format_args!("     -> Timestamp: {}", go::time(event.time_unix_nano())));
        self.line(format_args!("     -> DroppedAttributesCount: {}", event.dropped_attributes_count()));
        // The second colon is Go's.
        self.attributes("     -> Attributes:", "     ", event.attributes());
    }

    fn link(&mut self, number: usize, link: Link<'_>) {
        self.line(format_args!("SpanLink #{number}"));
        self.line(format_args!("     -> Trace ID: {}", go::id(link.trace_id())));
        self.line(format_args!("     -> ID: {}", go::id(link.span_id())));
        self.line(format_args!("     -> TraceState: {}", link.trace_state()));
        self.line(format_args!("     -> DroppedAttributesCount: {}", link.dropped_attributes_count()));
        self.attributes("     -> Attributes:", "     ", link.attributes());
    }

    fn record(&mut self, number: usize, record: LogRecord<'_>) {
        self.line(format_args!("LogRecord #{number}"));
        self.line(format_args!("ObservedTimestamp: {}", go::time(record.observed_time_unix_nano())));
        self.line(format_args!("Timestamp: {}", go::time(record.time_unix_nano())));
        self.line(format_args!("SeverityText: {}", record.severity_text()));
        let severity = record.severity_number();
        self.line(format_args!("SeverityNumber: {}({severity})", go::severity(severity)));
        if !record.event_name().is_empty() {
            self.line(format_args!("EventName: {}", record.event_name()));
        }
        self.line(format_args!("Body: {}", go::Typed(record.body())));
        self.attributes("Attributes", "", record.attributes());
        self.line(format_args!("Trace ID: {}", go::id(record.trace_id())));
        self.line(format_args!("Span ID: {}", go::id(record.span_id())));
        self.line(format_args!("Flags: {}", record.flags()));
    }
}
