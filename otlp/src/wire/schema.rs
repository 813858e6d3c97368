//! Every message of the OTLP export requests (protocol 1.10) as static tables.
//!
//! One description per field drives the scan, JSON in both directions, and whatever else has to know the protocol.
//! Lookup by field number is one load; so is lookup by a one-byte tag, which carries the wire type as well.

use std::fmt;

use crate::Signal;

mod messages;
#[cfg(test)]
mod tests;

pub use messages::*;

/// No OTLP message has a field with a number above this one.
const MAX_NUMBER: usize = 16;

/// How many tags those numbers make, with eight wire types each.
const TAGS: usize = (MAX_NUMBER + 1) * 8;

/// A protobuf message.
pub struct Message {
    /// The name in the `.proto` files, as errors show it.
    pub name: &'static str,
    /// The fields, by rising number.
    pub fields: &'static [Field],
    /// Position in `fields` by number, plus one; zero where there is no such field.
    by_number: [u8; MAX_NUMBER + 1],
    /// What to do after a tag.
    steps: [Step; TAGS],
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// The number on the wire.
    pub number: u32,
    /// The name in the `.proto` files.
    pub name: &'static str,
    /// The name in JSON.
    pub json: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How often it may occur, and what leaving it out means.
    pub label: Label,
    shape: Shape,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A varint, zero or one.
    Bool,
    /// A varint, sign-extended to ten bytes when negative.
    Int32,
    /// A varint, sign-extended to ten bytes when negative.
    Int64,
    /// A varint.
    Uint32,
    /// A varint.
    Uint64,
    /// A varint in zigzag order.
    Sint32,
    /// Four bytes, little-endian.
    Fixed32,
    /// Eight bytes, little-endian.
    Fixed64,
    /// Eight bytes, little-endian, signed.
    Sfixed64,
    /// Eight bytes, IEEE 754.
    Double,
    /// Text that should be UTF-8.
    Text,
    /// Any bytes.
    Bytes,
    /// Sixteen bytes, or none.
    TraceId,
    /// Eight bytes, or none.
    SpanId,
    /// A varint with names for its values.
    Enum(&'static [(&'static str, i32)]),
    /// Another message.
    Message(&'static Message),
}

/// How often a field may occur, and what leaving it out means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// At most once; absent and default are the same.
    Plain,
    /// At most once; absent and default differ.
    Optional,
    /// At most one of the message's fields with this label; the last one on the wire wins.
    OneOf,
    /// A message that the Go Collector writes in JSON even when it is empty.
    Always,
    /// Any number of times. Numbers may come packed into one length-delimited field as well.
    Repeated,
    /// Repeated, and each is one span, data point or log record.
    Items,
}

/// Messages that make up most of every request, and for which the scan has its own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Other,
    KeyValue,
    AnyValue,
}

/// What the scan does after a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An unknown field, a wrong wire type or no tag at all: rare, so it may take its time.
    Other,
    /// Skip a varint.
    Varint,
    /// Skip four bytes.
    Fixed32,
    /// Skip eight bytes.
    Fixed64,
    /// Skip as many bytes as the length says.
    Bytes,
    /// Skip bytes, of which there must be sixteen or none.
    TraceId,
    /// Skip bytes, of which there must be eight or none.
    SpanId,
    /// Skip numbers of eight bytes each.
    PackedFixed64,
    /// Skip varints.
    PackedVarint,
    /// Look into a `KeyValue`.
    Attribute,
    /// Look into an `AnyValue`.
    Value,
    /// Look into the message of the field at this position.
    Message(u8),
    /// Look into the message of the field at this position, which ends a previous member of the same oneof.
    OneOf(u8),
    /// Look into the message of the field at this position, and count it.
    Item(u8),
}

impl Message {
    /// The field with `number`, if the message has one.
    pub fn field(&self, number: u32) -> Option<&'static Field> {
        let position = *self.by_number.get(number as usize)?;
        self.fields.get(usize::from(position).checked_sub(1)?)
    }

    /// What to do after a tag, given as field number times eight plus wire type.
    #[inline]
    pub(super) fn step(&self, tag: u32) -> Step {
        self.steps.get(tag as usize).copied().unwrap_or(Step::Other)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The fields lead back to the message in `AnyValue`.
        f.write_str(self.name)
    }
}

impl Field {
    /// Whether it may occur more than once.
    pub fn is_repeated(&self) -> bool {
        matches!(self.label, Label::Repeated | Label::Items)
    }

    /// Whether it holds attributes.
    pub fn is_key_value(&self) -> bool {
        self.shape == Shape::KeyValue
    }

    /// Whether absence means something else than the default value.
    pub fn has_presence(&self) -> bool {
        matches!(self.label, Label::Optional | Label::OneOf)
    }
}

impl Kind {
    /// The wire type of one value.
    pub const fn wire_type(&self) -> u8 {
        match self {
            Self::Bool | Self::Int32 | Self::Int64 | Self::Uint32 | Self::Uint64 | Self::Sint32 => 0,
            Self::Enum(_) => 0,
            Self::Fixed64 | Self::Sfixed64 | Self::Double => 1,
            Self::Text | Self::Bytes | Self::TraceId | Self::SpanId | Self::Message(_) => 2,
            Self::Fixed32 => 5,
        }
    }
}

/// The export request of `signal`.
pub fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &EXPORT_TRACE_SERVICE_REQUEST,
        Signal::Metrics => &EXPORT_METRICS_SERVICE_REQUEST,
        Signal::Logs => &EXPORT_LOGS_SERVICE_REQUEST,
    }
}

const fn message(name: &'static str, fields: &'static [Field]) -> Message {
    let mut by_number = [0; MAX_NUMBER + 1];
    let mut steps = [Step::Other; TAGS];
    let mut at = 0;
    while at < fields.len() {
        let field = &fields[at];
        by_number[field.number as usize] = at as u8 + 1;
        let tag = (field.number as usize) << 3;
        steps[tag | field.kind.wire_type() as usize] = step(field, at as u8);
        if let (Label::Repeated, Some(packed)) = (field.label, packed(field.kind)) {
            steps[tag | 2] = packed;
        }
        at += 1;
    }
    Message { name, fields, by_number, steps }
}

const fn step(field: &Field, at: u8) -> Step {
    match (field.kind, field.label, field.shape) {
        (Kind::Text | Kind::Bytes, _, _) => Step::Bytes,
        (Kind::TraceId, _, _) => Step::TraceId,
        (Kind::SpanId, _, _) => Step::SpanId,
        (Kind::Message(_), _, Shape::KeyValue) => Step::Attribute,
        (Kind::Message(_), _, Shape::AnyValue) => Step::Value,
        (Kind::Message(_), Label::Items, Shape::Other) => Step::Item(at),
        (Kind::Message(_), Label::OneOf, Shape::Other) => Step::OneOf(at),
        (Kind::Message(_), _, Shape::Other) => Step::Message(at),
        (Kind::Fixed32, _, _) => Step::Fixed32,
        (Kind::Fixed64 | Kind::Sfixed64 | Kind::Double, _, _) => Step::Fixed64,
        (Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64, _, _) => Step::Varint,
        (Kind::Sint32 | Kind::Enum(_), _, _) => Step::Varint,
    }
}

/// The step for repeated numbers that came as one length-delimited field.
const fn packed(kind: Kind) -> Option<Step> {
    match kind {
        Kind::Fixed64 | Kind::Double => Some(Step::PackedFixed64),
        Kind::Uint64 => Some(Step::PackedVarint),
        _ => None,
    }
}
