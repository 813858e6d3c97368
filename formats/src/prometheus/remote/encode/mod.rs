//! A batch of OTLP as series.

mod labels;
mod native;
mod points;
mod write;

use std::ops::Range;

use otlp::Metrics;

use super::Type;
use super::answer::Refused;
use super::keys::Keys;
use crate::prometheus::Selection;
use crate::prometheus::names::Names;

pub use write::{Piece, Request, Requests};

/// How to write series.
#[derive(Debug, Clone, Default)]
pub struct EncodeOptions {
    /// How names are made.
    pub names: Names,
    /// Labels for every series that does not have them; legal and not empty.
    pub external_labels: Vec<(String, String)>,
    /// Whether what is known of a resource is told by a series `target_info`.
    pub target_info: bool,
    /// Whether what is known of a scope is told by labels.
    pub scope_labels: bool,
    /// Which attributes of a resource are labels of its series.
    pub resource_labels: Selection,
}

/// A batch as Prometheus has it: every series once, with what is told of it in rows, by series and time.
#[derive(Debug, Default)]
pub struct Series {
    /// The labels of each series, as `labels` fields of version 1, sorted by name.
    labels: Keys,
    /// The family of each series.
    families_of: Vec<u32>,
    families: Vec<Family>,
    samples: Vec<Sample>,
    natives: Vec<Native>,
    exemplars: Vec<Exemplar>,
    /// What the rows point to.
    arena: Vec<u8>,
    /// Points of which there is something.
    points: usize,
    refused: Refused,
}

/// What is told of all series of a metric.
#[derive(Debug)]
struct Family {
    kind: Type,
    name: String,
    help: String,
    unit: String,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    series: u32,
    /// Milliseconds, like all times of rows.
    time: i64,
    /// The bits of a double: a stale marker is a NaN that arithmetic would not keep.
    value: u64,
    start: i64,
    point: u32,
}

#[derive(Debug, Clone)]
struct Native {
    series: u32,
    time: i64,
    start: i64,
    point: u32,
    /// A `Histogram` without its times.
    body: Range<usize>,
}

#[derive(Debug, Clone)]
struct Exemplar {
    series: u32,
    time: i64,
    value: f64,
    /// Like the labels of a series.
    labels: Range<usize>,
}

/// The point of samples that belong to none.
const NO_POINT: u32 = u32::MAX;

impl Series {
    /// Translates a batch.
    #[must_use]
    pub fn new(metrics: &Metrics, options: &EncodeOptions) -> Series {
        let mut series = Series::default();
        points::Translation::new(&mut series, options).translate(metrics);
        series.sort();
        series
    }

    /// How many points of OTLP it holds; they are numbered in the order of the batch, those refused included.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points
    }

    /// How many series there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.len() == 0
    }

    /// The points that Prometheus cannot hold.
    #[must_use]
    pub fn refused(&self) -> &Refused {
        &self.refused
    }

    /// By series and time. Of samples of one series and time the last counts; one of another point is lost with that.
    fn sort(&mut self) {
        if !self.samples.is_sorted_by_key(|sample| (sample.series, sample.time)) {
            self.samples.sort_by_key(|sample| (sample.series, sample.time));
        }
        let mut lost = Vec::new();
        self.samples.dedup_by(|later, kept| {
            let is_same = (later.series, later.time) == (kept.series, kept.time);
            if is_same {
                if later.point != kept.point && kept.point != NO_POINT {
                    lost.push(kept.point);
                }
                *kept = *later;
            }
            is_same
        });
        self.natives.sort_by_key(|native| (native.series, native.time));
        self.natives.dedup_by(|later, kept| {
            let is_same = (later.series, later.time) == (kept.series, kept.time);
            if is_same {
                lost.push(kept.point);
                std::mem::swap(kept, later);
            }
            is_same
        });
        self.exemplars.sort_by_key(|exemplar| (exemplar.series, exemplar.time));
        lost.sort_unstable();
        lost.dedup();
        if !lost.is_empty() {
            self.points -= lost.len();
            self.refused.push(lost.len(), "another point has the same labels and the same time".into());
        }
    }
}
