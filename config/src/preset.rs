//! Shared blocks whose defaults differ from component to component.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::de::magic;
use crate::print::to_node;
use crate::secret::Secrets;
use crate::tree::Node;

/// A component's own defaults for a shared block.
pub trait Defaults {
    /// The block, whose own `Default` is somebody else's.
    type Block: Serialize + DeserializeOwned;

    /// What stands where the user writes nothing.
    fn defaults() -> Self::Block;
}

/// A shared block in which keys that the user does not write, at any depth, have the values of
/// [`Defaults::defaults`].
///
/// It stands wherever the block itself could: as a field, in an [`crate::Inline`], in an [`crate::Optional`].
pub struct Preset<P: Defaults>(pub P::Block);

impl<P: Defaults> Default for Preset<P> {
    fn default() -> Self {
        Self(P::defaults())
    }
}

impl<P: Defaults<Block: Clone>> Clone for Preset<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Defaults<Block: PartialEq>> PartialEq for Preset<P> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<P: Defaults<Block: fmt::Debug>> fmt::Debug for Preset<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<P: Defaults> Serialize for Preset<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, P: Defaults> Deserialize<'de> for Preset<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let defaults = to_node(&P::defaults(), Secrets::Reveal).map_err(serde::de::Error::custom)?;
        HANDOVER.replace(Some(defaults));
        let outcome = deserializer.deserialize_newtype_struct(magic::PRESET, PresetVisitor(PhantomData));
        HANDOVER.take();
        outcome.map(Self)
    }
}

/// The defaults that a [`Preset`] hands over. Serde has no other way from a `Deserialize` to its deserializer.
pub(crate) fn take_defaults() -> Option<Node> {
    HANDOVER.take()
}

thread_local! {
    static HANDOVER: RefCell<Option<Node>> = const { RefCell::new(None) };
}

struct PresetVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PresetVisitor<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests;
