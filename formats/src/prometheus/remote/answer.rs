//! What comes out of a translation beside what was taken.

use std::borrow::Cow;
use std::fmt;

/// How many refusals are described; the rest are counted.
const DESCRIBED: usize = 8;

/// How much of a reason is kept: it may quote what came from outside.
const REASON_BYTES: usize = 200;

/// Why something cannot be translated.
pub(super) type Reason = Cow<'static, str>;

/// The points or samples that were refused: all counted, the first few reasons told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many there are.
    pub total: usize,
    /// Why, the first few times.
    pub reasons: Vec<String>,
}

impl Refused {
    #[cold]
    pub(super) fn push(&mut self, items: usize, reason: Reason) {
        self.total += items;
        self.note(reason);
    }

    /// Tells a reason without counting.
    pub(super) fn note(&mut self, reason: Reason) {
        if self.reasons.len() < DESCRIBED {
            let mut reason = reason.into_owned();
            reason.truncate(reason.floor_char_boundary(REASON_BYTES));
            self.reasons.push(reason);
        }
    }
}

/// Why a body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed at byte {}: {}", self.at, self.reason)
    }
}

impl std::error::Error for Malformed {}

impl From<otlp::wire::varint::Malformed> for Malformed {
    #[cold]
    fn from(error: otlp::wire::varint::Malformed) -> Malformed {
        Malformed { at: error.at, reason: error.fault.to_string() }
    }
}
