//! Points come in and become series.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, Description, MetricKind as OwnKind};
use formats::prometheus::expose::Kind;
use otlp::{Metric, MetricKind, Point, Scope};

use super::family::{Family, NotAdded, State};
use super::identity::{Identities, Identity};
use super::labels::Labelling;
use super::refused::{Losses, Reason, Refused};
use super::registry::Registry;
use super::source::{Source, Sources};

/// Bit 0 of a point's flags: its series has ended.
const NO_RECORDED_VALUE: u32 = 1;

/// Two of OTLP's temporalities; there is a third, which says nothing.
const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// Another task can add a series, or retire a family, between two looks; not again and again.
const ATTEMPTS: usize = 8;

const SERIES: Description = Description {
    name: "ferrotel_prometheus_exporter_series",
    help: "Series that are shown to Prometheus.",
    unit: "{series}",
};

/// Takes points in.
pub(super) struct Points {
    registry: Arc<Registry>,
    labelling: Labelling,
    limit: usize,
    ids: Identities,
    pub(super) sources: Sources,
    pub(super) refused: Refused,
}

/// Where a point belongs, and how to take it.
struct Place<'a> {
    source: &'a Source,
    scope: Scope<'a>,
    metric: Metric<'a>,
    metric_identity: Identity,
    /// Of all but the point's own attributes.
    identity: Identity,
    kind: Kind,
    is_delta: bool,
}

type Refusal = (Reason, Cow<'static, str>);

impl Points {
    pub(super) fn new(registry: Arc<Registry>, labelling: Labelling, limit: usize, cx: &Context) -> Points {
        let counted = Arc::downgrade(&registry);
        let labels = vec![("exporter", cx.id.to_string())];
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many series")]
        let count = move || counted.upgrade().map(|registry| registry.len() as f64);
        cx.metrics.ask(SERIES, OwnKind::Gauge, labels, count);
        Points {
            registry,
            labelling,
            limit,
            ids: Identities::default(),
            sources: Sources::default(),
            refused: Refused::new(cx),
        }
    }

    fn take_metric(
        &self,
        source: &Source,
        scope: (Scope<'_>, Identity),
        metric: Metric<'_>,
        losses: &mut Losses,
    ) {
        let name = metric.name();
        let (kind, is_delta) = match kind_of(&metric) {
            Ok(kind) => kind,
            Err(reason) => return losses.add(reason, name.as_bytes(), "".into(), metric.points().count()),
        };
        let metric_identity =
            self.ids.texts(&[name.as_bytes(), metric.unit().as_bytes(), kind.as_str().as_bytes()]);
        let identity = metric_identity.then(scope.1).then(source.identity);
        let place = Place { source, scope: scope.0, metric, metric_identity, identity, kind, is_delta };
        let mut family = None;
        for point in metric.points() {
            if let Err((reason, details)) = self.take(&place, &point, &mut family) {
                losses.add(reason, name.as_bytes(), details, 1);
            }
        }
    }

    fn take(
        &self,
        place: &Place<'_>,
        point: &Point<'_>,
        family: &mut Option<Arc<Family>>,
    ) -> Result<(), Refusal> {
        let identity = place.identity.then(self.ids.attributes(&point.attributes()));
        for _ in 0..ATTEMPTS {
            let found = match family {
                Some(found) => &*found,
                None => family.insert(self.family(place)?),
            };
            if point.flags() & NO_RECORDED_VALUE != 0 {
                found.remove(identity);
                return Ok(());
            }
            if let Some(taken) = found.update(identity, point, place.is_delta, self.registry.now()) {
                return taken.map_err(|reason| (reason, "".into()));
            }
            match self.add(place, point, identity, found) {
                Ok(()) => return Ok(()),
                Err(NotTaken::Refused(refusal)) => return Err(refusal),
                Err(NotTaken::Again) => {
                    self.registry.forget(place.metric_identity, found);
                    *family = None;
                }
            }
        }
        Err((Reason::SameSeries, "".into()))
    }

    fn family(&self, place: &Place<'_>) -> Result<Arc<Family>, Refusal> {
        let found = self.registry.family(place.metric_identity, &place.metric, place.kind);
        found.map_err(|(reason, words)| (reason, words.into()))
    }

    fn add(
        &self,
        place: &Place<'_>,
        point: &Point<'_>,
        identity: Identity,
        family: &Family,
    ) -> Result<(), NotTaken> {
        let refused = |reason| NotTaken::Refused((reason, Cow::Borrowed("")));
        if !family.has_room(self.limit) {
            return Err(refused(Reason::SeriesLimit));
        }
        let labels = self.labelling.series(place.kind, place.source, &place.scope, point);
        let labels = labels.map_err(NotTaken::Refused)?;
        let state = State::read(point, labels.len(), self.registry.now()).map_err(refused)?;
        family.add(identity, labels, state, self.limit).map_err(|error| match error {
            NotAdded::Again => NotTaken::Again,
            NotAdded::Refused(reason) => refused(reason),
        })
    }

    /// What tells scopes apart, as far as their series say it. Where they do not, the name does: a new version of a
    /// library goes on with the series of the old one.
    fn scope(&self, scope: &Scope<'_>) -> Identity {
        let (name, version, schema_url) = (scope.name(), scope.version(), scope.schema_url());
        if !self.labelling.with_scope {
            return self.ids.texts(&[name.as_bytes()]);
        }
        let texts = self.ids.texts(&[name.as_bytes(), version.as_bytes(), schema_url.as_bytes()]);
        texts.then(self.ids.attributes(&scope.attributes()))
    }
}

/// Why a point has no series yet.
enum NotTaken {
    Again,
    Refused(Refusal),
}

/// What a metric is for Prometheus, and whether its points are differences.
fn kind_of(metric: &Metric<'_>) -> Result<(Kind, bool), Reason> {
    let is_delta = match (metric.kind(), metric.temporality()) {
        (MetricKind::Gauge | MetricKind::Summary | MetricKind::Empty, _) | (_, CUMULATIVE) => false,
        (_, DELTA) => true,
        _ => return Err(Reason::NoTemporality),
    };
    let kind = match metric.kind() {
        MetricKind::Gauge if is_unknown(metric) => Kind::Untyped,
        MetricKind::Sum if metric.is_monotonic() => Kind::Counter,
        MetricKind::Sum if is_delta => return Err(Reason::DeltaOfGauge),
        MetricKind::Gauge | MetricKind::Sum | MetricKind::Empty => Kind::Gauge,
        MetricKind::Histogram | MetricKind::ExponentialHistogram => Kind::Histogram,
        MetricKind::Summary => Kind::Summary,
    };
    Ok((kind, is_delta))
}

/// Whether it was scraped from somebody who did not say what it is.
fn is_unknown(metric: &Metric<'_>) -> bool {
    let kind = metric.metadata().get("prometheus.type");
    kind.and_then(|kind| kind.as_text()).is_some_and(|kind| kind == "unknown")
}

#[async_trait]
impl Consumer for Points {
    /// What is put in its place is delivered: it is shown until a later point or its end. What cannot be shown never can,
    /// so it is left out and booked, and its neighbours are taken.
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let Some(metrics) = batch.payload.as_metrics() else {
            return Err(ConsumeError::permanent("Prometheus takes metrics only"));
        };
        let mut losses = Losses::default();
        for group in metrics.resources() {
            let tools = (&self.ids, &self.labelling, &*self.registry);
            let source = self.sources.of(&group.resource(), tools, self.limit);
            for scoped in group.scopes() {
                let scope = scoped.scope();
                let identity = self.scope(&scope);
                for metric in scoped.metrics() {
                    self.take_metric(&source, (scope, identity), metric, &mut losses);
                }
            }
        }
        self.refused.book(losses);
        Ok(())
    }
}
