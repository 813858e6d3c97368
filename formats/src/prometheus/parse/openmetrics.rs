//! OpenMetrics, as Prometheus reads it, but a bad line costs only itself.

use std::ops::Range;

use memchr::memchr;

use super::series::{self, Text};
use super::text::{is_expected, line_number, shown};
use super::{Dialect, Exemplar, Kind, Line, Reader, Reason, Sample, number};

const END: &[u8] = b"# EOF";

/// A page in OpenMetrics.
#[derive(Debug)]
pub(in crate::prometheus) struct OpenMetrics<'a> {
    page: &'a [u8],
    at: usize,
    /// Where the last line began.
    start: usize,
    end: End,
}

/// How the page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Missing,
    Found,
    /// There was more behind it.
    TooEarly,
}

impl<'a> OpenMetrics<'a> {
    pub(in crate::prometheus) fn new(page: &'a [u8]) -> Self {
        OpenMetrics { page, at: 0, start: 0, end: End::Missing }
    }

    /// Whether the end of the page is here.
    fn ends(&mut self, rest: &[u8]) -> bool {
        match rest.strip_prefix(END) {
            Some([] | [b'\n']) => self.end = End::Found,
            Some([b'\n', ..]) => self.end = End::TooEarly,
            _ => return false,
        }
        true
    }

    fn read(&mut self) -> Result<Line<'a>, Reason> {
        let rest = &self.page[self.at..];
        if let Some(line) = rest.strip_prefix(b"#") {
            return self.comment(&line[..memchr(b'\n', line).ok_or("the line has no end")?]);
        }
        let length = series::end(rest).ok_or("expected a series: a name, or labels in braces")?;
        self.sample(length).map(Line::Sample)
    }

    fn comment(&mut self, line: &'a [u8]) -> Result<Line<'a>, Reason> {
        self.at += line.len() + 2;
        let Some((word, rest)) = line.split_first_chunk::<6>() else {
            return Err("expected HELP, TYPE, UNIT or EOF behind `#`".into());
        };
        let read = match word {
            b" HELP " => help,
            b" TYPE " => kind,
            b" UNIT " => unit,
            _ => return Err("expected HELP, TYPE, UNIT or EOF behind `#`".into()),
        };
        let (family, end) = series::metric_name(rest)?;
        let text = rest[end..].strip_prefix(b" ").ok_or("expected a blank behind the metric's name")?;
        read(family, text)
    }

    /// A sample whose series has `length` bytes.
    fn sample(&mut self, length: usize) -> Result<Sample<'a>, Reason> {
        let series = &self.page[self.at..self.at + length];
        self.at += length;
        let (value, value_at) = self.number()?.ok_or("the value is missing")?;
        let (mut timestamp, mut timestamp_at) = (None, 0..0);
        if !self.page[self.at..].starts_with(b" # {")
            && let Some((seconds, range)) = self.number()?
        {
            (timestamp, timestamp_at) = (Some(millis(seconds)?), range);
        }
        let exemplar = self.exemplar()?;
        match self.page.get(self.at) {
            Some(b'\n') => self.at += 1,
            Some(byte) => return Err(format!("expected the end, found `{}`", byte.escape_ascii()).into()),
            None => return Err("the line has no end".into()),
        }
        Ok(Sample { series, value, value_at, timestamp, timestamp_at, exemplar })
    }

    /// A blank and a number, if there is a blank.
    fn number(&mut self) -> Result<Option<(f64, Range<usize>)>, Reason> {
        let Some(rest) = self.page[self.at..].strip_prefix(b" ") else { return Ok(None) };
        let (number, length) = number::leading(rest).ok_or("there is a word that is not a number")?;
        let range = self.at + 1..self.at + 1 + length;
        self.at = range.end;
        Ok(Some((number, range)))
    }

    fn exemplar(&mut self) -> Result<Option<Exemplar<'a>>, Reason> {
        let Some(rest) = self.page[self.at..].strip_prefix(b" # {") else { return Ok(None) };
        let (labels, length) = series::exemplar_labels(rest)?;
        self.at += 4 + length;
        let (value, _) = self.number()?.ok_or("the value of the exemplar is missing")?;
        let timestamp = self.number()?.map(|(seconds, _)| millis(seconds)).transpose()?;
        Ok(Some(Exemplar { labels, value, timestamp }))
    }
}

impl<'a> Reader<'a> for OpenMetrics<'a> {
    #[inline]
    fn next(&mut self, expected: &[u8]) -> Option<Result<Line<'a>, Reason>> {
        self.start = self.at;
        let rest = self.page.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = if is_expected(rest, expected) {
            self.sample(expected.len()).map(Line::Sample)
        } else if self.ends(rest) {
            return None;
        } else {
            self.read()
        };
        if line.is_err() {
            self.at = self.start + memchr(b'\n', rest).unwrap_or(rest.len()) + 1;
        }
        Some(line)
    }

    fn line(&self) -> usize {
        line_number(self.page, self.start)
    }

    fn end(&self) -> Result<(), Reason> {
        match self.end {
            End::Found => Ok(()),
            End::Missing => Err("data does not end with `# EOF`".into()),
            End::TooEarly => Err("there is data behind `# EOF`".into()),
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect::OpenMetrics
    }
}

/// Seconds, which may have a fraction, in whole milliseconds, as near as they come.
pub(in crate::prometheus) fn millis(seconds: f64) -> Result<i64, Reason> {
    if seconds.is_finite() {
        Ok((seconds * 1000.0) as i64)
    } else {
        Err("the timestamp is not a time".into())
    }
}

fn help<'a>(family: Text<'a>, text: &'a [u8]) -> Result<Line<'a>, Reason> {
    Ok(Line::Help { family, text: series::unescaped(series::text(text)?) })
}

fn kind<'a>(family: Text<'a>, word: &'a [u8]) -> Result<Line<'a>, Reason> {
    let kind = match word {
        b"counter" => Kind::Counter,
        b"gauge" => Kind::Gauge,
        b"histogram" => Kind::Histogram,
        b"gaugehistogram" => Kind::GaugeHistogram,
        b"summary" => Kind::Summary,
        b"info" => Kind::Info,
        b"stateset" => Kind::StateSet,
        b"unknown" => Kind::Unknown,
        other => return Err(format!("unknown type `{}`", shown(other)).into()),
    };
    Ok(Line::Type { family, kind })
}

fn unit<'a>(family: Text<'a>, unit: &'a [u8]) -> Result<Line<'a>, Reason> {
    let unit = series::text(unit)?;
    let is_suffix = family.strip_suffix(unit).is_some_and(|front| front.ends_with('_'));
    if unit.is_empty() || is_suffix {
        return Ok(Line::Unit { family, unit: unit.into() });
    }
    Err(format!("unit `{}` is not a suffix of `{family}`", shown(unit.as_bytes())).into())
}
