//! Labels as text, rendered once for a series and shown on every page.
//!
//! `a="1",b="2"`: sorted by name, values escaped as both text formats want them, names that Prometheus 2 does not know in
//! quotes. Protobuf and escaped names take the text apart again.

use std::borrow::Cow;

use crate::prometheus::names::{Escaping, escape, is_legacy_label};

/// A name and its value.
pub type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Renders labels. Those with empty values are left out, since Prometheus does not tell them from none.
///
/// # Errors
/// The name of a label that is there twice.
pub fn render(mut labels: Vec<Label<'_>>) -> Result<Box<str>, String> {
    labels.retain(|(_, value)| !value.is_empty());
    labels.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(pair[0].0.clone().into_owned());
    }
    let length = labels.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let mut text = String::with_capacity(length);
    for (name, value) in &labels {
        if !text.is_empty() {
            text.push(',');
        }
        push_name(&mut text, name, is_legacy_label(name));
        text.push('=');
        push_quoted(&mut text, value);
    }
    Ok(text.into_boxed_str())
}

/// The labels in a rendered text, in order.
pub fn pairs(text: &str) -> impl Iterator<Item = Label<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (name, _) = rest.split_once('=')?;
                (Cow::Borrowed(name), &rest[name.len()..])
            }
        };
        let (value, after) = unquote(after.strip_prefix("=\"")?)?;
        rest = after.strip_prefix(',').unwrap_or(after);
        Some((name, value))
    })
}

/// The text with escaped names; `None` when two of them become one.
pub(super) fn escaped(escaping: Escaping, text: &str) -> Option<Box<str>> {
    let labels = pairs(text).map(|(name, value)| (Cow::Owned(escape(escaping, &name).into_owned()), value));
    render(labels.collect()).ok()
}

/// Appends a name, in quotes unless it is legal without.
pub(super) fn push_name(text: &mut String, name: &str, is_legacy: bool) {
    if is_legacy {
        text.push_str(name);
    } else {
        push_quoted(text, name);
    }
}

fn push_quoted(text: &mut String, value: &str) {
    text.push('"');
    push_escaped(text, value, true);
    text.push('"');
}

/// Appends text with `\`, newlines and perhaps quotes escaped.
pub(super) fn push_escaped(text: &mut String, value: &str, with_quotes: bool) {
    let mut rest = value;
    let is_special = |byte: &u8| *byte == b'\\' || *byte == b'\n' || (with_quotes && *byte == b'"');
    while let Some(at) = rest.as_bytes().iter().position(&is_special) {
        text.push_str(&rest[..at]);
        text.push_str(match rest.as_bytes()[at] {
            b'\\' => r"\\",
            b'\n' => r"\n",
            _ => "\\\"",
        });
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let stop = text.find(['"', '\\'])?;
    if text.as_bytes()[stop] == b'"' {
        return Some((Cow::Borrowed(&text[..stop]), &text[stop + 1..]));
    }
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((Cow::Owned(value), &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}
