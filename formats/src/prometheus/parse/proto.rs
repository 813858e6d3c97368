//! Families in protobuf, each behind its length.

use super::native::{Native, Side};
use super::number::NORMAL_NAN;
use super::{Exemplar, Kind, Reason, Text};
use fields::{Fields, Value};

mod fields;

/// A family that was taken apart; its metrics are not.
#[derive(Debug, Default)]
pub(in crate::prometheus) struct Family<'a> {
    pub(in crate::prometheus) name: &'a str,
    pub(in crate::prometheus) help: &'a str,
    pub(in crate::prometheus) unit: &'a str,
    pub(in crate::prometheus) kind: Kind,
    metrics: Vec<&'a [u8]>,
}

/// One metric of a family.
#[derive(Debug)]
pub(in crate::prometheus) struct Metric<'a> {
    /// The bodies of its labels.
    pub(in crate::prometheus) labels: Vec<&'a [u8]>,
    /// In milliseconds since 1970.
    pub(in crate::prometheus) timestamp: Option<i64>,
    pub(in crate::prometheus) data: Data<'a>,
    /// In nanoseconds since 1970; 0 for unknown.
    pub(in crate::prometheus) created: u64,
}

#[derive(Debug)]
pub(in crate::prometheus) enum Data<'a> {
    Number { value: f64, exemplar: Option<Exemplar<'a>> },
    Summary { count: f64, sum: f64, quantiles: Vec<(f64, f64)> },
    Histogram(Box<Histogram<'a>>),
}

/// A histogram, in buckets with bounds of their own, native, or both.
#[derive(Debug, Default)]
pub(in crate::prometheus) struct Histogram<'a> {
    pub(in crate::prometheus) count: f64,
    pub(in crate::prometheus) sum: f64,
    pub(in crate::prometheus) buckets: Vec<Bucket<'a>>,
    pub(in crate::prometheus) native: Option<Native>,
    /// Those of the native histogram.
    pub(in crate::prometheus) exemplars: Vec<Exemplar<'a>>,
}

#[derive(Debug, Default)]
pub(in crate::prometheus) struct Bucket<'a> {
    pub(in crate::prometheus) bound: f64,
    pub(in crate::prometheus) cumulative: f64,
    pub(in crate::prometheus) exemplar: Option<Exemplar<'a>>,
}

/// The body of the family at the begin of `bytes`, and what stands behind it.
pub(in crate::prometheus) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let (length, at) = otlp::wire::varint::read_varint(bytes, 0).map_err(|_| "a family has no length")?;
    let length = usize::try_from(length).ok().filter(|length| *length <= bytes.len() - at);
    Ok(bytes[at..].split_at(length.ok_or("a family is cut off")?))
}

/// Takes a family apart.
pub(in crate::prometheus) fn family(body: &[u8]) -> Result<Family<'_>, Reason> {
    let mut family = Family { kind: Kind::Counter, ..Family::default() };
    for field in Fields::new(body) {
        match field? {
            (1, Value::Bytes(name)) => family.name = text(name)?,
            (2, Value::Bytes(help)) => family.help = text(help)?,
            (3, Value::Varint(number)) => family.kind = kind(number)?,
            (4, Value::Bytes(metric)) => family.metrics.push(metric),
            (5, Value::Bytes(unit)) => family.unit = text(unit)?,
            _ => (),
        }
    }
    if family.name.is_empty() { Err("a family has no name".into()) } else { Ok(family) }
}

/// The name and the value of a label.
pub(in crate::prometheus) fn label(body: &[u8]) -> Result<(Text<'_>, Text<'_>), Reason> {
    let (mut name, mut value) = ("", "");
    for field in Fields::new(body) {
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = text(bytes)?,
            _ => (),
        }
    }
    Ok((name.into(), value.into()))
}

impl<'a> Family<'a> {
    /// Its metrics. One that is malformed costs itself.
    pub(in crate::prometheus) fn metrics(&self) -> impl Iterator<Item = Result<Metric<'a>, Reason>> {
        let kind = self.kind;
        self.metrics.iter().map(move |body| metric(body, kind))
    }
}

fn metric(body: &[u8], kind: Kind) -> Result<Metric<'_>, Reason> {
    let wanted = match kind {
        Kind::Gauge => 2,
        Kind::Counter => 3,
        Kind::Summary => 4,
        Kind::Histogram | Kind::GaugeHistogram => 7,
        Kind::Unknown | Kind::Info | Kind::StateSet => 5,
    };
    let (mut labels, mut timestamp, mut data) = (Vec::new(), None, None);
    for field in Fields::new(body) {
        match field? {
            (1, Value::Bytes(label)) => labels.push(label),
            (6, Value::Varint(millis)) => timestamp = Some(millis as i64).filter(|millis| *millis != 0),
            (number, Value::Bytes(body)) if number == wanted => data = Some(body),
            _ => (),
        }
    }
    let body = data.ok_or("a metric has no value of its family's type")?;
    let (data, created) = match kind {
        Kind::Summary => summary(body)?,
        Kind::Histogram | Kind::GaugeHistogram => histogram(body)?,
        _ => number(body)?,
    };
    Ok(Metric { labels, timestamp, data, created })
}

fn number(body: &[u8]) -> Result<(Data<'_>, u64), Reason> {
    let (mut value, mut read_exemplar, mut created) = (0.0, None, 0);
    for field in Fields::new(body) {
        match field? {
            (1, Value::Fixed64(bits)) => value = double(bits),
            (2, Value::Bytes(body)) => read_exemplar = Some(exemplar(body)?),
            (3, Value::Bytes(body)) => created = nanos(body)?,
            _ => (),
        }
    }
    Ok((Data::Number { value, exemplar: read_exemplar }, created))
}

fn summary(body: &[u8]) -> Result<(Data<'_>, u64), Reason> {
    let (mut count, mut sum, mut created) = (0.0, 0.0, 0);
    let mut quantiles = Vec::new();
    for field in Fields::new(body) {
        match field? {
            (1, Value::Varint(number)) => count = number as f64,
            (2, Value::Fixed64(bits)) => sum = double(bits),
            (3, Value::Bytes(body)) => quantiles.push(quantile(body)?),
            (4, Value::Bytes(body)) => created = nanos(body)?,
            _ => (),
        }
    }
    Ok((Data::Summary { count, sum, quantiles }, created))
}

fn quantile(body: &[u8]) -> Result<(f64, f64), Reason> {
    let (mut quantile, mut value) = (0.0, 0.0);
    for field in Fields::new(body) {
        match field? {
            (1, Value::Fixed64(bits)) => quantile = double(bits),
            (2, Value::Fixed64(bits)) => value = double(bits),
            _ => (),
        }
    }
    Ok((quantile, value))
}

/// The buckets of one sign as they are written: spans, and differences or counts.
#[derive(Debug, Default)]
struct Sparse {
    spans: Vec<(i32, u32)>,
    deltas: Vec<i64>,
    counts: Vec<u64>,
}

impl Sparse {
    fn into_side(self) -> Result<Side, Reason> {
        if !self.counts.is_empty() {
            return Side::new(&self.spans, self.counts);
        }
        let mut last: i64 = 0;
        let counts = self.deltas.iter().map(|delta| {
            last = last.checked_add(*delta)?;
            u64::try_from(last).ok()
        });
        let counts: Option<Vec<u64>> = counts.collect();
        Side::new(&self.spans, counts.ok_or("a bucket of a native histogram is negative")?)
    }
}

fn histogram(body: &[u8]) -> Result<(Data<'_>, u64), Reason> {
    let mut histogram = Histogram::default();
    let (mut native, mut created) = (Native::default(), 0);
    let (mut positive, mut negative) = (Sparse::default(), Sparse::default());
    for field in Fields::new(body) {
        match field? {
            (1, Value::Varint(count)) if native.count == 0 => native.count = count,
            (4, Value::Fixed64(bits)) if double(bits) > 0.0 => native.count = double(bits) as u64,
            (2, Value::Fixed64(bits)) => native.sum = double(bits),
            (3, Value::Bytes(body)) => histogram.buckets.push(bucket(body)?),
            (5, Value::Varint(schema)) => native.schema = otlp::wire::varint::unzigzag32(schema),
            (6, Value::Fixed64(bits)) => native.zero_threshold = double(bits),
            (7, Value::Varint(count)) if native.zero_count == 0 => native.zero_count = count,
            (8, Value::Fixed64(bits)) if double(bits) > 0.0 => native.zero_count = double(bits) as u64,
            (9, Value::Bytes(body)) => negative.spans.push(span(body)?),
            (10, value) => value.signed_into(&mut negative.deltas)?,
            (11, value) => value.doubles_into(&mut negative.counts)?,
            (12, Value::Bytes(body)) => positive.spans.push(span(body)?),
            (13, value) => value.signed_into(&mut positive.deltas)?,
            (14, value) => value.doubles_into(&mut positive.counts)?,
            (15, Value::Bytes(body)) => created = nanos(body)?,
            (16, Value::Bytes(body)) => histogram.exemplars.push(exemplar(body)?),
            _ => (),
        }
    }
    (histogram.count, histogram.sum) = (native.count as f64, native.sum);
    let has_spans = !(positive.spans.is_empty() && negative.spans.is_empty());
    if has_spans || native.zero_threshold > 0.0 || native.zero_count > 0 {
        (native.positive, native.negative) = (positive.into_side()?, negative.into_side()?);
        native.check()?;
        native.limit_spread()?;
        histogram.native = Some(native);
    }
    Ok((Data::Histogram(histogram.into()), created))
}

fn bucket(body: &[u8]) -> Result<Bucket<'_>, Reason> {
    let mut bucket = Bucket::default();
    for field in Fields::new(body) {
        match field? {
            (1, Value::Varint(count)) if bucket.cumulative == 0.0 => bucket.cumulative = count as f64,
            (2, Value::Fixed64(bits)) => bucket.bound = double(bits),
            (3, Value::Bytes(body)) => bucket.exemplar = Some(exemplar(body)?),
            (4, Value::Fixed64(bits)) if double(bits) > 0.0 => bucket.cumulative = double(bits),
            _ => (),
        }
    }
    Ok(bucket)
}

fn span(body: &[u8]) -> Result<(i32, u32), Reason> {
    let (mut offset, mut length) = (0, 0);
    for field in Fields::new(body) {
        match field? {
            (1, Value::Varint(number)) => offset = otlp::wire::varint::unzigzag32(number),
            (2, Value::Varint(number)) => length = number as u32,
            _ => (),
        }
    }
    Ok((offset, length))
}

fn exemplar(body: &[u8]) -> Result<Exemplar<'_>, Reason> {
    let mut exemplar = Exemplar { labels: Vec::new(), value: 0.0, timestamp: None };
    for field in Fields::new(body) {
        match field? {
            (1, Value::Bytes(body)) => exemplar.labels.push(label(body)?),
            (2, Value::Fixed64(bits)) => exemplar.value = double(bits),
            (3, Value::Bytes(body)) => exemplar.timestamp = Some((nanos(body)? / 1_000_000) as i64),
            _ => (),
        }
    }
    Ok(exemplar)
}

/// A `google.protobuf.Timestamp`, in nanoseconds since 1970; 0 when it is out of range.
fn nanos(body: &[u8]) -> Result<u64, Reason> {
    let (mut seconds, mut nanos) = (0u64, 0u64);
    for field in Fields::new(body) {
        match field? {
            (1, Value::Varint(number)) => seconds = number,
            (2, Value::Varint(number)) => nanos = number,
            _ => (),
        }
    }
    let seconds = seconds.checked_mul(1_000_000_000);
    Ok(seconds.and_then(|whole| whole.checked_add(nanos)).unwrap_or(0))
}

fn kind(number: u64) -> Result<Kind, Reason> {
    Ok(match number {
        0 => Kind::Counter,
        1 => Kind::Gauge,
        2 => Kind::Summary,
        3 => Kind::Unknown,
        4 => Kind::Histogram,
        5 => Kind::GaugeHistogram,
        other => return Err(format!("unknown type `{other}`").into()),
    })
}

fn double(bits: u64) -> f64 {
    let value = f64::from_bits(bits);
    if value.is_nan() { NORMAL_NAN } else { value }
}

fn text(bytes: &[u8]) -> Result<&str, Reason> {
    super::series::text(bytes)
}
