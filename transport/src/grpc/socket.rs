//! Fewer system calls: large reads for a parser that reads little at a time.
//!
//! h2 reads some 8 KiB a call. A request of 169 KB in frames of 16 KiB then costs 20 calls; read through this it costs
//! one, and a copy of what is still in the processor's cache. Writes go through as they are: h2 gathers small frames
//! itself and writes large ones from where they lie.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::endpoint::Stream;

/// A connection starts with this much, so that thousands of quiet ones cost little.
const SMALL: usize = 16 << 10;

/// A connection that fills its buffer gets this much.
const LARGE: usize = 256 << 10;

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
}

impl Socket {
    pub(super) fn new(stream: Stream) -> Socket {
        Socket { stream, buffer: Vec::new(), start: 0, end: 0, quiet: 0, reads: Arc::default() }
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

    /// Changes the size of the buffer, which is empty, to suit what was read last.
    fn adapt(&mut self) {
        if self.end == SMALL && self.buffer.len() == SMALL {
            self.buffer = vec![0; LARGE];
            self.quiet = 0;
        } else if self.buffer.len() == LARGE {
            self.quiet = if self.end <= SMALL { self.quiet + 1 } else { 0 };
            if self.quiet == QUIET_READS {
                self.buffer = vec![0; SMALL];
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.start == this.end {
            ready!(this.fill(cx))?;
        }
        let count = buf.remaining().min(this.end - this.start);
        buf.put_slice(&this.buffer[this.start..this.start + count]);
        this.start += count;
        if this.start == this.end {
            this.adapt();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
