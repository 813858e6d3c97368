//! Letting go of series that nobody updates any more.

use std::sync::Arc;
use std::time::Duration;

use component::Context;

use super::consume::Points;
use super::registry::Registry;

/// How many series are looked at without letting others have the thread.
const PART: usize = 1024;

/// Series are looked for this often while they are kept, within these limits. Pages leave out what is due in the
/// meantime, so this is about memory only.
const LOOKS: u32 = 10;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(15);

pub(super) fn start(registry: Arc<Registry>, points: Arc<Points>, kept: Duration, cx: &Context) {
    let period = if kept.is_zero() { LONGEST } else { (kept / LOOKS).clamp(SHORTEST, LONGEST) };
    let scope = cx.scope.clone();
    cx.scope.supervise("expiration", move || {
        let (registry, points, scope) = (registry.clone(), points.clone(), scope.clone());
        async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(period) => (),
                    () = scope.stopped() => return Ok(()),
                }
                if !kept.is_zero() {
                    let deadline = registry.deadline();
                    expire(&registry, deadline).await;
                    points.sources.expire(deadline);
                }
                registry.retire_empty();
                points.refused.settle();
            }
        }
    });
}

async fn expire(registry: &Registry, deadline: u64) {
    let mut family = registry.after(None);
    while let Some(current) = family {
        let mut last = None;
        loop {
            let part = current.part(last.as_deref(), PART);
            current.expire(&part, deadline);
            let Some(end) = part.into_iter().last() else { break };
            last = Some(end);
            tokio::task::yield_now().await;
        }
        family = registry.after(Some(&current.name));
    }
}
