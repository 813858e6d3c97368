//! How much memory the process holds, and how much there is. Linux only; elsewhere nothing is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The page size where the kernel does not tell: that of nearly every machine.
const USUAL_PAGE: u64 = 4096;

/// `AT_PAGESZ` of `getauxval(3)`.
const PAGE_SIZE_ENTRY: u64 = 6;

/// A cgroup v1 without a limit says this, the largest multiple of a page; with larger pages it is a little less.
const NO_LIMIT: u64 = 1 << 62;

/// What the process holds: its resident set.
pub(super) fn resident_bytes() -> Option<u64> {
    static PAGE: LazyLock<u64> = LazyLock::new(|| {
        fs::read("/proc/self/auxv").ok().and_then(|bytes| page_size(&bytes)).unwrap_or(USUAL_PAGE)
    });
    let pages = resident_pages(&fs::read_to_string("/proc/self/statm").ok()?)?;
    pages.checked_mul(*PAGE)
}

/// How much memory the process can have: the least limit of the control groups it is in, else all there is.
pub(super) fn total_memory() -> Option<u64> {
    total_memory_below(Path::new("/"))
}

/// The same of a machine whose files lie below `root`.
pub(super) fn total_memory_below(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limit = groups.lines().filter_map(|line| group_limit(root, line)).min();
    let physical = physical_memory(&fs::read_to_string(root.join("proc/meminfo")).unwrap_or_default());
    match (limit, physical) {
        (Some(limit), Some(physical)) => Some(limit.min(physical)),
        (limit, physical) => limit.or(physical),
    }
}

/// The second number is the resident set.
fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Pairs of machine words: what it is, and its value.
fn page_size(auxv: &[u8]) -> Option<u64> {
    let words: Vec<_> = auxv.chunks_exact(size_of::<usize>()).map(word).collect();
    let pair = words.chunks_exact(2).find(|pair| pair[0] == PAGE_SIZE_ENTRY)?;
    pair[1].is_power_of_two().then_some(pair[1])
}

fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, |bytes| usize::from_ne_bytes(bytes) as u64)
}

fn physical_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The limit of one line of `/proc/self/cgroup`: `0::/path` is version 2, `4:memory:/path` version 1.
fn group_limit(root: &Path, line: &str) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    if controllers.is_empty() {
        return least_limit(&root.join("sys/fs/cgroup"), path, "memory.max");
    }
    let is_memory = controllers.split(',').any(|controller| controller == "memory");
    is_memory
        .then(|| least_limit(&root.join("sys/fs/cgroup/memory"), path, "memory.limit_in_bytes"))
        .flatten()
}

/// A group is limited by all groups above it. In a container the path may be one of the machine, which is not there.
fn least_limit(mount: &Path, path: &str, file: &str) -> Option<u64> {
    let own = PathBuf::from(path.trim_start_matches('/'));
    let limits = own.ancestors().filter_map(|group| fs::read_to_string(mount.join(group).join(file)).ok());
    // `max` is no number, and no limit.
    limits.filter_map(|text| text.trim().parse().ok()).filter(|limit| *limit < NO_LIMIT).min()
}

#[cfg(test)]
mod tests;
