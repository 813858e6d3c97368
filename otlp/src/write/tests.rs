//! What the writer writes is what prost writes.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};
use prost::Message;

use super::*;

#[test]
fn a_message_may_be_longer_or_shorter_than_expected() {
    for length in [0, 1, 125, 126, 127, 128, 129, 16_381, 16_383, 16_384, 70_000] {
        for expected in [0, 1, 127, 128, 16_383, 16_384, 3_000_000] {
            let text = "x".repeat(length);
            let mut writer = Writer::new();
            writer.text(1, "key");
            let mark = writer.begin_sized(2, expected);
            writer.text(1, &text);
            writer.end(mark);
            let value = Some(AnyValue { value: Some(Value::StringValue(text)) });
            let key_value = KeyValue { key: "key".to_owned(), value, ..KeyValue::default() };
            assert_eq!(writer.as_slice(), key_value.encode_to_vec(), "{length} bytes, {expected} expected");
        }
    }
}

#[test]
fn messages_nest() {
    let mut writer = Writer::new();
    writer.message(5, |array| {
        for n in 0..200 {
            array.message(1, |value| value.varint(3, n));
        }
        array.message(1, |value| value.double(4, 0.5));
        array.message(1, |value| value.bytes(7, &[1, 2]));
    });
    let ints = (0..200).map(|n| AnyValue { value: Some(Value::IntValue(n)) });
    let others = [Value::DoubleValue(0.5), Value::BytesValue(vec![1, 2])];
    let values = ints.chain(others.map(|value| AnyValue { value: Some(value) })).collect();
    let expected = AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) };
    assert_eq!(writer.into_bytes(), expected.encode_to_vec());
}
