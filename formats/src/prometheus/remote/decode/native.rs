//! Native histograms as exponential ones, or as ones with bounds.

use otlp::write::Writer;

use super::point::NO_RECORDED_VALUE;
use crate::prometheus::remote::STALE;
use crate::prometheus::remote::answer::Reason;
use crate::prometheus::remote::fields::{Field, WRONG_TYPE, doubles, fields, reason, varints, zigzags};

/// The schema of histograms that bring their bounds.
const CUSTOM_BOUNDS: i32 = -53;

/// The hint that says that a histogram may go down.
const GAUGE: u64 = 3;

/// OTLP writes empty buckets too. So that a few bytes do not become many, buckets are merged when there are more than
/// SDKs have by default, and eight for each byte of the histogram.
const USUAL_BUCKETS: i64 = 160;
const BUCKETS_A_BYTE: i64 = 8;

/// A `Histogram` as it came.
#[derive(Debug, Default)]
pub(super) struct Native {
    pub(super) time: i64,
    pub(super) start: i64,
    count: Count,
    sum: u64,
    schema: i32,
    zero_threshold: f64,
    zero_count: Count,
    negative: Side,
    positive: Side,
    custom_values: Vec<f64>,
    size: usize,
}

/// Whole or not, as histograms come.
#[derive(Debug, Clone, Copy)]
enum Count {
    Int(u64),
    Float(f64),
}

impl Default for Count {
    fn default() -> Count {
        Count::Int(0)
    }
}

/// One side as it came.
#[derive(Debug, Default)]
struct Side {
    /// How far the first bucket is from the one before, and how many follow without a gap.
    spans: Vec<(i32, u32)>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

/// Buckets that are not empty, by rising index.
type Sparse = Vec<(i64, u64)>;

/// The buckets of an exponential histogram.
#[derive(Debug)]
pub(super) struct Exponential {
    scale: i32,
    positive: Sparse,
    negative: Sparse,
}

/// The buckets of a histogram with bounds.
#[derive(Debug)]
pub(super) struct Explicit {
    counts: Vec<u64>,
}

impl Native {
    pub(super) fn read(body: &[u8]) -> Result<Native, Reason> {
        let mut native = Native { size: body.len(), ..Native::default() };
        for field in fields(body) {
            let (number, field) = field.map_err(reason)?;
            native.field(number, field)?;
        }
        Ok(native)
    }

    fn field(&mut self, number: u32, field: Field<'_>) -> Result<(), Reason> {
        match (number, field) {
            (1, Field::Varint(count)) => self.count = Count::Int(count),
            (2, Field::Fixed64(bits)) => self.count = Count::Float(f64::from_bits(bits)),
            (3, Field::Fixed64(bits)) => self.sum = bits,
            (4, Field::Varint(schema)) => self.schema = otlp::wire::varint::unzigzag32(schema),
            (5, Field::Fixed64(bits)) => self.zero_threshold = f64::from_bits(bits),
            (6, Field::Varint(count)) => self.zero_count = Count::Int(count),
            (7, Field::Fixed64(bits)) => self.zero_count = Count::Float(f64::from_bits(bits)),
            (8, Field::Bytes(span)) => self.negative.spans.push(read_span(span)?),
            (9, field) => zigzags(field, |delta| self.negative.deltas.push(delta))?,
            (10, field) => doubles(field, |count| self.negative.counts.push(count))?,
            (11, Field::Bytes(span)) => self.positive.spans.push(read_span(span)?),
            (12, field) => zigzags(field, |delta| self.positive.deltas.push(delta))?,
            (13, field) => doubles(field, |count| self.positive.counts.push(count))?,
            (14, Field::Varint(GAUGE)) => return Err("OTLP has no histogram that may go down".into()),
            (14, Field::Varint(_)) => (),
            (15, Field::Varint(time)) => self.time = time.cast_signed(),
            (16, field) => doubles(field, |bound| self.custom_values.push(bound))?,
            (17, Field::Varint(start)) => self.start = start.cast_signed(),
            (1..=17, _) => return Err(WRONG_TYPE.into()),
            _ => (),
        }
        Ok(())
    }

    pub(super) fn has_custom_bounds(&self) -> bool {
        self.schema == CUSTOM_BOUNDS
    }

    fn is_stale(&self) -> bool {
        self.sum == STALE
    }

    pub(super) fn exponential(&self) -> Result<Exponential, Reason> {
        if !(-4..=8).contains(&self.schema) {
            return Err(format!("native histograms have no schema {}", self.schema).into());
        }
        let mut buckets =
            Exponential { scale: self.schema, positive: Sparse::new(), negative: Sparse::new() };
        if self.is_stale() {
            return Ok(buckets);
        }
        self.count.whole()?;
        self.zero_count.whole()?;
        // Bounds are lower ones there and upper ones here.
        self.positive.each(|index, count| buckets.positive.push((index - 1, count)))?;
        self.negative.each(|index, count| buckets.negative.push((index - 1, count)))?;
        let size = i64::try_from(self.size).unwrap_or(i64::MAX / BUCKETS_A_BYTE - USUAL_BUCKETS);
        buckets.merge_until(USUAL_BUCKETS + size * BUCKETS_A_BYTE)?;
        Ok(buckets)
    }

    pub(super) fn explicit(&self) -> Result<Explicit, Reason> {
        let bounds = self.bounds();
        if !bounds.is_sorted_by(|one, other| one < other) {
            return Err("the bounds of a histogram do not rise".into());
        }
        let mut counts = vec![0; bounds.len() + 1];
        if self.is_stale() {
            return Ok(Explicit { counts });
        }
        self.count.whole()?;
        let mut is_outside = false;
        self.positive.each(|index, count| {
            match usize::try_from(index).ok().and_then(|index| counts.get_mut(index)) {
                Some(bucket) => *bucket = count,
                None => is_outside |= count > 0,
            }
        })?;
        if is_outside { Err("a bucket of a histogram has no bound".into()) } else { Ok(Explicit { counts }) }
    }

    /// Its bounds; the last bucket has none of its own.
    fn bounds(&self) -> &[f64] {
        match self.custom_values.split_last() {
            Some((last, rest)) if *last == f64::INFINITY => rest,
            _ => &self.custom_values,
        }
    }
}

fn read_span(body: &[u8]) -> Result<(i32, u32), Reason> {
    let mut span = (0, 0);
    for field in fields(body) {
        match field.map_err(reason)? {
            (1, field) => varints(field, |offset| span.0 = otlp::wire::varint::unzigzag32(offset))?,
            (2, Field::Varint(length)) => {
                span.1 = u32::try_from(length).map_err(|_| "a span is too long")?;
            }
            (2, _) => return Err(WRONG_TYPE.into()),
            _ => (),
        }
    }
    Ok(span)
}

impl Count {
    /// Parts of observations are not counted.
    fn whole(self) -> Result<u64, Reason> {
        match self {
            Count::Int(count) => Ok(count),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is what is wanted"
            )]
            Count::Float(count) if count >= 0.0 => Ok(count as u64),
            Count::Float(count) => Err(format!("a histogram counts {count} observations").into()),
        }
    }

    fn shown(self) -> u64 {
        self.whole().unwrap_or_default()
    }
}

impl Side {
    /// Gives `take` the index and the count of each bucket.
    fn each(&self, mut take: impl FnMut(i64, u64)) -> Result<(), Reason> {
        let mut counts = Counts { side: self, at: 0, before: 0 };
        let mut index = 0_i64;
        for (at, (offset, length)) in self.spans.iter().enumerate() {
            if at > 0 && *offset < 0 {
                return Err("the spans of a histogram overlap".into());
            }
            index += i64::from(*offset);
            for _ in 0..*length {
                take(index, counts.next()?);
                index += 1;
            }
        }
        counts.end()
    }
}

/// The counts of one side, in order.
struct Counts<'a> {
    side: &'a Side,
    at: usize,
    before: i64,
}

impl Counts<'_> {
    fn next(&mut self) -> Result<u64, Reason> {
        let Side { deltas, counts, .. } = self.side;
        let at = self.at;
        self.at += 1;
        if let Some(delta) = deltas.get(at) {
            self.before = self.before.checked_add(*delta).ok_or("a bucket is out of range")?;
            return u64::try_from(self.before).map_err(|_| "a bucket counts less than nothing".into());
        }
        match counts.get(at) {
            Some(count) if deltas.is_empty() => Count::Float(*count).whole(),
            _ => Err(MISMATCH.into()),
        }
    }

    fn end(self) -> Result<(), Reason> {
        let is_all = self.at == self.side.deltas.len().max(self.side.counts.len());
        if is_all { Ok(()) } else { Err(MISMATCH.into()) }
    }
}

const MISMATCH: &str = "the spans of a histogram do not match its buckets";

impl Exponential {
    /// Halves the resolution until no side takes more than `limit` buckets.
    fn merge_until(&mut self, limit: i64) -> Result<(), Reason> {
        while width(&self.positive) > limit || width(&self.negative) > limit {
            self.scale -= 1;
            halve(&mut self.positive);
            halve(&mut self.negative);
        }
        let fits = |side: &Sparse| side.iter().all(|(index, _)| i32::try_from(*index).is_ok());
        let fits = fits(&self.positive) && fits(&self.negative);
        if fits { Ok(()) } else { Err("a bucket is out of range".into()) }
    }

    /// Writes all of an `ExponentialHistogramDataPoint` but times, attributes and exemplars.
    pub(super) fn write(&self, native: &Native, out: &mut Writer) {
        let stale = native.is_stale();
        if !stale {
            out.fixed64(4, native.count.shown());
            out.fixed64(5, native.sum);
        }
        out.varint(6, otlp::wire::varint::zigzag(self.scale.into()));
        if !stale {
            out.fixed64(7, native.zero_count.shown());
            write_side(8, &self.positive, out);
            write_side(9, &self.negative, out);
            out.double(14, native.zero_threshold);
        } else {
            out.varint(10, NO_RECORDED_VALUE);
        }
    }
}

/// How many buckets a side takes, the empty ones between others included.
fn width(side: &Sparse) -> i64 {
    match (side.first(), side.last()) {
        (Some((first, _)), Some((last, _))) => last - first + 1,
        _ => 0,
    }
}

fn halve(side: &mut Sparse) {
    side.iter_mut().for_each(|(index, _)| *index >>= 1);
    side.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1 = kept.1.saturating_add(later.1);
        }
        is_same
    });
}

fn write_side(number: u32, side: &Sparse, out: &mut Writer) {
    let Some((first, _)) = side.first() else { return };
    out.message(number, |out| {
        out.varint(1, otlp::wire::varint::zigzag(*first));
        let mark = out.begin(2);
        let mut next = *first;
        for (index, count) in side {
            (next..*index).for_each(|_| out.raw_varint(0));
            out.raw_varint(*count);
            next = index + 1;
        }
        out.end(mark);
    });
}

impl Explicit {
    /// Writes all of a `HistogramDataPoint` but times, attributes and exemplars.
    pub(super) fn write(&self, native: &Native, out: &mut Writer) {
        if native.is_stale() {
            out.varint(10, NO_RECORDED_VALUE);
        } else {
            out.fixed64(4, native.count.shown());
            out.fixed64(5, native.sum);
        }
        let bytes = |numbers: &mut dyn Iterator<Item = u64>| -> Vec<u8> {
            numbers.flat_map(u64::to_le_bytes).collect()
        };
        out.bytes(6, &bytes(&mut self.counts.iter().copied()));
        out.bytes(7, &bytes(&mut native.bounds().iter().map(|bound| bound.to_bits())));
    }
}
