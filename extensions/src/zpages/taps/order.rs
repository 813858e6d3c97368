//! What somebody wants to see: which edges, which items, for how long.

use std::time::Duration;

use component::Edge;
use http::StatusCode;

use super::filter::Filter;
use crate::zpages::serve::{param, params};

const DEFAULT_SECONDS: u64 = 60;
const MAX_SECONDS: u64 = 600;
const DEFAULT_RATE: u64 = 10;
const MAX_RATE: u64 = 100;

/// More edges than this are not listed in an answer.
const MAX_LISTED: usize = 30;

/// A tap as it was asked for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) edges: Vec<Edge>,
    pub(super) filter: Filter,
    /// The filter as it was written.
    pub(super) filter_text: String,
    pub(super) time: Duration,
    /// Items a second.
    pub(super) rate: u64,
    /// Items in all; none is no limit.
    pub(super) limit: Option<u64>,
}

/// Why there is no tap.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) words: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, words: impl Into<String>) -> Refusal {
        Refusal { status, words: words.into() }
    }
}

impl Order {
    /// Reads `edge=...&filter=...&seconds=...&rate=...&limit=...`; only the first is needed, and may stand repeatedly.
    pub(super) fn read(query: &str, known: &[Edge]) -> Result<Order, Refusal> {
        let bad = |words: String| Refusal::new(StatusCode::BAD_REQUEST, words);
        let mut edges: Vec<Edge> = Vec::new();
        for wanted in params(query, "edge") {
            for edge in find(known, &wanted)? {
                if !edges.iter().any(|taken| taken.name() == edge.name()) {
                    edges.push(edge);
                }
            }
        }
        if edges.is_empty() {
            return Err(bad(format!("which edge? Say `edge=...` with one of: {}", list(known))));
        }
        let filter_text = param(query, "filter").unwrap_or_default();
        let filter = Filter::parse(&filter_text).map_err(|error| bad(error.to_string()))?;
        let seconds = number(query, "seconds", 1, MAX_SECONDS)?.unwrap_or(DEFAULT_SECONDS);
        let rate = number(query, "rate", 1, MAX_RATE)?.unwrap_or(DEFAULT_RATE);
        let limit = number(query, "limit", 1, u64::MAX)?;
        Ok(Order { edges, filter, filter_text, time: Duration::from_secs(seconds), rate, limit })
    }
}

/// The edges that `wanted` names: by their name, the beginning of it, or the id of a component or pipeline.
fn find(known: &[Edge], wanted: &str) -> Result<Vec<Edge>, Refusal> {
    if let Some(edge) = known.iter().find(|edge| edge.name() == wanted) {
        return Ok(vec![edge.clone()]);
    }
    let of =
        |fits: &dyn Fn(&Edge) -> bool| known.iter().filter(|edge| fits(edge)).cloned().collect::<Vec<_>>();
    let below = of(&|edge| edge.name().strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/')));
    let named = of(&|edge| edge.component() == wanted);
    let found = if named.is_empty() { below } else { named };
    let Some(first) = found.first() else {
        let words = format!("there is no `{wanted}` here; there is: {}", list(known));
        return Err(Refusal::new(StatusCode::NOT_FOUND, words));
    };
    if found.iter().any(|edge| edge.kind() != first.kind()) {
        let words = format!("`{wanted}` is several things; say which: {}", list(&found));
        return Err(Refusal::new(StatusCode::BAD_REQUEST, words));
    }
    Ok(found)
}

fn list(edges: &[Edge]) -> String {
    let names: Vec<_> = edges.iter().take(MAX_LISTED).map(|edge| format!("`{}`", edge.name())).collect();
    match edges.len() {
        0 => "nothing, as nothing runs yet".to_owned(),
        count if count > MAX_LISTED => format!("{} and {} more", names.join(", "), count - MAX_LISTED),
        _ => names.join(", "),
    }
}

fn number(query: &str, name: &str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
    let Some(text) = param(query, name) else { return Ok(None) };
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => {
            let range = match most {
                u64::MAX => format!("a whole number from {least} on"),
                _ => format!("a whole number from {least} to {most}"),
            };
            let words = format!("`{name}` is `{text}`, expected {range}");
            Err(Refusal::new(StatusCode::BAD_REQUEST, words))
        }
    }
}
