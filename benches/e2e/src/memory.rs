//! Memory without load, and with a sink that has stopped answering.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::case::{Loaded, STALLED};
use crate::configuration::LIMIT_MIB;
use crate::rig::{Generator, Rig, Sent, Subject};
use crate::setup::Setup;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long the collector may take to be itself again.
const RECOVERY: Duration = Duration::from_secs(30);

/// What came of a stalled sink.
#[derive(Clone, Debug)]
pub(crate) struct Stall {
    /// Before it stalled, under the plain load.
    pub(crate) healthy_bytes: u64,
    /// The most while it was stalled.
    pub(crate) stalled_bytes: u64,
    /// The most from its return until it was itself again.
    pub(crate) recovering_bytes: u64,
    /// What it was allowed.
    pub(crate) limit_bytes: u64,
    /// From the sink's return to the first span that was accepted.
    pub(crate) first_accepted: Option<Duration>,
    /// Until spans were accepted at half the rate of before.
    pub(crate) recovered: Option<Duration>,
    pub(crate) sent: Sent,
    pub(crate) arrived: u64,
    /// What the collector said when it was stopped at last, if that was not a good end.
    pub(crate) bad_end: Option<String>,
}

impl Stall {
    /// Whether nothing was lost, and the collector ended in peace.
    pub(crate) fn works(&self) -> bool {
        self.lost() == 0 && self.bad_end.is_none()
    }

    /// Whether it also kept to its limit, and was itself again.
    pub(crate) fn is_sound(&self) -> bool {
        let most = self.stalled_bytes.max(self.recovering_bytes);
        self.works() && most <= self.limit_bytes && self.recovered.is_some()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.sent.accepted.saturating_sub(self.arrived)
    }
}

/// What the collector holds two seconds after its start.
pub(crate) async fn idle(setup: &Setup) -> anyhow::Result<u64> {
    let rig = Rig::start(setup, Subject::Collector, &STALLED).await?;
    sleep(Duration::from_secs(2)).await;
    let bytes = rig.resident()?.now;
    rig.stop().await?;
    Ok(bytes)
}

/// A healthy load, ten times that against a sink that does not answer, and the sink's return.
pub(crate) async fn stalled(setup: &Setup, window: Duration) -> anyhow::Result<Stall> {
    let mut rig = Rig::start(setup, Subject::Collector, &STALLED).await?;
    let generator = rig.generator(setup, &STALLED).await?;
    sleep(window / 2).await;
    let before = rig.arrived().await?;
    sleep(window / 2).await;
    let healthy_rate = (rig.arrived().await? - before) as f64 / (window / 2).as_secs_f64();
    let healthy_bytes = rig.resident()?.peak;
    let mut sent = generator.stop().await?;

    rig.tell_sink("stalled").await?;
    let tenfold = Loaded { connections: 10 * STALLED.connections, ..STALLED };
    let mut generator = rig.generator(setup, &tenfold).await?;
    let stalled_bytes = highest(&rig, window * 2).await?;
    rig.tell_sink("healthy").await?;
    let Recovery { first_accepted, recovered, peak } =
        recovery(&rig, &mut generator, healthy_rate / 2.0).await?;

    let more = generator.stop().await?;
    sent.accepted += more.accepted;
    sent.refused += more.refused;
    sent.unknown += more.unknown;
    let arrived = rig.drained(sent.accepted).await?;
    let bad_end = rig.stop().await.err().map(|error| format!("{error:#}"));
    Ok(Stall {
        healthy_bytes,
        stalled_bytes,
        recovering_bytes: peak,
        limit_bytes: LIMIT_MIB << 20,
        first_accepted,
        recovered,
        sent,
        arrived,
        bad_end,
    })
}

async fn highest(rig: &Rig, window: Duration) -> anyhow::Result<u64> {
    let end = Instant::now() + window;
    let mut peak = 0;
    while Instant::now() < end {
        peak = peak.max(rig.resident()?.now);
        sleep(LOOK).await;
    }
    Ok(peak)
}

struct Recovery {
    first_accepted: Option<Duration>,
    recovered: Option<Duration>,
    peak: u64,
}

/// How long until the first span is accepted, and until `rate` is reached over a tenth of a second.
async fn recovery(rig: &Rig, generator: &mut Generator, rate: f64) -> anyhow::Result<Recovery> {
    const STEP: Duration = Duration::from_millis(100);
    let begin = Instant::now();
    let mut last = generator.count().await?.accepted;
    let mut found = Recovery { first_accepted: None, recovered: None, peak: 0 };
    while found.recovered.is_none() && begin.elapsed() < RECOVERY {
        let step = Instant::now();
        found.peak = found.peak.max(highest(rig, STEP).await?);
        let accepted = generator.count().await?.accepted;
        if accepted > last {
            found.first_accepted = found.first_accepted.or(Some(begin.elapsed()));
        }
        if (accepted - last) as f64 / step.elapsed().as_secs_f64() >= rate {
            found.recovered = Some(begin.elapsed());
        }
        last = accepted;
    }
    Ok(found)
}
