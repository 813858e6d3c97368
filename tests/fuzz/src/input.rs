//! Requests with a header in front, so that one byte string says which signal it is and what is done to it.
//!
//! The first byte is the signal: `t`, `m` and `l` are the plain way to write it, and any other byte means one of the
//! three as well. Targets that have choices to make take them from the bytes behind it.

use otlp::Signal;

/// An input, taken apart.
pub(crate) struct Input<'a, const CHOICES: usize> {
    pub(crate) signal: Signal,
    pub(crate) choices: [u8; CHOICES],
    pub(crate) body: &'a [u8],
}

impl<'a, const CHOICES: usize> Input<'a, CHOICES> {
    /// Takes `data` apart; `None` when it is shorter than the header.
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let (signal, rest) = data.split_first()?;
        let (choices, body) = rest.split_first_chunk()?;
        // The letters named above fall into different classes.
        let signal = match signal % 3 {
            0 => Signal::Logs,
            1 => Signal::Metrics,
            _ => Signal::Traces,
        };
        Some(Self { signal, choices: *choices, body })
    }
}

/// Bytes as an endless series of choices.
pub(crate) struct Choices<'a> {
    bytes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter().cycle() }
    }

    /// The next one; zero when there are none at all.
    pub(crate) fn next(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }
}
