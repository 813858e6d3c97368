//! Metrics and their points against structs.

use opentelemetry_proto::tonic::metrics::v1 as structs;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets as BucketsStruct;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{exemplar, number_data_point, summary_data_point};
use otlp::{Buckets, Exemplar, Metric, MetricKind, Metrics, Number, Point, Quantile};

use super::{pairs, same_attributes, same_resource, same_scope};

/// Panics at the first field that differs.
pub(super) fn same_metrics(found: &Metrics, expected: &[structs::ResourceMetrics]) {
    pairs(found.resources(), expected, |group, expected| {
        same_resource(group.resource(), expected.resource.as_ref());
        assert_eq!(group.schema_url(), *expected.schema_url);
        pairs(group.scopes(), &expected.scope_metrics, |scope, expected| {
            same_scope(scope.scope(), expected.scope.as_ref());
            assert_eq!(scope.schema_url(), *expected.schema_url);
            pairs(scope.metrics(), &expected.metrics, same_metric);
        });
    });
}

fn same_metric(found: Metric<'_>, expected: &structs::Metric) {
    assert_eq!(found.name(), *expected.name);
    assert_eq!(found.description(), *expected.description);
    assert_eq!(found.unit(), *expected.unit);
    same_attributes(found.metadata(), &expected.metadata);
    let (kind, temporality, is_monotonic) = match &expected.data {
        None => (MetricKind::Empty, 0, false),
        Some(Data::Gauge(data)) => {
            pairs(found.points(), &data.data_points, same_number);
            (MetricKind::Gauge, 0, false)
        }
        Some(Data::Sum(data)) => {
            pairs(found.points(), &data.data_points, same_number);
            (MetricKind::Sum, data.aggregation_temporality, data.is_monotonic)
        }
        Some(Data::Histogram(data)) => {
            pairs(found.points(), &data.data_points, same_histogram);
            (MetricKind::Histogram, data.aggregation_temporality, false)
        }
        Some(Data::ExponentialHistogram(data)) => {
            pairs(found.points(), &data.data_points, same_exponential_histogram);
            (MetricKind::ExponentialHistogram, data.aggregation_temporality, false)
        }
        Some(Data::Summary(data)) => {
            pairs(found.points(), &data.data_points, same_summary);
            (MetricKind::Summary, 0, false)
        }
    };
    assert_eq!((found.kind(), found.temporality()), (kind, temporality));
    // Only a sum says whether it goes down.
    assert_eq!(kind == MetricKind::Sum && found.is_monotonic(), is_monotonic);
}

fn same_number(found: Point<'_>, expected: &structs::NumberDataPoint) {
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.start_time_unix_nano(), expected.start_time_unix_nano);
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.flags(), expected.flags);
    let value = expected.value.map(|value| match value {
        number_data_point::Value::AsDouble(value) => Number::Double(value),
        number_data_point::Value::AsInt(value) => Number::Int(value),
    });
    assert_eq!(bits(found.value()), bits(value));
    pairs(found.exemplars(), &expected.exemplars, same_exemplar);
}

fn same_histogram(found: Point<'_>, expected: &structs::HistogramDataPoint) {
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.start_time_unix_nano(), expected.start_time_unix_nano);
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.flags(), expected.flags);
    assert_eq!(found.count(), expected.count);
    assert_eq!(found.sum().map(f64::to_bits), expected.sum.map(f64::to_bits));
    assert_eq!(found.min().map(f64::to_bits), expected.min.map(f64::to_bits));
    assert_eq!(found.max().map(f64::to_bits), expected.max.map(f64::to_bits));
    assert!(found.bucket_counts().eq(expected.bucket_counts.iter().copied()));
    let bounds = expected.explicit_bounds.iter().copied().map(f64::to_bits);
    assert!(found.explicit_bounds().map(f64::to_bits).eq(bounds));
    pairs(found.exemplars(), &expected.exemplars, same_exemplar);
}

fn same_exponential_histogram(found: Point<'_>, expected: &structs::ExponentialHistogramDataPoint) {
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.start_time_unix_nano(), expected.start_time_unix_nano);
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.flags(), expected.flags);
    assert_eq!(found.count(), expected.count);
    assert_eq!(found.sum().map(f64::to_bits), expected.sum.map(f64::to_bits));
    assert_eq!(found.min().map(f64::to_bits), expected.min.map(f64::to_bits));
    assert_eq!(found.max().map(f64::to_bits), expected.max.map(f64::to_bits));
    assert_eq!(found.scale(), expected.scale);
    assert_eq!(found.zero_count(), expected.zero_count);
    assert_eq!(found.zero_threshold().to_bits(), expected.zero_threshold.to_bits());
    same_buckets(found.positive(), expected.positive.as_ref());
    same_buckets(found.negative(), expected.negative.as_ref());
    pairs(found.exemplars(), &expected.exemplars, same_exemplar);
}

fn same_buckets(found: Buckets<'_>, expected: Option<&BucketsStruct>) {
    let expected = expected.cloned().unwrap_or_default();
    assert_eq!(found.offset(), expected.offset);
    assert!(found.counts().eq(expected.bucket_counts));
}

fn same_summary(found: Point<'_>, expected: &structs::SummaryDataPoint) {
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.start_time_unix_nano(), expected.start_time_unix_nano);
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.flags(), expected.flags);
    assert_eq!(found.count(), expected.count);
    assert_eq!(found.sum().unwrap_or_default().to_bits(), expected.sum.to_bits());
    pairs(found.quantiles(), &expected.quantile_values, same_quantile);
}

fn same_quantile(found: Quantile, expected: &summary_data_point::ValueAtQuantile) {
    assert_eq!(found.quantile.to_bits(), expected.quantile.to_bits());
    assert_eq!(found.value.to_bits(), expected.value.to_bits());
}

fn same_exemplar(found: Exemplar<'_>, expected: &structs::Exemplar) {
    same_attributes(found.attributes(), &expected.filtered_attributes);
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.span_id(), expected.span_id);
    assert_eq!(found.trace_id(), expected.trace_id);
    let value = expected.value.map(|value| match value {
        exemplar::Value::AsDouble(value) => Number::Double(value),
        exemplar::Value::AsInt(value) => Number::Int(value),
    });
    assert_eq!(bits(found.value()), bits(value));
}

/// A number that can be compared, also when it is none.
fn bits(number: Option<Number>) -> Option<(bool, u64)> {
    number.map(|number| match number {
        Number::Double(value) => (true, value.to_bits()),
        Number::Int(value) => (false, value.cast_unsigned()),
    })
}
