//! The limiter itself: what was measured, and what follows from it.
//!
//! How many bytes may be in flight is worked out at each sample:
//!
//! ```text
//! apart  = what the process holds - bytes in flight, and at least what it held before there was traffic
//! budget = (hard limit - apart) * 7/8
//! ```
//!
//! The eighth is kept for what bytes in flight bring along: what the allocator rounds up, tables, buffers of sockets.
//! What was freed and still counts as held lies in `apart`, so that the budget is too small rather than too large.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use component::{Memory, Scope};
use config::ComponentId;
use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

/// How often bytes in flight are looked at between two samples.
const GLANCE: Duration = Duration::from_millis(100);

/// A growth of bytes in flight that calls for a sample before it is due.
const GROWTH: u64 = 4 << 20;

/// How much of what is left is kept for what bytes in flight bring along, as a divisor.
const RESERVE: u64 = 8;

/// Says how much the process holds, if that is known.
pub(super) type Measure = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// The limits of one limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// What the process may hold at most, in bytes.
    pub(super) hard: u64,
    /// From where on data is refused, in bytes.
    pub(super) soft: u64,
    pub(super) interval: Duration,
}

impl Limits {
    /// Limits with the distance `spike` between them, a fifth of the hard one when it is zero.
    pub(super) fn new(hard: u64, spike: u64, interval: Duration) -> Limits {
        let spike = if spike == 0 { hard / 5 } else { spike };
        Limits { hard, soft: hard.saturating_sub(spike), interval }
    }
}

/// One limiter of a process, for all pipelines that name it.
pub(super) struct Limiter {
    id: ComponentId,
    limits: Limits,
    measure: Measure,
    memory: Memory,
    /// What the process held apart from bytes in flight when the limiter was made.
    baseline: u64,
    is_refusing: AtomicBool,
    budget: AtomicU64,
    last: Mutex<Sample>,
}

/// What was seen last.
struct Sample {
    at: Instant,
    in_flight: u64,
    refusing_since: Option<Instant>,
}

impl Limiter {
    pub(super) fn new(id: ComponentId, limits: Limits, measure: Measure, memory: Memory) -> Limiter {
        let held = measure();
        if held.is_none() {
            warn!(component = %id, "cannot measure the memory of this process; only bytes in flight are limited");
        }
        let in_flight = memory.held();
        let baseline = held.unwrap_or(0).saturating_sub(in_flight);
        if baseline >= limits.soft {
            warn!(component = %id, soft_limit = limits.soft, held = baseline, "the process holds more than the limit from the start");
        }
        let last = Sample { at: Instant::now(), in_flight, refusing_since: None };
        let limiter = Limiter {
            id,
            limits,
            measure,
            memory,
            baseline,
            is_refusing: AtomicBool::new(false),
            budget: AtomicU64::new(limits.hard),
            last: Mutex::new(last),
        };
        limiter.sample(&mut limiter.last.lock());
        limiter
    }

    /// Whether data is to be refused now.
    pub(super) fn is_refusing(&self) -> bool {
        self.is_refusing.load(Ordering::Relaxed)
    }

    /// How many bytes may be in flight.
    pub(super) fn budget(&self) -> u64 {
        self.budget.load(Ordering::Relaxed)
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn id(&self) -> &ComponentId {
        &self.id
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Measures when that is due or when much more is in flight than at the last time. Whether it measured.
    fn glance(&self) -> bool {
        let mut last = self.last.lock();
        let is_due = last.at.elapsed() >= self.limits.interval;
        let has_grown = self.memory.held() >= last.in_flight.saturating_add(GROWTH);
        if is_due || has_grown {
            self.sample(&mut last);
        }
        is_due || has_grown
    }

    fn sample(&self, last: &mut Sample) {
        let in_flight = self.memory.held();
        last.at = Instant::now();
        last.in_flight = in_flight;
        let held = (self.measure)();
        let apart = held.unwrap_or(0).saturating_sub(in_flight).max(self.baseline);
        self.budget.store(budget(self.limits.hard, apart), Ordering::Relaxed);
        self.judge(held.unwrap_or(in_flight), last);
    }

    /// Begins or ends to refuse; says so when it changes.
    fn judge(&self, held: u64, last: &mut Sample) {
        let Limits { hard, soft, .. } = self.limits;
        let (was_refusing, is_refusing) = (self.is_refusing(), held >= soft);
        self.is_refusing.store(is_refusing, Ordering::Relaxed);
        let in_flight = last.in_flight;
        if is_refusing && !was_refusing {
            last.refusing_since = Some(last.at);
            warn!(component = %self.id, held, in_flight, soft_limit = soft, hard_limit = hard,
                "memory usage is above soft limit; refusing data");
        }
        if was_refusing && !is_refusing {
            let lasted = last.refusing_since.take().map(|since| since.elapsed()).unwrap_or_default();
            info!(component = %self.id, held, in_flight, soft_limit = soft, ?lasted,
                "memory usage back within limits; resuming normal operation");
        }
    }
}

/// How many bytes may be in flight when all else takes `apart`.
pub(super) fn budget(hard: u64, apart: u64) -> u64 {
    let room = hard.saturating_sub(apart);
    room / RESERVE * (RESERVE - 1)
}

/// Looks at the memory for as long as the component lives. Each pipeline that shares the limiter does so; whoever comes
/// first measures, so that none depends on another's life.
pub(super) async fn sample(limiter: Arc<Limiter>, scope: Scope) -> anyhow::Result<()> {
    let mut ticks = interval(limiter.limits.interval.min(GLANCE));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => (),
            () = scope.stopped() => return Ok(()),
        }
        if limiter.glance() {
            super::shared::apply_budgets(&limiter);
        }
    }
}
