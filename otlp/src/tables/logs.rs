//! Reading and changing log records.

use super::Tables;
use super::edit::{At, ResourceEdit, ScopeEdit};
use super::fields::Message;
use super::views::{Resource, ResourceGroup, Scope, ScopeGroup};
use crate::attributes::{Attributes, AttributesEdit};
use crate::payload::Logs;
use crate::signal::Signal;
use crate::value::{AnyValue, Text, Value};
use crate::wire::message::{put_bytes, put_fixed32, put_fixed64, put_message, put_varint};

/// What one resource sent.
pub type ResourceLogs<'a> = ResourceGroup<'a, LogRecord<'a>>;
/// What one scope sent.
pub type ScopeLogs<'a> = ScopeGroup<'a, LogRecord<'a>>;

/// A log record.
#[derive(Debug, Clone, Copy)]
pub struct LogRecord<'a> {
    message: Message<'a>,
    scope: usize,
}

/// Log records, to be changed.
#[derive(Debug)]
pub struct LogsEdit<'a> {
    tables: &'a mut Tables,
}

/// A log record, to be changed.
#[derive(Debug)]
pub struct RecordEdit<'a> {
    tables: &'a mut Tables,
    index: usize,
    scope: usize,
}

impl Logs {
    /// All log records in order.
    pub fn records(&self) -> impl Iterator<Item = LogRecord<'_>> {
        let tables = self.0.tables(Signal::Logs);
        (0..tables.scopes.len()).flat_map(move |scope| tables.records(scope))
    }

    /// All log records, by resource and scope.
    pub fn resources(&self) -> impl Iterator<Item = ResourceLogs<'_>> {
        ResourceGroup::all(self.0.tables(Signal::Logs))
    }

    /// Drops the records that `keep` refuses, and says how many. When it refuses none, nothing changes.
    pub fn retain(&mut self, mut keep: impl FnMut(LogRecord<'_>) -> bool) -> usize {
        let kept: Vec<bool> = self.records().map(&mut keep).collect();
        if kept.iter().all(|keep| *keep) {
            return 0;
        }
        let mut kept = kept.into_iter();
        self.edit().retain_records(|_| kept.next().unwrap_or(true))
    }

    /// To change log records, scopes and resources.
    pub fn edit(&mut self) -> LogsEdit<'_> {
        LogsEdit { tables: self.0.tables_mut(Signal::Logs) }
    }
}

impl Tables {
    /// The records of a scope.
    fn records(&self, scope: usize) -> impl Iterator<Item = LogRecord<'_>> {
        let rows = self.items[self.scopes[scope].children.range()].iter();
        let rows = rows.filter(|row| !row.is_dropped);
        rows.map(move |row| LogRecord { message: Message { tables: self, row }, scope })
    }
}

impl<'a> ScopeLogs<'a> {
    /// The log records in order.
    pub fn records(&self) -> impl Iterator<Item = LogRecord<'a>> + use<'a> {
        self.tables.records(self.index)
    }
}

impl<'a> LogRecord<'a> {
    /// When it happened; zero if that is not known.
    pub fn time_unix_nano(&self) -> u64 {
        self.message.fixed64(1)
    }

    /// When it was seen first.
    pub fn observed_time_unix_nano(&self) -> u64 {
        self.message.fixed64(11)
    }

    /// From 1, the finest, to 24; 0 unspecified.
    pub fn severity_number(&self) -> i32 {
        self.message.varint(2) as i32
    }

    /// The severity as the source calls it.
    pub fn severity_text(&self) -> Text<'a> {
        self.message.text(3)
    }

    /// What it says.
    pub fn body(&self) -> Value<'a> {
        Value::read(self.message.bytes(5))
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.message.attributes()
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.message.varint(7) as u32
    }

    /// The W3C trace flags.
    pub fn flags(&self) -> u32 {
        self.message.fixed32(8)
    }

    /// Sixteen bytes, or none.
    pub fn trace_id(&self) -> &'a [u8] {
        self.message.bytes(9)
    }

    /// Eight bytes, or none.
    pub fn span_id(&self) -> &'a [u8] {
        self.message.bytes(10)
    }

    /// The name of the event, if it is one.
    pub fn event_name(&self) -> Text<'a> {
        self.message.text(12)
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

impl LogsEdit<'_> {
    /// Calls `edit` for every log record.
    pub fn records(&mut self, mut edit: impl FnMut(&mut RecordEdit<'_>)) {
        self.retain_records(|record| {
            edit(record);
            true
        });
    }

    /// Calls `edit` for every log record, drops those that it refuses, and says how many.
    pub fn retain_records(&mut self, mut edit: impl FnMut(&mut RecordEdit<'_>) -> bool) -> usize {
        self.tables.edit_items(|tables, index, scope| edit(&mut RecordEdit { tables, index, scope }))
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

impl RecordEdit<'_> {
    /// The log record as it is now.
    pub fn view(&self) -> LogRecord<'_> {
        let message = Message { tables: self.tables, row: &self.tables.items[self.index] };
        LogRecord { message, scope: self.scope }
    }

    /// Its attributes.
    pub fn attributes(&mut self) -> AttributesEdit<'_> {
        self.tables.attributes_edit(At::Item(self.index), 6)
    }

    /// Sets when it happened.
    pub fn set_time_unix_nano(&mut self, time: u64) {
        self.set(1, |out| put_fixed64(out, 1, time));
    }

    /// Sets when it was seen first.
    pub fn set_observed_time_unix_nano(&mut self, time: u64) {
        self.set(11, |out| put_fixed64(out, 11, time));
    }

    /// Sets the severity; see [`LogRecord::severity_number`].
    pub fn set_severity_number(&mut self, number: i32) {
        self.set(2, |out| put_varint(out, 2, i64::from(number) as u64));
    }

    /// Sets the severity as the source calls it.
    pub fn set_severity_text(&mut self, text: impl AsRef<[u8]>) {
        self.set(3, |out| put_bytes(out, 3, text.as_ref()));
    }

    /// Sets what it says.
    pub fn set_body(&mut self, body: impl Into<AnyValue>) {
        let body = body.into();
        self.set(5, |out| put_message(out, 5, |out| body.write(out)));
    }

    /// Sets the W3C trace flags.
    pub fn set_flags(&mut self, flags: u32) {
        self.set(8, |out| put_fixed32(out, 8, flags));
    }

    /// Sets the trace it belongs to.
    pub fn set_trace_id(&mut self, id: [u8; 16]) {
        self.set(9, |out| put_bytes(out, 9, &id));
    }

    /// Sets the span it belongs to.
    pub fn set_span_id(&mut self, id: [u8; 8]) {
        self.set(10, |out| put_bytes(out, 10, &id));
    }

    /// Sets the name of the event.
    pub fn set_event_name(&mut self, name: impl AsRef<[u8]>) {
        self.set(12, |out| put_bytes(out, 12, name.as_ref()));
    }

    fn set(&mut self, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.tables.set(At::Item(self.index), number, write);
    }
}
