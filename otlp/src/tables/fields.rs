//! Looking up the fields of a message: one that a row stands for, or one that has none.

use super::{Row, Tables};
use crate::attributes::Attributes;
use crate::value::Text;
use crate::wire::message::{BYTES, FIXED32, FIXED64, Fields, VARINT, fixed32, fixed64, varint};

/// A message that a row stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) tables: &'a Tables,
    pub(super) row: &'a Row,
}

/// A message that lies in another: an event, a link, an exemplar and the like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) body: &'a [u8],
}

/// A message that lies in another, where it may occur once. Should it occur several times, it is all of them put end
/// to end, as protobuf merges messages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Merged<'a> {
    /// The message around it, or its body if it occurs once.
    bytes: &'a [u8],
    /// Its number in the message around it; zero if `bytes` are the body.
    number: u32,
}

impl<'a> Message<'a> {
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes::in_rows(self.tables.store(), self.row.attributes.of(&self.tables.attributes))
    }

    pub(super) fn text(&self, number: u32) -> Text<'a> {
        Text::new(self.bytes(number))
    }

    pub(super) fn bytes(&self, number: u32) -> &'a [u8] {
        self.find(number, BYTES).unwrap_or_default()
    }

    pub(super) fn varint(&self, number: u32) -> u64 {
        self.find(number, VARINT).map_or(0, varint)
    }

    pub(super) fn fixed64(&self, number: u32) -> u64 {
        self.find(number, FIXED64).map_or(0, fixed64)
    }

    pub(super) fn fixed32(&self, number: u32) -> u32 {
        self.find(number, FIXED32).map_or(0, fixed32)
    }

    pub(super) fn double(&self, number: u32) -> Option<f64> {
        self.find(number, FIXED64).map(|bytes| f64::from_bits(fixed64(bytes)))
    }

    /// The last field of eight bytes that has one of the numbers, which are members of a oneof.
    pub(super) fn last_of(&self, numbers: [u32; 2]) -> Option<(u32, u64)> {
        match numbers.map(|number| self.find(number, FIXED64)) {
            [None, None] => None,
            [Some(bytes), None] => Some((numbers[0], fixed64(bytes))),
            [None, Some(bytes)] => Some((numbers[1], fixed64(bytes))),
            [Some(_), Some(_)] => Part { body: self.holding(numbers[1]) }.last_of(numbers),
        }
    }

    /// The bodies of a repeated message.
    pub(super) fn parts(&self, number: u32) -> impl Iterator<Item = Part<'a>> + use<'a> {
        Fields::new(self.holding(number)).bodies(number).map(|body| Part { body })
    }

    /// A message that occurs once, or should.
    pub(super) fn merged(&self, number: u32) -> Merged<'a> {
        if self.row.is_irregular() {
            Merged { bytes: self.holding(number), number }
        } else {
            Merged { bytes: self.bytes(number), number: 0 }
        }
    }

    /// The values of a repeated number of eight bytes, packed or not.
    pub(super) fn fixed64s(&self, number: u32) -> impl Iterator<Item = u64> + use<'a> {
        let message = self.holding(number);
        let fields = Fields::new(message).filter(move |field| field.number == number);
        fields.flat_map(move |field| field.value_in(message).chunks_exact(8).map(fixed64))
    }

    /// The value of a field that may occur once; of several, the last counts.
    #[inline]
    fn find(&self, number: u32, wire_type: u8) -> Option<&'a [u8]> {
        let bit = 1 << number;
        if (self.row.present | self.row.overridden) & bit == 0 {
            return None;
        }
        if self.row.overridden & bit != 0 || self.row.is_irregular() {
            return Fields::new(self.holding(number)).last(number, wire_type);
        }
        let Row { body, end, attributes_start, attributes_end, .. } = *self.row;
        let store = self.tables.store();
        first(store.get(body, attributes_start), number, wire_type)
            .or_else(|| first(store.get(attributes_end, end), number, wire_type))
    }

    /// The bytes in which the fields with `number` lie: those of the message or those of its patch.
    fn holding(&self, number: u32) -> &'a [u8] {
        let Row { body, end, patch, patch_end, .. } = *self.row;
        let store = self.tables.store();
        let bit = 1 << number;
        match (self.row.overridden & bit != 0, self.row.present & bit != 0) {
            (true, _) => store.get(patch, patch_end),
            (false, true) => store.get(body, end),
            (false, false) => &[],
        }
    }
}

impl<'a> Part<'a> {
    pub(super) fn attributes(&self, number: u32) -> Attributes<'a> {
        Attributes::on_wire(self.body, number)
    }

    pub(super) fn text(&self, number: u32) -> Text<'a> {
        Text::new(self.bytes(number))
    }

    pub(super) fn bytes(&self, number: u32) -> &'a [u8] {
        self.find(number, BYTES).unwrap_or_default()
    }

    pub(super) fn varint(&self, number: u32) -> u64 {
        self.find(number, VARINT).map_or(0, varint)
    }

    pub(super) fn fixed64(&self, number: u32) -> u64 {
        self.find(number, FIXED64).map_or(0, fixed64)
    }

    pub(super) fn fixed32(&self, number: u32) -> u32 {
        self.find(number, FIXED32).map_or(0, fixed32)
    }

    pub(super) fn double(&self, number: u32) -> Option<f64> {
        self.find(number, FIXED64).map(|bytes| f64::from_bits(fixed64(bytes)))
    }

    /// The last field of eight bytes that has one of the numbers, which are members of a oneof.
    pub(super) fn last_of(&self, numbers: [u32; 2]) -> Option<(u32, u64)> {
        let fields = Fields::new(self.body).filter(|field| field.wire_type == FIXED64);
        let last = fields.filter(|field| numbers.contains(&field.number)).last()?;
        Some((last.number, fixed64(last.value_in(self.body))))
    }

    fn varints(&self, number: u32) -> impl Iterator<Item = u64> + use<'a> {
        let message = self.body;
        let fields = Fields::new(message).filter(move |field| field.number == number);
        fields.flat_map(move |field| Varints { bytes: field.value_in(message) })
    }

    fn find(&self, number: u32, wire_type: u8) -> Option<&'a [u8]> {
        Fields::new(self.body).last(number, wire_type)
    }
}

impl<'a> Merged<'a> {
    pub(super) fn text(&self, number: u32) -> Text<'a> {
        Text::new(self.find(number, BYTES).unwrap_or_default())
    }

    pub(super) fn varint(&self, number: u32) -> u64 {
        self.find(number, VARINT).map_or(0, varint)
    }

    /// The values of a repeated varint, packed or not.
    pub(super) fn varints(&self, number: u32) -> impl Iterator<Item = u64> + use<'a> {
        self.parts().flat_map(move |part| part.varints(number))
    }

    fn find(&self, number: u32, wire_type: u8) -> Option<&'a [u8]> {
        self.parts().filter_map(|part| part.find(number, wire_type)).last()
    }

    fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let (body, around) = if self.number == 0 { (Some(self.bytes), &[][..]) } else { (None, self.bytes) };
        body.into_iter().chain(Fields::new(around).bodies(self.number)).map(|body| Part { body })
    }
}

/// Varints one behind the other.
struct Varints<'a> {
    bytes: &'a [u8],
}

impl Iterator for Varints<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (value, next) = crate::wire::varint::read_varint(self.bytes, 0).ok()?;
        self.bytes = &self.bytes[next..];
        Some(value)
    }
}

#[inline]
fn first(bytes: &[u8], number: u32, wire_type: u8) -> Option<&[u8]> {
    let mut fields = Fields::new(bytes);
    fields
        .find(|field| (field.number, field.wire_type) == (number, wire_type))
        .map(|field| field.value_in(bytes))
}
