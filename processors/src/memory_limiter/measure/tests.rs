//! Machines made of files.

use super::*;

#[test]
fn this_process_holds_something() {
    assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000));
    assert!(total_memory().is_some_and(|bytes| bytes > 10_000_000));
}

#[test]
fn the_least_limit_of_all_groups_counts() {
    let files = [
        ("proc/self/cgroup", "0::/pods/mine\n"),
        ("proc/meminfo", "MemTotal:    8192 kB\nMemFree: 1 kB\n"),
        ("sys/fs/cgroup/pods/mine/memory.max", "max\n"),
        ("sys/fs/cgroup/pods/memory.max", "3000000\n"),
    ];
    check("v2", &files, Some(3_000_000));
}

#[test]
fn in_a_container_the_root_is_the_own_group() {
    let files = [("proc/self/cgroup", "0::/../elsewhere\n"), ("sys/fs/cgroup/memory.max", "5000\n")];
    check("container", &files, Some(5000));
}

#[test]
fn the_old_version_names_its_controller() {
    let files = [
        ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/1\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000\n"),
        ("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712\n"),
    ];
    check("v1", &files, Some(4000));
}

#[test]
fn without_limits_it_is_all_there_is() {
    check("physical", &[("proc/meminfo", "MemTotal: 2 kB\n"), ("proc/self/cgroup", "0::/\n")], Some(2048));
    check(
        "limit above",
        &[
            ("proc/meminfo", "MemTotal: 2 kB\n"),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "99999\n"),
        ],
        Some(2048),
    );
    check("nothing", &[], None);
    check("nonsense", &[("proc/meminfo", "MemTotal: many\n"), ("proc/self/cgroup", "0:\nx\n")], None);
}

#[test]
fn the_page_size_is_found_or_not() {
    let pairs: Vec<u8> = [16_usize, 1, 6, 16384, 0, 0].into_iter().flat_map(usize::to_ne_bytes).collect();
    assert_eq!(page_size(&pairs), Some(16384));
    assert_eq!(page_size(&pairs[..20]), None);
    assert_eq!(page_size(&[]), None);
    assert_eq!(resident_pages("100 25 3 4 5 6 7"), Some(25));
    assert_eq!(resident_pages("100"), None);
}

/// Writes `files` below a directory of this test's own.
fn check(name: &str, files: &[(&str, &str)], total: Option<u64>) {
    let root = std::env::temp_dir().join(format!("ferrotel-measure-{}-{name}", std::process::id()));
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = total_memory_below(&root);
    let _ = fs::remove_dir_all(&root);
    assert_eq!(found, total, "{name}");
}
