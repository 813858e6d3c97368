//! Putting a request together from ranges of the old one and new bytes.

use std::ops::Range;

use bytes::Bytes;

use crate::attributes::Store;
use crate::rope::{Rope, SMALL};
use crate::wire::message::{put_header, set_varint};
use crate::wire::varint::varint_len;

/// A request that is being put together.
///
/// Ranges that follow each other are one range. A range of the source is copied when it is small, and spliced in as a
/// slice at the end when it is not.
pub(super) struct Assembly<'a> {
    source: &'a Bytes,
    store: Store<'a>,
    /// What has been written, without the splices.
    written: Vec<u8>,
    /// Where in `written` a range of the source belongs.
    splices: Vec<(usize, Range<usize>)>,
    /// The sum of their lengths.
    spliced: usize,
    /// The range that was copied last and may still grow.
    start: u32,
    end: u32,
}

/// A container that was begun.
pub(super) struct Mark {
    /// Where its body begins in `written`, and how many bytes stand before it for its length.
    body: usize,
    width: usize,
    /// The splices before it, and the sum of their lengths.
    splices: usize,
    spliced: usize,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(source: &'a Bytes, arena: &'a [u8]) -> Self {
        Self {
            source,
            store: Store::new(source, arena),
            written: Vec::with_capacity(source.len() + arena.len()),
            splices: Vec::new(),
            spliced: 0,
            start: 0,
            end: 0,
        }
    }

    /// Appends a range of the source or the arena.
    #[inline]
    pub(super) fn copy(&mut self, start: u32, end: u32) {
        if start == end {
            return;
        }
        if start != self.end {
            self.flush();
            self.start = start;
        }
        self.end = end;
    }

    /// Begins a container whose body will be about as long as `expected`.
    #[inline]
    pub(super) fn open(&mut self, number: u32, expected: u32) -> Mark {
        self.flush();
        put_header(&mut self.written, number, expected as usize);
        let width = varint_len(u64::from(expected));
        Mark { body: self.written.len(), width, splices: self.splices.len(), spliced: self.spliced }
    }

    /// Ends a container, and sets its length right.
    #[inline]
    pub(super) fn close(&mut self, mark: Mark) {
        self.flush();
        let length = self.written.len() - mark.body + self.spliced - mark.spliced;
        let width = varint_len(length as u64);
        if width != mark.width {
            self.shift(&mark, width);
        }
        let at = mark.body - mark.width;
        set_varint(&mut self.written[at..], length as u64, width);
    }

    pub(super) fn finish(mut self) -> Rope {
        self.flush();
        // Slices keep all of the source alive, which a quarter of it or less is not worth.
        let is_little = self.spliced <= self.source.len() / 4;
        self.written.shrink_to(self.written.len() + self.written.len() / 4);
        let written = Bytes::from(self.written);
        let mut rope = Rope::new();
        let mut at = 0;
        for (position, range) in self.splices {
            rope.push_cut(&written, at..position);
            let slice = self.source.slice(range);
            rope.push(if is_little { Bytes::copy_from_slice(&slice) } else { slice });
            at = position;
        }
        rope.push_cut(&written, at..written.len());
        rope
    }

    #[inline]
    fn flush(&mut self) {
        let (start, end) = (self.start, self.end);
        self.start = end;
        let length = (end - start) as usize;
        if length >= SMALL && end as usize <= self.source.len() {
            self.splices.push((self.written.len(), start as usize..end as usize));
            self.spliced += length;
        } else {
            self.written.extend_from_slice(self.store.get(start, end));
        }
    }

    /// Moves the body of a container whose length takes more or fewer bytes than was thought.
    #[cold]
    fn shift(&mut self, mark: &Mark, width: usize) {
        let body = mark.body - mark.width + width;
        let length = self.written.len() - mark.body;
        self.written.resize(self.written.len().max(body + length), 0);
        self.written.copy_within(mark.body..mark.body + length, body);
        self.written.truncate(body + length);
        for (position, _) in &mut self.splices[mark.splices..] {
            *position = *position + width - mark.width;
        }
    }
}
