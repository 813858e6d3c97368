//! Reading pages within limits.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use component::Memory;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::page::{Desk, Unread};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn read(desk: &Arc<Desk>, body: &[u8], is_packed: bool, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut page = desk.begin(is_packed, limit);
    for part in body.chunks(1000) {
        page.push(&Bytes::copy_from_slice(part)).await?;
    }
    Ok(page.finish()?.bytes().to_vec())
}

#[tokio::test]
async fn pages_are_read_packed_or_not() {
    let desk = Desk::new(Memory::default());
    let text = b"up 1\n".repeat(5_000);
    assert_eq!(read(&desk, &text, false, 100_000).await.as_deref(), Ok(&text[..]));
    assert_eq!(read(&desk, &gzip(&text), true, 100_000).await.as_deref(), Ok(&text[..]));
    let two = [gzip(b"a 1\n"), gzip(b"b 2\n")].concat();
    assert_eq!(read(&desk, &two, true, 100).await.as_deref(), Ok(&b"a 1\nb 2\n"[..]));
    assert_eq!(read(&desk, b"", false, 100).await.as_deref(), Ok(&b""[..]));
}

#[tokio::test]
async fn a_page_ends_at_its_limit_packed_or_not() {
    let desk = Desk::new(Memory::default());
    let text = vec![b'x'; 50_001];
    assert_eq!(read(&desk, &text, false, 50_000).await, Err(Unread::TooLarge(50_000)));
    assert_eq!(read(&desk, &gzip(&text), true, 50_000).await, Err(Unread::TooLarge(50_000)));
    assert_eq!(read(&desk, &gzip(&text), true, 50_001).await.map(|page| page.len()), Ok(50_001));
}

#[tokio::test]
async fn a_bomb_takes_no_more_memory_than_the_limit() {
    let memory = Memory::default();
    let desk = Desk::new(memory.clone());
    let bomb = gzip(&vec![0; 8 << 20]);
    assert!(bomb.len() < 20_000, "{}", bomb.len());
    let mut page = desk.begin(true, 1 << 20);
    let outcome = page.push(&Bytes::from(bomb)).await;
    assert_eq!(outcome, Err(Unread::TooLarge(1 << 20)));
    assert!(memory.held() <= 1 << 20, "{}", memory.held());
    drop(page);
    assert_eq!(memory.held(), 0);
}

#[tokio::test]
async fn broken_packing_is_told() {
    let desk = Desk::new(Memory::default());
    let whole = gzip(&b"a 1\n".repeat(100));
    for body in [&whole[..whole.len() - 3], &whole[..5], b"not gzip at all, by far"] {
        let outcome = read(&desk, body, true, 100_000).await;
        assert!(matches!(outcome, Err(Unread::Corrupt(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn without_memory_there_is_no_page() {
    let memory = Memory::default();
    memory.set_limit(Some(1));
    let desk = Desk::new(memory);
    let outcome = read(&desk, b"a 1\n", false, 100).await;
    assert_eq!(outcome, Err(Unread::NoMemory));
}

#[tokio::test]
async fn huge_pages_cannot_take_all_and_small_ones_still_come() {
    let desk = Desk::bounded(Memory::default(), 4 << 20);
    let part = Bytes::from(vec![b'x'; 1 << 20]);
    let mut pages = Vec::new();
    let refused = loop {
        let mut page = desk.begin(false, 1 << 30);
        let mut outcome = Ok(());
        for _ in 0..4 {
            outcome = page.push(&part).await;
        }
        pages.push(page);
        if outcome.is_err() {
            break outcome;
        }
        assert!(pages.len() < 8, "nothing stops them");
    };
    assert_eq!(refused, Err(Unread::NoMemory));
    assert_eq!(read(&desk, &vec![b'x'; 1 << 20], false, 1 << 20).await.map(|page| page.len()), Ok(1 << 20));
    drop(pages);
    assert_eq!(read(&desk, &vec![b'x'; 2 << 20], false, 2 << 20).await.map(|page| page.len()), Ok(2 << 20));
}
