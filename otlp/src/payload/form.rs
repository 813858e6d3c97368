//! The two forms in which a request is held.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::attributes::AttributesEdit;
use crate::rope::Rope;
use crate::signal::Signal;
use crate::tables::Tables;
use crate::wire::resource::edit_resources;

/// One export request. Its signal is known by the type around it.
#[derive(Clone)]
pub(crate) enum Form {
    /// As received, end to end: scanned, so that nothing behind it meets malformed bytes.
    Wire {
        bytes: Rope,
        /// As many as the scan counted in `bytes`.
        items: usize,
        /// `bytes` as tables, once somebody has looked inside; shared by all clones.
        read: Arc<OnceLock<Arc<Tables>>>,
    },
    /// Changed since.
    Tables {
        tables: Arc<Tables>,
        /// `tables` as bytes, once somebody has asked for them; shared by all clones.
        written: Arc<OnceLock<Rope>>,
    },
}

impl Form {
    /// Bytes that were scanned, or put together from parts that were, with as many items.
    pub(crate) fn wire(bytes: Rope, items: usize) -> Self {
        Self::Wire { bytes, items, read: Arc::default() }
    }

    pub(crate) fn items(&self) -> usize {
        match self {
            Self::Wire { items, .. } => *items,
            Self::Tables { tables, .. } => tables.items(),
        }
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Wire { bytes, .. } => bytes.len(),
            Self::Tables { tables, written } => written.get_or_init(|| tables.write()).len(),
        }
    }

    pub(crate) fn to_rope(&self) -> Rope {
        match self {
            Self::Wire { bytes, .. } => bytes.clone(),
            Self::Tables { tables, written } => written.get_or_init(|| tables.write()).clone(),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        let added = other.items();
        if let Self::Tables { tables, .. } = self {
            let items = tables.items();
            *self = Self::wire(self.to_rope(), items);
        }
        let Self::Wire { bytes, items, read } = self else { unreachable!("made so above") };
        bytes.append(other.to_rope());
        *items += added;
        match Arc::get_mut(read) {
            Some(own) => drop(own.take()),
            None => *read = Arc::default(),
        }
    }

    pub(crate) fn edit_resources(&mut self, signal: Signal, mut edit: impl FnMut(&mut AttributesEdit<'_>)) {
        match self {
            Self::Wire { bytes, items, read } if read.get().is_none() => {
                if let Some(edited) = edit_resources(bytes, edit) {
                    *self = Self::wire(edited, *items);
                }
            }
            // Whoever has looked inside will do so again; the reading stays.
            Self::Wire { .. } | Self::Tables { .. } => {
                self.tables_mut(signal).edit_resources(|resource| edit(&mut resource.attributes()));
            }
        }
    }

    /// The request as tables, read the first time.
    pub(crate) fn tables(&self, signal: Signal) -> &Tables {
        match self {
            Self::Wire { bytes, items, read } => {
                read.get_or_init(|| Arc::new(Tables::read(signal, bytes.to_contiguous(), *items)))
            }
            Self::Tables { tables, .. } => tables,
        }
    }

    /// The request as tables to be changed. Copies them if they are shared.
    pub(crate) fn tables_mut(&mut self, signal: Signal) -> &mut Tables {
        self.tables(signal);
        if let Self::Wire { read, .. } = self {
            let tables = match Arc::get_mut(read) {
                Some(own) => own.take(),
                None => read.get().cloned(),
            };
            let tables = tables.expect("read above");
            *self = Self::Tables { tables, written: Arc::default() };
        }
        match self {
            Self::Tables { tables, written } => {
                *written = Arc::default();
                Arc::make_mut(tables)
            }
            Self::Wire { .. } => unreachable!("replaced above"),
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Wire { .. } => "Wire",
            Self::Tables { .. } => "Tables",
        };
        f.debug_struct(name).field("items", &self.items()).finish_non_exhaustive()
    }
}
