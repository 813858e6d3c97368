//! A tree as text: YAML for people, JSON for programs.

use std::fmt::Write;

use crate::scalar;
use crate::tree::{Node, Value};

/// YAML in block style. Read back it is the same tree, by our rules and by Go's.
pub fn to_yaml(node: &Node) -> String {
    let mut out = String::new();
    match inline(node) {
        Some(text) => {
            out.push_str(&text);
            out.push('\n');
        }
        None => block(node, 0, &mut out),
    }
    out
}

/// JSON with indentation. Infinities and not-a-number, which it cannot express, become null.
pub fn to_json(node: &Node) -> String {
    serde_json::to_string_pretty(node).expect("a tree has only keys that are text") + "\n"
}

const STEP: usize = 2;

/// A list or a map, each item on its own line.
fn block(node: &Node, indent: usize, out: &mut String) {
    for item in node.items() {
        let begin = out.len();
        match inline(item) {
            Some(text) => line(&format!("- {text}"), indent, out),
            None => {
                block(item, indent + STEP, out);
                // The dash takes the place of the first line's indentation.
                out.replace_range(begin + indent..begin + indent + STEP, "- ");
            }
        }
    }
    for (key, value) in node.entries() {
        let key = string(&key.text);
        match inline(value) {
            Some(text) => line(&format!("{key}: {text}"), indent, out),
            None => {
                line(&format!("{key}:"), indent, out);
                block(value, indent + STEP, out);
            }
        }
    }
}

fn line(text: &str, indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(text);
    out.push('\n');
}

/// What fits behind a key: anything but a list or a map with something in it.
fn inline(node: &Node) -> Option<String> {
    Some(match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::String(text) => string(text),
        Value::Seq(items) if items.is_empty() => "[]".to_owned(),
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Seq(_) | Value::Map(_) => return None,
    })
}

fn float(number: f64) -> String {
    if number.is_nan() {
        ".nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else {
        // Rust's shortest form that reads back as the same float; it always has a point or an exponent.
        format!("{number:?}")
    }
}

fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether the text without quotes is a string to everybody who reads YAML.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let is_boolean_elsewhere =
        matches!(&*text.to_ascii_lowercase(), "y" | "n" | "yes" | "no" | "on" | "off" | "<<" | "=");
    let is_string = matches!(scalar::resolve(text), Value::String(_)) && !scalar::looks_like_timestamp(text);
    let begins_well = !" -?:,[]{}#&*!|>'\"%@`~.".contains(first);
    let ends_well = !text.ends_with([' ', ':']);
    let has_no_marks = !text.contains(": ") && !text.contains(" #");
    is_string
        && !is_boolean_elsewhere
        && begins_well
        && ends_well
        && has_no_marks
        && !text.contains(needs_quotes)
}

fn needs_quotes(c: char) -> bool {
    c.is_control() || (!c.is_ascii() && !c.is_alphanumeric()) || (c.is_whitespace() && c != ' ')
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Control characters, and those that YAML takes for line breaks or byte order marks.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn escape(c: char, out: &mut String) {
    let code = u32::from(c);
    let written = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests;
