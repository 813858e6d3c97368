//! The text of a series: a name and labels in braces.

use std::borrow::Cow;

use memchr::{memchr2, memchr3};

use super::{Dialect, Reason};

/// A name or a value of a label.
pub(crate) type Text<'a> = Cow<'a, str>;

/// A series as the page has it. The name may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Series<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) labels: Vec<(Text<'a>, Text<'a>)>,
}

/// Whether escapes in labels mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Read,
    /// Prometheus takes the labels of exemplars as they stand.
    Kept,
}

/// Where the series at the begin of `bytes` ends. It ends at the end of a line unless a value goes over it, and nothing
/// but a quote begins a value: so that no input is looked through again and again.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let name = name_end(bytes);
    let brace = name + blanks(&bytes[name..]);
    if bytes.get(brace) != Some(&b'{') {
        return (name > 0).then_some(name);
    }
    let mut at = brace + 1;
    loop {
        at += memchr3(b'"', b'}', b'\n', &bytes[at..])?;
        match bytes[at] {
            b'}' => return Some(at + 1),
            b'"' if bytes[at - 1] != b'\\' => at = string_end(bytes, at + 1)?,
            _ => return None,
        }
    }
}

/// Reads the text of a series as a whole.
pub(super) fn parse(bytes: &[u8], dialect: Dialect) -> Result<Series<'_>, Reason> {
    let name = name_end(bytes);
    let mut reader = Reader { bytes, at: name, dialect, escapes: Escapes::Read };
    let mut series = Series { name: text(&bytes[..name])?.into(), labels: Vec::new() };
    reader.skip_blanks();
    if reader.at < bytes.len() {
        reader.expect(b'{')?;
        reader.labels(&mut series)?;
    }
    if series.name.is_empty() {
        return Err("a sample has no name".into());
    }
    Ok(series)
}

/// Reads the labels of an exemplar behind `{`, and where they end.
pub(super) fn exemplar_labels(bytes: &[u8]) -> Result<(Vec<(Text<'_>, Text<'_>)>, usize), Reason> {
    let mut reader = Reader { bytes, at: 0, dialect: Dialect::OpenMetrics, escapes: Escapes::Kept };
    let mut series = Series::default();
    reader.labels(&mut series)?;
    if series.name.is_empty() { Ok((series.labels, reader.at)) } else { Err("an exemplar has a name".into()) }
}

/// A metric's name at the begin of `bytes`, quoted or not, and where it ends.
pub(super) fn metric_name(bytes: &[u8]) -> Result<(Text<'_>, usize), Reason> {
    if bytes.first() != Some(&b'"') {
        let end = name_end(bytes);
        let name = text(&bytes[..end])?;
        return if name.is_empty() {
            Err("a metric's name is missing".into())
        } else {
            Ok((name.into(), end))
        };
    }
    let end = string_end(bytes, 1).ok_or("a quote is missing")?;
    Ok((unescaped(text(&bytes[1..end - 1])?), end))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    escapes: Escapes,
}

impl<'a> Reader<'a> {
    /// Everything behind `{`, and `}`. Between two labels a comma may be missing, and one may stand behind the last.
    fn labels(&mut self, series: &mut Series<'a>) -> Result<(), Reason> {
        self.skip_blanks();
        while !self.take(b'}') {
            let is_quoted = self.bytes.get(self.at) == Some(&b'"');
            let name = if is_quoted { self.string()? } else { self.label_name()? };
            self.skip_blanks();
            if self.take(b'=') {
                self.skip_blanks();
                let value = self.string()?;
                series.labels.push((name, value));
            } else if is_quoted && series.name.is_empty() && !name.is_empty() {
                series.name = name;
                if !matches!(self.bytes.get(self.at), Some(b',' | b'}')) {
                    return Err(self.unexpected("`,` or `}`"));
                }
            } else {
                return Err(self.unexpected("`=`"));
            }
            self.skip_blanks();
            self.take(b',');
            self.skip_blanks();
        }
        Ok(())
    }

    fn label_name(&mut self) -> Result<Text<'a>, Reason> {
        let rest = &self.bytes[self.at..];
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = rest.iter().position(|byte| !is_letter(byte)).unwrap_or(rest.len());
        if length == 0 || rest[0].is_ascii_digit() {
            return Err(self.unexpected("a label's name"));
        }
        self.at += length;
        Ok(text(&rest[..length])?.into())
    }

    fn string(&mut self) -> Result<Text<'a>, Reason> {
        self.expect(b'"')?;
        let end = string_end(self.bytes, self.at).ok_or("a quote is missing")?;
        let inside = &self.bytes[self.at..end - 1];
        self.at = end;
        if self.dialect == Dialect::OpenMetrics && inside.contains(&b'\n') {
            return Err("a value goes over the end of the line".into());
        }
        let inside = text(inside)?;
        Ok(if self.escapes == Escapes::Read { unescaped(inside) } else { inside.into() })
    }

    fn skip_blanks(&mut self) {
        if self.dialect == Dialect::Text {
            self.at += blanks(&self.bytes[self.at..]);
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Reason> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected(&format!("`{}`", char::from(byte)))) }
    }

    fn unexpected(&self, wanted: &str) -> Reason {
        match self.bytes.get(self.at) {
            Some(byte) => format!("expected {wanted}, found `{}`", byte.escape_ascii()).into(),
            None => format!("expected {wanted}, found the end").into(),
        }
    }
}

/// The text of a label with its escapes read; other backslashes are themselves.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    unescaped_with(text, true)
}

/// The same where a quote needs no escape.
pub(super) fn unescaped_line(text: &str) -> Cow<'_, str> {
    unescaped_with(text, false)
}

fn unescaped_with(text: &str, has_quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let meant = match letters.as_str().chars().next().filter(|_| letter == '\\') {
            Some('n') => '\n',
            Some('\\') => '\\',
            Some('"') if has_quotes => '"',
            _ => {
                out.push(letter);
                continue;
            }
        };
        out.push(meant);
        letters.next();
    }
    Cow::Owned(out)
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(bytes).map_err(|_| "there are bytes that are not UTF-8".into())
}

/// How many blanks stand in front.
#[inline]
pub(super) fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(bytes.len())
}

/// Where the name of a metric ends; 0 when there is none.
#[inline]
fn name_end(bytes: &[u8]) -> usize {
    if bytes.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    bytes.iter().position(|byte| !is_letter(byte)).unwrap_or(bytes.len())
}

/// Where the string ends whose first letter is at `at`: behind its quote.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
