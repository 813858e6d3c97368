//! What requests tell that later ones go by: targets and families of metrics.
//!
//! A `target_info` says what is known of a target, and comes when it likes; so does what version 1 knows of metrics. Both
//! are kept in two generations: when the younger has no room left, it becomes the older, and what was only in that is
//! forgotten. Senders repeat both, so what is alive comes back.

use std::collections::HashMap;

use otlp::write::Writer;

use super::Family;
use super::series::{Series, text};
use crate::prometheus::remote::fields::{Field, fields};
use crate::prometheus::remote::{STALE, Type};

/// How much one generation holds, in bytes of text.
const MAX_BYTES: usize = 8 << 20;

/// More is not kept of one target.
const MAX_TARGET_BYTES: usize = 64 << 10;

/// More text is not kept of one metric: it is told with the series of each target, of whichever sender.
const MAX_FAMILY_BYTES: usize = 4 << 10;

/// What else an entry takes.
const ENTRY_BYTES: usize = 128;

/// The suffixes that series have and their families do not.
const SUFFIXES: [&str; 6] = ["_bucket", "_count", "_sum", "_total", "_info", "_created"];

/// What is known from the requests of all senders.
#[derive(Debug, Default)]
pub struct Known {
    young: Learned,
    old: Learned,
}

/// What one request tells.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// What is known of a target, as `attributes` of a resource, by job and instance; nothing when it is gone.
    targets: HashMap<(String, String), Vec<u8>>,
    families: HashMap<String, KnownFamily>,
    bytes: usize,
    max_bytes: usize,
}

/// What is told of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownFamily {
    kind: Type,
    help: String,
    unit: String,
}

impl Known {
    /// Keeps what a request told.
    pub fn learn(&mut self, learned: Learned) {
        if self.young.bytes + learned.bytes > MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
        }
        for (target, attributes) in learned.targets {
            self.young.set_target(target, attributes);
        }
        for (name, family) in learned.families {
            self.young.set_family(name, family);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&KnownFamily> {
        self.young.find(name).or_else(|| self.old.find(name))
    }

    pub(super) fn target(&self, target: &(String, String)) -> Option<&[u8]> {
        self.young.of_target(target).or_else(|| self.old.of_target(target))
    }
}

impl Learned {
    pub(super) fn new(max_bytes: usize) -> Learned {
        Learned { max_bytes: max_bytes.min(MAX_BYTES), ..Learned::default() }
    }

    /// Whether there is nothing worth keeping.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.families.is_empty()
    }

    /// Takes the labels of a `target_info`.
    pub(super) fn target(&mut self, series: &Series<'_>) {
        let target = (series.label("job").to_owned(), series.label("instance").to_owned());
        let mut out = Writer::new();
        let is_gone = series.samples.last().is_some_and(|sample| sample.value == STALE);
        for (name, value) in &series.labels {
            if is_gone || matches!(*name, "__name__" | "job" | "instance") {
                continue;
            }
            if out.len() + name.len() + value.len() > MAX_TARGET_BYTES {
                return;
            }
            out.message(1, |out| super::rows::write_pair(out, name, value));
        }
        let bytes = out.into_bytes();
        if self.bytes + bytes.len() + target.0.len() + target.1.len() <= self.max_bytes {
            self.set_target(target, bytes);
        }
    }

    /// Takes a `MetricMetadata` of version 1; what is malformed is no knowledge.
    pub(super) fn family(&mut self, metadata: &[u8]) {
        let mut family = KnownFamily { kind: Type::Unknown, help: String::new(), unit: String::new() };
        let mut name = "";
        for field in fields(metadata) {
            let told = match field {
                Ok((1, Field::Varint(number))) => {
                    family.kind = Type::from_number(number);
                    continue;
                }
                Ok((number, Field::Bytes(bytes))) => text(bytes).map(|text| (number, text)),
                Ok(_) => continue,
                Err(_) => return,
            };
            match told {
                Ok((2, text)) => name = text,
                Ok((4, text)) => text.clone_into(&mut family.help),
                Ok((5, text)) => text.clone_into(&mut family.unit),
                Ok(_) => (),
                Err(_) => return,
            }
        }
        if family.help.len() + family.unit.len() > MAX_FAMILY_BYTES {
            (family.help, family.unit) = (String::new(), String::new());
        }
        let size = name.len() + family.help.len() + family.unit.len();
        if !name.is_empty() && self.bytes + size <= self.max_bytes {
            self.set_family(name.to_owned(), family);
        }
    }

    /// The family of a series: of its name, or of that without a suffix.
    pub(super) fn find(&self, name: &str) -> Option<&KnownFamily> {
        if self.families.is_empty() {
            return None;
        }
        self.families.get(name).or_else(|| {
            let family = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix))?;
            self.families.get(family)
        })
    }

    pub(super) fn of_target(&self, target: &(String, String)) -> Option<&[u8]> {
        self.targets.get(target).map(Vec::as_slice)
    }

    fn set_target(&mut self, target: (String, String), attributes: Vec<u8>) {
        let size = target.0.len() + target.1.len() + attributes.len() + ENTRY_BYTES;
        match self.targets.insert(target, attributes) {
            Some(before) => self.bytes = self.bytes.saturating_sub(before.len()) + size - ENTRY_BYTES,
            None => self.bytes += size,
        }
    }

    fn set_family(&mut self, name: String, family: KnownFamily) {
        let size = name.len() + family.help.len() + family.unit.len() + ENTRY_BYTES;
        if self.families.insert(name, family).is_none() {
            self.bytes += size;
        }
    }
}

impl KnownFamily {
    pub(super) fn view(&self) -> Family<'_> {
        Family { kind: self.kind, help: &self.help, unit: &self.unit }
    }
}
