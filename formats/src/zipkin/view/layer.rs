//! Attributes of a resource, a scope or a span as tags, apart from those that endpoints are made of.

use std::cmp::{Ordering, Reverse};

use otlp::{Text, Value};

use super::text::Piece;
use super::{Level, Tag, order};
use crate::zipkin::tags::ERROR;

/// Tags, and what endpoints are made of.
#[derive(Clone, Default)]
pub(super) struct Layer<'a> {
    pub(super) tags: Vec<Tag<'a>>,
    /// By [`Slot`]: the value, and where it was found.
    pub(super) slots: [Option<(Value<'a>, Level)>; 6],
}

/// Attributes that endpoints are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    LocalAddress,
    LocalPort,
    PeerName,
    OldPeerName,
    PeerAddress,
    PeerPort,
}

impl Slot {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::LocalAddress => "network.local.address",
            Self::LocalPort => "net.host.port",
            Self::PeerName => "service.peer.name",
            Self::OldPeerName => "peer.service",
            Self::PeerAddress => "network.peer.address",
            Self::PeerPort => "net.peer.port",
        }
    }

    #[inline]
    fn of(key: &[u8]) -> Option<Self> {
        // By length: nearly all other keys end here.
        let slot = match key.len() {
            21 => Self::LocalAddress,
            13 if key[4] == b'h' => Self::LocalPort,
            13 => Self::PeerPort,
            17 => Self::PeerName,
            12 => Self::OldPeerName,
            20 => Self::PeerAddress,
            _ => return None,
        };
        (slot.key().as_bytes() == key).then_some(slot)
    }
}

impl<'a> Layer<'a> {
    /// Makes it as new, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.tags.clear();
        self.slots = [None; 6];
    }

    /// Takes an attribute. `error` is left out: it says what the status says, or the opposite.
    #[inline]
    pub(super) fn take(&mut self, level: Level, (key, value): (Text<'a>, Value<'a>), made: &mut Vec<u8>) {
        if let Some(slot) = Slot::of(key.as_bytes()) {
            let known = &mut self.slots[slot as usize];
            if known.is_none_or(|(_, known)| known < level) {
                *known = Some((value, level));
            }
        } else if key != ERROR {
            let value = Piece::of(value, made);
            let key = Piece::text(key, made);
            self.tags.push(Tag { order: order(key.get(made)), key, value, level });
        }
    }

    /// Puts the tags in order and leaves one of each key: the highest level, of equal ones the first.
    pub(super) fn sort(&mut self, made: &[u8]) {
        self.tags.sort_by(|one, other| {
            by_key(one, other, made).then_with(|| Reverse(one.level).cmp(&Reverse(other.level)))
        });
        self.tags.dedup_by(|later, earlier| by_key(later, earlier, made).is_eq());
    }
}

/// Both lists in one, in order; of equal keys that of `own`.
pub(super) fn merge<'a>(base: &[Tag<'a>], own: &[Tag<'a>], made: &[u8], merged: &mut Vec<Tag<'a>>) {
    merged.clear();
    let mut base = base.iter().peekable();
    for tag in own {
        while let Some(before) = base.next_if(|before| by_key(before, tag, made).is_lt()) {
            merged.push(*before);
        }
        base.next_if(|same| by_key(same, tag, made).is_eq());
        merged.push(*tag);
    }
    merged.extend(base);
}

#[inline]
fn by_key(one: &Tag<'_>, other: &Tag<'_>, made: &[u8]) -> Ordering {
    one.order.cmp(&other.order).then_with(|| one.key.get(made).cmp(other.key.get(made)))
}
