//! Every field of a metric and its points.

use std::f64::consts::LN_2;

use otlp::{Exemplar, Metric, MetricKind, Number, Point};

use super::detailed::Dump;
use super::go;

pub(super) fn metric(dump: &mut Dump, number: usize, metric: Metric<'_>) {
    dump.line(format_args!("Metric #{number}"));
    dump.line("Descriptor:");
    dump.line(format_args!("     -> Name: {}", metric.name()));
    dump.line(format_args!("     -> Description: {}", metric.description()));
    dump.line(format_args!("     -> Unit: {}", metric.unit()));
    let (kind, points) = kind_names(metric.kind());
    dump.line(format_args!("     -> DataType: {kind}"));
    dump.attributes("     -> Metadata", "     ", metric.metadata());
    if metric.kind() == MetricKind::Sum {
        dump.line(format_args!("     -> IsMonotonic: {}", metric.is_monotonic()));
    }
    if has_temporality(metric.kind()) {
        dump.line(format_args!("     -> AggregationTemporality: {}", go::temporality(metric.temporality())));
    }
    for (number, point) in metric.points().enumerate() {
        dump.line(format_args!("{points} #{number}"));
        dump.attributes("Data point attributes", "", point.attributes());
        dump.line(format_args!("StartTimestamp: {}", go::time(point.start_time_unix_nano())));
        dump.line(format_args!("Timestamp: {}", go::time(point.time_unix_nano())));
        values(dump, metric.kind(), point);
        dump.numbered("Exemplars", point.exemplars(), exemplar);
    }
}

/// What the kind and its points are called.
fn kind_names(kind: MetricKind) -> (&'static str, &'static str) {
    match kind {
        MetricKind::Empty => ("Empty", ""),
        MetricKind::Gauge => ("Gauge", "NumberDataPoints"),
        MetricKind::Sum => ("Sum", "NumberDataPoints"),
        MetricKind::Histogram => ("Histogram", "HistogramDataPoints"),
        MetricKind::ExponentialHistogram => ("ExponentialHistogram", "ExponentialHistogramDataPoints"),
        MetricKind::Summary => ("Summary", "SummaryDataPoints"),
    }
}

fn has_temporality(kind: MetricKind) -> bool {
    match kind {
        MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram => true,
        MetricKind::Empty | MetricKind::Gauge | MetricKind::Summary => false,
    }
}

fn values(dump: &mut Dump, kind: MetricKind, point: Point<'_>) {
    match kind {
        MetricKind::Empty => (),
        MetricKind::Gauge | MetricKind::Sum => number(dump, "Value", point.value()),
        MetricKind::Histogram => histogram(dump, point),
        MetricKind::ExponentialHistogram => exponential(dump, point),
        MetricKind::Summary => summary(dump, point),
    }
}

fn number(dump: &mut Dump, name: &str, value: Option<Number>) {
    match value {
        Some(Number::Int(value)) => dump.line(format_args!("{name}: {value}")),
        Some(Number::Double(value)) => dump.line(format_args!("{name}: {}", go::fixed(value))),
        None => (),
    }
}

fn histogram(dump: &mut Dump, point: Point<'_>) {
    totals(dump, point);
    for (number, bound) in point.explicit_bounds().enumerate() {
        dump.line(format_args!("ExplicitBounds #{number}: {}", go::fixed(bound)));
    }
    for (number, count) in point.bucket_counts().enumerate() {
        dump.line(format_args!("Buckets #{number}, Count: {count}"));
    }
}

/// Buckets from the lowest value to the highest.
fn exponential(dump: &mut Dump, point: Point<'_>) {
    totals(dump, point);
    let width = LN_2 * (-f64::from(point.scale())).exp2();
    let bounds = |offset: i32, position: usize| {
        let index = f64::from(offset) + position as f64;
        ((index * width).exp(), ((index + 1.0) * width).exp())
    };
    let negative: Vec<u64> = point.negative().counts().collect();
    for (position, count) in negative.iter().enumerate().rev() {
        let (lower, upper) = bounds(point.negative().offset(), position);
        dump.line(format_args!("Bucket [{}, {}), Count: {count}", go::fixed(-upper), go::fixed(-lower)));
    }
    if point.zero_count() != 0 {
        dump.line(format_args!("Bucket [0, 0], Count: {}", point.zero_count()));
    }
    for (position, count) in point.positive().counts().enumerate() {
        let (lower, upper) = bounds(point.positive().offset(), position);
        dump.line(format_args!("Bucket ({}, {}], Count: {count}", go::fixed(lower), go::fixed(upper)));
    }
}

fn summary(dump: &mut Dump, point: Point<'_>) {
    dump.line(format_args!("Count: {}", point.count()));
    dump.line(format_args!("Sum: {}", go::fixed(point.sum().unwrap_or(0.0))));
    for (number, quantile) in point.quantiles().enumerate() {
        let (quantile, value) = (go::fixed(quantile.quantile), go::fixed(quantile.value));
        dump.line(format_args!("QuantileValue #{number}: Quantile {quantile}, Value {value}"));
    }
}

fn totals(dump: &mut Dump, point: Point<'_>) {
    dump.line(format_args!("Count: {}", point.count()));
    for (name, value) in [("Sum", point.sum()), ("Min", point.min()), ("Max", point.max())] {
        if let Some(value) = value {
            dump.line(format_args!("{name}: {}", go::fixed(value)));
        }
    }
}

fn exemplar(dump: &mut Dump, index: usize, exemplar: Exemplar<'_>) {
    dump.line(format_args!("Exemplar #{index}"));
    dump.line(format_args!("     -> Trace ID: {}", go::id(exemplar.trace_id())));
    dump.line(format_args!("     -> Span ID: {}", go::id(exemplar.span_id())));
    dump.line(format_args!("     -> Timestamp: {}", go::time(exemplar.time_unix_nano())));
    number(dump, "     -> Value", exemplar.value());
    dump.attributes("     -> FilteredAttributes", "     ", exemplar.attributes());
}
