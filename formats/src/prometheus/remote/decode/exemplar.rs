//! Exemplars of a series.

use otlp::write::Writer;

use super::point::nanos;
use super::rows::write_pair;
use super::series::{Label, Symbols, read_label};
use crate::prometheus::remote::Message;
use crate::prometheus::remote::answer::Reason;
use crate::prometheus::remote::fields::{Field, WRONG_TYPE, fields, reason, varints};

/// More text is none that an exemplar may have; the specification allows 128 letters.
const MAX_TEXT: usize = 1024;

/// The exemplars that go with one series.
pub(super) struct Exemplars<'e, 'a> {
    pub(super) message: Message,
    pub(super) symbols: &'e Symbols<'a>,
    pub(super) own: &'e [&'a [u8]],
    /// Those that came apart from it.
    pub(super) orphans: &'e [&'a [u8]],
    /// When so much has come of the request, there are no more: in version 2 a few bytes name a thousand.
    pub(super) max_bytes: usize,
}

impl Exemplars<'_, '_> {
    /// Writes all as fields with `number`, and says how many. One that is malformed is left out, and so is one for which
    /// there is no room: a point goes without exemplars rather than not at all.
    pub(super) fn write(&self, number: u32, out: &mut Writer) -> usize {
        let mut written = 0;
        for body in self.own.iter().chain(self.orphans) {
            if out.len() >= self.max_bytes {
                break;
            }
            if let Ok(exemplar) = self.read(body) {
                out.message(number, |out| exemplar.write(out));
                written += 1;
            }
        }
        written
    }

    fn read<'b>(&'b self, body: &'b [u8]) -> Result<Exemplar<'b>, Reason> {
        let mut exemplar = Exemplar { labels: Vec::new(), value: 0.0, time: 0 };
        let mut refs = Vec::new();
        let mut time = 0_i64;
        for field in fields(body) {
            match (self.message, field.map_err(reason)?) {
                (Message::V1, (1, Field::Bytes(label))) => exemplar.labels.push(read_label(label)?),
                (Message::V2, (1, numbers)) => varints(numbers, |number| refs.push(number))?,
                (_, (2, Field::Fixed64(bits))) => exemplar.value = f64::from_bits(bits),
                (_, (3, Field::Varint(millis))) => time = millis.cast_signed(),
                (_, (1..=3, _)) => return Err(WRONG_TYPE.into()),
                _ => (),
            }
        }
        for pair in refs.chunks(2) {
            let &[name, value] = pair else { return Err("a label has no value".into()) };
            exemplar.labels.push((self.symbols.get(name)?, self.symbols.get(value)?));
        }
        exemplar.time = nanos(time)?;
        let text = exemplar.labels.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if text > MAX_TEXT { Err("an exemplar has too much text".into()) } else { Ok(exemplar) }
    }
}

struct Exemplar<'a> {
    labels: Vec<Label<'a>>,
    value: f64,
    time: u64,
}

impl Exemplar<'_> {
    fn write(&self, out: &mut Writer) {
        out.fixed64(2, self.time);
        out.double(3, self.value);
        for (name, value) in &self.labels {
            match (*name, id::<8>(value), id::<16>(value)) {
                ("span_id", Some(id), _) => out.bytes(4, &id),
                ("trace_id", _, Some(id)) => out.bytes(5, &id),
                // What is no id stays what it is.
                _ => out.message(7, |out| write_pair(out, name, value)),
            }
        }
    }
}

/// An id written in hex.
fn id<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let text = text.as_bytes();
    if text.len() != 2 * BYTES {
        return None;
    }
    let mut id = [0; BYTES];
    for (byte, digits) in id.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(id)
}
