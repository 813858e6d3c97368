//! Pages as targets expose them: lines of text, or families in protobuf.
//!
//! A reader hands out one line after the other. The text of a series is handed out as it stands, for mostly it is known
//! already: whoever does not know it has it parsed.

mod native;
pub(super) mod number;
mod openmetrics;
pub(super) mod proto;
mod series;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use native::{Native, Side};
pub(super) use openmetrics::{OpenMetrics, millis};
pub(super) use series::{Series, Text};
pub(super) use text::{Lines, parsed_timestamp};

/// What is wrong with a line.
pub(super) type Reason = Cow<'static, str>;

/// What a family is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    #[default]
    Unknown,
}

/// The two forms of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Text,
    OpenMetrics,
}

/// A line that says something.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    Type { family: Text<'a>, kind: Kind },
    Help { family: Text<'a>, text: Text<'a> },
    Unit { family: Text<'a>, unit: Text<'a> },
    Sample(Sample<'a>),
}

/// A line with a value.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    /// The name and the labels as they stand there.
    pub(super) series: &'a [u8],
    pub(super) value: f64,
    /// Where it lies in the page.
    pub(super) value_at: Range<usize>,
    /// In milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
    /// Where that lies in the page, if it is there.
    pub(super) timestamp_at: Range<usize>,
    pub(super) exemplar: Option<Exemplar<'a>>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Exemplar<'a> {
    pub(super) labels: Vec<(Text<'a>, Text<'a>)>,
    pub(super) value: f64,
    /// In milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
}

/// A reader of lines.
pub(super) trait Reader<'a> {
    /// The next line. It is found sooner when it is a sample of the series with the text `expected`.
    ///
    /// An error costs the line; one that costs the page comes from [`Reader::end`], behind the last line.
    fn next(&mut self, expected: &[u8]) -> Option<Result<Line<'a>, Reason>>;

    /// The number of the line that came last.
    fn line(&self) -> usize;

    /// Whether the page ended as it should.
    fn end(&self) -> Result<(), Reason>;

    fn dialect(&self) -> Dialect;
}

/// Reads the text of a series.
pub(super) fn series(text: &[u8], dialect: Dialect) -> Result<Series<'_>, Reason> {
    series::parse(text, dialect)
}

impl Kind {
    /// As OpenMetrics calls it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::GaugeHistogram => "gaugehistogram",
            Kind::Summary => "summary",
            Kind::Info => "info",
            Kind::StateSet => "stateset",
            Kind::Unknown => "unknown",
        }
    }
}
