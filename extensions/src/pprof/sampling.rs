//! Taking CPU profiles: the stack of whoever runs, so many times in a second of CPU time.
//!
//! The process has one profiling timer and one signal handler for it, so there is one profile at a time.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow, bail, ensure};
use component::Scope;
use flate2::Compression;
use flate2::write::GzEncoder;
use pprof::{ProfilerGuardBuilder, Report};
use tokio::sync::Semaphore;

use super::profile::{Frame, Recording, Stack};

/// Samples in a second of CPU time, as in Go.
const FREQUENCY: i32 = 100;

/// Where the unwinder may hold a lock that it would need again inside the signal handler.
const NEVER_UNWIND: &[&str] = &["libc", "libgcc", "pthread", "vdso"];

const BUSY: &str = "another CPU profile is being taken";

/// Whether an extension of this process has the profiling timer, which cannot be shared.
static IS_CLAIMED: AtomicBool = AtomicBool::new(false);

/// The right to take profiles. There is one in a process.
pub(super) struct Only {
    turn: Semaphore,
}

impl Only {
    pub(super) fn claim() -> anyhow::Result<Only> {
        let was_claimed = IS_CLAIMED.swap(true, Ordering::SeqCst);
        ensure!(!was_claimed, "only a single pprof extension instance can be running per process");
        Ok(Only { turn: Semaphore::new(1) })
    }

    /// A profile of the next `limit`, or until the component stops, as gzipped protobuf. Dropping the future ends it.
    ///
    /// # Errors
    /// When another profile is being taken, or the system has no profiling timer.
    pub(super) async fn record(&self, limit: Duration, scope: &Scope) -> anyhow::Result<Vec<u8>> {
        let _turn = self.turn.try_acquire().map_err(|_| anyhow!(BUSY))?;
        let (until, end) = mpsc::channel();
        let recording = tokio::task::spawn_blocking(move || run(limit, &end));
        tokio::pin!(recording);
        tokio::select! {
            finished = &mut recording => return finished?,
            () = scope.stopped() => drop(until),
        }
        recording.await?
    }

    /// Writes a profile of everything until the component stops.
    pub(super) async fn save(&self, scope: &Scope, path: &str) -> anyhow::Result<()> {
        let bytes =
            self.record(Duration::MAX, scope).await.context("cannot take the profile of `save_to_file`")?;
        tokio::fs::write(path, bytes).await.with_context(|| format!("cannot write `{path}`"))
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        IS_CLAIMED.store(false, Ordering::SeqCst);
    }
}

/// Takes a profile until `limit` has passed or the other side of `end` is gone. Blocks.
fn run(limit: Duration, end: &mpsc::Receiver<()>) -> anyhow::Result<Vec<u8>> {
    let profiler = ProfilerGuardBuilder::default().frequency(FREQUENCY).blocklist(NEVER_UNWIND).build();
    let profiler = match profiler {
        Ok(profiler) => profiler,
        Err(pprof::Error::Running) => bail!(BUSY),
        Err(error) => return Err(error).context("cannot start the CPU profile"),
    };
    let (began, clock) = (SystemTime::now(), tokio::time::Instant::now());
    match limit {
        // For ever; the standard library cannot wait until the end of time.
        Duration::MAX => drop(end.recv()),
        limit => drop(end.recv_timeout(limit)),
    }
    let report = profiler.report().build().context("cannot read the CPU profile")?;
    let recording = Recording {
        began,
        duration: clock.elapsed(),
        frequency: FREQUENCY.cast_unsigned(),
        stacks: stacks(&report),
    };
    compress(&recording.encode())
}

fn stacks(report: &Report) -> Vec<Stack> {
    let stacks = report.data.iter().map(|(frames, count)| Stack {
        count: u64::try_from(*count).unwrap_or(0),
        thread: frames.thread_name.clone(),
        frames: frames.frames.iter().map(|inlined| inlined.iter().map(frame).collect()).collect(),
    });
    stacks.collect()
}

fn frame(symbol: &pprof::Symbol) -> Frame {
    Frame {
        function: symbol.name(),
        symbol: symbol.sys_name().into_owned(),
        file: symbol.filename().into_owned(),
        line: symbol.lineno(),
    }
}

fn compress(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
