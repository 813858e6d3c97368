//! Changes inside of protobuf messages, which keep the lengths of the messages around them right.
//!
//! A bit flipped somewhere mostly breaks a length, so that everything ends there. These changes get behind the door.

use std::ops::Range;

use otlp::wire::varint::{read_bytes, read_tag, skip};

use super::{Mutator, varint};

/// No target has more bytes in front of a request.
const MAX_HEADER: usize = 8;

/// How deep to look for a place to change: deeper than requests may nest.
const MAX_DEPTH: u32 = 120;

/// A field as it lies in a message.
struct Field {
    whole: Range<usize>,
    /// Behind tag and length.
    value: Range<usize>,
    is_bytes: bool,
}

impl Mutator {
    /// Changes a message somewhere in `input`; `false` when there is none.
    pub(super) fn change_field(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>]) -> bool {
        let header = (0..=MAX_HEADER.min(input.len())).find(|at| !fields(&input[*at..]).is_empty());
        let Some(header) = header else { return false };
        let changed = self.changed(&input[header..], others, MAX_DEPTH);
        input.splice(header.., changed);
        true
    }

    /// `message` with a change in it or in a message within it.
    fn changed(&mut self, message: &[u8], others: &[Vec<u8>], depth: u32) -> Vec<u8> {
        let fields = fields(message);
        let Some(field) = self.random.choice(&fields) else {
            let mut bytes = message.to_vec();
            self.change_once(&mut bytes, others);
            return bytes;
        };
        let mut bytes = message.to_vec();
        match self.random.u32(0..16) {
            0 => drop(bytes.drain(field.whole.clone())),
            1 | 2 => {
                let to = self.random.choice(&fields).map_or(0, |field| field.whole.start);
                bytes.splice(to..to, message[field.whole.clone()].iter().copied());
            }
            3 => bytes.extend_from_slice(&message[field.whole.clone()]),
            4 => bytes[field.whole.start] = bytes[field.whole.start] & 7 | self.random.u8(1..17) << 3,
            5 if field.is_bytes => {
                let value = message[field.value.clone()].to_vec();
                bytes.splice(field.whole.clone(), value);
            }
            _ if field.is_bytes && depth > 0 => {
                let value = self.changed(&message[field.value.clone()], others, depth - 1);
                let head = message[field.whole.start..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
                let tag = &message[field.whole.start..field.whole.start + head];
                let field_bytes = [tag, &varint(value.len() as u64, 1), &value].concat();
                bytes.splice(field.whole.clone(), field_bytes);
            }
            _ => {
                let mut value = message[field.value.clone()].to_vec();
                if value.len() == 8 || value.len() == 4 {
                    let at = self.random.usize(..value.len());
                    self.change_byte(&mut value, at, |_, random| random.u8(..));
                } else {
                    self.put_varint(&mut value, 0);
                }
                bytes.splice(field.value.clone(), value);
            }
        }
        bytes
    }
}

/// The fields of `message`; none when it is no message.
fn fields(message: &[u8]) -> Vec<Field> {
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < message.len() {
        let Ok((tag, value)) = read_tag(message, at) else { return Vec::new() };
        let Ok(end) = skip(message, value, tag) else { return Vec::new() };
        let is_bytes = tag.wire_type == 2;
        let start = match read_bytes(message, value) {
            Ok((body, end)) if is_bytes => end - body.len(),
            _ => value,
        };
        fields.push(Field { whole: at..end, value: start..end, is_bytes });
        at = end;
    }
    fields
}
