//! `io.prometheus.client.MetricFamily`, each with its length in front.
//!
//! The length of a message stands before it, so a family can only be written once all of it is known. Large ones are
//! written as several messages of the same name, which readers take one after the other.

use otlp::write::Writer;

use super::labels;
use super::native::{Native, Side};
use super::page::{Head, Kind, Series};
use super::value::{Exemplar, Histogram, Summary, Value};

/// Writes families as protobuf.
#[derive(Debug, Default)]
pub(super) struct Protobuf {
    /// The family begun last.
    family: Writer,
}

impl Protobuf {
    pub(super) fn begin(&mut self, name: &str, head: &Head<'_>) {
        let mut bytes = std::mem::take(&mut self.family).into_bytes();
        bytes.clear();
        self.family = Writer::append_to(bytes);
        self.family.text(1, name);
        self.family.text(2, head.help);
        self.family.varint(3, number_of(head.kind));
    }

    pub(super) fn series(&mut self, kind: Kind, series: &Series<'_>) {
        let metric = self.family.begin_sized(4, 200);
        for (name, value) in labels::pairs(series.labels) {
            self.family.message(1, |out| {
                out.text(1, &name);
                out.text(2, &value);
            });
        }
        match series.value {
            Value::Number(number, exemplar) => {
                self.number(kind, *number, exemplar.as_deref(), series.start);
            }
            Value::Histogram(histogram) => {
                self.family.message(7, |out| write_histogram(out, histogram, series.start));
            }
            Value::Native(native) => self.family.message(7, |out| write_native(out, native, series.start)),
            Value::Summary(summary) => {
                self.family.message(4, |out| write_summary(out, summary, series.start))
            }
        }
        if series.time > 0 {
            self.family.varint(6, series.time / 1_000_000);
        }
        self.family.end(metric);
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        let mut length = Writer::append_to(std::mem::take(out));
        length.raw_varint(self.family.len() as u64);
        length.raw(self.family.as_slice());
        *out = length.into_bytes();
    }

    fn number(&mut self, kind: Kind, number: f64, exemplar: Option<&Exemplar>, start: u64) {
        let field = match kind {
            Kind::Counter => 3,
            Kind::Gauge => 2,
            Kind::Untyped | Kind::Histogram | Kind::Summary => 5,
        };
        self.family.message(field, |out| {
            out.double(1, number);
            if kind == Kind::Counter {
                if let Some(exemplar) = exemplar {
                    write_exemplar(out, 2, exemplar);
                }
                write_moment(out, 3, start);
            }
        });
    }
}

fn number_of(kind: Kind) -> u64 {
    match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Summary => 2,
        Kind::Untyped => 3,
        Kind::Histogram => 4,
    }
}

fn write_histogram(out: &mut Writer, histogram: &Histogram, start: u64) {
    out.varint(1, histogram.count);
    out.double(2, histogram.sum);
    let mut total = 0_u64;
    let mut exemplars = histogram.exemplars.iter().peekable();
    let counts = histogram.counts.iter().map(Some).chain([None]);
    let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
    for (bucket, (bound, count)) in bounds.zip(counts).enumerate() {
        total = count.map_or(histogram.count, |count| total.saturating_add(*count));
        out.message(3, |out| {
            out.varint(1, total);
            out.double(2, bound);
            if let Some((_, exemplar)) = exemplars.next_if(|(of, _)| *of == bucket) {
                write_exemplar(out, 3, exemplar);
            }
        });
    }
    write_moment(out, 15, start);
}

fn write_native(out: &mut Writer, native: &Native, start: u64) {
    out.varint(1, native.count);
    out.double(2, native.sum);
    out.varint(5, zigzag(native.scale.into()));
    out.double(6, native.zero_threshold);
    out.varint(7, native.zero_count);
    write_side(out, (9, 10), &native.negative);
    write_side(out, (12, 13), &native.positive);
    write_moment(out, 15, start);
    // Prometheus takes those only that say when they were measured.
    for exemplar in native.exemplars.iter().filter(|exemplar| exemplar.time > 0) {
        write_exemplar(out, 16, exemplar);
    }
}

fn write_side(out: &mut Writer, (span_field, delta_field): (u32, u32), side: &Side) {
    let (spans, deltas) = side.spans();
    for span in spans {
        out.message(span_field, |out| {
            out.varint(1, zigzag(span.offset.into()));
            out.varint(2, span.length.into());
        });
    }
    for delta in deltas {
        out.varint(delta_field, zigzag(delta));
    }
}

fn write_summary(out: &mut Writer, summary: &Summary, start: u64) {
    out.varint(1, summary.count);
    out.double(2, summary.sum);
    for (quantile, value) in &summary.quantiles {
        out.message(3, |out| {
            out.double(1, *quantile);
            out.double(2, *value);
        });
    }
    write_moment(out, 4, start);
}

fn write_exemplar(out: &mut Writer, field: u32, exemplar: &Exemplar) {
    out.message(field, |out| {
        for (name, id) in exemplar.ids() {
            out.message(1, |out| {
                out.text(1, name);
                out.text(2, &id);
            });
        }
        out.double(2, exemplar.value);
        write_moment(out, 3, exemplar.time);
    });
}

/// A `google.protobuf.Timestamp`; nothing for 0.
fn write_moment(out: &mut Writer, field: u32, nanos: u64) {
    if nanos > 0 {
        out.message(field, |out| {
            out.varint(1, nanos / 1_000_000_000);
            out.varint(2, nanos % 1_000_000_000);
        });
    }
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}
