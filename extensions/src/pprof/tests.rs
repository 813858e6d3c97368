use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use component::testing::context;
use component::{Extension, Kind};
use tokio::time::Instant;

use super::config::Config;
use super::profile::{Frame, Recording, Stack};
use super::sampling::Only;
use super::serve;
use crate::loopback::{example, get, lines, read};

fn recording() -> Recording {
    let frame = |function: &str, line| Frame {
        function: function.to_owned(),
        symbol: format!("_{function}"),
        file: "main.rs".to_owned(),
        line,
    };
    let stack = |count, frames: Vec<Vec<Frame>>| Stack { count, thread: "worker".to_owned(), frames };
    Recording {
        began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        duration: Duration::from_secs(2),
        frequency: 100,
        stacks: vec![
            stack(3, vec![vec![frame("inlined", 7), frame("leaf", 8)], vec![frame("main", 9)]]),
            stack(2, vec![vec![frame("main", 9)]]),
        ],
    }
}

/// What Go's tool says of a profile; `None`, and why, where there is no Go.
fn go_tool(arguments: &[&str], profile: &[u8]) -> Option<String> {
    let directory = std::env::temp_dir();
    let path = directory.join(format!("profile-{}-{}", std::process::id(), profile.len()));
    std::fs::write(&path, profile).unwrap();
    let go = ["go", "/usr/local/go/bin/go"]
        .into_iter()
        .find(|go| Command::new(go).arg("version").output().is_ok());
    let Some(go) = go else {
        println!("skipped: Go is not installed here");
        return None;
    };
    let mut command = Command::new(go);
    command.args(["tool", "pprof"]).args(arguments).arg(&path).stdin(Stdio::null());
    let output = command.env("HOME", &directory).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("no such tool") {
        println!("skipped: this Go has no pprof");
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn go_reads_what_is_written() {
    let Some(text) = go_tool(&["-raw"], &recording().encode()) else { return };
    for expected in [
        "PeriodType: cpu nanoseconds",
        "Period: 10000000",
        "samples/count cpu/nanoseconds",
        "3   30000000: 1 2",
        "2   20000000: 2",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let Some(top) = go_tool(&["-top"], &recording().encode()) else { return };
    assert!(top.contains("inlined") && top.contains("main"), "{top}");
}

#[test]
fn equal_frames_are_written_once() {
    let mut more = recording();
    let once = more.encode().len();
    more.stacks.extend(recording().stacks);
    assert!(more.encode().len() < once + 60);
}

/// One test, as a process has one profiling timer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_one_profile_at_a_time() {
    let cx = context(Kind::Extension, "pprof");
    let only = Arc::new(Only::claim().unwrap());
    let error = Config::default().start(context(Kind::Extension, "pprof/2")).await.err().unwrap();
    assert_eq!(error.to_string(), "only a single pprof extension instance can be running per process");

    let server = transport::http::ServerConfig::with_endpoint("127.0.0.1:0").bind(&cx).await.unwrap();
    let address = server.local_addr();
    serve::start(server, only, &cx);
    let index = get(&address, "/debug/pprof/").await;
    assert_eq!(index.status, 200);
    assert!(index.text().contains("/debug/pprof/profile"));
    assert_eq!(get(&address, "/debug/pprof/cmdline").await.status, 200);
    assert_eq!(get(&address, "/debug/pprof/nothing").await.status, 404);
    let goroutines = get(&address, "/debug/pprof/goroutine").await;
    assert_eq!(goroutines.status, 404);
    assert!(goroutines.text().starts_with("`goroutine` is a profile of the Go runtime"));
    for seconds in ["0", "301", "x", "-1"] {
        assert_eq!(
            get(&address, &format!("/debug/pprof/profile?seconds={seconds}")).await.status,
            400,
            "{seconds}"
        );
    }

    let path = "/debug/pprof/profile?seconds=2";
    let (one, other, ()) = tokio::join!(get(&address, path), get(&address, path), work());
    let (profile, refused) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(profile.status, 200);
    assert!(profile.head.contains("content-type: application/octet-stream"), "{}", profile.head);
    assert_eq!((refused.status, &*refused.text()), (500, "another CPU profile is being taken\n"));
    let Some(text) = go_tool(&["-top"], &profile.body) else { return };
    assert!(text.contains("busy_work"), "{text}");
}

async fn work() {
    tokio::task::spawn_blocking(busy_work).await.unwrap();
}

#[inline(never)]
fn busy_work() {
    let began = Instant::now();
    let mut sum = 0_u64;
    while began.elapsed() < Duration::from_secs(4) {
        // Looking at the clock is a call that is never sampled.
        for _ in 0..100_000 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
    }
}

#[cfg(not(feature = "heap-profiling"))]
#[tokio::test]
async fn says_which_feature_a_heap_profile_needs() {
    let why = super::heap::dump().await.unwrap_err();
    assert_eq!(why, "no heap profile: this program was built without the feature `heap-profiling`");
}

#[test]
fn says_what_has_no_effect() {
    let config: Config =
        read("{ block_profile_fraction: 1, mutex_profile_fraction: 2, dialer: { timeout: 1s } }").unwrap();
    let problems = lines(&config.check());
    assert_eq!(problems.len(), 2);
    assert!(problems[0].starts_with("warning block_profile_fraction: has no effect"), "{problems:?}");
    assert_eq!(config.endpoint, "localhost:1777");
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "pprof");
    assert_eq!(config.endpoint, "localhost:1777");
}
