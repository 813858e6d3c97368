//! Spans of time as Prometheus writes them: `15s`, `1h30m`, `2w`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// A span of time in whole milliseconds: `0`, or numbers with units from the largest to the smallest, without
/// fractions or signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "String")]
pub(crate) struct PromDuration(pub(crate) Duration);

/// Units with their milliseconds, largest first: the order in which they must stand.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Prometheus keeps durations in an `i64` of nanoseconds.
const MAX_MILLIS: u64 = 9_223_372_036_854;

impl PromDuration {
    /// A number of seconds.
    #[must_use]
    pub(crate) const fn from_secs(seconds: u64) -> PromDuration {
        PromDuration(Duration::from_secs(seconds))
    }

    /// Whether it is no time at all, which stands for "not set".
    #[must_use]
    pub(crate) const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(MAX_MILLIS)
    }
}

impl FromStr for PromDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<PromDuration, String> {
        if text == "0" {
            return Ok(PromDuration::default());
        }
        let wrong = || {
            format!(
                "`{text}` is not a duration of Prometheus: expected whole numbers with `y`, `w`, `d`, `h`, `m`, \
                 `s` or `ms` in this order, such as `15s` or `1h30m`"
            )
        };
        let (mut rest, mut units, mut millis) = (text, &UNITS[..], 0_u64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0).ok_or_else(wrong)?;
            let (number, after) = rest.split_at(digits);
            let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let at = units.iter().position(|(name, _)| *name == &after[..unit]).ok_or_else(wrong)?;
            let number: u64 = number.parse().unwrap_or(u64::MAX);
            millis = millis.saturating_add(number.saturating_mul(units[at].1));
            units = &units[at + 1..];
            rest = &after[unit..];
        }
        match millis {
            _ if text.is_empty() => Err(wrong()),
            0..=MAX_MILLIS => Ok(PromDuration(Duration::from_millis(millis))),
            _ => Err(format!("`{text}` is longer than 292 years")),
        }
    }
}

impl TryFrom<Text> for PromDuration {
    type Error = String;

    fn try_from(text: Text) -> Result<PromDuration, String> {
        text.parse()
    }
}

impl From<PromDuration> for String {
    fn from(duration: PromDuration) -> String {
        duration.to_string()
    }
}

/// As Prometheus prints it, for instance in `__scrape_interval__`: years and weeks only when nothing is left over.
impl fmt::Display for PromDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (index, (unit, millis)) in UNITS.into_iter().enumerate() {
            let must_divide = index < 2;
            if rest >= millis && (!must_divide || rest % millis == 0) {
                write!(f, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}
