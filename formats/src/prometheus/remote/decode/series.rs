//! One series of a request, of either version.

use std::mem::take;

use crate::prometheus::remote::answer::Reason;
use crate::prometheus::remote::fields::{Field, WRONG_TYPE, fields, reason, varints};
use crate::prometheus::remote::{Message, Type};

const NOT_UTF8: &str = "text is not UTF-8";

/// Why a series is refused for which there is no room.
pub(super) const TOO_MUCH: &str = "the request means more than is taken at once";

/// A name and a value.
pub(super) type Label<'a> = (&'a str, &'a str);

/// The texts of a request of version 2, each read once: a long one may be named by every label. `None` is what is not
/// UTF-8.
#[derive(Debug, Default)]
pub(super) struct Symbols<'a>(Vec<Option<&'a str>>);

/// A sample as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// The bits of a double.
    pub(super) value: u64,
    /// Milliseconds.
    pub(super) time: i64,
    /// Milliseconds; zero when it is not known.
    pub(super) start: i64,
}

/// A series as it came.
#[derive(Debug, Default)]
pub(super) struct Series<'a> {
    /// Sorted by name, none empty, no name twice.
    pub(super) labels: Vec<Label<'a>>,
    pub(super) samples: Vec<Sample>,
    /// Bodies of `Histogram`.
    pub(super) histograms: Vec<&'a [u8]>,
    /// Bodies of `Exemplar`.
    pub(super) exemplars: Vec<&'a [u8]>,
    pub(super) kind: Type,
    pub(super) help: &'a str,
    pub(super) unit: &'a str,
    /// When all of it began, as candidates of version 2 told it: milliseconds.
    pub(super) created: i64,
}

/// A series that cannot be read.
pub(super) struct Unread {
    /// How many samples and histograms that costs; one at least.
    pub(super) items: usize,
    pub(super) reason: Reason,
}

/// Reads one series after the other, with the memory of one.
pub(super) struct Reader<'a> {
    message: Message,
    symbols: &'a Symbols<'a>,
    series: Series<'a>,
    refs: Vec<u64>,
    /// How much text labels may still name. In version 2 they name it with few bytes, and it is compared and copied.
    text_left: usize,
}

impl<'a> Symbols<'a> {
    pub(super) fn push(&mut self, text: &'a [u8]) {
        self.0.push(std::str::from_utf8(text).ok());
    }

    /// The first is empty, so that zero is nothing.
    pub(super) fn is_valid(&self) -> bool {
        self.0.first().is_none_or(|first| *first == Some(""))
    }

    pub(super) fn get(&self, number: u64) -> Result<&'a str, Reason> {
        let found = usize::try_from(number).ok().and_then(|at| self.0.get(at));
        match found {
            Some(text) => text.ok_or(Reason::Borrowed(NOT_UTF8)),
            // A request without symbols has none to name, but zero is nothing all the same.
            None if number == 0 => Ok(""),
            None => Err(format!("symbol {number} is not among the {} of the request", self.0.len()).into()),
        }
    }
}

impl<'a> Series<'a> {
    /// The value of a label; empty when there is none.
    pub(super) fn label(&self, name: &str) -> &'a str {
        let found = self.labels.binary_search_by(|(other, _)| (*other).cmp(name));
        found.map_or("", |at| self.labels[at].1)
    }

    /// How many samples and histograms there are.
    pub(super) fn items(&self) -> usize {
        self.samples.len() + self.histograms.len()
    }

    fn clear(&mut self) {
        self.labels.clear();
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
        let Series { labels, samples, histograms, exemplars, .. } = take(self);
        *self = Series { labels, samples, histograms, exemplars, ..Series::default() };
    }

    /// Puts the labels in order, and checks them.
    fn check(&mut self) -> Result<(), Reason> {
        self.labels.retain(|(_, value)| !value.is_empty());
        if !self.labels.is_sorted() {
            self.labels.sort_unstable();
        }
        if let Some(pair) = self.labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("the label `{}` is there twice", pair[0].0).into());
        }
        if self.labels.first().is_some_and(|(name, _)| name.is_empty()) {
            return Err("a label has no name".into());
        }
        if self.label("__name__").is_empty() {
            return Err("a series has no name".into());
        }
        Ok(())
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: Message, symbols: &'a Symbols<'a>, max_text: usize) -> Reader<'a> {
        Reader { message, symbols, series: Series::default(), refs: Vec::new(), text_left: max_text }
    }

    pub(super) fn read(&mut self, body: &'a [u8]) -> Result<&Series<'a>, Unread> {
        self.series.clear();
        self.refs.clear();
        let read = match self.message {
            Message::V1 => self.read_v1(body),
            Message::V2 => self.read_v2(body),
        };
        match read.and_then(|()| self.series.check()) {
            Ok(()) => Ok(&self.series),
            Err(reason) => Err(Unread { items: self.series.items().max(1), reason }),
        }
    }

    fn read_v1(&mut self, body: &'a [u8]) -> Result<(), Reason> {
        let mut wrong = None;
        for field in fields(body) {
            match field.map_err(reason)? {
                // A bad label costs the series, whose samples are counted all the same.
                (1, Field::Bytes(label)) => match read_label(label) {
                    Ok(label) => self.series.labels.push(label),
                    Err(reason) => wrong = Some(reason),
                },
                (2, Field::Bytes(sample)) => self.series.samples.push(read_sample(sample)?),
                (3, Field::Bytes(exemplar)) => self.series.exemplars.push(exemplar),
                (4, Field::Bytes(histogram)) => self.series.histograms.push(histogram),
                (1..=4, _) => return Err(WRONG_TYPE.into()),
                _ => (),
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    fn read_v2(&mut self, body: &'a [u8]) -> Result<(), Reason> {
        let mut metadata: &[u8] = &[];
        for field in fields(body) {
            match field.map_err(reason)? {
                (1, refs) => varints(refs, |number| self.refs.push(number))?,
                (2, Field::Bytes(sample)) => self.series.samples.push(read_sample(sample)?),
                (3, Field::Bytes(histogram)) => self.series.histograms.push(histogram),
                (4, Field::Bytes(exemplar)) => self.series.exemplars.push(exemplar),
                (5, Field::Bytes(body)) => metadata = body,
                // Candidates of the specification had it here.
                (6, Field::Varint(created)) => self.series.created = created.cast_signed(),
                (2..=5, _) => return Err(WRONG_TYPE.into()),
                _ => (),
            }
        }
        for pair in self.refs.chunks(2) {
            let &[name, value] = pair else { return Err("a label has no value".into()) };
            let (name, value) = (self.symbols.get(name)?, self.symbols.get(value)?);
            self.text_left = self.text_left.checked_sub(name.len() + value.len()).ok_or(TOO_MUCH)?;
            self.series.labels.push((name, value));
        }
        self.read_metadata(metadata)
    }

    fn read_metadata(&mut self, body: &'a [u8]) -> Result<(), Reason> {
        for field in fields(body) {
            match field.map_err(reason)? {
                (1, Field::Varint(number)) => self.series.kind = Type::from_number(number),
                (3, Field::Varint(number)) => self.series.help = self.symbols.get(number)?,
                (4, Field::Varint(number)) => self.series.unit = self.symbols.get(number)?,
                (1 | 3 | 4, _) => return Err(WRONG_TYPE.into()),
                _ => (),
            }
        }
        Ok(())
    }
}

/// Whether a series tells nothing but exemplars.
pub(super) fn has_exemplars_only(message: Message, body: &[u8]) -> bool {
    let exemplar = if message == Message::V1 { 3 } else { 4 };
    let item = if message == Message::V1 { [2, 4] } else { [2, 3] };
    let mut found = false;
    for field in fields(body) {
        match field {
            Ok((number, _)) if item.contains(&number) => return false,
            Ok((number, _)) => found |= number == exemplar,
            Err(_) => return false,
        }
    }
    found
}

/// A label of version 1.
pub(super) fn read_label(body: &[u8]) -> Result<Label<'_>, Reason> {
    let (mut name, mut value) = ("", "");
    for field in fields(body) {
        match field.map_err(reason)? {
            (1, Field::Bytes(bytes)) => name = text(bytes)?,
            (2, Field::Bytes(bytes)) => value = text(bytes)?,
            (1 | 2, _) => return Err(WRONG_TYPE.into()),
            _ => (),
        }
    }
    Ok((name, value))
}

fn read_sample(body: &[u8]) -> Result<Sample, Reason> {
    let mut sample = Sample { value: 0, time: 0, start: 0 };
    for field in fields(body) {
        match field.map_err(reason)? {
            (1, Field::Fixed64(bits)) => sample.value = bits,
            (2, Field::Varint(time)) => sample.time = time.cast_signed(),
            (3, Field::Varint(start)) => sample.start = start.cast_signed(),
            (1..=3, _) => return Err(WRONG_TYPE.into()),
            _ => (),
        }
    }
    Ok(sample)
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(bytes).map_err(|_| NOT_UTF8.into())
}
