//! Answers that come bit by bit.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::connection::UnderWay;

/// The body of an answer: all of it, or what a channel brings until its sender is dropped.
pub(super) enum Answer {
    Whole(Full<Bytes>),
    Streamed { parts: mpsc::Receiver<Bytes>, _under_way: Option<UnderWay> },
}

impl Answer {
    /// A stream is a request under way until its last part has been taken.
    pub(super) fn keep(&mut self, under_way: UnderWay) {
        match self {
            Answer::Whole(_) => drop(under_way),
            Answer::Streamed { _under_way, .. } => *_under_way = Some(under_way),
        }
    }
}

impl From<Bytes> for Answer {
    fn from(body: Bytes) -> Answer {
        Answer::Whole(Full::new(body))
    }
}

impl From<mpsc::Receiver<Bytes>> for Answer {
    fn from(parts: mpsc::Receiver<Bytes>) -> Answer {
        Answer::Streamed { parts, _under_way: None }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Answer::Whole(body) => Pin::new(body).poll_frame(cx),
            Answer::Streamed { parts, .. } => {
                parts.poll_recv(cx).map(|part| part.map(|part| Ok(Frame::data(part))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Answer::Whole(body) => body.is_end_stream(),
            Answer::Streamed { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Whole(body) => body.size_hint(),
            Answer::Streamed { .. } => SizeHint::default(),
        }
    }
}
