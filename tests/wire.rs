//! Raw sockets, and bodies packed in every way.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::patience::{PATIENCE, within};

/// The gRPC method that exports spans.
pub const EXPORT_TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A connection without any protocol.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Opens one.
    pub async fn connect(address: &str) -> Raw {
        Raw(within("a connection", TcpStream::connect(address)).await.expect("somebody listens"))
    }

    /// Sends bytes, if the other side still takes any.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = tokio::time::timeout(PATIENCE, self.0.write_all(bytes)).await;
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        // The other side may have had enough already.
        let _ = self.0.shutdown().await;
    }

    /// Reads until the other side closes or breaks the connection.
    pub async fn rest(mut self) -> Vec<u8> {
        let mut answer = Vec::new();
        let read = async { self.0.read_to_end(&mut answer).await.map(drop) };
        // A reset is an end as well.
        let _ = within("the other side closes", read).await;
        answer
    }

    /// Breaks the connection.
    pub fn reset(self) {
        let _ = socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO));
    }
}

/// Every name that an OTLP/HTTP client may give as its `Content-Encoding`.
pub const ENCODINGS: [&str; 7] = ["gzip", "zlib", "deflate", "zstd", "snappy", "x-snappy-framed", "lz4"];

/// `body` in the encoding of that name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn pack(encoding: &str, body: &[u8]) -> Vec<u8> {
    let packed = match encoding {
        "gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
            writer.write_all(body).and_then(|()| writer.finish())
        }
        "zlib" | "deflate" => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
            writer.write_all(body).and_then(|()| writer.finish())
        }
        "zstd" => zstd::encode_all(body, 3),
        "snappy" => Ok(snap::raw::Encoder::new().compress_vec(body).expect("it is small")),
        "x-snappy-framed" => {
            let mut writer = snap::write::FrameEncoder::new(Vec::new());
            writer.write_all(body).map(|()| writer.into_inner().expect("a vector takes all"))
        }
        "lz4" => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(body).map(|()| writer.finish().expect("a vector takes all"))
        }
        other => panic!("no encoding {other}"),
    };
    packed.expect("a vector takes all")
}
