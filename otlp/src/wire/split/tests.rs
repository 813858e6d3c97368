//! Pieces against the request they were cut from.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use proptest::prelude::*;
use prost::Message;

use super::Limit;
use crate::{Payload, Signal, fixtures};

proptest! {
    #[test]
    fn pieces_of_traces_have_all_spans_in_order(request in fixtures::traces(), limit in limits()) {
        let pieces: Vec<ExportTraceServiceRequest> = cut(Signal::Traces, &request, limit)?;
        prop_assert_eq!(pieces.iter().flat_map(flat_spans).collect::<Vec<_>>(), flat_spans(&request));
    }

    #[test]
    fn pieces_of_logs_have_all_records_in_order(request in fixtures::logs(), limit in limits()) {
        let pieces: Vec<ExportLogsServiceRequest> = cut(Signal::Logs, &request, limit)?;
        prop_assert_eq!(pieces.iter().flat_map(flat_records).collect::<Vec<_>>(), flat_records(&request));
    }

    #[test]
    fn pieces_of_metrics_have_all_points_in_order(request in fixtures::metrics(), limit in limits()) {
        let pieces: Vec<ExportMetricsServiceRequest> = cut(Signal::Metrics, &request, limit)?;
        prop_assert_eq!(pieces.iter().flat_map(flat_points).collect::<Vec<_>>(), flat_points(&request));
    }

    #[test]
    fn cut_once_gives_two_parts(request in fixtures::metrics(), items in 0..20usize) {
        let payload = parse(Signal::Metrics, &request);
        let all = payload.items();
        let (first, rest) = payload.split_at(items);
        prop_assert_eq!((first.items(), rest.items()), (items.min(all), all.saturating_sub(items)));
        let mut both = flat_points(&decode(&first));
        both.extend(flat_points(&decode(&rest)));
        prop_assert_eq!(both, flat_points(&request));
    }
}

#[test]
fn a_piece_is_never_without_an_item() {
    let mut request = ExportTraceServiceRequest::default();
    request.resource_spans.resize_with(3, Default::default);
    request.resource_spans[1].scope_spans.resize_with(2, Default::default);
    request.resource_spans[1].scope_spans[1].spans.resize_with(4, Default::default);
    let pieces: Vec<_> = parse(Signal::Traces, &request).split(Limit::bytes(1)).collect();
    assert_eq!(pieces.iter().map(Payload::items).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert_eq!(Payload::empty(Signal::Logs).split(Limit::items(1)).count(), 0);
}

#[test]
fn fields_of_containers_that_are_not_known_are_repeated() {
    // Two empty spans in a scope with field 126, in a group with the same.
    let request = b"\x0a\x10\x12\x0a\xf2\x07\x01s\x12\x00\x12\x00\x48\x01\xf2\x07\x01r";
    let payload = Payload::parse(Signal::Traces, Bytes::from_static(request)).unwrap();
    for piece in payload.split(Limit::items(1)) {
        let bytes = piece.to_rope().to_contiguous();
        assert_eq!(bytes, b"\x0a\x0e\xf2\x07\x01r\x12\x08\xf2\x07\x01s\x48\x01\x12\x00".as_slice());
    }
}

#[test]
fn fields_of_the_request_that_are_not_known_count_towards_the_limit() {
    let request =
        [&b"\x0a\x0a\x12\x08\x12\x02\x50\x01\x12\x02\x50\x02".repeat(9)[..], b"\xf2\x07\x14", &[b'x'; 20]]
            .concat();
    let payload = Payload::parse(Signal::Traces, Bytes::from(request)).unwrap();
    for limit in 0..120 {
        let pieces = payload.clone().split(Limit::bytes(limit));
        assert!(pieces.into_iter().all(|piece| piece.size() <= limit || piece.items() == 1), "{limit}");
    }
}

#[test]
fn data_given_in_parts_keeps_its_temporality_in_every_piece() {
    // A sum of a point and a temporality, and the same sum with two more points.
    let request = b"\x0a\x12\x12\x10\x12\x0e\x3a\x04\x0a\x00\x10\x02\x3a\x06\x0a\x00\x0a\x00\x18\x01";
    let payload = Payload::parse(Signal::Metrics, Bytes::from_static(request)).unwrap();
    for items in 1..4 {
        let pieces: Vec<_> = payload.clone().split(Limit::items(items)).collect();
        assert_eq!(pieces.len(), 3_usize.div_ceil(items));
        for metric in pieces.iter().flat_map(|piece| piece.as_metrics().unwrap().metrics()) {
            assert_eq!((metric.temporality(), metric.is_monotonic()), (2, true));
        }
    }
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![(1..9usize).prop_map(Limit::items), (100..2000usize).prop_map(Limit::bytes)]
}

/// Cuts `request`, checks that every piece is within `limit` and known by its number of items.
fn cut<T: Message + Default>(signal: Signal, request: &T, limit: Limit) -> Result<Vec<T>, TestCaseError> {
    let payload = parse(signal, request);
    let mut pieces = Vec::new();
    for piece in payload.split(limit) {
        prop_assert!(piece.items() > 0);
        prop_assert!(piece.items() <= limit.items);
        prop_assert!(
            piece.size() <= limit.bytes || piece.items() == 1,
            "{} items in {} bytes",
            piece.items(),
            piece.size()
        );
        let scanned = crate::wire::scan::scan(signal, &piece.to_rope().to_contiguous());
        prop_assert_eq!(scanned, Ok(piece.items()));
        pieces.push(decode(&piece));
    }
    Ok(pieces)
}

fn parse(signal: Signal, request: &impl Message) -> Payload {
    Payload::parse(signal, Bytes::from(request.encode_to_vec())).unwrap()
}

fn decode<T: Message + Default>(payload: &Payload) -> T {
    T::decode(payload.to_rope().to_contiguous()).unwrap()
}

/// Every span with all that stands around it.
fn flat_spans(request: &ExportTraceServiceRequest) -> Vec<ExportTraceServiceRequest> {
    let mut flat = Vec::new();
    for group in &request.resource_spans {
        for scope in &group.scope_spans {
            for span in &scope.spans {
                let mut scope = scope.clone();
                scope.spans = vec![span.clone()];
                let mut group = group.clone();
                group.scope_spans = vec![scope];
                flat.push(ExportTraceServiceRequest { resource_spans: vec![group] });
            }
        }
    }
    flat
}

fn flat_records(request: &ExportLogsServiceRequest) -> Vec<ExportLogsServiceRequest> {
    let mut flat = Vec::new();
    for group in &request.resource_logs {
        for scope in &group.scope_logs {
            for record in &scope.log_records {
                let mut scope = scope.clone();
                scope.log_records = vec![record.clone()];
                let mut group = group.clone();
                group.scope_logs = vec![scope];
                flat.push(ExportLogsServiceRequest { resource_logs: vec![group] });
            }
        }
    }
    flat
}

fn flat_points(request: &ExportMetricsServiceRequest) -> Vec<ExportMetricsServiceRequest> {
    let mut flat = Vec::new();
    for group in &request.resource_metrics {
        for scope in &group.scope_metrics {
            for metric in scope.metrics.iter().flat_map(flat_metric) {
                let mut scope = scope.clone();
                scope.metrics = vec![metric];
                let mut group = group.clone();
                group.scope_metrics = vec![scope];
                flat.push(ExportMetricsServiceRequest { resource_metrics: vec![group] });
            }
        }
    }
    flat
}

/// The metric once for every point.
fn flat_metric(metric: &Metric) -> Vec<Metric> {
    let points = match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    };
    let one = |at: usize| {
        let mut metric = metric.clone();
        match metric.data.as_mut().expect("it has points") {
            Data::Gauge(data) => data.data_points = vec![data.data_points[at].clone()],
            Data::Sum(data) => data.data_points = vec![data.data_points[at].clone()],
            Data::Histogram(data) => data.data_points = vec![data.data_points[at].clone()],
            Data::ExponentialHistogram(data) => data.data_points = vec![data.data_points[at].clone()],
            Data::Summary(data) => data.data_points = vec![data.data_points[at].clone()],
        }
        metric
    };
    (0..points).map(one).collect()
}
