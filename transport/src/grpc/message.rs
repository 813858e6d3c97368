//! Messages in DATA frames: five bytes in front of each say whether it is packed and how long it is.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Duration;

use bytes::{Buf, Bytes};
use component::{Code, Memory};
use h2::RecvStream;

use super::Status;
use crate::compression::{DecompressError, Encoding};
use crate::intake::{Gather, NO_MEMORY, NoRoom, unpack};

/// Length of what stands in front of a message: one byte of flags, four of length.
pub(super) const PREFIX: usize = 5;

/// A message may take this long to arrive. Clients give up after seconds; what is slower than this holds its charge
/// for nothing.
const ARRIVAL: Duration = Duration::from_secs(120);

const SECOND_MESSAGE: &str = "a unary call has one message, and there is more";

/// The names of packings under gRPC, for `grpc-accept-encoding`.
pub(super) const ACCEPTED: &str = "gzip,snappy,zstd,identity";

/// The packing of that name under gRPC, where `snappy` is the framed form (the block form is told apart when it comes).
pub(super) fn encoding(name: &str) -> Option<Encoding> {
    match name {
        "" | "identity" => Some(Encoding::Identity),
        "gzip" => Some(Encoding::Gzip),
        "snappy" => Some(Encoding::Snappy),
        "zstd" => Some(Encoding::Zstd),
        _ => None,
    }
}

/// Chunks to send, one after the other, without being joined.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunks {
    first: Bytes,
    rest: VecDeque<Bytes>,
    remaining: usize,
}

impl Chunks {
    /// One message with its prefix.
    pub(super) fn message(chunks: Vec<Bytes>, packed: bool) -> Result<Chunks, Status> {
        let size: usize = chunks.iter().map(Bytes::len).sum();
        let first = prefix(size, packed)?;
        Ok(Chunks { first, rest: chunks.into(), remaining: PREFIX + size })
    }

    /// One small message with its prefix, in one piece.
    pub(super) fn joined(message: &[u8]) -> Result<Chunks, Status> {
        let mut joined = Vec::with_capacity(PREFIX + message.len());
        joined.extend_from_slice(&prefix(message.len(), false)?);
        joined.extend_from_slice(message);
        Ok(Chunks::from(Bytes::from(joined)))
    }
}

impl From<Bytes> for Chunks {
    fn from(first: Bytes) -> Chunks {
        Chunks { remaining: first.len(), first, rest: VecDeque::new() }
    }
}

impl Buf for Chunks {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = std::iter::once(&self.first).chain(&self.rest).filter(|chunk| !chunk.is_empty());
        slices.iter_mut().zip(chunks).map(|(slice, chunk)| *slice = IoSlice::new(chunk)).count()
    }

    fn advance(&mut self, mut count: usize) {
        self.remaining -= count;
        while count >= self.first.len() {
            count -= self.first.len();
            let Some(next) = self.rest.pop_front() else {
                self.first = Bytes::new();
                return;
            };
            self.first = next;
        }
        self.first.advance(count);
    }
}

fn prefix(size: usize, packed: bool) -> Result<Bytes, Status> {
    let length = u32::try_from(size).map_err(|_| {
        Status::new(
            Code::ResourceExhausted,
            format_args!("a message of {size} bytes does not fit gRPC's 4 GiB"),
        )
    })?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok(Bytes::copy_from_slice(&[u8::from(packed), a, b, c, d]))
}

/// How messages are taken in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    /// The packing that the headers named.
    pub(super) encoding: Encoding,
    /// The most bytes of a message, packed and unpacked.
    pub(super) limit: usize,
    pub(super) memory: &'a Memory,
}

/// The one message of a unary call; nothing when the body ends without one.
pub(super) async fn receive(body: &mut RecvStream, rules: Rules<'_>) -> Result<Option<Bytes>, Status> {
    let late = |_| {
        Status::new(Code::DeadlineExceeded, format_args!("the message did not arrive within {ARRIVAL:?}"))
    };
    let received = tokio::time::timeout(ARRIVAL, receive_packed(body, rules)).await.map_err(late)??;
    let Some((packed, message)) = received else { return Ok(None) };
    if !packed {
        return Ok(Some(message));
    }
    if rules.encoding == Encoding::Identity {
        return Err(Status::new(
            Code::Internal,
            "a message is flagged as compressed, without `grpc-encoding`",
        ));
    }
    let unpacked = unpack(rules.encoding, &[message], rules.limit, rules.memory).await;
    unpacked.map(Some).map_err(|error| match error {
        DecompressError::TooLarge { limit } => Status::new(
            Code::ResourceExhausted,
            format_args!("received message after decompression larger than max ({limit})"),
        ),
        DecompressError::NoMemory => Status::new(Code::Unavailable, NO_MEMORY),
        DecompressError::Corrupt(why) => {
            Status::new(Code::Internal, format_args!("cannot decompress: {why}"))
        }
    })
}

/// The message as it came, and whether it is packed.
async fn receive_packed(body: &mut RecvStream, rules: Rules<'_>) -> Result<Option<(bool, Bytes)>, Status> {
    let Some(mut frame) = first_frame(body).await? else { return Ok(None) };
    let packed = match frame[0] {
        0 => false,
        1 => true,
        flag => return Err(Status::new(Code::Internal, format_args!("unexpected message flag {flag}"))),
    };
    let length = u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize;
    frame.advance(PREFIX);
    let mut unreleased = PREFIX;
    if length > rules.limit {
        let limit = rules.limit;
        let words = format_args!("received message larger than max ({length} vs. {limit})");
        return Err(Status::new(Code::ResourceExhausted, words));
    }
    let mut message = Gather::new(rules.memory, length);
    loop {
        if message.len() + frame.len() > length {
            return Err(Status::new(Code::Internal, SECOND_MESSAGE));
        }
        unreleased += frame.len();
        message.push(frame).await.map_err(no_room)?;
        if message.len() == length {
            expect_end(body).await?;
            // The stream is over: dropping it gives back to the connection what it took.
            return Ok(Some((packed, message.finish())));
        }
        release(body, std::mem::take(&mut unreleased));
        let Some(next) = next_frame(body).await? else {
            let got = message.len();
            return Err(Status::new(
                Code::Internal,
                format_args!("the message ends after {got} of {length} bytes"),
            ));
        };
        frame = next;
    }
}

/// The first frames, until there is a whole prefix.
async fn first_frame(body: &mut RecvStream) -> Result<Option<Bytes>, Status> {
    let mut start = Bytes::new();
    while start.len() < PREFIX {
        match next_frame(body).await? {
            Some(frame) if start.is_empty() => start = frame,
            Some(frame) => start = [start, frame].concat().into(),
            None if start.is_empty() => return Ok(None),
            None => return Err(Status::new(Code::Internal, "the message ends in its prefix")),
        }
    }
    Ok(Some(start))
}

async fn expect_end(body: &mut RecvStream) -> Result<(), Status> {
    if body.is_end_stream() {
        return Ok(());
    }
    match next_frame(body).await? {
        None => Ok(()),
        Some(_) => Err(Status::new(Code::Internal, SECOND_MESSAGE)),
    }
}

/// The next frame with something in it.
async fn next_frame(body: &mut RecvStream) -> Result<Option<Bytes>, Status> {
    while let Some(frame) = body.data().await {
        let frame = frame.map_err(|error| broken(&error))?;
        if !frame.is_empty() {
            return Ok(Some(frame));
        }
    }
    Ok(None)
}

/// Lets the sender send that much more. Fails only when the stream has ended, when there is nothing to let.
fn release(body: &mut RecvStream, bytes: usize) {
    let _ = body.flow_control().release_capacity(bytes);
}

fn broken(error: &h2::Error) -> Status {
    let code = match error.reason() {
        Some(h2::Reason::CANCEL) => Code::Canceled,
        _ => Code::Unavailable,
    };
    Status::new(code, format_args!("the stream broke off: {error}"))
}

fn no_room(NoRoom: NoRoom) -> Status {
    Status::new(Code::Unavailable, NO_MEMORY)
}
