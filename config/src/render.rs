//! Findings as a text for people: what, where, the source line with a caret, what would be right.

use std::fmt;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::tree::Position;

/// Longer source lines are cut.
const MAX_LINE_CHARS: usize = 160;

pub(crate) fn render(diagnostics: &Diagnostics, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, diagnostic) in diagnostics.sorted().into_iter().enumerate() {
        if index > 0 {
            out.write_str("\n")?;
        }
        block(diagnostic, diagnostics, out)?;
    }
    match diagnostics.left_out() {
        0 => Ok(()),
        count => writeln!(out, "\n… and {count} more"),
    }
}

fn block(diagnostic: &Diagnostic, diagnostics: &Diagnostics, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "{}: ", diagnostic.severity)?;
    if !diagnostic.path.is_root() {
        write!(out, "{}: ", diagnostic.path)?;
    }
    writeln!(out, "{}", diagnostic.message)?;
    let margin = diagnostic.at.as_ref().map_or(1, |at| at.line.to_string().len());
    if let Some(at) = &diagnostic.at {
        writeln!(out, "{:margin$}--> {at}", "")?;
        if let Some(excerpt) = excerpt(diagnostic, at, diagnostics) {
            writeln!(out, "{:margin$} |", "")?;
            writeln!(out, "{} | {}", at.line, excerpt.line)?;
            writeln!(
                out,
                "{:margin$} | {:indent$}{}",
                "",
                "",
                "^".repeat(excerpt.width),
                indent = excerpt.indent
            )?;
        }
    }
    // A message that already says what was expected does not need it said again.
    let expected = diagnostic.expected.as_deref().filter(|expected| !diagnostic.message.contains(expected));
    if let Some(expected) = expected {
        writeln!(out, "{:margin$} = expected: {expected}", "")?;
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        writeln!(out, "{:margin$} = help: {suggestion}", "")?;
    }
    Ok(())
}

/// A source line, and where its carets go.
struct Excerpt {
    line: String,
    indent: usize,
    width: usize,
}

/// The line up to the end of the offending word. What else stands there may be a secret, so it is left out.
fn excerpt(diagnostic: &Diagnostic, at: &Position, diagnostics: &Diagnostics) -> Option<Excerpt> {
    let line = diagnostics.source(&at.source)?.lines().nth((at.line as usize).checked_sub(1)?)?;
    let line: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let start = (at.column as usize).saturating_sub(1).min(line.len());
    let (before, rest) = line.split_at(start);
    if start > MAX_LINE_CHARS {
        return None;
    }
    let (shown_before, cut) = match before.iter().rposition(|c| matches!(c, '{' | '[' | ',')) {
        Some(last) => (&before[last + 1..], "… "),
        None => (before, ""),
    };
    let word: String = rest[..word_length(rest)].iter().take(MAX_LINE_CHARS).collect();
    let after = if word.chars().count() < rest.len() { " …" } else { "" };
    let (word, after) = if diagnostic.secret { ("[REDACTED]".to_owned(), "") } else { (word, after) };
    let before: String = cut.chars().chain(shown_before.iter().copied()).collect();
    Some(Excerpt {
        indent: before.chars().count(),
        width: word.chars().count().max(1),
        line: format!("{before}{word}{after}").trim_end().to_owned(),
    })
}

/// How many characters the key or value at the beginning of `text` has.
fn word_length(text: &[char]) -> usize {
    match text.first() {
        Some(quote @ ('"' | '\'')) => {
            let end = text[1..].iter().position(|c| c == quote);
            end.map_or(text.len(), |end| end + 2)
        }
        Some(':') => 1,
        Some('$') => text.iter().rposition(|c| *c == '}').map_or(plain_length(text), |end| end + 1),
        Some(_) => plain_length(text),
        None => 0,
    }
}

fn plain_length(text: &[char]) -> usize {
    let ends_at = |index: usize| match text[index] {
        ',' | '}' | ']' | '{' | '[' => index > 0,
        ':' => text.get(index + 1).is_none_or(|next| next.is_whitespace()),
        ' ' => text.get(index + 1).is_none_or(|next| matches!(next, '#' | ' ')),
        _ => false,
    };
    (0..text.len()).find(|index| ends_at(*index)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
