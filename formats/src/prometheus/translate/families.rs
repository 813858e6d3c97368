//! What HELP, TYPE and UNIT lines say, and to which family a sample belongs.

use std::sync::Arc;

use super::table::{NOWHERE, Table};
use crate::prometheus::parse::{Kind, Line};

/// The endings by which a sample belongs to a family of another name, in the order in which they are tried.
const SUFFIXES: [&str; 6] = ["_bucket", "_count", "_sum", "_total", "_info", "_created"];

/// Those of gauge histograms alone.
const GAUGE_HISTOGRAM_SUFFIXES: [&str; 2] = ["_gcount", "_gsum"];

/// The families of a page so far. Only what this page said counts: a page means the same whatever came before.
#[derive(Debug, Default)]
pub(super) struct Families {
    table: Table<Arc<str>, Family>,
    page: u64,
    /// Changes with every line that might change what a sample belongs to.
    pub(super) version: u64,
}

#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: Arc<str>,
    page: u64,
    kind: Kind,
    help: String,
    unit: String,
    /// On which page each of them was said.
    kind_page: u64,
    help_page: u64,
    unit_page: u64,
}

/// What a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Meaning {
    /// [`NOWHERE`] when nothing was said about it.
    pub(super) family: u32,
    pub(super) kind: Kind,
}

impl Meaning {
    pub(super) const UNKNOWN: Meaning = Meaning { family: NOWHERE, kind: Kind::Unknown };
}

impl Families {
    pub(super) fn begin_page(&mut self, page: u64) {
        self.page = page;
        self.version += 1;
    }

    /// Takes note of a line. Other lines say nothing about a family.
    pub(super) fn note(&mut self, line: Line<'_>) {
        match line {
            Line::Type { family, kind } => {
                let page = self.page;
                let family = self.family(&family);
                (family.kind, family.kind_page) = (kind, page);
            }
            Line::Help { family, text } => {
                let page = self.page;
                let family = self.family(&family);
                family.help_page = page;
                set(&mut family.help, &text);
            }
            Line::Unit { family, unit } => {
                let page = self.page;
                let family = self.family(&family);
                family.unit_page = page;
                set(&mut family.unit, &unit);
            }
            Line::Sample(_) => (),
        }
    }

    fn family(&mut self, name: &str) -> &mut Family {
        self.version += 1;
        let id = match self.table.find(name) {
            Some(id) => id,
            None => self.table.find_or_make(name.into(), |name| Family::new(Arc::clone(name))),
        };
        let family = self.table.row_mut(id);
        family.page = self.page;
        family
    }

    /// What a sample of this name belongs to, by what was said so far.
    pub(super) fn meaning(&self, name: &str) -> Meaning {
        if let Some(exact) = self.said(name) {
            return exact;
        }
        if let Some(family) = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)) {
            return self.said(family).unwrap_or(Meaning::UNKNOWN);
        }
        let gauge_histogram = GAUGE_HISTOGRAM_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
        let meaning = gauge_histogram.and_then(|family| self.said(family));
        meaning.filter(|meaning| meaning.kind == Kind::GaugeHistogram).unwrap_or(Meaning::UNKNOWN)
    }

    fn said(&self, name: &str) -> Option<Meaning> {
        let id = self.table.find(name)?;
        let family = self.table.row(id);
        let kind = if family.kind_page == self.page { family.kind } else { Kind::Unknown };
        (family.page == self.page).then_some(Meaning { family: id, kind })
    }

    /// The family with this number, if it is one.
    pub(super) fn get(&self, id: u32) -> Option<&Family> {
        self.table.get(id)
    }

    /// Forgets families that are not on this page.
    pub(super) fn sweep(&mut self) {
        let page = self.page;
        self.table.sweep(|family| family.page == page);
    }

    /// Whether there are families that are not on this page.
    pub(super) fn has_unused(&self) -> bool {
        self.table.iter().any(|(_, family)| family.page != self.page)
    }

    /// Whether this page says something about it.
    pub(super) fn is_current(&self, family: &Family) -> bool {
        family.page == self.page
    }
}

impl Family {
    fn new(name: Arc<str>) -> Family {
        let (help, unit) = (String::new(), String::new());
        Family { name, page: 0, kind: Kind::Unknown, help, unit, kind_page: 0, help_page: 0, unit_page: 0 }
    }

    /// What the family is about.
    pub(super) fn help(&self) -> &str {
        if self.help_page == self.page { &self.help } else { "" }
    }

    /// Words, as OpenMetrics has them.
    pub(super) fn unit(&self) -> &str {
        if self.unit_page == self.page { &self.unit } else { "" }
    }
}

fn set(text: &mut String, new: &str) {
    if text != new {
        text.clear();
        text.push_str(new);
    }
}
