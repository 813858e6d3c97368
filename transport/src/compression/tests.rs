use bytes::Bytes;
use component::Memory;
use proptest::prelude::*;

use super::*;

const ALL: [Encoding; 8] = [
    Encoding::Identity,
    Encoding::Gzip,
    Encoding::Zlib,
    Encoding::Deflate,
    Encoding::Zstd,
    Encoding::Snappy,
    Encoding::SnappyFramed,
    Encoding::Lz4,
];

const LIMIT: usize = 1 << 20;

#[test]
fn what_is_packed_is_unpacked_again_at_every_level() {
    let chunks = [Bytes::from(vec![7; 70_000]), Bytes::new(), Bytes::from_static(b"the end")];
    for encoding in ALL {
        for level in (-2..=9).filter(|level| encoding.takes_level(*level)) {
            let packed = compress(encoding, Some(level), &chunks).unwrap();
            let memory = Memory::default();
            let unpacked = decompress(encoding, &[packed.into()], LIMIT, &memory).unwrap();
            assert_eq!(unpacked, chunks.concat(), "{encoding} at {level}");
            drop(unpacked);
            assert_eq!(memory.held(), 0, "{encoding} gives its charge back");
        }
    }
}

#[test]
fn stops_at_the_limit_without_having_charged_more() {
    let bomb = [Bytes::from(vec![0; 8 << 20])];
    for encoding in ALL {
        let packed = Bytes::from(compress(encoding, None, &bomb).unwrap());
        let memory = Memory::default();
        memory.set_limit(Some(1 << 30));
        let outcome = decompress(encoding, &[packed], LIMIT, &memory);
        assert_eq!(outcome, Err(DecompressError::TooLarge { limit: LIMIT }), "{encoding}");
        assert_eq!(memory.held(), 0, "{encoding}");
    }
}

#[test]
fn exactly_the_limit_fits() {
    let data = [Bytes::from(vec![b'x'; 10_000])];
    for encoding in ALL {
        let packed = Bytes::from(compress(encoding, None, &data).unwrap());
        let memory = Memory::default();
        assert_eq!(
            decompress(encoding, std::slice::from_ref(&packed), 10_000, &memory).unwrap(),
            data[0],
            "{encoding}"
        );
        let short = decompress(encoding, &[packed], 9_999, &memory);
        assert_eq!(short, Err(DecompressError::TooLarge { limit: 9_999 }), "{encoding}");
    }
}

#[test]
fn asks_for_memory_before_it_takes_any() {
    let data = [Bytes::from(vec![b'x'; 100_000])];
    let memory = Memory::default();
    memory.set_limit(Some(0));
    // The first lump of each thread is counted before it is told, so the account is filled first.
    let _full = memory.charge(1 << 20);
    for encoding in ALL {
        let packed = Bytes::from(compress(encoding, None, &data).unwrap());
        assert_eq!(
            decompress(encoding, &[packed], LIMIT, &memory),
            Err(DecompressError::NoMemory),
            "{encoding}"
        );
    }
}

#[test]
fn a_claimed_size_is_not_believed() {
    // A snappy block of three bytes that claims to hold 900 KB.
    let liar = Bytes::from_static(&[0xa0, 0xf7, 0x36, 0x00]);
    let outcome = decompress(Encoding::Snappy, &[liar], LIMIT, &Memory::default());
    assert!(matches!(outcome, Err(DecompressError::Corrupt(_))), "{outcome:?}");
}

#[test]
fn framed_snappy_is_recognized_under_the_name_of_the_block_form() {
    let data = Bytes::from_static(b"framed, and called snappy");
    let packed = compress(Encoding::SnappyFramed, None, std::slice::from_ref(&data)).unwrap();
    let halves = [Bytes::copy_from_slice(&packed[..4]), Bytes::copy_from_slice(&packed[4..])];
    assert_eq!(decompress(Encoding::Snappy, &halves, LIMIT, &Memory::default()).unwrap(), data);
}

#[test]
fn several_gzip_and_zstd_streams_in_a_row_are_one_body() {
    for encoding in [Encoding::Gzip, Encoding::Zstd] {
        let part =
            |text: &'static [u8]| Bytes::from(compress(encoding, None, &[Bytes::from_static(text)]).unwrap());
        let unpacked =
            decompress(encoding, &[part(b"one, "), part(b"two")], LIMIT, &Memory::default()).unwrap();
        assert_eq!(unpacked, &b"one, two"[..], "{encoding}");
    }
}

#[test]
fn every_prefix_of_a_body_is_refused_or_unpacked_but_never_panics() {
    let data = [Bytes::from((0..500_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())];
    for encoding in ALL {
        let packed = Bytes::from(compress(encoding, None, &data).unwrap());
        for end in 0..packed.len() {
            let _ = decompress(encoding, &[packed.slice(..end)], LIMIT, &Memory::default());
        }
    }
}

#[test]
fn names_are_read_back() {
    for encoding in ALL {
        assert_eq!(Encoding::parse(encoding.name()), Some(encoding));
    }
    assert_eq!(Encoding::parse("br"), None);
    assert_eq!(Encoding::parse("none"), Some(Encoding::Identity));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_chunks_survive(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..6)) {
        let chunks: Vec<Bytes> = chunks.into_iter().map(Bytes::from).collect();
        for encoding in ALL {
            let packed = compress(encoding, None, &chunks).unwrap();
            let unpacked = decompress(encoding, &[packed.into()], LIMIT, &Memory::default()).unwrap();
            prop_assert_eq!(&unpacked[..], &chunks.concat()[..]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = Bytes::from(bytes);
        for encoding in ALL {
            let _ = decompress(encoding, std::slice::from_ref(&bytes), LIMIT, &Memory::default());
        }
    }
}

#[test]
fn a_body_that_is_packed_piece_by_piece_is_unpacked_again() {
    let pieces = [vec![7; 70_000], Vec::new(), b"in between".to_vec(), vec![9; 3]];
    let mut gzip = Gzip::default();
    let mut packed: Vec<Bytes> = pieces.iter().map(|piece| gzip.pack(piece).unwrap()).collect();
    packed.push(gzip.finish().unwrap());
    let unpacked = decompress(Encoding::Gzip, &packed, LIMIT, &Memory::default()).unwrap();
    assert_eq!(unpacked, pieces.concat());
}
