//! Changes to tables.

use bytes::Bytes;
use otlp::{Logs, LogsEdit, Metrics, MetricsEdit, Number, Payload, PointEdit, RecordEdit, SpanEdit};
use otlp::{ResourceEdit, ScopeEdit, Traces, TracesEdit};

use crate::compare::same_request;
use crate::input::{Choices, Input};
use crate::mirror::Edit;
use crate::outcome::{Outcome, class};
use crate::reference::{Reference, has_whole_values};

/// Whatever is changed, the outcome is a request that says what the tables say, and a clone stays as it was.
pub(crate) fn edits(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices, body }) = Input::<6>::read(data) else {
        return Outcome::of("short");
    };
    let Ok(original) = Payload::parse(signal, Bytes::copy_from_slice(body)) else {
        return Outcome::of("refused");
    };
    let mut edited = original.clone();
    let dropped = edit(&mut edited, &mut Choices::new(&choices));
    assert_eq!(original.to_rope().to_contiguous(), body);
    assert_eq!(edited.items() + dropped, original.items());
    let written = edited.to_rope().to_contiguous();
    assert_eq!(edited.size(), written.len());
    assert_eq!(otlp::wire::scan::scan(signal, &written), Ok(edited.items()));
    if Reference::read(signal, body).is_ok() {
        let reference = Reference::read(signal, &written).expect("nothing but UTF-8 was added");
        if has_whole_values(signal, &written) {
            same_request(&edited, &reference);
        }
    }
    let growth = written.len().abs_diff(body.len());
    Outcome::of((
        signal,
        choices[0] % 6,
        class(original.items()),
        class(dropped),
        class(body.len()),
        class(growth),
    ))
}

/// Makes changes, and says how many items they dropped.
fn edit(payload: &mut Payload, choices: &mut Choices<'_>) -> usize {
    match payload {
        Payload::Traces(traces) => edit_traces(traces, choices),
        Payload::Metrics(metrics) => edit_metrics(metrics, choices),
        Payload::Logs(logs) => edit_logs(logs, choices),
    }
}

fn edit_traces(traces: &mut Traces, choices: &mut Choices<'_>) -> usize {
    let mut dropped = 0;
    let mut edit: TracesEdit<'_> = traces.edit();
    for _ in 0..2 {
        match choices.next() % 4 {
            0 => edit.resources(|resource| edit_resource(resource, choices)),
            1 => edit.scopes(|scope| edit_scope(scope, choices)),
            2 => edit.spans(|span| edit_span(span, choices)),
            _ => {
                dropped += edit.retain_spans(|span| {
                    edit_span(span, choices);
                    keep(choices)
                });
            }
        }
    }
    dropped + traces.retain(|span| span.kind() != 3)
}

fn edit_metrics(metrics: &mut Metrics, choices: &mut Choices<'_>) -> usize {
    let mut dropped = 0;
    let mut edit: MetricsEdit<'_> = metrics.edit();
    for _ in 0..3 {
        match choices.next() % 6 {
            0 => edit.resources(|resource| edit_resource(resource, choices)),
            1 => edit.scopes(|scope| edit_scope(scope, choices)),
            2 => edit.metrics(|metric| edit_metric(metric, choices)),
            3 => edit.points(|point| edit_point(point, choices)),
            4 => {
                dropped += edit.retain_metrics(|metric| {
                    edit_metric(metric, choices);
                    keep(choices)
                });
            }
            _ => {
                dropped += edit.retain_points(|point| {
                    edit_point(point, choices);
                    keep(choices)
                });
            }
        }
    }
    let marked = |flags: u32| flags & 2 != 0;
    dropped += metrics.retain(|metric| !metric.unit().is_empty() || metric.name() != "dropped");
    dropped + metrics.retain_points(|_, point| !marked(point.flags()))
}

fn edit_logs(logs: &mut Logs, choices: &mut Choices<'_>) -> usize {
    let mut dropped = 0;
    let mut edit: LogsEdit<'_> = logs.edit();
    for _ in 0..2 {
        match choices.next() % 4 {
            0 => edit.resources(|resource| edit_resource(resource, choices)),
            1 => edit.scopes(|scope| edit_scope(scope, choices)),
            2 => edit.records(|record| edit_record(record, choices)),
            _ => {
                dropped += edit.retain_records(|record| {
                    edit_record(record, choices);
                    keep(choices)
                });
            }
        }
    }
    dropped + logs.retain(|record| record.severity_number() != 5)
}

fn keep(choices: &mut Choices<'_>) -> bool {
    !choices.next().is_multiple_of(3)
}

fn edit_resource(resource: &mut ResourceEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut resource.attributes());
    if choices.next().is_multiple_of(4) {
        resource.set_schema_url("https://example.com/a/new/schema");
        assert_eq!(resource.view().schema_url(), "https://example.com/a/new/schema");
    }
}

fn edit_scope(scope: &mut ScopeEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut scope.attributes());
    match choices.next() % 4 {
        0 => scope.set_name("scope"),
        1 => scope.set_version(""),
        2 => scope.set_schema_url(""),
        _ => (),
    }
}

fn edit_span(span: &mut SpanEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut span.attributes());
    match choices.next() % 14 {
        0 => {
            span.set_name("renamed");
            assert_eq!(span.view().name(), "renamed");
        }
        1 => span.set_kind(-1),
        2 => span.set_status(2, "broken"),
        3 => span.set_status(0, ""),
        4 => span.set_start_time_unix_nano(u64::MAX),
        5 => span.set_end_time_unix_nano(0),
        6 => span.set_trace_state("a".repeat(200)),
        7 => span.set_trace_id([7; 16]),
        8 => span.set_span_id([0; 8]),
        9 => span.set_parent_span_id([1; 8]),
        10 => span.clear_parent_span_id(),
        11 => span.set_flags(0x101),
        _ => {
            let events = span.view().events().count();
            let dropped = span.retain_events(|event, attributes| {
                Edit::choose(choices.next()).apply(attributes);
                event.name().len().is_multiple_of(2)
            });
            assert_eq!(span.view().events().count() + dropped, events);
        }
    }
}

fn edit_record(record: &mut RecordEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut record.attributes());
    match choices.next() % 10 {
        0 => record.set_time_unix_nano(1),
        1 => record.set_observed_time_unix_nano(u64::MAX),
        2 => record.set_severity_number(9),
        3 => record.set_severity_text("INFO"),
        4 => record.set_body("replaced"),
        5 => record.set_body(0.5),
        6 => record.set_trace_id([9; 16]),
        7 => record.set_span_id([9; 8]),
        8 => record.set_flags(1),
        _ => record.set_event_name("event"),
    }
}

fn edit_metric(metric: &mut otlp::MetricEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut metric.metadata());
    match choices.next() % 6 {
        0 => metric.set_name("renamed"),
        1 => metric.set_description("described ".repeat(20)),
        2 => metric.set_unit(""),
        3 => metric.set_temporality(2),
        4 => metric.set_monotonic(true),
        _ => metric.set_monotonic(false),
    }
}

fn edit_point(point: &mut PointEdit<'_>, choices: &mut Choices<'_>) {
    Edit::choose(choices.next()).apply(&mut point.attributes());
    let has_value = matches!(point.metric().kind(), otlp::MetricKind::Gauge | otlp::MetricKind::Sum);
    match choices.next() % 4 {
        0 if has_value => {
            point.set_value(Number::Int(-1));
            assert_eq!(point.view().value(), Some(Number::Int(-1)));
        }
        1 if has_value => point.set_value(Number::Double(0.0)),
        2 => point.set_start_time_unix_nano(3),
        _ => point.set_time_unix_nano(u64::MAX),
    }
}
