//! Sections that may be absent, and the key `enabled` that switches them.
//!
//! | written | [`Optional`] | [`Explicit`] |
//! |---|---|---|
//! | nothing | the default of the field | the default of the field |
//! | `x:` | present with defaults | absent |
//! | `x: {}` | present with defaults | present with defaults |
//! | `x: {enabled: true, …}` | present | present |
//! | `x: {enabled: false, …}` | absent; the other keys are still judged | the same |

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::de::magic;

/// A section with a default in reserve: `x:` alone brings it in. A content that has its own key `enabled` gives that
/// key its own meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Optional<T>(pub Option<T>);

/// A section without a default in reserve: `x:` alone leaves it absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explicit<T>(pub Option<T>);

impl<T> Optional<T> {
    /// An absent section.
    pub const NONE: Self = Self(None);

    /// A section that is present unless somebody writes otherwise.
    pub const fn some(content: T) -> Self {
        Self(Some(content))
    }

    /// The content, if the section is present.
    pub const fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Whether the section is present.
    pub const fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl<T> Explicit<T> {
    /// An absent section.
    pub const NONE: Self = Self(None);

    /// A section that is present unless somebody writes otherwise.
    pub const fn some(content: T) -> Self {
        Self(Some(content))
    }

    /// The content, if the section is present.
    pub const fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Whether the section is present.
    pub const fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl<T> Default for Optional<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T> Default for Explicit<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T> From<Optional<T>> for Option<T> {
    fn from(section: Optional<T>) -> Self {
        section.0
    }
}

impl<T> From<Explicit<T>> for Option<T> {
    fn from(section: Explicit<T>) -> Self {
        section.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Optional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::OPTIONAL, SectionVisitor(PhantomData)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Explicit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::EXPLICIT, SectionVisitor(PhantomData)).map(Self)
    }
}

impl<T: Serialize> Serialize for Optional<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_section(self.as_ref(), serializer)
    }
}

impl<T: Serialize> Serialize for Explicit<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_section(self.as_ref(), serializer)
    }
}

fn serialize_section<T: Serialize, S: Serializer>(
    content: Option<&T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match content {
        Some(content) => content.serialize(serializer),
        None => serializer.serialize_unit_struct(magic::ABSENT),
    }
}

struct SectionVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SectionVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    /// Our own reader hands over the content, then whether it counts.
    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let content = parts.next_element()?;
        let is_present = parts.next_element()?.unwrap_or(true);
        Ok(content.filter(|_| is_present))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Option::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests;
