//! What the kernel says about a process.

use std::time::Duration;

use anyhow::Context as _;

/// CPU time taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cpu {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Cpu {
    /// Reads `/proc/<pid>/stat`, which counts in hundredths of a second.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Cpu> {
        let stat = read(pid, "stat")?;
        parse_stat(&stat, rustix::param::clock_ticks_per_second())
            .with_context(|| format!("cannot read `{stat}`"))
    }

    pub(crate) fn since(self, earlier: Cpu) -> Cpu {
        Cpu { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) now: u64,
    /// The most there ever was.
    pub(crate) peak: u64,
}

impl Resident {
    /// Reads `/proc/<pid>/status`.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Resident> {
        let status = read(pid, "status")?;
        let bytes = |key: &str| parse_status(&status, key).with_context(|| format!("`{key}` is missing"));
        Ok(Resident { now: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
    }
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))
}

/// Fields 14 and 15; the second, the name in brackets, may itself hold blanks and brackets.
fn parse_stat(stat: &str, ticks_per_second: u64) -> Option<Cpu> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut next = || -> Option<Duration> {
        let ticks: u64 = fields.next()?.parse().ok()?;
        Some(Duration::from_secs_f64(ticks as f64 / ticks_per_second as f64))
    };
    Some(Cpu { user: next()?, system: next()? })
}

fn parse_status(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests;
