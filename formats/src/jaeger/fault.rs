//! What can be wrong with bytes from a Jaeger client.

use std::fmt;

use otlp::wire::varint;

/// Why bytes could not be read.
// Boxed, so that the numbers read by the million travel in registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    inner: Box<Inner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    /// Offset of what is wrong.
    at: usize,
    fault: Fault,
}

/// What is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not protobuf.
    Protobuf(varint::Fault),
    /// The bytes end within a Thrift value.
    Cut,
    /// A Thrift varint of more than ten bytes.
    LongVarint,
    /// A length or size below zero.
    Negative(i32),
    /// A text, list or map that claims more than there are bytes left.
    Length(u64),
    /// A Thrift type that does not exist.
    Kind(u8),
    /// A list of something else than the structs that belong there.
    Elements(&'static str),
    /// Unknown fields that are nested without end.
    TooDeep,
    /// Neither of the two forms of a Thrift message header.
    Version(u32),
    /// A call of something else than an agent offers.
    Method(String),
    /// A required field is missing.
    Missing(&'static str),
    /// An id of the wrong length.
    IdLength { field: &'static str, found: usize },
    /// A span without anything in it.
    Blank,
}

impl DecodeError {
    #[cold]
    pub(super) fn new(at: usize, fault: Fault) -> Self {
        Self { inner: Box::new(Inner { at, fault }) }
    }

    /// The same, seen from `offset` bytes further out.
    #[cold]
    pub(super) fn shifted(mut self, offset: usize) -> Self {
        self.inner.at += offset;
        self
    }
}

impl From<varint::Malformed> for DecodeError {
    #[cold]
    fn from(error: varint::Malformed) -> Self {
        Self::new(error.at, Fault::Protobuf(error.fault))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.inner.at, self.inner.fault)
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protobuf(fault) => fault.fmt(f),
            Self::Cut => f.write_str("the bytes end within a value"),
            Self::LongVarint => f.write_str("a varint of more than ten bytes"),
            Self::Negative(found) => write!(f, "a length of `{found}`, expected zero or more"),
            Self::Length(found) => write!(f, "a length of `{found}` runs past the end of the bytes"),
            Self::Kind(found) => write!(f, "unknown thrift type `{found}`"),
            Self::Elements(list) => write!(f, "`{list}` is not a list of structs"),
            Self::TooDeep => write!(f, "nested deeper than {} levels", super::thrift::MAX_DEPTH),
            Self::Version(found) => write!(f, "`{found:#010x}` does not begin a thrift message"),
            Self::Method(found) => {
                write!(f, "unknown method `{found}`, expected `emitBatch` or `emitZipkinBatch`")
            }
            Self::Missing(field) => write!(f, "the required field `{field}` is missing"),
            Self::IdLength { field, found } => write!(f, "`{field}` has {found} bytes"),
            Self::Blank => f.write_str("a span without any field"),
        }
    }
}
