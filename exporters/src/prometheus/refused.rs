//! What could not be shown, and why: booked, logged when it begins, counted by metric.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use component::{Context, Counter, Description, Trouble};
use formats::prometheus::expose::Unfit;
use otlp::Signal;
use parking_lot::Mutex;
use tokio::time::Instant;

/// How many metrics are counted by name; what others lose is counted together.
const MAX_NAMED: usize = 100;

/// Trouble of which nothing was heard for this long is over.
const QUIET: Duration = Duration::from_secs(60);

const REFUSED: Description = Description {
    name: "ferrotel_prometheus_exporter_refused_points",
    help: "Data points that could not be shown to Prometheus.",
    unit: "{datapoints}",
};

/// Why a point is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reason {
    /// Its series has a later one.
    Older,
    /// It covers time that its series has counted already.
    Overlap,
    /// It is a difference of a sum that may fall.
    DeltaOfGauge,
    /// It does not say whether it is a difference.
    NoTemporality,
    /// Its metric's name, or a label's, has no letter that Prometheus allows.
    Name,
    /// Its metric's name belongs to a metric of another kind.
    NameTaken,
    /// Two of its labels have one name, or one has a name that is not its to have.
    LabelTaken,
    /// Another series has the same name and labels.
    SameSeries,
    /// Its metric has as many series as it may have.
    SeriesLimit,
    /// There is nothing like it in Prometheus.
    Unfit(Unfit),
}

impl Reason {
    /// For the books.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Reason::Older => "older than what is shown",
            Reason::Overlap => "covers time that was counted before",
            Reason::DeltaOfGauge => "a difference of a sum that may fall",
            Reason::NoTemporality => "no aggregation temporality",
            Reason::Name => "a name without a letter that Prometheus allows",
            Reason::NameTaken => "its name belongs to another metric",
            Reason::LabelTaken => "two of its labels have one name",
            Reason::SameSeries => "another series has the same labels",
            Reason::SeriesLimit => "series limit",
            Reason::Unfit(unfit) => unfit.as_str(),
        }
    }
}

/// What one batch lost.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

#[derive(Debug)]
struct Loss {
    reason: Reason,
    metric: String,
    /// More about the first of these points.
    details: Cow<'static, str>,
    points: usize,
}

impl Losses {
    pub(super) fn add(&mut self, reason: Reason, metric: &[u8], details: Cow<'static, str>, points: usize) {
        let is_same = |loss: &&mut Loss| loss.reason == reason && loss.metric.as_bytes() == metric;
        match self.0.iter_mut().rev().take(8).find(is_same) {
            Some(loss) => loss.points += points,
            None => {
                let metric = String::from_utf8_lossy(metric).into_owned();
                self.0.push(Loss { reason, metric, details, points });
            }
        }
    }
}

/// All that was lost so far.
pub(super) struct Refused {
    cx: Context,
    troubles: Mutex<HashMap<Reason, (Trouble, Instant)>>,
    counters: Mutex<HashMap<(String, Reason), Counter>>,
}

impl Refused {
    pub(super) fn new(cx: &Context) -> Refused {
        Refused { cx: cx.clone(), troubles: Mutex::default(), counters: Mutex::default() }
    }

    /// Books what a batch lost; the batch as a whole is acknowledged.
    pub(super) fn book(&self, losses: Losses) {
        for Loss { reason, metric, details, points } in losses.0 {
            self.cx.left_out(Signal::Metrics, points, reason.as_str());
            let why = match details.as_ref() {
                "" => format!("metric `{metric}`: {}", reason.as_str()),
                details => format!("metric `{metric}`: {}: {details}", reason.as_str()),
            };
            self.report(reason, points, &why);
            self.counter(metric, reason).add(points as u64);
        }
    }

    /// Says which trouble is over.
    pub(super) fn settle(&self) {
        self.troubles.lock().retain(|_, (trouble, last)| {
            let goes_on = last.elapsed() < QUIET;
            if !goes_on {
                trouble.over();
            }
            goes_on
        });
    }

    fn report(&self, reason: Reason, points: usize, why: &str) {
        let mut troubles = self.troubles.lock();
        let (trouble, last) = troubles.entry(reason).or_insert_with(|| {
            (
                Trouble::new(self.cx.id.to_string(), "data points cannot be shown to Prometheus"),
                Instant::now(),
            )
        });
        *last = Instant::now();
        trouble.report(points, &why);
    }

    fn counter(&self, metric: String, reason: Reason) -> Counter {
        let mut counters = self.counters.lock();
        let is_named = counters.len() < MAX_NAMED || counters.contains_key(&(metric.clone(), reason));
        let metric = if is_named { metric } else { "other".to_owned() };
        let make = |metric: String| {
            let labels = vec![
                ("exporter", self.cx.id.to_string()),
                ("metric", metric),
                ("reason", reason.as_str().to_owned()),
            ];
            self.cx.metrics.counter(REFUSED, labels)
        };
        counters.entry((metric.clone(), reason)).or_insert_with(|| make(metric)).clone()
    }
}
