//! Points by resource, scope and metric.

use otlp::write::Writer;

use super::known::{Known, Learned};
use super::series::Series;
use super::{Family, Type};
use crate::prometheus::names::ucum;
use crate::prometheus::remote::TYPE_KEY;
use crate::prometheus::remote::keys::Keys;

/// How many times its size a native histogram may take: one of few bytes may have many empty buckets.
const GROWTH: usize = 24;

/// What a point takes beside its attributes.
const POINT_BYTES: usize = 32;

/// What the points of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Gauge,
    /// A sum that never falls.
    Counter,
    /// A sum that may fall.
    Sum,
    Histogram,
    Exponential,
}

/// The points of one request.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Job and instance of each, with a zero byte between.
    resources: Keys,
    /// The length of the body of an `InstrumentationScope`, the body, and the URL of its schema.
    scopes: Keys,
    /// Resource, scope, shape, type and name of each.
    metrics: Keys,
    of_metrics: Vec<MetricRow>,
    points: Vec<PointRow>,
    /// The bodies of points, and what is told of metrics.
    arena: Vec<u8>,
    key: Vec<u8>,
    /// About how much may come of all.
    pub(super) max_bytes: usize,
    /// What may come of all that was taken.
    spent: usize,
    spent_on_known: usize,
}

#[derive(Debug)]
struct MetricRow {
    resource: u32,
    scope: u32,
    shape: Shape,
    kind: Type,
    /// In the arena, each empty until it is told.
    help: (usize, usize),
    unit: (usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct PointRow {
    metric: u32,
    start: usize,
    end: usize,
}

/// Where the name begins in the key of a metric.
const NAME_AT: usize = 10;

impl Rows {
    pub(super) fn new(max_bytes: usize) -> Rows {
        Rows { max_bytes, ..Rows::default() }
    }

    pub(super) fn points(&self) -> usize {
        self.points.len()
    }

    /// Whether there is room for all that a series may mean; if so, it is taken.
    pub(super) fn has_room(&mut self, series: &Series<'_>) -> bool {
        let labels = series.labels.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
        let bytes = |parts: &[&[u8]]| parts.iter().map(|part| part.len()).sum::<usize>();
        let once = series.help.len() + series.unit.len() + GROWTH * bytes(&series.histograms);
        let each = labels + POINT_BYTES;
        let spent = each.saturating_mul(series.items()).saturating_add(once + 4 * bytes(&series.exemplars));
        let spent = spent.saturating_add(self.spent);
        let is_enough = spent <= self.max_bytes && !self.metrics.is_full();
        if is_enough {
            self.spent = spent;
        }
        is_enough
    }

    /// Whether there is room for what is known of a metric from elsewhere; if so, it is taken. It has a quarter of its own,
    /// so that no series has to go for it.
    pub(super) fn has_room_for_known(&mut self, family: Family<'_>) -> bool {
        let spent = self.spent_on_known + family.help.len() + family.unit.len();
        let is_enough = spent <= self.max_bytes / 4;
        if is_enough {
            self.spent_on_known = spent;
        }
        is_enough
    }

    /// The metric of a series whose points have that shape.
    pub(super) fn metric(&mut self, series: &Series<'_>, family: Family<'_>, shape: Shape) -> u32 {
        let resource = self.resource(series);
        let scope = self.scope(series);
        let key = &mut self.key;
        key.clear();
        key.extend_from_slice(&resource.to_be_bytes());
        key.extend_from_slice(&scope.to_be_bytes());
        key.extend_from_slice(&[shape as u8, family.kind as u8]);
        key.extend_from_slice(series.label("__name__").as_bytes());
        let (metric, is_new) = self.metrics.intern(key);
        if is_new {
            let kind = family.kind;
            self.of_metrics.push(MetricRow { resource, scope, shape, kind, help: (0, 0), unit: (0, 0) });
        }
        let row = &mut self.of_metrics[metric];
        for (told, kept) in [(family.help, &mut row.help), (family.unit, &mut row.unit)] {
            if kept.0 == kept.1 && !told.is_empty() {
                *kept = (self.arena.len(), self.arena.len() + told.len());
                self.arena.extend_from_slice(told.as_bytes());
            }
        }
        metric as u32
    }

    /// Adds a point of `metric`, whose body `write` writes.
    pub(super) fn point(&mut self, metric: u32, write: impl FnOnce(&mut Writer)) {
        let start = self.arena.len();
        let mut out = Writer::append_to(std::mem::take(&mut self.arena));
        write(&mut out);
        self.arena = out.into_bytes();
        self.points.push(PointRow { metric, start, end: self.arena.len() });
    }

    fn resource(&mut self, series: &Series<'_>) -> u32 {
        self.key.clear();
        self.key.extend_from_slice(series.label("job").as_bytes());
        self.key.push(0);
        self.key.extend_from_slice(series.label("instance").as_bytes());
        self.resources.intern(&self.key).0 as u32
    }

    fn scope(&mut self, series: &Series<'_>) -> u32 {
        self.key.clear();
        self.key.extend_from_slice(&[0; 8]);
        let mut out = Writer::append_to(std::mem::take(&mut self.key));
        for (field, label) in [(1, "otel_scope_name"), (2, "otel_scope_version")] {
            let value = series.label(label);
            if !value.is_empty() {
                out.text(field, value);
            }
        }
        for (name, value) in &series.labels {
            if let Some(key) = scope_attribute(name) {
                out.message(3, |out| write_pair(out, key, value));
            }
        }
        let mut key = out.into_bytes();
        let length = (key.len() - 8) as u64;
        key[..8].copy_from_slice(&length.to_be_bytes());
        key.extend_from_slice(series.label("otel_scope_schema_url").as_bytes());
        let scope = self.scopes.intern(&key).0;
        self.key = key;
        scope as u32
    }

    /// The request.
    pub(super) fn finish(mut self, known: &Known, learned: &Learned) -> Vec<u8> {
        if !self.points.is_sorted_by_key(|row| row.metric) {
            self.points.sort_by_key(|row| row.metric);
        }
        let mut order: Vec<u32> = (0..self.of_metrics.len() as u32).collect();
        order.sort_by_key(|metric| {
            let row = &self.of_metrics[*metric as usize];
            (row.resource, row.scope)
        });
        let mut out = Writer::append_to(Vec::with_capacity(self.arena.len() + self.arena.len() / 8));
        let row = |metric: &u32| &self.of_metrics[*metric as usize];
        for of_resource in order.chunk_by(|one, other| row(one).resource == row(other).resource) {
            let mark = out.begin_sized(1, self.size_of(of_resource));
            out.message(1, |out| self.write_resource(row(&of_resource[0]).resource, known, learned, out));
            for of_scope in of_resource.chunk_by(|one, other| row(one).scope == row(other).scope) {
                let mark = out.begin_sized(2, self.size_of(of_scope));
                let schema_url = self.write_scope(row(&of_scope[0]).scope, &mut out);
                of_scope.iter().for_each(|metric| self.write_metric(*metric, &mut out));
                if !schema_url.is_empty() {
                    out.bytes(3, schema_url);
                }
                out.end(mark);
            }
            out.end(mark);
        }
        out.into_bytes()
    }

    /// About how much these metrics take: a wrong guess only moves bytes.
    fn size_of(&self, metrics: &[u32]) -> usize {
        let of = |metric: &u32| {
            let points = self.points_of(*metric);
            match (points.first(), points.last()) {
                (Some(first), Some(last)) => last.end.saturating_sub(first.start) + 64,
                _ => 0,
            }
        };
        if metrics.len() > 16 { self.arena.len() } else { metrics.iter().map(of).sum() }
    }

    fn points_of(&self, metric: u32) -> &[PointRow] {
        let start = self.points.partition_point(|row| row.metric < metric);
        let end = start + self.points[start..].partition_point(|row| row.metric == metric);
        &self.points[start..end]
    }

    fn write_resource(&self, resource: u32, known: &Known, learned: &Learned, out: &mut Writer) {
        let key = self.resources.get(resource as usize);
        let (job, instance) = key.iter().position(|byte| *byte == 0).map_or((key, &key[..0]), |at| {
            let (job, rest) = key.split_at(at);
            (job, &rest[1..])
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let target = (text(job), text(instance));
        let mut pair = |key: &str, value: &str| {
            if !value.is_empty() {
                out.message(1, |out| write_pair(out, key, value));
            }
        };
        match target.0.split_once('/') {
            // As the Go Collector: of exactly two parts the first is the namespace.
            Some((namespace, name)) if !name.contains('/') && !namespace.is_empty() && !name.is_empty() => {
                pair("service.namespace", namespace);
                pair("service.name", name);
            }
            _ => pair("service.name", &target.0),
        }
        pair("service.instance.id", &target.1);
        out.raw(learned.of_target(&target).or_else(|| known.target(&target)).unwrap_or_default());
    }

    /// Gives the URL of its schema, which stands elsewhere.
    fn write_scope(&self, scope: u32, out: &mut Writer) -> &[u8] {
        let key = self.scopes.get(scope as usize);
        let (length, rest) = key
            .split_first_chunk()
            .map_or((0, key), |(length, rest)| (u64::from_be_bytes(*length) as usize, rest));
        let (body, schema_url) = rest.split_at(length.min(rest.len()));
        if !body.is_empty() {
            out.bytes(1, body);
        }
        schema_url
    }

    fn write_metric(&self, metric: u32, out: &mut Writer) {
        let row = &self.of_metrics[metric as usize];
        let points = self.points_of(metric);
        let size = points.iter().map(|point| point.end - point.start + 3).sum::<usize>();
        let name = &self.metrics.get(metric as usize)[NAME_AT..];
        let help = &self.arena[row.help.0..row.help.1];
        let mark = out.begin_sized(2, size + name.len() + help.len() + 48);
        out.bytes(1, name);
        if !help.is_empty() {
            out.bytes(2, help);
        }
        let unit = String::from_utf8_lossy(&self.arena[row.unit.0..row.unit.1]);
        if !unit.is_empty() {
            out.text(3, &ucum(&unit));
        }
        let data = out.begin_sized(row.shape.field(), size + 4);
        for point in points {
            out.bytes(1, &self.arena[point.start..point.end]);
        }
        if row.shape != Shape::Gauge {
            // Cumulative.
            out.varint(2, 2);
        }
        if row.shape == Shape::Counter {
            out.varint(3, 1);
        }
        out.end(data);
        out.message(12, |out| write_pair(out, TYPE_KEY, row.kind.as_str()));
        out.end(mark);
    }
}

impl Shape {
    /// The number of the field of a metric that holds such data.
    fn field(self) -> u32 {
        match self {
            Shape::Gauge => 5,
            Shape::Counter | Shape::Sum => 7,
            Shape::Histogram => 9,
            Shape::Exponential => 10,
        }
    }
}

/// The attribute of a scope that a label stands for.
pub(super) fn scope_attribute(label: &str) -> Option<&str> {
    let key = label.strip_prefix("otel_scope_")?;
    (!matches!(key, "name" | "version" | "schema_url" | "")).then_some(key)
}

/// The body of a `KeyValue` with text.
pub(super) fn write_pair(out: &mut Writer, key: &str, value: &str) {
    out.text(1, key);
    out.message(2, |out| out.text(1, value));
}
