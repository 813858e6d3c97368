//! What tables show and what the reference codec decodes.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use proptest::prelude::*;
use prost::Message;

use crate::{
    AnyValue, Attributes, Logs, Metric, MetricKind, Metrics, Number, Payload, Point, Signal, Traces, Value,
    fixtures,
};

proptest! {
    #[test]
    fn spans_show_what_was_sent(request in fixtures::traces()) {
        let traces = traces(&request);
        let mut shown = traces.spans();
        for group in &request.resource_spans {
            for scope in &group.scope_spans {
                for sent in &scope.spans {
                    let span = shown.next().unwrap();
                    prop_assert_eq!(span.trace_id(), &sent.trace_id);
                    prop_assert_eq!(span.span_id(), &sent.span_id);
                    prop_assert_eq!(span.parent_span_id(), &sent.parent_span_id);
                    prop_assert_eq!(span.name(), sent.name.as_str());
                    prop_assert_eq!(span.kind(), sent.kind);
                    prop_assert_eq!(span.flags(), sent.flags);
                    prop_assert_eq!(span.start_time_unix_nano(), sent.start_time_unix_nano);
                    prop_assert_eq!(span.end_time_unix_nano(), sent.end_time_unix_nano);
                    let status = sent.status.clone().unwrap_or_default();
                    prop_assert_eq!((span.status().code, span.status().message.as_bytes()), (status.code, status.message.as_bytes()));
                    check(span.attributes(), &sent.attributes)?;
                    prop_assert_eq!(span.events().count(), sent.events.len());
                    for (event, sent) in span.events().zip(&sent.events) {
                        prop_assert_eq!(event.name(), sent.name.as_str());
                        prop_assert_eq!(event.time_unix_nano(), sent.time_unix_nano);
                        check(event.attributes(), &sent.attributes)?;
                    }
                    for (link, sent) in span.links().zip(&sent.links) {
                        prop_assert_eq!((link.trace_id(), link.flags()), (sent.trace_id.as_slice(), sent.flags));
                        check(link.attributes(), &sent.attributes)?;
                    }
                    let sent = group.resource.clone().unwrap_or_default();
                    check(span.resource().attributes(), &sent.attributes)?;
                    prop_assert_eq!(span.resource().dropped_attributes_count(), sent.dropped_attributes_count);
                    prop_assert_eq!(span.resource().schema_url(), group.schema_url.as_str());
                    let sent = scope.scope.clone().unwrap_or_default();
                    check(span.scope().attributes(), &sent.attributes)?;
                    prop_assert_eq!(span.scope().name(), sent.name.as_str());
                    prop_assert_eq!(span.scope().version(), sent.version.as_str());
                    prop_assert_eq!(span.scope().schema_url(), scope.schema_url.as_str());
                }
            }
        }
        prop_assert!(shown.next().is_none());
        let nested = traces.resources().flat_map(|group| group.scopes().collect::<Vec<_>>());
        prop_assert_eq!(nested.map(|scope| scope.spans().count()).sum::<usize>(), traces.spans().count());
    }

    #[test]
    fn records_show_what_was_sent(request in fixtures::logs()) {
        let bytes = Bytes::from(request.encode_to_vec());
        let Payload::Logs(logs) = Payload::parse(Signal::Logs, bytes).unwrap() else { unreachable!() };
        let _: &Logs = &logs;
        let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
        let sent: Vec<_> = scopes.flat_map(|scope| &scope.log_records).collect();
        prop_assert_eq!(logs.records().count(), sent.len());
        for (record, sent) in logs.records().zip(sent) {
            prop_assert_eq!(record.time_unix_nano(), sent.time_unix_nano);
            prop_assert_eq!(record.observed_time_unix_nano(), sent.observed_time_unix_nano);
            prop_assert_eq!(record.severity_number(), sent.severity_number);
            prop_assert_eq!(record.severity_text(), sent.severity_text.as_str());
            prop_assert_eq!(record.flags(), sent.flags);
            prop_assert_eq!(record.event_name(), sent.event_name.as_str());
            prop_assert_eq!(record.body().to_owned(), owned(sent.body.as_ref()));
            check(record.attributes(), &sent.attributes)?;
        }
    }

    #[test]
    fn points_show_what_was_sent(request in fixtures::metrics()) {
        let bytes = Bytes::from(request.encode_to_vec());
        let Payload::Metrics(metrics) = Payload::parse(Signal::Metrics, bytes).unwrap() else { unreachable!() };
        let _: &Metrics = &metrics;
        let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
        let sent: Vec<_> = scopes.flat_map(|scope| &scope.metrics).collect();
        prop_assert_eq!(metrics.metrics().count(), sent.len());
        for (metric, sent) in metrics.metrics().zip(sent) {
            prop_assert_eq!(metric.name(), sent.name.as_str());
            prop_assert_eq!(metric.description(), sent.description.as_str());
            prop_assert_eq!(metric.unit(), sent.unit.as_str());
            check(metric.metadata(), &sent.metadata)?;
            check_data(metric, sent.data.as_ref())?;
        }
    }
}

#[test]
fn of_fields_that_occur_twice_the_last_counts_and_resources_are_merged() {
    let request = b"\x0a\x22\x0a\x07\x0a\x05\x0a\x01a\x12\x00\x12\x0a\x12\x08\x2a\x01x\x30\x01\x2a\x01y\x0a\x07\x0a\x05\x0a\x01b\x12\x00\x0a\x02\x10\x05";
    let payload = Payload::parse(Signal::Traces, Bytes::from_static(request)).unwrap();
    let Payload::Traces(mut traces) = payload else { unreachable!() };
    let span = traces.spans().next().unwrap();
    assert_eq!((span.name().to_str().as_ref(), span.kind()), ("y", 1));
    let keys = |span: crate::Span<'_>| -> Vec<_> {
        span.resource().attributes().iter().map(|(key, _)| key.to_string()).collect()
    };
    assert_eq!(keys(span), ["a", "b"]);
    assert_eq!(span.resource().dropped_attributes_count(), 5);
    traces.edit().resources(|resource| {
        resource.attributes().delete("a");
    });
    let written = Payload::from(traces).to_rope().to_contiguous();
    let Payload::Traces(traces) = Payload::parse(Signal::Traces, written).unwrap() else { unreachable!() };
    let span = traces.spans().next().unwrap();
    assert_eq!(keys(span), ["b"]);
    assert_eq!(span.resource().dropped_attributes_count(), 5);
}

fn traces(request: &impl Message) -> Traces {
    let bytes = Bytes::from(request.encode_to_vec());
    let Payload::Traces(traces) = Payload::parse(Signal::Traces, bytes).unwrap() else { unreachable!() };
    traces
}

fn check(shown: Attributes<'_>, sent: &[KeyValue]) -> Result<(), TestCaseError> {
    prop_assert_eq!(shown.len(), sent.len());
    for ((key, value), sent) in shown.iter().zip(sent) {
        prop_assert_eq!(key, sent.key.as_str());
        prop_assert_eq!(value.to_owned(), owned(sent.value.as_ref()));
    }
    for key in fixtures::KEYS {
        let first = sent.iter().find(|attribute| attribute.key == key);
        prop_assert_eq!(
            shown.get(key).map(|value| value.to_owned()),
            first.map(|at| owned(at.value.as_ref()))
        );
    }
    Ok(())
}

fn check_data(metric: Metric<'_>, sent: Option<&Data>) -> Result<(), TestCaseError> {
    let mut points = metric.points();
    match sent {
        None => prop_assert_eq!(metric.kind(), MetricKind::Empty),
        Some(Data::Gauge(gauge)) => {
            prop_assert_eq!(metric.kind(), MetricKind::Gauge);
            for sent in &gauge.data_points {
                check_number(points.next().unwrap(), sent)?;
            }
        }
        Some(Data::Sum(sum)) => {
            prop_assert_eq!(metric.kind(), MetricKind::Sum);
            prop_assert_eq!(metric.temporality(), sum.aggregation_temporality);
            prop_assert_eq!(metric.is_monotonic(), sum.is_monotonic);
            for sent in &sum.data_points {
                check_number(points.next().unwrap(), sent)?;
            }
        }
        Some(Data::Histogram(histogram)) => {
            prop_assert_eq!(metric.temporality(), histogram.aggregation_temporality);
            for sent in &histogram.data_points {
                let point = points.next().unwrap();
                check(point.attributes(), &sent.attributes)?;
                prop_assert_eq!((point.count(), point.sum(), point.max()), (sent.count, sent.sum, sent.max));
                prop_assert_eq!((point.min(), point.flags()), (None, 1));
                prop_assert_eq!(point.bucket_counts().collect::<Vec<_>>(), sent.bucket_counts.clone());
                prop_assert_eq!(point.explicit_bounds().collect::<Vec<_>>(), sent.explicit_bounds.clone());
            }
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            for sent in &histogram.data_points {
                let point = points.next().unwrap();
                check(point.attributes(), &sent.attributes)?;
                prop_assert_eq!((point.scale(), point.zero_count(), point.min()), (sent.scale, 7, sent.min));
                prop_assert_eq!(point.zero_threshold(), 0.5);
                let positive = sent.positive.clone().unwrap_or_default();
                prop_assert_eq!(point.positive().offset(), positive.offset);
                prop_assert_eq!(point.positive().counts().collect::<Vec<_>>(), positive.bucket_counts);
                prop_assert_eq!(point.negative().counts().count(), 0);
            }
        }
        Some(Data::Summary(summary)) => {
            for sent in &summary.data_points {
                let point = points.next().unwrap();
                check(point.attributes(), &sent.attributes)?;
                prop_assert_eq!((point.count(), point.sum()), (3, Some(4.5)));
                let quantiles: Vec<_> = point.quantiles().map(|at| (at.quantile, at.value)).collect();
                prop_assert_eq!(quantiles, vec![(sent.quantile_values[0].quantile, 2.0)]);
            }
        }
    }
    prop_assert!(points.next().is_none());
    Ok(())
}

fn check_number(
    point: Point<'_>,
    sent: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint,
) -> Result<(), TestCaseError> {
    check(point.attributes(), &sent.attributes)?;
    let value = sent.value.map(|value| match value {
        number_data_point::Value::AsInt(value) => Number::Int(value),
        number_data_point::Value::AsDouble(value) => Number::Double(value),
    });
    prop_assert_eq!(point.value(), value);
    prop_assert_eq!(point.time_unix_nano(), sent.time_unix_nano);
    prop_assert_eq!(point.start_time_unix_nano(), sent.start_time_unix_nano);
    prop_assert_eq!(point.flags(), sent.flags);
    for (exemplar, sent) in point.exemplars().zip(&sent.exemplars) {
        prop_assert_eq!((exemplar.time_unix_nano(), exemplar.value()), (sent.time_unix_nano, None));
        check(exemplar.attributes(), &sent.filtered_attributes)?;
    }
    Ok(())
}

fn owned(sent: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>) -> AnyValue {
    match sent.and_then(|sent| sent.value.as_ref()) {
        None => AnyValue::Empty,
        Some(any_value::Value::StringValue(text)) => text.as_str().into(),
        Some(any_value::Value::BoolValue(flag)) => (*flag).into(),
        Some(any_value::Value::IntValue(number)) => (*number).into(),
        Some(any_value::Value::DoubleValue(number)) => (*number).into(),
        Some(any_value::Value::BytesValue(bytes)) => bytes.clone().into(),
        Some(any_value::Value::ArrayValue(array)) => {
            AnyValue::Array(array.values.iter().map(|value| owned(Some(value))).collect())
        }
        Some(any_value::Value::KvlistValue(map)) => {
            let pairs = map.values.iter();
            AnyValue::Map(pairs.map(|pair| (pair.key.clone(), owned(pair.value.as_ref()))).collect())
        }
        Some(other) => panic!("not in the fixtures: {other:?}"),
    }
}

#[test]
fn values_of_equal_content_are_equal() {
    assert_eq!(Value::Int(3), Value::Int(3));
    assert_ne!(Value::Int(3), Value::Double(3.0));
}

#[test]
fn rows_stay_small() {
    // A span of 440 bytes with ten attributes takes 320 bytes of rows, which sets what a batch costs to look into.
    assert!(size_of::<crate::attributes::AttributeRow>() <= 24);
    assert!(size_of::<crate::tables::Row>() <= 56);
}

#[test]
fn a_status_given_in_parts_is_one() {
    // A code, a message, and an empty status.
    let request = b"\x0a\x0f\x12\x0d\x12\x0b\x7a\x02\x18\x02\x7a\x03\x12\x01m\x7a\x00";
    let payload = Payload::parse(Signal::Traces, Bytes::from_static(request)).unwrap();
    let status = payload.as_traces().unwrap().spans().next().unwrap().status();
    assert_eq!((status.code, status.message.to_str().as_ref()), (2, "m"));
}

#[test]
fn buckets_given_in_parts_are_one_and_keep_to_32_bits() {
    // An offset of one above 32 bits that do not count, then counts, then more counts.
    let point = b"\x42\x06\x08\x82\x80\x80\x80\x10\x42\x04\x12\x02\x05\x06\x42\x02\x10\x07";
    let framed = |tag: u8, body: &[u8]| [&[tag, body.len() as u8], body].concat();
    let request =
        [0x12, 0x12, 0x0a].iter().fold(framed(0x52, &framed(0x0a, point)), |body, tag| framed(*tag, &body));
    let payload = Payload::parse(Signal::Metrics, Bytes::from(request)).unwrap();
    let (_, point) = payload.as_metrics().unwrap().points().next().unwrap();
    assert_eq!(point.positive().offset(), 1);
    assert_eq!(point.positive().counts().collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(point.negative().counts().count(), 0);
}
