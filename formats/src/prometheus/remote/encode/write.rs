//! Requests from series, each within a size.

use std::ops::Range;

use otlp::wire::varint::read_bytes;
use otlp::write::Writer;

use super::{Exemplar, NO_POINT, Series};
use crate::prometheus::remote::Message;
use crate::prometheus::remote::keys::Keys;

/// Rows of one series that are in one request.
#[derive(Debug, Clone)]
pub struct Piece {
    series: usize,
    samples: Range<usize>,
    natives: Range<usize>,
    exemplars: Range<usize>,
}

/// One request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its protobuf, not packed.
    pub body: Vec<u8>,
    /// What it is made of, to write it again in the other version.
    pub pieces: Vec<Piece>,
    /// The numbers of the points of which something is in it, each once in a row at least.
    pub points: Vec<u32>,
    /// How many samples it has.
    pub samples: usize,
    /// How many native histograms it has.
    pub histograms: usize,
    /// How many exemplars it has.
    pub exemplars: usize,
    /// Whether it goes on with the series that the one before ended with, and so must not overtake it.
    pub is_continued: bool,
}

/// The requests for a batch, in the order of its series.
#[derive(Debug)]
pub struct Requests<'a> {
    series: &'a Series,
    message: Message,
    max_bytes: usize,
    /// What is not written yet, the next last.
    waiting: Vec<Piece>,
    /// The series that the last request ended with.
    last: Option<usize>,
}

impl Series {
    /// Requests of at most `max_bytes`, unless a single sample takes more.
    #[must_use]
    pub fn requests(&self, message: Message, max_bytes: usize) -> Requests<'_> {
        let (mut samples, mut natives, mut exemplars) = (0, 0, 0);
        let mut waiting = Vec::with_capacity(self.labels.len());
        for series in 0..self.labels.len() {
            let number = series as u32;
            waiting.push(Piece {
                series,
                samples: run(&self.samples, &mut samples, |row| row.series == number),
                natives: run(&self.natives, &mut natives, |row| row.series == number),
                exemplars: run(&self.exemplars, &mut exemplars, |row| row.series == number),
            });
        }
        // A series whose only point was refused late has nothing to tell.
        waiting.retain(|piece| !piece.is_empty());
        waiting.reverse();
        Requests { series: self, message, max_bytes, waiting, last: None }
    }

    /// The same pieces again, in that version.
    #[must_use]
    pub fn rewrite(&self, mut pieces: Vec<Piece>, message: Message, max_bytes: usize) -> Requests<'_> {
        pieces.reverse();
        Requests { series: self, message, max_bytes, waiting: pieces, last: None }
    }

    /// Requests of version 1 with what is known of the metrics; in version 2 that is told with the series.
    #[must_use]
    pub fn metadata(&self, max_bytes: usize) -> Vec<Vec<u8>> {
        let mut names = Keys::default();
        let mut requests = vec![Writer::new()];
        for family in &self.families {
            if !names.intern(family.name.as_bytes()).1 {
                continue;
            }
            let size = family.name.len() + family.help.len() + family.unit.len() + 32;
            let is_full = requests.last().is_some_and(|out| !out.is_empty() && out.len() + size > max_bytes);
            if is_full {
                requests.push(Writer::new());
            }
            let Some(out) = requests.last_mut() else { continue };
            out.message(3, |out| {
                out.varint(1, family.kind.number());
                out.text(2, &family.name);
                out.text(4, &family.help);
                out.text(5, &family.unit);
            });
        }
        requests.into_iter().map(Writer::into_bytes).filter(|body| !body.is_empty()).collect()
    }
}

/// The rows from `at` on that are of one series; moves `at` behind them.
fn run<T>(rows: &[T], at: &mut usize, is_of_series: impl Fn(&T) -> bool) -> Range<usize> {
    let from = *at;
    while rows.get(*at).is_some_and(&is_of_series) {
        *at += 1;
    }
    from..*at
}

impl Piece {
    fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.natives.is_empty() && self.exemplars.is_empty()
    }

    /// Two halves, the earlier one first; `None` when there is but one row to tell.
    fn halve(self) -> Option<(Piece, Piece)> {
        let Piece { series, samples, natives, exemplars } = self;
        let (samples, natives) = match (samples.len(), natives.len()) {
            (1.., 1..) => {
                ([samples.clone(), samples.end..samples.end], [natives.start..natives.start, natives])
            }
            (2.., 0) => (halves(samples), [natives.clone(), natives]),
            (0, 2..) => ([samples.clone(), samples], halves(natives)),
            _ => return None,
        };
        let [first_samples, last_samples] = samples;
        let [first_natives, last_natives] = natives;
        let none = exemplars.end..exemplars.end;
        let first = Piece { series, samples: first_samples, natives: first_natives, exemplars };
        Some((first, Piece { series, samples: last_samples, natives: last_natives, exemplars: none }))
    }
}

fn halves(range: Range<usize>) -> [Range<usize>; 2] {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end]
}

impl Iterator for Requests<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let first = self.waiting.last()?.series;
        let mut body = Body::new(self.series, self.message);
        let mut request = Request { is_continued: self.last == Some(first), ..Request::default() };
        while let Some(piece) = self.waiting.pop() {
            let mark = body.mark();
            body.write(&piece);
            if body.len() > self.max_bytes {
                if !request.pieces.is_empty() {
                    body.go_back(mark);
                    self.waiting.push(piece);
                    break;
                }
                if let Some((first, rest)) = piece.clone().halve() {
                    // Its symbols are needed by the halves as well.
                    body = Body::new(self.series, self.message);
                    self.waiting.extend([rest, first]);
                    continue;
                }
            }
            self.tally(&piece, &mut request);
            request.pieces.push(piece);
        }
        self.last = request.pieces.last().map(|piece| piece.series);
        request.body = body.finish();
        Some(request)
    }
}

impl Requests<'_> {
    fn tally(&self, piece: &Piece, request: &mut Request) {
        request.samples += piece.samples.len();
        request.histograms += piece.natives.len();
        request.exemplars += piece.exemplars.len();
        let samples = self.series.samples[piece.samples.clone()].iter().map(|row| row.point);
        let natives = self.series.natives[piece.natives.clone()].iter().map(|row| row.point);
        for point in samples.chain(natives) {
            if point != NO_POINT && request.points.last() != Some(&point) {
                request.points.push(point);
            }
        }
    }
}

/// A request in the making.
struct Body<'a> {
    series: &'a Series,
    message: Message,
    /// `timeseries` fields.
    out: Vec<u8>,
    /// Of version 2: every text once. The first is empty.
    symbols: Keys,
    /// What the symbols take.
    symbol_bytes: usize,
}

/// Where a request can go back to.
struct Mark {
    out: usize,
    symbols: usize,
}

impl<'a> Body<'a> {
    fn new(series: &'a Series, message: Message) -> Body<'a> {
        let mut body = Body { series, message, out: Vec::new(), symbols: Keys::default(), symbol_bytes: 0 };
        if message == Message::V2 {
            body.symbol(b"");
        }
        body
    }

    fn len(&self) -> usize {
        self.out.len() + self.symbol_bytes
    }

    fn mark(&self) -> Mark {
        Mark { out: self.out.len(), symbols: self.symbols.len() }
    }

    /// What was written since is not part of the request, and nothing more is written.
    fn go_back(&mut self, mark: Mark) {
        self.out.truncate(mark.out);
        let symbols = std::mem::take(&mut self.symbols);
        for number in 0..mark.symbols {
            self.symbols.intern(symbols.get(number));
        }
    }

    fn write(&mut self, piece: &Piece) {
        match self.message {
            Message::V1 => self.write_v1(piece),
            Message::V2 => {
                // A series of version 2 has samples or histograms, not both.
                let (samples, natives) = (piece.samples.clone(), piece.natives.clone());
                if !samples.is_empty() || natives.is_empty() {
                    let natives = natives.start..natives.start;
                    self.write_v2(&Piece { natives, ..piece.clone() });
                }
                if !natives.is_empty() {
                    let exemplars = if samples.is_empty() { piece.exemplars.clone() } else { 0..0 };
                    self.write_v2(&Piece { samples: 0..0, natives, exemplars, series: piece.series });
                }
            }
        }
    }

    fn write_v1(&mut self, piece: &Piece) {
        let series = self.series;
        let labels = series.labels.get(piece.series);
        let mut out = Writer::append_to(std::mem::take(&mut self.out));
        let mark = out.begin_sized(1, labels.len() + 24);
        out.raw(labels);
        for row in &series.samples[piece.samples.clone()] {
            out.message(2, |out| {
                out.fixed64(1, row.value);
                out.varint(2, row.time.cast_unsigned());
            });
        }
        for row in &series.exemplars[piece.exemplars.clone()] {
            out.message(3, |out| {
                out.raw(&series.arena[row.labels.clone()]);
                out.double(2, row.value);
                out.varint(3, row.time.cast_unsigned());
            });
        }
        for row in &series.natives[piece.natives.clone()] {
            out.message(4, |out| {
                out.raw(&series.arena[row.body.clone()]);
                out.varint(15, row.time.cast_unsigned());
            });
        }
        out.end(mark);
        self.out = out.into_bytes();
    }

    fn write_v2(&mut self, piece: &Piece) {
        let series = self.series;
        let mut out = Writer::append_to(std::mem::take(&mut self.out));
        let mark = out.begin_sized(5, 100);
        self.write_refs(series.labels.get(piece.series), &mut out);
        for row in &series.samples[piece.samples.clone()] {
            out.message(2, |out| {
                out.fixed64(1, row.value);
                out.varint(2, row.time.cast_unsigned());
                if row.start > 0 {
                    out.varint(3, row.start.cast_unsigned());
                }
            });
        }
        for row in &series.natives[piece.natives.clone()] {
            out.message(3, |out| {
                out.raw(&series.arena[row.body.clone()]);
                out.varint(15, row.time.cast_unsigned());
                if row.start > 0 {
                    out.varint(17, row.start.cast_unsigned());
                }
            });
        }
        for row in &series.exemplars[piece.exemplars.clone()] {
            self.write_exemplar(row, &mut out);
        }
        let family = &series.families[series.families_of[piece.series] as usize];
        let (help, unit) = (self.symbol(family.help.as_bytes()), self.symbol(family.unit.as_bytes()));
        out.message(5, |out| {
            out.varint(1, family.kind.number());
            out.varint(3, help);
            out.varint(4, unit);
        });
        out.end(mark);
        self.out = out.into_bytes();
    }

    fn write_exemplar(&mut self, row: &Exemplar, out: &mut Writer) {
        let series = self.series;
        let mark = out.begin(4);
        self.write_refs(&series.arena[row.labels.clone()], out);
        out.double(2, row.value);
        out.varint(3, row.time.cast_unsigned());
        out.end(mark);
    }

    /// Labels of version 1 as the numbers of their texts.
    fn write_refs(&mut self, labels: &[u8], out: &mut Writer) {
        if labels.is_empty() {
            return;
        }
        let mark = out.begin(1);
        let mut at = 0;
        // It is our own writing: a tag of one byte, then the length of the label.
        while let Ok((label, next)) = read_bytes(labels, at + 1) {
            if let Ok((name, value)) = read_bytes(label, 1)
                && let Ok((value, _)) = read_bytes(label, value + 1)
            {
                out.raw_varint(self.symbol(name));
                out.raw_varint(self.symbol(value));
            }
            at = next;
        }
        out.end(mark);
    }

    fn symbol(&mut self, text: &[u8]) -> u64 {
        let (number, is_new) = self.symbols.intern(text);
        if is_new {
            self.symbol_bytes += text.len() + 1 + otlp::wire::varint::varint_len(text.len() as u64);
        }
        number as u64
    }

    fn finish(self) -> Vec<u8> {
        if self.message == Message::V1 {
            return self.out;
        }
        let mut out = Writer::append_to(Vec::with_capacity(self.len()));
        for number in 0..self.symbols.len() {
            out.bytes(4, self.symbols.get(number));
        }
        out.raw(&self.out);
        out.into_bytes()
    }
}
