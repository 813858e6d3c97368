//! Ids: as X-Ray writes them, and those that no span brings along.

use otlp::Span;

use super::json::Json;

/// Which document an id is for that no span brings along, and which exception.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The segment that stands for the service where a span becomes two documents.
    Service,
    /// The exception with this number in the span.
    Exception(u32),
}

/// An id for something within `span`. It is the same each time, so that a span that is sent again replaces what was
/// sent first.
pub(super) fn derived(span: &Span<'_>, purpose: Purpose) -> [u8; 8] {
    let purpose = match purpose {
        Purpose::Service => 0,
        Purpose::Exception(number) => u64::from(number) + 1,
    };
    let words = span.trace_id().chunks(8).chain(span.span_id().chunks(8));
    let number = words.fold(mixed(purpose), |state, bytes| {
        let word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        mixed(state ^ word)
    });
    // Zero stands for no id.
    number.max(1).to_be_bytes()
}

/// The finalizer of SplitMix64, after which every bit depends on all others.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The bytes of an id, unless they are of another number or all zero.
pub(super) fn valid<const N: usize>(id: &[u8]) -> Option<[u8; N]> {
    id.try_into().ok().filter(|id| *id != [0; N])
}

impl Json<'_> {
    /// An id in hexadecimal.
    pub(super) fn id(&mut self, id: [u8; 8]) {
        self.open('"');
        self.hex(&id);
        self.raw("\",");
    }

    /// A trace id: `1-`, what was a time once, and the rest.
    pub(super) fn trace_id(&mut self, id: [u8; 16]) {
        self.raw("\"1-");
        self.hex(&id[..4]);
        self.open('-');
        self.hex(&id[4..]);
        self.raw("\",");
    }

    fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = usize::from(*byte) * 2;
            self.raw(&HEX[at..at + 2]);
        }
    }
}

/// Two digits for each byte.
static HEX: &str = {
    static PAIRS: [u8; 512] = {
        let digits = b"0123456789abcdef";
        let mut pairs = [0; 512];
        let mut byte = 0;
        while byte < 256 {
            pairs[byte * 2] = digits[byte >> 4];
            pairs[byte * 2 + 1] = digits[byte & 15];
            byte += 1;
        }
        pairs
    };
    match std::str::from_utf8(&PAIRS) {
        Ok(text) => text,
        Err(_) => "",
    }
};
