//! Reading and changing spans.

use super::Tables;
use super::edit::{At, ResourceEdit, ScopeEdit};
use super::fields::{Message, Part};
use super::views::{Resource, ResourceGroup, Scope, ScopeGroup};
use crate::attributes::{Attributes, AttributesEdit, Editor};
use crate::payload::Traces;
use crate::signal::Signal;
use crate::value::Text;
use crate::wire::message::{put_bytes, put_fixed32, put_fixed64, put_message, put_varint};

/// What one resource sent.
pub type ResourceSpans<'a> = ResourceGroup<'a, Span<'a>>;
/// What one scope sent.
pub type ScopeSpans<'a> = ScopeGroup<'a, Span<'a>>;

/// `events` in a span, `attributes` in an event.
const EVENTS: u32 = 11;
const EVENT_ATTRIBUTES: u32 = 3;

/// A span.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    message: Message<'a>,
    scope: usize,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status<'a> {
    /// 0 unset, 1 ok, 2 error.
    pub code: i32,
    /// Why it is an error.
    pub message: Text<'a>,
}

/// Something that happened in a span.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    part: Part<'a>,
}

/// A pointer from a span to another.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    part: Part<'a>,
}

/// Spans, to be changed.
#[derive(Debug)]
pub struct TracesEdit<'a> {
    tables: &'a mut Tables,
}

/// A span, to be changed.
#[derive(Debug)]
pub struct SpanEdit<'a> {
    tables: &'a mut Tables,
    index: usize,
    scope: usize,
}

impl Traces {
    /// All spans in order.
    pub fn spans(&self) -> impl Iterator<Item = Span<'_>> {
        let tables = self.0.tables(Signal::Traces);
        (0..tables.scopes.len()).flat_map(move |scope| tables.spans(scope))
    }

    /// All spans, by resource and scope.
    pub fn resources(&self) -> impl Iterator<Item = ResourceSpans<'_>> {
        ResourceGroup::all(self.0.tables(Signal::Traces))
    }

    /// Drops the spans that `keep` refuses, and says how many. When it refuses none, nothing changes.
    pub fn retain(&mut self, mut keep: impl FnMut(Span<'_>) -> bool) -> usize {
        let kept: Vec<bool> = self.spans().map(&mut keep).collect();
        if kept.iter().all(|keep| *keep) {
            return 0;
        }
        let mut kept = kept.into_iter();
        self.edit().retain_spans(|_| kept.next().unwrap_or(true))
    }

    /// To change spans, scopes and resources.
    pub fn edit(&mut self) -> TracesEdit<'_> {
        TracesEdit { tables: self.0.tables_mut(Signal::Traces) }
    }
}

impl Tables {
    /// The spans of a scope.
    fn spans(&self, scope: usize) -> impl Iterator<Item = Span<'_>> {
        let rows = self.items[self.scopes[scope].children.range()].iter();
        let rows = rows.filter(|row| !row.is_dropped);
        rows.map(move |row| Span { message: Message { tables: self, row }, scope })
    }
}

impl<'a> ScopeSpans<'a> {
    /// The spans in order.
    pub fn spans(&self) -> impl Iterator<Item = Span<'a>> + use<'a> {
        self.tables.spans(self.index)
    }
}

impl<'a> Span<'a> {
    /// Sixteen bytes, or none.
    pub fn trace_id(&self) -> &'a [u8] {
        self.message.bytes(1)
    }

    /// Eight bytes, or none.
    pub fn span_id(&self) -> &'a [u8] {
        self.message.bytes(2)
    }

    /// The W3C `tracestate`.
    pub fn trace_state(&self) -> Text<'a> {
        self.message.text(3)
    }

    /// Eight bytes, or none for a root span.
    pub fn parent_span_id(&self) -> &'a [u8] {
        self.message.bytes(4)
    }

    /// The W3C trace flags and more.
    pub fn flags(&self) -> u32 {
        self.message.fixed32(16)
    }

    /// What it does.
    pub fn name(&self) -> Text<'a> {
        self.message.text(5)
    }

    /// 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub fn kind(&self) -> i32 {
        self.message.varint(6) as i32
    }

    /// When it began.
    pub fn start_time_unix_nano(&self) -> u64 {
        self.message.fixed64(7)
    }

    /// When it ended.
    pub fn end_time_unix_nano(&self) -> u64 {
        self.message.fixed64(8)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.message.attributes()
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.message.varint(10) as u32
    }

    /// What happened in it.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        self.message.parts(EVENTS).map(|part| Event { part })
    }

    /// How many events the sender left out.
    pub fn dropped_events_count(&self) -> u32 {
        self.message.varint(12) as u32
    }

    /// The spans it points to.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + use<'a> {
        self.message.parts(13).map(|part| Link { part })
    }

    /// How many links the sender left out.
    pub fn dropped_links_count(&self) -> u32 {
        self.message.varint(14) as u32
    }

    /// How it ended.
    pub fn status(&self) -> Status<'a> {
        let status = self.message.merged(15);
        Status { code: status.varint(3) as i32, message: status.text(2) }
    }

    /// The scope that produced it.
    pub fn scope(&self) -> Scope<'a> {
        Scope::new(self.message.tables, self.scope)
    }

    /// The resource that sent it.
    pub fn resource(&self) -> Resource<'a> {
        self.scope().resource()
    }
}

impl<'a> Event<'a> {
    /// When it happened.
    pub fn time_unix_nano(&self) -> u64 {
        self.part.fixed64(1)
    }

    /// What happened.
    pub fn name(&self) -> Text<'a> {
        self.part.text(2)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.part.attributes(EVENT_ATTRIBUTES)
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.part.varint(4) as u32
    }
}

impl<'a> Link<'a> {
    /// Sixteen bytes, or none.
    pub fn trace_id(&self) -> &'a [u8] {
        self.part.bytes(1)
    }

    /// Eight bytes, or none.
    pub fn span_id(&self) -> &'a [u8] {
        self.part.bytes(2)
    }

    /// The W3C `tracestate`.
    pub fn trace_state(&self) -> Text<'a> {
        self.part.text(3)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.part.attributes(4)
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.part.varint(5) as u32
    }

    /// The W3C trace flags and more.
    pub fn flags(&self) -> u32 {
        self.part.fixed32(6)
    }
}

impl TracesEdit<'_> {
    /// Calls `edit` for every span.
    pub fn spans(&mut self, mut edit: impl FnMut(&mut SpanEdit<'_>)) {
        self.retain_spans(|span| {
            edit(span);
            true
        });
    }

    /// Calls `edit` for every span, drops those that it refuses, and says how many.
    pub fn retain_spans(&mut self, mut edit: impl FnMut(&mut SpanEdit<'_>) -> bool) -> usize {
        self.tables.edit_items(|tables, index, scope| edit(&mut SpanEdit { tables, index, scope }))
    }

    /// Calls `edit` for every scope.
    pub fn scopes(&mut self, edit: impl FnMut(&mut ScopeEdit<'_>)) {
        self.tables.edit_scopes(edit);
    }

    /// Calls `edit` for every resource.
    pub fn resources(&mut self, edit: impl FnMut(&mut ResourceEdit<'_>)) {
        self.tables.edit_resources(edit);
    }
}

impl SpanEdit<'_> {
    /// The span as it is now.
    pub fn view(&self) -> Span<'_> {
        let message = Message { tables: self.tables, row: &self.tables.items[self.index] };
        Span { message, scope: self.scope }
    }

    /// Its attributes.
    pub fn attributes(&mut self) -> AttributesEdit<'_> {
        self.tables.attributes_edit(At::Item(self.index), 9)
    }

    /// Sets the trace id.
    pub fn set_trace_id(&mut self, id: [u8; 16]) {
        self.set(1, |out| put_bytes(out, 1, &id));
    }

    /// Sets the span id.
    pub fn set_span_id(&mut self, id: [u8; 8]) {
        self.set(2, |out| put_bytes(out, 2, &id));
    }

    /// Sets the W3C `tracestate`.
    pub fn set_trace_state(&mut self, state: impl AsRef<[u8]>) {
        self.set(3, |out| put_bytes(out, 3, state.as_ref()));
    }

    /// Makes it a child of the span with this id.
    pub fn set_parent_span_id(&mut self, id: [u8; 8]) {
        self.set(4, |out| put_bytes(out, 4, &id));
    }

    /// Makes it a root span.
    pub fn clear_parent_span_id(&mut self) {
        self.set(4, |_| ());
    }

    /// Sets the W3C trace flags and more.
    pub fn set_flags(&mut self, flags: u32) {
        self.set(16, |out| put_fixed32(out, 16, flags));
    }

    /// Sets what it does.
    pub fn set_name(&mut self, name: impl AsRef<[u8]>) {
        self.set(5, |out| put_bytes(out, 5, name.as_ref()));
    }

    /// Sets the kind; see [`Span::kind`].
    pub fn set_kind(&mut self, kind: i32) {
        self.set(6, |out| put_varint(out, 6, i64::from(kind) as u64));
    }

    /// Sets when it began.
    pub fn set_start_time_unix_nano(&mut self, time: u64) {
        self.set(7, |out| put_fixed64(out, 7, time));
    }

    /// Sets when it ended.
    pub fn set_end_time_unix_nano(&mut self, time: u64) {
        self.set(8, |out| put_fixed64(out, 8, time));
    }

    /// Sets how it ended.
    pub fn set_status(&mut self, code: i32, message: impl AsRef<[u8]>) {
        self.set(15, |out| {
            put_message(out, 15, |out| {
                if !message.as_ref().is_empty() {
                    put_bytes(out, 2, message.as_ref());
                }
                put_varint(out, 3, i64::from(code) as u64);
            });
        });
    }

    /// Calls `edit` for every event with its attributes, drops those that it refuses, and says how many.
    pub fn retain_events(
        &mut self,
        mut edit: impl FnMut(Event<'_>, &mut AttributesEdit<'_>) -> bool,
    ) -> usize {
        let mut editor = Editor::default();
        let mut events = Vec::new();
        let (mut dropped, mut is_changed) = (0, false);
        for event in self.view().events() {
            let mut is_kept = true;
            let edited = editor.edit(event.part.body, EVENT_ATTRIBUTES, |attributes| {
                is_kept = edit(event, attributes);
            });
            is_changed |= !is_kept || edited.is_some();
            if is_kept {
                put_bytes(&mut events, EVENTS, edited.as_deref().unwrap_or(event.part.body));
            } else {
                dropped += 1;
            }
        }
        if is_changed {
            self.set(EVENTS, |out| out.extend_from_slice(&events));
        }
        dropped
    }

    fn set(&mut self, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.tables.set(At::Item(self.index), number, write);
    }
}
