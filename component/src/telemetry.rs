//! The collector's own metrics: counted without a shared lock or cache line, read when somebody scrapes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::sharded::Sharded;

/// A sum that only grows. Cheap to clone; all clones are one sum.
#[derive(Clone, Debug)]
pub struct Counter(Arc<CounterInner>);

#[derive(Debug)]
struct CounterInner {
    slots: Sharded<AtomicU64>,
    used: AtomicBool,
}

impl Default for Counter {
    fn default() -> Counter {
        Counter(Arc::new(CounterInner { slots: Sharded::new(), used: AtomicBool::new(false) }))
    }
}

impl Counter {
    /// Adds `amount`; adding 0 makes the series appear.
    pub fn add(&self, amount: u64) {
        if !self.0.used.load(Ordering::Relaxed) {
            self.0.used.store(true, Ordering::Relaxed);
        }
        self.0.slots.mine().fetch_add(amount, Ordering::Relaxed);
    }

    /// The sum now.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.slots.all().map(|slot| slot.load(Ordering::Relaxed)).sum()
    }

    fn is_used(&self) -> bool {
        self.0.used.load(Ordering::Relaxed)
    }
}

/// A value that goes up and down. Cheap to clone; all clones are one value.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Adds `amount`, which may be negative.
    pub fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Sets the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often values fell into each bucket. Cheap to clone; all clones are one histogram.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<HistogramInner>);

#[derive(Debug)]
struct HistogramInner {
    bounds: Vec<f64>,
    /// One more than there are bounds.
    buckets: Vec<Counter>,
    /// The sum of all values, as the bits of an `f64` for each thread.
    sum: Sharded<AtomicU64>,
}

impl Histogram {
    /// A histogram with these upper bounds, in rising order.
    #[must_use]
    pub fn new(bounds: &[f64]) -> Histogram {
        let buckets = (0..=bounds.len()).map(|_| Counter::default()).collect();
        Histogram(Arc::new(HistogramInner { bounds: bounds.to_vec(), buckets, sum: Sharded::new() }))
    }

    /// Counts one value.
    pub fn record(&self, value: f64) {
        let bucket = self.0.bounds.partition_point(|bound| *bound < value);
        self.0.buckets[bucket].add(1);
        let add = |bits: u64| Some((f64::from_bits(bits) + value).to_bits());
        // The closure never returns `None`, so there is no error to handle.
        let _ = self.0.sum.mine().fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    fn read(&self) -> Value {
        let counts = self.0.buckets.iter().map(Counter::value).collect();
        let sum = self.0.sum.all().map(|bits| f64::from_bits(bits.load(Ordering::Relaxed))).sum();
        Value::Histogram { bounds: self.0.bounds.clone(), counts, sum }
    }

    fn is_used(&self) -> bool {
        self.0.buckets.iter().any(Counter::is_used)
    }
}

/// What a metric measures, as the Prometheus text format names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the format's")]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric with all its series, as read at one moment.
#[derive(Clone, Debug)]
pub struct Family {
    /// The bare name: `otelcol_exporter_sent_spans`.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Its UCUM unit: `s`, `By`, `{spans}`.
    pub unit: &'static str,
    /// What it measures.
    pub kind: MetricKind,
    /// Its series.
    pub samples: Vec<Sample>,
}

/// One series at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Names and values, in the order of registration.
    pub labels: Labels,
    /// The value.
    pub value: Value,
}

/// Names and values of a series' labels.
pub type Labels = Vec<(&'static str, String)>;

/// The value of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram.
    Histogram {
        /// Upper bounds.
        bounds: Vec<f64>,
        /// How many values fell into each bucket, one more than there are bounds; not cumulative.
        counts: Vec<u64>,
        /// The sum of all values.
        sum: f64,
    },
}

/// All metrics of the process. Cheap to clone; all clones are one registry.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Registered>>>);

struct Registered {
    help: &'static str,
    unit: &'static str,
    kind: MetricKind,
    series: Vec<(Labels, Source)>,
    /// Series that are known only when somebody scrapes, by the name of who knows them.
    open: BTreeMap<&'static str, Box<dyn Fn() -> Vec<Sample> + Send + Sync>>,
}

enum Source {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
    /// Asked when somebody scrapes; `None` hides the series.
    Ask(Box<dyn Fn() -> Option<f64> + Send + Sync>),
}

/// What a metric is, apart from its series.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// The bare name.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Its UCUM unit.
    pub unit: &'static str,
}

impl Metrics {
    /// The counter with these labels; the same one when it has been asked for before.
    #[must_use]
    pub fn counter(&self, what: Description, labels: Labels) -> Counter {
        let mut families = self.0.lock();
        let family = family(&mut families, what, MetricKind::Counter);
        if let Some((_, Source::Counter(known))) = family.series.iter().find(|(known, _)| *known == labels) {
            return known.clone();
        }
        let counter = Counter::default();
        family.series.push((labels, Source::Counter(counter.clone())));
        counter
    }

    /// The gauge with these labels; the same one when it has been asked for before.
    #[must_use]
    pub fn gauge(&self, what: Description, labels: Labels) -> Gauge {
        let mut families = self.0.lock();
        let family = family(&mut families, what, MetricKind::Gauge);
        if let Some((_, Source::Gauge(known))) = family.series.iter().find(|(known, _)| *known == labels) {
            return known.clone();
        }
        let gauge = Gauge::default();
        family.series.push((labels, Source::Gauge(gauge.clone())));
        gauge
    }

    /// The histogram with these labels; the same one when it has been asked for before.
    #[must_use]
    pub fn histogram(&self, what: Description, labels: Labels, bounds: &[f64]) -> Histogram {
        let mut families = self.0.lock();
        let family = family(&mut families, what, MetricKind::Histogram);
        if let Some((_, Source::Histogram(known))) = family.series.iter().find(|(known, _)| *known == labels)
        {
            return known.clone();
        }
        let histogram = Histogram::new(bounds);
        family.series.push((labels, Source::Histogram(histogram.clone())));
        histogram
    }

    /// Registers a series whose value is asked for when somebody scrapes; it replaces one with the same labels.
    pub fn ask<F>(&self, what: Description, kind: MetricKind, labels: Labels, value: F)
    where
        F: Fn() -> Option<f64> + Send + Sync + 'static,
    {
        let mut families = self.0.lock();
        let family = family(&mut families, what, kind);
        family.series.retain(|(known, _)| *known != labels);
        family.series.push((labels, Source::Ask(Box::new(value))));
    }

    /// Registers `who` to say all its series of this metric when somebody scrapes; it replaces what `who` registered
    /// before.
    pub fn ask_all<F>(&self, what: Description, kind: MetricKind, who: &'static str, samples: F)
    where
        F: Fn() -> Vec<Sample> + Send + Sync + 'static,
    {
        let mut families = self.0.lock();
        family(&mut families, what, kind).open.insert(who, Box::new(samples));
    }

    /// All metrics now, by name. A counter or histogram that was never used is left out, as the Go Collector does.
    #[must_use]
    pub fn read(&self) -> Vec<Family> {
        let families = self.0.lock();
        let read = families.iter().map(|(name, registered)| registered.read(name));
        read.filter(|family| !family.samples.is_empty()).collect()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("families", &self.0.lock().len()).finish()
    }
}

impl Registered {
    fn read(&self, name: &'static str) -> Family {
        let samples = self
            .series
            .iter()
            .filter_map(|(labels, source)| Some(Sample { labels: labels.clone(), value: source.read()? }));
        let samples = samples.chain(self.open.values().flat_map(|samples| samples())).collect();
        Family { name, help: self.help, unit: self.unit, kind: self.kind, samples }
    }
}

impl Source {
    #[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
    fn read(&self) -> Option<Value> {
        match self {
            Source::Counter(counter) => counter.is_used().then(|| Value::Number(counter.value() as f64)),
            Source::Gauge(gauge) => Some(Value::Number(gauge.value() as f64)),
            Source::Histogram(histogram) => histogram.is_used().then(|| histogram.read()),
            Source::Ask(value) => value().map(Value::Number),
        }
    }
}

fn family<'a>(
    families: &'a mut BTreeMap<&'static str, Registered>,
    what: Description,
    kind: MetricKind,
) -> &'a mut Registered {
    let Description { name, help, unit } = what;
    families.entry(name).or_insert_with(|| Registered {
        help,
        unit,
        kind,
        series: Vec::new(),
        open: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests;
