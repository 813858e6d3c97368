//! The points of one series.

use otlp::write::Writer;

use super::exemplar::Exemplars;
use super::native::Native;
use super::rows::{Rows, Shape, scope_attribute, write_pair};
use super::series::{Sample, Series};
use super::{Family, Type, Written};
use crate::prometheus::remote::STALE;
use crate::prometheus::remote::answer::{Reason, Refused};

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

pub(super) const NO_RECORDED_VALUE: u64 = 1;

/// Adds the points of `series` to `rows`.
pub(super) fn write(
    series: &Series<'_>,
    family: Family<'_>,
    exemplars: &Exemplars<'_, '_>,
    rows: &mut Rows,
    written: &mut Written,
    refused: &mut Refused,
) {
    let last = series.samples.len().checked_sub(1);
    for (at, sample) in series.samples.iter().enumerate() {
        let own = (Some(at) == last && series.histograms.is_empty()).then_some(exemplars);
        match Times::new(sample.time, sample.start, series.created) {
            Ok(times) => {
                let metric = rows.metric(series, family, shape(family.kind));
                rows.point(metric, |out| written.exemplars += write_sample(series, sample, &times, own, out));
                written.samples += 1;
            }
            Err(reason) => refused.push(1, reason),
        }
    }
    let last = series.histograms.len().checked_sub(1);
    for (at, body) in series.histograms.iter().enumerate() {
        let own = (Some(at) == last).then_some(exemplars);
        match histogram(series, family, body, own, rows) {
            Ok(count) => {
                written.exemplars += count;
                written.histograms += 1;
            }
            Err(reason) => refused.push(1, reason),
        }
    }
}

/// Parts of classic histograms and of summaries are gauges: whether all parts of one are in a request cannot be seen,
/// and a gauge keeps its name on the way back to Prometheus.
fn shape(kind: Type) -> Shape {
    match kind {
        Type::Counter => Shape::Counter,
        Type::Info | Type::StateSet => Shape::Sum,
        Type::Unknown | Type::Gauge | Type::Histogram | Type::GaugeHistogram | Type::Summary => Shape::Gauge,
    }
}

/// Writes a `NumberDataPoint`, and says how many exemplars it has.
fn write_sample(
    series: &Series<'_>,
    sample: &Sample,
    times: &Times,
    exemplars: Option<&Exemplars<'_, '_>>,
    out: &mut Writer,
) -> usize {
    times.write(out);
    if sample.value != STALE {
        out.fixed64(4, sample.value);
    }
    let count = exemplars.map_or(0, |exemplars| exemplars.write(5, out));
    write_attributes(series, 7, out);
    if sample.value == STALE {
        out.varint(8, NO_RECORDED_VALUE);
    }
    count
}

fn histogram(
    series: &Series<'_>,
    family: Family<'_>,
    body: &[u8],
    exemplars: Option<&Exemplars<'_, '_>>,
    rows: &mut Rows,
) -> Result<usize, Reason> {
    let native = Native::read(body)?;
    let times = Times::new(native.time, native.start, series.created)?;
    let kind = if family.kind == Type::Unknown { Type::Histogram } else { family.kind };
    let family = Family { kind, ..family };
    let mut count = 0;
    if native.has_custom_bounds() {
        let buckets = native.explicit()?;
        let metric = rows.metric(series, family, Shape::Histogram);
        rows.point(metric, |out| {
            times.write(out);
            write_attributes(series, 9, out);
            buckets.write(&native, out);
            count = exemplars.map_or(0, |exemplars| exemplars.write(8, out));
        });
    } else {
        let buckets = native.exponential()?;
        let metric = rows.metric(series, family, Shape::Exponential);
        rows.point(metric, |out| {
            write_attributes(series, 1, out);
            times.write(out);
            buckets.write(&native, out);
            count = exemplars.map_or(0, |exemplars| exemplars.write(11, out));
        });
    }
    Ok(count)
}

/// The labels that are attributes of a point, as fields with `number`.
fn write_attributes(series: &Series<'_>, number: u32, out: &mut Writer) {
    for (name, value) in &series.labels {
        let is_elsewhere = matches!(
            *name,
            "__name__"
                | "job"
                | "instance"
                | "otel_scope_name"
                | "otel_scope_version"
                | "otel_scope_schema_url"
        );
        if !is_elsewhere && scope_attribute(name).is_none() {
            out.message(number, |out| write_pair(out, name, value));
        }
    }
}

/// When a point was taken, and when its time began, in nanoseconds; zero when that is not known.
struct Times {
    time: u64,
    start: u64,
}

impl Times {
    fn new(time: i64, start: i64, created: i64) -> Result<Times, Reason> {
        let start = if start == 0 { created } else { start };
        // A start that cannot be is none.
        Ok(Times { time: nanos(time)?, start: nanos(start).unwrap_or_default() })
    }

    fn write(&self, out: &mut Writer) {
        if self.start > 0 {
            out.fixed64(2, self.start);
        }
        out.fixed64(3, self.time);
    }
}

pub(super) fn nanos(millis: i64) -> Result<u64, Reason> {
    let nanos = u64::try_from(millis).ok().and_then(|millis| millis.checked_mul(MILLISECOND));
    nanos.ok_or_else(|| format!("a time of {millis} ms is out of range").into())
}
