//! Escaping of UTF-8 names for those who cannot read them (`escaping=` of content negotiation).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::is_legacy_metric;

/// How names that Prometheus 2 does not know are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escaping {
    /// As they are, in quotes.
    AllowUtf8,
    /// Every foreign letter is a `_`.
    #[default]
    Underscores,
    /// `.` is `_dot_`, `_` is `__`, every other foreign letter is `__`.
    Dots,
    /// In front stands `U__`; `_` is `__`, every foreign letter its code in hex between two `_`.
    Values,
}

impl Escaping {
    /// All, as content negotiation and files write them.
    pub const ALL: [(&'static str, Escaping); 4] = [
        ("allow-utf-8", Escaping::AllowUtf8),
        ("underscores", Escaping::Underscores),
        ("dots", Escaping::Dots),
        ("values", Escaping::Values),
    ];

    /// The scheme of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Escaping> {
        Escaping::ALL.iter().find(|(known, _)| *known == name).map(|(_, escaping)| *escaping)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Escaping::AllowUtf8 => "allow-utf-8",
            Escaping::Underscores => "underscores",
            Escaping::Dots => "dots",
            Escaping::Values => "values",
        }
    }
}

/// A name of a metric or a label, escaped.
#[must_use]
pub fn escape(escaping: Escaping, name: &str) -> Cow<'_, str> {
    match escaping {
        Escaping::AllowUtf8 => Cow::Borrowed(name),
        // Dots are applied to legal names too: only so can they be undone.
        Escaping::Dots if name.is_empty() => Cow::Borrowed(name),
        Escaping::Dots => Cow::Owned(each(name, String::new(), dotted)),
        Escaping::Underscores | Escaping::Values if name.is_empty() || is_legacy_metric(name) => {
            Cow::Borrowed(name)
        }
        Escaping::Underscores => Cow::Owned(each(name, String::new(), underscored)),
        Escaping::Values => Cow::Owned(each(name, "U__".to_owned(), valued)),
    }
}

/// Appends every letter of `name`, by `write` where it is not legal in its place.
fn each(name: &str, begin: String, write: fn(&mut String, char, bool)) -> String {
    name.chars().enumerate().fold(begin, |mut text, (index, letter)| {
        write(&mut text, letter, is_legal(letter, index));
        text
    })
}

fn is_legal(letter: char, index: usize) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || letter == ':' || (letter.is_ascii_digit() && index > 0)
}

fn underscored(text: &mut String, letter: char, is_legal: bool) {
    text.push(if is_legal { letter } else { '_' });
}

fn dotted(text: &mut String, letter: char, is_legal: bool) {
    match letter {
        '_' => text.push_str("__"),
        '.' => text.push_str("_dot_"),
        letter if is_legal => text.push(letter),
        _ => text.push_str("__"),
    }
}

fn valued(text: &mut String, letter: char, is_legal: bool) {
    match letter {
        '_' => text.push_str("__"),
        letter if is_legal => text.push(letter),
        letter => {
            write!(text, "_{:x}_", u32::from(letter)).expect("a string takes everything");
        }
    }
}
