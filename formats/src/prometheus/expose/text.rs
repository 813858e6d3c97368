//! The two text formats: Prometheus' own and OpenMetrics.

use super::labels::{push_escaped, push_name};
use super::number::{write, write_fractional, write_seconds, write_whole};
use super::page::{Head, Kind, Series};
use super::value::{Exemplar, Histogram, Summary, Value};
use crate::prometheus::names::is_legacy_metric;

/// Writes families as text.
#[derive(Debug)]
pub(super) struct Text {
    is_open_metrics: bool,
    /// The name of the samples of the family begun last, without suffix.
    name: String,
    /// Whether it stands in front of the braces, not in them.
    is_legacy: bool,
    /// Whether its samples may have exemplars.
    takes_exemplars: bool,
}

impl Text {
    pub(super) fn new(is_open_metrics: bool) -> Text {
        Text { is_open_metrics, name: String::new(), is_legacy: true, takes_exemplars: false }
    }

    /// Writes what stands in front of the samples. In OpenMetrics a counter's samples end with `_total` and the family's
    /// name does not; a counter whose name has no such end is of an unknown type there.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>, name: &str, head: &Head<'_>) {
        name.clone_into(&mut self.name);
        self.is_legacy = is_legacy_metric(name);
        let (family, kind) = match (self.is_open_metrics, head.kind) {
            (false, kind) => (name, kind.as_str()),
            (true, Kind::Counter) => match name.strip_suffix("_total") {
                Some(family) if !family.is_empty() => (family, "counter"),
                Some(_) | None => (name, "unknown"),
            },
            (true, Kind::Untyped) => (name, "unknown"),
            (true, kind) => (name, kind.as_str()),
        };
        self.takes_exemplars = self.is_open_metrics && matches!(kind, "counter" | "histogram");
        let mut quoted = String::with_capacity(family.len() + 2);
        push_name(&mut quoted, family, is_legacy_metric(family));
        let mut help = String::with_capacity(head.help.len());
        push_escaped(&mut help, head.help, self.is_open_metrics);
        out.extend_from_slice(format!("# HELP {quoted} {help}\n# TYPE {quoted} {kind}\n").as_bytes());
    }

    pub(super) fn series(&self, out: &mut Vec<u8>, kind: Kind, series: &Series<'_>) {
        match series.value {
            Value::Number(number, exemplar) => {
                self.name(out, "", series.labels, None);
                self.number(out, *number);
                let exemplar = exemplar.as_deref().filter(|_| kind == Kind::Counter);
                self.end(out, series.time, exemplar);
            }
            Value::Histogram(histogram) => self.histogram(out, series, histogram),
            Value::Native(native) => {
                self.bucket(out, series, f64::INFINITY, native.count, None);
                self.sum_and_count(out, series, native.sum, native.count);
            }
            Value::Summary(summary) => self.summary(out, series, summary),
        }
    }

    fn histogram(&self, out: &mut Vec<u8>, series: &Series<'_>, histogram: &Histogram) {
        let mut total = 0_u64;
        let mut exemplars = histogram.exemplars.iter().peekable();
        let mut exemplar_of =
            |bucket: usize| exemplars.next_if(|(of, _)| *of == bucket).map(|(_, exemplar)| exemplar);
        for (bucket, (bound, count)) in histogram.bounds.iter().zip(&histogram.counts).enumerate() {
            total = total.saturating_add(*count);
            self.bucket(out, series, *bound, total, exemplar_of(bucket));
        }
        let last = exemplar_of(histogram.bounds.len());
        self.bucket(out, series, f64::INFINITY, histogram.count, last);
        self.sum_and_count(out, series, histogram.sum, histogram.count);
    }

    fn summary(&self, out: &mut Vec<u8>, series: &Series<'_>, summary: &Summary) {
        for (quantile, value) in &summary.quantiles {
            self.name(out, "", series.labels, Some(("quantile", *quantile)));
            self.number(out, *value);
            self.end(out, series.time, None);
        }
        self.sum_and_count(out, series, summary.sum, summary.count);
    }

    fn bucket(
        &self,
        out: &mut Vec<u8>,
        series: &Series<'_>,
        bound: f64,
        total: u64,
        exemplar: Option<&Exemplar>,
    ) {
        self.name(out, "_bucket", series.labels, Some(("le", bound)));
        self.count(out, total);
        self.end(out, series.time, exemplar);
    }

    fn sum_and_count(&self, out: &mut Vec<u8>, series: &Series<'_>, sum: f64, count: u64) {
        self.name(out, "_sum", series.labels, None);
        self.number(out, sum);
        self.end(out, series.time, None);
        self.name(out, "_count", series.labels, None);
        self.count(out, count);
        self.end(out, series.time, None);
    }

    /// Writes all up to the value.
    fn name(&self, out: &mut Vec<u8>, suffix: &str, labels: &str, own: Option<(&str, f64)>) {
        if self.is_legacy {
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(suffix.as_bytes());
            if labels.is_empty() && own.is_none() {
                out.push(b' ');
                return;
            }
            out.push(b'{');
        } else {
            let mut quoted = String::with_capacity(self.name.len() + suffix.len() + 4);
            quoted.push_str("{\"");
            push_escaped(&mut quoted, &self.name, true);
            quoted.push_str(suffix);
            quoted.push('"');
            out.extend_from_slice(quoted.as_bytes());
            if !labels.is_empty() || own.is_some() {
                out.push(b',');
            }
        }
        out.extend_from_slice(labels.as_bytes());
        if let Some((name, value)) = own {
            if !labels.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            self.number(out, value);
            out.push(b'"');
        }
        out.extend_from_slice(b"} ");
    }

    fn number(&self, out: &mut Vec<u8>, number: f64) {
        if self.is_open_metrics { write_fractional(out, number) } else { write(out, number) }
    }

    #[expect(clippy::cast_precision_loss, reason = "this format knows doubles only")]
    fn count(&self, out: &mut Vec<u8>, count: u64) {
        if self.is_open_metrics { write_whole(out, count) } else { write(out, count as f64) }
    }

    /// Writes what follows the value.
    fn end(&self, out: &mut Vec<u8>, time: u64, exemplar: Option<&Exemplar>) {
        if time > 0 {
            out.push(b' ');
            let millis = time / 1_000_000;
            if self.is_open_metrics {
                write_seconds(out, millis * 1_000_000);
            } else {
                write_whole(out, millis);
            }
        }
        if let Some(exemplar) = exemplar.filter(|_| self.takes_exemplars) {
            write_exemplar(out, exemplar);
        }
        out.push(b'\n');
    }
}

fn write_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    out.extend_from_slice(b" # {");
    let mut is_first = true;
    for (name, id) in exemplar.ids() {
        let comma = if is_first { "" } else { "," };
        is_first = false;
        out.extend_from_slice(format!("{comma}{name}=\"{id}\"").as_bytes());
    }
    out.extend_from_slice(b"} ");
    write_fractional(out, exemplar.value);
    if exemplar.time > 0 {
        out.push(b' ');
        write_seconds(out, exemplar.time);
    }
}

impl Exemplar {
    /// The ids it has, in hex, as labels.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&'static str, String)> {
        let ids = [("trace_id", &self.trace_id[..]), ("span_id", &self.span_id[..])];
        let known = ids.into_iter().filter(|(_, id)| id.iter().any(|byte| *byte != 0));
        known.map(|(name, id)| (name, id.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}
