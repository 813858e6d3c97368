//! Changing metrics and data points.

use super::{Metric, MetricKind, Number, Point, attributes_number};
use crate::attributes::AttributesEdit;
use crate::tables::Tables;
use crate::tables::edit::{At, ResourceEdit, ScopeEdit};
use crate::tables::fields::Message;
use crate::wire::message::{put_bytes, put_fixed64, put_varint};

/// Metrics, to be changed.
#[derive(Debug)]
pub struct MetricsEdit<'a> {
    pub(super) tables: &'a mut Tables,
}

/// A metric, to be changed.
#[derive(Debug)]
pub struct MetricEdit<'a> {
    tables: &'a mut Tables,
    index: usize,
}

/// A data point, to be changed.
#[derive(Debug)]
pub struct PointEdit<'a> {
    tables: &'a mut Tables,
    index: usize,
    metric: usize,
}

impl MetricsEdit<'_> {
    /// Calls `edit` for every metric.
    pub fn metrics(&mut self, mut edit: impl FnMut(&mut MetricEdit<'_>)) {
        self.retain_metrics(|metric| {
            edit(metric);
            true
        });
    }

    /// Calls `edit` for every metric, drops those that it refuses, and says how many data points these had.
    pub fn retain_metrics(&mut self, mut edit: impl FnMut(&mut MetricEdit<'_>) -> bool) -> usize {
        let before = self.tables.items_left;
        for index in 0..self.tables.metrics.len() {
            if self.tables.metrics[index].own.is_dropped {
                continue;
            }
            if !edit(&mut MetricEdit { tables: self.tables, index }) {
                self.drop_metric(index);
            }
            let metric = &self.tables.metrics[index];
            if metric.own.is_changed() || metric.data.is_changed() {
                self.tables.touch_metric(index);
            }
        }
        before - self.tables.items_left
    }

    /// Calls `edit` for every data point.
    pub fn points(&mut self, mut edit: impl FnMut(&mut PointEdit<'_>)) {
        self.retain_points(|point| {
            edit(point);
            true
        });
    }

    /// Calls `edit` for every data point, drops those that it refuses, and says how many. A metric all of whose points
    /// were dropped is dropped too.
    pub fn retain_points(&mut self, mut edit: impl FnMut(&mut PointEdit<'_>) -> bool) -> usize {
        self.tables.edit_items(|tables, index, metric| edit(&mut PointEdit { tables, index, metric }))
    }

    /// Calls `edit` for every scope.
    pub fn scopes(&mut self, edit: impl FnMut(&mut ScopeEdit<'_>)) {
        self.tables.edit_scopes(edit);
    }

    /// Calls `edit` for every resource.
    pub fn resources(&mut self, edit: impl FnMut(&mut ResourceEdit<'_>)) {
        self.tables.edit_resources(edit);
    }

    fn drop_metric(&mut self, index: usize) {
        let points = self.tables.metrics[index].children.range();
        if points.is_empty() {
            self.tables.desert_metric(index);
        }
        for point in points {
            if !self.tables.items[point].is_dropped {
                self.tables.drop_item(point, index);
            }
        }
    }
}

impl MetricEdit<'_> {
    /// The metric as it is now.
    pub fn view(&self) -> Metric<'_> {
        Metric { tables: self.tables, row: &self.tables.metrics[self.index] }
    }

    /// What else is known about it.
    pub fn metadata(&mut self) -> AttributesEdit<'_> {
        self.tables.attributes_edit(At::Metric(self.index), 12)
    }

    /// Sets its name.
    pub fn set_name(&mut self, name: impl AsRef<[u8]>) {
        self.tables.set(At::Metric(self.index), 1, |out| put_bytes(out, 1, name.as_ref()));
    }

    /// Sets what it tells.
    pub fn set_description(&mut self, description: impl AsRef<[u8]>) {
        self.tables.set(At::Metric(self.index), 2, |out| put_bytes(out, 2, description.as_ref()));
    }

    /// Sets the unit of its values, which stay as they are.
    pub fn set_unit(&mut self, unit: impl AsRef<[u8]>) {
        self.tables.set(At::Metric(self.index), 3, |out| put_bytes(out, 3, unit.as_ref()));
    }

    /// Sets the temporality of a sum or a histogram; see [`Metric::temporality`]. Other metrics have none.
    pub fn set_temporality(&mut self, temporality: i32) {
        if matches!(self.view().kind(), MetricKind::Empty | MetricKind::Gauge | MetricKind::Summary) {
            return;
        }
        self.tables.set(At::Data(self.index), 2, |out| put_varint(out, 2, i64::from(temporality) as u64));
        self.tables.metrics[self.index].temporality = temporality;
    }

    /// Sets whether a sum never goes down. For other metrics that is not said.
    pub fn set_monotonic(&mut self, is_monotonic: bool) {
        if self.view().kind() != MetricKind::Sum {
            return;
        }
        self.tables.set(At::Data(self.index), 3, |out| put_varint(out, 3, is_monotonic.into()));
        self.tables.metrics[self.index].is_monotonic = is_monotonic;
    }
}

impl PointEdit<'_> {
    /// The point as it is now.
    pub fn view(&self) -> Point<'_> {
        let message = Message { tables: self.tables, row: &self.tables.items[self.index] };
        Point::new(message, self.metric().kind())
    }

    /// The metric that it is a point of.
    pub fn metric(&self) -> Metric<'_> {
        Metric { tables: self.tables, row: &self.tables.metrics[self.metric] }
    }

    /// Its attributes.
    pub fn attributes(&mut self) -> AttributesEdit<'_> {
        let number = attributes_number(self.tables.metrics[self.metric].data_number);
        self.tables.attributes_edit(At::Item(self.index), number)
    }

    /// Sets the value of a point of a gauge or a sum.
    pub fn set_value(&mut self, value: Number) {
        let (double, int) = match value {
            Number::Double(value) => (Some(value), None),
            Number::Int(value) => (None, Some(value)),
        };
        self.set(4, |out| double.into_iter().for_each(|value| put_fixed64(out, 4, value.to_bits())));
        self.set(6, |out| int.into_iter().for_each(|value| put_fixed64(out, 6, value as u64)));
    }

    /// Sets when the time that it covers began.
    pub fn set_start_time_unix_nano(&mut self, time: u64) {
        self.set(2, |out| put_fixed64(out, 2, time));
    }

    /// Sets when it was taken.
    pub fn set_time_unix_nano(&mut self, time: u64) {
        self.set(3, |out| put_fixed64(out, 3, time));
    }

    fn set(&mut self, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.tables.set(At::Item(self.index), number, write);
    }
}
