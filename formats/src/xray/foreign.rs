//! JSON that came as the text of an attribute, written again as ours.

use std::collections::HashSet;

use otlp::Text;
use otlp::json::text::{Cursor, Problem};

use super::json::{Json, utf8};

/// How deep values may lie in each other.
const MAX_DEPTH: u32 = 64;

/// Keys, and values as JSON with a comma behind each.
pub(super) type Members = Vec<(String, String)>;

/// The members of the JSON object that `text` is, each key once; none if it is not one.
pub(super) fn members(text: &str) -> Option<Members> {
    let mut cursor = Cursor::new(text);
    if cursor.peek() != Some(b'{') {
        return None;
    }
    let mut keys = HashSet::new();
    let mut members = Vec::new();
    let read = cursor.members(b'}', |cursor| {
        let key = key(cursor)?;
        let mut value = String::new();
        write(cursor, MAX_DEPTH, &mut Json::new(&mut value))?;
        if keys.insert(key.clone()) {
            members.push((key, value));
        }
        Ok(())
    });
    (read.is_ok() && cursor.peek().is_none()).then_some(members)
}

fn key(cursor: &mut Cursor<'_>) -> Result<String, Problem> {
    let key = cursor.string()?.text();
    cursor.expect(b':')?;
    Ok(utf8(Text::new(&key)).into_owned())
}

/// Writes the value that is next.
fn write(cursor: &mut Cursor<'_>, depth: u32, json: &mut Json<'_>) -> Result<(), Problem> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(cursor.problem("nested too deeply"));
    };
    match cursor.peek() {
        Some(b'"') => json.text(&utf8(Text::new(&cursor.string()?.text()))),
        Some(b'-' | b'0'..=b'9') => write_number(cursor, json)?,
        Some(b't' | b'f') => json.boolean(cursor.boolean()?),
        Some(b'n') if cursor.take_null() => json.null(),
        Some(b'{') => {
            let mut keys = HashSet::new();
            json.open('{');
            cursor.members(b'}', |cursor| {
                let key = key(cursor)?;
                let before = json.len();
                json.foreign_key("", &key);
                write(cursor, below, json)?;
                if !keys.insert(key) {
                    json.truncate(before);
                }
                Ok(())
            })?;
            json.close('}');
        }
        Some(b'[') => {
            json.open('[');
            cursor.members(b']', |cursor| write(cursor, below, json))?;
            json.close(']');
        }
        _ => return Err(cursor.unexpected("a value")),
    }
    Ok(())
}

fn write_number(cursor: &mut Cursor<'_>, json: &mut Json<'_>) -> Result<(), Problem> {
    let token = cursor.number()?;
    let text = std::str::from_utf8(&token).unwrap_or_default();
    if !is_number(text) {
        return Err(cursor.problem("a number that is none"));
    }
    json.raw(text);
    json.raw(",");
    Ok(())
}

/// Whether this is a number by the grammar of JSON, and within what others hold in a double.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let has_digits_around_point = digits.split_once('.').is_none_or(|(whole, fraction)| {
        !whole.is_empty() && fraction.starts_with(|digit: char| digit.is_ascii_digit())
    });
    let has_leading_zero =
        digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
    has_digits_around_point && !has_leading_zero && text.parse::<f64>().is_ok_and(f64::is_finite)
}
