//! The value of a series: read from a point, replaced by later ones or added to.

use otlp::{MetricKind, Number, Point};

use super::native::Native;
use crate::prometheus::spread::{TOO_WIDE, is_too_wide};

/// What a series holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a gauge or a counter, with the last exemplar of a counter.
    Number(f64, Option<Box<Exemplar>>),
    /// Of a histogram with bounds.
    Histogram(Box<Histogram>),
    /// Of an exponential histogram.
    Native(Box<Native>),
    /// Of a summary.
    Summary(Box<Summary>),
}

/// A measurement that is part of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exemplar {
    /// What was measured.
    pub value: f64,
    /// When, in nanoseconds since 1970; 0 when that is not known.
    pub time: u64,
    /// The trace it belongs to; all zeros for none.
    pub trace_id: [u8; 16],
    /// The span it belongs to; all zeros for none.
    pub span_id: [u8; 8],
}

/// Values counted in buckets with bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Upper bounds, rising, without `+Inf`.
    pub bounds: Vec<f64>,
    /// How many values lie in each of these buckets.
    pub counts: Vec<u64>,
    /// How many values there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The last exemplar of each bucket that has one, by the bucket's position; that of `+Inf` is the last.
    pub exemplars: Vec<(usize, Exemplar)>,
}

/// Quantiles of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many values there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Shares and the values below which they lie.
    pub quantiles: Vec<(f64, f64)>,
}

/// Why a point cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unfit {
    /// It has no value.
    NoValue,
    /// The bounds of its buckets do not rise.
    Bounds,
    /// Its resolution, or the place of its buckets, is beyond what Prometheus can hold.
    Scale,
    /// Its labels, repeated for each bucket or quantile, would be too much.
    TooWide,
}

impl Unfit {
    /// In words, for books and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Unfit::NoValue => "it has no value",
            Unfit::Bounds => "the bounds of its buckets do not rise",
            Unfit::Scale => "its buckets are beyond what Prometheus can hold",
            Unfit::TooWide => TOO_WIDE,
        }
    }
}

impl Value {
    /// The value of a point.
    ///
    /// # Errors
    /// When Prometheus has nothing like it.
    pub fn read(point: &Point<'_>) -> Result<Value, Unfit> {
        match point.kind() {
            MetricKind::Gauge | MetricKind::Sum => number(point),
            MetricKind::Histogram => Histogram::read(point).map(|read| Value::Histogram(Box::new(read))),
            MetricKind::ExponentialHistogram => Native::read(point).map(|read| Value::Native(Box::new(read))),
            MetricKind::Summary => Ok(Value::Summary(Box::new(Summary::read(point)))),
            MetricKind::Empty => Err(Unfit::NoValue),
        }
    }

    /// Whether labels of so many bytes can be shown with each of its buckets or quantiles.
    ///
    /// # Errors
    /// When they are too long for that.
    pub fn check_width(&self, labels: usize) -> Result<(), Unfit> {
        let parts = match self {
            Value::Number(..) | Value::Native(_) => 1,
            Value::Histogram(histogram) => histogram.bounds.len(),
            Value::Summary(summary) => summary.quantiles.len(),
        };
        if is_too_wide(labels, parts) { Err(Unfit::TooWide) } else { Ok(()) }
    }

    /// Adds what has come since: buckets by buckets when they have the same bounds. A histogram with other bounds, and a
    /// value of another kind, takes the place of what there was; then the answer is `false`.
    pub fn add(&mut self, since: Value) -> bool {
        match (self, since) {
            (Value::Number(sum, exemplar), Value::Number(more, newer)) => {
                *sum += more;
                if newer.is_some() {
                    *exemplar = newer;
                }
                true
            }
            (Value::Histogram(sum), Value::Histogram(more)) if sum.has_bounds_of(&more) => {
                sum.add(*more);
                true
            }
            (Value::Native(sum), Value::Native(more)) => sum.add(*more),
            (held, since) => {
                *held = since;
                false
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows doubles only")]
pub(super) fn double(number: Number) -> f64 {
    match number {
        Number::Int(whole) => whole as f64,
        Number::Double(double) => double,
    }
}

fn number(point: &Point<'_>) -> Result<Value, Unfit> {
    let value = double(point.value().ok_or(Unfit::NoValue)?);
    // A gauge shows none.
    let is_sum = point.kind() == MetricKind::Sum;
    let exemplar = if is_sum { exemplars(point).max_by_key(|exemplar| exemplar.time) } else { None };
    Ok(Value::Number(value, exemplar.map(Box::new)))
}

/// The exemplars of a point that have a value.
pub(super) fn exemplars<'a>(point: &Point<'a>) -> impl Iterator<Item = Exemplar> + use<'a> {
    point.exemplars().filter_map(|exemplar| {
        Some(Exemplar {
            value: double(exemplar.value()?),
            time: exemplar.time_unix_nano(),
            trace_id: exemplar.trace_id().try_into().unwrap_or_default(),
            span_id: exemplar.span_id().try_into().unwrap_or_default(),
        })
    })
}

impl Histogram {
    fn read(point: &Point<'_>) -> Result<Histogram, Unfit> {
        let mut read =
            Histogram { count: point.count(), sum: point.sum().unwrap_or_default(), ..Histogram::default() };
        for (bound, count) in point.explicit_bounds().zip(point.bucket_counts()) {
            match read.bounds.last().copied() {
                Some(last) if last == bound => {
                    let last = read.counts.last_mut().expect("each bound has a count");
                    *last = last.saturating_add(count);
                }
                Some(last) if last > bound => return Err(Unfit::Bounds),
                _ if bound.is_nan() => return Err(Unfit::Bounds),
                // The bucket of everything is there anyway.
                _ if bound == f64::INFINITY => break,
                _ => {
                    read.bounds.push(bound);
                    read.counts.push(count);
                }
            }
        }
        read.exemplars = read.place(exemplars(point));
        Ok(read)
    }

    /// The latest exemplar of each bucket.
    fn place(&self, exemplars: impl Iterator<Item = Exemplar>) -> Vec<(usize, Exemplar)> {
        let mut placed: Vec<_> = exemplars
            .map(|exemplar| (self.bounds.partition_point(|bound| *bound < exemplar.value), exemplar))
            .collect();
        placed.sort_by_key(|(bucket, exemplar)| (*bucket, std::cmp::Reverse(exemplar.time)));
        placed.dedup_by_key(|(bucket, _)| *bucket);
        placed
    }

    fn has_bounds_of(&self, other: &Histogram) -> bool {
        self.bounds == other.bounds
    }

    fn add(&mut self, more: Histogram) {
        for (sum, count) in self.counts.iter_mut().zip(&more.counts) {
            *sum = sum.saturating_add(*count);
        }
        self.count = self.count.saturating_add(more.count);
        self.sum += more.sum;
        for (bucket, exemplar) in more.exemplars {
            match self.exemplars.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
                Ok(at) => self.exemplars[at].1 = exemplar,
                Err(at) => self.exemplars.insert(at, (bucket, exemplar)),
            }
        }
    }
}

impl Summary {
    fn read(point: &Point<'_>) -> Summary {
        let mut quantiles: Vec<_> =
            point.quantiles().map(|quantile| (quantile.quantile, quantile.value)).collect();
        quantiles.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        quantiles.dedup_by(|(later, _), (first, _)| later == first);
        Summary { count: point.count(), sum: point.sum().unwrap_or_default(), quantiles }
    }
}
