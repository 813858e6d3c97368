//! Native histograms: buckets whose bounds are powers of one factor, only those written that hold something.

use super::Reason;

/// The coarsest and the finest resolution: neighbours differ by `2^(2^-schema)`.
pub(super) const COARSEST: i32 = -4;
const FINEST: i32 = 8;

/// Buckets are written out with all between them. Beyond this many for each that is there, resolution is given up
/// instead, so that a few bytes do not become many.
const SPREAD: usize = 16;
const LEAST_SPREAD: usize = 1024;

/// A native histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::prometheus) struct Native {
    pub(in crate::prometheus) schema: i32,
    pub(in crate::prometheus) zero_threshold: f64,
    pub(in crate::prometheus) zero_count: u64,
    pub(in crate::prometheus) count: u64,
    pub(in crate::prometheus) sum: f64,
    pub(in crate::prometheus) positive: Side,
    pub(in crate::prometheus) negative: Side,
}

/// The buckets of one sign: their index, which is that of their upper bound, and how much is in them. Sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::prometheus) struct Side(Vec<(i64, u64)>);

impl Native {
    /// Whether this resolution is known.
    pub(super) fn check(&self) -> Result<(), Reason> {
        if (COARSEST..=FINEST).contains(&self.schema) {
            return Ok(());
        }
        Err(format!("unknown schema `{}` of a native histogram", self.schema).into())
    }

    /// How many buckets there are.
    fn buckets(&self) -> usize {
        self.positive.0.len() + self.negative.0.len()
    }

    /// Merges buckets until neighbours differ by `factor` at least; 0 for any.
    pub(in crate::prometheus) fn limit_factor(&mut self, factor: f64) {
        if factor <= 1.0 {
            return;
        }
        let finest = (-factor.log2().log2()).floor().clamp(f64::from(COARSEST), f64::from(FINEST)) as i32;
        while self.schema > finest {
            self.coarsen();
        }
    }

    /// Merges buckets until there are `limit` at most; 0 for any number. Whether that was possible.
    #[must_use]
    pub(in crate::prometheus) fn limit_buckets(&mut self, limit: usize) -> bool {
        while limit > 0 && self.buckets() > limit {
            if self.schema <= COARSEST {
                return false;
            }
            self.coarsen();
        }
        true
    }

    /// Merges buckets until those of each side are near enough to each other to be written with all between them.
    pub(super) fn limit_spread(&mut self) -> Result<(), Reason> {
        while !(self.positive.is_dense() && self.negative.is_dense()) {
            if self.schema <= COARSEST {
                return Err("the buckets of a native histogram are too far apart".into());
            }
            self.coarsen();
        }
        Ok(())
    }

    /// Makes one bucket of each two.
    fn coarsen(&mut self) {
        self.schema -= 1;
        self.positive.coarsen();
        self.negative.coarsen();
    }
}

impl Side {
    /// From spans (how many buckets are skipped, how many follow) and the counts of the buckets in them.
    pub(super) fn new(spans: &[(i32, u32)], counts: Vec<u64>) -> Result<Side, Reason> {
        let total: u64 = spans.iter().map(|(_, length)| u64::from(*length)).sum();
        if total != counts.len() as u64 {
            return Err(format!("spans of {total} buckets, but {} are there", counts.len()).into());
        }
        let mut counts = counts.into_iter();
        let mut side = Side(Vec::with_capacity(counts.len()));
        let mut index: i64 = 0;
        for (position, (skipped, length)) in spans.iter().enumerate() {
            if position > 0 && *skipped < 0 {
                return Err("the spans of a native histogram overlap".into());
            }
            index += i64::from(*skipped);
            for count in counts.by_ref().take(*length as usize) {
                side.0.push((index, count));
                index += 1;
            }
        }
        Ok(side)
    }

    /// The index of the first bucket as OTLP counts, by the lower bound.
    pub(in crate::prometheus) fn offset(&self) -> i32 {
        let first = self.0.first().map_or(0, |(index, _)| index - 1);
        i32::try_from(first).unwrap_or(if first < 0 { i32::MIN } else { i32::MAX })
    }

    /// The counts of all buckets from the first to the last, with zeros where there is none.
    pub(in crate::prometheus) fn counts(&self) -> impl Iterator<Item = u64> {
        let first = self.0.first().map_or(0, |(index, _)| *index);
        self.0
            .iter()
            .scan(first, |next, (index, count)| {
                let gap = usize::try_from(index - *next).unwrap_or(0);
                *next = index + 1;
                Some(std::iter::repeat_n(0, gap).chain([*count]))
            })
            .flatten()
    }

    /// Whether there is no bucket.
    pub(in crate::prometheus) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_dense(&self) -> bool {
        let (Some((first, _)), Some((last, _))) = (self.0.first(), self.0.last()) else { return true };
        let is_in_range = i32::try_from(first - 1).is_ok() && i32::try_from(*last).is_ok();
        is_in_range && last - first < (LEAST_SPREAD + SPREAD * self.0.len()) as i64
    }

    fn coarsen(&mut self) {
        self.0.iter_mut().for_each(|(index, _)| *index = (*index + 1) >> 1);
        self.0.dedup_by(|(index, count), (before, sum)| {
            let is_same = index == before;
            if is_same {
                *sum = sum.saturating_add(*count);
            }
            is_same
        });
    }
}
