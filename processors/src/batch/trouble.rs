//! Telling people of trouble when it begins and when it ends, not each time.

use component::ConsumeError;
use config::ComponentId;
use tokio::time::Instant;
use tracing::{info, warn};

/// The trouble of one sender.
pub(super) struct Trouble {
    id: ComponentId,
    now: Option<Episode>,
}

struct Episode {
    since: Instant,
    attempts: u64,
    dropped: usize,
}

impl Trouble {
    pub(super) fn none(id: ComponentId) -> Trouble {
        Trouble { id, now: None }
    }

    /// An attempt failed.
    pub(super) fn failed(&mut self, error: &ConsumeError) {
        match &mut self.now {
            Some(episode) => episode.attempts += 1,
            None => {
                warn!(component = %self.id, %error, permanent = error.is_permanent(), "Sender failed");
                self.now = Some(Episode { since: Instant::now(), attempts: 1, dropped: 0 });
            }
        }
    }

    /// Items were given up.
    pub(super) fn dropped(&mut self, items: usize) {
        if let Some(episode) = &mut self.now {
            episode.dropped += items;
        }
    }

    /// A batch was sent.
    pub(super) fn over(&mut self) {
        self.end("sender works again");
    }

    fn end(&mut self, message: &'static str) {
        if let Some(Episode { since, attempts, dropped }) = self.now.take() {
            let lasted = since.elapsed();
            info!(component = %self.id, ?lasted, failed_attempts = attempts, dropped_items = dropped, "{message}");
        }
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.end("stopped while the sender failed");
    }
}
