//! Fewer system calls: large reads for a parser that reads little at a time, and small writes gathered.
//!
//! h2 reads some 8 KiB a call. A request of 169 KB in frames of 16 KiB then costs 20 calls; read through this it costs
//! one, and a copy of what is still in the processor's cache. Where h2 asks for much, because it knows that a large frame
//! comes, it gets it straight from the system, without the copy.
//!
//! h2 flushes after every DATA frame, so that each small message costs a call. Here a flush of small writes only wakes
//! the connection's task again, and the next read, with which h2 begins whenever it is polled, writes what has been
//! gathered: by then other calls have added theirs. When the system takes no more, a flush waits as any other does: a
//! peer that does not read must not keep the task awake. Large writes go through from where they lie.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::endpoint::Stream;

/// A connection starts with this much, so that thousands of quiet ones cost little.
const SMALL: usize = 16 << 10;

/// A connection that fills its buffer, and is asked for little at a time, gets this much.
const LARGE: usize = 256 << 10;

/// Who asks for this much gets it without the buffer.
const DIRECT: usize = 64 << 10;

/// Writes up to this are copied and gathered; above it a call costs less than the copy.
const SMALL_WRITE: usize = 8 << 10;

/// As much is gathered before it is written in any case.
const GATHERED: usize = 32 << 10;

/// After so many reads in a row that would have fitted the small buffer, the large one is given back.
const QUIET_READS: u32 = 64;

/// A connection with a read buffer in front, counting what comes in.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    quiet: u32,
    reads: Arc<AtomicU64>,
    gathered: Vec<u8>,
    /// How much of `gathered` is written.
    written: usize,
    /// The system took no more of `gathered`; it wakes the task when it does.
    blocked: bool,
}

impl Socket {
    pub(super) fn new(stream: Stream) -> Socket {
        Socket {
            stream,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            quiet: 0,
            reads: Arc::default(),
            gathered: Vec::new(),
            written: 0,
            blocked: false,
        }
    }

    /// How often something came in: what keep-alive goes by.
    pub(super) fn reads(&self) -> Arc<AtomicU64> {
        self.reads.clone()
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; SMALL];
        }
        let mut buf = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
        self.start = 0;
        self.end = buf.filled().len();
        self.reads.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    /// Reads what is asked for past the buffer, which is empty.
    fn read_direct(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.reads.fetch_add(1, Ordering::Relaxed);
        // Nothing is left of the last filling, which was no sign of many small frames.
        (self.start, self.end) = (0, 0);
        Poll::Ready(Ok(()))
    }

    /// Gathers a small write, if there is room.
    fn gather(&mut self, bufs: &[io::IoSlice<'_>]) -> Option<usize> {
        let size = bufs.iter().map(|buf| buf.len()).sum();
        if size > SMALL_WRITE || self.gathered.len() + size > GATHERED {
            return None;
        }
        bufs.iter().for_each(|buf| self.gathered.extend_from_slice(buf));
        Some(size)
    }

    /// Writes what was gathered.
    fn write_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathered.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while self.written < self.gathered.len() {
            let rest = &self.gathered[self.written..];
            let written = Pin::new(&mut self.stream).poll_write(cx, rest);
            self.blocked = written.is_pending();
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.gathered.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Changes the size of the buffer, which is empty, to suit what was read last; once for each filling.
    fn adapt(&mut self) {
        if self.end == 0 {
            return;
        }
        if self.end == SMALL && self.buffer.len() == SMALL {
            self.buffer = vec![0; LARGE];
            self.quiet = 0;
        } else if self.buffer.len() == LARGE {
            self.quiet = if self.end <= SMALL { self.quiet + 1 } else { 0 };
            if self.quiet == QUIET_READS {
                self.buffer = vec![0; SMALL];
            }
        }
        (self.start, self.end) = (0, 0);
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(Err(error)) = this.write_gathered(cx) {
            return Poll::Ready(Err(error));
        }
        if this.start == this.end {
            if buf.remaining() >= DIRECT {
                return this.read_direct(cx, buf);
            }
            this.adapt();
            ready!(this.fill(cx))?;
        }
        let count = buf.remaining().min(this.end - this.start);
        buf.put_slice(&this.buffer[this.start..this.start + count]);
        this.start += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(size) = this.gather(bufs) {
            return Poll::Ready(Ok(size));
        }
        ready!(this.write_gathered(cx))?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gathered.is_empty() {
            return Pin::new(&mut this.stream).poll_flush(cx);
        }
        if this.blocked {
            return this.write_gathered(cx);
        }
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_gathered(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
