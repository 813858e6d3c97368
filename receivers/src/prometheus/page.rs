//! Reading a page: as it comes, unpacked as it comes, within its limits.
//!
//! Rules:
//! 1. Bytes are charged to the collector's memory before they are kept, unpacked ones as well.
//! 2. A page has at most as many bytes as its job says, [`MAX_BYTES`] when it says nothing.
//! 3. All pages that are being read have at most [`MAX_TOGETHER`] bytes beyond the first [`FREE`] of each: a few huge
//!    ones cannot take the memory, and small ones never wait for them.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use component::{Charge, Memory};
use flate2::write::MultiGzDecoder;
use parking_lot::Mutex;

/// The largest page of a job without a limit of its own: more than the largest cluster's metrics of its objects.
pub(super) const MAX_BYTES: usize = 256 << 20;

/// What all pages that are being read may have together.
const MAX_TOGETHER: usize = 512 << 20;

/// What each page may have whatever the others have.
const FREE: usize = 1 << 20;

/// Buffers that wait for the next page, and how large one may be: most pages are smaller.
const KEPT_BUFFERS: usize = 8;
const KEPT_BYTES: usize = 1 << 20;

/// A packed part is unpacked in pieces, so that no one piece becomes very much before the limit is looked at.
const PIECE: usize = 4 << 10;

/// What all scrapes of one receiver share: buffers, and how much is being read.
#[derive(Debug)]
pub(super) struct Desk {
    memory: Memory,
    buffers: Mutex<Vec<Vec<u8>>>,
    together: AtomicUsize,
    max_together: usize,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is larger than it may be.
    TooLarge(usize),
    /// The collector has no memory left for it.
    NoMemory,
    /// What came is not what it says it is.
    Corrupt(String),
}

impl Desk {
    pub(super) fn new(memory: Memory) -> Arc<Desk> {
        Desk::bounded(memory, MAX_TOGETHER)
    }

    /// With a bound of its own.
    pub(super) fn bounded(memory: Memory, max_together: usize) -> Arc<Desk> {
        Arc::new(Desk { memory, max_together, buffers: Mutex::default(), together: AtomicUsize::new(0) })
    }

    /// Begins a page of at most `limit` bytes, packed or not.
    pub(super) fn begin(self: &Arc<Desk>, is_packed: bool, limit: usize) -> Page {
        let buffer = self.buffers.lock().pop().unwrap_or_default();
        let text = PageText { desk: self.clone(), charge: None, taken: 0, buffer, limit, unread: None };
        if is_packed { Page::Packed(Box::new(MultiGzDecoder::new(text))) } else { Page::Plain(text) }
    }

    fn take_back(&self, mut buffer: Vec<u8>) {
        let mut buffers = self.buffers.lock();
        if buffer.capacity() <= KEPT_BYTES && buffers.len() < KEPT_BUFFERS {
            buffer.clear();
            buffers.push(buffer);
        }
    }
}

/// A page that is being read.
pub(super) enum Page {
    Plain(PageText),
    Packed(Box<MultiGzDecoder<PageText>>),
}

impl Page {
    /// Takes the next part.
    pub(super) async fn push(&mut self, part: &Bytes) -> Result<(), Unread> {
        for piece in part.chunks(PIECE) {
            let written = match self {
                Page::Plain(text) => text.write_all(piece),
                Page::Packed(decoder) => decoder.write_all(piece),
            };
            if let Err(error) = written {
                return Err(self.unread(&error));
            }
            if matches!(self, Page::Packed(_)) {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// All of it.
    pub(super) fn finish(self) -> Result<PageText, Unread> {
        match self {
            Page::Plain(text) => Ok(text),
            Page::Packed(mut decoder) => {
                // An empty body is an empty page, packed or not.
                if let Err(error) = decoder.try_finish() {
                    let why = Page::Packed(decoder).unread(&error);
                    return Err(why);
                }
                let cut = |error: io::Error| Unread::Corrupt(error.to_string());
                decoder.finish().map_err(cut)
            }
        }
    }

    fn unread(&self, error: &io::Error) -> Unread {
        let text = match self {
            Page::Plain(text) => text,
            Page::Packed(decoder) => decoder.get_ref(),
        };
        text.unread.clone().unwrap_or_else(|| Unread::Corrupt(format!("the packed body is broken: {error}")))
    }
}

/// The bytes of a page. Given back to the desk when dropped.
pub(super) struct PageText {
    desk: Arc<Desk>,
    charge: Option<Charge>,
    /// What is counted as read together with others.
    taken: usize,
    buffer: Vec<u8>,
    limit: usize,
    /// Why it took no more.
    unread: Option<Unread>,
}

impl PageText {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    fn admit(&mut self, more: usize) -> Result<(), Unread> {
        let length = self.buffer.len() + more;
        if length > self.limit {
            return Err(Unread::TooLarge(self.limit));
        }
        let beyond = length.saturating_sub(FREE).saturating_sub(self.taken);
        let together = self.desk.together.fetch_add(beyond, Ordering::Relaxed) + beyond;
        self.taken += beyond;
        if together > self.desk.max_together && beyond > 0 {
            return Err(Unread::NoMemory);
        }
        let charged = match &mut self.charge {
            Some(charge) => charge.grow(more),
            None => {
                self.charge = self.desk.memory.charge(more);
                self.charge.is_some()
            }
        };
        if charged { Ok(()) } else { Err(Unread::NoMemory) }
    }
}

impl Write for PageText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(unread) = self.admit(bytes.len()) {
            self.unread = Some(unread);
            return Err(io::Error::other("no more is taken"));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PageText {
    fn drop(&mut self) {
        self.desk.together.fetch_sub(self.taken, Ordering::Relaxed);
        self.desk.take_back(std::mem::take(&mut self.buffer));
    }
}
