//! Views of data points.
//!
//! The five kinds of points number their fields differently; a getter that a kind of point does not have answers with
//! nothing.

use super::MetricKind;
use crate::attributes::Attributes;
use crate::tables::fields::{Merged, Message, Part};
use crate::wire::varint::unzigzag32;

/// A data point.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    message: Message<'a>,
    kind: MetricKind,
}

/// A value of a gauge, of a sum or of an exemplar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
}

/// One side of an exponential histogram.
#[derive(Debug, Clone, Copy)]
pub struct Buckets<'a> {
    merged: Merged<'a>,
}

/// The value below which a share of all values lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The share, from 0 to 1.
    pub quantile: f64,
    /// The value.
    pub value: f64,
}

/// A measurement that went into a point.
#[derive(Debug, Clone, Copy)]
pub struct Exemplar<'a> {
    part: Part<'a>,
}

impl<'a> Point<'a> {
    pub(in crate::tables) fn new(message: Message<'a>, kind: MetricKind) -> Self {
        Self { message, kind }
    }

    /// What kind of point it is.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.message.attributes()
    }

    /// When the time that it covers began.
    pub fn start_time_unix_nano(&self) -> u64 {
        self.message.fixed64(2)
    }

    /// When it was taken.
    pub fn time_unix_nano(&self) -> u64 {
        self.message.fixed64(3)
    }

    /// Bit 0: there is no value.
    pub fn flags(&self) -> u32 {
        let number = if self.is_exponential() || self.is_histogram() { 10 } else { 8 };
        self.message.varint(number) as u32
    }

    /// The value of a gauge or a sum.
    pub fn value(&self) -> Option<Number> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => number(self.message.last_of([4, 6])),
            MetricKind::Histogram
            | MetricKind::ExponentialHistogram
            | MetricKind::Summary
            | MetricKind::Empty => None,
        }
    }

    /// How many values a histogram or a summary has.
    pub fn count(&self) -> u64 {
        if self.is_number() { 0 } else { self.message.fixed64(4) }
    }

    /// The sum of the values of a histogram or a summary.
    pub fn sum(&self) -> Option<f64> {
        if self.is_number() { None } else { self.message.double(5) }
    }

    /// The least value of a histogram.
    pub fn min(&self) -> Option<f64> {
        match self.kind {
            MetricKind::Histogram => self.message.double(11),
            MetricKind::ExponentialHistogram => self.message.double(12),
            MetricKind::Gauge | MetricKind::Sum | MetricKind::Summary | MetricKind::Empty => None,
        }
    }

    /// The greatest value of a histogram.
    pub fn max(&self) -> Option<f64> {
        match self.kind {
            MetricKind::Histogram => self.message.double(12),
            MetricKind::ExponentialHistogram => self.message.double(13),
            MetricKind::Gauge | MetricKind::Sum | MetricKind::Summary | MetricKind::Empty => None,
        }
    }

    /// How many values lie in each bucket of a histogram.
    pub fn bucket_counts(&self) -> impl Iterator<Item = u64> + use<'a> {
        let message = self.message;
        self.is_histogram().then(|| message.fixed64s(6)).into_iter().flatten()
    }

    /// The bounds between the buckets of a histogram.
    pub fn explicit_bounds(&self) -> impl Iterator<Item = f64> + use<'a> {
        let message = self.message;
        let bounds = self.is_histogram().then(|| message.fixed64s(7)).into_iter().flatten();
        bounds.map(f64::from_bits)
    }

    /// The resolution of an exponential histogram: its base is two to the power of two to the power of minus this.
    pub fn scale(&self) -> i32 {
        if self.is_exponential() { unzigzag32(self.message.varint(6)) } else { 0 }
    }

    /// How many values of an exponential histogram are about zero.
    pub fn zero_count(&self) -> u64 {
        if self.is_exponential() { self.message.fixed64(7) } else { 0 }
    }

    /// How far from zero these may be.
    pub fn zero_threshold(&self) -> f64 {
        let threshold = self.is_exponential().then(|| self.message.double(14));
        threshold.flatten().unwrap_or_default()
    }

    /// The buckets of an exponential histogram above zero.
    pub fn positive(&self) -> Buckets<'a> {
        self.buckets(8)
    }

    /// The buckets of an exponential histogram below zero.
    pub fn negative(&self) -> Buckets<'a> {
        self.buckets(9)
    }

    /// The quantiles of a summary.
    pub fn quantiles(&self) -> impl Iterator<Item = Quantile> + use<'a> {
        let message = self.message;
        let is_summary = self.kind == MetricKind::Summary;
        let parts = is_summary.then(|| message.parts(6)).into_iter().flatten();
        parts.map(|part| Quantile {
            quantile: part.double(1).unwrap_or_default(),
            value: part.double(2).unwrap_or_default(),
        })
    }

    /// Measurements that went into it.
    pub fn exemplars(&self) -> impl Iterator<Item = Exemplar<'a>> + use<'a> {
        let message = self.message;
        let number = match self.kind {
            MetricKind::Gauge | MetricKind::Sum => Some(5),
            MetricKind::Histogram => Some(8),
            MetricKind::ExponentialHistogram => Some(11),
            MetricKind::Summary | MetricKind::Empty => None,
        };
        number.into_iter().flat_map(move |number| message.parts(number)).map(|part| Exemplar { part })
    }

    fn buckets(&self, number: u32) -> Buckets<'a> {
        let merged = if self.is_exponential() { self.message.merged(number) } else { Merged::default() };
        Buckets { merged }
    }

    fn is_number(&self) -> bool {
        matches!(self.kind, MetricKind::Gauge | MetricKind::Sum)
    }

    fn is_histogram(&self) -> bool {
        self.kind == MetricKind::Histogram
    }

    fn is_exponential(&self) -> bool {
        self.kind == MetricKind::ExponentialHistogram
    }
}

impl<'a> Buckets<'a> {
    /// The index of the first bucket.
    pub fn offset(&self) -> i32 {
        unzigzag32(self.merged.varint(1))
    }

    /// How many values lie in each bucket.
    pub fn counts(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.merged.varints(2)
    }
}

impl<'a> Exemplar<'a> {
    /// Attributes that the point does not have.
    pub fn attributes(&self) -> Attributes<'a> {
        self.part.attributes(7)
    }

    /// When it was measured.
    pub fn time_unix_nano(&self) -> u64 {
        self.part.fixed64(2)
    }

    /// What was measured.
    pub fn value(&self) -> Option<Number> {
        number(self.part.last_of([3, 6]))
    }

    /// Eight bytes, or none.
    pub fn span_id(&self) -> &'a [u8] {
        self.part.bytes(4)
    }

    /// Sixteen bytes, or none.
    pub fn trace_id(&self) -> &'a [u8] {
        self.part.bytes(5)
    }
}

/// The number in a field of eight bytes, which is a whole number if that field has the number 6.
fn number(found: Option<(u32, u64)>) -> Option<Number> {
    match found? {
        (6, bits) => Some(Number::Int(bits as i64)),
        (_, bits) => Some(Number::Double(f64::from_bits(bits))),
    }
}
