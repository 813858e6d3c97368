//! Writing the points of a page as an OTLP request.
//!
//! Points are written first, one metric's behind the other, and then put into their frames, whose lengths are known by
//! then. Numbers that may differ on the next page have a fixed width and stand at the end of their point, so that it is
//! known where they lie (see `replay.rs`).

use std::ops::Range;

use otlp::wire::varint::varint_len;
use otlp::write::Writer;

use super::cache::{Cache, Metric};
use super::families::Families;
use super::point::{Data, Parts, Point};
use super::report::{Report, ReportLine};
use super::role::{Shape, attribute};
use super::settings::Outcome;
use super::table::NOWHERE;
use super::{Context, nanos};
use crate::prometheus::names::ucum;
use crate::prometheus::parse::{Native, Side};

/// A metric in the bytes of all points.
struct Run {
    header: Range<usize>,
    points: Range<usize>,
    shape: Shape,
    /// [`NOWHERE`] for one of the report.
    metric: u32,
}

/// A scope, and its runs.
struct Section {
    group: u32,
    runs: Range<usize>,
    length: usize,
}

/// A resource, and its sections.
struct Chapter {
    resource: u32,
    sections: Range<usize>,
    length: usize,
}

/// A request in the making.
struct Request {
    flat: Writer,
    runs: Vec<Run>,
    sections: Vec<Section>,
    chapters: Vec<Chapter>,
    points: usize,
    /// The time of points that have none of their own, in milliseconds.
    at: i64,
}

/// Writes the points of a page, and the report into the group `own`.
pub(super) fn write(
    cache: &mut Cache,
    report: &Report,
    own: u32,
    at: i64,
    cx: &Context,
    outcome: &mut Outcome,
) {
    let (runs, sections, chapters) = (Vec::new(), Vec::new(), Vec::new());
    let flat = Writer::append_to(Vec::with_capacity(cache.points.len() * 128));
    let mut request = Request { flat, runs, sections, chapters, points: 0, at };
    for resource in std::mem::take(&mut cache.order) {
        let first = request.sections.len();
        let groups = std::mem::take(&mut cache.resources.row_mut(resource).groups);
        groups.iter().for_each(|group| request.section(cache, *group, report, own));
        cache.resources.row_mut(resource).groups = groups;
        request.chapter(cache, resource, first, cx);
        cache.order.push(resource);
    }
    outcome.points = request.points;
    outcome.metrics = request.assemble(cache);
}

impl Request {
    fn section(&mut self, cache: &mut Cache, group: u32, report: &Report, own: u32) {
        let first = self.runs.len();
        let metrics = std::mem::take(&mut cache.groups.row_mut(group).metrics);
        metrics.iter().for_each(|metric| self.metric(cache, *metric));
        if group == own {
            report.lines.iter().for_each(|line| self.report(line, report));
        }
        let row = cache.groups.row_mut(group);
        row.metrics = metrics;
        let length =
            row.scope.len() + self.runs[first..].iter().map(|run| tagged(run.length())).sum::<usize>();
        if first < self.runs.len() {
            self.sections.push(Section { group, runs: first..self.runs.len(), length });
        }
    }

    fn chapter(&mut self, cache: &mut Cache, resource: u32, first: usize, cx: &Context) {
        let row = cache.resources.row_mut(resource);
        if row.body.is_empty() || cache.is_read {
            row.body = super::resource::body(&row.job, &row.instance, &row.info, cx);
        }
        let sections = &self.sections[first..];
        let length =
            tagged(row.body.len()) + sections.iter().map(|section| tagged(section.length)).sum::<usize>();
        if !sections.is_empty() {
            self.chapters.push(Chapter { resource, sections: first..self.sections.len(), length });
        }
    }

    fn metric(&mut self, cache: &mut Cache, id: u32) {
        let Cache { metrics, points, families, page, .. } = cache;
        let metric = metrics.row_mut(id);
        // A metric of which nothing is left ends as what it was.
        if metric.points.iter().any(|id| points.row(*id).is_ready) {
            set_header(metric, families);
        }
        let header = self.flat.len();
        self.flat.raw(&metric.header);
        let start = self.flat.len();
        for id in &metric.points {
            let point = points.row_mut(*id);
            if point.is_ready || point.is_stale {
                let time = nanos(point.time.filter(|_| !point.is_stale).unwrap_or(self.at));
                write_point(&mut self.flat, point, metric.key.shape, time);
                point.end = self.flat.len();
                point.is_timed = point.time.is_some();
                point.written = if point.is_ready { *page } else { 0 };
                self.points += 1;
            }
        }
        if start < self.flat.len() {
            let points = start..self.flat.len();
            self.runs.push(Run { header: header..start, points, shape: metric.key.shape, metric: id });
        }
    }

    fn report(&mut self, line: &ReportLine, report: &Report) {
        let header = self.flat.len();
        write_header(&mut self.flat, line.name, line.description, line.unit, "gauge");
        let start = self.flat.len();
        let time = nanos(self.at);
        self.flat.message(1, |out| {
            out.raw(&report.attributes);
            if report.is_stale {
                out.varint(8, 1);
            } else {
                out.double(4, line.value);
            }
            out.fixed64(3, time);
        });
        self.points += 1;
        let points = start..self.flat.len();
        self.runs.push(Run { header: header..start, points, shape: Shape::Gauge, metric: NOWHERE });
    }

    /// Puts the frames around the points.
    fn assemble(&self, cache: &mut Cache) -> Vec<u8> {
        let length = self.chapters.iter().map(|chapter| tagged(chapter.length)).sum();
        let mut out = Writer::append_to(Vec::with_capacity(length));
        cache.report_ends.clear();
        for chapter in &self.chapters {
            out.header(1, chapter.length);
            out.bytes(1, &cache.resources.row(chapter.resource).body);
            for section in &self.sections[chapter.sections.clone()] {
                out.header(2, section.length);
                out.raw(&cache.groups.row(section.group).scope);
                for run in &self.runs[section.runs.clone()] {
                    let shift = self.run(run, &mut out);
                    match run.metric {
                        NOWHERE => cache.report_ends.push(out.len()),
                        metric => cache.metrics.row_mut(metric).shift = shift,
                    }
                }
            }
        }
        debug_assert_eq!(out.len(), length, "lengths are counted as they are written");
        out.into_bytes()
    }

    /// Writes a metric. By how much its points moved.
    fn run(&self, run: &Run, out: &mut Writer) -> usize {
        let flat = self.flat.as_slice();
        out.header(2, run.length());
        out.raw(&flat[run.header.clone()]);
        out.header(run.shape.field(), run.data_length());
        out.raw(run.shape.properties());
        let shift = out.len().wrapping_sub(run.points.start);
        out.raw(&flat[run.points.clone()]);
        shift
    }
}

impl Run {
    fn length(&self) -> usize {
        self.header.len() + tagged(self.data_length())
    }

    fn data_length(&self) -> usize {
        self.shape.properties().len() + self.points.len()
    }
}

impl Shape {
    /// What stands beside the points: the temporality, which is cumulative, and whether a sum never falls.
    fn properties(self) -> &'static [u8] {
        match self {
            Shape::Gauge | Shape::Summary => b"",
            Shape::Counter => b"\x10\x02\x18\x01",
            Shape::Sum | Shape::Histogram | Shape::Exponential => b"\x10\x02",
        }
    }
}

/// How long a field with a length is, by the length of its body.
fn tagged(length: usize) -> usize {
    1 + varint_len(length as u64) + length
}

/// What stands in front of a metric's data, by what this page says about it.
fn set_header(metric: &mut Metric, families: &Families) {
    let family = families.get(metric.family).filter(|family| families.is_current(family));
    let (help, unit) = family.map_or(("", ""), |family| (family.help(), family.unit()));
    metric.header.clear();
    let mut out = Writer::append_to(std::mem::take(&mut metric.header));
    write_header(&mut out, &metric.key.name, help, &ucum(unit), metric.key.kind.as_str());
    metric.header = out.into_bytes();
}

fn write_header(out: &mut Writer, name: &str, description: &str, unit: &str, kind: &str) {
    out.text(1, name);
    if !description.is_empty() {
        out.text(2, description);
    }
    if !unit.is_empty() {
        out.text(3, unit);
    }
    attribute(out, 12, "prometheus.type", kind);
}

fn write_point(out: &mut Writer, point: &Point, shape: Shape, time: u64) {
    let expected = point.attributes.len() + point.exemplars.len() + 40;
    let mark = out.begin_sized(1, expected);
    out.raw(&point.attributes);
    if point.is_stale {
        write_stale(out, point, shape);
    } else {
        out.raw(&point.exemplars);
        match &point.data {
            Data::Number(value) => out.double(4, value.unwrap_or_default()),
            Data::Histogram(parts) => write_histogram(out, parts),
            Data::Summary(parts) => write_summary(out, parts),
            Data::Exponential(native) => native.iter().for_each(|native| write_native(out, native)),
        }
        if point.start > 0 {
            out.fixed64(2, point.start);
        }
    }
    out.fixed64(3, time);
    out.end(mark);
}

/// There is no value any more. A histogram keeps its bounds.
fn write_stale(out: &mut Writer, point: &Point, shape: Shape) {
    match shape {
        Shape::Gauge | Shape::Counter | Shape::Sum | Shape::Summary => out.varint(8, 1),
        Shape::Histogram | Shape::Exponential => out.varint(10, 1),
    }
    if let Data::Histogram(parts) = &point.data {
        let bounds = write_bounds(out, parts);
        out.header(6, 8 * (bounds + 1));
        (0..=bounds).for_each(|_| out.raw(&[0; 8]));
    }
}

fn write_histogram(out: &mut Writer, parts: &Parts) {
    let bounds = write_bounds(out, parts);
    let count = parts.count.unwrap_or_default() as u64;
    out.header(6, 8 * (bounds + 1));
    let mut below = 0;
    for (_, cumulative) in &parts.list[..bounds] {
        let cumulative = *cumulative as u64;
        out.raw(&(cumulative - below).to_le_bytes());
        below = cumulative;
    }
    out.raw(&(count - below).to_le_bytes());
    parts.sum.iter().for_each(|sum| out.double(5, *sum));
    out.fixed64(4, count);
}

/// Writes the finite bounds. How many there are.
fn write_bounds(out: &mut Writer, parts: &Parts) -> usize {
    let bounds = parts.finite();
    if bounds > 0 {
        out.header(7, 8 * bounds);
    }
    parts.list[..bounds].iter().for_each(|(bound, _)| out.raw(&bound.to_le_bytes()));
    bounds
}

fn write_summary(out: &mut Writer, parts: &Parts) {
    for (quantile, value) in &parts.list {
        out.message(6, |out| {
            out.double(1, *quantile);
            out.double(2, *value);
        });
    }
    out.double(5, parts.sum.unwrap_or_default());
    out.fixed64(4, parts.count.unwrap_or_default() as u64);
}

fn write_native(out: &mut Writer, native: &Native) {
    out.varint(6, otlp::wire::varint::zigzag(native.schema.into()));
    out.fixed64(7, native.zero_count);
    out.double(14, native.zero_threshold);
    write_side(out, 8, &native.positive);
    write_side(out, 9, &native.negative);
    out.double(5, native.sum);
    out.fixed64(4, native.count);
}

fn write_side(out: &mut Writer, field: u32, side: &Side) {
    if side.is_empty() {
        return;
    }
    out.message(field, |out| {
        out.varint(1, otlp::wire::varint::zigzag(side.offset().into()));
        let length: usize = side.counts().map(varint_len).sum();
        out.header(2, length);
        side.counts().for_each(|count| out.raw_varint(count));
    });
}
