//! What comes out of a translation: what was taken, and what was refused.

use std::borrow::Cow;
use std::fmt;

/// How many refusals are described; the rest are counted.
const DESCRIBED: usize = 16;

/// How much of a reason is kept: it may quote what came from outside.
const REASON_BYTES: usize = 200;

/// The spans of one body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// An OTLP export request with the spans that were taken.
    pub traces: Vec<u8>,
    /// How many spans were taken.
    pub spans: usize,
    /// Those that were not.
    pub refused: Refused,
}

/// What became of the spans of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// How many spans were written.
    pub spans: usize,
    /// Those that cannot be written.
    pub refused: Refused,
}

/// The items that were refused: all counted, the first few described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// The first few.
    pub list: Vec<Refusal>,
    /// How many there are.
    pub total: usize,
}

/// Why a span was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The position of the span in its request, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a body cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Why a span cannot be translated.
pub(super) type Reason = Cow<'static, str>;

impl Refused {
    #[cold]
    pub(super) fn push(&mut self, index: usize, reason: Reason) {
        self.total += 1;
        if self.list.len() < DESCRIBED {
            let mut reason = reason.into_owned();
            reason.truncate(reason.floor_char_boundary(REASON_BYTES));
            self.list.push(Refusal { index, reason });
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "span {}: {}", self.index, self.reason)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed at byte {}: {}", self.at, self.reason)
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    #[cold]
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

impl From<otlp::json::text::Problem> for Malformed {
    #[cold]
    fn from(problem: otlp::json::text::Problem) -> Self {
        Self::new(problem.at, problem.message)
    }
}

impl From<otlp::wire::varint::Malformed> for Malformed {
    #[cold]
    fn from(error: otlp::wire::varint::Malformed) -> Self {
        Self::new(error.at, error.fault.to_string())
    }
}
