//! Packing a body that is made piece by piece.

use std::io;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::compress::{DEFLATE_LEVEL, GZIP_HEADER, ensure_room};

/// A gzip stream in the making.
pub struct Gzip {
    context: Compress,
    crc: Crc,
    out: Vec<u8>,
}

impl Default for Gzip {
    fn default() -> Gzip {
        let context = Compress::new(Compression::new(DEFLATE_LEVEL), false);
        Gzip { context, crc: Crc::new(), out: GZIP_HEADER.to_vec() }
    }
}

impl Gzip {
    /// Packs another piece. What is returned is what can be sent, which may be nothing.
    ///
    /// # Errors
    /// Only when the codec fails, which it does not on any input.
    pub fn pack(&mut self, piece: &[u8]) -> io::Result<Bytes> {
        self.crc.update(piece);
        let mut rest = piece;
        while !rest.is_empty() {
            ensure_room(&mut self.out);
            let before = self.context.total_in();
            self.context.compress_vec(rest, &mut self.out, FlushCompress::None)?;
            let taken = usize::try_from(self.context.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
        }
        Ok(std::mem::take(&mut self.out).into())
    }

    /// The end of the stream.
    ///
    /// # Errors
    /// As for [`Gzip::pack`].
    pub fn finish(mut self) -> io::Result<Bytes> {
        loop {
            ensure_room(&mut self.out);
            if self.context.compress_vec(&[], &mut self.out, FlushCompress::Finish)? == Status::StreamEnd {
                break;
            }
        }
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        Ok(self.out.into())
    }
}
