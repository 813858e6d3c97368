//! Changing the attributes of resources where they lie: a new `Resource` and a new length, the rest by slice.

#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::attributes::{AttributesEdit, Editor};
use crate::rope::{Reader, Rope, SMALL};
use crate::wire::message::{BYTES, Field, put_header};
use crate::wire::varint::varint_len;

/// `resource_spans`, `resource_metrics` and `resource_logs` in a request; `resource` in each of them; `attributes` in it.
const RESOURCE_GROUP: u32 = 1;
const RESOURCE: u32 = 1;
const ATTRIBUTES: u32 = 1;

/// Lets `edit` change the attributes of every resource in a scanned request, in order. `None` if it changed nothing.
///
/// A group without a `Resource` has an empty one; several in one group are one, as protobuf merges them. A resource that
/// `edit` leaves as it is stays as it is, byte for byte.
pub(crate) fn edit_resources(request: &Rope, mut edit: impl FnMut(&mut AttributesEdit<'_>)) -> Option<Rope> {
    let mut editor = Editor::default();
    let mut out = Rope::new();
    let mut ahead = Reader::new(request);
    // What lies between the two is not yet in `out`.
    let mut behind = ahead.clone();
    while let Some(group) = ahead.field(request.len()) {
        if (group.number, group.wire_type) == (RESOURCE_GROUP, BYTES) {
            let resource = find_resource(&mut ahead, group);
            if let Some(written) = editor.edit(&resource.bodies.to_contiguous(), ATTRIBUTES, &mut edit) {
                behind.share_into(&mut out, group.start);
                replace_resource(&mut out, &mut behind, (group, &resource.fields), written);
            }
        }
        ahead.seek(group.end);
    }
    if behind.position() == 0 {
        return None;
    }
    behind.share_into(&mut out, request.len());
    Some(out)
}

/// The resource of one group.
#[derive(Default)]
struct Found {
    /// The body of the `Resource`. Several are merged by putting them end to end.
    bodies: Rope,
    /// Where it lies.
    fields: SmallVec<[Field; 1]>,
}

/// Reads the fields of `group`, in which `reader` stands, without looking into any but the resource.
fn find_resource(reader: &mut Reader<'_>, group: Field) -> Found {
    let mut found = Found::default();
    while let Some(field) = reader.field(group.end) {
        if (field.number, field.wire_type) == (RESOURCE, BYTES) {
            found.bodies.push(reader.contiguous(field.end));
            found.fields.push(field);
        }
        reader.seek(field.end);
    }
    found
}

/// Appends `group`, at whose begin `reader` stands, with a resource of which `body` is the new body.
fn replace_resource(out: &mut Rope, reader: &mut Reader<'_>, (group, old): (Field, &[Field]), body: Vec<u8>) {
    let dropped: usize = old.iter().map(|field| field.end - field.start).sum();
    let written = 1 + varint_len(body.len() as u64) + body.len();
    let length = group.end - group.value - dropped + written;
    // What is small is copied behind the resource: with room for it, nothing is moved.
    let rest = Some(length - written).filter(|rest| *rest < SMALL).unwrap_or(0);
    let mut start = Vec::with_capacity(written + rest + 12);
    put_header(&mut start, RESOURCE_GROUP, length);
    put_header(&mut start, RESOURCE, body.len());
    start.extend_from_slice(&body);
    out.push(start.into());
    reader.seek(group.value);
    for field in old {
        reader.share_into(out, field.start);
        reader.seek(field.end);
    }
    reader.share_into(out, group.end);
}
