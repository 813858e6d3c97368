//! Reading and changing metrics and their data points.

mod edit;
mod point;

use super::fields::Message;
use super::views::{Resource, ResourceGroup, Scope, ScopeGroup};
use super::{MetricRow, Tables};
use crate::attributes::Attributes;
use crate::payload::Metrics;
use crate::signal::Signal;
use crate::value::Text;

pub use edit::{MetricEdit, MetricsEdit, PointEdit};
pub use point::{Buckets, Exemplar, Number, Point, Quantile};

/// The numbers of the fields of a metric that hold its data.
pub(super) const GAUGE: u32 = 5;
pub(super) const SUM: u32 = 7;
pub(super) const HISTOGRAM: u32 = 9;
pub(super) const EXPONENTIAL_HISTOGRAM: u32 = 10;
pub(super) const SUMMARY: u32 = 11;
/// All of them, as bits.
pub(super) const DATA: u32 =
    1 << GAUGE | 1 << SUM | 1 << HISTOGRAM | 1 << EXPONENTIAL_HISTOGRAM | 1 << SUMMARY;

/// What one resource sent.
pub type ResourceMetrics<'a> = ResourceGroup<'a, Metric<'a>>;
/// What one scope sent.
pub type ScopeMetrics<'a> = ScopeGroup<'a, Metric<'a>>;

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric<'a> {
    tables: &'a Tables,
    row: &'a MetricRow,
}

/// What the points of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// There is no data, or data of a type that is not known.
    Empty,
    /// The last value.
    Gauge,
    /// A sum of values.
    Sum,
    /// Values counted in buckets with given bounds.
    Histogram,
    /// Values counted in buckets of exponential width.
    ExponentialHistogram,
    /// Quantiles of values.
    Summary,
}

impl Metrics {
    /// All metrics in order.
    pub fn metrics(&self) -> impl Iterator<Item = Metric<'_>> {
        let tables = self.0.tables(Signal::Metrics);
        tables.metrics_in(0..tables.metrics.len())
    }

    /// All data points in order, each with its metric.
    pub fn points(&self) -> impl Iterator<Item = (Metric<'_>, Point<'_>)> {
        self.metrics().flat_map(|metric| metric.points().map(move |point| (metric, point)))
    }

    /// All metrics, by resource and scope.
    pub fn resources(&self) -> impl Iterator<Item = ResourceMetrics<'_>> {
        ResourceGroup::all(self.0.tables(Signal::Metrics))
    }

    /// Drops the metrics that `keep` refuses, and says how many data points that were. When it refuses none, nothing
    /// changes.
    pub fn retain(&mut self, mut keep: impl FnMut(Metric<'_>) -> bool) -> usize {
        let kept: Vec<bool> = self.metrics().map(&mut keep).collect();
        if kept.iter().all(|keep| *keep) {
            return 0;
        }
        let mut kept = kept.into_iter();
        self.edit().retain_metrics(|_| kept.next().unwrap_or(true))
    }

    /// Drops the data points that `keep` refuses, and says how many. When it refuses none, nothing changes.
    pub fn retain_points(&mut self, mut keep: impl FnMut(Metric<'_>, Point<'_>) -> bool) -> usize {
        let kept: Vec<bool> = self.points().map(|(metric, point)| keep(metric, point)).collect();
        if kept.iter().all(|keep| *keep) {
            return 0;
        }
        let mut kept = kept.into_iter();
        self.edit().retain_points(|_| kept.next().unwrap_or(true))
    }

    /// To change metrics, data points, scopes and resources.
    pub fn edit(&mut self) -> MetricsEdit<'_> {
        MetricsEdit { tables: self.0.tables_mut(Signal::Metrics) }
    }
}

impl Tables {
    fn metrics_in(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Metric<'_>> {
        let rows = self.metrics[range].iter().filter(|row| !row.own.is_dropped);
        rows.map(|row| Metric { tables: self, row })
    }
}

impl<'a> ScopeMetrics<'a> {
    /// The metrics in order.
    pub fn metrics(&self) -> impl Iterator<Item = Metric<'a>> + use<'a> {
        self.tables.metrics_in(self.tables.scopes[self.index].children.range())
    }
}

impl<'a> Metric<'a> {
    /// Its name.
    pub fn name(&self) -> Text<'a> {
        self.message().text(1)
    }

    /// What it tells.
    pub fn description(&self) -> Text<'a> {
        self.message().text(2)
    }

    /// The unit of its values.
    pub fn unit(&self) -> Text<'a> {
        self.message().text(3)
    }

    /// What else is known about it.
    pub fn metadata(&self) -> Attributes<'a> {
        self.message().attributes()
    }

    /// What its points are.
    pub fn kind(&self) -> MetricKind {
        match self.row.data_number {
            GAUGE => MetricKind::Gauge,
            SUM => MetricKind::Sum,
            HISTOGRAM => MetricKind::Histogram,
            EXPONENTIAL_HISTOGRAM => MetricKind::ExponentialHistogram,
            SUMMARY => MetricKind::Summary,
            _ => MetricKind::Empty,
        }
    }

    /// 0 unspecified, 1 delta, 2 cumulative; of sums and histograms.
    pub fn temporality(&self) -> i32 {
        match self.kind() {
            MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram => {
                self.row.temporality
            }
            MetricKind::Empty | MetricKind::Gauge | MetricKind::Summary => 0,
        }
    }

    /// Whether it never goes down; of sums.
    pub fn is_monotonic(&self) -> bool {
        self.kind() == MetricKind::Sum && self.row.is_monotonic
    }

    /// Its data points.
    pub fn points(&self) -> impl Iterator<Item = Point<'a>> + use<'a> {
        let Self { tables, row } = *self;
        let kind = self.kind();
        let rows = tables.items[row.children.range()].iter().filter(|row| !row.is_dropped);
        rows.map(move |row| Point::new(Message { tables, row }, kind))
    }

    /// The scope that produced it.
    pub fn scope(&self) -> Scope<'a> {
        Scope::new(self.tables, self.row.parent as usize)
    }

    /// The resource that sent it.
    pub fn resource(&self) -> Resource<'a> {
        self.scope().resource()
    }

    fn message(&self) -> Message<'a> {
        Message { tables: self.tables, row: &self.row.own }
    }
}

/// The number of the field `attributes` in the points of such data.
pub(super) fn attributes_number(data_number: u32) -> u32 {
    match data_number {
        HISTOGRAM => 9,
        EXPONENTIAL_HISTOGRAM => 1,
        _ => 7,
    }
}
