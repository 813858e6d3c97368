//! Spans of time as Prometheus writes them: `15s`, `1h30m`, `1d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A span of time: whole numbers with units, each unit at most once and the largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromDuration(pub Duration);

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromDurationError(String);

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// Units in milliseconds, the largest first.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * DAY),
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", 60 * MINUTE),
    ("m", MINUTE),
    ("s", 1_000),
    ("ms", 1),
];

/// Go keeps durations in an `i64` of nanoseconds.
const MAX_MILLIS: u64 = i64::MAX as u64 / 1_000_000;

impl PromDuration {
    /// A number of seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> PromDuration {
        PromDuration(Duration::from_secs(secs))
    }

    /// Whether this is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for PromDuration {
    type Err = PromDurationError;

    fn from_str(text: &str) -> Result<PromDuration, PromDurationError> {
        match text {
            "0" => return Ok(PromDuration::default()),
            "" => return Err(PromDurationError("a duration must not be empty".to_owned())),
            _ => {}
        }
        let mut millis: u64 = 0;
        let mut rest = text;
        let mut units = UNITS.iter();
        while !rest.is_empty() {
            let (number, after) = split_before(rest, |c: char| !c.is_ascii_digit());
            let (unit, after) = split_before(after, |c: char| c.is_ascii_digit());
            // A unit that was passed is not found again.
            let (_, size) = units.find(|(name, _)| *name == unit).ok_or_else(|| malformed(text))?;
            let count: u64 = number.parse().map_err(|_| malformed(text))?;
            millis = count.checked_mul(*size).and_then(|part| millis.checked_add(part)).unwrap_or(u64::MAX);
            rest = after;
        }
        if millis > MAX_MILLIS {
            return Err(PromDurationError(format!("`{text}` is longer than 292 years")));
        }
        Ok(PromDuration(Duration::from_millis(millis)))
    }
}

/// As Prometheus prints it: the largest units that go into it evenly first, `1m30s`.
impl fmt::Display for PromDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in UNITS {
            // Years and weeks are used only for whole ones: `1w`, but `8d`.
            let is_coarse = matches!(unit, "y" | "w");
            if millis >= size && (!is_coarse || millis.is_multiple_of(size)) {
                write!(f, "{}{unit}", millis / size)?;
                millis %= size;
            }
        }
        Ok(())
    }
}

impl fmt::Display for PromDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PromDurationError {}

impl Serialize for PromDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PromDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PromDuration, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = PromDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `15s` or `1h30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PromDuration, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<PromDuration, E> {
        self.visit_str(&number.to_string())
    }
}

fn malformed(text: &str) -> PromDurationError {
    PromDurationError(format!(
        "`{text}` is not a duration: expected whole numbers with the units `y`, `w`, `d`, `h`, `m`, `s`, `ms` in this order, as in `1h30m`"
    ))
}

fn split_before(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        for (text, millis) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("15s", Some(15_000)),
            ("1h30m", Some(5_400_000)),
            ("1d", Some(86_400_000)),
            ("1y1w1d1h1m1s1ms", Some(32_230_861_001)),
            ("500ms", Some(500)),
            ("30m1h", None),
            ("1m1m", None),
            ("1.5h", None),
            ("5", None),
            ("-1s", None),
            ("", None),
            ("s", None),
            ("1s ", None),
            ("300y", None),
            ("99999999999999999999s", None),
        ] {
            let read = text.parse::<PromDuration>().ok().map(|duration| duration.0.as_millis());
            assert_eq!(read, millis, "{text}");
        }
    }

    #[test]
    fn durations_are_printed_as_prometheus_prints_them() {
        for text in ["0s", "15s", "1h30m", "1d", "8d", "1w", "1y", "1m500ms", "1d1s"] {
            assert_eq!(text.parse::<PromDuration>().unwrap().to_string(), text);
        }
        assert_eq!("90s".parse::<PromDuration>().unwrap().to_string(), "1m30s");
    }
}
