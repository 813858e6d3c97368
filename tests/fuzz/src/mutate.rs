//! Changing inputs without knowing what they mean, but for this: most are fields within fields, behind a short header.

mod fields;

use std::ops::Range;

use fastrand::Rng;

/// Longer inputs are cut: what breaks a promise breaks it in a short input too, and short ones are quick.
pub const MAX_BYTES: usize = 16 << 10;

/// Numbers at the borders of what lengths, varints and signed numbers hold.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0x3fff,
    0x4000,
    i32::MAX as u64,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// Pieces of the languages that targets read.
const PIECES: [&[u8]; 30] = [
    b"null",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\ud83e",
    b"NaN",
    b"1e3",
    b"-0",
    b"${",
    b"${PORT}",
    b"${MAP}",
    b"$$",
    b"\n  ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"a::b: ",
    b"'",
    b"\xff\xfe",
    b"\n# TYPE a ",
    b"histogram\n",
    b"_bucket{le=\"1\"} ",
    b"_count ",
    b" # {a=\"b\"} 1",
    b"\n# EOF\n",
];

/// Makes inputs out of others. The same seed makes the same ones.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
}

impl Mutator {
    /// Starts with `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed) }
    }

    /// One of `inputs`, changed in a few places.
    pub fn change(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.random.choice(inputs).cloned().unwrap_or_default();
        for _ in 0..1 << self.random.u32(0..4) {
            if self.random.bool() || !self.change_field(&mut input, inputs) {
                self.change_once(&mut input, inputs);
            }
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn change_once(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>]) {
        let at = self.random.usize(0..=input.len());
        let span = at..self.end(at, input.len());
        match self.random.u32(0..13) {
            0 => self.change_byte(input, at, |byte, random| byte ^ 1 << random.u32(0..8)),
            1 => self.change_byte(input, at, |_, random| random.u8(..)),
            2 => {
                self.change_byte(input, at, |byte, random| byte.wrapping_add(random.u8(0..5)).wrapping_sub(2))
            }
            3 => drop(input.drain(span)),
            4 => input.truncate(at),
            5 => {
                let block = input[span].to_vec();
                let to = self.random.usize(0..=input.len());
                input.splice(to..to, block);
            }
            6 => {
                let block = input[span.clone()].to_vec();
                let to = self.random.usize(0..=input.len());
                let end = input.len().min(to + block.len());
                input.splice(to..end, block);
            }
            7 => self.splice(input, at, others),
            8 | 9 => self.put_varint(input, at),
            10 => self.put_number(input, at),
            11 => self.put_piece(input, at),
            _ => self.wrap(input, span),
        }
    }

    /// The end of a block that begins at `at`: mostly a short one.
    fn end(&mut self, at: usize, len: usize) -> usize {
        let length = if self.random.bool() { self.random.usize(0..16) } else { self.random.usize(0..=len) };
        len.min(at + length)
    }

    fn change_byte(&mut self, input: &mut [u8], at: usize, change: impl FnOnce(u8, &mut Rng) -> u8) {
        if let Some(byte) = input.get_mut(at) {
            *byte = change(*byte, &mut self.random);
        }
    }

    /// Goes on with a part of another input.
    fn splice(&mut self, input: &mut Vec<u8>, at: usize, others: &[Vec<u8>]) {
        let Some(other) = self.random.choice(others) else { return };
        let from = self.random.usize(0..=other.len());
        if self.random.bool() {
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        } else {
            let end = self.end(from, other.len());
            input.splice(at..at, other[from..end].iter().copied());
        }
    }

    /// Replaces a varint by one nearby, by one at a border, or by the same in more bytes.
    fn put_varint(&mut self, input: &mut Vec<u8>, at: usize) {
        let length = input[at..].iter().take(10).take_while(|byte| **byte >= 0x80).count() + 1;
        let end = input.len().min(at + length);
        let digits = input[at..end].iter().take(9).enumerate();
        let old = digits.fold(0, |number, (place, byte)| number | u64::from(byte & 0x7f) << (7 * place));
        let (new, least) = match self.random.u32(0..4) {
            0 => (old.wrapping_add(1), 1),
            1 => (old.wrapping_sub(1), 1),
            2 => (NUMBERS[self.random.usize(..NUMBERS.len())], 1),
            _ => (old, self.random.usize(2..12)),
        };
        input.splice(at..end, varint(new, least));
    }

    fn put_number(&mut self, input: &mut Vec<u8>, at: usize) {
        let number = NUMBERS[self.random.usize(..NUMBERS.len())].to_le_bytes();
        let width = [1, 2, 4, 8][self.random.usize(..4)];
        let end = input.len().min(at + width);
        input.splice(at..end, number.into_iter().take(width));
    }

    fn put_piece(&mut self, input: &mut Vec<u8>, at: usize) {
        let piece = PIECES[self.random.usize(..PIECES.len())];
        let end = if self.random.bool() { at } else { input.len().min(at + piece.len()) };
        input.splice(at..end, piece.iter().copied());
    }

    /// Makes a block a length-delimited field, as protobuf nests.
    fn wrap(&mut self, input: &mut Vec<u8>, span: Range<usize>) {
        let tag = self.random.u8(0..17) << 3 | 2;
        let header = std::iter::once(tag).chain(varint(span.len() as u64, 1)).collect::<Vec<_>>();
        input.splice(span.start..span.start, header);
    }
}

/// `number` as a varint of `least` bytes or more; padding makes it valid up to ten.
fn varint(number: u64, least: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = number;
    while rest >= 0x80 || bytes.len() + 1 < least {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}
