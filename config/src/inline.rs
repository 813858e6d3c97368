//! Several structs that share one map, as Go's "squash" does.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::de::magic;

/// A tuple of two to five structs that are all read from, and printed to, the same map. A key is unknown when none
/// of them has it.
///
/// A component builds on a shared block with `#[serde(from = "Inline<(HttpServer, Own)>")]`, or `try_from` when it has
/// something to check. Each part should be `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inline<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Inline<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::INLINE, InlineVisitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Inline<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(magic::INLINE, &self.0)
    }
}

struct InlineVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InlineVisitor<T> {
    type Value = Inline<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(Inline)
    }
}

#[cfg(test)]
mod tests;
