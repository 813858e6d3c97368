//! How writes are gathered.

use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::UnixStream;

use crate::endpoint::Stream;
use crate::grpc::socket::Socket;

/// Lets the socket look for something to read, as h2 does first whenever it is polled.
async fn look(socket: &mut Socket) {
    std::future::poll_fn(|cx| {
        let mut space = [0; 16];
        let _ = Pin::new(&mut *socket).poll_read(cx, &mut ReadBuf::new(&mut space));
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn small_writes_go_out_together_at_the_next_read() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut socket = Socket::new(Stream::Unix(ours));
    socket.write_all(b"one, ").await.unwrap();
    socket.flush().await.unwrap();
    socket.write_all(b"two").await.unwrap();
    let mut got = [0; 16];
    assert!(theirs.try_read(&mut got).is_err(), "nothing is written yet");
    look(&mut socket).await;
    theirs.readable().await.unwrap();
    assert_eq!(theirs.try_read(&mut got).unwrap(), 8);
}

#[tokio::test]
async fn large_writes_keep_their_place_and_closing_writes_the_rest() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut socket = Socket::new(Stream::Unix(ours));
    let reading = tokio::spawn(async move {
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        got
    });
    socket.write_all(b"before ").await.unwrap();
    socket.write_all(&[b'x'; 100_000]).await.unwrap();
    socket.write_all(b" after").await.unwrap();
    std::future::poll_fn(|cx| Pin::new(&mut socket).poll_shutdown(cx)).await.unwrap();
    let got = reading.await.unwrap();
    assert!(got.starts_with(b"before x") && got.ends_with(b"x after"));
    assert_eq!(got.len(), 7 + 100_000 + 6);
}
