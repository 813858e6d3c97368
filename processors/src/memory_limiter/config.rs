//! Settings of the memory limiter.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Consumer, Context, Problem, Processor};
use config::Interval;
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::limiter::{Limits, sample};
use super::measure::{resident_bytes, total_memory};
use super::refuse::refuse_above;
use super::shared;

const MIB: u64 = 1 << 20;

/// How often memory is measured when the file does not say it.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// Refuses data while the process holds too much memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How often memory is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_interval: Option<Interval>,
    /// The most the process may hold, in MiB.
    pub limit_mib: u32,
    /// How far below the limit data is refused, in MiB; a fifth of the limit when 0.
    pub spike_limit_mib: u32,
    /// The most the process may hold, in percent of the memory there is.
    pub limit_percentage: u32,
    /// How far below the limit data is refused, in percent of the memory there is; a fifth of the limit when 0.
    pub spike_limit_percentage: u32,
    /// Without effect: there is no garbage collector.
    pub min_gc_interval_when_soft_limited: Interval,
    /// Without effect.
    pub min_gc_interval_when_hard_limited: Interval,
    /// Without effect.
    pub max_gc_interval_when_soft_limited: Interval,
    /// Without effect.
    pub max_gc_interval_when_hard_limited: Interval,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            check_interval: None,
            limit_mib: 0,
            spike_limit_mib: 0,
            limit_percentage: 0,
            spike_limit_percentage: 0,
            min_gc_interval_when_soft_limited: Interval::from_secs(10),
            min_gc_interval_when_hard_limited: Interval::ZERO,
            max_gc_interval_when_soft_limited: Interval::from_secs(30),
            max_gc_interval_when_hard_limited: Interval::from_secs(30),
        }
    }
}

#[async_trait]
impl Processor for Config {
    const NAME: &'static str = "memory_limiter";
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check_limits(&mut problems);
        self.check_collection("soft", &mut problems);
        self.check_collection("hard", &mut problems);
        self.check_order(&mut problems);
        problems
    }

    async fn start(self, cx: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>> {
        let limits = self.limits(total_memory)?;
        let limiter = shared::limiter(&cx, limits, Arc::new(resident_bytes));
        let (sampled, scope) = (limiter.clone(), cx.scope.clone());
        cx.scope.supervise("sample memory", move || sample(sampled.clone(), scope.clone()));
        Ok(refuse_above(limiter, &cx, next))
    }
}

impl Config {
    /// The limits in bytes, with what percentages are of.
    pub(super) fn limits(&self, total: impl FnOnce() -> Option<u64>) -> anyhow::Result<Limits> {
        let interval = self.check_interval.map_or(DEFAULT_INTERVAL, Duration::from);
        if self.limit_mib > 0 {
            let hard = u64::from(self.limit_mib) * MIB;
            return Ok(Limits::new(hard, u64::from(self.spike_limit_mib) * MIB, interval));
        }
        let total = total().context("cannot find out how much memory there is; set `limit_mib`")?;
        let part = |percent: u32| total / 100 * u64::from(percent);
        Ok(Limits::new(part(self.limit_percentage), part(self.spike_limit_percentage), interval))
    }

    fn check_limits(&self, problems: &mut Vec<Problem>) {
        match self.check_interval {
            None => {
                let message = "`check_interval` is not set; memory is checked every `1s`";
                problems.push(Problem::warning("check_interval", message));
            }
            Some(interval) if interval.is_zero() => {
                problems.push(Problem::error("check_interval", "`check_interval` must be greater than zero"));
            }
            Some(_) => (),
        }
        if self.limit_mib == 0 && self.limit_percentage == 0 {
            problems.push(Problem::error("", "`limit_mib` or `limit_percentage` must be greater than zero"));
        }
        for (key, percent) in [
            ("limit_percentage", self.limit_percentage),
            ("spike_limit_percentage", self.spike_limit_percentage),
        ] {
            if percent > 100 {
                problems.push(Problem::error(key, format!("must not be greater than 100, is `{percent}`")));
            }
        }
        let spikes = [
            ("limit_mib", self.limit_mib, "spike_limit_mib", self.spike_limit_mib),
            (
                "limit_percentage",
                self.limit_percentage,
                "spike_limit_percentage",
                self.spike_limit_percentage,
            ),
        ];
        for (limit_key, limit, key, spike) in spikes {
            if limit > 0 && spike >= limit {
                problems.push(Problem::error(key, format!("`{key}` must be smaller than `{limit_key}`")));
            }
        }
    }

    /// The longest interval between collections must not be below the shortest; 0 is no such limit.
    fn check_collection(&self, which: &str, problems: &mut Vec<Problem>) {
        let (least, most) = match which {
            "soft" => (self.min_gc_interval_when_soft_limited, self.max_gc_interval_when_soft_limited),
            _ => (self.min_gc_interval_when_hard_limited, self.max_gc_interval_when_hard_limited),
        };
        if !most.is_zero() && most < least {
            let message =
                format!("must not be smaller than `min_gc_interval_when_{which}_limited`, unless it is 0");
            problems.push(Problem::error(&format!("max_gc_interval_when_{which}_limited"), message));
        }
    }

    /// Collections are at least as frequent above the hard limit as above the soft one.
    fn check_order(&self, problems: &mut Vec<Problem>) {
        if self.min_gc_interval_when_soft_limited < self.min_gc_interval_when_hard_limited {
            let message = "should be larger than `min_gc_interval_when_hard_limited`";
            problems.push(Problem::error("min_gc_interval_when_soft_limited", message));
        }
        let (soft, hard) = (self.max_gc_interval_when_soft_limited, self.max_gc_interval_when_hard_limited);
        if !soft.is_zero() && !hard.is_zero() && soft < hard {
            let message = "should be larger than `max_gc_interval_when_hard_limited`";
            problems.push(Problem::error("max_gc_interval_when_soft_limited", message));
        }
    }
}
