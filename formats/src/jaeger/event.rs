//! A Jaeger log becomes an OTLP event.

use otlp::write::Writer;

use super::tags::{Tags, Value};

/// Writes the `Event` field of a span.
pub(super) fn write_event(time: u64, fields: &mut Tags<'_>, out: &mut Writer) {
    let name = take_name(fields);
    let event = out.begin(11);
    if time != 0 {
        out.fixed64(1, time);
    }
    if !name.is_empty() {
        out.bytes(2, name);
    }
    fields.write(3, out);
    out.end(event);
}

/// The text of the field `event`, which is taken out. A value that is no text stays where it is.
fn take_name<'a>(fields: &mut Tags<'a>) -> &'a [u8] {
    let mut rows = fields.rows().iter();
    let Some(position) = rows.position(|row| row.key == b"event") else { return &[] };
    match fields.value(position) {
        Value::Text(name) => {
            fields.remove(position);
            name
        }
        _ => &[],
    }
}
