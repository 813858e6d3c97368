//! The points of a batch as rows.

use std::fmt::Write as _;
use std::mem::take;
use std::ops::Range;

use otlp::write::Writer;
use otlp::{Metric, MetricKind, Metrics, Number, Point, Resource};

use super::labels::{Common, Label, target_info, write, write_label};
use super::{EncodeOptions, Exemplar, Family, NO_POINT, Native, Sample, Series, native};
use crate::prometheus::names::Kind;
use crate::prometheus::remote::answer::Reason;
use crate::prometheus::remote::{STALE, TYPE_KEY, Type};
use crate::prometheus::spread::{TOO_WIDE, is_too_wide};

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// What OpenMetrics allows in the labels of an exemplar, in letters.
const MAX_EXEMPLAR_LETTERS: usize = 128;

const CUMULATIVE: i32 = 2;
const NO_RECORDED_VALUE: u32 = 1;

/// A batch on its way into rows.
pub(super) struct Translation<'s, 'a> {
    series: &'s mut Series,
    options: &'a EncodeOptions,
    /// The labels of the point at hand.
    labels: Vec<Label<'a>>,
    /// Scratch: the labels of a series, and the names of series and values of `le`.
    key: Vec<u8>,
    name: String,
    bound: String,
    /// The number of the point at hand.
    point: u32,
    family: u32,
    time: i64,
    start: i64,
}

impl<'s, 'a> Translation<'s, 'a> {
    pub(super) fn new(series: &'s mut Series, options: &'a EncodeOptions) -> Translation<'s, 'a> {
        Translation {
            series,
            options,
            labels: Vec::new(),
            key: Vec::new(),
            name: String::new(),
            bound: String::new(),
            point: 0,
            family: 0,
            time: 0,
            start: 0,
        }
    }

    pub(super) fn translate(&mut self, metrics: &'a Metrics) {
        for group in metrics.resources() {
            let mut newest = None;
            for scope in group.scopes() {
                let common = Common::new(group.resource(), scope.scope(), self.options);
                for metric in scope.metrics() {
                    let translated = match &common {
                        Ok(common) => self.metric(&metric, common),
                        Err(reason) => Err(reason.clone()),
                    };
                    match translated {
                        Ok(time) => newest = newest.max(time),
                        Err(reason) => self.refuse_all(&metric, &reason),
                    }
                }
            }
            if let (true, Some(time)) = (self.options.target_info, newest) {
                self.target_info(group.resource(), time);
            }
        }
        self.series.points = self.point as usize - self.series.refused.total;
    }

    fn refuse_all(&mut self, metric: &Metric<'_>, reason: &Reason) {
        let points = metric.points().count();
        if points > 0 {
            self.series.refused.push(points, reason.clone());
            self.point += points as u32;
        }
    }

    /// The time of its newest point; an error when none of its points can be written.
    fn metric(&mut self, metric: &Metric<'a>, common: &Common<'a>) -> Result<Option<i64>, Reason> {
        check(metric)?;
        let name =
            self.options.names.metric(&metric.name().to_str(), &metric.unit().to_str(), kind(metric))?;
        self.family = self.series.families.len() as u32;
        self.series.families.push(Family {
            kind: type_of(metric),
            name: name.clone(),
            help: metric.description().to_str().into_owned(),
            unit: metric.unit().to_str().into_owned(),
        });
        let mut newest = None;
        for point in metric.points() {
            match self.place(&point, &name, common) {
                Ok(()) => newest = newest.max(Some(self.time)),
                Err(reason) => self.series.refused.push(1, reason),
            }
            self.point += 1;
        }
        Ok(newest)
    }

    fn place(&mut self, point: &Point<'a>, name: &str, common: &Common<'a>) -> Result<(), Reason> {
        let mut labels = take(&mut self.labels);
        let named = common.labels(point.attributes(), self.options, &mut labels);
        self.labels = labels;
        named?;
        (self.time, self.start) = (millis(point.time_unix_nano()), millis(point.start_time_unix_nano()));
        match point.kind() {
            MetricKind::Gauge => {
                self.start = 0;
                self.number(point, name)
            }
            MetricKind::Sum => self.number(point, name),
            MetricKind::Histogram => {
                self.check_width(point.bucket_counts().count())?;
                self.histogram(point, name);
                Ok(())
            }
            MetricKind::ExponentialHistogram => self.native(point, name),
            MetricKind::Summary => {
                self.check_width(point.quantiles().count())?;
                self.summary(point, name);
                Ok(())
            }
            MetricKind::Empty => Err("there is no data".into()),
        }
    }

    /// The labels of the point at hand are a part of the series of each bucket or quantile.
    fn check_width(&self, parts: usize) -> Result<(), Reason> {
        let labels = self.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        if is_too_wide(labels, parts) { Err(TOO_WIDE.into()) } else { Ok(()) }
    }

    fn number(&mut self, point: &Point<'_>, name: &str) -> Result<(), Reason> {
        let value = match point.value() {
            _ if is_stale(point) => STALE,
            Some(number) => double(number).to_bits(),
            None => return Err("a point has no value".into()),
        };
        let series = self.series_of(name, None);
        self.sample(series, value);
        self.exemplars(point, |_| series);
        Ok(())
    }

    fn histogram(&mut self, point: &Point<'_>, name: &str) {
        let stale = is_stale(point);
        let value = |value: f64| if stale { STALE } else { value.to_bits() };
        if let Some(sum) = point.sum().or(stale.then_some(0.0)) {
            self.part(name, "_sum", None, value(sum));
        }
        self.part(name, "_count", None, value(to_f64(point.count())));
        let name = self.part_name(name, "_bucket");
        let mut buckets = Vec::new();
        let mut cumulative = 0_u64;
        for (bound, count) in point.explicit_bounds().zip(point.bucket_counts()) {
            cumulative = cumulative.saturating_add(count);
            // The last bucket has no bound of its own.
            if bound < f64::INFINITY {
                buckets.push((bound, self.bucket(&name, bound, value(to_f64(cumulative)))));
            }
        }
        let last = self.bucket(&name, f64::INFINITY, value(to_f64(point.count())));
        buckets.push((f64::INFINITY, last));
        self.exemplars(point, |value| {
            let found = buckets.iter().find(|(bound, _)| value <= *bound);
            found.map_or(last, |(_, series)| *series)
        });
        self.name = name;
    }

    fn bucket(&mut self, name: &str, bound: f64, value: u64) -> u32 {
        let mut text = take(&mut self.bound);
        write_bound(bound, &mut text);
        let series = self.series_of(name, Some(("le", &text)));
        self.bound = text;
        self.sample(series, value);
        series
    }

    fn native(&mut self, point: &Point<'_>, name: &str) -> Result<(), Reason> {
        let from = self.series.arena.len();
        let mut out = Writer::append_to(take(&mut self.series.arena));
        let written = native::write(point, is_stale(point), &mut out);
        self.series.arena = out.into_bytes();
        if written.is_err() {
            self.series.arena.truncate(from);
            return written;
        }
        let body = from..self.series.arena.len();
        let series = self.series_of(name, None);
        let (time, start, point_number) = (self.time, self.start, self.point);
        self.series.natives.push(Native { series, time, start, point: point_number, body });
        self.exemplars(point, |_| series);
        Ok(())
    }

    fn summary(&mut self, point: &Point<'_>, name: &str) {
        let stale = is_stale(point);
        let value = |value: f64| if stale { STALE } else { value.to_bits() };
        self.part(name, "_sum", None, value(point.sum().unwrap_or_default()));
        self.part(name, "_count", None, value(to_f64(point.count())));
        // A quantile does not count from the beginning.
        self.start = 0;
        for quantile in point.quantiles() {
            let mut text = take(&mut self.bound);
            write_bound(quantile.quantile, &mut text);
            self.part(name, "", Some(("quantile", &text)), value(quantile.value));
            self.bound = text;
        }
    }

    fn part(&mut self, name: &str, suffix: &str, more: Option<(&str, &str)>, value: u64) {
        let name = self.part_name(name, suffix);
        let series = self.series_of(&name, more);
        self.sample(series, value);
        self.name = name;
    }

    fn part_name(&mut self, name: &str, suffix: &str) -> String {
        let mut made = take(&mut self.name);
        made.clear();
        made.push_str(name);
        made.push_str(suffix);
        made
    }

    fn target_info(&mut self, resource: Resource<'a>, time: i64) {
        let Ok(Some(labels)) = target_info(resource, self.options) else { return };
        let Ok(name) = self.options.names.metric("target_info", "", Kind::Other) else { return };
        self.family = self.series.families.len() as u32;
        self.series.families.push(Family {
            kind: Type::Gauge,
            name: name.clone(),
            help: "Target metadata".to_owned(),
            unit: String::new(),
        });
        self.labels = labels;
        (self.time, self.start) = (time, 0);
        let series = self.series_of(&name, None);
        let value = 1.0_f64.to_bits();
        self.series.samples.push(Sample { series, time, value, start: 0, point: NO_POINT });
    }

    /// The series of that name with the labels of the point at hand, and one more.
    fn series_of(&mut self, name: &str, more: Option<(&str, &str)>) -> u32 {
        self.key.clear();
        let mut out = Writer::append_to(take(&mut self.key));
        write(&self.labels, name, more, &mut out);
        self.key = out.into_bytes();
        let (series, is_new) = self.series.labels.intern(&self.key);
        if is_new {
            self.series.families_of.push(self.family);
        }
        series as u32
    }

    fn sample(&mut self, series: u32, value: u64) {
        let Translation { time, start, point, .. } = *self;
        self.series.samples.push(Sample { series, time, value, start, point });
    }

    /// Adds the exemplars of a point to the series that `series_of` finds for their values.
    fn exemplars(&mut self, point: &Point<'_>, series_of: impl Fn(f64) -> u32) {
        if point.kind() == MetricKind::Gauge {
            return;
        }
        for exemplar in point.exemplars() {
            let Some(value) = exemplar.value().map(double) else { continue };
            let labels = self.exemplar_labels(&exemplar);
            let time = millis(exemplar.time_unix_nano());
            self.series.exemplars.push(Exemplar { series: series_of(value), time, value, labels });
        }
    }

    /// Ids, and attributes if there is room for them.
    fn exemplar_labels(&mut self, exemplar: &otlp::Exemplar<'_>) -> Range<usize> {
        let mut labels: Vec<(String, String)> = Vec::new();
        for (name, id) in [("trace_id", exemplar.trace_id()), ("span_id", exemplar.span_id())] {
            if !id.is_empty() {
                labels.push((name.to_owned(), hex(id)));
            }
        }
        let ids = labels.len();
        for (key, value) in exemplar.attributes().iter() {
            if let Ok(name) = self.options.names.label(&key.to_str())
                && !labels.iter().any(|(other, _)| *other == name)
                && !value.to_text().is_empty()
            {
                labels.push((name.into_owned(), value.to_text().into_owned()));
            }
        }
        let letters = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count());
        if letters.sum::<usize>() > MAX_EXEMPLAR_LETTERS {
            labels.truncate(ids);
        }
        labels.sort();
        let from = self.series.arena.len();
        let mut out = Writer::append_to(take(&mut self.series.arena));
        labels.iter().for_each(|(name, value)| write_label(&mut out, name, value));
        self.series.arena = out.into_bytes();
        from..self.series.arena.len()
    }
}

/// Whether Prometheus has something like it at all.
fn check(metric: &Metric<'_>) -> Result<(), Reason> {
    match metric.kind() {
        MetricKind::Gauge | MetricKind::Summary => Ok(()),
        MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram => {
            if metric.temporality() == CUMULATIVE {
                return Ok(());
            }
            Err(format!("metric `{}` is not cumulative", metric.name()).into())
        }
        MetricKind::Empty => Err(format!("metric `{}` has no data", metric.name()).into()),
    }
}

/// What the suffix of its name depends on.
fn kind(metric: &Metric<'_>) -> Kind {
    match metric.kind() {
        MetricKind::Sum if metric.is_monotonic() => Kind::Counter,
        MetricKind::Sum | MetricKind::Gauge => Kind::Gauge,
        MetricKind::Histogram
        | MetricKind::ExponentialHistogram
        | MetricKind::Summary
        | MetricKind::Empty => Kind::Other,
    }
}

/// Its type in Prometheus: the one it had there, if it came from there.
fn type_of(metric: &Metric<'_>) -> Type {
    let told =
        metric.metadata().get(TYPE_KEY).and_then(|value| value.as_str().and_then(|name| Type::named(&name)));
    told.unwrap_or(match metric.kind() {
        MetricKind::Sum if metric.is_monotonic() => Type::Counter,
        MetricKind::Sum | MetricKind::Gauge => Type::Gauge,
        MetricKind::Histogram | MetricKind::ExponentialHistogram => Type::Histogram,
        MetricKind::Summary => Type::Summary,
        MetricKind::Empty => Type::Unknown,
    })
}

fn is_stale(point: &Point<'_>) -> bool {
    point.flags() & NO_RECORDED_VALUE != 0
}

fn millis(nanos: u64) -> i64 {
    (nanos / MILLISECOND).cast_signed()
}

fn double(number: Number) -> f64 {
    match number {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows doubles only")]
        Number::Int(whole) => whole as f64,
        Number::Double(value) => value,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows doubles only")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Plain decimals without an exponent, as in Prometheus.
fn write_bound(bound: f64, out: &mut String) {
    out.clear();
    if bound == f64::INFINITY {
        out.push_str("+Inf");
    } else if bound == f64::NEG_INFINITY {
        out.push_str("-Inf");
    } else {
        // Writing to text does not fail.
        let _ = write!(out, "{bound}");
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
