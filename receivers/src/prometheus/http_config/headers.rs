//! Headers that are added to every request.

use std::collections::BTreeMap;

use ::http::{HeaderName, HeaderValue};
use component::Problem;
use config::Secret;
use serde::{Deserialize, Serialize};

use crate::prometheus::Text;

/// Headers that have keys of their own, or that requests set themselves: the list of Prometheus.
const RESERVED: [&str; 18] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "user-agent",
    "www-authenticate",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
    "x-prometheus-scrape-timeout-seconds",
];

/// Headers by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeaderSources(pub BTreeMap<String, HeaderSource>);

/// Where the values of one header come from; it is sent once for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderSource {
    /// Values that anybody may see.
    pub values: Vec<Text>,
    /// Values that nobody should see.
    pub secrets: Vec<Secret>,
    /// Files that hold one value each.
    pub files: Vec<String>,
}

impl HeaderSources {
    pub(super) fn check(&self) -> Vec<Problem> {
        self.0.iter().flat_map(|(name, source)| check_header(name, source)).collect()
    }
}

fn check_header(name: &str, source: &HeaderSource) -> Vec<Problem> {
    let mut problems = Vec::new();
    if HeaderName::try_from(name).is_err() {
        problems.push(Problem::error(name, "is not the name of a header"));
    } else if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        problems.push(Problem::error(name, "is a header that must not be set here"));
    }
    let values = source.values.iter().map(|value| ("values", &**value));
    let secrets = source.secrets.iter().map(|secret| ("secrets", secret.expose()));
    for (key, value) in values.chain(secrets) {
        if HeaderValue::try_from(value).is_err() {
            let words = "a value has characters that no header may have";
            problems.push(Problem::error(&format!("{name}::{key}"), words));
        }
    }
    problems
}
