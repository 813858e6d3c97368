//! Edits on tables and the same edits on the structs of the reference codec.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message;

use crate::fixtures::{self, text_attribute};
use crate::{Attribute, AttributesEdit, Payload, Signal};

proptest! {
    #[test]
    fn edits_of_spans_equal_the_same_edits_of_structs(request in fixtures::traces()) {
        let mut payload = parse(Signal::Traces, &request);
        let mut expected = request;
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        traces.edit().spans(|span| {
            edit(&mut span.attributes());
            if span.view().kind() == 2 {
                span.set_name("renamed");
                span.set_status(2, "broken");
                span.set_name("renamed again");
            }
        });
        for span in spans(&mut expected) {
            edit_structs(&mut span.attributes);
            if span.kind == 2 {
                span.name = "renamed again".to_owned();
                span.status = Some(Status { code: 2, message: "broken".to_owned() });
            }
        }
        prop_assert_eq!(decode::<ExportTraceServiceRequest>(&payload), expected);
    }

    #[test]
    fn large_parts_that_stay_go_by_slice_into_the_right_place(
        sizes in proptest::collection::vec(0..150usize, 1..6),
        (edited, dropped, cut) in (20..200usize, 1..200usize, any::<bool>()),
    ) {
        let mut expected = large(&sizes);
        let mut payload = parse(Signal::Traces, &expected);
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        let longer = "long".repeat(5000);
        let change = |number: usize| number % edited == edited - 1;
        let keep = |number: usize| number.is_multiple_of(dropped) == cut;
        let mut numbers = 0..;
        traces.edit().spans(|span| {
            if change(numbers.next().unwrap()) {
                span.set_trace_state(&longer);
            }
        });
        let mut numbers = 0..;
        traces.retain(|_| keep(numbers.next().unwrap()));
        let mut number = 0;
        for group in &mut expected.resource_spans {
            for scope in &mut group.scope_spans {
                scope.spans.retain_mut(|span| {
                    if change(number) {
                        span.trace_state = longer.clone();
                    }
                    number += 1;
                    keep(number - 1)
                });
            }
            group.scope_spans.retain(|scope| !scope.spans.is_empty());
        }
        let was_empty = |group: &ResourceSpans| group.schema_url == "empty";
        expected.resource_spans.retain(|group| !group.scope_spans.is_empty() || was_empty(group));
        for group in expected.resource_spans.iter_mut().filter(|group| was_empty(group)) {
            group.scope_spans.resize_with(1, Default::default);
        }
        prop_assert_eq!(decode::<ExportTraceServiceRequest>(&payload), expected);
    }

    #[test]
    fn dropped_spans_take_their_empty_containers_along(request in fixtures::traces()) {
        let mut payload = parse(Signal::Traces, &request);
        let before = payload.items();
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        let dropped = traces.retain(|span| span.kind() % 2 == 0);
        prop_assert_eq!(traces.spans().count(), before - dropped);
        prop_assert_eq!(payload.items(), before - dropped);
        let mut expected = request;
        for group in &mut expected.resource_spans {
            let had = group.scope_spans.len();
            group.scope_spans.retain_mut(|scope| {
                let had = scope.spans.len();
                scope.spans.retain(|span| span.kind % 2 == 0);
                had == 0 || !scope.spans.is_empty()
            });
            if had > 0 && group.scope_spans.is_empty() {
                group.schema_url = "gone".to_owned();
            }
        }
        expected.resource_spans.retain(|group| group.schema_url != "gone");
        prop_assert_eq!(decode::<ExportTraceServiceRequest>(&payload), expected);
    }

    #[test]
    fn edits_of_resources_and_scopes_equal_the_same_edits_of_structs(request in fixtures::traces()) {
        let mut payload = parse(Signal::Traces, &request);
        let mut expected = request;
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        let mut changes = traces.edit();
        changes.resources(|resource| {
            edit(&mut resource.attributes());
            resource.set_schema_url("new");
        });
        changes.scopes(|scope| {
            scope.set_name("scope");
            scope.attributes().clear();
        });
        for group in &mut expected.resource_spans {
            edit_structs(&mut group.resource.get_or_insert_default().attributes);
            group.schema_url = "new".to_owned();
            for scope in &mut group.scope_spans {
                let scope = scope.scope.get_or_insert_default();
                scope.name = "scope".to_owned();
                scope.attributes.clear();
            }
        }
        prop_assert_eq!(decode::<ExportTraceServiceRequest>(&payload), expected);
    }

    #[test]
    fn edits_of_events_equal_the_same_edits_of_structs(request in fixtures::traces()) {
        let mut payload = parse(Signal::Traces, &request);
        let mut expected = request;
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        traces.edit().spans(|span| {
            span.retain_events(|event, attributes| {
                edit(attributes);
                event.name().len() % 3 != 0
            });
        });
        for span in spans(&mut expected) {
            span.events.retain(|event| event.name.len() % 3 != 0);
            span.events.iter_mut().for_each(|event| edit_structs(&mut event.attributes));
        }
        prop_assert_eq!(decode::<ExportTraceServiceRequest>(&payload), expected);
    }

    #[test]
    fn edits_of_records_equal_the_same_edits_of_structs(request in fixtures::logs()) {
        let mut payload = parse(Signal::Logs, &request);
        let mut expected = request;
        let Payload::Logs(logs) = &mut payload else { unreachable!() };
        logs.edit().records(|record| {
            edit(&mut record.attributes());
            if record.view().severity_number() < 9 {
                record.set_severity_text("LOW");
                record.set_body("replaced");
            }
        });
        let scopes = expected.resource_logs.iter_mut().flat_map(|group| &mut group.scope_logs);
        for record in scopes.flat_map(|scope| &mut scope.log_records) {
            edit_structs(&mut record.attributes);
            if record.severity_number < 9 {
                record.severity_text = "LOW".to_owned();
                record.body = text_attribute("", "replaced").value;
            }
        }
        prop_assert_eq!(decode::<ExportLogsServiceRequest>(&payload), expected);
    }

    #[test]
    fn edits_of_metrics_equal_the_same_edits_of_structs(request in fixtures::metrics()) {
        let mut payload = parse(Signal::Metrics, &request);
        let mut expected = request;
        let Payload::Metrics(metrics) = &mut payload else { unreachable!() };
        let mut changes = metrics.edit();
        changes.points(|point| edit(&mut point.attributes()));
        changes.metrics(|metric| {
            metric.set_unit("By");
            metric.set_temporality(1);
            metric.set_monotonic(false);
        });
        let scopes = expected.resource_metrics.iter_mut().flat_map(|group| &mut group.scope_metrics);
        for metric in scopes.flat_map(|scope| &mut scope.metrics) {
            metric.unit = "By".to_owned();
            edit_data(metric.data.as_mut());
        }
        prop_assert_eq!(decode::<ExportMetricsServiceRequest>(&payload), expected);
    }

    #[test]
    fn dropped_metrics_are_gone(request in fixtures::metrics()) {
        let mut payload = parse(Signal::Metrics, &request);
        let before = payload.items();
        let Payload::Metrics(metrics) = &mut payload else { unreachable!() };
        let dropped = metrics.retain(|metric| metric.name().len() % 2 == 0);
        prop_assert_eq!(payload.items(), before - dropped);
        let written: ExportMetricsServiceRequest = decode(&payload);
        let names = |request: &ExportMetricsServiceRequest| -> Vec<_> {
            let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
            scopes.flat_map(|scope| &scope.metrics).map(|metric| metric.name.clone()).collect()
        };
        let mut expected = names(&request);
        expected.retain(|name| name.len() % 2 == 0);
        prop_assert_eq!(names(&written), expected);
        prop_assert_eq!(crate::wire::scan::scan(Signal::Metrics, &written.encode_to_vec()), Ok(payload.items()));
    }
}

#[test]
fn what_is_not_known_stays() {
    // A span with a known name, field 100 of length 3, an attribute, a group with number 50, and a fixed64 (60).
    let span =
        b"\x2a\x01n\xa2\x06\x03abc\x4a\x07\x0a\x01k\x12\x02\x18\x07\x93\x03\x08\x01\x94\x03\xe1\x0312345678";
    let scope = [b"\xf2\x3e\x01s\x12".as_slice(), &[span.len() as u8], span].concat();
    let group = [b"\x12".as_slice(), &[scope.len() as u8], &scope, b"\xf2\x3e\x01r"].concat();
    let request = [b"\x0a".as_slice(), &[group.len() as u8], &group, b"\xf2\x3e\x01q"].concat();
    let mut payload = Payload::parse(Signal::Traces, Bytes::from(request)).unwrap();
    let Payload::Traces(traces) = &mut payload else { unreachable!() };
    traces.edit().spans(|span| {
        span.attributes().delete("k");
        span.set_name("long name");
    });
    let written = payload.to_rope().to_contiguous();
    for kept in [
        b"\xa2\x06\x03abc".as_slice(),
        b"\x93\x03\x08\x01\x94\x03",
        b"\xe1\x0312345678",
        b"\x01s",
        b"\x01r",
        b"\x01q",
    ] {
        assert!(written.windows(kept.len()).any(|window| window == kept), "{kept:?} in {written:?}");
    }
    assert!(!written.windows(2).any(|window| window == b"\x01k"));
    let Payload::Traces(traces) = Payload::parse(Signal::Traces, written).unwrap() else { unreachable!() };
    assert_eq!(traces.spans().next().unwrap().name(), "long name");
}

#[test]
fn a_change_to_a_clone_leaves_the_other_alone() {
    let mut request = ExportTraceServiceRequest::default();
    request.resource_spans.resize_with(2, Default::default);
    request.resource_spans[1].scope_spans.resize_with(1, Default::default);
    request.resource_spans[1].scope_spans[0].spans.resize_with(3, Default::default);
    let original = parse(Signal::Traces, &request);
    let mut changed = original.clone();
    let Payload::Traces(traces) = &mut changed else { unreachable!() };
    traces.edit().spans(|span| span.set_name("changed"));
    let again = changed.clone();
    let Payload::Traces(traces) = &mut changed else { unreachable!() };
    traces.edit().retain_spans(|_| false);
    assert_eq!(decode::<ExportTraceServiceRequest>(&original), request);
    assert_eq!(again.items(), 3);
    assert_eq!((changed.items(), changed.size()), (0, 2));
}

fn edit(attributes: &mut AttributesEdit<'_>) {
    attributes.upsert(&Attribute::new("service.name", "new"));
    attributes.delete("a");
    attributes.update(&Attribute::new("x", 7));
    attributes.insert(&Attribute::new("http.route", "/"));
    attributes.upsert(&Attribute::new("added", "long enough to change the width of lengths ".repeat(4)));
}

fn edit_structs(attributes: &mut Vec<KeyValue>) {
    let upsert = |attributes: &mut Vec<KeyValue>, new: KeyValue| match attributes
        .iter_mut()
        .find(|attribute| attribute.key == new.key)
    {
        Some(attribute) => *attribute = new,
        None => attributes.push(new),
    };
    upsert(attributes, text_attribute("service.name", "new"));
    attributes.retain(|attribute| attribute.key != "a");
    if let Some(x) = attributes.iter_mut().find(|attribute| attribute.key == "x") {
        let value = opentelemetry_proto::tonic::common::v1::any_value::Value::IntValue(7);
        x.value = Some(opentelemetry_proto::tonic::common::v1::AnyValue { value: Some(value) });
    }
    if attributes.iter().all(|attribute| attribute.key != "http.route") {
        attributes.push(text_attribute("http.route", "/"));
    }
    upsert(attributes, text_attribute("added", &"long enough to change the width of lengths ".repeat(4)));
}

fn edit_data(data: Option<&mut Data>) {
    match data {
        None => (),
        Some(Data::Gauge(gauge)) => {
            gauge.data_points.iter_mut().for_each(|at| edit_structs(&mut at.attributes))
        }
        Some(Data::Sum(sum)) => {
            (sum.aggregation_temporality, sum.is_monotonic) = (1, false);
            sum.data_points.iter_mut().for_each(|point| edit_structs(&mut point.attributes));
        }
        Some(Data::Histogram(histogram)) => {
            histogram.aggregation_temporality = 1;
            histogram.data_points.iter_mut().for_each(|point| edit_structs(&mut point.attributes));
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            histogram.aggregation_temporality = 1;
            histogram.data_points.iter_mut().for_each(|point| edit_structs(&mut point.attributes));
        }
        Some(Data::Summary(summary)) => {
            summary.data_points.iter_mut().for_each(|point| edit_structs(&mut point.attributes));
        }
    }
}

/// One group for each size, with so many spans of some hundred bytes.
fn large(sizes: &[usize]) -> ExportTraceServiceRequest {
    let group = |size: &usize| {
        let name = |number: usize| "name".repeat(20 + number % 7);
        let spans = (0..*size).map(|number| Span { name: name(number), ..Span::default() }).collect();
        let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
        let schema_url = if *size == 0 { "empty" } else { "url" }.to_owned();
        ResourceSpans { scope_spans, schema_url, ..ResourceSpans::default() }
    };
    ExportTraceServiceRequest { resource_spans: sizes.iter().map(group).collect() }
}

fn spans(request: &mut ExportTraceServiceRequest) -> impl Iterator<Item = &mut Span> {
    let scopes = request.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans);
    scopes.flat_map(|scope| &mut scope.spans)
}

fn parse(signal: Signal, request: &impl Message) -> Payload {
    Payload::parse(signal, Bytes::from(request.encode_to_vec())).unwrap()
}

fn decode<T: Message + Default>(payload: &Payload) -> T {
    let bytes = payload.to_rope().to_contiguous();
    assert_eq!(bytes.len(), payload.size());
    T::decode(bytes).unwrap()
}
