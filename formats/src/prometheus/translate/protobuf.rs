//! Reading families in protobuf: each metric becomes samples as it would as text.

use std::borrow::Cow;

use super::labels::Fault;
use super::reading::{Reading, Value};
use super::replay::Recorded;
use crate::prometheus::parse::proto::{self, Data, Family, Histogram, Metric};
use crate::prometheus::parse::{Exemplar, Kind, Line, Native, Reason, Series, Text, number};
use crate::prometheus::spread::{TOO_WIDE, is_too_wide};

/// A sample of a metric: what distinguishes it from the others.
#[derive(Clone, Copy)]
struct Member {
    suffix: &'static str,
    /// A label and its value: a bound or a quantile.
    label: Option<(&'static str, f64)>,
    is_native: bool,
}

impl Member {
    const VALUE: Member = Member::of("");
    const COUNT: Member = Member::of("_count");
    const SUM: Member = Member::of("_sum");
    const NATIVE: Member = Member { is_native: true, ..Member::VALUE };

    const fn of(suffix: &'static str) -> Member {
        Member { suffix, label: None, is_native: false }
    }

    fn bucket(bound: f64) -> Member {
        Member { label: Some(("le", bound)), ..Member::of("_bucket") }
    }

    fn quantile(quantile: f64) -> Member {
        Member { label: Some(("quantile", quantile)), ..Member::VALUE }
    }
}

impl Reading<'_> {
    /// Reads a page of families.
    pub(super) fn families(&mut self, page: &[u8]) -> Result<(), Reason> {
        self.recording.stop();
        let mut rest = page;
        let mut number = 0;
        while !rest.is_empty() {
            let body;
            (body, rest) = proto::split(rest)?;
            number += 1;
            match proto::family(body) {
                Ok(family) => self.family(&family, number)?,
                Err(reason) => self.fault(Fault::Line(reason), || number)?,
            }
        }
        Ok(())
    }

    fn family(&mut self, family: &Family<'_>, number: usize) -> Result<(), Reason> {
        let name = || Cow::Borrowed(family.name);
        self.note(Line::Type { family: name(), kind: family.kind });
        self.note(Line::Help { family: name(), text: family.help.into() });
        if !family.unit.is_empty() {
            self.note(Line::Unit { family: name(), unit: family.unit.into() });
        }
        for metric in family.metrics() {
            let verdict = metric.map_err(Fault::Line).and_then(|metric| self.metric(family, metric));
            if let Err(fault) = verdict {
                self.fault(fault, || number)?;
            }
        }
        Ok(())
    }

    fn metric(&mut self, family: &Family<'_>, metric: Metric<'_>) -> Result<(), Fault> {
        let Metric { labels, timestamp, data, created } = metric;
        let mut from = Source { family, labels: &labels, timestamp, created, point: None };
        match data {
            Data::Number { value, exemplar } => self.member(&mut from, Member::VALUE, value, exemplar)?,
            Data::Summary { count, sum, quantiles } => {
                from.check_width(quantiles.len())?;
                self.member(&mut from, Member::COUNT, count, None)?;
                self.member(&mut from, Member::SUM, sum, None)?;
                for (quantile, value) in quantiles {
                    self.member(&mut from, Member::quantile(quantile), value, None)?;
                }
            }
            Data::Histogram(histogram) => return self.histogram(&mut from, *histogram),
        }
        self.start(&from);
        Ok(())
    }

    fn histogram(&mut self, from: &mut Source<'_>, histogram: Histogram<'_>) -> Result<(), Fault> {
        let Histogram { count, sum, buckets, native, exemplars } = histogram;
        let settings = &self.cx.settings;
        let native = native.filter(|_| settings.native_histograms);
        let is_classic = native.is_none() || (settings.always_classic_histograms && !buckets.is_empty());
        if let Some(native) = native {
            self.native(from, native, exemplars)?;
            self.start(from);
        }
        if !is_classic {
            return Ok(());
        }
        from.check_width(buckets.len())?;
        self.member(from, Member::COUNT, count, None)?;
        self.member(from, Member::SUM, sum, None)?;
        let has_infinite = buckets.iter().any(|bucket| bucket.bound == f64::INFINITY);
        for bucket in buckets {
            self.member(from, Member::bucket(bucket.bound), bucket.cumulative, bucket.exemplar)?;
        }
        if !has_infinite {
            self.member(from, Member::bucket(f64::INFINITY), count, None)?;
        }
        self.start(from);
        Ok(())
    }

    fn native(
        &mut self,
        from: &mut Source<'_>,
        mut native: Native,
        exemplars: Vec<Exemplar<'_>>,
    ) -> Result<(), Fault> {
        let settings = &self.cx.settings;
        native.limit_factor(settings.min_bucket_factor);
        if !native.limit_buckets(settings.bucket_limit) {
            let (name, limit) = (from.family.name, settings.bucket_limit);
            let reason = format!("`{name}` has more buckets than native_histogram_bucket_limit {limit}");
            return Err(Fault::Page(reason.into()));
        }
        let id = self.series_of(from, Member::NATIVE)?;
        let recorded = self.place(id, Value::Native(native.into()), from.timestamp, None)?;
        from.point = point_of(recorded);
        // Without a time of its own nothing tells an exemplar from that of the last scrape.
        for exemplar in exemplars.into_iter().filter(|exemplar| exemplar.timestamp.is_some()) {
            if let Some(point) = from.point {
                self.exemplar(point, exemplar, self.at);
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        from: &mut Source<'_>,
        member: Member,
        value: f64,
        exemplar: Option<Exemplar<'_>>,
    ) -> Result<(), Fault> {
        let id = self.series_of(from, member)?;
        let recorded = self.place(id, Value::Number(value), from.timestamp, exemplar)?;
        from.point = point_of(recorded);
        Ok(())
    }

    /// The series of a sample. What stands for its text is whatever makes it what it is.
    fn series_of(&mut self, from: &Source<'_>, member: Member) -> Result<u32, Fault> {
        let mut text = vec![u8::from(member.is_native)];
        let (label, number) = member.label.unwrap_or_default();
        text.extend_from_slice(&number.to_bits().to_le_bytes());
        for part in [from.family.name.as_bytes(), member.suffix.as_bytes(), label.as_bytes()] {
            text.extend_from_slice(part);
            text.push(0xff);
        }
        for label in from.labels {
            text.extend_from_slice(&(label.len() as u64).to_le_bytes());
            text.extend_from_slice(label);
        }
        match self.known(&text) {
            Some(id) => Ok(id),
            None => self.learn(&text, from.series(member)?, member.is_native),
        }
    }

    /// Says when counting began, if that is known.
    fn start(&mut self, from: &Source<'_>) {
        if let Some(point) = from.point.filter(|_| from.created > 0 && from.family.kind != Kind::Gauge) {
            self.cache.points.row_mut(point).start = from.created;
        }
    }
}

/// Where samples of a metric come from.
struct Source<'s> {
    family: &'s Family<'s>,
    labels: &'s [&'s [u8]],
    timestamp: Option<i64>,
    created: u64,
    /// The point that the last sample is a part of.
    point: Option<u32>,
}

impl<'s> Source<'s> {
    /// Its labels are a part of the series of each bucket or quantile.
    fn check_width(&self, parts: usize) -> Result<(), Fault> {
        let labels = self.labels.iter().map(|label| label.len()).sum();
        if is_too_wide(labels, parts) {
            return Err(Fault::Line(format!("`{}`: {TOO_WIDE}", self.family.name).into()));
        }
        Ok(())
    }

    fn series(&self, member: Member) -> Result<Series<'s>, Reason> {
        let labels = self.labels.iter().map(|label| proto::label(label));
        let mut labels = labels.collect::<Result<Vec<(Text<'s>, Text<'s>)>, Reason>>()?;
        if let Some((label, value)) = member.label {
            labels.push((label.into(), number::canonical(value).into()));
        }
        let name = match member.suffix {
            "" => Cow::Borrowed(self.family.name),
            suffix => format!("{}{suffix}", self.family.name).into(),
        };
        Ok(Series { name, labels })
    }
}

fn point_of(recorded: Recorded) -> Option<u32> {
    match recorded {
        Recorded::Part { point, .. } => Some(point),
        Recorded::Ignored => None,
    }
}
