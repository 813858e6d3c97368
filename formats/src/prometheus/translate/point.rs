//! A data point in the making: its samples come one by one.

use std::sync::Arc;

use super::role::{Part, Shape};
use crate::prometheus::parse::Native;

#[derive(Debug)]
pub(super) struct Point {
    pub(super) metric: u32,
    /// Fields of the point.
    pub(super) attributes: Arc<[u8]>,
    /// The page that a sample of it was last on.
    pub(super) page: u64,
    /// The page for which it was last written.
    pub(super) written: u64,
    /// In milliseconds since 1970, if a sample said so.
    pub(super) time: Option<i64>,
    /// When counting began, in nanoseconds since 1970; 0 for unknown.
    pub(super) start: u64,
    /// Fields of the point.
    pub(super) exemplars: Vec<u8>,
    pub(super) data: Data,
    /// Whether the time that it was last written with was that of its samples.
    pub(super) is_timed: bool,
    /// Whether it is whole.
    pub(super) is_ready: bool,
    /// Whether it is written to say that it has ended.
    pub(super) is_stale: bool,
    /// Where its end lies in the bytes of all points.
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum Data {
    Number(Option<f64>),
    /// Parts are bounds and what is up to them.
    Histogram(Parts),
    /// Parts are quantiles and their values.
    Summary(Parts),
    Exponential(Option<Box<Native>>),
}

#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) count: Option<f64>,
    pub(super) sum: Option<f64>,
    pub(super) list: Vec<(f64, f64)>,
    /// Whether the list is in order with nothing in it twice.
    pub(super) is_sorted: bool,
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    Taken,
    /// It was there already.
    Again,
    /// The point is of another time.
    OtherTime,
}

impl Point {
    pub(super) fn new(metric: u32, attributes: Arc<[u8]>, shape: Shape) -> Point {
        let data = match shape {
            Shape::Gauge | Shape::Counter | Shape::Sum => Data::Number(None),
            Shape::Histogram => Data::Histogram(Parts::default()),
            Shape::Summary => Data::Summary(Parts::default()),
            Shape::Exponential => Data::Exponential(None),
        };
        Point {
            metric,
            attributes,
            page: 0,
            written: 0,
            time: None,
            start: 0,
            exemplars: Vec::new(),
            data,
            is_timed: false,
            is_ready: false,
            is_stale: false,
            end: 0,
        }
    }

    /// Makes it ready for the samples of a page.
    pub(super) fn begin(&mut self, page: u64) {
        (self.page, self.time, self.start) = (page, None, 0);
        self.exemplars.clear();
        match &mut self.data {
            Data::Number(value) => *value = None,
            Data::Histogram(parts) | Data::Summary(parts) => parts.clear(),
            Data::Exponential(native) => *native = None,
        }
    }

    /// Takes the value of a sample.
    pub(super) fn take(&mut self, part: Part, value: f64, time: Option<i64>) -> Placed {
        if part == Part::Start {
            self.start = start_nanos(value);
            return Placed::Taken;
        }
        if !self.has_samples() {
            self.time = time;
        } else if self.time != time {
            return Placed::OtherTime;
        }
        match (&mut self.data, part) {
            (Data::Number(slot), _) => take_once(slot, value),
            (Data::Histogram(parts) | Data::Summary(parts), Part::Count) => {
                take_once(&mut parts.count, value)
            }
            (Data::Histogram(parts) | Data::Summary(parts), Part::Sum) => take_once(&mut parts.sum, value),
            (Data::Histogram(parts) | Data::Summary(parts), Part::Bucket(key) | Part::Quantile(key)) => {
                parts.add(key, value);
                Placed::Taken
            }
            (Data::Histogram(_) | Data::Summary(_) | Data::Exponential(_), _) => Placed::Again,
        }
    }

    /// Takes a native histogram.
    pub(super) fn take_native(&mut self, native: Native, time: Option<i64>) -> Placed {
        match &mut self.data {
            Data::Exponential(slot @ None) => {
                *slot = Some(native.into());
                self.time = time;
                Placed::Taken
            }
            Data::Exponential(_) | Data::Number(_) | Data::Histogram(_) | Data::Summary(_) => Placed::Again,
        }
    }

    fn has_samples(&self) -> bool {
        match &self.data {
            Data::Number(value) => value.is_some(),
            Data::Histogram(parts) | Data::Summary(parts) => !parts.is_empty(),
            Data::Exponential(native) => native.is_some(),
        }
    }

    /// Brings its parts in order, and says whether it can be written. `again` counts parts that were there already.
    pub(super) fn finish(&mut self, again: &mut usize) -> Finished {
        if !self.has_samples() {
            return Finished::Empty;
        }
        let is_whole = match &mut self.data {
            Data::Number(_) | Data::Exponential(_) => true,
            Data::Histogram(parts) => {
                *again += parts.sort();
                is_histogram(parts.list.iter().map(|(_, cumulative)| *cumulative), parts.count)
            }
            Data::Summary(parts) => {
                *again += parts.sort();
                is_count(parts.count)
            }
        };
        if is_whole { Finished::Whole } else { Finished::Incomplete }
    }
}

/// Whether a point can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finished {
    Whole,
    /// Its count is missing, or it contradicts itself.
    Incomplete,
    /// There is nothing but its start.
    Empty,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.count.is_none() && self.sum.is_none() && self.list.is_empty()
    }

    /// How many of the list have a finite key; the last one may not.
    pub(super) fn finite(&self) -> usize {
        let has_infinite = self.list.last().is_some_and(|(key, _)| *key == f64::INFINITY);
        self.list.len() - usize::from(has_infinite)
    }

    fn clear(&mut self) {
        (self.count, self.sum, self.is_sorted) = (None, None, true);
        self.list.clear();
    }

    fn add(&mut self, key: f64, value: f64) {
        self.is_sorted &= self.list.last().is_none_or(|(last, _)| *last < key);
        self.list.push((key, value));
    }

    /// Sorts the list, of equal ones the first counts. How many were there again.
    fn sort(&mut self) -> usize {
        if self.is_sorted {
            return 0;
        }
        let before = self.list.len();
        self.list.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        // Zero has two signs.
        self.list.dedup_by(|(next, _), (one, _)| next == one);
        before - self.list.len()
    }
}

/// Whether what is up to each bound only grows, and is within the count.
pub(super) fn is_histogram(mut cumulative: impl Iterator<Item = f64>, count: Option<f64>) -> bool {
    let mut last = 0.0;
    let grows = cumulative.all(|next| {
        let grows = next >= last;
        last = next;
        grows
    });
    grows && count.is_some_and(|count| count >= last)
}

pub(super) fn is_count(count: Option<f64>) -> bool {
    count.is_some_and(|count| count >= 0.0)
}

/// Seconds in nanoseconds; 0 for what is no time.
pub(super) fn start_nanos(seconds: f64) -> u64 {
    // The fraction on its own: together they would have more digits than a double.
    let nanos = (seconds.fract() * 1e9).round() as u64;
    if seconds > 0.0 {
        (seconds.trunc() as u64).saturating_mul(1_000_000_000).saturating_add(nanos)
    } else {
        0
    }
}

fn take_once(slot: &mut Option<f64>, value: f64) -> Placed {
    if slot.is_some() {
        return Placed::Again;
    }
    *slot = Some(value);
    Placed::Taken
}
