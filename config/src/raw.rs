//! A part of the tree inside of a typed value, taken as it is.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::de::magic;
use crate::tree::Node;

/// Takes the node with all its positions, to be looked at or [`crate::read`] later. Only our own reader can do that.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::NODE, NodeVisitor)
    }
}

/// Leaves a node for the visitor that is called next. Serde has no type of its own for it.
pub(crate) fn hand_over(node: &Node) {
    HANDOVER.replace(Some(node.clone()));
}

thread_local! {
    static HANDOVER: RefCell<Option<Node>> = const { RefCell::new(None) };
}

struct NodeVisitor;

impl Visitor<'_> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        HANDOVER.take().ok_or_else(|| E::custom("a part of a tree can only be read from a tree"))
    }
}

#[cfg(test)]
mod tests;
