//! Changing rows.

use super::views::{Resource, Scope};
use super::{Row, Tables};
use crate::attributes::AttributesEdit;
use crate::signal::Signal;
use crate::wire::message::{Fields, put_bytes};

/// A row that can be changed, by its position among those of its kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Resource(usize),
    Scope(usize),
    Metric(usize),
    /// The `Gauge` or its like in a metric.
    Data(usize),
    Item(usize),
}

/// A resource, to be changed.
#[derive(Debug)]
pub struct ResourceEdit<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) index: usize,
}

/// A scope, to be changed.
#[derive(Debug)]
pub struct ScopeEdit<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) index: usize,
}

impl ResourceEdit<'_> {
    /// The resource as it is now.
    pub fn view(&self) -> Resource<'_> {
        Resource::new(self.tables, self.index)
    }

    /// Its attributes.
    pub fn attributes(&mut self) -> AttributesEdit<'_> {
        self.tables.attributes_edit(At::Resource(self.index), 1)
    }

    /// Sets the schema that the attributes follow.
    pub fn set_schema_url(&mut self, url: impl AsRef<[u8]>) {
        let place = self.tables.set_schema_url(|tables| &mut tables.resources[self.index].own, url.as_ref());
        self.tables.resources[self.index].schema_url = place;
    }
}

impl ScopeEdit<'_> {
    /// The scope as it is now.
    pub fn view(&self) -> Scope<'_> {
        Scope::new(self.tables, self.index)
    }

    /// Its attributes.
    pub fn attributes(&mut self) -> AttributesEdit<'_> {
        self.tables.attributes_edit(At::Scope(self.index), 3)
    }

    /// Sets the name of the instrumentation.
    pub fn set_name(&mut self, name: impl AsRef<[u8]>) {
        self.tables.set(At::Scope(self.index), 1, |out| put_bytes(out, 1, name.as_ref()));
    }

    /// Sets the version of the instrumentation.
    pub fn set_version(&mut self, version: impl AsRef<[u8]>) {
        self.tables.set(At::Scope(self.index), 2, |out| put_bytes(out, 2, version.as_ref()));
    }

    /// Sets the schema that the items follow.
    pub fn set_schema_url(&mut self, url: impl AsRef<[u8]>) {
        let place = self.tables.set_schema_url(|tables| &mut tables.scopes[self.index].own, url.as_ref());
        self.tables.scopes[self.index].schema_url = place;
    }
}

impl Tables {
    /// Calls `edit` for every resource.
    pub(crate) fn edit_resources(&mut self, mut edit: impl FnMut(&mut ResourceEdit<'_>)) {
        for index in 0..self.resources.len() {
            edit(&mut ResourceEdit { tables: self, index });
            let resource = &mut self.resources[index];
            resource.children.is_changed |= resource.header.is_changed() || resource.own.is_changed();
        }
    }

    /// Calls `edit` for every scope.
    pub(super) fn edit_scopes(&mut self, mut edit: impl FnMut(&mut ScopeEdit<'_>)) {
        for index in 0..self.scopes.len() {
            edit(&mut ScopeEdit { tables: self, index });
            let scope = &self.scopes[index];
            if scope.header.is_changed() || scope.own.is_changed() {
                self.touch_scope(index);
            }
        }
    }

    /// Calls `edit` with the position of every item and of its scope or metric, and drops those that it refuses.
    pub(super) fn edit_items(&mut self, mut edit: impl FnMut(&mut Self, usize, usize) -> bool) -> usize {
        let before = self.items_left;
        let parents = if self.signal == Signal::Metrics { self.metrics.len() } else { self.scopes.len() };
        for parent in 0..parents {
            let children = match self.signal {
                Signal::Metrics => self.metrics[parent].children,
                Signal::Traces | Signal::Logs => self.scopes[parent].children,
            };
            for index in children.range() {
                if self.items[index].is_dropped {
                    continue;
                }
                if !edit(self, index, parent) {
                    self.drop_item(index, parent);
                } else if self.items[index].is_changed() {
                    self.touch_parent(parent);
                }
            }
        }
        before - self.items_left
    }

    /// The attributes of a row, which have the number `number` in its message.
    pub(super) fn attributes_edit(&mut self, at: At, number: u32) -> AttributesEdit<'_> {
        let list = match at {
            At::Resource(index) => &mut self.resources[index].header.attributes,
            At::Scope(index) => &mut self.scopes[index].header.attributes,
            At::Metric(index) => &mut self.metrics[index].own.attributes,
            At::Data(index) => &mut self.metrics[index].data.attributes,
            At::Item(index) => &mut self.items[index].attributes,
        };
        let (arena, rows) = (&mut self.arena, &mut self.attributes);
        AttributesEdit { source: &self.source, arena, rows, list, number }
    }

    /// Overrides the fields with `number` by what `write` writes: none, one, or several fields with that number.
    pub(super) fn set(&mut self, at: At, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.set_in(|tables| tables.row(at), number, write);
    }

    /// The position in the arena of a schema URL that was set in the row that `row` finds.
    fn set_schema_url(&mut self, row: impl Fn(&mut Self) -> &mut Row, url: &[u8]) -> (u32, u32) {
        self.set_in(row, 3, |out| put_bytes(out, 3, url));
        let end = (self.source.len() + 1 + self.arena.len()) as u32;
        (end - url.len() as u32, end)
    }

    fn set_in(&mut self, row: impl Fn(&mut Self) -> &mut Row, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let base = self.source.len() + 1;
        let Row { patch, patch_end, .. } = *row(self);
        let (start, mut earlier) = (self.arena.len(), (patch as usize).saturating_sub(base));
        let earlier_end = (patch_end as usize).saturating_sub(base);
        // What else was set before goes along, as a patch is one range.
        while let Some(field) = Fields::starting_at(&self.arena[..earlier_end], earlier).next() {
            if field.number != number {
                self.arena.extend_from_within(field.start..field.end);
            }
            earlier = field.end;
        }
        write(&mut self.arena);
        let (patch, patch_end) = ((base + start) as u32, (base + self.arena.len()) as u32);
        let row = row(self);
        (row.patch, row.patch_end) = (patch, patch_end);
        row.overridden |= 1 << number;
    }

    fn row(&mut self, at: At) -> &mut Row {
        match at {
            At::Resource(index) => &mut self.resources[index].header,
            At::Scope(index) => &mut self.scopes[index].header,
            At::Metric(index) => &mut self.metrics[index].own,
            At::Data(index) => &mut self.metrics[index].data,
            At::Item(index) => &mut self.items[index],
        }
    }

    /// Notes that something changed in a metric, or with other signals in a scope.
    fn touch_parent(&mut self, parent: usize) {
        match self.signal {
            Signal::Metrics => self.touch_metric(parent),
            Signal::Traces | Signal::Logs => self.touch_scope(parent),
        }
    }

    pub(super) fn touch_metric(&mut self, index: usize) {
        let metric = &mut self.metrics[index];
        metric.children.is_changed = true;
        let scope = metric.parent as usize;
        self.touch_scope(scope);
    }

    fn touch_scope(&mut self, index: usize) {
        let scope = &mut self.scopes[index];
        scope.children.is_changed = true;
        let resource = scope.parent as usize;
        self.resources[resource].children.is_changed = true;
    }

    pub(super) fn drop_item(&mut self, index: usize, parent: usize) {
        self.items[index].is_dropped = true;
        self.items_left -= 1;
        self.touch_parent(parent);
        match self.signal {
            Signal::Metrics => {
                self.metrics[parent].children.left -= 1;
                if self.metrics[parent].children.is_deserted() {
                    self.desert_metric(parent);
                }
            }
            Signal::Traces | Signal::Logs => self.leave_scope(parent),
        }
    }

    /// Notes that a metric is gone.
    pub(super) fn desert_metric(&mut self, index: usize) {
        self.metrics[index].own.is_dropped = true;
        self.touch_metric(index);
        self.leave_scope(self.metrics[index].parent as usize);
    }

    /// Notes that a scope has one child less.
    fn leave_scope(&mut self, index: usize) {
        let scope = &mut self.scopes[index];
        scope.children.left -= 1;
        if scope.children.is_deserted() {
            let resource = scope.parent as usize;
            self.resources[resource].children.left -= 1;
        }
    }
}
