//! Reading a request into rows.

use bytes::Bytes;
use smallvec::SmallVec;

use super::metrics::{DATA, EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, SUM, SUMMARY};
use super::{Children, ContainerRow, IRREGULAR, MetricRow, Row, Tables};
use crate::attributes::{AttributeList, AttributeRow};
use crate::signal::Signal;
use crate::wire::message::{BYTES, Field, Fields, VARINT, varint};

/// The level at which a container lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Resource,
    Scope,
}

/// The occurrences of one message that may occur once: usually one. Several are merged by putting them end to end.
type Occurrences = SmallVec<[Field; 1]>;

/// The bytes that are read, and what to add to a position in them to make it an offset in a `Store`.
#[derive(Clone, Copy)]
struct Input<'a> {
    bytes: &'a [u8],
    base: usize,
}

impl Tables {
    /// Reads a scanned request of `items` items.
    ///
    /// A fault in it would count as the end of the message around it. Offsets take 32 bits; what lies behind the first
    /// 2 GiB, a thousand times what a receiver accepts, would be left out.
    pub(crate) fn read(signal: Signal, source: Bytes, items: usize) -> Self {
        let source = source.slice(..source.len().min(u32::MAX as usize / 2));
        let mut tables = Self {
            signal,
            source: source.clone(),
            arena: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            metrics: Vec::new(),
            // An item takes two bytes at least, whatever the caller says.
            items: Vec::with_capacity(items.min(source.len() / 2)),
            attributes: Vec::new(),
            items_left: 0,
        };
        let input = Input { bytes: &source, base: 0 };
        for field in Fields::new(&source).filter(|field| (field.number, field.wire_type) == (1, BYTES)) {
            let row = tables.container(input, &field, Level::Resource);
            tables.resources.push(row);
        }
        tables.items_left = tables.items.len();
        tables
    }

    fn container(&mut self, input: Input<'_>, at: &Field, level: Level) -> ContainerRow {
        let mut headers = Occurrences::new();
        let mut schema_url = (0, 0);
        let first = self.next_child(level);
        for field in Fields::starting_at(&input.bytes[..at.end], at.value) {
            match (field.number, field.wire_type) {
                (1, BYTES) => headers.push(field),
                (2, BYTES) => self.child(input, &field, level),
                (3, BYTES) => schema_url = (field.value as u32, field.end as u32),
                _ => (),
            }
        }
        let children = Children::new(first, self.next_child(level));
        let header = self.merged(input, &headers, at.value, |tables, input, header| match level {
            Level::Resource => row::<1, { 1 << 3 }>(input, header, &mut tables.attributes),
            Level::Scope => row::<3, 0>(input, header, &mut tables.attributes),
        });
        let parent = self.resources.len() as u32;
        ContainerRow { own: input.place(at), header, schema_url, parent, children }
    }

    /// How many children of containers on `level` there are so far.
    fn next_child(&self, level: Level) -> usize {
        match (level, self.signal) {
            (Level::Resource, _) => self.scopes.len(),
            (Level::Scope, Signal::Metrics) => self.metrics.len(),
            (Level::Scope, Signal::Traces | Signal::Logs) => self.items.len(),
        }
    }

    #[inline]
    fn child(&mut self, input: Input<'_>, at: &Field, level: Level) {
        match (level, self.signal) {
            (Level::Resource, _) => {
                let row = self.container(input, at, Level::Scope);
                self.scopes.push(row);
            }
            (Level::Scope, Signal::Traces) => self.item::<9, { 1 << 11 | 1 << 13 }>(input, at),
            (Level::Scope, Signal::Logs) => self.item::<6, 0>(input, at),
            (Level::Scope, Signal::Metrics) => {
                let row = self.metric(input, at);
                self.metrics.push(row);
            }
        }
    }

    fn metric(&mut self, input: Input<'_>, at: &Field) -> MetricRow {
        let own = row::<12, DATA>(input, at, &mut self.attributes);
        let mut occurrences = Occurrences::new();
        for field in Fields::starting_at(&input.bytes[..at.end], at.value).filter(is_data) {
            // Members of a oneof: another type ends what came before it, the same type adds to it.
            if occurrences.last().is_some_and(|last| last.number != field.number) {
                occurrences.clear();
            }
            occurrences.push(field);
        }
        let parent = self.scopes.len() as u32;
        let mut metric = MetricRow { own, parent, ..MetricRow::default() };
        metric.data_number = occurrences.last().map_or(0, |field| field.number);
        self.merged(input, &occurrences, at.value, |tables, input, data| {
            tables.data(input, data, &mut metric)
        });
        metric
    }

    /// Reads a `Gauge` or its like.
    fn data(&mut self, input: Input<'_>, at: &Field, metric: &mut MetricRow) {
        let first = self.items.len();
        for field in Fields::starting_at(&input.bytes[..at.end], at.value) {
            match (field.number, field.wire_type) {
                (1, BYTES) => self.point(input, &field, metric.data_number),
                (2, VARINT) => metric.temporality = varint(field.value_in(input.bytes)) as i32,
                (3, VARINT) => metric.is_monotonic = varint(field.value_in(input.bytes)) != 0,
                _ => (),
            }
        }
        metric.data = input.place(at);
        metric.children = Children::new(first, self.items.len());
    }

    fn point(&mut self, input: Input<'_>, at: &Field, data_number: u32) {
        match data_number {
            GAUGE | SUM => self.item::<7, { 1 << 5 }>(input, at),
            HISTOGRAM => self.item::<9, { 1 << 6 | 1 << 7 | 1 << 8 }>(input, at),
            EXPONENTIAL_HISTOGRAM => self.item::<1, { 1 << 11 }>(input, at),
            SUMMARY => self.item::<7, { 1 << 6 }>(input, at),
            _ => (),
        }
    }

    #[inline]
    fn item<const ATTRIBUTES: u32, const REPEATED: u32>(&mut self, input: Input<'_>, at: &Field) {
        let row = row::<ATTRIBUTES, REPEATED>(input, at, &mut self.attributes);
        if self.items.is_empty() {
            // The first item is as good a guess as any at how many attributes the others have.
            let bound = self.source.len() / size_of::<AttributeRow>();
            self.attributes.reserve((self.items.capacity() * row.attributes.capacity as usize).min(bound));
        }
        self.items.push(row);
    }

    /// Lets `read` read the message of which there are `occurrences`, or an empty one at `absent_at`.
    fn merged<T>(
        &mut self,
        input: Input<'_>,
        occurrences: &[Field],
        absent_at: usize,
        read: impl FnOnce(&mut Self, Input<'_>, &Field) -> T,
    ) -> T {
        let whole = |start, end| Field { number: 0, wire_type: BYTES, start, value: start, end };
        match occurrences {
            [] => read(self, input, &whole(absent_at, absent_at)),
            [only] => read(self, input, only),
            several => {
                let bodies: Vec<_> = several.iter().map(|field| field.value_in(input.bytes)).collect();
                let bytes = bodies.concat();
                let input = Input { bytes: &bytes, base: self.source.len() + 1 + self.arena.len() };
                let result = read(self, input, &whole(0, bytes.len()));
                self.arena.extend_from_slice(&bytes);
                result
            }
        }
    }
}

impl Input<'_> {
    /// The row of a message without regard to its fields.
    #[inline]
    fn place(&self, at: &Field) -> Row {
        let offset = |position: usize| (self.base + position) as u32;
        Row { start: offset(at.start), body: offset(at.value), end: offset(at.end), ..Row::default() }
    }
}

/// Reads a message whose attributes have the number `ATTRIBUTES`; the fields whose bits are in `REPEATED` may occur
/// more than once.
#[inline]
fn row<const ATTRIBUTES: u32, const REPEATED: u32>(
    input: Input<'_>,
    at: &Field,
    attributes: &mut Vec<AttributeRow>,
) -> Row {
    let first = attributes.len();
    let mut present = 0;
    let (mut attributes_start, mut attributes_end) = (at.value, at.value);
    let message = &input.bytes[..at.end];
    let mut fields = Fields::starting_at(message, at.value);
    while let Some(field) = fields.next() {
        if (field.number, field.wire_type) == (ATTRIBUTES, BYTES) {
            if attributes.len() == first {
                attributes_start = field.start;
            } else if attributes_end != field.start {
                present |= IRREGULAR;
            }
            let place = (field.start, field.value, field.end);
            attributes.push(AttributeRow::read(message, input.base, place));
            let tag = (ATTRIBUTES << 3) as u8 | BYTES;
            attributes_end = AttributeRow::read_run(attributes, message, input.base, tag, field.end);
            fields.skip_to(attributes_end);
        } else if field.number < 32 {
            let bit = 1 << field.number;
            present |= if present & bit & !REPEATED != 0 { IRREGULAR } else { bit };
        }
    }
    let len = (attributes.len() - first) as u32;
    // A spare row costs less than moving the list when an attribute is added, which is what most edits do.
    attributes.push(AttributeRow::default());
    let list = AttributeList { first: first as u32, len, capacity: len + 1, is_changed: false };
    Row {
        attributes_start: (input.base + attributes_start) as u32,
        attributes_end: (input.base + attributes_end) as u32,
        attributes: list,
        present,
        ..input.place(at)
    }
}

fn is_data(field: &Field) -> bool {
    field.wire_type == BYTES && field.number < 32 && DATA >> field.number & 1 == 1
}
