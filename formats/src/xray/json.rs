//! Writing JSON. Every value is followed by a comma; closing takes the last one back.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otlp::json::text::plain_prefix;
use otlp::{Text, Value};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// JSON that is being written.
pub(super) struct Json<'o> {
    out: &'o mut String,
    /// How many bytes of each text are kept.
    longest: usize,
}

impl<'o> Json<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Self { out, longest: usize::MAX }
    }

    /// Keeps that many bytes of each text.
    pub(super) fn with_texts_of(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes back what was written behind `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// A key that needs no escape.
    #[inline]
    pub(super) fn key(&mut self, key: &str) {
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A key from outside, behind `prefix`.
    #[inline]
    pub(super) fn foreign_key(&mut self, prefix: &str, key: &str) {
        self.out.push('"');
        self.out.push_str(prefix);
        self.escaped(key);
        self.out.push_str("\":");
    }

    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    pub(super) fn close(&mut self, bracket: char) {
        if self.out.ends_with(',') {
            self.out.pop();
        }
        self.out.push(bracket);
        self.out.push(',');
    }

    /// Closes the document.
    pub(super) fn finish(&mut self) {
        self.close('}');
        self.out.pop();
    }

    /// Members that were written before.
    pub(super) fn raw(&mut self, members: &str) {
        self.out.push_str(members);
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.out.push('"');
        self.escaped(&text[..text.floor_char_boundary(self.longest)]);
        self.out.push_str("\",");
    }

    pub(super) fn int(&mut self, number: impl itoa::Integer) {
        self.out.push_str(itoa::Buffer::new().format(number));
        self.out.push(',');
    }

    pub(super) fn boolean(&mut self, flag: bool) {
        self.out.push_str(if flag { "true," } else { "false," });
    }

    pub(super) fn null(&mut self) {
        self.out.push_str("null,");
    }

    /// A time in seconds, to the nanosecond.
    pub(super) fn seconds(&mut self, nanos: u64) {
        self.out.push_str(itoa::Buffer::new().format(nanos / NANOS_PER_SECOND));
        let fraction = nanos % NANOS_PER_SECOND;
        if fraction != 0 {
            // The digits behind the one that keeps the zeros in front.
            let mut buffer = itoa::Buffer::new();
            let digits = buffer.format(fraction + NANOS_PER_SECOND).trim_end_matches('0');
            self.out.push('.');
            self.out.push_str(&digits[1..]);
        }
        self.out.push(',');
    }

    /// A member, if there is something to say.
    #[inline]
    pub(super) fn member(&mut self, key: &str, text: Option<Text<'_>>) {
        if let Some(text) = text {
            self.key(key);
            self.text(&utf8(text));
        }
    }

    fn double(&mut self, number: f64) {
        match number {
            // JSON has no word for it.
            _ if number.is_nan() => self.out.push_str("\"NaN\""),
            _ if number.is_infinite() => {
                self.out.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
            }
            _ => {
                let mut buffer = zmij::Buffer::new();
                let digits = buffer.format_finite(number);
                self.out.push_str(digits.strip_suffix(".0").unwrap_or(digits));
            }
        }
        self.out.push(',');
    }

    pub(super) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Empty => self.null(),
            Value::Text(text) => self.text(&utf8(text)),
            Value::Bool(flag) => self.boolean(flag),
            Value::Int(number) => self.int(number),
            Value::Double(number) => self.double(number),
            Value::Bytes(bytes) => self.text(&STANDARD.encode(bytes)),
            Value::Array(array) => {
                self.open('[');
                array.iter().for_each(|value| self.value(value));
                self.close(']');
            }
            Value::Map(map) => {
                let mut pairs: Vec<_> = map.iter().collect();
                pairs.sort_by_key(|(key, _)| *key);
                pairs.dedup_by(|later, earlier| later.0 == earlier.0);
                self.open('{');
                for (key, value) in pairs {
                    self.foreign_key("", &utf8(key));
                    self.value(value);
                }
                self.close('}');
            }
        }
    }

    #[inline]
    fn escaped(&mut self, mut rest: &str) {
        loop {
            let (plain, special) = rest.split_at(plain_prefix(rest.as_bytes()));
            self.out.push_str(plain);
            let Some(first) = special.chars().next() else { return };
            self.escape(first);
            rest = &special[first.len_utf8()..];
        }
    }

    #[cold]
    fn escape(&mut self, character: char) {
        match character {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\n' => self.out.push_str("\\n"),
            '\r' => self.out.push_str("\\r"),
            '\t' => self.out.push_str("\\t"),
            other => {
                write!(self.out, "\\u{:04x}", u32::from(other)).expect("writing to a `String` does not fail");
            }
        }
    }
}

/// The text with U+FFFD in place of what is not UTF-8.
#[inline]
pub(super) fn utf8(text: Text<'_>) -> Cow<'_, str> {
    // The strict check takes a fifth of the time of the lossy one, and nearly always is enough.
    std::str::from_utf8(text.as_bytes()).map_or_else(|_| text.to_str(), Cow::Borrowed)
}
