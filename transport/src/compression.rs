//! Compressing and decompressing whole bodies, in bounded memory.
//!
//! Rules of decompression:
//! 1. A size that the data claims is never reserved. Output grows in steps, each under a charge asked for first.
//! 2. At the limit it stops with [`DecompressError::TooLarge`], having read one byte more than the limit.
//! 3. Windows that the data asks for are bounded too ([`ZSTD_WINDOW_LOG`]).
//!
//! Contexts are kept per thread where making one costs more than a small message: deflate and zstd, both ways.

mod compress;
mod decompress;
mod gzip;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use compress::compress;
pub use decompress::{DecompressError, decompress};
pub use gzip::Gzip;

/// The largest zstd window that is decoded: 8 MiB, what RFC 8878, section 3.1.1.1.2 asks every decoder to support.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[expect(missing_docs, reason = "the names are those of the encodings")]
pub enum Encoding {
    #[default]
    Identity,
    Gzip,
    Zlib,
    /// As HTTP means it: deflate inside a zlib wrapper, the same bytes as [`Encoding::Zlib`].
    Deflate,
    Zstd,
    /// One block. The framed form is recognized by its magic when it comes in under this name.
    Snappy,
    SnappyFramed,
    Lz4,
}

impl Encoding {
    /// The encoding of that name in `Content-Encoding` and in configurations; `""`, `none` and `identity` are plain.
    #[must_use]
    pub fn parse(name: &str) -> Option<Encoding> {
        match name {
            "" | "none" | "identity" => Some(Encoding::Identity),
            "gzip" => Some(Encoding::Gzip),
            "zlib" => Some(Encoding::Zlib),
            "deflate" => Some(Encoding::Deflate),
            "zstd" => Some(Encoding::Zstd),
            "snappy" => Some(Encoding::Snappy),
            "x-snappy-framed" => Some(Encoding::SnappyFramed),
            "lz4" => Some(Encoding::Lz4),
            _ => None,
        }
    }

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Zlib => "zlib",
            Encoding::Deflate => "deflate",
            Encoding::Zstd => "zstd",
            Encoding::Snappy => "snappy",
            Encoding::SnappyFramed => "x-snappy-framed",
            Encoding::Lz4 => "lz4",
        }
    }

    /// Whether a level can be set, and whether it can be this one (`compression_params::level`).
    #[must_use]
    pub fn takes_level(self, level: i32) -> bool {
        match self {
            Encoding::Gzip | Encoding::Zlib | Encoding::Deflate => (-2..=9).contains(&level),
            Encoding::Zstd => true,
            Encoding::Identity | Encoding::Snappy | Encoding::SnappyFramed | Encoding::Lz4 => level == 0,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> String {
        encoding.name().to_owned()
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(name: String) -> Result<Encoding, String> {
        let known = "`gzip`, `zlib`, `deflate`, `snappy`, `x-snappy-framed`, `zstd`, `lz4`, `none`";
        Encoding::parse(&name)
            .ok_or_else(|| format!("unsupported compression type `{name}`, expected one of {known}"))
    }
}

#[cfg(test)]
mod tests;
