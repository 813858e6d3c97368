//! Views of resources and scopes, and of what they sent.

use std::marker::PhantomData;

use super::fields::Message;
use super::{ContainerRow, Tables};
use crate::attributes::Attributes;
use crate::value::Text;

/// What sent telemetry.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    tables: &'a Tables,
    index: usize,
}

/// What produced telemetry within a resource.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    tables: &'a Tables,
    index: usize,
}

/// What one resource sent, where `T` is the view of a span, a metric or a log record.
#[derive(Debug, Clone, Copy)]
pub struct ResourceGroup<'a, T> {
    tables: &'a Tables,
    index: usize,
    children: PhantomData<T>,
}

/// What one scope sent, where `T` is the view of a span, a metric or a log record.
#[derive(Debug, Clone, Copy)]
pub struct ScopeGroup<'a, T> {
    pub(super) tables: &'a Tables,
    pub(super) index: usize,
    children: PhantomData<T>,
}

impl<'a, T> ResourceGroup<'a, T> {
    /// The groups of all resources that have something left, and of those that sent nothing.
    pub(super) fn all(tables: &'a Tables) -> impl Iterator<Item = Self> {
        let groups = tables.resources.iter().enumerate().filter(|(_, row)| !row.children.is_deserted());
        groups.map(move |(index, _)| Self { tables, index, children: PhantomData })
    }

    /// Who sent it.
    pub fn resource(&self) -> Resource<'a> {
        Resource::new(self.tables, self.index)
    }

    /// The schema that the resource follows.
    pub fn schema_url(&self) -> Text<'a> {
        self.resource().schema_url()
    }

    /// What its scopes sent.
    pub fn scopes(&self) -> impl Iterator<Item = ScopeGroup<'a, T>> + use<'a, T> {
        let tables = self.tables;
        let indices = tables.resources[self.index].children.range();
        let indices = indices.filter(|index| !tables.scopes[*index].children.is_deserted());
        indices.map(|index| ScopeGroup { tables, index, children: PhantomData })
    }
}

impl<'a, T> ScopeGroup<'a, T> {
    /// Who sent it.
    pub fn scope(&self) -> Scope<'a> {
        Scope::new(self.tables, self.index)
    }

    /// The schema that it follows.
    pub fn schema_url(&self) -> Text<'a> {
        self.scope().schema_url()
    }
}

impl<'a> Resource<'a> {
    pub(super) fn new(tables: &'a Tables, index: usize) -> Self {
        Self { tables, index }
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.message().attributes()
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.message().varint(2) as u32
    }

    /// The schema that the attributes follow.
    pub fn schema_url(&self) -> Text<'a> {
        schema_url(self.tables, self.row())
    }

    /// Its position in the request, as a key for what is computed once a resource.
    pub fn index(&self) -> usize {
        self.index
    }

    fn row(&self) -> &'a ContainerRow {
        &self.tables.resources[self.index]
    }

    fn message(&self) -> Message<'a> {
        Message { tables: self.tables, row: &self.row().header }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(tables: &'a Tables, index: usize) -> Self {
        Self { tables, index }
    }

    /// The name of the instrumentation.
    pub fn name(&self) -> Text<'a> {
        self.message().text(1)
    }

    /// The version of the instrumentation.
    pub fn version(&self) -> Text<'a> {
        self.message().text(2)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.message().attributes()
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.message().varint(4) as u32
    }

    /// The schema that the items follow.
    pub fn schema_url(&self) -> Text<'a> {
        schema_url(self.tables, self.row())
    }

    /// The resource it belongs to.
    pub fn resource(&self) -> Resource<'a> {
        Resource::new(self.tables, self.row().parent as usize)
    }

    /// Its position in the request, counted over all resources.
    pub fn index(&self) -> usize {
        self.index
    }

    fn row(&self) -> &'a ContainerRow {
        &self.tables.scopes[self.index]
    }

    fn message(&self) -> Message<'a> {
        Message { tables: self.tables, row: &self.row().header }
    }
}

fn schema_url<'a>(tables: &'a Tables, row: &ContainerRow) -> Text<'a> {
    Text::new(tables.store().get(row.schema_url.0, row.schema_url.1))
}
