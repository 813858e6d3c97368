//! What a request is answered: a page of a list, a watch, or why not.

use std::collections::BTreeMap;

use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};

use super::Shared;
use super::objects::KINDS;
use super::selector::{fields_match, labels_match};
use super::state::{Happening, Page, Seen, State};

/// An answer.
pub(super) enum Answer {
    Json(StatusCode, Value),
    Text(String),
    Watch(Watch),
}

/// What a watch sends.
pub(super) struct Watch {
    pub(super) scope: Scope,
    /// Lines that it begins with.
    pub(super) first: Vec<Vec<u8>>,
    /// How much of the history it knows.
    pub(super) read: usize,
    pub(super) bookmarks: bool,
    pub(super) timeout: Option<u64>,
}

/// Which objects a list or a watch is about.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) kind: &'static str,
    pub(super) resource: &'static str,
    namespace: String,
    labels: String,
    fields: String,
}

pub(super) fn answer(shared: &Shared, head: &Parts) -> Answer {
    let path = head.uri.path().to_owned();
    let query = parameters(head.uri.query().unwrap_or_default());
    let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    shared.with(|state| {
        let answer = decide(state, &path, &query, &token).unwrap_or_else(|(code, reason, message)| {
            Answer::Json(status(code), failure(code, reason, &message))
        });
        let status = match &answer {
            Answer::Json(status, _) => status.as_u16(),
            Answer::Text(_) | Answer::Watch(_) => 200,
        };
        state.seen.push(Seen { path, query, token, status });
        answer
    })
}

type Refusal = (u16, &'static str, String);

fn decide(
    state: &mut State,
    path: &str,
    query: &BTreeMap<String, String>,
    token: &str,
) -> Result<Answer, Refusal> {
    if let Some(code) = state.faults.status {
        return Err((code, "InternalError", "the test wants it so".to_owned()));
    }
    if state.token.as_ref().is_some_and(|wanted| wanted != token) {
        return Err((401, "Unauthorized", "Unauthorized".to_owned()));
    }
    if let Some(text) = metrics(path) {
        return Ok(Answer::Text(text));
    }
    let not_found = || (404, "NotFound", "the server could not find the requested resource".to_owned());
    let scope = scope(path, query).ok_or_else(not_found)?;
    if state.forbidden.contains(scope.resource) {
        let who = "User \"system:serviceaccount:monitoring:ferrotel\"";
        let message = format!("{0} is forbidden: {who} cannot list resource \"{0}\"", scope.resource);
        return Err((403, "Forbidden", message));
    }
    let is_watch = query.get("watch").is_some_and(|value| value == "1" || value == "true");
    if is_watch { watch(state, scope, query) } else { list(state, &scope, query) }
}

/// The pages of metrics that the API server has itself, and passes on from kubelets.
fn metrics(path: &str) -> Option<String> {
    if path == "/metrics" {
        return Some("# TYPE apiserver_up gauge\napiserver_up 1\n".to_owned());
    }
    let node = path.strip_prefix("/api/v1/nodes/")?.strip_suffix("/proxy/metrics")?;
    Some(format!("# TYPE kubelet_up gauge\nkubelet_up{{of=\"{node}\"}} 1\n"))
}

fn scope(path: &str, query: &BTreeMap<String, String>) -> Option<Scope> {
    let (kind, resource, namespace) = KINDS.iter().find_map(|(kind, resource, root)| {
        let rest = path.strip_prefix(root)?.strip_prefix('/')?;
        if rest == *resource {
            return Some((*kind, *resource, String::new()));
        }
        let (namespace, rest) = rest.strip_prefix("namespaces/")?.split_once('/')?;
        (rest == *resource).then(|| (*kind, *resource, namespace.to_owned()))
    })?;
    let of = |name: &str| query.get(name).cloned().unwrap_or_default();
    Some(Scope { kind, resource, namespace, labels: of("labelSelector"), fields: of("fieldSelector") })
}

impl Scope {
    pub(super) fn covers(&self, object: &Value) -> bool {
        self.check(object).unwrap_or(false)
    }

    fn check(&self, object: &Value) -> Result<bool, String> {
        let here = self.namespace.is_empty() || object["metadata"]["namespace"] == self.namespace.as_str();
        Ok(here && labels_match(&self.labels, object)? && fields_match(&self.fields, object)?)
    }
}

fn list(state: &mut State, scope: &Scope, query: &BTreeMap<String, String>) -> Result<Answer, Refusal> {
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let page = match query.get("continue") {
        Some(token) => state
            .pages
            .remove(token)
            .ok_or_else(|| (410, "Expired", "The provided continue parameter is too old".to_owned()))?,
        None => {
            let mut rest = Vec::new();
            for object in state.all(scope.resource) {
                if scope.check(&object).map_err(|message| (400, "BadRequest", message))? {
                    rest.push(object);
                }
            }
            Page { version: state.version, rest }
        }
    };
    let Page { version, mut rest } = page;
    let more = rest.split_off(rest.len().min(limit.max(1)));
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if !more.is_empty() {
        let token = format!("next/{}=+&{}", version, state.seen.len());
        metadata["continue"] = json!(token);
        metadata["remainingItemCount"] = json!(more.len());
        state.pages.insert(token, Page { version, rest: more });
    }
    let kind = format!("{}List", scope.kind);
    // Items of a list do not say their kind.
    rest.iter_mut().filter_map(Value::as_object_mut).for_each(|item| {
        item.remove("kind");
        item.remove("apiVersion");
    });
    let list = json!({ "kind": kind, "apiVersion": "v1", "metadata": metadata, "items": rest });
    Ok(Answer::Json(StatusCode::OK, list))
}

fn watch(state: &State, scope: Scope, query: &BTreeMap<String, String>) -> Result<Answer, Refusal> {
    let from = query.get("resourceVersion").map_or("", String::as_str);
    let bookmarks = query.get("allowWatchBookmarks").is_some_and(|value| value == "true" || value == "1");
    let timeout = query.get("timeoutSeconds").and_then(|seconds| seconds.parse().ok());
    let mut watch = Watch { scope, first: Vec::new(), read: state.history.len(), bookmarks, timeout };
    if from.is_empty() || from == "0" {
        let all = state.all(watch.scope.resource).into_iter().filter(|object| watch.scope.covers(object));
        watch.first = all.map(|object| event("ADDED", &object)).collect();
        return Ok(Answer::Watch(watch));
    }
    let from: u64 = from.parse().map_err(|_| (400, "BadRequest", format!("invalid version {from:?}")))?;
    if from < state.compacted {
        let message = format!("too old resource version: {from} ({})", state.compacted);
        if state.faults.gone_as_status {
            return Err((410, "Expired", message));
        }
        watch.first.push(event("ERROR", &failure(410, "Expired", &message)));
        watch.timeout = Some(0);
        return Ok(Answer::Watch(watch));
    }
    let missed = state
        .history
        .iter()
        .filter(|happening| matches!(happening, Happening::Change { version, .. } if *version > from));
    watch.first = missed.filter_map(|happening| line(happening, &watch.scope, false)).collect();
    Ok(Answer::Watch(watch))
}

/// What a watch of that scope is told of something that happened.
pub(super) fn line(happening: &Happening, scope: &Scope, bookmarks: bool) -> Option<Vec<u8>> {
    match happening {
        Happening::Say { resource, bytes } => (resource == scope.resource).then(|| bytes.clone()),
        Happening::Bookmark { version } => bookmarks.then(|| {
            let metadata = json!({ "resourceVersion": version.to_string(), "creationTimestamp": null });
            event("BOOKMARK", &json!({ "kind": scope.kind, "apiVersion": "v1", "metadata": metadata }))
        }),
        Happening::Change { resource, .. } if resource != scope.resource => None,
        Happening::Change { version, before, after, .. } => {
            let known = before.as_ref().filter(|object| scope.covers(object));
            match (known, after.as_ref().filter(|object| scope.covers(object))) {
                (None, None) => None,
                (None, Some(object)) => Some(event("ADDED", object)),
                (Some(_), Some(object)) => Some(event("MODIFIED", object)),
                // What is deleted, and what no longer matches, is told as it was, with the version of now.
                (Some(object), None) => {
                    let mut last = object.clone();
                    last["metadata"]["resourceVersion"] = json!(version.to_string());
                    Some(event("DELETED", &last))
                }
            }
        }
    }
}

fn event(kind: &str, object: &Value) -> Vec<u8> {
    let mut line = json!({ "type": kind, "object": object }).to_string().into_bytes();
    line.push(b'\n');
    line
}

fn failure(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a status")
}

fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
