//! Settings of the attributes processor.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Problem, Processor};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::matcher::Matcher;
use super::{Edit, edit_items};
use crate::actions::{ActionConfig, Actions, Constant};

/// Changes the attributes of spans, data points and log records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to do, in this order.
    pub actions: Vec<ActionConfig>,
    /// Only these items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<MatchConfig>,
    /// Not these items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<MatchConfig>,
}

/// Which items: those that match in every field that is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchConfig {
    /// How texts are compared: `strict` or `regexp`.
    pub match_type: String,
    /// How results are kept; without effect here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regexp: Option<RegexpConfig>,
    /// Any of these `service.name`s (spans).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Any of these names (spans).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub span_names: Vec<String>,
    /// Any of these kinds, as `SPAN_KIND_SERVER` (spans).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub span_kinds: Vec<String>,
    /// Any of these bodies (log records whose body is text).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_bodies: Vec<String>,
    /// Any of these severity texts (log records).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_severity_texts: Vec<String>,
    /// A least severity (log records).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_severity_number: Option<SeverityConfig>,
    /// Any of these names (data points).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metric_names: Vec<String>,
    /// All of these attributes (spans, log records).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeMatchConfig>,
    /// Any of these attributes of the resource.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<AttributeMatchConfig>,
    /// Any of these scopes (spans, log records).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<LibraryConfig>,
}

/// A cache of match results, as the Go Collector has one. Read, and not needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegexpConfig {
    /// Whether results are kept.
    pub cacheenabled: bool,
    /// How many.
    pub cachemaxnumentries: u64,
}

/// A least severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeverityConfig {
    /// The least severity number.
    pub min: i32,
    /// Whether records without a severity match.
    pub match_undefined: bool,
}

/// An attribute to be there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeMatchConfig {
    /// Its name.
    pub key: String,
    /// Its value; any value when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Constant>,
}

/// An instrumentation scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LibraryConfig {
    /// Its name.
    pub name: String,
    /// Its version; any version when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[async_trait]
impl Processor for Config {
    const NAME: &'static str = "attributes";
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];
    const MUTATES: bool = true;

    fn check(&self) -> Vec<Problem> {
        self.parse().err().unwrap_or_default()
    }

    async fn start(self, _: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>> {
        let edit = self.parse().map_err(|problems| crate::unchecked(&problems))?;
        Ok(edit_items(edit, next))
    }
}

impl Config {
    fn parse(&self) -> Result<Edit, Vec<Problem>> {
        let mut problems = Vec::new();
        let actions = Actions::parse(&self.actions, "actions").map_err(|found| problems.extend(found));
        let mut matcher = |config: &Option<MatchConfig>, field: &str| {
            let parsed = config.as_ref().map(Matcher::parse).transpose();
            parsed.map_err(|found| problems.extend(found.into_iter().map(|problem| problem.under(field))))
        };
        let include = matcher(&self.include, "include");
        let exclude = matcher(&self.exclude, "exclude");
        match (actions, include, exclude) {
            (Ok(actions), Ok(include), Ok(exclude)) => Ok(Edit { actions, include, exclude }),
            _ => Err(problems),
        }
    }
}
