//! Reading the collector's books and metrics.

use std::collections::BTreeMap;

use serde_json::Value;

/// One account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the ledger's")]
pub struct Entry {
    pub kind: String,
    pub id: String,
    pub signal: String,
    pub received: u64,
    pub delivered: u64,
    pub refused: u64,
    pub dropped: BTreeMap<String, u64>,
    pub in_flight: i64,
}

impl Entry {
    pub(super) fn parse(entry: &Value) -> Entry {
        let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
        let number = |name: &str| entry[name].as_u64().expect("a number");
        let dropped = entry["dropped"].as_object().expect("a map");
        Entry {
            kind: text("kind"),
            id: text("id"),
            signal: text("signal"),
            received: number("received"),
            delivered: number("delivered"),
            refused: number("refused"),
            dropped: dropped
                .iter()
                .map(|(why, items)| (why.clone(), items.as_u64().expect("a number")))
                .collect(),
            in_flight: entry["in_flight"].as_i64().expect("a number"),
        }
    }

    /// Dropped for whatever reason.
    #[must_use]
    pub fn all_dropped(&self) -> u64 {
        self.dropped.values().sum()
    }
}

/// A scrape, read.
#[derive(Clone, Debug)]
pub struct Metrics {
    samples: Vec<Sample>,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads the Prometheus text format.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Metrics {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Metrics { samples: lines.map(parse_sample).collect() }
    }

    /// The sum of all series of that name with (at least) these labels; 0 when there is none.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether there is a series of that name with (at least) these labels.
    #[must_use]
    pub fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    /// All names, once each.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let names: std::collections::BTreeSet<_> =
            self.samples.iter().map(|sample| sample.name.as_str()).collect();
        names.into_iter().collect()
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        let fits = move |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(key, value)| sample.labels.get(*key).is_some_and(|found| found == value))
        };
        self.samples.iter().filter(fits)
    }
}

fn parse_sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("no end of the labels: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
    Sample { name: name.to_owned(), labels: parse_labels(labels), value }
}

/// Labels of the stories have no escaped quotes in them.
fn parse_labels(labels: &str) -> BTreeMap<String, String> {
    let pairs = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim_end_matches('"').to_owned())).collect()
}
