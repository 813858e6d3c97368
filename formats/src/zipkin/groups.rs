//! Spans by resource and scope, each group's bytes in one piece.

use std::collections::HashMap;
use std::ops::Range;

use otlp::write::Writer;

/// In which order resources come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By the name of the service, then of the scope, as the Go Collector does with version 2.
    Name,
    /// As they were first seen.
    Seen,
}

/// The groups of one request.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    known: HashMap<Box<[u8]>, usize>,
    /// Neighbours usually are of one group.
    last: usize,
}

/// What identifies a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Key {
    /// The body of the `Resource`, then that of the scope.
    pub(super) bytes: Vec<u8>,
    /// Where the scope begins in it.
    pub(super) scope: usize,
    /// Where the name of the scope lies in it.
    pub(super) scope_name: Range<usize>,
}

#[derive(Debug)]
struct Group {
    key: Key,
    service_name: Vec<u8>,
    /// `spans` fields of a `ScopeSpans`.
    spans: Vec<u8>,
}

impl Groups {
    /// Lets `write` append a span to the group of `service_name` with `key`.
    #[inline]
    pub(super) fn write(&mut self, service_name: &[u8], key: &Key, write: impl FnOnce(&mut Writer)) {
        let index = match self.groups.get(self.last) {
            Some(group) if group.is(key) => self.last,
            _ => self.find(service_name, key),
        };
        self.last = index;
        let spans = &mut self.groups[index].spans;
        let mut writer = Writer::append_to(std::mem::take(spans));
        write(&mut writer);
        *spans = writer.into_bytes();
    }

    fn find(&mut self, service_name: &[u8], key: &Key) -> usize {
        // The scope's length, so that no resource with a scope looks like another one.
        let name = [&(key.scope as u64).to_be_bytes(), key.bytes.as_slice()].concat();
        let groups = &mut self.groups;
        *self.known.entry(name.into()).or_insert_with(|| {
            groups.push(Group { key: key.clone(), service_name: service_name.to_vec(), spans: Vec::new() });
            groups.len() - 1
        })
    }

    /// The request.
    pub(super) fn finish(mut self, order: Order) -> Vec<u8> {
        if order == Order::Name {
            self.groups.sort_by(|one, other| one.name().cmp(&other.name()));
        }
        let bytes = self.groups.iter().map(|group| group.key.bytes.len() + group.spans.len() + 32).sum();
        let mut out = Writer::append_to(Vec::with_capacity(bytes));
        for resource in self.groups.chunk_by(|one, other| one.key.resource() == other.key.resource()) {
            let bytes = resource.iter().map(|group| group.spans.len()).sum();
            let mark = out.begin_sized(1, bytes);
            out.bytes(1, resource[0].key.resource());
            for group in resource {
                let mark = out.begin_sized(2, group.spans.len());
                if !group.key.scope().is_empty() {
                    out.bytes(1, group.key.scope());
                }
                out.raw(&group.spans);
                out.end(mark);
            }
            out.end(mark);
        }
        out.into_bytes()
    }
}

impl Key {
    /// Makes it as new, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.scope, self.scope_name) = (0, 0..0);
    }

    fn resource(&self) -> &[u8] {
        &self.bytes[..self.scope]
    }

    fn scope(&self) -> &[u8] {
        &self.bytes[self.scope..]
    }
}

impl Group {
    #[inline]
    fn is(&self, key: &Key) -> bool {
        self.key.scope == key.scope && self.key.bytes == key.bytes
    }

    fn name(&self) -> (&[u8], &[u8], &[u8], &[u8]) {
        let scope_name = &self.key.bytes[self.key.scope_name.clone()];
        (&self.service_name, self.key.resource(), scope_name, self.key.scope())
    }
}
