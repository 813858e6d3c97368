//! A span as it was read, before its meaning is known.

use otlp::write::Writer;

use super::event::write_event;
use super::tags::{Tags, Value};

/// `ref_type` of a child; anything else follows from what it refers to.
pub(super) const CHILD_OF: i32 = 0;
/// `ref_type` of what follows from something.
pub(super) const FOLLOWS_FROM: i32 = 1;

/// Which format a span comes from: they differ in what their tags mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Protobuf,
    Thrift,
}

/// A span as it was read. One is used for all spans of a batch.
#[derive(Debug)]
pub(super) struct SpanRows<'a> {
    source: Source,
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    /// The parent beside the references, which only Thrift has; zeros for none.
    pub(super) parent_span_id: [u8; 8],
    pub(super) name: &'a [u8],
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) tags: Tags<'a>,
    pub(super) references: Vec<Reference>,
    /// The logs, as events that are ready for the span.
    pub(super) events: Writer,
    /// The first scope name among the tags.
    pub(super) scope_name: Option<&'a [u8]>,
    /// The first scope version among the tags, and its place among them.
    pub(super) scope_version: Option<(&'a [u8], usize)>,
    /// The fields of the log that is being read.
    pub(super) fields: Tags<'a>,
}

/// A reference to another span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) ref_type: i32,
}

/// What names a scope: texts that are not empty.
// Comparing two empty slices can take longer than reading a tag: the memory they point to is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct ScopeName<'a> {
    pub(super) name: Option<&'a [u8]>,
    pub(super) version: Option<&'a [u8]>,
}

impl<'a> SpanRows<'a> {
    /// A span without anything.
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            trace_id: [0; 16],
            span_id: [0; 8],
            parent_span_id: [0; 8],
            name: &[],
            start: 0,
            end: 0,
            tags: Tags::default(),
            references: Vec::new(),
            events: Writer::new(),
            scope_name: None,
            scope_version: None,
            fields: Tags::default(),
        }
    }

    /// Makes it a span without anything, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.trace_id = [0; 16];
        self.span_id = [0; 8];
        self.parent_span_id = [0; 8];
        self.name = &[];
        (self.start, self.end) = (0, 0);
        self.tags.clear();
        self.references.clear();
        if !self.events.is_empty() {
            let mut events = std::mem::take(&mut self.events).into_bytes();
            events.clear();
            self.events = Writer::append_to(events);
        }
        self.scope_name = None;
        self.scope_version = None;
    }

    /// Whether nothing was read but defaults.
    pub(super) fn is_blank(&self) -> bool {
        let has_ids = self.trace_id != [0; 16] || self.span_id != [0; 8] || self.parent_span_id != [0; 8];
        let has_lists = !self.tags.is_empty() || !self.references.is_empty() || !self.events.is_empty();
        let has_scope = self.scope_name.is_some() || self.scope_version.is_some();
        let has_rest = !self.name.is_empty() || self.start != 0 || self.end != 0;
        !(has_ids || has_lists || has_scope || has_rest)
    }

    /// Adds a tag.
    #[inline]
    pub(super) fn tag(&mut self, key: &'a [u8], value: Value<'a>) {
        if self.source == Source::Thrift || !self.takes_scope(key, value) {
            self.tags.set(key, value);
        }
    }

    /// Adds a reference, unless it refers to nothing.
    pub(super) fn reference(&mut self, reference: Reference) {
        if reference.trace_id != [0; 16] || reference.span_id != [0; 8] {
            self.references.push(reference);
        }
    }

    /// Makes an event of the fields that were read.
    pub(super) fn log(&mut self, time: u64) {
        write_event(time, &mut self.fields, &mut self.events);
        self.fields.clear();
    }

    /// Whether the tag names the scope. The first does, so that an attribute of that name survives behind it.
    #[inline]
    fn takes_scope(&mut self, key: &'a [u8], value: Value<'a>) -> bool {
        let Value::Text(text) = value else { return false };
        match key {
            b"otel.scope.name" if self.scope_name.is_none() => self.scope_name = Some(text),
            b"otel.scope.version" if self.scope_version.is_none() => {
                self.scope_version = Some((text, self.tags.len()));
            }
            _ => return false,
        }
        true
    }

    /// The scope. A version without a name goes back to the tags. To be asked once all is read.
    pub(super) fn take_scope(&mut self) -> ScopeName<'a> {
        let version = self.scope_version.take();
        match (self.scope_name, version) {
            (Some(name), version) => {
                let version = version.map(|(text, _)| text);
                ScopeName {
                    name: Some(name).filter(|name| !name.is_empty()),
                    version: version.filter(|version| !version.is_empty()),
                }
            }
            (None, None) => ScopeName::default(),
            (None, Some((version, position))) => {
                self.tags.insert(position, b"otel.scope.version", Value::Text(version));
                ScopeName::default()
            }
        }
    }
}

/// Nanoseconds since 1970, from another count of them: what OTLP cannot hold becomes the nearest it can.
pub(super) fn nanos(count: i128) -> u64 {
    count.clamp(0, u64::MAX.into()) as u64
}
