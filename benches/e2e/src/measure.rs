//! CPU time under load.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use crate::case::Loaded;
use crate::rig::{Rig, Sent, Subject};
use crate::setup::Setup;

/// How many windows may pass with nothing arriving, on a machine that has other things to do.
const PATIENCE: u32 = 10;

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Spans that arrived while it was measured.
    pub(crate) spans: u64,
    pub(crate) elapsed: Duration,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    pub(crate) peak_bytes: u64,
    pub(crate) sent: Sent,
    /// Spans that arrived in the whole run.
    pub(crate) arrived: u64,
}

impl Figures {
    pub(crate) fn spans_per_second(&self) -> f64 {
        self.spans as f64 / self.elapsed.as_secs_f64()
    }

    /// CPU seconds per million spans.
    pub(crate) fn cost(&self) -> f64 {
        self.per_million(self.user + self.system)
    }

    pub(crate) fn per_million(&self, time: Duration) -> f64 {
        time.as_secs_f64() / (self.spans as f64 / 1e6)
    }

    /// Spans acknowledged that never arrived.
    pub(crate) fn lost(&self) -> u64 {
        self.sent.accepted.saturating_sub(self.arrived)
    }
}

/// Puts `load` on the subject for `window`, after a moment to warm up, and lets it finish.
pub(crate) async fn measure(
    setup: &Setup,
    subject: Subject,
    load: &Loaded,
    window: Duration,
) -> anyhow::Result<Figures> {
    let mut rig = Rig::start(setup, subject, load).await?;
    let generator = rig.generator(setup, load).await?;
    sleep((window / 4).min(Duration::from_secs(1))).await;
    let (begin, cpu, before) = (Instant::now(), rig.cpu()?, rig.arrived().await?);
    let mut after = before;
    for _ in 0..PATIENCE {
        sleep(window).await;
        after = rig.arrived().await?;
        if after > before {
            break;
        }
    }
    let (elapsed, cpu) = (begin.elapsed(), rig.cpu()?.since(cpu));
    let sent = generator.stop().await?;
    let arrived = rig.drained(sent.accepted).await?;
    let peak_bytes = rig.resident()?.peak;
    rig.stop().await?;
    if after == before {
        bail!("nothing arrived in {elapsed:?}: {sent:?}");
    }
    let (user, system) = (cpu.user, cpu.system);
    Ok(Figures { spans: after - before, elapsed, user, system, peak_bytes, sent, arrived })
}
