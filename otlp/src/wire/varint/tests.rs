//! Varints, tags and skipping, against prost where it has the same function.

use proptest::prelude::*;

use super::*;

#[test]
fn varints_of_every_length_are_read_as_they_were_written() {
    let edges = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, (1 << bit) + 1]);
    for value in edges.chain([u64::MAX]) {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, value);
        assert_eq!(bytes.len(), varint_len(value), "{value}");
        assert_eq!(read_varint(&bytes, 0), Ok((value, bytes.len())), "{value}");
        for end in 0..bytes.len() {
            assert_eq!(read_varint(&bytes[..end], 0), Err(Malformed::new(0, Fault::CutVarint)));
        }
    }
}

#[test]
fn varints_of_more_than_64_bits_are_refused() {
    let mut bytes = vec![0xff; 9];
    bytes.push(2);
    assert_eq!(read_varint(&bytes, 0).unwrap_err().fault, Fault::LongVarint);
    assert_eq!(read_varint(&[0x80; 11], 0).unwrap_err().fault, Fault::LongVarint);
    let padded = [0x85, 0x80, 0x80, 0];
    assert_eq!(read_varint(&padded, 0), Ok((5, 4)));
}

#[test]
fn reading_past_the_end_is_an_error_and_not_a_panic() {
    for at in [0, 1, usize::MAX] {
        assert!(read_varint(&[], at).is_err());
        assert!(read_tag(&[], at).is_err());
        assert!(read_bytes(&[], at).is_err());
        assert!(read_fixed32(&[], at).is_err());
        assert!(read_fixed64(&[], at).is_err());
    }
}

#[test]
fn lengths_beyond_memory_are_refused() {
    let mut bytes = Vec::new();
    write_varint(&mut bytes, u64::MAX);
    assert_eq!(read_bytes(&bytes, 0).unwrap_err().fault, Fault::Length(u64::MAX));
}

#[test]
fn groups_are_skipped_with_what_is_in_them() {
    // Field 3: a group of a varint, a text, and another group of four and eight bytes.
    let group = b"\x08\x01\x12\x02ab\x23\x0d1234\x0912345678\x24\x1cnext";
    let tag = Tag { number: 3, wire_type: 3 };
    assert_eq!(skip(group, 0, tag), Ok(group.len() - 4));
    assert_eq!(skip(&group[..10], 0, tag).unwrap_err().fault, Fault::CutNumber);
    assert_eq!(skip(&[0x14], 0, tag).unwrap_err().fault, Fault::GroupEnd);
    assert_eq!(skip(&[], 0, tag).unwrap_err().fault, Fault::CutGroup);
}

proptest! {
    #[test]
    fn varints_are_read_as_prost_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut rest = &bytes[..];
        let value = prost::encoding::decode_varint(&mut rest).ok();
        let theirs = value.map(|value| (value, bytes.len() - rest.len()));
        prop_assert_eq!(read_varint(&bytes, 0).ok(), theirs);
    }

    #[test]
    fn zigzag_goes_both_ways(value in any::<i64>()) {
        prop_assert_eq!(unzigzag(zigzag(value)), value);
    }
}
