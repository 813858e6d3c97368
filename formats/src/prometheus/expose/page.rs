//! A page in the making: families, their series, an end.

use std::borrow::Cow;

use super::labels;
use super::negotiate::{Format, Negotiated};
use super::protobuf::Protobuf;
use super::text::Text;
use super::value::Value;
use crate::prometheus::names::{Escaping, escape};

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Prometheus'")]
pub enum Kind {
    Counter,
    Gauge,
    Untyped,
    Histogram,
    Summary,
}

/// What all series of a family have in common.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it means.
    pub help: &'a str,
    /// What it is.
    pub kind: Kind,
}

/// One series.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Its labels, rendered by [`labels::render`].
    pub labels: &'a str,
    /// What it holds.
    pub value: &'a Value,
    /// The moment to show, in nanoseconds since 1970; 0 for none.
    pub time: u64,
    /// When it began, in nanoseconds since 1970; 0 when that is not known.
    pub start: u64,
}

/// Writes one page.
///
/// Call [`Page::begin`] for a family, [`Page::series`] for its series and [`Page::end_family`]; a large family may be
/// ended and begun again. [`Page::finish`] ends the page.
#[derive(Debug)]
pub struct Page {
    negotiated: Negotiated,
    /// Whether names have to be escaped.
    escapes: bool,
    /// The family begun last, as the page names it.
    name: String,
    kind: Kind,
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    Text(Text),
    Protobuf(Protobuf),
}

impl Kind {
    /// The endings of the names of its samples, beside none at all.
    #[must_use]
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Kind::Counter | Kind::Gauge | Kind::Untyped => &[],
            Kind::Histogram => &["_bucket", "_count", "_sum"],
            Kind::Summary => &["_count", "_sum"],
        }
    }

    /// The label that its own samples carry.
    #[must_use]
    pub fn reserved_label(self) -> Option<&'static str> {
        match self {
            Kind::Counter | Kind::Gauge | Kind::Untyped => None,
            Kind::Histogram => Some("le"),
            Kind::Summary => Some("quantile"),
        }
    }

    /// As Prometheus writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Untyped => "untyped",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
        }
    }
}

impl Page {
    /// A page in that format. `legacy` promises that all names are legal for Prometheus 2.
    #[must_use]
    pub fn new(negotiated: Negotiated, legacy: bool) -> Page {
        let escapes = match negotiated.escaping {
            Escaping::AllowUtf8 => false,
            Escaping::Underscores | Escaping::Values => !legacy,
            // Applied to legal names too.
            Escaping::Dots => true,
        };
        let writer = match negotiated.format {
            Format::Protobuf => Writer::Protobuf(Protobuf::default()),
            Format::Text | Format::Text1 => Writer::Text(Text::new(false)),
            Format::OpenMetrics0 | Format::OpenMetrics1 => Writer::Text(Text::new(true)),
        };
        Page { negotiated, escapes, name: String::new(), kind: Kind::Untyped, writer }
    }

    /// The family's name as this page writes it.
    #[must_use]
    pub fn name_of<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.escapes { escape(self.negotiated.escaping, name) } else { Cow::Borrowed(name) }
    }

    /// Begins a family.
    pub fn begin(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        self.name = self.name_of(head.name).into_owned();
        self.kind = head.kind;
        match &mut self.writer {
            Writer::Text(text) => text.begin(out, &self.name, head),
            Writer::Protobuf(protobuf) => protobuf.begin(&self.name, head),
        }
    }

    /// Writes a series of the family; `false` when its labels cannot be told apart once their names are escaped, and
    /// nothing was written.
    #[must_use]
    pub fn series(&mut self, out: &mut Vec<u8>, series: &Series<'_>) -> bool {
        let escaped;
        let mut series = *series;
        if self.escapes {
            match labels::escaped(self.negotiated.escaping, series.labels) {
                Some(labels) => escaped = labels,
                None => return false,
            }
            series.labels = &escaped;
        }
        match &mut self.writer {
            Writer::Text(text) => text.series(out, self.kind, &series),
            Writer::Protobuf(protobuf) => protobuf.series(self.kind, &series),
        }
        true
    }

    /// Ends the family, or the part of it that was written.
    pub fn end_family(&mut self, out: &mut Vec<u8>) {
        match &mut self.writer {
            Writer::Text(_) => (),
            Writer::Protobuf(protobuf) => protobuf.end(out),
        }
    }

    /// Whether a family that goes on in another chunk has to be begun again.
    #[must_use]
    pub fn begins_again(&self) -> bool {
        matches!(self.writer, Writer::Protobuf(_))
    }

    /// Ends the page.
    pub fn finish(&self, out: &mut Vec<u8>) {
        if self.negotiated.format.is_open_metrics() {
            out.extend_from_slice(b"# EOF\n");
        }
    }
}
