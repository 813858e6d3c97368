//! Which items a tap shows: `service.name=cart http.method!=GET error !debug name="GET /cart"`.
//!
//! Terms stand side by side and must all hold. A term is `key=value`, `key!=value`, `key` (there is such an attribute)
//! or `!key` (there is none). An attribute is looked for on the item, its scope and its resource, in this order, and
//! compared as text. `name` is the name of a span, a metric or an event.

use std::borrow::Cow;
use std::fmt;

use otlp::{Attributes, Payload, Resource, Scope};

/// More terms than anybody types.
const MAX_TERMS: usize = 16;

/// The key that stands for the item's own name.
const NAME: &str = "name";

/// What an item must be like. Without terms every item is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug, PartialEq, Eq)]
struct Term {
    key: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Is(String),
    IsNot(String),
    Present,
    Absent,
}

/// What is wrong with a filter, and at which character, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilterError {
    at: usize,
    message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, character {}: {}", self.at, self.message)
    }
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
        let mut reader = Reader { text, at: 0 };
        let mut terms = Vec::new();
        while reader.skip_blanks() {
            let begin = reader.at;
            if terms.len() == MAX_TERMS {
                return Err(reader.error_at(begin, format!("more than {MAX_TERMS} terms")));
            }
            if let Some(term) = reader.term()? {
                terms.push(term);
            }
        }
        Ok(Filter { terms })
    }

    /// The positions of the items in `payload` that it lets through.
    pub(super) fn positions(&self, payload: &Payload) -> Vec<usize> {
        let fits: Vec<bool> = match payload {
            Payload::Traces(traces) => traces
                .spans()
                .map(|span| self.fits(&Item::new(span.name(), span.attributes(), span.scope())))
                .collect(),
            Payload::Metrics(metrics) => metrics
                .points()
                .map(|(metric, point)| {
                    self.fits(&Item::new(metric.name(), point.attributes(), metric.scope()))
                })
                .collect(),
            Payload::Logs(logs) => logs
                .records()
                .map(|record| self.fits(&Item::new(record.event_name(), record.attributes(), record.scope())))
                .collect(),
        };
        fits.into_iter().enumerate().filter(|(_, fits)| *fits).map(|(position, _)| position).collect()
    }

    fn fits(&self, item: &Item<'_>) -> bool {
        self.terms.iter().all(|term| {
            let value = item.value(&term.key);
            match &term.test {
                Test::Is(wanted) => value.is_some_and(|value| value == *wanted),
                Test::IsNot(unwanted) => value.is_none_or(|value| value != *unwanted),
                Test::Present => value.is_some(),
                Test::Absent => value.is_none(),
            }
        })
    }
}

/// What can be asked of an item.
struct Item<'a> {
    name: otlp::Text<'a>,
    own: Attributes<'a>,
    scope: Scope<'a>,
    resource: Resource<'a>,
}

impl<'a> Item<'a> {
    fn new(name: otlp::Text<'a>, own: Attributes<'a>, scope: Scope<'a>) -> Item<'a> {
        Item { name, own, scope, resource: scope.resource() }
    }

    fn value(&self, key: &str) -> Option<Cow<'a, str>> {
        if key == NAME {
            return Some(self.name.to_str()).filter(|name| !name.is_empty());
        }
        let found = self.own.get(key);
        let found = found.or_else(|| self.scope.attributes().get(key));
        Some(found.or_else(|| self.resource.attributes().get(key))?.to_text())
    }
}

/// Reads a filter from left to right.
struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether something comes after the blanks.
    fn skip_blanks(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.at < self.text.len()
    }

    /// The next term; none for the word `and`, which says what is so anyway.
    fn term(&mut self) -> Result<Option<Term>, FilterError> {
        let begin = self.at;
        let is_absent = self.rest().starts_with('!') && !self.rest().starts_with("!=");
        self.at += usize::from(is_absent);
        let key = self.take_while(|c| !c.is_whitespace() && !matches!(c, '=' | '!' | '<' | '>' | '"'));
        let key = key.to_owned();
        if key.is_empty() {
            return Err(self.error_at(begin, self.found("expected a key")));
        }
        if key.eq_ignore_ascii_case("or") && self.is_at_end_of_word() {
            return Err(self.error_at(begin, "`or` is not known; all terms must hold".to_owned()));
        }
        if key.eq_ignore_ascii_case("and") && self.is_at_end_of_word() && !is_absent {
            return Ok(None);
        }
        let test = self.test(is_absent)?;
        Ok(Some(Term { key, test }))
    }

    fn test(&mut self, is_absent: bool) -> Result<Test, FilterError> {
        let begin = self.at;
        if self.is_at_end_of_word() {
            return Ok(if is_absent { Test::Absent } else { Test::Present });
        }
        let is_negated = self.rest().starts_with("!=");
        if !is_negated && !self.rest().starts_with('=') {
            let words = "expected `=`, `!=` or a blank after the key";
            return Err(self.error_at(begin, self.found(words)));
        }
        if is_absent {
            return Err(self.error_at(begin, "a key after `!` has no value".to_owned()));
        }
        self.at += if is_negated { 2 } else { 1 };
        let value = self.value()?;
        Ok(if is_negated { Test::IsNot(value) } else { Test::Is(value) })
    }

    fn value(&mut self) -> Result<String, FilterError> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let begin = self.at;
        let value = self.take_while(|c| !c.is_whitespace());
        if value.is_empty() {
            return Err(self.error_at(begin, "expected a value; an empty one is `\"\"`".to_owned()));
        }
        Ok(value.to_owned())
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let begin = self.at;
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    if !self.is_at_end_of_word() {
                        return Err(self.error_at(self.at, self.found("expected a blank after the value")));
                    }
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                other => value.push(other),
            }
        }
        Err(self.error_at(begin, "the text has no closing quote".to_owned()))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn is_at_end_of_word(&self) -> bool {
        self.rest().chars().next().is_none_or(char::is_whitespace)
    }

    fn found(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(character) => format!("{expected}, found `{character}`"),
            None => format!("{expected}, found the end"),
        }
    }

    fn error_at(&self, at: usize, message: String) -> FilterError {
        FilterError { at: self.text[..at].chars().count() + 1, message }
    }
}

#[cfg(test)]
mod tests;
