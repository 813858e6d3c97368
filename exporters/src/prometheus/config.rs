//! What the file says about it, and the way to start it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, Exporter, Listens, Problem, QueueConfig};
use config::{Inline, Interval, Optional};
use formats::prometheus::Selection;
use formats::prometheus::names::{Names, Strategy, is_legacy_label};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use tracing::info;
use transport::http::ServerConfig;

use super::consume::Points;
use super::labels::{Conversion, Labelling};
use super::registry::Registry;
use super::{expire, serve};

/// Shows metrics to Prometheus.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// Where and how to serve.
    pub server: ServerConfig,
    /// What to show, and how.
    pub own: Own,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(ServerConfig, Own)>;

/// The keys beside those of the HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Stands in front of every name, with `_` between.
    pub namespace: String,
    /// Labels of every series.
    pub const_labels: BTreeMap<String, String>,
    /// Whether samples say when they were taken.
    pub send_timestamps: bool,
    /// How long a series is shown when no point comes for it; zero is for ever.
    pub metric_expiration: Interval,
    /// Which attributes of the resource become labels: the old form.
    pub resource_to_telemetry_conversion: ResourceToTelemetry,
    /// Which attributes of the resource become labels.
    pub resource_constant_labels: IncludedExcluded,
    /// Whether clients that want OpenMetrics get it.
    pub enable_open_metrics: bool,
    /// Whether names tell unit and kind: the old form.
    pub add_metric_suffixes: bool,
    /// How names are translated.
    pub translation_strategy: TranslationStrategy,
    /// Whether series do not say which scope they come from.
    pub without_scope_info: bool,
    /// The most series that one metric may have; 0 is no limit.
    pub series_limit: usize,
    /// A queue in front.
    pub sending_queue: Optional<QueueConfig>,
}

/// Which attributes of the resource become labels: the old form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceToTelemetry {
    /// Whether they do.
    pub enabled: bool,
    /// Whether those do not that `job` and `instance` are made of.
    pub exclude_service_attributes: bool,
}

/// Names with `*` for any text and `?` for any letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncludedExcluded {
    /// Which.
    pub included: Vec<String>,
    /// Which of them not.
    pub excluded: Vec<String>,
}

/// How names are translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of `formats::prometheus::names::Strategy`")]
pub enum TranslationStrategy {
    /// As `add_metric_suffixes` says.
    #[default]
    #[serde(rename = "")]
    Unset,
    UnderscoreEscapingWithSuffixes,
    UnderscoreEscapingWithoutSuffixes,
    #[serde(rename = "NoUTF8EscapingWithSuffixes")]
    NoUtf8EscapingWithSuffixes,
    NoTranslation,
}

impl Default for Own {
    fn default() -> Own {
        Own {
            namespace: String::new(),
            const_labels: BTreeMap::new(),
            send_timestamps: false,
            metric_expiration: Interval::from_secs(300),
            resource_to_telemetry_conversion: ResourceToTelemetry::default(),
            resource_constant_labels: IncludedExcluded::default(),
            enable_open_metrics: false,
            add_metric_suffixes: true,
            translation_strategy: TranslationStrategy::Unset,
            without_scope_info: false,
            series_limit: 0,
            sending_queue: Optional::NONE,
        }
    }
}

impl From<Settings> for Config {
    fn from(Inline((server, own)): Settings) -> Config {
        Config { server, own }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((config.server, config.own))
    }
}

impl Own {
    pub(super) fn names(&self) -> Names {
        let strategy = match self.translation_strategy {
            TranslationStrategy::Unset if self.add_metric_suffixes => {
                Strategy::UnderscoreEscapingWithSuffixes
            }
            TranslationStrategy::Unset => Strategy::UnderscoreEscapingWithoutSuffixes,
            TranslationStrategy::UnderscoreEscapingWithSuffixes => Strategy::UnderscoreEscapingWithSuffixes,
            TranslationStrategy::UnderscoreEscapingWithoutSuffixes => {
                Strategy::UnderscoreEscapingWithoutSuffixes
            }
            TranslationStrategy::NoUtf8EscapingWithSuffixes => Strategy::NoUtf8EscapingWithSuffixes,
            TranslationStrategy::NoTranslation => Strategy::NoTranslation,
        };
        Names { namespace: self.namespace.clone(), strategy }
    }

    pub(super) fn labelling(&self) -> Labelling {
        let old = self.resource_to_telemetry_conversion;
        let new = &self.resource_constant_labels;
        let conversion = match (old.enabled, old.exclude_service_attributes) {
            (true, false) => Conversion::All,
            (true, true) => Conversion::AllButService,
            (false, _) => {
                let (included, excluded) = (new.included.clone(), new.excluded.clone());
                Conversion::Chosen(Selection { included, excluded })
            }
        };
        Labelling {
            names: self.names(),
            constant: self.const_labels.clone().into_iter().collect(),
            conversion,
            with_scope: !self.without_scope_info,
        }
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.check_labels();
        let old = self.resource_to_telemetry_conversion;
        if old != ResourceToTelemetry::default() {
            let words = "is deprecated; use `resource_constant_labels` with `included` and `excluded`";
            problems.push(Problem::warning("resource_to_telemetry_conversion", words));
            if self.resource_constant_labels != IncludedExcluded::default() {
                let words = "cannot be used together with `resource_to_telemetry_conversion`";
                problems.push(Problem::error("resource_constant_labels", words));
            }
        }
        if !self.add_metric_suffixes {
            let words = match self.translation_strategy {
                TranslationStrategy::Unset => {
                    "is deprecated; use `translation_strategy: UnderscoreEscapingWithoutSuffixes`"
                }
                _ => "is ignored, since `translation_strategy` is set",
            };
            problems.push(Problem::warning("add_metric_suffixes", words));
        }
        let queue = self.sending_queue.as_ref().map(QueueConfig::check).unwrap_or_default();
        problems.extend(queue.into_iter().map(|problem| problem.under("sending_queue")));
        problems
    }

    fn check_labels(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let keeps_utf8 = self.names().strategy.keeps_utf8();
        for name in self.const_labels.keys() {
            let path = format!("const_labels::{name}");
            if name.starts_with("__") || name.is_empty() || !(keeps_utf8 || is_legacy_label(name)) {
                let words = "is no name of a label: letters, digits and `_`, no digit in front, not `__`";
                problems.push(Problem::error(&path, words));
            } else if matches!(name.as_str(), "job" | "instance") {
                let words = "is the label of a resource's service: what names its service cannot be shown";
                problems.push(Problem::warning(&path, words));
            }
        }
        problems
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "prometheus";
    const SIGNALS: &'static [Signal] = &[Signal::Metrics];

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.own.check();
        if self.server.endpoint.trim().is_empty() {
            let words = "expecting a non-blank address to run the Prometheus metrics handler";
            problems.push(Problem::error("endpoint", words));
        } else {
            problems.extend(self.server.check());
        }
        problems
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.server.endpoint.clone(), setting: "endpoint" }]
    }

    /// Nothing stands in front: a point is held when it has been put in its place, and that never fails for a reason that
    /// passes.
    fn delivery(&self) -> Delivery {
        Delivery { queue: self.own.sending_queue.as_ref().cloned(), ..Delivery::default() }
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        let server = self.server.bind(&cx).await?;
        info!(component = %cx.id, endpoint = %server.local_addr(), "Serving Prometheus metrics");
        let registry = Arc::new(Registry::new(&self.own));
        let points =
            Arc::new(Points::new(registry.clone(), self.own.labelling(), self.own.series_limit, &cx));
        expire::start(registry.clone(), points.clone(), *self.own.metric_expiration, &cx);
        serve::start(server, registry, &self.own, &cx);
        Ok(points)
    }
}
