//! Pieces against the request that they were cut from.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1 as structs;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use otlp::{Limit, Payload, Signal};

use crate::input::Input;
use crate::outcome::{Outcome, class};
use crate::reference::{Reference, has_whole_values};

/// Pieces are within the limit and hold all items in order, each with what stands around it.
pub(crate) fn split(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices: [items, bytes], body }) = Input::read(data) else {
        return Outcome::of("short");
    };
    let Ok(payload) = Payload::parse(signal, Bytes::copy_from_slice(body)) else {
        return Outcome::of("refused");
    };
    let limit = Limit { items: limit(items), bytes: limit(bytes).saturating_mul(16) };
    let pieces: Vec<Payload> = payload.clone().split(limit).collect();
    pieces.iter().for_each(|piece| check_piece(piece, limit));
    assert_eq!(pieces.iter().map(Payload::items).sum::<usize>(), payload.items());
    if let Ok(whole) = Reference::read(signal, body)
        && has_whole_values(signal, body)
    {
        let cut: Vec<_> = pieces.iter().flat_map(|piece| each_item(&read(signal, piece))).collect();
        assert!(cut == each_item(&whole), "other items in {pieces:?} of {whole:?} by {limit:?}");
    }
    check_cut_once(payload, items.into());
    Outcome::of((signal, class(pieces.len()), class(body.len()), class(limit.items), class(limit.bytes)))
}

/// Zero stands for no limit.
fn limit(choice: u8) -> usize {
    if choice == 0 { usize::MAX } else { choice.into() }
}

fn check_piece(piece: &Payload, limit: Limit) {
    let bytes = piece.to_rope().to_contiguous();
    assert_eq!(piece.size(), bytes.len());
    assert_eq!(otlp::wire::scan::scan(piece.signal(), &bytes), Ok(piece.items()));
    assert!(piece.items() > 0);
    assert!(piece.items() <= limit.items);
    assert!(bytes.len() <= limit.bytes || piece.items() == 1, "{} bytes", bytes.len());
}

fn check_cut_once(payload: Payload, at: usize) {
    let items = payload.items();
    let (first, rest) = payload.split_at(at);
    assert_eq!((first.items(), rest.items()), (items.min(at), items.saturating_sub(at)));
}

fn read(signal: Signal, piece: &Payload) -> Reference {
    Reference::read(signal, &piece.to_rope().to_contiguous()).expect("a piece is a request")
}

/// For every item a request, encoded, of it and of what stands around it.
fn each_item(request: &Reference) -> Vec<Vec<u8>> {
    let mut items = Vec::new();
    match request {
        Reference::Traces(request) => {
            for group in &request.resource_spans {
                for scope in &group.scope_spans {
                    for span in &scope.spans {
                        let mut one = ExportTraceServiceRequest { resource_spans: vec![group.clone()] };
                        one.resource_spans[0].scope_spans = vec![scope.clone()];
                        one.resource_spans[0].scope_spans[0].spans = vec![span.clone()];
                        items.push(Reference::Traces(one).to_bytes());
                    }
                }
            }
        }
        Reference::Metrics(request) => {
            for group in &request.resource_metrics {
                for scope in &group.scope_metrics {
                    for metric in scope.metrics.iter().flat_map(each_point) {
                        let mut one = ExportMetricsServiceRequest { resource_metrics: vec![group.clone()] };
                        one.resource_metrics[0].scope_metrics = vec![scope.clone()];
                        one.resource_metrics[0].scope_metrics[0].metrics = vec![metric];
                        items.push(Reference::Metrics(one).to_bytes());
                    }
                }
            }
        }
        Reference::Logs(request) => {
            for group in &request.resource_logs {
                for scope in &group.scope_logs {
                    for record in &scope.log_records {
                        let mut one = ExportLogsServiceRequest { resource_logs: vec![group.clone()] };
                        one.resource_logs[0].scope_logs = vec![scope.clone()];
                        one.resource_logs[0].scope_logs[0].log_records = vec![record.clone()];
                        items.push(Reference::Logs(one).to_bytes());
                    }
                }
            }
        }
    }
    items
}

/// The metric once for every point, with that point alone.
fn each_point(metric: &Metric) -> Vec<Metric> {
    let with = |data: Data| Metric { data: Some(data), ..metric.clone() };
    match metric.data.clone() {
        None => Vec::new(),
        Some(Data::Gauge(mut data)) => each_of(std::mem::take(&mut data.data_points), |data_points| {
            with(Data::Gauge(structs::Gauge { data_points }))
        }),
        Some(Data::Sum(mut data)) => each_of(std::mem::take(&mut data.data_points), |data_points| {
            with(Data::Sum(structs::Sum { data_points, ..data.clone() }))
        }),
        Some(Data::Histogram(mut data)) => each_of(std::mem::take(&mut data.data_points), |data_points| {
            with(Data::Histogram(structs::Histogram { data_points, ..data.clone() }))
        }),
        Some(Data::ExponentialHistogram(mut data)) => {
            each_of(std::mem::take(&mut data.data_points), |data_points| {
                with(Data::ExponentialHistogram(structs::ExponentialHistogram {
                    data_points,
                    ..data.clone()
                }))
            })
        }
        Some(Data::Summary(mut data)) => each_of(std::mem::take(&mut data.data_points), |data_points| {
            with(Data::Summary(structs::Summary { data_points }))
        }),
    }
}

fn each_of<T>(points: Vec<T>, one: impl Fn(Vec<T>) -> Metric) -> Vec<Metric> {
    points.into_iter().map(|point| one(vec![point])).collect()
}
