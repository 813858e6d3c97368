//! Laying one source over another.

use std::collections::HashMap;
use std::sync::Arc;

use crate::tree::{Key, Node, Value};

/// `over` laid over `base`: maps are merged key by key at every depth, everything else replaces. A null replaces too,
/// and so erases what `base` has.
#[must_use]
pub fn merge(base: Node, over: Node) -> Node {
    match (base.value, over.value) {
        (Value::Map(below), Value::Map(above)) => {
            Node { value: Value::Map(merge_entries(below, above)), at: base.at, ..over }
        }
        (_, value) => Node { value, ..over },
    }
}

fn merge_entries(mut below: Vec<(Key, Node)>, above: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let index: HashMap<Arc<str>, usize> =
        below.iter().enumerate().map(|(slot, (key, _))| (key.text.clone(), slot)).collect();
    for (key, node) in above {
        let Some(&slot) = index.get(&key.text) else {
            below.push((key, node));
            continue;
        };
        let existing = std::mem::replace(&mut below[slot].1, Node::new(Value::Null, key.at.clone()));
        below[slot] = (key, merge(existing, node));
    }
    below
}

#[cfg(test)]
mod tests;
