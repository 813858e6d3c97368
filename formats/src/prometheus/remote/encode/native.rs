//! Exponential histograms as native ones.

use otlp::write::Writer;
use otlp::{Buckets, Point};

use crate::prometheus::remote::STALE;
use crate::prometheus::remote::answer::Reason;

/// The finest and the coarsest resolution of native histograms.
const MAX_SCHEMA: i32 = 8;
const MIN_SCHEMA: i32 = -4;

/// What is about zero when nothing is said, as in Prometheus' own clients.
const ZERO_THRESHOLD: f64 = 1e-128;

/// Up to so many empty buckets are written as such; more begin a new span.
const MAX_GAP: i64 = 2;

/// Writes a `Histogram` without its times.
pub(super) fn write(point: &Point<'_>, is_stale: bool, out: &mut Writer) -> Result<(), Reason> {
    let scale = point.scale();
    if scale < MIN_SCHEMA {
        return Err(format!("a native histogram has a schema of {MIN_SCHEMA} at least, not {scale}").into());
    }
    let schema = scale.min(MAX_SCHEMA);
    if is_stale {
        out.varint(1, STALE);
        out.fixed64(3, STALE);
        out.varint(4, zigzag(schema.into()));
        return Ok(());
    }
    out.varint(1, point.count());
    out.double(3, point.sum().unwrap_or_default());
    out.varint(4, zigzag(schema.into()));
    let threshold = point.zero_threshold();
    out.double(5, if threshold == 0.0 { ZERO_THRESHOLD } else { threshold });
    out.varint(6, point.zero_count());
    let shift = (scale - schema).min(31).unsigned_abs();
    write_side(&point.negative(), shift, 8, out)?;
    write_side(&point.positive(), shift, 11, out)
}

/// Writes the spans of one side in `field`, and the differences of its buckets in the next.
fn write_side(buckets: &Buckets<'_>, shift: u32, field: u32, out: &mut Writer) -> Result<(), Reason> {
    let mut spans = Spans { deltas: Writer::new(), end: None, before: 0, span: None };
    let mut pending: Option<(i64, u64)> = None;
    for (position, count) in (0_i64..).zip(buckets.counts()) {
        // Bounds are upper ones here and lower ones there.
        let index = ((i64::from(buckets.offset()) + position) >> shift) + 1;
        match &mut pending {
            Some((last, sum)) if *last == index => *sum = sum.saturating_add(count),
            _ => {
                if let Some((index, count)) = pending.replace((index, count)) {
                    spans.push(index, count, field, out)?;
                }
            }
        }
    }
    if let Some((index, count)) = pending {
        spans.push(index, count, field, out)?;
    }
    spans.finish(field, out);
    Ok(())
}

/// Buckets in the making.
struct Spans {
    deltas: Writer,
    /// The index behind the last bucket.
    end: Option<i64>,
    /// The count of the last bucket.
    before: i64,
    /// The offset of the span that is being made, and how many buckets it has.
    span: Option<(i64, u64)>,
}

impl Spans {
    fn push(&mut self, index: i64, count: u64, field: u32, out: &mut Writer) -> Result<(), Reason> {
        if count == 0 {
            return Ok(());
        }
        if i32::try_from(index).is_err() || i64::try_from(count).is_err() {
            return Err("a bucket is out of range".into());
        }
        match self.end {
            Some(end) if index - end <= MAX_GAP => (end..index).for_each(|_| self.bucket(0)),
            end => self.begin(index - end.unwrap_or(0), field, out),
        }
        self.bucket(count.cast_signed());
        self.end = Some(index + 1);
        Ok(())
    }

    fn bucket(&mut self, count: i64) {
        self.deltas.raw_varint(zigzag(count - self.before));
        self.before = count;
        if let Some((_, length)) = &mut self.span {
            *length += 1;
        }
    }

    fn begin(&mut self, offset: i64, field: u32, out: &mut Writer) {
        self.write_span(field, out);
        self.span = Some((offset, 0));
    }

    fn write_span(&mut self, field: u32, out: &mut Writer) {
        if let Some((offset, length)) = self.span.take() {
            out.message(field, |out| {
                out.varint(1, zigzag(offset));
                out.varint(2, length);
            });
        }
    }

    fn finish(mut self, field: u32, out: &mut Writer) {
        self.write_span(field, out);
        if !self.deltas.is_empty() {
            out.bytes(field + 1, self.deltas.as_slice());
        }
    }
}

fn zigzag(value: i64) -> u64 {
    otlp::wire::varint::zigzag(value)
}
