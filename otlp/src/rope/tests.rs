//! Ropes against plain bytes.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{GATHERED, Reader, Rope, SMALL};

proptest! {
    #[test]
    fn a_rope_is_its_chunks_end_to_end(lengths in vec(0..3 * SMALL, 0..30), from in 0..99_999usize, len in 0..99_999usize) {
        let (rope, plain) = make(&lengths);
        prop_assert_eq!(rope.len(), plain.len());
        prop_assert_eq!(&rope.to_contiguous()[..], &plain[..]);
        prop_assert!(rope.chunks().iter().all(|chunk| !chunk.is_empty()));
        let (from, to) = (from.min(plain.len()), (from + len).min(plain.len()));
        prop_assert_eq!(&rope.slice(from..to).to_contiguous()[..], &plain[from..to]);
        let mut twice = rope.clone();
        twice.append(rope.clone());
        prop_assert_eq!(twice.to_contiguous(), [plain.as_slice(), &plain].concat());
        prop_assert_eq!(&rope.to_contiguous()[..], &plain[..]);
    }

    #[test]
    fn a_reader_reads_across_chunks(lengths in vec(1..3 * SMALL, 1..9), stops in vec(0..20_000usize, 0..9)) {
        let (rope, plain) = make(&lengths);
        let mut reader = Reader::new(&rope);
        let mut shared = Rope::new();
        let mut at = 0;
        for stop in stops {
            let stop = stop.clamp(at, plain.len().max(at)).min(plain.len());
            prop_assert_eq!(&reader.clone().contiguous(stop)[..], &plain[at..stop]);
            reader.share_into(&mut shared, stop);
            at = stop;
            prop_assert_eq!(reader.position(), at);
        }
        prop_assert_eq!(&shared.to_contiguous()[..], &plain[..at]);
    }
}

#[test]
fn small_chunks_are_gathered_and_large_ones_kept() {
    let mut rope = Rope::new();
    for _ in 0..1000 {
        rope.push(Bytes::from(vec![7; 100]));
    }
    assert!(rope.chunks().len() <= 100_000usize.div_ceil(GATHERED) + 1, "{rope:?}");
    let large = Bytes::from(vec![8; SMALL]);
    rope.push(large.clone());
    assert_eq!(rope.chunks().last().unwrap().as_ptr(), large.as_ptr());
}

#[test]
fn a_clone_does_not_see_what_is_pushed_later() {
    let mut rope = Rope::from(vec![1; 10]);
    rope.push(Bytes::from(vec![2; 10]));
    let before = rope.clone();
    rope.push(Bytes::from(vec![3; 10]));
    assert_eq!((before.len(), rope.len()), (20, 30));
    assert_eq!(before.to_contiguous(), [[1; 10], [2; 10]].concat());
}

#[test]
fn a_small_cut_lets_go_of_the_large_buffer() {
    let large = Bytes::from(vec![0; 100 * SMALL]);
    let cut = Rope::from(large.clone()).slice(5..10);
    let held = cut.chunks()[0].as_ptr();
    assert!(!large.as_ptr_range().contains(&held));
}

fn make(lengths: &[usize]) -> (Rope, Vec<u8>) {
    let mut rope = Rope::new();
    let mut plain = Vec::new();
    for (position, length) in lengths.iter().enumerate() {
        let chunk: Vec<u8> = (0..*length).map(|at| (at * 7 + position) as u8).collect();
        plain.extend_from_slice(&chunk);
        rope.push(chunk.into());
    }
    (rope, plain)
}
