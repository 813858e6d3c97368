//! Why a reading stopped.

use std::fmt;

use serde::de;

use crate::suggest::one_of;

/// An error as serde hands it up, until the reader of the node it belongs to settles it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ReadError {
    Message(String),
    Type {
        expected: String,
    },
    Value {
        expected: String,
    },
    UnknownVariant {
        name: String,
        known: &'static [&'static str],
    },
    UnknownField {
        name: String,
        known: &'static [&'static str],
    },
    Missing {
        field: &'static str,
    },
    /// Two keys are names of one field.
    Twice {
        field: &'static str,
    },
    /// It has been reported and set aside; the next round gets further.
    Settled,
    /// A stand-in did not fit; it was reported when the stand-in was put there.
    Phantom,
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        ReadError::Message(message.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        ReadError::Type { expected: expected.to_string() }
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        ReadError::Value { expected: expected.to_string() }
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        ReadError::Message(format!("expected {expected}, found {length} items"))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        ReadError::UnknownVariant { name: variant.to_owned(), known }
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        ReadError::UnknownField { name: field.to_owned(), known }
    }

    fn missing_field(field: &'static str) -> Self {
        ReadError::Missing { field }
    }

    fn duplicate_field(field: &'static str) -> Self {
        ReadError::Twice { field }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Message(message) => out.write_str(message),
            ReadError::Type { expected } | ReadError::Value { expected } => {
                write!(out, "expected {expected}")
            }
            ReadError::UnknownVariant { name, known } => {
                write!(out, "unknown value `{name}`, expected {}", one_of(known))
            }
            ReadError::UnknownField { name, known } => {
                write!(out, "unknown key `{name}`, expected {}", one_of(known))
            }
            ReadError::Missing { field } => write!(out, "missing key `{field}`"),
            ReadError::Twice { field } => {
                write!(out, "`{field}` is given twice, once under another of its names")
            }
            ReadError::Settled | ReadError::Phantom => out.write_str("already reported"),
        }
    }
}

impl std::error::Error for ReadError {}
