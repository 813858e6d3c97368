//! Reading a page: every sample finds its series, and its value the point.

use std::sync::Arc;

use otlp::write::Writer;

use super::cache::{Cache, Fate, MetricKey, Series, name_of};
use super::families::Meaning;
use super::labels::{Fault, NAME, labels};
use super::point::Placed;
use super::replay::{Recorded, Recording};
use super::role::{Misfit, Part, Shape, attribute, attributes, has_scope, role, scope, trimmed};
use super::settings::{BadLine, BadLines, DESCRIBED_LINES, Outcome};
use super::table::NOWHERE;
use super::{Context, nanos};
use crate::prometheus::Labels;
use crate::prometheus::parse::{self, Exemplar, Kind, Line, Native, Reader, Reason, Sample};

/// The metric that describes the target itself.
const TARGET_INFO: &str = "target_info";

/// One page being read.
pub(super) struct Reading<'r> {
    pub(super) cx: &'r Context,
    pub(super) cache: &'r mut Cache,
    pub(super) outcome: &'r mut Outcome,
    pub(super) recording: &'r mut Recording,
    /// In milliseconds since 1970.
    pub(super) at: i64,
    /// The group of the target.
    pub(super) own: u32,
    /// The kind of the last TYPE line, where it matters.
    pub(super) current: Kind,
    /// The series of the last sample.
    pub(super) last: u32,
    /// How many series were used.
    pub(super) used: usize,
}

/// What a sample says.
pub(super) enum Value {
    Number(f64),
    Native(Box<Native>),
}

impl<'r> Reading<'r> {
    /// Begins a page.
    pub(super) fn new(
        cx: &'r Context,
        cache: &'r mut Cache,
        outcome: &'r mut Outcome,
        recording: &'r mut Recording,
        at: i64,
    ) -> Self {
        let own = cache.begin_page(cx);
        Reading { cx, cache, outcome, recording, at, own, current: Kind::Unknown, last: NOWHERE, used: 0 }
    }

    /// Reads a page of lines.
    pub(super) fn lines<'a>(&mut self, mut reader: impl Reader<'a>) -> Result<(), Reason> {
        loop {
            let expected = self.cache.series.get(self.expected()).map_or(&[][..], |series| &series.text);
            let verdict = match reader.next(expected) {
                None => break,
                Some(Ok(Line::Sample(sample))) => self.sample(sample, reader.dialect()),
                Some(Ok(line)) => {
                    self.note(line);
                    Ok(())
                }
                Some(Err(reason)) => Err(Fault::Line(reason)),
            };
            if let Err(fault) = verdict {
                self.fault(fault, || reader.line())?;
            }
        }
        reader.end()
    }

    /// What is said about a family.
    pub(super) fn note(&mut self, line: Line<'_>) {
        if let Line::Type { kind, .. } = &line {
            self.current = match kind {
                Kind::Histogram | Kind::Summary => *kind,
                _ => Kind::Unknown,
            };
        }
        self.cache.families.note(line);
    }

    /// Counts a line that cannot be read, unless that costs the page.
    pub(super) fn fault(&mut self, fault: Fault, line: impl FnOnce() -> usize) -> Result<(), Reason> {
        let reason = match fault {
            Fault::Line(reason) => reason,
            Fault::Page(reason) => return Err(reason),
        };
        if self.cx.settings.bad_lines == BadLines::FailTheScrape {
            return Err(format!("line {}: {reason}", line()).into());
        }
        self.outcome.bad_lines += 1;
        if self.outcome.described.len() < DESCRIBED_LINES {
            self.outcome.described.push(BadLine { line: line(), reason: reason.into() });
        }
        Ok(())
    }

    /// The series that came behind the last one on the page before.
    fn expected(&self) -> u32 {
        self.cache.series.get(self.last).map_or(self.cache.first, |last| last.next)
    }

    fn sample(&mut self, sample: Sample<'_>, dialect: parse::Dialect) -> Result<(), Fault> {
        let Sample { series: text, value, value_at, timestamp, timestamp_at, exemplar } = sample;
        let id = match self.known(text) {
            Some(id) => id,
            None => self.learn(text, parse::series(text, dialect)?, false)?,
        };
        let recorded = self.place(id, Value::Number(value), timestamp, exemplar)?;
        self.recording.add(value_at, timestamp_at, recorded);
        Ok(())
    }

    /// The series with this text, if its meaning is the same as when it was learned.
    pub(super) fn known(&mut self, text: &[u8]) -> Option<u32> {
        let expected = self.expected();
        let id = match self.cache.series.get(expected) {
            Some(series) if *series.text == *text => expected,
            _ => self.cache.series.find(text)?,
        };
        let series = self.cache.series.row(id);
        if series.page == self.cache.page {
            // What becomes of it was decided further up, and its value is there.
            return Some(id);
        }
        let (name, meaning) = (series.name, series.meaning);
        let is_same =
            series.current == self.current && (name == NOWHERE || self.cache.look_up(name) == meaning);
        is_same.then_some(id)
    }

    /// Decides what becomes of a series.
    pub(super) fn learn(
        &mut self,
        text: &[u8],
        series: parse::Series<'_>,
        is_native: bool,
    ) -> Result<u32, Fault> {
        let (name, meaning, fate) = match labels(&series, self.current, self.cx)? {
            Some(labels) => self.fate(&labels, is_native)?,
            None => (NOWHERE, Meaning::UNKNOWN, Fate::Dropped),
        };
        let (current, is_new) = (self.current, self.cache.series.find(text).is_none());
        let counts = matches!(fate, Fate::Part { .. } | Fate::Info { .. });
        self.outcome.added += usize::from(is_new && counts);
        let make = |text: &Arc<[u8]>| Series {
            text: Arc::clone(text),
            current,
            page: 0,
            next: NOWHERE,
            name,
            meaning,
            fate: fate.clone(),
        };
        let id = self.cache.series.find_or_make(text.into(), make);
        if !is_new {
            let series = self.cache.series.row_mut(id);
            (series.current, series.name, series.meaning, series.fate) = (current, name, meaning, fate);
        }
        Ok(id)
    }

    fn fate(&mut self, labels: &Labels, is_native: bool) -> Result<(u32, Meaning, Fate), Fault> {
        let own = &self.cx.target.labels;
        let or_own = |name| Some(labels.get(name)).filter(|value| !value.is_empty()).unwrap_or(own.get(name));
        let (job, instance) = (or_own("job"), or_own("instance"));
        if job.is_empty() && instance.is_empty() {
            return Err("a sample has neither a job nor an instance".into());
        }
        let name = self.cache.name(name_of(labels));
        let meaning = self.cache.names.row(name).meaning;
        if name_of(labels) == TARGET_INFO {
            let resource = self.cache.resource(job, instance);
            let mut labels = labels.clone();
            [NAME, "job", "instance"].iter().for_each(|name| labels.remove(name));
            return Ok((name, meaning, Fate::Info { resource, labels: labels.into() }));
        }
        let family = self.cache.families.get(meaning.family);
        let role = match role(labels, meaning, family, is_native) {
            Ok(role) => role,
            Err(misfit) => return Ok((name, meaning, Fate::Misfit(misfit))),
        };
        let mut metric = role.metric.as_str();
        if self.cx.settings.trim_metric_suffixes {
            metric = trimmed(metric, role.shape, family.map_or("", |family| family.unit()));
        }
        let metric = metric.to_owned();
        let group = self.group(labels, job, instance);
        let metric =
            self.cache.metric(MetricKey { group, name: metric, shape: role.shape, kind: meaning.kind });
        let point = self.cache.point(metric, attributes(labels, role.shape), role.shape);
        Ok((name, meaning, Fate::Part { point, part: role.part }))
    }

    /// The group of a sample. Nearly all are in that of the target.
    fn group(&mut self, labels: &Labels, job: &str, instance: &str) -> u32 {
        let own = self.cache.resources.row(self.cache.groups.row(self.own).resource);
        if own.job == job && own.instance == instance && !has_scope(labels) {
            return self.own;
        }
        let resource = self.cache.resource(job, instance);
        self.cache.group(resource, scope(labels, self.cx))
    }

    /// Puts a value where it belongs.
    pub(super) fn place(
        &mut self,
        id: u32,
        value: Value,
        timestamp: Option<i64>,
        exemplar: Option<Exemplar<'_>>,
    ) -> Result<Recorded, Fault> {
        let time = timestamp.filter(|_| self.cx.settings.honor_timestamps);
        let is_again = self.follow(id);
        self.outcome.scraped += 1;
        let series = self.cache.series.row(id);
        let (family, fate) = (series.meaning.family, series.fate.clone());
        if matches!(fate, Fate::Dropped) {
            return Ok(Recorded::Ignored);
        }
        self.outcome.after_relabel += 1;
        if is_again && time.is_none() {
            self.outcome.duplicates += 1;
            return Ok(Recorded::Ignored);
        }
        match fate {
            Fate::Dropped => (),
            Fate::Misfit(Misfit::Unsupported) => self.outcome.unsupported += 1,
            Fate::Misfit(Misfit::Stray(reason)) => return Err(reason.into()),
            Fate::Info { resource, labels } => {
                let resource = self.cache.use_resource(resource);
                resource.is_told = true;
                labels.iter().for_each(|(name, value)| resource.info.set(name, value));
            }
            Fate::Part { point, part } => return self.take((point, family), part, value, time, exemplar),
        }
        Ok(Recorded::Ignored)
    }

    /// Goes on to that series. Whether it was on this page already.
    fn follow(&mut self, id: u32) -> bool {
        if let Some(last) = self.cache.series.get(self.last) {
            if last.next != id {
                self.cache.series.row_mut(self.last).next = id;
            }
        } else {
            self.cache.first = id;
        }
        self.last = id;
        let page = self.cache.page;
        let series = self.cache.series.row_mut(id);
        let is_again = series.page == page;
        series.page = page;
        self.used += usize::from(!is_again);
        is_again
    }

    fn take(
        &mut self,
        (id, family): (u32, u32),
        part: Part,
        value: Value,
        time: Option<i64>,
        exemplar: Option<Exemplar<'_>>,
    ) -> Result<Recorded, Fault> {
        let point = self.cache.use_point(id, family);
        let placed = match value {
            Value::Number(value) => point.take(part, value, time),
            Value::Native(native) => point.take_native(*native, time),
        };
        match placed {
            Placed::Taken => (),
            Placed::Again => {
                self.outcome.duplicates += 1;
                if time.is_some() {
                    // With another time on the next page it would be a bad line.
                    self.recording.stop();
                }
                return Ok(Recorded::Ignored);
            }
            Placed::OtherTime => {
                return Err("its timestamp is not that of other samples of the point".into());
            }
        }
        if let Some(exemplar) = exemplar {
            self.exemplar(id, exemplar, time.unwrap_or(self.at));
        }
        Ok(Recorded::Part { point: id, part })
    }

    /// Adds an exemplar to a point; `time` is that of the sample, in milliseconds.
    pub(super) fn exemplar(&mut self, point: u32, exemplar: Exemplar<'_>, time: i64) {
        let shape = self.cache.metrics.row(self.cache.points.row(point).metric).key.shape;
        let field = match shape {
            Shape::Gauge | Shape::Counter | Shape::Sum => 5,
            Shape::Histogram => 8,
            Shape::Exponential => 11,
            Shape::Summary => return,
        };
        self.recording.stop();
        let point = self.cache.points.row_mut(point);
        let mut out = Writer::append_to(std::mem::take(&mut point.exemplars));
        write_exemplar(&mut out, field, &exemplar, nanos(exemplar.timestamp.unwrap_or(time)));
        point.exemplars = out.into_bytes();
    }
}

fn write_exemplar(out: &mut Writer, field: u32, exemplar: &Exemplar<'_>, time: u64) {
    out.message(field, |out| {
        out.fixed64(2, time);
        out.double(3, exemplar.value);
        for (name, value) in &exemplar.labels {
            match name.as_ref() {
                "trace_id" if let Some(id) = hex::<16>(value) => out.bytes(5, &id),
                "span_id" if let Some(id) = hex::<8>(value) => out.bytes(4, &id),
                name => attribute(out, 7, name, value),
            }
        }
    });
}

/// An id of exactly so many bytes.
fn hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; BYTES] = pairs.try_into().ok().filter(|_| rest.is_empty())?;
    let mut id = [0; BYTES];
    for (byte, [high, low]) in id.iter_mut().zip(pairs) {
        let digit = |letter: u8| char::from(letter).to_digit(16);
        *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
    }
    Some(id)
}
