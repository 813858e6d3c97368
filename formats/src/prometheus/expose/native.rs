//! Exponential histograms, which Prometheus calls native ones.
//!
//! A bucket with the index `i` of OTLP lies between `base^i` and `base^(i+1)`, and `base` is two to the power of two to
//! the power of minus the scale. Prometheus numbers the same bucket `i + 1`. Halving the resolution joins the buckets
//! `2i` and `2i + 1`.

use otlp::{Buckets, Point};

use super::value::{Exemplar, Unfit, exemplars};

/// The finest resolution that Prometheus has.
const MAX_SCALE: i32 = 8;
/// The coarsest.
pub const MIN_SCALE: i32 = -4;

/// What stands for a zero threshold of 0, which would say that there is no native histogram.
const ZERO_THRESHOLD: f64 = 1e-128;

/// A sum of two histograms is brought to a resolution at which a side has no more buckets than this: SDKs have up to
/// 160, and what is claimed at both ends of all numbers must not take memory for everything between.
const MAX_BUCKETS: i64 = 4096;

/// A gap of this many empty buckets is cheaper to write than a new span.
const MAX_GAP: usize = 2;

/// An exponential histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Native {
    /// Its resolution, within what Prometheus can hold.
    pub scale: i32,
    /// How many values lie about zero.
    pub zero_count: u64,
    /// How far from zero these may be; never 0.
    pub zero_threshold: f64,
    /// How many values there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Values above zero.
    pub positive: Side,
    /// Values below zero.
    pub negative: Side,
    /// Measurements among them.
    pub exemplars: Vec<Exemplar>,
}

/// The buckets on one side of zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The index of the first bucket, as OTLP counts.
    pub offset: i64,
    /// How many values lie in each bucket.
    pub counts: Vec<u64>,
}

/// Buckets that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The buckets left out before it, since the span before it; of the first one, the index of its first bucket.
    pub(super) offset: i32,
    /// How many buckets it has.
    pub(super) length: u32,
}

impl Native {
    pub(super) fn read(point: &Point<'_>) -> Result<Native, Unfit> {
        let mut read = Native {
            scale: point.scale(),
            zero_count: point.zero_count(),
            zero_threshold: threshold(point.zero_threshold()),
            count: point.count(),
            sum: point.sum().unwrap_or_default(),
            positive: Side::read(&point.positive()),
            negative: Side::read(&point.negative()),
            exemplars: exemplars(point).collect(),
        };
        if read.scale < MIN_SCALE {
            return Err(Unfit::Scale);
        }
        read.coarsen_to(MAX_SCALE);
        let is_within = |side: &Side| {
            let last = side.offset + i64::try_from(side.counts.len()).unwrap_or(i64::MAX / 2);
            // One more on either side, since Prometheus counts from one.
            i32::try_from(side.offset + 1).is_ok() && i32::try_from(last + 1).is_ok()
        };
        if is_within(&read.positive) && is_within(&read.negative) { Ok(read) } else { Err(Unfit::Scale) }
    }

    /// Adds another one, at the coarser resolution of the two, or a coarser one still when their buckets lie far apart.
    /// When there is none, it takes the place of this one, and the answer is `false`.
    pub(super) fn add(&mut self, mut more: Native) -> bool {
        let scale = self.scale.min(more.scale);
        self.coarsen_to(scale);
        more.coarsen_to(scale);
        while self.positive.width_with(&more.positive) > MAX_BUCKETS
            || self.negative.width_with(&more.negative) > MAX_BUCKETS
        {
            if self.scale == MIN_SCALE {
                // No number lies in such buckets, so there is nothing worth keeping.
                *self = more;
                return false;
            }
            let scale = self.scale - 1;
            self.coarsen_to(scale);
            more.coarsen_to(scale);
        }
        self.positive.add(&more.positive);
        self.negative.add(&more.negative);
        self.zero_count = self.zero_count.saturating_add(more.zero_count);
        self.zero_threshold = self.zero_threshold.max(more.zero_threshold);
        self.count = self.count.saturating_add(more.count);
        self.sum += more.sum;
        if !more.exemplars.is_empty() {
            self.exemplars = more.exemplars;
        }
        true
    }

    /// Brings it to that resolution, unless it is coarser already.
    fn coarsen_to(&mut self, scale: i32) {
        let Ok(by @ 1..) = u32::try_from(i64::from(self.scale) - i64::from(scale)) else { return };
        self.positive.coarsen(by);
        self.negative.coarsen(by);
        self.scale = scale;
    }
}

/// A threshold that says "this is native".
fn threshold(said: f64) -> f64 {
    if said > 0.0 { said } else { ZERO_THRESHOLD }
}

impl Side {
    fn read(buckets: &Buckets<'_>) -> Side {
        let mut counts: Vec<u64> = buckets.counts().collect();
        let empty_behind = counts.iter().rev().take_while(|count| **count == 0).count();
        counts.truncate(counts.len() - empty_behind);
        let offset = if counts.is_empty() { 0 } else { i64::from(buckets.offset()) };
        Side { offset, counts }
    }

    /// How many buckets there would be with those of `other`.
    fn width_with(&self, other: &Side) -> i64 {
        match (self.counts.is_empty(), other.counts.is_empty()) {
            (true, _) => other.len(),
            (_, true) => self.len(),
            (false, false) => self.end().max(other.end()) - self.offset.min(other.offset),
        }
    }

    fn len(&self) -> i64 {
        i64::try_from(self.counts.len()).unwrap_or(i64::MAX / 2)
    }

    fn end(&self) -> i64 {
        self.offset + self.len()
    }

    /// Halves the resolution `by` times. The shift of a signed number rounds down, as it must.
    fn coarsen(&mut self, by: u32) {
        let by = by.min(62);
        let first = self.offset >> by;
        let mut coarse: Vec<u64> = Vec::new();
        for (index, count) in (self.offset..).zip(&self.counts) {
            let at = usize::try_from((index >> by) - first).unwrap_or(usize::MAX);
            if at >= coarse.len() {
                coarse.push(0);
            }
            let last = coarse.last_mut().expect("one was just pushed");
            *last = last.saturating_add(*count);
        }
        *self = Side { offset: if coarse.is_empty() { 0 } else { first }, counts: coarse };
    }

    /// Adds the counts of `other`; the caller has made sure that they lie near each other.
    fn add(&mut self, other: &Side) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            other.clone_into(self);
            return;
        }
        let (begin, end) = (self.offset.min(other.offset), self.end().max(other.end()));
        let position = |index: i64| usize::try_from(index - begin).unwrap_or(usize::MAX);
        let mut sums = vec![0_u64; position(end)];
        for side in [&*self, other] {
            let from = position(side.offset);
            for (sum, count) in sums[from..].iter_mut().zip(&side.counts) {
                *sum = sum.saturating_add(*count);
            }
        }
        *self = Side { offset: begin, counts: sums };
    }

    /// As Prometheus writes it: spans of buckets, and the difference of each count to the one before.
    pub(super) fn spans(&self) -> (Vec<Span>, Vec<i64>) {
        let (mut spans, mut deltas) = (Vec::<Span>::new(), Vec::new());
        let (mut last, mut at) = (0_u64, 0);
        // Where the next span begins if no bucket is left out. OTLP's index is one less than Prometheus'.
        let mut expected = 0_i64;
        while at < self.counts.len() {
            let empty = self.counts[at..].iter().take_while(|count| **count == 0).count();
            let index = self.offset + 1 + i64::try_from(at + empty).unwrap_or(i64::MAX / 2);
            if at + empty >= self.counts.len() {
                break;
            }
            let filled = self.counts[at + empty..].iter().take_while(|count| **count != 0).count();
            let gap = if spans.is_empty() || empty > MAX_GAP { 0 } else { empty };
            if gap == 0 {
                let offset = i32::try_from(index - expected).unwrap_or(i32::MAX);
                spans.push(Span { offset, length: 0 });
            }
            let span = spans.last_mut().expect("the first bucket begins a span");
            span.length += u32::try_from(gap + filled).unwrap_or(u32::MAX);
            for count in &self.counts[at + empty - gap..at + empty + filled] {
                deltas.push(count.wrapping_sub(last).cast_signed());
                last = *count;
            }
            at += empty + filled;
            expected = index + i64::try_from(filled).unwrap_or(i64::MAX / 2);
        }
        (spans, deltas)
    }
}
