//! Thrift in its two encodings, as far as spans and what may stand beside their fields need it.

use crate::zipkin::answer::Malformed;

/// Thrift in one of its encodings.
pub(super) trait Input<'a> {
    /// The bytes.
    fn bytes(&mut self) -> &mut Bytes<'a>;
    /// Reads the header of a field, or the end of the struct. `last` is the id of the field before, or zero.
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, Kind)>, Malformed>;
    /// Reads the header of a list or set: what is in it, and how many, for which there are bytes enough.
    fn list(&mut self) -> Result<(Kind, usize), Malformed>;
    /// Reads the header of a map: its keys' kind, its values' kind, and how many, for which there are bytes enough.
    fn map(&mut self) -> Result<(Kind, Kind, usize), Malformed>;
    /// Reads a number of 16 bits.
    fn i16(&mut self) -> Result<i16, Malformed>;
    /// Reads a number of 32 bits.
    fn i32(&mut self) -> Result<i32, Malformed>;
    /// Reads a number of 64 bits.
    fn i64(&mut self) -> Result<i64, Malformed>;
    /// Reads text or bytes.
    fn text(&mut self) -> Result<&'a [u8], Malformed>;

    /// Goes past a value, however deep it is.
    fn skip(&mut self, kind: Kind) -> Result<(), Malformed> {
        let mut open = Vec::new();
        self.open(kind, &mut open)?;
        while let Some(container) = open.last_mut() {
            let next = match container {
                Open::Struct(last) => self.field(last)?.map(|(_, kind)| kind),
                Open::Elements { kinds, left: 1.. } => {
                    kinds.swap(0, 1);
                    container.count_down();
                    container.kind()
                }
                Open::Elements { .. } => None,
            };
            match next {
                Some(kind) => self.open(kind, &mut open)?,
                None => drop(open.pop()),
            }
        }
        Ok(())
    }

    /// Goes past a value without others in it, or into one that has some.
    fn open(&mut self, kind: Kind, open: &mut Vec<Open>) -> Result<(), Malformed> {
        match kind {
            Kind::True | Kind::False => (),
            Kind::Byte => drop(self.bytes().take(1)?),
            Kind::I16 => drop(self.i16()?),
            Kind::I32 => drop(self.i32()?),
            Kind::I64 => drop(self.i64()?),
            Kind::Double => drop(self.bytes().take(8)?),
            Kind::Uuid => drop(self.bytes().take(16)?),
            Kind::Text => drop(self.text()?),
            Kind::Struct => open.push(Open::Struct(0)),
            Kind::List => {
                let (kind, left) = self.list()?;
                open.push(Open::Elements { kinds: [kind; 2], left });
            }
            Kind::Map => {
                let (key, value, pairs) = self.map()?;
                open.push(Open::Elements { kinds: [value, key], left: 2 * pairs });
            }
        }
        Ok(())
    }
}

/// A value that has others in it.
pub(super) enum Open {
    /// The id of the last field.
    Struct(i16),
    /// The kinds of the next element and of the one behind it, swapped before each.
    Elements { kinds: [Kind; 2], left: usize },
}

impl Open {
    fn count_down(&mut self) {
        if let Self::Elements { left, .. } = self {
            *left -= 1;
        }
    }

    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Struct(_) => None,
            Self::Elements { kinds, .. } => Some(kinds[0]),
        }
    }
}

/// The types of Thrift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A boolean whose value is in the header of its field.
    True,
    /// Likewise.
    False,
    /// Also a boolean with a byte of its own.
    Byte,
    I16,
    I32,
    I64,
    Double,
    Text,
    Struct,
    Map,
    /// Also a set.
    List,
    Uuid,
}

/// A position in bytes.
pub(super) struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    #[cold]
    pub(super) fn malformed(&self, reason: impl Into<String>) -> Malformed {
        Malformed::new(self.at, reason)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        match self.all[self.at..].get(..length) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(self.malformed("the bytes end within a value")),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.all[self.at..].first_chunk() {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.malformed("the bytes end within a value")),
        }
    }

    /// A length, if as many bytes are left. Whatever is counted takes at least a byte.
    #[inline]
    fn fitting(&self, length: u64) -> Result<usize, Malformed> {
        let left = self.all.len() - self.at;
        match usize::try_from(length) {
            Ok(length) if length <= left => Ok(length),
            _ => Err(self.malformed(format!("length `{length}` runs past the end"))),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a varint of more than ten bytes"))
    }

    #[inline]
    fn zigzag(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

/// `TBinaryProtocol`: numbers of fixed width, the high byte first.
pub(super) struct Binary<'a> {
    bytes: Bytes<'a>,
}

impl<'a> Binary<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: Bytes { all: bytes, at: 0 } }
    }

    fn kind(&mut self) -> Result<Kind, Malformed> {
        let [number] = self.bytes.array()?;
        binary_kind(number).ok_or_else(|| self.bytes.malformed(format!("unknown thrift type `{number}`")))
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        let length = self.i32()?;
        // A negative one becomes larger than what can be left.
        self.bytes.fitting(i64::from(length) as u64)
    }
}

impl<'a> Input<'a> for Binary<'a> {
    fn bytes(&mut self) -> &mut Bytes<'a> {
        &mut self.bytes
    }

    #[inline]
    fn field(&mut self, _: &mut i16) -> Result<Option<(i16, Kind)>, Malformed> {
        let [number] = self.bytes.array()?;
        if number == 0 {
            return Ok(None);
        }
        let Some(kind) = binary_kind(number) else {
            return Err(self.bytes.malformed(format!("unknown thrift type `{number}`")));
        };
        Ok(Some((self.i16()?, kind)))
    }

    #[inline]
    fn list(&mut self) -> Result<(Kind, usize), Malformed> {
        Ok((self.kind()?, self.length()?))
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize), Malformed> {
        Ok((self.kind()?, self.kind()?, self.length()?))
    }

    #[inline]
    fn i16(&mut self) -> Result<i16, Malformed> {
        self.bytes.array().map(i16::from_be_bytes)
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, Malformed> {
        self.bytes.array().map(i32::from_be_bytes)
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, Malformed> {
        self.bytes.array().map(i64::from_be_bytes)
    }

    #[inline]
    fn text(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.bytes.take(length)
    }
}

#[inline]
fn binary_kind(number: u8) -> Option<Kind> {
    Some(match number {
        2 | 3 => Kind::Byte,
        4 => Kind::Double,
        6 => Kind::I16,
        8 => Kind::I32,
        10 => Kind::I64,
        11 => Kind::Text,
        12 => Kind::Struct,
        13 => Kind::Map,
        14 | 15 => Kind::List,
        16 => Kind::Uuid,
        _ => return None,
    })
}

/// `TCompactProtocol`: numbers as varints in zigzag order.
pub(super) struct Compact<'a> {
    bytes: Bytes<'a>,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: Bytes { all: bytes, at: 0 } }
    }

    fn kind(&self, number: u8) -> Result<Kind, Malformed> {
        Ok(match number {
            1 => Kind::True,
            2 => Kind::False,
            3 => Kind::Byte,
            4 => Kind::I16,
            5 => Kind::I32,
            6 => Kind::I64,
            7 => Kind::Double,
            8 => Kind::Text,
            9 | 10 => Kind::List,
            11 => Kind::Map,
            12 => Kind::Struct,
            13 => Kind::Uuid,
            _ => return Err(self.bytes.malformed(format!("unknown thrift type `{number}`"))),
        })
    }

    /// The kind of what a list or map holds, where a boolean takes a byte.
    fn element(&self, number: u8) -> Result<Kind, Malformed> {
        self.kind(number.max(3)).and_then(|kind| if number == 0 { self.kind(0) } else { Ok(kind) })
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        let length = self.bytes.varint()?;
        self.bytes.fitting(length)
    }
}

impl<'a> Input<'a> for Compact<'a> {
    fn bytes(&mut self) -> &mut Bytes<'a> {
        &mut self.bytes
    }

    #[inline]
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, Kind)>, Malformed> {
        let [header] = self.bytes.array()?;
        if header == 0 {
            return Ok(None);
        }
        *last = match i16::from(header >> 4) {
            0 => self.bytes.zigzag()? as i16,
            delta => last.wrapping_add(delta),
        };
        Ok(Some((*last, self.kind(header & 15)?)))
    }

    #[inline]
    fn list(&mut self) -> Result<(Kind, usize), Malformed> {
        let [header] = self.bytes.array()?;
        let count = match header >> 4 {
            15 => self.length()?,
            count => self.bytes.fitting(count.into())?,
        };
        // The type of an empty list does not matter.
        Ok((if count == 0 { Kind::Byte } else { self.element(header & 15)? }, count))
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize), Malformed> {
        let count = self.length()?;
        if count == 0 {
            return Ok((Kind::Byte, Kind::Byte, 0));
        }
        let [kinds] = self.bytes.array()?;
        Ok((self.element(kinds >> 4)?, self.element(kinds & 15)?, count))
    }

    #[inline]
    fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(self.bytes.zigzag()? as i16)
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(self.bytes.zigzag()? as i32)
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, Malformed> {
        self.bytes.zigzag()
    }

    #[inline]
    fn text(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.bytes.take(length)
    }
}
