//! Writing rows as protobuf: what was not touched as it was, the rest anew.

mod assembly;

use assembly::Assembly;

use super::metrics::DATA;
use super::{Children, ContainerRow, MetricRow, Row, Tables};
use crate::rope::Rope;
use crate::signal::Signal;
use crate::wire::message::Fields;

/// The numbers of the fields that are left out of a copy, as bits.
type Mask = u32;

/// `resource` in `ResourceSpans` and its like, `scope` in `ScopeSpans` and its like.
const HEADER: Mask = 1 << 1;

impl Tables {
    /// The request as protobuf.
    pub(crate) fn write(&self) -> Rope {
        if !self.is_changed() {
            return self.source.clone().into();
        }
        let mut writing = Writing { tables: self, out: Assembly::new(&self.source, &self.arena) };
        let mut at = 0;
        for resource in &self.resources {
            writing.out.copy(at, resource.own.start);
            at = resource.own.end;
            writing.resource(resource);
        }
        writing.out.copy(at, self.source.len() as u32);
        writing.out.finish()
    }
}

struct Writing<'a> {
    tables: &'a Tables,
    out: Assembly<'a>,
}

impl Writing<'_> {
    fn resource(&mut self, resource: &ContainerRow) {
        let rows = &self.tables.scopes[resource.children.range()];
        let place = |scope: &ContainerRow| (scope.own.start, scope.own.end);
        self.container((1, 1), resource, rows, place, |writing, scope| writing.scope(scope));
    }

    fn scope(&mut self, scope: &ContainerRow) {
        let range = scope.children.range();
        match self.tables.signal {
            Signal::Traces | Signal::Logs => {
                let rows = &self.tables.items[range];
                let attributes = if self.tables.signal == Signal::Traces { 9 } else { 6 };
                let place = |item: &Row| (item.start, item.end);
                self.container((2, 3), scope, rows, place, |writing, item| {
                    writing.message((2, attributes), item)
                });
            }
            Signal::Metrics => {
                let rows = &self.tables.metrics[range];
                let place = |metric: &MetricRow| (metric.own.start, metric.own.end);
                self.container((2, 3), scope, rows, place, Self::metric);
            }
        }
    }

    /// Writes a container as field number `number`, whose header has attributes of the other number.
    fn container<T>(
        &mut self,
        (number, header_attributes): (u32, u32),
        container: &ContainerRow,
        rows: &[T],
        place: impl Fn(&T) -> (u32, u32),
        mut write: impl FnMut(&mut Self, &T),
    ) {
        let ContainerRow { own, header, children, .. } = container;
        if !children.is_changed {
            return self.out.copy(own.start, own.end);
        }
        if children.is_deserted() {
            return;
        }
        let mark = self.out.open(number, own.end - own.body);
        let mut mask = own.overridden;
        if header.is_changed() {
            mask |= HEADER;
            self.message((1, header_attributes), header);
        }
        let mut at = own.body;
        for row in rows {
            let (start, end) = place(row);
            self.fields(at, start, mask);
            write(self, row);
            at = end;
        }
        self.fields(at, own.end, mask);
        self.out.copy(own.patch, own.patch_end);
        self.out.close(mark);
    }

    fn metric(&mut self, metric: &MetricRow) {
        let MetricRow { own, data, data_number, children, .. } = metric;
        if !children.is_changed {
            return self.out.copy(own.start, own.end);
        }
        if children.is_deserted() || own.is_dropped {
            return;
        }
        let mark = self.out.open(2, own.end - own.body);
        self.content(own, 12, DATA);
        if *data_number != 0 {
            let inner = self.out.open(*data_number, data.end - data.body);
            self.points(data, *data_number, children);
            self.out.close(inner);
        }
        self.out.close(mark);
    }

    fn points(&mut self, data: &Row, data_number: u32, children: &Children) {
        let attributes = super::metrics::attributes_number(data_number);
        let mut at = data.body;
        for point in &self.tables.items[children.range()] {
            self.fields(at, point.start, data.overridden);
            self.message((1, attributes), point);
            at = point.end;
        }
        self.fields(at, data.end, data.overridden);
        self.out.copy(data.patch, data.patch_end);
    }

    /// Writes a message as field number `number`, whose attributes have the other number.
    #[inline]
    fn message(&mut self, (number, attributes): (u32, u32), row: &Row) {
        if row.is_dropped {
            return;
        }
        if !row.is_changed() {
            return self.out.copy(row.start, row.end);
        }
        let mark = self.out.open(number, row.end - row.body);
        self.content(row, attributes, 0);
        self.out.close(mark);
    }

    /// Writes the fields of a changed message except those in `mask`.
    #[inline]
    fn content(&mut self, row: &Row, attributes: u32, mask: Mask) {
        let mask = mask | row.overridden;
        if !row.attributes.is_changed {
            self.fields(row.body, row.end, mask);
        } else if row.is_irregular() {
            self.fields(row.body, row.end, mask | 1 << attributes);
            self.attributes(row);
        } else {
            self.fields(row.body, row.attributes_start, mask);
            self.attributes(row);
            self.fields(row.attributes_end, row.end, mask);
        }
        self.out.copy(row.patch, row.patch_end);
    }

    #[inline]
    fn attributes(&mut self, row: &Row) {
        for attribute in row.attributes.of(&self.tables.attributes) {
            self.out.copy(attribute.start, attribute.end);
        }
    }

    /// Copies the fields from `start` to `end` except those in `mask`.
    #[inline]
    fn fields(&mut self, start: u32, end: u32, mask: Mask) {
        if mask == 0 {
            return self.out.copy(start, end);
        }
        let bytes = self.tables.store().get(start, end);
        for field in Fields::new(bytes) {
            let is_left_out = field.number < 32 && mask >> field.number & 1 == 1;
            if !is_left_out {
                self.out.copy(start + field.start as u32, start + field.end as u32);
            }
        }
    }
}
