//! Taking bytes in under a charge, with patience when there is no room.

use std::time::Duration;

use bytes::Bytes;
use component::{Charge, Memory};
use tokio::time::Instant;

use crate::compression::{DecompressError, Encoding, decompress};

/// How long a request waits for room before it is refused. A collector that is a little behind catches up within it;
/// waiting longer would only move the queue into the sockets of clients whose own time-outs are a few seconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a waiting request looks whether there is room: the accounts have no bell to ring.
const PROBE: Duration = Duration::from_millis(10);

/// How often a waiting request tries to unpack again, which is dearer.
const PROBE_UNPACKED: Duration = Duration::from_millis(100);

/// The first step of the buffer that joins parts: most bodies are smaller, and fit without being moved again.
const FIRST_STEP: usize = 256 << 10;

/// What a client is told when the memory limit is reached, as the Go Collector's memory limiter says it.
pub(crate) const NO_MEMORY: &str = "data refused due to high memory usage";

/// There was no room within the patience.
#[derive(Debug)]
pub(crate) struct NoRoom;

/// The charge of one request while it grows.
#[derive(Debug)]
pub(crate) struct Intake<'a> {
    memory: &'a Memory,
    charge: Option<Charge>,
    waits_until: Option<Instant>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(memory: &'a Memory) -> Intake<'a> {
        Intake { memory, charge: None, waits_until: None }
    }

    /// Waits until `more` bytes may be kept. The patience is that of the whole request; there is none when too many
    /// bytes wait already.
    pub(crate) async fn grow(&mut self, more: usize) -> Result<(), NoRoom> {
        if self.try_grow(more) {
            return Ok(());
        }
        let _waiting = self.memory.wait(more).ok_or(NoRoom)?;
        let until = *self.waits_until.get_or_insert_with(|| Instant::now() + PATIENCE);
        while Instant::now() < until {
            tokio::time::sleep(PROBE).await;
            if self.try_grow(more) {
                return Ok(());
            }
        }
        Err(NoRoom)
    }

    /// Ties what was charged to the buffer that came of it.
    pub(crate) fn attach(self, buffer: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        match self.charge {
            Some(mut charge) => {
                charge.shrink_to(buffer.as_ref().len());
                charge.attach(buffer)
            }
            None => Bytes::from_owner(buffer),
        }
    }

    fn try_grow(&mut self, more: usize) -> bool {
        match &mut self.charge {
            Some(charge) => charge.grow(more),
            None => {
                self.charge = self.memory.charge(more);
                self.charge.is_some()
            }
        }
    }
}

/// A body that arrives in parts. One part stays as it is; more are copied into one buffer while they are warm. The
/// buffer grows by what has arrived, not by what was announced.
#[derive(Debug)]
pub(crate) struct Gather<'a> {
    intake: Intake<'a>,
    /// The most there can be: the announced length, or the limit.
    bound: usize,
    charged: usize,
    first: Bytes,
    joined: Vec<u8>,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(memory: &'a Memory, bound: usize) -> Gather<'a> {
        Gather { intake: Intake::new(memory), bound, charged: 0, first: Bytes::new(), joined: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    /// Takes one more part, which must not pass the bound, when there is room.
    pub(crate) async fn push(&mut self, part: Bytes) -> Result<(), NoRoom> {
        if self.len() == 0 {
            self.intake.grow(part.len()).await?;
            self.charged = part.len();
            self.first = part;
            return Ok(());
        }
        self.make_room(self.len() + part.len()).await?;
        if !self.first.is_empty() {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&part);
        Ok(())
    }

    /// All of it.
    pub(crate) fn finish(self) -> Bytes {
        if self.joined.is_empty() { self.intake.attach(self.first) } else { self.intake.attach(self.joined) }
    }

    async fn make_room(&mut self, arrived: usize) -> Result<(), NoRoom> {
        if arrived <= self.joined.capacity() {
            return Ok(());
        }
        let target = self.bound.min(arrived.saturating_mul(2).max(FIRST_STEP)).max(arrived);
        self.intake.grow(target.saturating_sub(self.charged)).await?;
        self.charged = self.charged.max(target);
        self.joined.reserve_exact(target - self.joined.len());
        Ok(())
    }
}

/// Unpacks a body, waiting for room as [`Intake`] does.
pub(crate) async fn unpack(
    encoding: Encoding,
    chunks: &[Bytes],
    limit: usize,
    memory: &Memory,
) -> Result<Bytes, DecompressError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match decompress(encoding, chunks, limit, memory) {
            Err(DecompressError::NoMemory) if Instant::now() < until => {
                tokio::time::sleep(PROBE_UNPACKED).await
            }
            outcome => return outcome,
        }
    }
}
