//! The tokens of JSON: a position in a text that reads strings, numbers and punctuation.

use std::borrow::Cow;

use crate::wire::varint::MAX_DEPTH;

/// What is wrong, and at which byte.
#[derive(Debug)]
pub struct Problem {
    /// Offset in the text.
    pub at: usize,
    /// What is wrong there.
    pub message: Cow<'static, str>,
}

/// The content of a string as it stands between the quotes.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// What stands between the quotes.
    pub bytes: &'a [u8],
    /// Whether there are escapes in it.
    pub has_escapes: bool,
}

impl<'a> Raw<'a> {
    /// The content with its escapes replaced.
    #[inline]
    pub fn text(self) -> Cow<'a, [u8]> {
        if !self.has_escapes {
            return Cow::Borrowed(self.bytes);
        }
        let mut text = Vec::with_capacity(self.bytes.len());
        unescape(self.bytes, |part| text.extend_from_slice(part));
        Cow::Owned(text)
    }
}

/// A position in a JSON text. A clone is a place to come back to.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    /// Something wrong at this position.
    #[cold]
    pub fn problem(&self, message: impl Into<Cow<'static, str>>) -> Problem {
        Problem { at: self.at, message: message.into() }
    }

    /// The next byte that is not white space, left where it is.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at).copied() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Goes past `byte` if it is next.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Goes past `byte`, which must be next.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected(&format!("`{}`", char::from(byte)))) }
    }

    /// Goes past `null` if it is next.
    #[inline]
    pub fn take_null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.take_word(b"null")
    }

    fn take_word(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Goes past the string `name` if it is next, without looking for the end of another one.
    #[inline]
    pub fn take_name(&mut self, name: &str) -> bool {
        let found = match self.text.get(self.at..) {
            Some([b'"', rest @ ..]) => {
                rest.get(name.len()) == Some(&b'"') && rest[..name.len()] == *name.as_bytes()
            }
            _ => false,
        };
        self.at += if found { name.len() + 2 } else { 0 };
        found
    }

    /// Complains that what comes next is not `expected`.
    #[cold]
    pub fn unexpected(&mut self, expected: &str) -> Problem {
        let message = match self.peek() {
            None => format!("the text ends where {expected} was expected"),
            Some(byte @ b'!'..=b'~') => format!("found `{}`, expected {expected}", char::from(byte)),
            Some(byte) => format!("found byte {byte:#04x}, expected {expected}"),
        };
        self.problem(message)
    }

    /// Reads a string.
    #[inline]
    pub fn string(&mut self) -> Result<Raw<'a>, Problem> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a string"));
        }
        let start = self.at + 1;
        let mut end = start;
        let mut has_escapes = false;
        loop {
            end += plain_prefix(&self.text[end..]);
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    end += self.escape(end)?;
                }
                other => return Err(cut_string(end, other.copied())),
            }
        }
        self.at = end + 1;
        Ok(Raw { bytes: &self.text[start..end], has_escapes })
    }

    /// How long the escape at `at` is.
    fn escape(&self, at: usize) -> Result<usize, Problem> {
        match self.text[at..] {
            [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(2),
            [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(u8::is_ascii_hexdigit) => Ok(6),
            _ => Err(Problem { at, message: "unknown escape in a string".into() }),
        }
    }

    /// Reads a number as it stands, or the content of a string.
    #[inline]
    pub fn number(&mut self) -> Result<Cow<'a, [u8]>, Problem> {
        match self.peek() {
            Some(b'"') => self.string().map(Raw::text),
            Some(b'-' | b'0'..=b'9') => {
                let rest = &self.text[self.at..];
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
                self.at += length;
                Ok(Cow::Borrowed(&rest[..length]))
            }
            _ => Err(self.unexpected("a number")),
        }
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool, Problem> {
        match self.peek() {
            Some(b't') if self.take_word(b"true") => Ok(true),
            Some(b'f') if self.take_word(b"false") => Ok(false),
            _ => Err(self.unexpected("`true` or `false`")),
        }
    }

    /// Goes past a value of any kind.
    pub fn skip(&mut self) -> Result<(), Problem> {
        self.skip_nested(MAX_DEPTH)
    }

    fn skip_nested(&mut self, depth: u32) -> Result<(), Problem> {
        match self.peek() {
            Some(b'{' | b'[') if depth == 0 => {
                Err(self.problem(format!("nested deeper than {MAX_DEPTH} levels")))
            }
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') if self.take_word(b"null") => Ok(()),
            Some(b'{') => self.members(b'}', |cursor| {
                cursor.string()?;
                cursor.expect(b':')?;
                cursor.skip_nested(depth - 1)
            }),
            Some(b'[') => self.members(b']', |cursor| cursor.skip_nested(depth - 1)),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Goes past a bracket, what `member` reads between commas, and the bracket `close`.
    #[inline]
    pub fn members(
        &mut self,
        close: u8,
        mut member: impl FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.at += 1;
        if self.take(close) {
            return Ok(());
        }
        loop {
            member(self)?;
            if self.take(close) {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// The text from here on.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    /// Goes past `length` bytes of the rest.
    #[inline]
    pub fn advance(&mut self, length: usize) {
        self.at += length;
    }

    /// Where the next token begins.
    pub fn position(&mut self) -> usize {
        self.peek();
        self.at
    }
}

#[cold]
fn cut_string(at: usize, found: Option<u8>) -> Problem {
    let message = match found {
        Some(byte) => format!("control character {byte:#04x} in a string"),
        None => "the text ends within a string".to_owned(),
    };
    Problem { at, message: message.into() }
}

/// How many bytes at the start of `text` are neither a quote, a backslash nor a control character.
#[inline]
pub fn plain_prefix(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (position, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return position * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
    words.len() * 8 + plain.unwrap_or(rest.len())
}

/// The top bit of each byte of `word` that is a quote, a backslash or a control character. A byte above the lowest
/// such one may be marked wrongly, by a borrow; the lowest one is right.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
    (below(word, 0x20) | quotes | backslashes) & TOPS
}

/// Gives `write` the parts of `raw`, the checked content of a string, with escapes replaced.
pub fn unescape(mut raw: &[u8], mut write: impl FnMut(&[u8])) {
    while let Some(backslash) = memchr::memchr(b'\\', raw) {
        write(&raw[..backslash]);
        let escape = &raw[backslash..];
        let (character, length) = match escape.get(1) {
            Some(b'u') => unicode(escape),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(&other) => (char::from(other), 2),
            None => ('\\', 1),
        };
        write(character.encode_utf8(&mut [0; 4]).as_bytes());
        raw = escape.get(length..).unwrap_or_default();
    }
    write(raw);
}

/// The character of the `\u` escape at the start of `escape`, and how many bytes it or its pair takes.
fn unicode(escape: &[u8]) -> (char, usize) {
    let first = code_unit(escape);
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    let second = match escape.get(6..) {
        Some(rest @ [b'\\', b'u', ..]) => code_unit(rest),
        _ => 0,
    };
    if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) {
        let code_point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::REPLACEMENT_CHARACTER, 6)
}

fn code_unit(escape: &[u8]) -> u32 {
    let digits = escape.get(2..6).unwrap_or_default();
    digits.iter().fold(0, |unit, digit| unit << 4 | char::from(*digit).to_digit(16).unwrap_or(0))
}
