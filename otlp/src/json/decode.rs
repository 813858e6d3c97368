//! From JSON text to protobuf bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::{Cursor, Problem, Raw, unescape};
use crate::wire::schema::{Field, Kind, Label, Message};
use crate::wire::varint::{MAX_DEPTH, zigzag};
use crate::write::Writer;

mod attribute;

/// Reads the message `request` from `text`, into no more than `limit` bytes.
pub(super) fn request(request: &'static Message, text: &str, limit: usize) -> Result<Vec<u8>, Problem> {
    // JSON is about twice as long as the same in protobuf.
    let out = Writer::append_to(Vec::with_capacity((text.len() / 2).min(limit)));
    let mut decoder = Decoder { cursor: Cursor::new(text), out, limit };
    if !decoder.cursor.take_null() {
        decoder.object(request, MAX_DEPTH)?;
    }
    match decoder.cursor.peek() {
        None => Ok(decoder.out.into_bytes()),
        Some(_) => Err(decoder.cursor.unexpected("nothing after the request")),
    }
}

struct Decoder<'a> {
    cursor: Cursor<'a>,
    out: Writer,
    limit: usize,
}

/// Where the fields of one object are.
#[derive(Default)]
struct Progress {
    /// The position in the table behind the field read last: programs write fields in order.
    expected: usize,
    /// The positions of the fields written.
    written: u32,
}

impl Decoder<'_> {
    /// Reads the fields of one message, below which `depth` more levels may lie.
    fn object(&mut self, message: &'static Message, depth: u32) -> Result<(), Problem> {
        if self.cursor.peek() != Some(b'{') {
            return Err(self.cursor.unexpected(&format!("an object for {}", message.name)));
        }
        let mut progress = Progress::default();
        // The cursor is part of `self`, so the loop is spelled out instead of given to `Cursor::members`.
        self.cursor.expect(b'{')?;
        if self.cursor.take(b'}') {
            return Ok(());
        }
        loop {
            let position = self.name(message, &mut progress)?;
            self.cursor.expect(b':')?;
            match position.and_then(|position| Some((position, message.fields.get(position)?))) {
                Some((position, field)) => self.member(field, 1 << position, &mut progress, depth)?,
                None => self.cursor.skip()?,
            }
            if self.cursor.take(b'}') {
                break;
            }
            self.cursor.expect(b',')?;
        }
        if self.out.len() > self.limit {
            return Err(self.cursor.problem(format!("the request is larger than {} bytes", self.limit)));
        }
        Ok(())
    }

    /// Reads a name: the position of its field, if the message has it.
    fn name(&mut self, message: &'static Message, progress: &mut Progress) -> Result<Option<usize>, Problem> {
        if self.cursor.peek() != Some(b'"') {
            return Err(self.cursor.unexpected("a name"));
        }
        let (before, after) = message.fields.split_at(progress.expected.min(message.fields.len()));
        let position = if let Some(ahead) = after.iter().position(|field| self.cursor.take_name(field.json)) {
            Some(before.len() + ahead)
        } else if let Some(position) = before.iter().position(|field| self.cursor.take_name(field.json)) {
            Some(position)
        } else {
            self.uncommon_name(message)?
        };
        progress.expected = position.map_or(progress.expected, |position| position + 1);
        Ok(position)
    }

    /// Reads a name with escapes or underscores, or one that the message does not have.
    fn uncommon_name(&mut self, message: &'static Message) -> Result<Option<usize>, Problem> {
        let name = self.cursor.string()?.text();
        let is_named = |field: &Field| *name == *field.json.as_bytes() || *name == *field.name.as_bytes();
        Ok(message.fields.iter().position(is_named))
    }

    /// Reads what belongs to `field`, whose position is the bit `own` in `progress`.
    fn member(
        &mut self,
        field: &'static Field,
        own: u32,
        progress: &mut Progress,
        depth: u32,
    ) -> Result<(), Problem> {
        if field.is_repeated() {
            return self.list(field, depth);
        }
        // The Rust SDK writes `null` for a histogram without sum, minimum or maximum.
        let may_be_null = field.label == Label::Optional || !is_numeric(field.kind);
        if may_be_null && self.cursor.take_null() {
            return Ok(());
        }
        // A default can be left out, unless it takes the place of another value.
        let keeps_default = field.has_presence() || progress.written & own != 0;
        progress.written |= own;
        self.value(field, keeps_default, depth)
    }

    fn list(&mut self, field: &'static Field, depth: u32) -> Result<(), Problem> {
        if self.cursor.take_null() {
            return Ok(());
        }
        self.cursor.expect(b'[')?;
        if self.cursor.take(b']') {
            return Ok(());
        }
        let packed = is_numeric(field.kind).then(|| self.out.begin(field.number));
        loop {
            match field.kind {
                Kind::Message(_) if depth >= 2 && self.plain_attribute(field) => {}
                Kind::Message(_) | Kind::Text if self.cursor.take_null() => self.out.bytes(field.number, &[]),
                _ if packed.is_some() => self.packed(field)?,
                _ => self.value(field, true, depth)?,
            }
            if self.cursor.take(b']') {
                break;
            }
            self.cursor.expect(b',')?;
        }
        packed.into_iter().for_each(|packed| self.out.end(packed));
        Ok(())
    }

    /// Reads an attribute if it has the common shape. It and its value are two levels.
    #[inline]
    fn plain_attribute(&mut self, field: &Field) -> bool {
        let length = if field.is_key_value() {
            attribute::plain(self.cursor.rest(), field.number, &mut self.out)
        } else {
            None
        };
        self.cursor.advance(length.unwrap_or(0));
        length.is_some()
    }

    /// Reads one of several numbers that share a tag and a length.
    fn packed(&mut self, field: &'static Field) -> Result<(), Problem> {
        match field.kind {
            Kind::Double => {
                let number = self.double()?;
                self.out.raw(&number.to_le_bytes());
            }
            Kind::Fixed64 => {
                let number = self.integer(0..=u64::MAX.into())?;
                self.out.raw(&(number as u64).to_le_bytes());
            }
            _ => {
                let number = self.integer(0..=u64::MAX.into())?;
                self.out.raw_varint(number as u64);
            }
        }
        Ok(())
    }

    /// Reads and writes one value; a default only if `keeps_default`.
    fn value(&mut self, field: &'static Field, keeps_default: bool, depth: u32) -> Result<(), Problem> {
        let number = field.number;
        match field.kind {
            Kind::Message(message) => return self.message(field, message, depth),
            Kind::Text => {
                let text = self.cursor.string()?;
                if keeps_default || !text.bytes.is_empty() {
                    self.text(number, text);
                }
            }
            Kind::Bytes => {
                let bytes = self.base64()?;
                if keeps_default || !bytes.is_empty() {
                    self.out.bytes(number, &bytes);
                }
            }
            Kind::TraceId => self.id::<16>(field, keeps_default)?,
            Kind::SpanId => self.id::<8>(field, keeps_default)?,
            Kind::Double => {
                let double = self.double()?;
                // Minus zero is not the default.
                if keeps_default || double.to_bits() != 0 {
                    self.out.double(number, double);
                }
            }
            Kind::Bool => {
                let value = u64::from(self.cursor.boolean()?);
                if keeps_default || value != 0 {
                    self.out.varint(number, value);
                }
            }
            Kind::Enum(names) => {
                let value = self.enumeration(names)?;
                if keeps_default || value != 0 {
                    self.out.varint(number, i64::from(value) as u64);
                }
            }
            _ => {
                let value = self.integer(range(field.kind))?;
                if keeps_default || value != 0 {
                    self.write_integer(field, value);
                }
            }
        }
        Ok(())
    }

    fn message(&mut self, field: &Field, message: &'static Message, depth: u32) -> Result<(), Problem> {
        let Some(below) = depth.checked_sub(1) else {
            return Err(self.cursor.problem(format!("nested deeper than {MAX_DEPTH} levels")));
        };
        let mark = self.out.begin_sized(field.number, expected_size(field, depth));
        self.object(message, below)?;
        self.out.end(mark);
        Ok(())
    }

    #[inline]
    fn text(&mut self, number: u32, text: Raw<'_>) {
        if !text.has_escapes {
            return self.out.bytes(number, text.bytes);
        }
        // Escapes are longer than what they stand for.
        let mark = self.out.begin_sized(number, text.bytes.len());
        unescape(text.bytes, |part| self.out.raw(part));
        self.out.end(mark);
    }

    fn write_integer(&mut self, field: &Field, value: i128) {
        match field.kind {
            Kind::Fixed32 => self.out.fixed32(field.number, value as u32),
            Kind::Fixed64 | Kind::Sfixed64 => self.out.fixed64(field.number, value as u64),
            Kind::Sint32 => self.out.varint(field.number, zigzag(value as i64)),
            _ => self.out.varint(field.number, value as u64),
        }
    }

    fn base64(&mut self) -> Result<Vec<u8>, Problem> {
        let at = self.cursor.position();
        let text = self.cursor.string()?.text();
        STANDARD.decode(&text).map_err(|_| Problem { at, message: "bytes are not in base64".into() })
    }

    fn id<const N: usize>(&mut self, field: &Field, keeps_default: bool) -> Result<(), Problem> {
        let at = self.cursor.position();
        let text = self.cursor.string()?.text();
        if text.is_empty() {
            if keeps_default {
                self.out.bytes(field.number, &[]);
            }
            return Ok(());
        }
        match unhex::<N>(&text) {
            Some(id) => self.out.bytes(field.number, &id),
            None => {
                let message = format!("`{}` must be {} hexadecimal digits, or empty", field.json, 2 * N);
                return Err(Problem { at, message: message.into() });
            }
        }
        Ok(())
    }

    fn double(&mut self) -> Result<f64, Problem> {
        let at = self.cursor.position();
        let text = self.cursor.number()?;
        parse_double(&text).ok_or_else(|| not_a(&text, "a number", at))
    }

    fn integer(&mut self, range: std::ops::RangeInclusive<i128>) -> Result<i128, Problem> {
        let at = self.cursor.position();
        let text = self.cursor.number()?;
        match parse_integer(&text) {
            Some(number) if range.contains(&number) => Ok(number),
            Some(number) => {
                let message =
                    format!("`{number}` is out of range, expected {} to {}", range.start(), range.end());
                Err(Problem { at, message: message.into() })
            }
            None => Err(not_a(&text, "an integer", at)),
        }
    }

    fn enumeration(&mut self, names: &[(&str, i32)]) -> Result<i32, Problem> {
        let at = self.cursor.position();
        let text = self.cursor.number()?;
        if let Some(number) = parse_integer(&text).and_then(|number| i32::try_from(number).ok()) {
            return Ok(number);
        }
        let named = names.iter().find(|(name, _)| *text == *name.as_bytes());
        named.map(|(_, number)| *number).ok_or_else(|| {
            let first = names.first().map_or("a name", |(name, _)| name);
            not_a(&text, &format!("a number or a name like `{first}`"), at)
        })
    }
}

/// About how many bytes a message takes, so that its length fits the room left for it. What contains items is large,
/// the items take a few hundred bytes, and the rest is mostly attributes.
fn expected_size(field: &Field, depth: u32) -> usize {
    match field.label {
        Label::Items => 300,
        Label::Repeated if depth + 1 >= MAX_DEPTH => 20_000,
        _ => 1,
    }
}

fn is_numeric(kind: Kind) -> bool {
    !matches!(kind, Kind::Message(_) | Kind::Text | Kind::Bytes | Kind::TraceId | Kind::SpanId)
}

fn range(kind: Kind) -> std::ops::RangeInclusive<i128> {
    match kind {
        Kind::Int32 | Kind::Sint32 => i32::MIN.into()..=i32::MAX.into(),
        Kind::Int64 | Kind::Sfixed64 => i64::MIN.into()..=i64::MAX.into(),
        Kind::Uint32 | Kind::Fixed32 => 0..=u32::MAX.into(),
        _ => 0..=u64::MAX.into(),
    }
}

#[cold]
fn not_a(text: &[u8], expected: &str, at: usize) -> Problem {
    // A long text would only hide what was expected.
    let text: String = String::from_utf8_lossy(text).chars().take(40).collect();
    Problem { at, message: format!("`{text}` is not {expected}").into() }
}

fn parse_integer(text: &[u8]) -> Option<i128> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    // Twenty digits cannot overflow; a JSON number of more is none of ours.
    if digits.is_empty() || digits.len() > 20 {
        return parse_integral(text);
    }
    let mut number: u64 = 0;
    let (head, tail) = digits.split_at(digits.len().min(19));
    for digit in head {
        if !digit.is_ascii_digit() {
            return parse_integral(text);
        }
        number = number * 10 + u64::from(digit - b'0');
    }
    match tail {
        [] => Some(sign * i128::from(number)),
        [digit] if digit.is_ascii_digit() => {
            Some(sign * (i128::from(number) * 10 + i128::from(digit - b'0')))
        }
        _ => parse_integral(text),
    }
}

/// An integer with a fraction of zeros or an exponent, as far as a double holds it exactly.
fn parse_integral(text: &[u8]) -> Option<i128> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    let number = parse_double(text)?;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i128)
}

fn parse_double(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    // What is too large for a double is not the infinity that was written out.
    let is_overflow = number.is_infinite() && text.iter().any(u8::is_ascii_digit);
    (!is_overflow).then_some(number)
}

fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok()?;
    let mut seen = 0;
    let id = pairs.map(|[high, low]| {
        let (high, low) = (HEX_DIGITS[usize::from(high)], HEX_DIGITS[usize::from(low)]);
        seen |= high | low;
        high << 4 | low
    });
    (seen < 0x10).then_some(id)
}

/// The value of each hexadecimal digit, and 255 for any other character.
static HEX_DIGITS: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};
