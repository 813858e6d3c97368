//! The targets of one job: a loop for each, started and ended as discovery finds and loses them.
//!
//! Rules:
//! 1. A target that is still there keeps its loop, and with it what is known of its series.
//! 2. What discovery tells is looked at no more than once in [`PAUSE`]; only what changed is relabelled again.
//! 3. A target that goes and comes back soon is the same target: its loop goes on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use formats::prometheus::Labels;
use formats::prometheus::translate::Settings;
use tokio::sync::watch;

use super::config::Histograms;
use super::discovery::Kept;
use super::scrape::{Loop, Shared};
use super::status::{JobBoard, Status};
use super::target::{self, Built, Id, Target};

/// As in Prometheus: what changes by the second, such as pods that start, is taken in one go.
const PAUSE: Duration = Duration::from_secs(5);

/// What the rules made of each target of a group.
pub(super) type Made = Arc<[Built]>;

/// The loops of one job.
pub(super) struct Pool {
    board: Arc<JobBoard>,
    running: BTreeMap<Arc<Id>, Running>,
    /// By the group's address, which stays its own as long as the group is held.
    made: HashMap<usize, (Arc<Kept>, Made)>,
    settings: Vec<(Histograms, Duration, Arc<Settings>)>,
    /// Whether a target came back whose loop may have been about to end.
    is_unsure: bool,
}

/// One loop.
struct Running {
    target: Arc<Target>,
    status: Arc<Status>,
    /// Whether the target is there; closed when the loop has ended.
    wanted: watch::Sender<bool>,
}

impl Pool {
    pub(super) fn new(board: Arc<JobBoard>) -> Pool {
        Pool { board, running: BTreeMap::new(), made: HashMap::new(), settings: Vec::new(), is_unsure: false }
    }

    /// Follows what discovery finds until the collector stops.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let scope = self.board.shared.cx.scope.clone();
        let mut found = self.board.found.clone();
        loop {
            self.sync(found.groups());
            if !self.running.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = scope.stopped() => return Ok(()),
                }
            }
            // By now a loop that ended is seen to have ended.
            if std::mem::take(&mut self.is_unsure) {
                continue;
            }
            tokio::select! {
                () = found.changed() => {}
                () = scope.stopped() => return Ok(()),
            }
        }
    }

    fn sync(&mut self, groups: Vec<Arc<Kept>>) {
        let made = self.make(groups);
        let mut targets: BTreeMap<&Id, &Target> = BTreeMap::new();
        for built in made.iter().flat_map(|(_, made)| made.iter()) {
            if let Built::Kept(target) = built {
                targets.entry(&target.id).or_insert(target);
            }
        }
        self.check_limit(targets.len());
        self.running.retain(|_, running| !running.wanted.is_closed());
        for (id, running) in &self.running {
            if !targets.contains_key(&**id) {
                running.wanted.send_if_modified(|wanted| std::mem::replace(wanted, false));
            }
        }
        let active = targets.into_values().map(|target| self.keep(target)).collect();
        let mut shown = self.board.targets.lock();
        shown.active = active;
        shown.made = made;
    }

    /// What the rules make of each group; those that have not changed are not made again.
    fn make(&mut self, groups: Vec<Arc<Kept>>) -> Vec<(Arc<Kept>, Made)> {
        let job = &self.board.shared.job;
        let mut known = std::mem::take(&mut self.made);
        let mut all = Vec::with_capacity(groups.len());
        for group in groups {
            let address = Arc::as_ptr(&group).addr();
            let made = match known.remove(&address) {
                Some((_, made)) => made,
                None => {
                    let labels = group.labels();
                    let build =
                        |own: Labels| target::build(job, &job.rules, target::discovered(job, own, &labels));
                    group.targets().map(build).collect()
                }
            };
            self.made.insert(address, (group.clone(), made.clone()));
            all.push((group, made));
        }
        all
    }

    fn check_limit(&self, targets: usize) {
        let limit = self.board.shared.job.limits.targets;
        let is_over = limit > 0 && targets as u64 > limit;
        let words = is_over.then(|| format!("{targets} targets are more than the `target_limit` of {limit}"));
        self.board.shared.halted.send_replace(words);
    }

    /// Sees to it that the target has a loop.
    fn keep(&mut self, target: &Target) -> (Arc<Id>, Arc<Status>) {
        if let Some((id, running)) = self.running.get_key_value(&target.id)
            && described(&running.target.discovered).eq(described(&target.discovered))
        {
            self.is_unsure |= running.wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
            running.status.rediscovered(target);
            return (id.clone(), running.status.clone());
        }
        // Another one in the place of the old: that one ends when it is not wanted by anybody any more.
        let (id, running) = self.start(target);
        let status = running.status.clone();
        self.running.insert(id.clone(), running);
        (id, status)
    }

    fn start(&mut self, target: &Target) -> (Arc<Id>, Running) {
        let (target, settings) = (Arc::new(target.clone()), self.settings(target));
        let status = Status::new(target.clone());
        let (wanted, watched) = watch::channel(true);
        let running = Running { target: target.clone(), status: status.clone(), wanted };
        let id = Arc::new(target.id.clone());
        let shared = self.board.shared.clone();
        let scope = shared.cx.scope.clone();
        scope.supervise("scrape", move || {
            let (shared, target, settings) = (shared.clone(), target.clone(), settings.clone());
            Loop::new(shared, target, settings, status.clone(), watched.clone()).run()
        });
        (id, running)
    }

    /// How the pages of this target are read: as those of the others, mostly.
    fn settings(&mut self, target: &Target) -> Arc<Settings> {
        let wanted = (target.histograms, target.timeout);
        let known = self.settings.iter().find(|(histograms, timeout, _)| (*histograms, *timeout) == wanted);
        if let Some((.., settings)) = known {
            return settings.clone();
        }
        let settings = Arc::new(self.board.shared.settings(target));
        self.settings.push((wanted.0, wanted.1, settings.clone()));
        settings
    }
}

impl Shared {
    fn settings(&self, target: &Target) -> Settings {
        let (own, limits) = (&self.job.config.own, self.job.limits);
        let limit = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Settings {
            honor_labels: own.honor_labels,
            honor_timestamps: own.honor_timestamps,
            track_timestamps_staleness: own.track_timestamps_staleness,
            metric_relabel: self.job.metric_rules.clone(),
            external_labels: self.external_labels.clone(),
            sample_limit: limit(limits.samples),
            label_limit: limit(limits.labels),
            label_name_length_limit: limit(limits.label_name_bytes),
            label_value_length_limit: limit(limits.label_value_bytes),
            native_histograms: target.histograms.native,
            always_classic_histograms: target.histograms.classic_too,
            bucket_limit: limit(own.native_histogram_bucket_limit),
            min_bucket_factor: own.native_histogram_min_bucket_factor,
            trim_metric_suffixes: self.trims_suffixes,
            extra_scrape_metrics: self.job.extra_metrics,
            scrape_timeout: target.timeout,
            validation: self.job.validation,
            version: self.cx.build.version.to_owned(),
            ..Settings::default()
        }
    }
}

/// The discovered labels that describe the resource. With others of these it is another resource, whatever the target's
/// own labels are.
fn described(labels: &Labels) -> impl Iterator<Item = (&str, &str)> {
    const NAMES: [&str; 10] = [
        "__scheme__",
        "__meta_kubernetes_pod_name",
        "__meta_kubernetes_pod_uid",
        "__meta_kubernetes_pod_container_name",
        "__meta_kubernetes_namespace",
        "__meta_kubernetes_pod_node_name",
        "__meta_kubernetes_node_name",
        "__meta_kubernetes_endpoint_node_name",
        "__meta_kubernetes_pod_controller_kind",
        "__meta_kubernetes_pod_controller_name",
    ];
    labels.iter().filter(|(name, _)| NAMES.contains(name))
}
