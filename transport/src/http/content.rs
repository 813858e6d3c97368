//! What an answer consists of: all of its body, chunks that are made while it is sent, or what comes by and by.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::connection::UnderWay;

/// The body of an answer.
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// One chunk after the other, each asked for when the one before it is on its way: a client that reads slowly costs
    /// what its iterator holds. An error breaks the answer off, and the client sees that.
    Chunks(Box<dyn Iterator<Item = io::Result<Bytes>> + Send>),
    /// What a channel brings, until its sender is dropped. The receiver is dropped when the client goes away.
    Arriving(mpsc::Receiver<Bytes>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Content::Chunks(_) => f.write_str("Chunks"),
            Content::Arriving(_) => f.write_str("Arriving"),
        }
    }
}

/// The body as hyper takes it. Its request is under way until it has been sent.
pub(super) struct Outgoing {
    content: Content,
    under_way: Option<UnderWay>,
    /// Whether a chunk was made since others were let have the thread.
    owes_rest: bool,
}

impl Outgoing {
    /// What is sent as a whole is out of our hands at once.
    pub(super) fn new(content: Content, under_way: UnderWay) -> Outgoing {
        let under_way = (!matches!(content, Content::Whole(_))).then_some(under_way);
        Outgoing { content, under_way, owes_rest: false }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        // Making a chunk takes time, and there is always another one.
        if std::mem::take(&mut this.owes_rest) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = match &mut this.content {
            Content::Whole(bytes) if bytes.is_empty() => None,
            Content::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Content::Chunks(chunks) => {
                this.owes_rest = true;
                chunks.next()
            }
            Content::Arriving(parts) => ready!(parts.poll_recv(cx)).map(Ok),
        };
        if !matches!(next, Some(Ok(_))) {
            this.under_way = None;
        }
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Chunks(_) | Content::Arriving(_) => SizeHint::default(),
        }
    }
}
