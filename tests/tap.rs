//! Reading a tap line by line.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::patience::within;

/// A tap that was opened.
#[derive(Debug)]
pub struct Tap(BufReader<TcpStream>);

impl Tap {
    /// Opens `/debug/tapz?<query>` of the pages at `address`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn open(address: &str, query: &str) -> Tap {
        let stream = within("a connection", TcpStream::connect(address)).await.expect("somebody listens");
        let mut reader = BufReader::new(stream);
        // An answer to version 1.0 has no chunks.
        let request = format!("GET /debug/tapz?{query} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        reader.write_all(request.as_bytes()).await.expect("it is read");
        let mut tap = Tap(reader);
        let status = tap.read().await;
        assert!(status.contains(" 200 "), "the tap is refused: {status}");
        while !tap.read().await.trim().is_empty() {}
        tap
    }

    /// The next line.
    ///
    /// # Panics
    /// When there is none.
    pub async fn line(&mut self) -> Value {
        serde_json::from_str(&self.read().await).expect("a line is JSON")
    }

    /// The next line of that type.
    ///
    /// # Panics
    /// When there is none.
    pub async fn line_of(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line().await;
            if line["type"] == kind {
                return line;
            }
        }
    }

    /// Whether nothing more comes.
    pub async fn is_over(&mut self) -> bool {
        self.read().await.is_empty()
    }

    async fn read(&mut self) -> String {
        let mut line = String::new();
        within("a line", self.0.read_line(&mut line)).await.expect("the stream goes on");
        line
    }
}
