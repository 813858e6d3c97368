//! Unpacking a list of chunks, within a limit.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufRead, Read};

use bytes::Bytes;
use component::{Charge, Memory};
use zstd::stream::{raw, zio};
use zstd::zstd_safe::{DCtx, DParameter, ResetDirective};

use super::{Encoding, ZSTD_WINDOW_LOG};

/// The least and the most by which an output buffer grows.
const MIN_STEP: usize = 8 << 10;
const MAX_STEP: usize = 4 << 20;

/// The start of a framed snappy stream: its identifier chunk (framing format, section 4.1).
const SNAPPY_MAGIC: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// The most that a byte of a snappy block can stand for: a copy of 64 bytes takes three.
const SNAPPY_MAX_RATIO: usize = 22;

/// Why a body was not unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecompressError {
    /// There is more in it than the limit.
    TooLarge {
        /// The most that was allowed.
        limit: usize,
    },
    /// The memory limit is reached; it may go later.
    NoMemory,
    /// It is not what it is said to be.
    Corrupt(String),
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecompressError::TooLarge { limit } => {
                write!(f, "decompressed data is larger than {limit} bytes")
            }
            DecompressError::NoMemory => f.write_str("data refused due to high memory usage"),
            DecompressError::Corrupt(why) => write!(f, "cannot decompress: {why}"),
        }
    }
}

impl std::error::Error for DecompressError {}

/// Unpacks `chunks`, which are one body, into one buffer of at most `max_output` bytes, charged to `memory`.
///
/// # Errors
/// See [`DecompressError`].
pub fn decompress(
    encoding: Encoding,
    chunks: &[Bytes],
    max_output: usize,
    memory: &Memory,
) -> Result<Bytes, DecompressError> {
    let output = Output::new(chunks, max_output, memory);
    let input = Chunks { current: &[], rest: chunks };
    match encoding {
        Encoding::Identity => output.fill(input),
        Encoding::Gzip => output.fill(flate2::bufread::MultiGzDecoder::new(input)),
        Encoding::Zlib | Encoding::Deflate => output.fill(flate2::bufread::ZlibDecoder::new(input)),
        Encoding::Zstd => zstd(input, output),
        Encoding::SnappyFramed => output.fill(snap::read::FrameDecoder::new(input)),
        Encoding::Snappy if starts_with(chunks, SNAPPY_MAGIC) => {
            output.fill(snap::read::FrameDecoder::new(input))
        }
        Encoding::Snappy => snappy_block(chunks, output),
        Encoding::Lz4 => output.fill(lz4_flex::frame::FrameDecoder::new(input)),
    }
}

thread_local! {
    static ZSTD: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

fn zstd(input: Chunks<'_>, output: Output<'_>) -> Result<Bytes, DecompressError> {
    ZSTD.with_borrow_mut(|slot| {
        let context = slot.get_or_insert_with(DCtx::create);
        // Parameters can be set between frames only, and the last one may not have been read to its very end.
        let ready = context.reset(ResetDirective::SessionOnly);
        let ready = ready.and_then(|_| context.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)));
        ready.map_err(|code| DecompressError::Corrupt(zstd::zstd_safe::get_error_name(code).to_owned()))?;
        let done = output.fill(zio::Reader::new(input, raw::Decoder::with_context(context)));
        // A context that stopped half-way keeps the window of the bad frame; a new one is made for the next.
        if done.is_err() {
            *slot = None;
        }
        done
    })
}

fn snappy_block(chunks: &[Bytes], mut output: Output<'_>) -> Result<Bytes, DecompressError> {
    let joined;
    let input = match chunks {
        [chunk] => &chunk[..],
        chunks => {
            joined = chunks.concat();
            &joined
        }
    };
    let size = snap::raw::decompress_len(input).map_err(corrupt)?;
    if size > output.limit {
        return Err(DecompressError::TooLarge { limit: output.limit });
    }
    if size / SNAPPY_MAX_RATIO > input.len() {
        return Err(DecompressError::Corrupt(format!("{} bytes of snappy claim to be {size}", input.len())));
    }
    output.make_room(size)?;
    output.filled = snap::raw::Decoder::new().decompress(input, &mut output.buffer).map_err(corrupt)?;
    output.finish()
}

fn corrupt(error: impl fmt::Display) -> DecompressError {
    DecompressError::Corrupt(error.to_string())
}

fn starts_with(chunks: &[Bytes], magic: &[u8]) -> bool {
    let start = chunks.iter().flat_map(|chunk| chunk.iter());
    start.take(magic.len()).eq(magic)
}

/// A buffer that grows under a charge up to a limit.
struct Output<'a> {
    buffer: Vec<u8>,
    filled: usize,
    limit: usize,
    step: usize,
    charge: Option<Charge>,
    memory: &'a Memory,
}

impl<'a> Output<'a> {
    fn new(input: &[Bytes], limit: usize, memory: &'a Memory) -> Output<'a> {
        // Telemetry packs to a fifth; what has arrived is a size that nobody can lie about.
        let size: usize = input.iter().map(Bytes::len).sum();
        let step = size.saturating_mul(5).clamp(MIN_STEP, MAX_STEP);
        Output { buffer: Vec::new(), filled: 0, limit, step, charge: None, memory }
    }

    /// Reads `source` to its end.
    fn fill(mut self, mut source: impl Read) -> Result<Bytes, DecompressError> {
        loop {
            if self.filled == self.buffer.len() && !self.grow(&mut source)? {
                return self.finish();
            }
            match source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return self.finish(),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(corrupt(error)),
            }
        }
    }

    /// Makes room for more; at the limit, `false` when the source has ended there.
    fn grow(&mut self, source: &mut impl Read) -> Result<bool, DecompressError> {
        if self.buffer.len() < self.limit {
            let step = self.buffer.len().clamp(self.step, MAX_STEP).min(self.limit - self.buffer.len());
            self.make_room(self.buffer.len() + step)?;
            return Ok(true);
        }
        match source.read(&mut [0]) {
            Ok(0) => Ok(false),
            Ok(_) => Err(DecompressError::TooLarge { limit: self.limit }),
            Err(error) => Err(corrupt(error)),
        }
    }

    /// Makes the buffer `size` bytes long, charge first.
    fn make_room(&mut self, size: usize) -> Result<(), DecompressError> {
        let more = size - self.buffer.len();
        let charged = match &mut self.charge {
            Some(charge) => charge.grow(more),
            None => {
                self.charge = self.memory.charge(more);
                self.charge.is_some()
            }
        };
        if !charged {
            return Err(DecompressError::NoMemory);
        }
        self.buffer.reserve_exact(more);
        self.buffer.resize(size, 0);
        Ok(())
    }

    fn finish(mut self) -> Result<Bytes, DecompressError> {
        self.buffer.truncate(self.filled);
        // What is kept is what is charged: less than half full is worth a copy.
        if self.filled < self.buffer.capacity() / 2 {
            self.buffer.shrink_to_fit();
        }
        let Some(mut charge) = self.charge else { return Ok(Bytes::new()) };
        charge.shrink_to(self.buffer.capacity());
        Ok(charge.attach(self.buffer))
    }
}

/// Reads one chunk after the other.
struct Chunks<'a> {
    current: &'a [u8],
    rest: &'a [Bytes],
}

impl Read for Chunks<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Chunks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            let Some((first, rest)) = self.rest.split_first() else { break };
            self.current = first;
            self.rest = rest;
        }
        Ok(self.current)
    }

    fn consume(&mut self, count: usize) {
        self.current = &self.current[count..];
    }
}
