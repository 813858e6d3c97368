//! Walking and writing fields.

use super::*;

#[test]
fn fields_of_every_shape_are_found_where_they_lie() {
    let long = vec![b'x'; 200];
    let mut message = Vec::new();
    put_varint(&mut message, 1, 5);
    put_varint(&mut message, 2, 1 << 40);
    put_fixed64(&mut message, 3, 7);
    put_fixed32(&mut message, 4, 9);
    put_bytes(&mut message, 5, b"short");
    put_bytes(&mut message, 6, &long);
    put_bytes(&mut message, 7, &[0; 20_000]);
    put_bytes(&mut message, 99, b"far");
    message.extend_from_slice(b"\x43\x08\x01\x44");
    put_message(&mut message, 9, |out| put_bytes(out, 1, &long));
    let fields: Vec<_> = Fields::new(&message).collect();
    assert_eq!(fields.iter().map(|field| field.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 99, 8, 9]);
    assert_eq!(varint(fields[1].value_in(&message)), 1 << 40);
    assert_eq!(fixed64(fields[2].value_in(&message)), 7);
    assert_eq!(fixed32(fields[3].value_in(&message)), 9);
    assert_eq!(fields[4].value_in(&message), b"short");
    assert_eq!(fields[5].value_in(&message), long);
    assert_eq!(fields[7].value_in(&message), b"far");
    assert_eq!(Fields::new(fields[9].value_in(&message)).last(1, BYTES), Some(long.as_slice()));
    assert!(fields.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(fields.last().unwrap().end, message.len());
}

#[test]
fn a_fault_is_the_end_of_the_message() {
    for message in [
        b"\x08\x01\x0a\x05ab".as_slice(),
        b"\x08\x01\x09\x01",
        b"\x08\x01\xff",
        b"\x08\x01\x0c",
        b"\x08\x01\x0a",
    ] {
        assert_eq!(Fields::new(message).count(), 1, "{message:?}");
    }
}
