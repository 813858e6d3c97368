//! Reading all objects, page by page.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;

use super::split::{Items, MAX_OBJECT, NoList};
use super::watched::Watched;
use super::{PATIENCE, Source, Trouble, part};
use crate::prometheus::discovery::kubernetes::objects::{Item, Resource};

/// As Go's client.
const PAGE: &str = "500";

/// What a list says beside its objects.
#[derive(Deserialize)]
struct Head {
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HeadMetadata {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

/// What is read of any object first.
#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

/// Who an object is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Name {
    /// `namespace/name`, or `name`; `None` without a name.
    pub(super) fn key(&self) -> Option<String> {
        match (self.namespace.as_str(), self.name.as_str()) {
            (_, "") => None,
            ("", name) => Some(name.to_owned()),
            (namespace, name) => Some(format!("{namespace}/{name}")),
        }
    }
}

/// Reads all objects as they are at the version `from`, or later; gives the version of the list.
pub(super) async fn list(source: &Source, from: &str, watched: &Watched) -> Result<String, Trouble> {
    match in_pages(source, from, PAGE, watched).await {
        // The list went on for longer than the server remembers: now all of it at once.
        Err(trouble) if trouble.is_gone() => in_pages(source, "", "", watched).await,
        end => end,
    }
}

async fn in_pages(source: &Source, from: &str, limit: &str, watched: &Watched) -> Result<String, Trouble> {
    let mut listed = HashSet::new();
    let mut next = String::new();
    let mut odd = 0;
    loop {
        let from = if next.is_empty() { from } else { "" };
        let parameters = [("limit", limit), ("resourceVersion", from), ("continue", &next)];
        let head = page(source, &parameters, |item| match keep(source.scope.resource, item, watched) {
            Some(key) => drop(listed.insert(key)),
            None => odd += 1,
        });
        let head = head.await?;
        if head.next.is_empty() {
            watched.keep_only(&listed);
            if odd > 0 {
                let words = format!("{odd} of them cannot be read, and are left out");
                watched.fails(&source.words("list", &Trouble::new(words)));
            }
            return Ok(head.resource_version);
        }
        next = head.next;
    }
}

/// Keeps one object of a list; its key, unless it cannot be read.
fn keep(resource: Resource, item: Option<&[u8]>, watched: &Watched) -> Option<Arc<str>> {
    let item = item?;
    let named: Named = serde_json::from_slice(item).ok()?;
    let key = named.metadata.key()?;
    let object = resource.read::<Item>(item).ok()?;
    watched.keep(&key, object);
    Some(key.into())
}

/// Reads one page; `each` gets every object, `None` for one that is too large.
async fn page(
    source: &Source,
    parameters: &[(&str, &str)],
    mut each: impl FnMut(Option<&[u8]>),
) -> Result<HeadMetadata, Trouble> {
    let mut answer = source.ask(parameters).await?;
    let mut items = Items::new(MAX_OBJECT);
    while let Some(part) = part(&mut answer, Instant::now() + PATIENCE).await? {
        let read = items.push(&part, |item| each(item.ok()));
        read.map_err(|NoList| Trouble::new("the answer is no list"))?;
    }
    let head = items.finish().ok_or_else(|| Trouble::new("the answer breaks off"))?;
    let head: Head = serde_json::from_slice(&head).map_err(|_| Trouble::new("the answer is no list"))?;
    Ok(head.metadata)
}
