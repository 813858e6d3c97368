//! Regular expressions as the Go Collector's users write them, for the `regex` crate.
//!
//! Both descend from RE2 and differ in the details:
//!
//! 1. `\d`, `\w`, `\s` and `\b` are ASCII in Go and Unicode in Rust.
//! 2. A `{` that begins no repetition is a letter in Go and an error in Rust; a `[`, `&&` or `--` in a class are
//!    letters in Go and syntax in Rust.
//! 3. `\Q..\E` and octal escapes exist in Go only, `\<`, `\b{start}`, `(?x)` and `a**` in Rust only.
//!
//! So every letter is written anew, escaped, and every escape by its meaning; structure goes through unchanged.

mod class;
#[cfg(test)]
mod tests;

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// The most that Go allows in `{n,m}`.
const MAX_REPEAT: u32 = 1000;

/// Compiles a pattern in Go's syntax. The error is a sentence about the pattern.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern)?;
    Regex::new(&translated).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        other => last_line(&other.to_string()),
    })
}

/// What the crate says at the end of its drawing of the pattern.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn translate(pattern: &str) -> Result<String, String> {
    let mut translator =
        Translator { rest: pattern.chars().peekable(), out: String::new(), repeat: Repeat::Missing };
    while let Some(letter) = translator.rest.next() {
        translator.step(letter)?;
    }
    Ok(translator.out)
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    repeat: Repeat,
}

/// What stands before the next sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Nothing that can be repeated.
    Missing,
    /// Something that can be repeated.
    Possible,
    /// A repetition, which cannot be repeated again.
    Done,
}

impl Translator<'_> {
    fn step(&mut self, letter: char) -> Result<(), String> {
        match letter {
            '\\' => return self.escape(),
            '[' => self.class()?,
            '(' => return self.open(),
            '|' => self.structure('|', Repeat::Missing),
            ')' => self.structure(')', Repeat::Possible),
            '^' | '$' | '.' => self.structure(letter, Repeat::Possible),
            '*' | '+' | '?' => return self.repetition(&letter.to_string()),
            '{' => return self.braces(),
            other => self.letter(other),
        }
        Ok(())
    }

    fn structure(&mut self, sign: char, repeat: Repeat) {
        self.out.push(sign);
        self.repeat = repeat;
    }

    fn letter(&mut self, letter: char) {
        push_letter(&mut self.out, letter);
        self.repeat = Repeat::Possible;
    }

    fn class(&mut self) -> Result<(), String> {
        class::translate(&mut self.rest, &mut self.out)?;
        self.repeat = Repeat::Possible;
        Ok(())
    }

    /// A group, or flags. Only those that Go knows are let through.
    fn open(&mut self) -> Result<(), String> {
        self.structure('(', Repeat::Missing);
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        let is_name = matches!(self.rest.peek(), Some('P' | '<'));
        while let Some(letter) = self.rest.next() {
            match letter {
                ':' | '>' => return self.end_opening(letter),
                ')' if !is_name => return self.end_opening(letter),
                'i' | 'm' | 's' | 'U' | '-' | 'P' | '<' => self.out.push(letter),
                other if is_name && (other.is_alphanumeric() || other == '_') => self.out.push(other),
                other => return Err(format!("invalid or unsupported syntax: `(?` followed by `{other}`")),
            }
        }
        Err("missing closing `)`".to_owned())
    }

    fn end_opening(&mut self, sign: char) -> Result<(), String> {
        self.out.push(sign);
        Ok(())
    }

    /// `*`, `+`, `?` or `{n,m}`, each with a `?` behind it or not.
    fn repetition(&mut self, operator: &str) -> Result<(), String> {
        match self.repeat {
            Repeat::Missing => return Err(format!("missing argument to repetition operator: `{operator}`")),
            Repeat::Done => return Err(format!("invalid nested repetition operator: `{operator}`")),
            Repeat::Possible => self.out.push_str(operator),
        }
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        self.repeat = Repeat::Done;
        Ok(())
    }

    /// A repetition if it reads as one, else a letter.
    fn braces(&mut self) -> Result<(), String> {
        let inside: String = self.rest.clone().take_while(|letter| *letter != '}').collect();
        let is_closed = self.rest.clone().any(|letter| letter == '}');
        if !is_closed || !is_repetition(&inside) {
            self.letter('{');
            return Ok(());
        }
        let counts = inside.split(',').filter(|count| !count.is_empty());
        if counts.clone().any(|count| count.parse::<u32>().map_or(true, |count| count > MAX_REPEAT)) {
            return Err(format!("invalid repeat count: `{{{inside}}}`, at most {MAX_REPEAT} is possible"));
        }
        self.rest.by_ref().take(inside.chars().count() + 1).for_each(drop);
        self.repetition(&format!("{{{inside}}}"))
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(letter) = self.rest.next() else {
            return Err("trailing backslash at end of expression".to_owned());
        };
        match letter {
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' => self.out.push_str(r"(?-u:\B)"),
            'A' | 'z' => self.out.extend(['\\', letter]),
            'Q' => {
                self.quoted();
                return Ok(());
            }
            'p' | 'P' => class::push_unicode(letter, &mut self.rest, &mut self.out)?,
            other => match class::perl(other) {
                Some(class) => self.out.extend(["[", class, "]"]),
                None => push_letter(&mut self.out, class::escaped(other, &mut self.rest)?),
            },
        }
        self.repeat = Repeat::Possible;
        Ok(())
    }

    /// Letters up to `\E` or the end.
    fn quoted(&mut self) {
        while let Some(letter) = self.rest.next() {
            if letter == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.letter(letter);
        }
    }
}

/// Whether what stands between braces is `n`, `n,` or `n,m`.
fn is_repetition(inside: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
        None => is_number(inside),
    }
}

/// Writes a letter that means itself, in a class and outside.
fn push_letter(out: &mut String, letter: char) {
    if letter.is_ascii_punctuation() && letter != '_' && !"<>/'\"`%,:;=@!".contains(letter) {
        out.push('\\');
    }
    out.push(letter);
}
