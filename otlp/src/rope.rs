//! Bytes in pieces: what lets requests be put end to end, cut and edited without copying them.

mod reader;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

pub(crate) use reader::Reader;

/// Chunks below this size are copied rather than kept as slices. Copying 4 KiB takes some 80 ns; a slice costs an entry
/// in every later write to a socket, and keeps alive the buffer it was cut from, which may be a thousand times larger.
pub(crate) const SMALL: usize = 4096;

/// Small chunks are gathered in buffers up to this size: large enough that a batch of one megabyte is some twenty
/// chunks, small enough that a growing buffer is not copied for long.
const GATHERED: usize = 64 * 1024;

/// A sequence of bytes in a short list of chunks. Cloning counts references.
#[derive(Clone, Default)]
pub struct Rope {
    /// No chunk is empty.
    chunks: SmallVec<[Bytes; 2]>,
    /// The sum of the chunks' lengths.
    len: usize,
}

impl Rope {
    /// A rope without bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `chunk` behind the others: as it is, or copied when it is small and so is what stands before it.
    pub fn push(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.len += chunk.len();
        if chunk.len() >= SMALL || !self.gather(&chunk) {
            self.chunks.push(chunk);
        }
    }

    /// Adds all of `other` behind this.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for chunk in other.chunks {
            self.push(chunk);
        }
    }

    /// The chunks in order, none of them empty.
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The chunks in order, none of them empty.
    pub fn into_chunks(self) -> impl ExactSizeIterator<Item = Bytes> + Send + 'static {
        self.chunks.into_iter()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All bytes in one piece; copied unless they are in one piece already.
    pub fn to_contiguous(&self) -> Bytes {
        match self.chunks.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            chunks => {
                let mut whole = Vec::with_capacity(self.len);
                chunks.iter().for_each(|chunk| whole.extend_from_slice(chunk));
                whole.into()
            }
        }
    }

    /// The bytes in `range`, of which what lies behind the end is left out. What is cut small is copied.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut part = Self::new();
        let mut start = 0;
        for chunk in &self.chunks {
            let end = start + chunk.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                part.push_cut(chunk, from - start..to - start);
            }
            start = end;
        }
        part
    }

    /// Adds `range` of `buffer`, which must lie in it; a small part is copied out, so that it does not hold the rest.
    pub(crate) fn push_cut(&mut self, buffer: &Bytes, range: Range<usize>) {
        let is_whole = range.len() == buffer.len();
        if range.len() >= SMALL || is_whole || range.is_empty() {
            self.push(buffer.slice(range));
            return;
        }
        self.len += range.len();
        if !self.gather(&buffer[range.clone()]) {
            self.chunks.push(Bytes::copy_from_slice(&buffer[range]));
        }
    }

    /// A rope of just these chunks, however small they are.
    #[cfg(test)]
    pub(crate) fn of_chunks(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let chunks: SmallVec<_> = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
        Self { len: chunks.iter().map(Bytes::len).sum(), chunks }
    }

    /// Copies a small part behind the last chunk, if that is small or a buffer of ours. Whether it did.
    fn gather(&mut self, part: &[u8]) -> bool {
        let Some(last) = self.chunks.last_mut().filter(|last| last.len() + part.len() <= GATHERED) else {
            return false;
        };
        match std::mem::take(last).try_into_mut() {
            Ok(mut gathered) => {
                if gathered.len() >= SMALL && gathered.capacity() - gathered.len() < part.len() {
                    // Many small ones come: room for all of them at once, so that what is there is moved once.
                    gathered.reserve(GATHERED - gathered.len());
                }
                gathered.extend_from_slice(part);
                *last = gathered.freeze();
                true
            }
            Err(shared) if shared.len() < SMALL => {
                *last = joined(&shared, part);
                true
            }
            Err(shared) => {
                *last = shared;
                false
            }
        }
    }
}

impl From<Bytes> for Rope {
    fn from(bytes: Bytes) -> Self {
        let mut rope = Self::new();
        rope.push(bytes);
        rope
    }
}

impl From<Vec<u8>> for Rope {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl PartialEq for Rope {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.to_contiguous() == other.to_contiguous()
    }
}

impl Eq for Rope {}

impl fmt::Debug for Rope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rope").field("len", &self.len).field("chunks", &self.chunks.len()).finish()
    }
}

fn joined(first: &[u8], second: &[u8]) -> Bytes {
    // Room for more of the kind, so that the next ones are copied once.
    let mut gathered = BytesMut::with_capacity(2 * SMALL);
    gathered.extend_from_slice(first);
    gathered.extend_from_slice(second);
    gathered.freeze()
}
