//! A small file that is read anew when it changes: passwords, tokens, the value of a header.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use component::Context;
use tracing::{info, warn};

/// How often to look. A rotated secret may stay unnoticed for so long.
const PERIOD: Duration = Duration::from_secs(1);

/// Secrets are short; a larger file is a mistake.
const MAX_BYTES: u64 = 1 << 20;

/// What says that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// Reads the file at `path` now, and anew when it changes; what `parse` refuses leaves the old content in force.
///
/// # Errors
/// When it cannot be read now, or `parse` refuses it.
pub(crate) async fn watch<T, P>(cx: &Context, path: &str, parse: P) -> anyhow::Result<Arc<ArcSwap<T>>>
where
    T: Send + Sync + 'static,
    P: Fn(&str) -> anyhow::Result<T> + Send + Sync + 'static,
{
    let path = PathBuf::from(path);
    let first = stamp(&path).await.with_context(|| format!("cannot read `{}`", path.display()))?;
    let content = Arc::new(ArcSwap::from_pointee(read(&path, &parse).await?));
    let (current, parse, scope) = (content.clone(), Arc::new(parse), cx.scope.clone());
    cx.scope.supervise("watch file", move || {
        let (path, current, parse, scope) = (path.clone(), current.clone(), parse.clone(), scope.clone());
        async move {
            tokio::select! {
                () = follow(&path, first, &current, &*parse) => Ok(()),
                () = scope.stopped() => Ok(()),
            }
        }
    });
    Ok(content)
}

/// Never ends.
async fn follow<T>(
    path: &Path,
    first: Stamp,
    current: &ArcSwap<T>,
    parse: &impl Fn(&str) -> anyhow::Result<T>,
) {
    let mut seen = Some(first);
    loop {
        tokio::time::sleep(PERIOD).await;
        let now = stamp(path).await.ok();
        if now == seen {
            continue;
        }
        seen = now;
        match read(path, parse).await {
            Ok(content) => {
                current.store(Arc::new(content));
                info!(path = %path.display(), "the file has changed; its new content is in force");
            }
            Err(error) => {
                warn!(error = format!("{error:#}"), "the file has changed; its old content stays in force")
            }
        }
    }
}

async fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let about = tokio::fs::metadata(path).await?;
    Ok(Stamp { modified: about.modified().ok(), bytes: about.len() })
}

async fn read<T>(path: &Path, parse: &impl Fn(&str) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let whole = async {
        let bytes = stamp(path).await?.bytes;
        ensure!(bytes <= MAX_BYTES, "it has {bytes} bytes, more than {MAX_BYTES}");
        parse(&tokio::fs::read_to_string(path).await?)
    };
    whole.await.with_context(|| format!("cannot read `{}`", path.display()))
}
