//! How writes are gathered, and reads made large.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

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

/// A peer that sends and never reads must not keep a core busy.
#[tokio::test]
async fn while_the_other_side_does_not_read_nothing_is_polled_in_vain() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut socket = Socket::new(Stream::Unix(ours));
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    // Writes until the system takes no more, and a small one that stays with the socket.
    while Pin::new(&mut socket).poll_write(&mut cx, &[0; 10_000]).is_ready() {}
    assert!(Pin::new(&mut socket).poll_write(&mut cx, &[0; 10]).is_ready());
    look(&mut socket).await;
    let before = wakes.count();
    for _ in 0..10 {
        let mut space = [0; 16];
        assert!(Pin::new(&mut socket).poll_read(&mut cx, &mut ReadBuf::new(&mut space)).is_pending());
        assert!(Pin::new(&mut socket).poll_flush(&mut cx).is_pending());
    }
    assert_eq!(wakes.count(), before);
}

#[tokio::test]
async fn reads_of_every_size_get_what_was_sent_in_order() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 3) as u8).collect();
    let expected = sent.clone();
    let sending = tokio::spawn(async move { theirs.write_all(&sent).await });
    let mut socket = Socket::new(Stream::Unix(ours));
    let mut got = Vec::new();
    for size in [9, 300_000, 9, 16_000, 1, 70_000, 500, 100_000].into_iter().cycle() {
        let mut part = vec![0; size];
        match socket.read(&mut part).await.unwrap() {
            0 => break,
            count => got.extend_from_slice(&part[..count]),
        }
    }
    sending.await.unwrap().unwrap();
    assert!(got == expected, "{} of {} bytes, or others", got.len(), expected.len());
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
