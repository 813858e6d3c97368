//! Reading a rope from its begin to its end, across its chunks.

use std::ops::Range;

use bytes::Bytes;

use super::Rope;
use crate::wire::message::{BYTES, FIXED32, FIXED64, Field, Fields, VARINT};
use crate::wire::varint::{read_tag, read_varint};

/// A position in a rope that only moves forward.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    /// The chunk with the position in it, and those behind.
    chunks: &'a [Bytes],
    /// The position in the first chunk.
    at: usize,
    /// The position in the rope.
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(rope: &'a Rope) -> Self {
        Self { chunks: &rope.chunks, at: 0, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Reads the field here, and moves behind its tag and length; `None` where there is none before `end`.
    pub(crate) fn field(&mut self, end: usize) -> Option<Field> {
        if self.position >= end {
            return None;
        }
        let field = match self.field_in_chunk() {
            Some(field) => field,
            None => self.field_across_chunks()?,
        };
        self.seek(field.value);
        (field.end <= end).then_some(field)
    }

    /// Moves forward to `position`, or to the end if that comes first.
    pub(crate) fn seek(&mut self, position: usize) {
        let mut distance = position.saturating_sub(self.position);
        while let [first, rest @ ..] = self.chunks
            && distance >= first.len() - self.at
        {
            let step = first.len() - self.at;
            distance -= step;
            self.position += step;
            (self.chunks, self.at) = (rest, 0);
        }
        if !self.chunks.is_empty() {
            self.at += distance;
            self.position += distance;
        }
    }

    /// The bytes from here to `end` in one piece, copied if they lie across chunks. Moves behind them.
    pub(crate) fn contiguous(&mut self, end: usize) -> Bytes {
        let length = end.saturating_sub(self.position);
        if let [first, ..] = self.chunks
            && self.at + length <= first.len()
        {
            let whole = first.slice(self.at..self.at + length);
            self.seek(end);
            return whole;
        }
        let mut whole = Vec::new();
        self.visit(end, |chunk, range| whole.extend_from_slice(&chunk[range]));
        whole.into()
    }

    /// Appends the bytes from here to `end` to `out`, as slices where that pays, and moves behind them.
    pub(crate) fn share_into(&mut self, out: &mut Rope, end: usize) {
        self.visit(end, |chunk, range| out.push_cut(chunk, range));
    }

    fn visit(&mut self, end: usize, mut visit: impl FnMut(&Bytes, Range<usize>)) {
        while self.position < end
            && let [first, ..] = self.chunks
        {
            let length = (first.len() - self.at).min(end - self.position);
            visit(first, self.at..self.at + length);
            self.seek(self.position + length);
        }
    }

    /// The usual case: tag and length lie in one chunk. The value may reach beyond it.
    fn field_in_chunk(&self) -> Option<Field> {
        let rest = self.chunks.first()?.get(self.at..)?;
        read_header(rest, self.position)
    }

    /// A field whose header lies across chunks, or a group, which says where it ends only there.
    #[cold]
    fn field_across_chunks(&self) -> Option<Field> {
        let rest = self.clone().contiguous(usize::MAX);
        read_header(&rest, self.position).or_else(|| {
            let group = Fields::new(&rest).next()?;
            let (value, end) = (self.position + group.value, self.position + group.end);
            Some(Field { start: self.position, value, end, ..group })
        })
    }
}

/// Reads a tag and a length, without regard to whether the value is there as well.
fn read_header(bytes: &[u8], start: usize) -> Option<Field> {
    let (tag, value) = read_tag(bytes, 0).ok()?;
    let (value, end) = match tag.wire_type {
        VARINT => (value, read_varint(bytes, value).ok()?.1),
        FIXED64 => (value, value + 8),
        BYTES => {
            let (length, value) = read_varint(bytes, value).ok()?;
            (value, value.checked_add(usize::try_from(length).ok()?)?)
        }
        FIXED32 => (value, value + 4),
        _ => return None,
    };
    let (value, end) = (start + value, start.checked_add(end)?);
    Some(Field { number: tag.number, wire_type: tag.wire_type, start, value, end })
}
