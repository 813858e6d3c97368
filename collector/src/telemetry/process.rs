//! What the process uses, read from the kernel when somebody scrapes.

use std::fs;
use std::sync::Arc;

use component::{Description, Health, MetricKind, Metrics};
use tokio::time::Instant;

/// Registers the metrics of the process.
pub(crate) fn register(metrics: &Metrics, health: &Health) {
    let started = Instant::now();
    let ask = |name, help, unit, kind, value: Box<dyn Fn() -> Option<f64> + Send + Sync>| {
        metrics.ask(Description { name, help, unit }, kind, Vec::new(), value);
    };
    ask(
        "otelcol_process_uptime",
        "Uptime of the process.",
        "s",
        MetricKind::Counter,
        Box::new(move || Some(started.elapsed().as_secs_f64())),
    );
    ask(
        "otelcol_process_cpu_seconds",
        "Total CPU user and system time in seconds.",
        "s",
        MetricKind::Counter,
        Box::new(cpu_seconds),
    );
    ask(
        "otelcol_process_memory_rss",
        "Total physical memory (resident set size).",
        "By",
        MetricKind::Gauge,
        Box::new(|| status("VmRSS")),
    );
    ask(
        "otelcol_process_runtime_heap_alloc_bytes",
        "Bytes of resident memory that is backed by no file: what the allocator holds.",
        "By",
        MetricKind::Gauge,
        Box::new(|| status("RssAnon")),
    );
    ask(
        "otelcol_process_runtime_total_sys_memory_bytes",
        "Bytes of address space obtained from the OS for data.",
        "By",
        MetricKind::Gauge,
        Box::new(|| status("VmData")),
    );
    register_health(metrics, health);
}

fn register_health(metrics: &Metrics, health: &Health) {
    let health = Arc::new(health.clone());
    let deaths = health.clone();
    let died = Description {
        name: "ferrotel_component_task_deaths",
        help: "How often a component's own task died and was started again.",
        unit: "{deaths}",
    };
    metrics.ask(died, MetricKind::Counter, Vec::new(), move || Some(to_f64(deaths.deaths())));
    let panicked = Description {
        name: "ferrotel_request_panics",
        help: "How many requests ended in a panic, which costs that request alone.",
        unit: "{requests}",
    };
    metrics.ask(panicked, MetricKind::Counter, Vec::new(), move || Some(to_f64(health.panics())));
}

#[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
fn to_f64(value: u64) -> f64 {
    value as f64
}

/// User and system time, from fields 14 and 15 of `/proc/self/stat` (see `proc_pid_stat(5)`).
fn cpu_seconds() -> Option<f64> {
    /// The kernel tells times to programs in hundredths of a second on every Linux platform.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the name in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

/// A size from `/proc/self/status`, in bytes.
fn status(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}
