//! Requests as they stand in a file: pure functions.
//!
//! JSON that is not packed is a line each. Everything else stands behind its length, in four bytes, the highest first.

use std::io;

use otlp::Payload;

use super::config::{Compression, Config, Format};

/// Writes requests in one way.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    format: Format,
    compression: Compression,
    level: i32,
}

impl Encoder {
    pub(super) fn new(config: &Config) -> Encoder {
        Encoder {
            format: config.format,
            compression: config.compression,
            level: config.compression_params.level,
        }
    }

    /// All that is to be written for one request.
    ///
    /// # Errors
    /// When the request cannot be written as it is, which trying again does not change.
    pub(super) fn frame(&self, payload: &Payload) -> io::Result<Vec<u8>> {
        let message = self.message(payload)?;
        match (self.format, self.compression) {
            (Format::Json, Compression::None) => {
                let mut line = message;
                line.push(b'\n');
                Ok(line)
            }
            (Format::Proto, Compression::None) => with_length(&message),
            (Format::Json | Format::Proto, Compression::Zstd) => {
                with_length(&zstd::bulk::compress(&message, self.level)?)
            }
        }
    }

    fn message(&self, payload: &Payload) -> io::Result<Vec<u8>> {
        let bytes = payload.to_rope().to_contiguous();
        match self.format {
            Format::Proto => Ok(bytes.to_vec()),
            Format::Json => {
                let mut json = Vec::with_capacity(bytes.len().saturating_mul(2));
                let written = otlp::json::encode(payload.signal(), &bytes, &mut json);
                written.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
                Ok(json)
            }
        }
    }
}

fn with_length(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok([&length.to_be_bytes(), message].concat())
}
