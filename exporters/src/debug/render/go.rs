//! Numbers, times, ids and names as Go's formatting writes them.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use otlp::{Attributes, Value};

/// A double as `%f` writes it: six digits behind the point.
pub(super) fn fixed(value: f64) -> String {
    if value.is_finite() { format!("{value:.6}") } else { not_finite(value).to_owned() }
}

/// A double as `%v` writes it: the shortest digits that read back, with an exponent from 1e21 up and below 1e-4.
pub(super) fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the format has an exponent");
    if value == 0.0 || (-4..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

fn not_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        _ => "NaN",
    }
}

/// Nanoseconds since 1970 as Go prints a time: `2020-02-11 20:26:12.000000321 +0000 UTC`.
pub(super) fn time(nanoseconds: u64) -> String {
    // Go reads the 64 bits as a signed number, which every value of fits the calendar.
    let timestamp = Timestamp::from_nanosecond(i128::from(nanoseconds.cast_signed()))
        .expect("64 bits of nanoseconds lie between the years 1677 and 2262");
    timestamp.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()
}

/// An id in hexadecimal digits; nothing for an absent one, or one of zeros.
pub(super) fn id(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text takes everything");
        text
    })
}

/// A value with its type: `Str(checkout)`.
pub(super) struct Typed<'a>(pub(super) Value<'a>);

impl fmt::Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Value::Empty => "Empty",
            Value::Text(_) => "Str",
            Value::Bool(_) => "Bool",
            Value::Int(_) => "Int",
            Value::Double(_) => "Double",
            Value::Bytes(_) => "Bytes",
            Value::Array(_) => "Slice",
            Value::Map(_) => "Map",
        };
        write!(f, "{kind}({})", self.0.to_text())
    }
}

/// Attributes as `key=value` with `separator` between them.
pub(super) fn pairs(attributes: Attributes<'_>, separator: &str) -> String {
    let pairs = attributes.iter().map(|(key, value)| format!("{key}={}", value.to_text()));
    pairs.collect::<Vec<_>>().join(separator)
}

pub(super) fn span_kind(kind: i32) -> &'static str {
    name(&["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"], kind)
}

pub(super) fn status_code(code: i32) -> &'static str {
    name(&["Unset", "Ok", "Error"], code)
}

pub(super) fn temporality(number: i32) -> &'static str {
    name(&["Unspecified", "Delta", "Cumulative"], number)
}

pub(super) fn severity(number: i32) -> String {
    let Ok(rank @ 1..=24) = u8::try_from(number) else {
        return name(&["Unspecified"], number).to_owned();
    };
    let level = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"][usize::from((rank - 1) / 4)];
    match (rank - 1) % 4 {
        0 => level.to_owned(),
        step => format!("{level}{}", step + 1),
    }
}

/// The name of that number; Go writes nothing for a number without a name.
fn name(names: &[&'static str], number: i32) -> &'static str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).copied().unwrap_or("")
}
