//! From what discovery found to what is scraped: labels, address, URL. Pure.
//!
//! 1. A target has its own labels, those of its group where it has none, and what the job says of it as labels that
//!    begin with `__`.
//! 2. The job's rules change them, or drop the target.
//! 3. What is left says where and how it is scraped; labels that begin with `__meta_` have served.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use formats::prometheus::Labels;
use formats::prometheus::relabel::{Rule, relabel};
use http::Uri;

use super::PromDuration;
use super::config::{Histograms, Job};

/// What the rules of a job made of one discovered target.
#[derive(Clone, Debug)]
pub(super) enum Built {
    /// It is scraped.
    Kept(Box<Target>),
    /// The rules drop it, or leave it without a label.
    Dropped,
    /// It cannot be scraped: why.
    Wrong(String),
}

/// What is scraped, and how.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) id: Id,
    pub(super) url: Uri,
    /// Before relabelling.
    pub(super) discovered: Labels,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) histograms: Histograms,
}

/// What tells targets of one job apart: those that are equal are scraped once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id {
    /// After relabelling, without those of discovery.
    pub(super) labels: Labels,
    pub(super) url: String,
}

impl Id {
    /// The labels that samples get.
    pub(super) fn public(&self) -> Labels {
        self.labels.iter().filter(|(name, _)| !name.starts_with("__")).collect()
    }

    /// A number that spreads targets evenly, the same in every run (FNV-1a).
    pub(super) fn spread(&self, seed: &str) -> u64 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        seed.hash(&mut hasher);
        self.hash(&mut hasher);
        hasher.finish()
    }
}

struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The labels of a target before relabelling.
pub(super) fn discovered(job: &Job, own: Labels, group: &Labels) -> Labels {
    let mut labels = own;
    let mut fill = |name: &str, value: &str| {
        if !labels.contains(name) {
            labels.set(name, value);
        }
    };
    group.iter().for_each(|(name, value)| fill(name, value));
    let section = &job.config.own;
    fill("job", &section.job_name);
    fill("__scrape_interval__", &job.interval.to_string());
    fill("__scrape_timeout__", &job.timeout.to_string());
    fill("__metrics_path__", &section.metrics_path);
    fill("__scheme__", &section.scheme);
    let Histograms { native, classic_too, to_custom_buckets } = job.histograms;
    for (name, is_set) in
        [(NATIVE, native), (CLASSIC_TOO, classic_too), (TO_CUSTOM_BUCKETS, to_custom_buckets)]
    {
        fill(name, if is_set { "true" } else { "false" });
    }
    for (name, values) in &section.params {
        if let Some(first) = values.first() {
            fill(&format!("{PARAM}{name}"), first);
        }
    }
    labels
}

const PARAM: &str = "__param_";
const NATIVE: &str = "__scrape_native_histograms__";
const CLASSIC_TOO: &str = "__always_scrape_classic_histograms__";
const TO_CUSTOM_BUCKETS: &str = "__convert_classic_histograms_to_nhcb__";

/// What becomes of a target with these labels.
pub(super) fn build(job: &Job, rules: &[Rule], discovered: Labels) -> Built {
    let mut labels = discovered.clone();
    if !relabel(rules, &mut labels) {
        return Built::Dropped;
    }
    match finish(job, labels, discovered) {
        Ok(target) if target.id.public().is_empty() => Built::Dropped,
        Ok(target) => Built::Kept(Box::new(target)),
        Err(why) => Built::Wrong(why),
    }
}

fn finish(job: &Job, mut labels: Labels, discovered: Labels) -> Result<Target, String> {
    let address = labels.get("__address__").to_owned();
    if address.is_empty() {
        return Err("no address".to_owned());
    }
    if address.contains('/') {
        return Err(format!("`{address}` is not an address, expected `host` or `host:port`"));
    }
    let duration = |name: &str| {
        let parsed = labels.get(name).parse::<PromDuration>();
        let parsed = parsed.map_err(|error| format!("`{name}`: {error}"))?;
        if parsed.is_zero() { Err(format!("`{name}` must be longer than nothing")) } else { Ok(parsed) }
    };
    let interval = duration("__scrape_interval__")?;
    let timeout = duration("__scrape_timeout__")?;
    if timeout > interval {
        return Err(format!("the timeout of `{timeout}` is longer than the interval of `{interval}`"));
    }
    let histograms = Histograms {
        native: switch(&labels, NATIVE)?,
        classic_too: switch(&labels, CLASSIC_TOO)?,
        to_custom_buckets: switch(&labels, TO_CUSTOM_BUCKETS)?,
    };
    labels.retain(|name, _| !name.starts_with("__meta_"));
    if !labels.contains("instance") {
        labels.set("instance", address.clone());
    }
    let url = url(job, &labels, &address);
    let parsed: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) || parsed.host().is_none_or(str::is_empty) {
        return Err(format!("`{url}` must begin with `http://` or `https://` and a host"));
    }
    if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("an address must not have a user in it".to_owned());
    }
    Ok(Target {
        id: Id { labels, url },
        url: parsed,
        discovered,
        interval: interval.0,
        timeout: timeout.0,
        histograms,
    })
}

/// As Go reads booleans.
fn switch(labels: &Labels, name: &str) -> Result<bool, String> {
    match labels.get(name) {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" | "" => Ok(false),
        other => Err(format!("`{name}` is `{other}`, expected `true` or `false`")),
    }
}

/// A label `__param_x` stands for the first value of the parameter `x`; the others are the job's.
fn url(job: &Job, labels: &Labels, address: &str) -> String {
    let mut params: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, values) in &job.config.own.params {
        params.insert(name, values.iter().map(|value| &**value).collect());
    }
    for (label, value) in labels.iter() {
        let Some(name) = label.strip_prefix(PARAM) else { continue };
        let values = params.entry(name).or_default();
        match values.first_mut() {
            Some(first) => *first = value,
            None => values.push(value),
        }
    }
    let pairs = params.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, *value)));
    let query: Vec<_> = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let path = labels.get("__metrics_path__");
    let slash = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
    let (path, in_path) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<_> =
        Some(in_path).filter(|text| !text.is_empty()).map(str::to_owned).into_iter().chain(query).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}://{address}{slash}{}{mark}{}", labels.get("__scheme__"), path_text(path), query.join("&"))
}

/// As a query has it.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What cannot stand in a path is encoded; what is encoded already stays.
fn path_text(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}#".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
