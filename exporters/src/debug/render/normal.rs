//! One line for each item.

use std::fmt::{Display, Write as _};

use otlp::{Attributes, LogRecord, Metric, MetricKind, Number, Payload, Point, Scope, Span, Text};

use super::go;

/// The batch with a line for each resource, scope and item.
pub(in super::super) fn normal(payload: &Payload) -> String {
    let mut lines = Lines(String::new());
    match payload {
        Payload::Traces(traces) => lines.traces(traces),
        Payload::Metrics(metrics) => lines.metrics(metrics),
        Payload::Logs(logs) => lines.logs(logs),
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("text takes everything");
    }

    fn traces(&mut self, traces: &otlp::Traces) {
        for (number, resource) in traces.resources().enumerate() {
            let about = resource_details(resource.schema_url(), resource.resource().attributes());
            self.add(format_args!("ResourceTraces #{number}{about}"));
            for (number, scope) in resource.scopes().enumerate() {
                self.add(format_args!(
                    "ScopeTraces #{number}{}",
                    scope_details(scope.scope(), scope.schema_url())
                ));
                scope.spans().for_each(|span| self.add(span_line(span)));
            }
        }
    }

    fn metrics(&mut self, metrics: &otlp::Metrics) {
        for (number, resource) in metrics.resources().enumerate() {
            let about = resource_details(resource.schema_url(), resource.resource().attributes());
            self.add(format_args!("ResourceMetrics #{number}{about}"));
            for (number, scope) in resource.scopes().enumerate() {
                self.add(format_args!(
                    "ScopeMetrics #{number}{}",
                    scope_details(scope.scope(), scope.schema_url())
                ));
                for metric in scope.metrics() {
                    metric.points().for_each(|point| self.add(point_line(metric, point)));
                }
            }
        }
    }

    fn logs(&mut self, logs: &otlp::Logs) {
        for (number, resource) in logs.resources().enumerate() {
            let about = resource_details(resource.schema_url(), resource.resource().attributes());
            self.add(format_args!("ResourceLog #{number}{about}"));
            for (number, scope) in resource.scopes().enumerate() {
                self.add(format_args!(
                    "ScopeLog #{number}{}",
                    scope_details(scope.scope(), scope.schema_url())
                ));
                scope.records().for_each(|record| self.add(record_line(record)));
            }
        }
    }
}

/// ` [schema] key=value key=value`, as far as there is something to say.
fn resource_details(schema_url: Text<'_>, attributes: Attributes<'_>) -> String {
    let mut details = String::new();
    if !schema_url.is_empty() {
        details = format!(" [{schema_url}]");
    }
    details + &spaced(attributes)
}

/// ` name@version [schema] key=value`, as far as there is something to say.
fn scope_details(scope: Scope<'_>, schema_url: Text<'_>) -> String {
    let mut identity = scope.name().to_str().into_owned();
    if !scope.version().is_empty() {
        identity += &format!("@{}", scope.version());
    }
    if !identity.is_empty() {
        identity.insert(0, ' ');
    }
    identity + &resource_details(schema_url, scope.attributes())
}

fn span_line(span: Span<'_>) -> String {
    let (trace_id, span_id) = (go::id(span.trace_id()), go::id(span.span_id()));
    format!("{} {trace_id} {span_id}{}", span.name(), spaced(span.attributes()))
}

fn record_line(record: LogRecord<'_>) -> String {
    format!("{} {}", record.body().to_text(), go::pairs(record.attributes(), " "))
}

fn point_line(metric: Metric<'_>, point: Point<'_>) -> String {
    let value = match metric.kind() {
        MetricKind::Empty => String::new(),
        MetricKind::Gauge | MetricKind::Sum => number(point),
        MetricKind::Histogram => histogram(point),
        MetricKind::ExponentialHistogram => exponential(point),
        MetricKind::Summary => summary(point),
    };
    format!("{}{{{}}} {value}", metric.name(), go::pairs(point.attributes(), ","))
}

fn number(point: Point<'_>) -> String {
    match point.value() {
        Some(Number::Int(value)) => value.to_string(),
        Some(Number::Double(value)) => go::shortest(value),
        None => String::new(),
    }
}

fn histogram(point: Point<'_>) -> String {
    let mut text = totals(point);
    let mut bounds = point.explicit_bounds();
    for count in point.bucket_counts() {
        match bounds.next() {
            Some(bound) => text += &format!(" le{}={count}", go::shortest(bound)),
            None => text += &format!(" {count}"),
        }
    }
    text
}

fn exponential(point: Point<'_>) -> String {
    let mut text = totals(point);
    let base = (-f64::from(point.scale())).exp2().exp2();
    for buckets in [point.negative(), point.positive()] {
        for (index, count) in (i64::from(buckets.offset())..).zip(buckets.counts()) {
            // Go names the bound that is nearer to zero; of what lies below zero, too, without the sign.
            text += &format!(" le{}={count}", go::shortest(base.powf(index as f64)));
        }
    }
    if point.zero_count() > 0 {
        text += &format!(" zero_count{}={}", go::shortest(point.zero_threshold()), point.zero_count());
    }
    text
}

fn summary(point: Point<'_>) -> String {
    let sum = point.sum().unwrap_or(0.0);
    let mut text = format!("count={} sum={}", point.count(), go::fixed(sum));
    for quantile in point.quantiles() {
        text += &format!(" q{}={}", go::shortest(quantile.quantile), go::shortest(quantile.value));
    }
    text
}

/// `count=5 sum=.. min=.. max=..`, as far as the point has them.
fn totals(point: Point<'_>) -> String {
    let mut text = format!("count={}", point.count());
    for (name, value) in [("sum", point.sum()), ("min", point.min()), ("max", point.max())] {
        if let Some(value) = value {
            text += &format!(" {name}={}", go::shortest(value));
        }
    }
    text
}

fn spaced(attributes: Attributes<'_>) -> String {
    if attributes.is_empty() { String::new() } else { format!(" {}", go::pairs(attributes, " ")) }
}
