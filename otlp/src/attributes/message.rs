//! Changing the attributes of a message that no row stands for: a resource on the wire, an event.

use super::{AttributeList, AttributeRow, AttributesEdit, Store};
use crate::wire::message::{BYTES, Field, Fields};

/// The room in which messages are edited, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    rows: Vec<AttributeRow>,
    arena: Vec<u8>,
}

impl Editor {
    /// The new body of the message with `body`, whose attributes have `number`, if `edit` changes something.
    pub(crate) fn edit(
        &mut self,
        body: &[u8],
        number: u32,
        edit: impl FnOnce(&mut AttributesEdit<'_>),
    ) -> Option<Vec<u8>> {
        self.rows.clear();
        self.arena.clear();
        let attributes = Fields::new(body).filter(|field| is_attribute(field, number));
        self.rows.extend(attributes.map(|at| AttributeRow::read(body, 0, (at.start, at.value, at.end))));
        let len = self.rows.len() as u32;
        let mut list = AttributeList { first: 0, len, capacity: len, is_changed: false };
        let (rows, arena) = (&mut self.rows, &mut self.arena);
        edit(&mut AttributesEdit { source: body, arena, rows, list: &mut list, number });
        list.is_changed.then(|| self.write(body, number, list))
    }

    fn write(&self, body: &[u8], number: u32, list: AttributeList) -> Vec<u8> {
        let store = Store::new(body, &self.arena);
        let mut out = Vec::with_capacity(body.len() + self.arena.len());
        for row in list.of(&self.rows) {
            out.extend_from_slice(store.get(row.start, row.end));
        }
        for field in Fields::new(body).filter(|field| !is_attribute(field, number)) {
            out.extend_from_slice(&body[field.start..field.end]);
        }
        out
    }
}

fn is_attribute(field: &Field, number: u32) -> bool {
    (field.number, field.wire_type) == (number, BYTES)
}
