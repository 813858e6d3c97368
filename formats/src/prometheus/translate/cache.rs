//! What a target exposes: series by their text, and the points, metrics, scopes and resources they belong to.
//!
//! 1. Everything has a row of its own, and says on which page it was used last.
//! 2. A row refers only to rows that are used on every page on which it is used.
//! 3. Behind a page, rows that it did not use are swept out. So what is kept is bounded by one page.

use std::sync::Arc;

use super::Context;
use super::families::{Families, Meaning};
use super::labels::NAME;
use super::point::{Finished, Point};
use super::role::{Misfit, Part, Shape};
use super::settings::Outcome;
use super::table::{NOWHERE, Table};
use crate::prometheus::Labels;
use crate::prometheus::parse::Kind;

#[derive(Debug, Default)]
pub(super) struct Cache {
    /// The number of the page that is read, or was read last.
    pub(super) page: u64,
    pub(super) families: Families,
    pub(super) series: Table<Arc<[u8]>, Series>,
    pub(super) names: Table<Arc<str>, Name>,
    pub(super) resources: Table<(String, String), Resource>,
    pub(super) groups: Table<(u32, Vec<u8>), Group>,
    pub(super) metrics: Table<MetricKey, Metric>,
    pub(super) points: Table<(u32, Arc<[u8]>), Point>,
    /// The resources of this page in their order.
    pub(super) order: Vec<u32>,
    /// The series that the page began with.
    pub(super) first: u32,
    /// The last page whose points were written and have not ended; 0 for none.
    live: u64,
    /// Where the points of the report end in the request.
    pub(super) report_ends: Vec<usize>,
    /// Whether the page is one that was read.
    pub(super) is_read: bool,
}

/// A series as the page writes it.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) text: Arc<[u8]>,
    /// The kind of the last TYPE line in front of it.
    pub(super) current: Kind,
    pub(super) page: u64,
    /// The series that came behind it.
    pub(super) next: u32,
    pub(super) name: u32,
    /// What it belonged to when its fate was decided.
    pub(super) meaning: Meaning,
    pub(super) fate: Fate,
}

/// What becomes of the samples of a series.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// Dropped by the rules.
    Dropped,
    Misfit(Misfit),
    /// It tells attributes of a resource.
    Info {
        resource: u32,
        labels: Arc<Labels>,
    },
    Part {
        point: u32,
        part: Part,
    },
}

/// The name of a sample, after relabelling.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) text: Arc<str>,
    pub(super) page: u64,
    /// At which version of the families its meaning was looked up.
    pub(super) version: u64,
    pub(super) meaning: Meaning,
}

#[derive(Debug)]
pub(super) struct Resource {
    pub(super) job: String,
    pub(super) instance: String,
    pub(super) page: u64,
    /// What the target said of itself on this page.
    pub(super) info: Labels,
    /// Whether it said anything, if only that it is there.
    pub(super) is_told: bool,
    /// As it was written last.
    pub(super) body: Vec<u8>,
    /// Its groups on this page in their order.
    pub(super) groups: Vec<u32>,
}

/// A scope of a resource.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) resource: u32,
    /// A `ScopeMetrics` without metrics.
    pub(super) scope: Vec<u8>,
    pub(super) page: u64,
    /// Its metrics on this page in their order.
    pub(super) metrics: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct MetricKey {
    pub(super) group: u32,
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) struct Metric {
    pub(super) key: MetricKey,
    /// Where it is described; [`NOWHERE`] if nothing was said about it.
    pub(super) family: u32,
    pub(super) page: u64,
    /// Its points on this page in their order.
    pub(super) points: Vec<u32>,
    /// Description, unit and metadata as they were written last, for when the page says nothing about them.
    pub(super) header: Vec<u8>,
    /// How far its points moved from where they were written first.
    pub(super) shift: usize,
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache { first: NOWHERE, ..Cache::default() }
    }

    /// Begins a page. The target's own group is on every one.
    pub(super) fn begin_page(&mut self, cx: &Context) -> u32 {
        self.page += 1;
        self.order.clear();
        self.families.begin_page(self.page);
        let own = self.own_labels(cx);
        let resource = self.resource(own.get("job"), own.get("instance"));
        let group = self.group(resource, super::role::scope(&own, cx));
        self.use_group(group);
        group
    }

    /// The labels of samples that have none of their own.
    fn own_labels(&self, cx: &Context) -> Labels {
        let mut labels = cx.target.labels.clone();
        cx.settings.external_labels.iter().for_each(|(name, value)| labels.set(name, value));
        labels
    }

    /// The row of a resource.
    pub(super) fn resource(&mut self, job: &str, instance: &str) -> u32 {
        self.resources.find_or_make((job.to_owned(), instance.to_owned()), |(job, instance)| Resource {
            job: job.clone(),
            instance: instance.clone(),
            page: 0,
            info: Labels::new(),
            is_told: false,
            body: Vec::new(),
            groups: Vec::new(),
        })
    }

    pub(super) fn group(&mut self, resource: u32, scope: Vec<u8>) -> u32 {
        self.groups.find_or_make((resource, scope), |(resource, scope)| Group {
            resource: *resource,
            scope: scope.clone(),
            page: 0,
            metrics: Vec::new(),
        })
    }

    pub(super) fn metric(&mut self, key: MetricKey) -> u32 {
        self.metrics.find_or_make(key, |key| Metric {
            key: key.clone(),
            family: NOWHERE,
            page: 0,
            points: Vec::new(),
            header: Vec::new(),
            shift: 0,
        })
    }

    pub(super) fn point(&mut self, metric: u32, attributes: Vec<u8>, shape: Shape) -> u32 {
        self.points.find_or_make((metric, attributes.into()), |(metric, attributes)| {
            Point::new(*metric, Arc::clone(attributes), shape)
        })
    }

    /// The row of a name, with its meaning as of now.
    pub(super) fn name(&mut self, text: &str) -> u32 {
        let id = match self.names.find(text) {
            Some(id) => id,
            None => self.names.find_or_make(text.into(), |text| {
                let meaning = Meaning { family: NOWHERE, kind: Kind::Unknown };
                Name { text: Arc::clone(text), page: 0, version: 0, meaning }
            }),
        };
        self.look_up(id);
        id
    }

    /// What a name means as of now.
    #[inline]
    pub(super) fn look_up(&mut self, name: u32) -> Meaning {
        let name = self.names.row_mut(name);
        if name.version != self.families.version {
            (name.version, name.page) = (self.families.version, self.page);
            name.meaning = self.families.meaning(&name.text);
        }
        name.meaning
    }

    /// The point, ready for samples of this page, with all that it belongs to. Its metric is described by `family`.
    #[inline]
    pub(super) fn use_point(&mut self, id: u32, family: u32) -> &mut Point {
        let point = self.points.row(id);
        if point.page != self.page {
            let metric = point.metric;
            self.use_metric(metric);
            let metric = self.metrics.row_mut(metric);
            metric.points.push(id);
            if family != NOWHERE {
                metric.family = family;
            }
            self.points.row_mut(id).begin(self.page);
        }
        self.points.row_mut(id)
    }

    pub(super) fn use_metric(&mut self, id: u32) {
        let metric = self.metrics.row_mut(id);
        if metric.page != self.page {
            // What was said on another page does not count.
            (metric.page, metric.family) = (self.page, NOWHERE);
            metric.points.clear();
            let group = metric.key.group;
            self.use_group(group);
            self.groups.row_mut(group).metrics.push(id);
        }
    }

    pub(super) fn use_group(&mut self, id: u32) {
        let group = self.groups.row_mut(id);
        if group.page != self.page {
            group.page = self.page;
            group.metrics.clear();
            let resource = group.resource;
            self.use_resource(resource);
            self.resources.row_mut(resource).groups.push(id);
        }
    }

    pub(super) fn use_resource(&mut self, id: u32) -> &mut Resource {
        let resource = self.resources.row_mut(id);
        if resource.page != self.page {
            resource.page = self.page;
            resource.groups.clear();
            (resource.info, resource.is_told) = (Labels::new(), false);
            self.order.push(id);
        }
        resource
    }

    /// Says of every point whether it is written as it is, or because it has ended.
    pub(super) fn finish_points(&mut self, tracks_timestamps: bool, outcome: &mut Outcome) {
        self.is_read = true;
        let (page, live) = (self.page, self.live);
        let mut ended = Vec::new();
        for (id, point) in self.points.iter_mut() {
            point.is_ready = false;
            if point.page == page {
                match point.finish(&mut outcome.duplicates) {
                    Finished::Whole => point.is_ready = true,
                    Finished::Incomplete => outcome.incomplete += 1,
                    Finished::Empty => (),
                }
            }
            let was_live = live > 0 && point.written == live;
            point.is_stale = was_live && !point.is_ready && (tracks_timestamps || !point.is_timed);
            if point.is_stale {
                ended.push(id);
            }
        }
        self.end(&ended, outcome);
        self.live = page;
    }

    /// Ends all points. None of them is on this page.
    pub(super) fn end_points(&mut self, tracks_timestamps: bool, outcome: &mut Outcome) {
        self.is_read = false;
        let live = self.live;
        let mut ended = Vec::new();
        for (id, point) in self.points.iter_mut() {
            point.is_ready = false;
            let was_live = live > 0 && point.written == live;
            point.is_stale = was_live && (tracks_timestamps || !point.is_timed);
            if point.is_stale {
                ended.push(id);
            }
        }
        self.end(&ended, outcome);
        self.live = 0;
    }

    fn end(&mut self, ended: &[u32], outcome: &mut Outcome) {
        outcome.stale += ended.len();
        for id in ended {
            let point = self.points.row(*id);
            if point.page != self.page {
                let metric = point.metric;
                self.use_metric(metric);
                self.metrics.row_mut(metric).points.push(*id);
            }
        }
    }

    /// Forgets what a page that was read did not use; it used so many series.
    pub(super) fn end_page(&mut self, used_series: usize, own: u32) {
        let page = self.page;
        let used_points = self.points.iter().filter(|(_, point)| point.page == page).count();
        let is_all_used = used_series == self.series.len() && used_points == self.points.len();
        if is_all_used && !self.families.has_unused() {
            return;
        }
        self.retire(own);
        self.series.sweep(|series| series.page == page);
        self.names.sweep(|name| name.page == page);
        self.points.sweep(|point| point.page == page);
        self.metrics.sweep(|metric| metric.page == page);
        self.groups.sweep(|group| group.page == page);
        self.resources.sweep(|resource| resource.page == page);
        self.families.sweep();
    }

    /// Marks as unused what is there only because something in it has ended.
    fn retire(&mut self, own: u32) {
        let Cache { points, metrics, groups, resources, page, .. } = self;
        let is_used = |metric: &Metric| metric.points.iter().any(|id| points.row(*id).page == *page);
        for resource in &self.order {
            let mut has_groups = false;
            for group in resources.row(*resource).groups.clone() {
                let mut has_metrics = group == own;
                for metric in groups.row(group).metrics.clone() {
                    let metric = metrics.row_mut(metric);
                    let is_used = is_used(metric);
                    metric.page = if is_used { *page } else { 0 };
                    has_metrics |= is_used;
                }
                groups.row_mut(group).page = if has_metrics { *page } else { 0 };
                has_groups |= has_metrics;
            }
            let resource = resources.row_mut(*resource);
            // A resource without points may be one that says something of itself: that series refers to it.
            resource.page = if has_groups || resource.is_told { *page } else { 0 };
        }
    }

    /// Forgets everything but how many pages there were.
    pub(super) fn clear(&mut self) {
        let mut empty = Cache { page: self.page, ..Cache::new() };
        empty.families.version = self.families.version;
        *self = empty;
    }
}

/// The name of a sample among its labels.
pub(super) fn name_of(labels: &Labels) -> &str {
    labels.get(NAME)
}
