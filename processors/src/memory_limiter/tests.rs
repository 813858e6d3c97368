//! A process that holds what the test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use component::testing::{Script, context, payload};
use component::{Batch, Charge, Consumer, Context, Kind, Problem, Processor, Value};
use otlp::Signal;
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::config::Config;
use super::limiter::{Limits, budget, sample};
use super::refuse::refuse_above;
use super::shared;
use crate::cases::settings;

const MIB: u64 = 1 << 20;

#[test]
fn each_mistake_is_found_where_it_is() {
    let table = [
        ("check_interval: 1s", "", "`limit_mib` or `limit_percentage` must be greater than zero"),
        ("check_interval: 0s\nlimit_mib: 5", "check_interval", "`check_interval` must be greater than zero"),
        (
            "check_interval: 1s\nlimit_mib: 5\nspike_limit_mib: 5",
            "spike_limit_mib",
            "must be smaller than `limit_mib`",
        ),
        (
            "check_interval: 1s\nlimit_percentage: 101",
            "limit_percentage",
            "must not be greater than 100, is `101`",
        ),
        (
            "check_interval: 1s\nlimit_percentage: 5\nspike_limit_percentage: 6",
            "spike_limit_percentage",
            "must be smaller than `limit_percentage`",
        ),
        (
            "check_interval: 1s\nlimit_mib: 5\nmin_gc_interval_when_hard_limited: 11s",
            "min_gc_interval_when_soft_limited",
            "should be larger than `min_gc_interval_when_hard_limited`",
        ),
        (
            "check_interval: 1s\nlimit_mib: 5\nmax_gc_interval_when_soft_limited: 9s\nmax_gc_interval_when_hard_limited: 8s",
            "max_gc_interval_when_soft_limited",
            "must not be smaller than `min_gc_interval_when_soft_limited`, unless it is 0",
        ),
        (
            "check_interval: 1s\nlimit_mib: 5\nmax_gc_interval_when_soft_limited: 20s",
            "max_gc_interval_when_soft_limited",
            "should be larger than `max_gc_interval_when_hard_limited`",
        ),
    ];
    for (yaml, path, end) in table {
        let problems = settings::<Config>(yaml).unwrap().check();
        let [Problem::Error { path: found, message }] = &problems[..] else { panic!("{yaml}: {problems:?}") };
        assert_eq!(found.join("::"), path, "{yaml}");
        assert!(message.ends_with(end), "{yaml}: {message}");
    }
}

#[test]
fn without_an_interval_there_is_a_warning_alone() {
    let problems = settings::<Config>("limit_mib: 100").unwrap().check();
    assert!(
        matches!(&problems[..], [Problem::Warning { path, .. }] if path == &["check_interval"]),
        "{problems:?}"
    );
    let never = settings::<Config>("limit_mib: 5\ncheck_interval: 1s\nmax_gc_interval_when_soft_limited: 0s")
        .unwrap();
    assert_eq!(never.check(), []);
}

#[test]
fn limits_are_bytes_or_parts_of_what_there_is() {
    let limits = |yaml: &str| {
        let limits = settings::<Config>(yaml).unwrap().limits(|| Some(1000 * MIB)).unwrap();
        (limits.hard / MIB, limits.soft / MIB, limits.interval)
    };
    let second = Duration::from_secs(1);
    assert_eq!(limits("limit_mib: 100"), (100, 80, second));
    assert_eq!(limits("limit_mib: 100\nspike_limit_mib: 30\ncheck_interval: 5s"), (100, 70, second * 5));
    assert_eq!(limits("limit_percentage: 50"), (500, 400, second));
    assert_eq!(limits("limit_percentage: 50\nspike_limit_percentage: 20"), (500, 300, second));
    assert_eq!(limits("limit_percentage: 50\nlimit_mib: 10"), (10, 8, second));
    assert!(settings::<Config>("limit_percentage: 50").unwrap().limits(|| None).is_err());
}

#[tokio::test(start_paused = true)]
async fn it_refuses_from_the_soft_limit_on_and_takes_again_below() {
    let process = Process::holding(10 * MIB);
    let script = Script::new([]);
    let limiter = process.limiter("memory_limiter", 100, &script);
    for (held, is_taken) in [(79, true), (80, false), (150, false), (81, false), (79, true)] {
        process.holds(held * MIB);
        sleep(Duration::from_millis(1001)).await;
        let answer = limiter.consume(Batch::new(payload(Signal::Traces, 2))).await;
        assert_eq!(answer.is_ok(), is_taken, "with {held} MiB");
        if let Err(refused) = answer {
            assert!(!refused.is_permanent() && refused.fault().code.is_none());
            assert_eq!(refused.to_string(), "data refused due to high memory usage");
        }
    }
    assert_eq!(process.count("otelcol_processor_memory_limiter_accepted_spans"), Some(4.0));
    assert_eq!(process.count("otelcol_processor_memory_limiter_refused_spans"), Some(6.0));
    assert_eq!(process.count("otelcol_processor_memory_limiter_refused_log_records"), None);
}

#[tokio::test(start_paused = true)]
async fn a_growth_of_bytes_in_flight_is_seen_before_the_interval_ends() {
    let process = Process::holding(10 * MIB);
    let limiter = process.limiter("memory_limiter", 100, &Script::new([]));
    sleep(Duration::from_millis(250)).await;
    let _burst = process.take(5 * MIB);
    process.holds(90 * MIB);
    sleep(Duration::from_millis(110)).await;
    assert!(limiter.consume(Batch::new(payload(Signal::Logs, 1))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn bytes_in_flight_never_take_the_process_beyond_the_hard_limit() {
    let process = Process::holding(10 * MIB);
    let _limiter = process.limiter("memory_limiter", 100, &Script::new([]));
    let mut charges = Vec::new();
    // Ten times what fits, each MiB with an eighth more for what it brings along.
    for _ in 0..1000 {
        if let Some(charge) = process.cx.memory.charge(MIB as usize) {
            charges.push(charge);
            process.holds(10 * MIB + charges.len() as u64 * MIB * 9 / 8);
        }
        sleep(Duration::from_millis(7)).await;
        assert!(process.held() <= 100 * MIB, "{} MiB", process.held() / MIB);
    }
    assert!(charges.len() > 40, "only {} MiB were let in", charges.len());
    charges.clear();
    process.holds(10 * MIB);
    sleep(Duration::from_secs(2)).await;
    assert!(process.cx.memory.has_room(60 * MIB as usize), "what was given back can be taken again");
}

#[tokio::test(start_paused = true)]
async fn pipelines_that_name_one_limiter_share_it() {
    let process = Process::holding(10 * MIB);
    let limits = Limits::new(100 * MIB, 0, Duration::from_secs(1));
    let measure = process.measure();
    let first = shared::limiter(&process.cx, limits, measure.clone());
    assert!(Arc::ptr_eq(&first, &shared::limiter(&process.cx, limits, measure.clone())));
    let mut other = process.cx.clone();
    other.id = "memory_limiter/other".parse().unwrap();
    let small = Limits::new(50 * MIB, 0, Duration::from_secs(1));
    let second = shared::limiter(&other, small, measure.clone());
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(!process.cx.memory.has_room(50 * MIB as usize), "the smaller budget counts");
    drop(second);
    shared::apply_budgets(&first);
    assert!(process.cx.memory.has_room(50 * MIB as usize));
    let changed = shared::limiter(&process.cx, small, measure);
    assert!(!Arc::ptr_eq(&first, &changed), "other limits after a reload are another limiter");
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_it_is_told_to() {
    let process = Process::holding(10 * MIB);
    let limiter = process.limiter("memory_limiter", 100, &Script::new([]));
    assert_eq!(process.cx.scope.stop(Instant::now() + Duration::from_secs(1)).await, Ok(()));
    assert!(limiter.consume(Batch::new(payload(Signal::Metrics, 1))).await.is_ok());
}

#[tokio::test]
async fn it_starts_on_this_machine() {
    let cx = context(Kind::Processor, "memory_limiter");
    let config: Config = settings("limit_percentage: 100\ncheck_interval: 1s").unwrap();
    let limiter = config.start(cx.clone(), Script::new([])).await.unwrap();
    limiter.consume(Batch::new(payload(Signal::Traces, 1))).await.unwrap();
    assert!(cx.memory.has_room(1 << 20) && !cx.memory.has_room(1 << 60));
}

proptest! {
    #[test]
    fn the_budget_and_what_it_brings_along_stay_within_the_limit(hard: u64, apart: u64) {
        let budget = budget(hard, apart);
        let with_overhead = u128::from(apart.min(hard)) + u128::from(budget) + u128::from(budget / 7);
        prop_assert!(with_overhead <= u128::from(hard) || budget == 0);
    }
}

struct Process {
    cx: Context,
    held: Arc<AtomicU64>,
}

impl Process {
    fn holding(bytes: u64) -> Process {
        Process { cx: context(Kind::Processor, "memory_limiter"), held: Arc::new(AtomicU64::new(bytes)) }
    }

    fn holds(&self, bytes: u64) {
        self.held.store(bytes, Ordering::Relaxed);
    }

    fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> Charge {
        self.cx.memory.charge(usize::try_from(bytes).unwrap()).unwrap()
    }

    fn measure(&self) -> Arc<dyn Fn() -> Option<u64> + Send + Sync> {
        let held = self.held.clone();
        Arc::new(move || Some(held.load(Ordering::Relaxed)))
    }

    /// A limiter with a soft limit a fifth below.
    fn limiter(&self, id: &str, limit_mib: u64, next: &Arc<Script>) -> Arc<dyn Consumer> {
        let mut cx = self.cx.clone();
        cx.id = id.parse().unwrap();
        let limits = Limits::new(limit_mib * MIB, 0, Duration::from_secs(1));
        let limiter = shared::limiter(&cx, limits, self.measure());
        let (sampled, scope) = (limiter.clone(), cx.scope.clone());
        cx.scope.supervise("sample memory", move || sample(sampled.clone(), scope.clone()));
        refuse_above(limiter, &cx, next.clone())
    }

    fn count(&self, name: &str) -> Option<f64> {
        let family = self.cx.metrics.read().into_iter().find(|family| family.name == name)?;
        match family.samples[0].value {
            Value::Number(number) => Some(number),
            Value::Histogram { .. } => None,
        }
    }
}
