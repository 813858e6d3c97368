//! Spans of time as Go writes them: `300ms`, `1m30s`, `1.5h`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A span of time in a configuration. An integer counts nanoseconds; text needs units, as in `1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval(pub Duration);

/// Why a text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalError(String);

/// Go keeps durations in an `i64` of nanoseconds: a bit over 292 years.
const MAX_NANOS: u128 = i64::MAX as u128;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    // The micro sign and the Greek letter mu.
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
];

impl Interval {
    /// No time at all.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// A number of seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// A number of milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Whether this is no time at all, which many settings take for "never".
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    fn from_nanos(nanos: u128) -> Result<Self, IntervalError> {
        if nanos > MAX_NANOS {
            return Err(IntervalError("a duration must be shorter than 292 years".to_owned()));
        }
        let nanos = u64::try_from(nanos).expect("the limit is below the largest u64");
        Ok(Self(Duration::from_nanos(nanos)))
    }
}

impl Deref for Interval {
    type Target = Duration;

    fn deref(&self) -> &Duration {
        &self.0
    }
}

impl From<Duration> for Interval {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<Interval> for Duration {
    fn from(interval: Interval) -> Self {
        interval.0
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        if let Some(magnitude) = text.strip_prefix('-') {
            let interval: Self = magnitude.parse()?;
            return if interval.is_zero() { Ok(interval) } else { Err(negative(text)) };
        }
        match text.strip_prefix('+').unwrap_or(text) {
            "0" => Ok(Self::ZERO),
            "" => Err(IntervalError(format!("`{text}` is not a duration"))),
            mut rest => {
                let mut nanos: u128 = 0;
                while !rest.is_empty() {
                    let (part, after) = leading_part(rest, text)?;
                    nanos = nanos.saturating_add(part);
                    rest = after;
                }
                Self::from_nanos(nanos)
            }
        }
    }
}

/// As Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `200ms`, `0s`.
impl fmt::Display for Interval {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let seconds = self.0.as_secs();
        match nanos {
            0 => return out.write_str("0s"),
            1..1_000 => return write!(out, "{nanos}ns"),
            1_000..1_000_000 => return write!(out, "{}µs", decimal(nanos, 3)),
            1_000_000..1_000_000_000 => return write!(out, "{}ms", decimal(nanos, 6)),
            _ => {}
        }
        if seconds >= 3_600 {
            write!(out, "{}h", seconds / 3_600)?;
        }
        if seconds >= 60 {
            write!(out, "{}m", seconds / 60 % 60)?;
        }
        write!(out, "{}s", decimal(nanos % 60_000_000_000, 9))
    }
}

impl fmt::Display for IntervalError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for IntervalError {}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntervalVisitor)
    }
}

struct IntervalVisitor;

impl Visitor<'_> for IntervalVisitor {
    type Value = Interval;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a duration such as `300ms` or `1m30s`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Interval, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<Interval, E> {
        Interval::from_nanos(u128::from(nanos)).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<Interval, E> {
        let nanos = u64::try_from(nanos).map_err(|_| E::custom(negative(&nanos.to_string())))?;
        self.visit_u64(nanos)
    }

    // The value of an unset environment variable.
    fn visit_none<E: de::Error>(self) -> Result<Interval, E> {
        Ok(Interval::ZERO)
    }
}

/// The nanoseconds of a leading `number unit`, and what follows it.
fn leading_part<'a>(rest: &'a str, whole: &str) -> Result<(u128, &'a str), IntervalError> {
    let (number, rest) = split_before(rest, |c| !c.is_ascii_digit() && c != '.');
    let (unit, after) = split_before(rest, |c| c.is_ascii_digit() || c == '.');
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (integer.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(IntervalError(format!(
            "`{whole}` is not a duration: expected a number before each unit"
        )));
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(unknown_unit(unit, whole));
    };
    let nanos = u128::from(*nanos);
    let integer = if integer.is_empty() { 0 } else { integer.parse().unwrap_or(u128::MAX) };
    Ok((integer.saturating_mul(nanos).saturating_add(scaled_fraction(fraction, nanos)), after))
}

fn unknown_unit(unit: &str, whole: &str) -> IntervalError {
    IntervalError(if unit.is_empty() {
        format!("`{whole}` has no unit: expected `ns`, `us`, `ms`, `s`, `m` or `h` after each number")
    } else {
        format!("unknown unit `{unit}` in `{whole}`: expected `ns`, `us`, `ms`, `s`, `m` or `h`")
    })
}

fn negative(text: &str) -> IntervalError {
    IntervalError(format!("a duration must not be negative, found `{text}`"))
}

/// `0.fraction` of `nanos`, cut to whole nanoseconds. Digits beyond the eighteenth cannot matter.
fn scaled_fraction(fraction: &str, nanos: u128) -> u128 {
    const MAX_DIGITS: usize = 18;
    let digits = &fraction[..fraction.len().min(MAX_DIGITS)];
    let numerator: u128 = digits.parse().unwrap_or(0);
    (0..digits.len()).fold(numerator * nanos, |scaled, _| scaled / 10)
}

fn split_before(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

/// `nanos` with the point `places` digits from the right, without trailing zeros.
fn decimal(nanos: u128, places: usize) -> String {
    let padded = format!("{nanos:0width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests;
