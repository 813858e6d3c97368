//! A span of version 2 as it was read, before anything is made of it.

use std::borrow::Cow;

use super::answer::Reason;

/// Text of a body. Like the text of an OTLP request, it is not known to be UTF-8.
pub(super) type Text<'a> = Cow<'a, [u8]>;

/// A span of version 2, by either form. It is filled anew for each, so that its lists are allocated once.
#[derive(Debug, Default)]
pub(super) struct Span<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) id: [u8; 8],
    /// All zero for none.
    pub(super) parent_id: [u8; 8],
    pub(super) name: Text<'a>,
    pub(super) kind: Option<Kind>,
    /// In microseconds since 1970; 0 for none.
    pub(super) timestamp: u64,
    /// In microseconds; 0 for none.
    pub(super) duration: u64,
    /// Whether an absent timestamp is told from one in 1970.
    pub(super) marks_absent_start: bool,
    pub(super) local: Endpoint<'a>,
    pub(super) remote: Endpoint<'a>,
    pub(super) annotations: Vec<Annotation<'a>>,
    /// May hold a key more than once; the last one counts.
    pub(super) tags: Vec<Tag<'a>>,
}

/// The kinds that Zipkin knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Client,
    Server,
    Producer,
    Consumer,
}

/// One side of a call. What is empty or 0 is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Endpoint<'a> {
    pub(super) service_name: Text<'a>,
    pub(super) ipv4: Text<'a>,
    pub(super) ipv6: Text<'a>,
    pub(super) port: u16,
}

#[derive(Debug)]
pub(super) struct Annotation<'a> {
    /// In microseconds since 1970.
    pub(super) timestamp: u64,
    pub(super) value: Text<'a>,
}

#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) key: Text<'a>,
    pub(super) value: Text<'a>,
}

impl<'a> Span<'a> {
    /// Adds an annotation. One without a time and a value says nothing, but is a few bytes only, so it is not kept.
    pub(super) fn annotate(&mut self, annotation: Annotation<'a>) {
        if annotation.timestamp != 0 || !annotation.value.is_empty() {
            self.annotations.push(annotation);
        }
    }

    /// Adds a tag. One without a key can be no attribute.
    #[inline]
    pub(super) fn tag(&mut self, tag: Tag<'a>) {
        if !tag.key.is_empty() {
            self.tags.push(tag);
        }
    }

    /// Makes it as new, but keeps the memory of its lists.
    pub(super) fn clear(&mut self) {
        let mut annotations = std::mem::take(&mut self.annotations);
        let mut tags = std::mem::take(&mut self.tags);
        annotations.clear();
        tags.clear();
        *self = Self { annotations, tags, ..Self::default() };
    }
}

impl Kind {
    /// The number that OTLP has for it.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Server => 2,
            Self::Client => 3,
            Self::Producer => 4,
            Self::Consumer => 5,
        }
    }

    /// The kind with this number in OTLP, if Zipkin has it.
    pub(super) fn from_number(number: i32) -> Option<Self> {
        match number {
            2 => Some(Self::Server),
            3 => Some(Self::Client),
            4 => Some(Self::Producer),
            5 => Some(Self::Consumer),
            _ => None,
        }
    }
}

/// `micros` in nanoseconds, if it fits: until the year 2554.
pub(super) fn nanos(field: &str, micros: u64) -> Result<u64, Reason> {
    micros.checked_mul(1000).ok_or_else(|| format!("{field} `{micros}` is too large").into())
}

/// The start and the end, in nanoseconds, of a span with these times in microseconds.
pub(super) fn times(timestamp: u64, duration: u64) -> Result<(u64, u64), Reason> {
    let start = nanos("timestamp", timestamp)?;
    let end = nanos("duration", duration)?.checked_add(start);
    Ok((start, end.ok_or_else(|| format!("duration `{duration}` is too large"))?))
}

/// An id of `N` bytes in up to `2 * N` hexadecimal digits of either case; shorter ones are padded with zeros.
pub(super) fn id<const N: usize>(field: &str, digits: &[u8]) -> Result<[u8; N], Reason> {
    let mut id = [0; N];
    if digits.len() == 2 * N {
        let (pairs, _) = digits.as_chunks::<2>();
        let mut is_hex = true;
        for (byte, [high, low]) in id.iter_mut().zip(pairs) {
            let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
            is_hex &= high | low < 16;
            *byte = high << 4 | low & 15;
        }
        return if is_hex { Ok(id) } else { Err(bad_id(field, digits)) };
    }
    if digits.len() > 2 * N {
        return Err(bad_id(field, digits));
    }
    for (position, digit) in digits.iter().rev().enumerate() {
        let value = DIGITS[usize::from(*digit)];
        if value > 15 {
            return Err(bad_id(field, digits));
        }
        id[N - 1 - position / 2] |= value << (position % 2 * 4);
    }
    Ok(id)
}

#[cold]
fn bad_id(field: &str, digits: &[u8]) -> Reason {
    let shown = String::from_utf8_lossy(&digits[..digits.len().min(64)]);
    format!("valid {field} required, found `{shown}`").into()
}

/// The value of each hexadecimal digit; 255 for other bytes.
const DIGITS: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};
