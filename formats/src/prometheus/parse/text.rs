//! Prometheus' text format, as Prometheus reads it, but a bad line costs only itself: reading goes on behind its end.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::series::{self, Text, blanks};
use super::{Dialect, Kind, Line, Reader, Reason, Sample, number};

/// A page in Prometheus' text format.
#[derive(Debug)]
pub(in crate::prometheus) struct Lines<'a> {
    page: &'a [u8],
    at: usize,
    /// Where the last line began.
    start: usize,
}

impl<'a> Lines<'a> {
    pub(in crate::prometheus) fn new(page: &'a [u8]) -> Self {
        Lines { page, at: 0, start: 0 }
    }

    /// What the line at `self.start` says; nothing if it is blank or a comment.
    fn read(&mut self) -> Result<Option<Line<'a>>, Reason> {
        self.at += blanks(&self.page[self.at..]);
        match self.page.get(self.at) {
            None => Ok(None),
            Some(b'\n') => {
                self.at += 1;
                Ok(None)
            }
            Some(b'#') => self.comment(),
            Some(_) => {
                let length = series::end(&self.page[self.at..])
                    .ok_or("expected a series: a name, or labels in braces")?;
                self.sample(length).map(|sample| Some(Line::Sample(sample)))
            }
        }
    }

    /// A sample whose series has `length` bytes.
    fn sample(&mut self, length: usize) -> Result<Sample<'a>, Reason> {
        let series = &self.page[self.at..self.at + length];
        let value_start = self.at + length + blanks(&self.page[self.at + length..]);
        let (value, length) =
            number::leading(&self.page[value_start..]).ok_or("the value is not a number")?;
        let value_at = value_start..value_start + length;
        self.at = value_at.end;
        if self.page.get(self.at) == Some(&b'\n') {
            self.at += 1;
            return Ok(Sample {
                series,
                value,
                value_at,
                timestamp: None,
                timestamp_at: 0..0,
                exemplar: None,
            });
        }
        let (timestamp, timestamp_at) = self.timestamp()?;
        Ok(Sample { series, value, value_at, timestamp, timestamp_at, exemplar: None })
    }

    /// What stands behind a value: a timestamp or nothing, and the end of the line.
    fn timestamp(&mut self) -> Result<(Option<i64>, Range<usize>), Reason> {
        self.at += blanks(&self.page[self.at..]);
        let rest = &self.page[self.at..];
        let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let digits = self.at..self.at + length;
        self.at += length + blanks(&rest[length..]);
        if self.page.get(self.at).is_some_and(|byte| *byte != b'\n') {
            return Err("there is more behind the value than a timestamp".into());
        }
        self.at += 1;
        if length == 0 {
            return Ok((None, 0..0));
        }
        let timestamp = parsed_timestamp(&rest[..length]).ok_or("the timestamp is out of range")?;
        Ok((Some(timestamp), digits))
    }

    fn comment(&mut self) -> Result<Option<Line<'a>>, Reason> {
        let rest = &self.page[self.at..];
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        self.at += length + 1;
        let line = &rest[1..length];
        let words = &line[blanks(line)..];
        let is_free = words.len() == line.len() || words.len() < 5 || !matches!(words[4], b' ' | b'\t');
        if is_free {
            return Ok(None);
        }
        let read = match &words[..4] {
            b"HELP" => help,
            b"TYPE" => kind,
            _ => return Ok(None),
        };
        let (family, end) = series::metric_name(&words[4 + blanks(&words[4..])..])?;
        let text = &words[4 + blanks(&words[4..]) + end..];
        read(family, text.get(1..).unwrap_or_default()).map(Some)
    }
}

impl<'a> Reader<'a> for Lines<'a> {
    #[inline]
    fn next(&mut self, expected: &[u8]) -> Option<Result<Line<'a>, Reason>> {
        loop {
            self.start = self.at;
            let rest = self.page.get(self.at..).filter(|rest| !rest.is_empty())?;
            let line = if is_expected(rest, expected) {
                self.sample(expected.len()).map(|sample| Some(Line::Sample(sample)))
            } else {
                self.read()
            };
            match line {
                Ok(None) => (),
                Ok(Some(line)) => return Some(Ok(line)),
                Err(reason) => {
                    let rest = &self.page[self.start..];
                    self.at = self.start + memchr(b'\n', rest).unwrap_or(rest.len()) + 1;
                    return Some(Err(reason));
                }
            }
        }
    }

    fn line(&self) -> usize {
        line_number(self.page, self.start)
    }

    fn end(&self) -> Result<(), Reason> {
        Ok(())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Text
    }
}

/// Whether `rest` begins with a sample of the series with that text and nothing unusual.
#[inline]
pub(super) fn is_expected(rest: &[u8], expected: &[u8]) -> bool {
    let next = |offset: usize| rest.get(expected.len() + offset);
    !expected.is_empty()
        && rest.starts_with(expected)
        && next(0) == Some(&b' ')
        && !matches!(next(1), None | Some(b' ' | b'\t' | b'{' | b'\n'))
}

/// The number of the line that begins at `start`.
pub(super) fn line_number(page: &[u8], start: usize) -> usize {
    memchr_iter(b'\n', &page[..start.min(page.len())]).count() + 1
}

/// Milliseconds in digits.
#[inline]
pub(in crate::prometheus) fn parsed_timestamp(digits: &[u8]) -> Option<i64> {
    let add = |number: i64, digit: &u8| number.checked_mul(10)?.checked_add(i64::from(digit - b'0'));
    digits.iter().try_fold(0, add)
}

fn help<'a>(family: Text<'a>, text: &'a [u8]) -> Result<Line<'a>, Reason> {
    Ok(Line::Help { family, text: series::unescaped_line(series::text(text)?) })
}

fn kind<'a>(family: Text<'a>, word: &'a [u8]) -> Result<Line<'a>, Reason> {
    let kind = match word {
        b"counter" => Kind::Counter,
        b"gauge" => Kind::Gauge,
        b"histogram" => Kind::Histogram,
        b"summary" => Kind::Summary,
        b"untyped" => Kind::Unknown,
        other => return Err(format!("unknown type `{}`", shown(other)).into()),
    };
    Ok(Line::Type { family, kind })
}

/// A word of a page in a message.
pub(super) fn shown(word: &[u8]) -> String {
    word[..word.len().min(64)].escape_ascii().to_string()
}
