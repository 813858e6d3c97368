//! Numbers of bytes as Prometheus writes them: `512KB`, `10MB`, `1.5GiB`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::prometheus::Text;

/// A number of bytes; `KB` and `KiB` are both 1024. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "String")]
pub(crate) struct Size(pub(crate) u64);

/// Prefixes, each 1024 times the one before.
const PREFIXES: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        if text == "0" {
            return Ok(Size(0));
        }
        let wrong = || {
            format!(
                "`{text}` is not a number of bytes: expected a number with a unit, such as `512KB` or `10MB`"
            )
        };
        let (number, unit) = text.split_at(text.find(char::is_alphabetic).ok_or_else(wrong)?);
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 =
            Some(number).filter(|_| plain).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        let power = PREFIXES.iter().position(|prefix| {
            unit.strip_prefix(prefix).is_some_and(|rest| rest == "B" || (rest == "iB" && !prefix.is_empty()))
        });
        let bytes = number * 1024_f64.powi(i32::try_from(power.ok_or_else(wrong)?).unwrap_or(0));
        whole(bytes).ok_or_else(wrong).map(Size)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is checked to lie between 0 and 2^63"
)]
fn whole(bytes: f64) -> Option<u64> {
    (0.0..9.2e18).contains(&bytes).then_some(bytes as u64)
}

impl TryFrom<Text> for Size {
    type Error = String;

    fn try_from(text: Text) -> Result<Size, String> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
    }
}

/// In the largest unit without a fraction.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut number, mut power) = (self.0, 0);
        while number > 0 && number % 1024 == 0 && power + 1 < PREFIXES.len() {
            (number, power) = (number / 1024, power + 1);
        }
        match number {
            0 => f.write_str("0"),
            _ => write!(f, "{number}{}B", PREFIXES[power]),
        }
    }
}
