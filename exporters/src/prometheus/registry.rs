//! The families, by name, and which OTLP metric belongs to which.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use formats::prometheus::expose::Kind;
use formats::prometheus::names::{self, Names};
use otlp::Metric;
use parking_lot::RwLock;
use tokio::time::Instant;

use super::config::Own;
use super::family::Family;
use super::identity::Identity;
use super::refused::Reason;

/// The help of `target_info`.
const TARGET_HELP: &str = "Target metadata";

/// Metrics whose families are remembered. Many names become one (`a.b`, `a..b`), so these are bounded for themselves.
const MAX_KNOWN: usize = 100_000;

/// All families.
#[derive(Debug)]
pub(super) struct Registry {
    names: Names,
    target_info: String,
    /// Whether pages may be OpenMetrics, where a counter's family is named without `_total`.
    open_metrics: bool,
    /// How long a series is kept, in milliseconds; 0 is for ever.
    expiration: u64,
    started: Instant,
    by_name: RwLock<ByName>,
    by_metric: RwLock<HashMap<Identity, Arc<Family>>>,
}

#[derive(Debug, Default)]
struct ByName {
    families: BTreeMap<Arc<str>, Arc<Family>>,
    /// Who has the names of families and of their samples.
    taken: HashMap<String, Arc<str>>,
}

impl Registry {
    pub(super) fn new(own: &Own) -> Registry {
        let names = own.names();
        let target_info = names.metric("target_info", "", names::Kind::Other).unwrap_or_default();
        Registry {
            names,
            target_info,
            open_metrics: own.enable_open_metrics,
            expiration: u64::try_from(own.metric_expiration.as_millis()).unwrap_or(u64::MAX),
            started: Instant::now(),
            by_name: RwLock::default(),
            by_metric: RwLock::default(),
        }
    }

    /// Milliseconds since it was made.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A series for which nothing has come since then is not shown any more.
    pub(super) fn deadline(&self) -> u64 {
        if self.expiration == 0 { 0 } else { self.now().saturating_sub(self.expiration) }
    }

    /// Whether all names are legal for Prometheus 2.
    pub(super) fn is_legacy(&self) -> bool {
        !self.names.strategy.keeps_utf8()
    }

    /// The family of a metric, made if need be.
    ///
    /// # Errors
    /// When its name is no name, or belongs to another.
    pub(super) fn family(
        &self,
        identity: Identity,
        metric: &Metric<'_>,
        kind: Kind,
    ) -> Result<Arc<Family>, (Reason, String)> {
        if let Some(known) = self.by_metric.read().get(&identity) {
            return Ok(known.clone());
        }
        let name = self.name(metric, kind).map_err(|words| (Reason::Name, words))?;
        let family = self.named(&name, &metric.description().to_str(), kind)?;
        let mut by_metric = self.by_metric.write();
        if by_metric.len() >= MAX_KNOWN {
            by_metric.clear();
        }
        by_metric.insert(identity, family.clone());
        Ok(family)
    }

    /// The family of `target_info`.
    ///
    /// # Errors
    /// When the name belongs to another.
    pub(super) fn targets(&self) -> Result<Arc<Family>, (Reason, String)> {
        self.named(&self.target_info, TARGET_HELP, Kind::Gauge)
    }

    /// The family behind that name, or the first.
    pub(super) fn after(&self, name: Option<&str>) -> Option<Arc<Family>> {
        let by_name = self.by_name.read();
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        let mut range = by_name.families.range::<str, _>((from, Bound::Unbounded));
        range.next().map(|(_, family)| family.clone())
    }

    /// How many series there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.read().families.values().map(|family| family.len()).sum()
    }

    /// Lets go of families without series, and of their names.
    pub(super) fn retire_empty(&self) {
        let is_empty = |family: &Arc<Family>| family.len() == 0;
        if !self.by_name.read().families.values().any(is_empty) {
            return;
        }
        let mut by_name = self.by_name.write();
        let ByName { families, taken } = &mut *by_name;
        families.retain(|_, family| !family.retire());
        taken.retain(|_, owner| families.contains_key(owner));
        let mut by_metric = self.by_metric.write();
        by_metric
            .retain(|_, family| families.get(&family.name).is_some_and(|kept| Arc::ptr_eq(kept, family)));
    }

    /// Forgets which family a metric had, since it was retired.
    pub(super) fn forget(&self, identity: Identity, family: &Arc<Family>) {
        let mut by_metric = self.by_metric.write();
        if by_metric.get(&identity).is_some_and(|known| Arc::ptr_eq(known, family)) {
            by_metric.remove(&identity);
        }
    }

    fn name(&self, metric: &Metric<'_>, kind: Kind) -> Result<String, String> {
        let suffixed = match kind {
            Kind::Counter => names::Kind::Counter,
            Kind::Gauge | Kind::Untyped => names::Kind::Gauge,
            Kind::Histogram | Kind::Summary => names::Kind::Other,
        };
        self.names.metric(&metric.name().to_str(), &metric.unit().to_str(), suffixed)
    }

    fn named(&self, name: &str, help: &str, kind: Kind) -> Result<Arc<Family>, (Reason, String)> {
        if let Some(family) = self.by_name.read().families.get(name)
            && family.kind == kind
        {
            return Ok(family.clone());
        }
        let mut by_name = self.by_name.write();
        if let Some(family) = by_name.families.get(name) {
            let is_same = family.kind == kind;
            let words = || format!("`{name}` is a {}, and this is a {}", family.kind.as_str(), kind.as_str());
            return if is_same { Ok(family.clone()) } else { Err((Reason::NameTaken, words())) };
        }
        let claimed = self.claims(name, kind);
        let other = claimed.iter().find_map(|claim| Some((claim, by_name.taken.get(claim)?)));
        if let Some((claim, owner)) = other {
            let words = format!("`{claim}` is a name of `{owner}`, a metric of another kind");
            return Err((Reason::NameTaken, words));
        }
        let name: Arc<str> = name.into();
        by_name.taken.extend(claimed.into_iter().map(|claim| (claim, name.clone())));
        let family = Arc::new(Family::new(name.clone(), help, kind));
        by_name.families.insert(name, family.clone());
        Ok(family)
    }

    /// The names that nobody else can have beside such a family.
    fn claims(&self, name: &str, kind: Kind) -> Vec<String> {
        let mut claims = vec![name.to_owned()];
        claims.extend(kind.suffixes().iter().map(|suffix| format!("{name}{suffix}")));
        if self.open_metrics && kind == Kind::Counter {
            claims.extend(name.strip_suffix("_total").map(str::to_owned));
        }
        claims
    }
}
