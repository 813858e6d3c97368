//! Classes of letters: `[..]`, `\d`, `\pL`, and escapes of one letter.

use std::iter::Peekable;
use std::str::Chars;

use super::push_letter;

/// The classes of `[:name:]`, all of ASCII.
const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Translates a class, whose `[` has been read.
pub(super) fn translate(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_first = true;
    loop {
        let letter = rest.next().ok_or("missing closing `]`")?;
        match letter {
            // As the first of all it is a letter.
            ']' if !is_first => break,
            '[' if rest.peek() == Some(&':') => named(rest, out)?,
            '\\' if matches!(rest.peek(), Some('p' | 'P')) => {
                let kind = rest.next().unwrap_or_default();
                push_unicode(kind, rest, out)?;
            }
            '\\' if rest.peek().is_some_and(|next| perl(*next).is_some()) => {
                let class = rest.next().and_then(perl).unwrap_or_default();
                out.extend(["[", class, "]"]);
            }
            other => range(other, rest, out)?,
        }
        is_first = false;
    }
    out.push(']');
    Ok(())
}

/// The ASCII meaning of `\d` and its like, as the inside of a class.
pub(super) fn perl(letter: char) -> Option<&'static str> {
    match letter {
        'd' => Some("0-9"),
        'D' => Some("^0-9"),
        'w' => Some("0-9A-Za-z_"),
        'W' => Some("^0-9A-Za-z_"),
        's' => Some(r"\t\n\x0C\r "),
        'S' => Some(r"^\t\n\x0C\r "),
        _ => None,
    }
}

/// `\pL`, `\p{Greek}`, `\p{^Greek}` and the same with `P`; the `p` has been read.
pub(super) fn push_unicode(
    kind: char,
    rest: &mut Peekable<Chars<'_>>,
    out: &mut String,
) -> Result<(), String> {
    out.extend(['\\', kind]);
    let name = match rest.next() {
        Some('{') => braced(rest)?,
        Some(letter) => letter.to_string(),
        None => return Err(format!(r"invalid character class range: `\{kind}`")),
    };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.trim_start_matches('^').chars().all(is_plain) {
        return Err(format!(r"invalid character class range: `\{kind}{{{name}}}`"));
    }
    out.extend(["{", &name, "}"]);
    Ok(())
}

/// The letter that an escape stands for; what follows the backslash is `letter`.
pub(super) fn escaped(letter: char, rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    match letter {
        'a' => Ok('\x07'),
        'f' => Ok('\x0C'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\x0B'),
        'x' => hexadecimal(rest),
        '0' => octal(0, 2, rest),
        // Without a second octal digit it would be a reference to a group, which RE2 does not have.
        '1'..='7' if rest.peek().is_some_and(|next| next.is_digit(8)) => {
            octal(letter.to_digit(8).unwrap_or_default(), 2, rest)
        }
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
        other => Err(format!(r"invalid escape sequence: `\{other}`")),
    }
}

fn octal(first: u32, more: usize, rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let mut number = first;
    for _ in 0..more {
        let Some(digit) = rest.next_if(|next| next.is_digit(8)) else { break };
        number = number * 8 + digit.to_digit(8).unwrap_or_default();
    }
    char::from_u32(number).ok_or_else(|| format!(r"invalid escape sequence: `\{number:o}`"))
}

/// `\x7F` or `\x{10FFFF}`; the `x` has been read.
fn hexadecimal(rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let digits = match rest.next_if_eq(&'{') {
        Some(_) => braced(rest)?,
        None => rest.by_ref().take(2).collect(),
    };
    let is_short = digits.chars().count() < 2 && !digits.is_empty();
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digits.is_empty();
    let number = u32::from_str_radix(&digits, 16).ok().filter(|_| is_hexadecimal);
    let letter = number.and_then(char::from_u32);
    letter
        .filter(|_| !is_short || digits.len() == 1)
        .ok_or_else(|| format!(r"invalid escape sequence: `\x` followed by `{digits}`"))
}

/// What stands before the next `}`, which is read too.
fn braced(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut inside = String::new();
    for letter in rest.by_ref() {
        if letter == '}' {
            return Ok(inside);
        }
        inside.push(letter);
    }
    Err("missing closing `}`".to_owned())
}

/// `[:alpha:]` or `[:^alpha:]`; the `[` has been read.
fn named(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    rest.next();
    let mut name = String::new();
    loop {
        let letter = rest.next().ok_or("missing closing `]`")?;
        match letter {
            ':' if rest.peek() == Some(&']') => break,
            'a'..='z' | '^' => name.push(letter),
            _ => return Err(format!("invalid character class range: `[:{name}{letter}`")),
        }
    }
    rest.next();
    if !NAMES.contains(&name.trim_start_matches('^')) {
        return Err(format!("invalid character class range: `[:{name}:]`"));
    }
    out.extend(["[:", &name, ":]"]);
    Ok(())
}

/// One letter, or two with a `-` between them.
fn range(first: char, rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let low = one(first, rest)?;
    let mut ahead = rest.clone();
    let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
    push_letter(out, low);
    if is_range {
        rest.next();
        let second = rest.next().ok_or("missing closing `]`")?;
        let high = one(second, rest)?;
        if high < low {
            return Err(format!("invalid character class range: `{low}-{high}`"));
        }
        out.push('-');
        push_letter(out, high);
    }
    Ok(())
}

fn one(letter: char, rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    match letter {
        '\\' => {
            let next = rest.next().ok_or("missing closing `]`")?;
            escaped(next, rest)
        }
        other => Ok(other),
    }
}
