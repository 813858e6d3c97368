//! Cutting a request into requests of bounded size, at item borders.
//!
//! Each piece repeats of the containers it cuts all that is not an item: resource, scope, schema URLs, a metric's name,
//! temporality and so on, and unknown fields. Only these containers get new lengths; the rest goes by slice.

#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::rope::Rope;
use crate::signal::Signal;
use crate::wire::message::{BYTES, Field, Fields, put_header};

/// More than the tag and the length of a container take: its field number is below 16, its length below 2^35.
const HEADER: usize = 6;

/// How large a request may be. One item is always allowed, however large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At most this many spans, data points or log records.
    pub items: usize,
    /// At most this many encoded bytes.
    pub bytes: usize,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self { items: usize::MAX, bytes: usize::MAX };

    /// A limit of items alone.
    pub fn items(items: usize) -> Self {
        Self { items, ..Self::NONE }
    }

    /// A limit of bytes alone.
    pub fn bytes(bytes: usize) -> Self {
        Self { bytes, ..Self::NONE }
    }
}

/// What a piece has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Least {
    /// An item, even if it is beyond the limit.
    OneItem,
    /// Nothing, if there is no room.
    Nothing,
}

/// A scanned request that is being cut, from its begin to its end.
#[derive(Debug)]
pub(crate) struct Cutter {
    request: Bytes,
    levels: &'static [Level],
    /// The containers that are cut, each in the one before it. The first is the request.
    open: SmallVec<[Container; 5]>,
}

/// The field numbers, as bits, of what a container holds: containers again, or on the last level items.
type Level = u32;

/// Request, `ResourceSpans` or `ResourceLogs`, `ScopeSpans` or `ScopeLogs`.
const FLAT: &[Level] = &[1 << 1, 1 << 2, 1 << 2];
/// Request, `ResourceMetrics`, `ScopeMetrics`, `Metric`, and `Gauge` or its like.
const METRICS: &[Level] = &[1 << 1, 1 << 2, 1 << 2, 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 11, 1 << 1];
/// On this level of metrics the children are members of a oneof.
const METRIC: usize = 3;

/// A container of which a part has gone into earlier pieces, or will go into later ones.
#[derive(Debug)]
struct Container {
    number: u32,
    /// The field numbers, as bits, of its children.
    children: Level,
    /// Where the next child is looked for.
    next: usize,
    end: usize,
    /// All that is not a child, to be repeated in every piece.
    repeated: SmallVec<[Range<usize>; 2]>,
}

/// What a piece may still take.
struct Room {
    items: usize,
    bytes: usize,
    /// Items that the piece has.
    taken: usize,
    least: Least,
}

/// What stands behind a run of children.
enum Behind {
    /// Nothing more in this container.
    End,
    /// Another field, and then a child.
    Gap,
    /// A child for which there is no room.
    Large(Field),
}

enum Progress {
    /// The container has gone into the pieces to its end.
    Done,
    /// The piece is full.
    Full,
}

impl Cutter {
    pub(crate) fn new(signal: Signal, request: Bytes) -> Self {
        let (levels, request) = match signal {
            Signal::Traces | Signal::Logs => (FLAT, request),
            Signal::Metrics => (METRICS, joined(&request, 0).map_or(request, Bytes::from)),
        };
        let mut cutter = Self { request, levels, open: SmallVec::new() };
        let all = cutter.request.len();
        cutter.open(Field { number: 0, wire_type: BYTES, start: 0, value: 0, end: all });
        cutter
    }

    /// How many bytes have not been looked at yet.
    pub(crate) fn bytes_left(&self) -> usize {
        let deepest = self.open.last().map_or(self.request.len(), |container| container.next);
        self.request.len() - deepest
    }

    /// The next request within `limit`, and how many items it has; `None` when it would have none.
    pub(crate) fn cut(&mut self, limit: Limit, least: Least) -> Option<(Rope, usize)> {
        let bytes = limit.bytes.saturating_sub(self.open[0].repeated_bytes());
        let mut room = Room { items: limit.items, bytes, taken: 0, least };
        let mut piece = Rope::new();
        self.fill(0, &mut room, &mut piece);
        (room.taken > 0).then_some((piece, room.taken))
    }

    /// Moves children of the open container on `level` into `out`, and with the first all that is repeated.
    fn fill(&mut self, level: usize, room: &mut Room, out: &mut Rope) -> Progress {
        for range in &self.open[level].repeated {
            out.push_cut(&self.request, range.clone());
        }
        if self.open.len() > level + 1
            && let Progress::Full = self.fill_child(level + 1, room, out)
        {
            return Progress::Full;
        }
        loop {
            let (run, behind) = self.run(level, room);
            out.push_cut(&self.request, run);
            let child = match behind {
                Behind::End => return Progress::Done,
                Behind::Gap => continue,
                Behind::Large(_) if level + 1 == self.levels.len() => return Progress::Full,
                Behind::Large(child) => child,
            };
            self.open[level].next = child.end;
            self.open(child);
            if let Progress::Full = self.fill_child(level + 1, room, out) {
                return Progress::Full;
            }
        }
    }

    /// Moves what there is room for out of the deepest container into `out`, with a header of its own.
    fn fill_child(&mut self, level: usize, room: &mut Room, out: &mut Rope) -> Progress {
        let container = &self.open[level];
        let number = container.number;
        let overhead = HEADER + container.repeated_bytes();
        let before = (room.taken, room.bytes);
        room.bytes = room.bytes.saturating_sub(overhead);
        let mut body = Rope::new();
        let progress = self.fill(level, room, &mut body);
        if room.taken > before.0 {
            let mut header = Vec::with_capacity(HEADER);
            put_header(&mut header, number, body.len());
            out.push(header.into());
            out.append(body);
        } else {
            room.bytes = before.1;
        }
        if let Progress::Done = progress {
            self.open.pop();
        }
        progress
    }

    /// As many children in a row as there is room for, as one range.
    fn run(&mut self, level: usize, room: &mut Room) -> (Range<usize>, Behind) {
        let is_item = level + 1 == self.levels.len();
        let container = &mut self.open[level];
        let children = container.children;
        let fields = Fields::starting_at(&self.request[..container.end], container.next);
        let mut run = 0..0;
        for child in fields.filter(|field| is_child(children, field)) {
            if run.is_empty() {
                run = child.start..child.start;
            } else if child.start != run.end {
                return (run, Behind::Gap);
            }
            let items =
                if is_item { 1 } else { count(self.levels, level + 1, child.value_in(&self.request)) };
            if !room.take(items, child.end - child.start, is_item) {
                return (run, Behind::Large(child));
            }
            run.end = child.end;
            container.next = child.end;
        }
        (run, Behind::End)
    }

    /// Opens the container in `field`, one level below the deepest.
    fn open(&mut self, field: Field) {
        let level = self.open.len();
        let bytes = &self.request[..field.end];
        let (children, next) = children(self.levels, level, bytes, field.value);
        let mut repeated = SmallVec::<[Range<usize>; 2]>::new();
        for other in Fields::starting_at(bytes, field.value) {
            if other.start >= next && is_child(children, &other) {
                continue;
            }
            match repeated.last_mut().filter(|last| last.end == other.start) {
                Some(last) => last.end = other.end,
                None => repeated.push(other.start..other.end),
            }
        }
        self.open.push(Container { number: field.number, children, next, end: field.end, repeated });
    }
}

impl Container {
    fn repeated_bytes(&self) -> usize {
        self.repeated.iter().map(Range::len).sum()
    }
}

impl Room {
    /// Takes so much if there is room for it, or if the piece must have an item and this is its first.
    fn take(&mut self, items: usize, bytes: usize, is_item: bool) -> bool {
        let fits = items <= self.items && bytes <= self.bytes
            || is_item && self.taken == 0 && self.least == Least::OneItem;
        if fits {
            self.items = self.items.saturating_sub(items);
            self.bytes = self.bytes.saturating_sub(bytes);
            self.taken += items;
        }
        fits
    }
}

/// The metrics container `body` on `level`, with the data of every metric in one message; `None` if it is so already.
///
/// Protobuf lets a message be given in several parts. Cut apart, each would lack what only the others say, such as the
/// temporality. All is joined in one pass before the cutting begins, so that it takes no longer however many parts
/// there are; it gets no longer than it was, as one header takes no more than several.
fn joined(body: &[u8], level: usize) -> Option<Vec<u8>> {
    if level == METRIC {
        return joined_metric(body);
    }
    let (mut out, mut copied) = (Vec::new(), 0);
    for child in Fields::new(body).filter(|field| is_child(METRICS[level], field)) {
        if let Some(joined) = joined(child.value_in(body), level + 1) {
            out.extend_from_slice(&body[copied..child.start]);
            put_header(&mut out, child.number, joined.len());
            out.extend_from_slice(&joined);
            copied = child.end;
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&body[copied..]);
    Some(out)
}

fn joined_metric(body: &[u8]) -> Option<Vec<u8>> {
    let (kind, first) = children(METRICS, METRIC, body, 0);
    let is_part = |field: &Field| field.start >= first && is_child(kind, field);
    let parts = || Fields::new(body).filter(is_part);
    let number = parts().nth(1)?.number;
    let mut out = Vec::with_capacity(body.len());
    for other in Fields::new(body).filter(|field| !is_part(field)) {
        out.extend_from_slice(&body[other.start..other.end]);
    }
    put_header(&mut out, number, parts().map(|part| part.end - part.value).sum());
    parts().for_each(|part| out.extend_from_slice(part.value_in(body)));
    Some(out)
}

/// How many items a container with `body` has, which lies on `level`.
fn count(levels: &[Level], level: usize, body: &[u8]) -> usize {
    let (children, start) = children(levels, level, body, 0);
    let children = Fields::starting_at(body, start).filter(|field| is_child(children, field));
    if level + 1 == levels.len() {
        children.count()
    } else {
        children.map(|child| count(levels, level + 1, child.value_in(body))).sum()
    }
}

/// The field numbers of the children in the container that begins at `start`, and where they begin.
///
/// A metric has data of one type: whatever comes before the last change of type does not count.
fn children(levels: &[Level], level: usize, bytes: &[u8], start: usize) -> (Level, usize) {
    if levels.len() == FLAT.len() || level != METRIC {
        return (levels[level], start);
    }
    let data = Fields::starting_at(bytes, start).filter(|field| is_child(levels[level], field));
    data.fold((0, start), |(children, first), field| match 1 << field.number {
        number if number == children => (children, first),
        number => (number, field.start),
    })
}

fn is_child(level: Level, field: &Field) -> bool {
    field.wire_type == BYTES && field.number < 32 && level >> field.number & 1 == 1
}
