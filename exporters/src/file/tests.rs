use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use component::testing::{context, payload, spans};
use component::{Acknowledge, Batch, Consumer, Context, Exporter, Kind, Problem};
use config::{Diagnostics, Path};
use jiff::Timestamp;
use otlp::{Payload, Signal};
use tokio::time::Instant;

use super::group::Pattern;
use super::output::Output;
use super::rotation::Rotation;
use super::{Config, Permissions};

fn read(text: &str) -> Result<Config, String> {
    let mut findings = Diagnostics::new();
    let node = config::parse("test", text, &mut findings).unwrap();
    config::read(&node, &Path::root(), &mut findings).ok_or_else(|| findings.to_string())
}

fn lines(problems: &[Problem]) -> Vec<String> {
    let line = |problem: &Problem| match problem {
        Problem::Error { path, message } => format!("error {}: {message}", path.join("::")),
        Problem::Warning { path, message } => format!("warning {}: {message}", path.join("::")),
    };
    problems.iter().map(line).collect()
}

/// A directory of its own for one test, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("file-exporter-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn start(path: &FilePath, rest: &str) -> (Context, Arc<dyn Consumer>) {
    let config = read(&format!("{{ path: '{}', {rest} }}", path.display())).unwrap();
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    let cx = context(Kind::Exporter, "file");
    let exporter = config.start(cx.clone()).await.unwrap();
    (cx, exporter)
}

async fn stop(cx: &Context) {
    cx.scope.stop(Instant::now() + Duration::from_secs(60)).await.unwrap();
}

/// A request of one span whose resource has that text in `fileexporter.path_segment`.
fn from(segment: &str) -> Batch {
    let request = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"fileexporter.path_segment","value":{{"stringValue":"{segment}"}}}}]}},"scopeSpans":[{{"spans":[{{"name":"{segment}"}}]}}]}}]}}"#
    );
    let bytes = otlp::json::decode(Signal::Traces, request.as_bytes(), 1 << 20).unwrap();
    Batch::new(Payload::parse(Signal::Traces, Bytes::from(bytes)).unwrap())
}

#[tokio::test]
async fn all_signals_share_a_file_of_lines() {
    let directory = Directory::new("lines");
    let path = directory.file("all.jsonl");
    let (cx, exporter) = start(&path, "").await;
    for signal in Signal::ALL {
        exporter.consume(Batch::new(payload(signal, 2))).await.unwrap();
    }
    stop(&cx).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.ends_with('\n'));
    let firsts: Vec<_> = text.lines().map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(firsts, ["resourceSpans", "resourceMetrics", "resourceLogs"]);
    for (signal, line) in Signal::ALL.into_iter().zip(text.lines()) {
        let bytes = otlp::json::decode(signal, line.as_bytes(), 1 << 20).unwrap();
        assert_eq!(Payload::parse(signal, Bytes::from(bytes)).unwrap().items(), 2);
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn protobuf_and_packed_requests_stand_behind_their_length() {
    let directory = Directory::new("frames");
    for (rest, is_packed, is_json) in [
        ("format: proto", false, false),
        ("format: proto, compression: zstd", true, false),
        ("format: json, compression: zstd, compression_params: { level: 3 }", true, true),
    ] {
        let path = directory.file("frames");
        let (cx, exporter) = start(&path, rest).await;
        for _ in 0..2 {
            exporter.consume(spans(3)).await.unwrap();
        }
        stop(&cx).await;
        let mut rest = &std::fs::read(&path).unwrap()[..];
        for _ in 0..2 {
            let (length, after) = rest.split_at(4);
            let (frame, after) = after.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
            let message =
                if is_packed { zstd::bulk::decompress(frame, 1 << 20).unwrap() } else { frame.to_vec() };
            let message = if is_json {
                otlp::json::decode(Signal::Traces, &message, 1 << 20).unwrap()
            } else {
                message
            };
            assert_eq!(Payload::parse(Signal::Traces, Bytes::from(message)).unwrap().items(), 3);
            rest = after;
        }
        assert!(rest.is_empty());
    }
}

#[tokio::test]
async fn what_the_file_held_is_kept_if_wanted() {
    let directory = Directory::new("append");
    let path = directory.file("file");
    for (rest, expected) in [("append: true", 2), ("append: false", 1)] {
        std::fs::write(&path, "before\n").unwrap();
        let (cx, exporter) = start(&path, rest).await;
        exporter.consume(spans(1)).await.unwrap();
        stop(&cx).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), expected);
    }
}

#[tokio::test]
async fn a_delivered_request_is_in_the_file() {
    let directory = Directory::new("delivered");
    let path = directory.file("file");
    let config = read(&format!("{{ path: '{}', flush_interval: 1h }}", path.display())).unwrap();
    let mut cx = context(Kind::Exporter, "file");
    cx.acknowledge = Acknowledge::Delivered;
    let exporter = config.start(cx.clone()).await.unwrap();
    exporter.consume(spans(1)).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    stop(&cx).await;
    assert!(exporter.consume(spans(1)).await.is_err_and(|error| !error.is_permanent()));
}

#[tokio::test]
async fn each_value_has_its_file_and_none_leads_astray() {
    let directory = Directory::new("group");
    let group = "group_by: { enabled: true, max_open_files: 1 }";
    let (cx, exporter) = start(&directory.file("logs-*.jsonl"), group).await;
    for segment in ["a", "b", "a", "../../b"] {
        exporter.consume(from(segment)).await.unwrap();
    }
    exporter.consume(spans(2)).await.unwrap();
    let mut both = from("a").payload;
    both.append(from("b").payload);
    exporter.consume(Batch::new(both)).await.unwrap();
    stop(&cx).await;
    assert_eq!(directory.names(), ["logs-a.jsonl", "logs-b.jsonl"]);
    for name in ["logs-a.jsonl", "logs-b.jsonl"] {
        assert_eq!(std::fs::read_to_string(directory.file(name)).unwrap().lines().count(), 3, "{name}");
    }
    assert_eq!(cx.accounts.of(Signal::Traces).totals().dropped["resource names no file"], 2);
}

#[test]
fn a_value_cannot_lead_out_of_the_pattern() {
    let pattern = Pattern::new("/data/*.json");
    for (value, path) in [
        ("a", "/data/a.json"),
        ("a/b", "/data/a/b.json"),
        ("/etc/passwd", "/data/etc/passwd.json"),
        ("../../etc/passwd", "/data/etc/passwd.json"),
        ("a/../../../b", "/data/b.json"),
        ("./a/./b//c", "/data/a/b/c.json"),
        ("..", "/data/.json"),
        ("", "/data/.json"),
    ] {
        assert_eq!(pattern.path(value), path, "{value}");
    }
}

#[tokio::test]
async fn a_directory_is_created_if_wanted() {
    let directory = Directory::new("directory");
    let path = directory.file("a/b/file");
    let config = read(&format!("path: '{}'", path.display())).unwrap();
    let error = config.start(context(Kind::Exporter, "file")).await.err().unwrap();
    assert!(format!("{error:#}").contains("a/b/file"), "{error:#}");
    let (cx, _exporter) = start(&path, "create_directory: true, directory_permissions: '0700'").await;
    let mode = std::fs::metadata(path.parent().unwrap()).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o700);
    stop(&cx).await;
}

#[test]
fn a_full_file_is_put_away_and_old_ones_go() {
    let directory = Directory::new("rotation");
    let path = directory.file("all.jsonl");
    let rotation = Rotation { max_megabytes: 1, max_backups: 2, ..Rotation::default() };
    let mut output = Output::open(path.clone(), false, Some(rotation)).unwrap();
    let frame = vec![b'x'; 600 << 10];
    for _ in 0..5 {
        output.append(&frame).unwrap();
    }
    output.flush().unwrap();
    let names = directory.names();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[2], "all.jsonl");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 600 << 10);
    let time = names[0].strip_prefix("all-").unwrap().strip_suffix(".jsonl").unwrap();
    assert_eq!(time.len(), "2006-01-02T15-04-05.000".len());
    assert_eq!((&time[4..5], &time[10..11], &time[13..14], &time[19..20]), ("-", "T", "-", "."));
}

#[test]
fn old_files_go_after_their_days_and_others_stay() {
    let directory = Directory::new("days");
    let path = directory.file("all.log");
    let now: Timestamp = "2024-03-10T12:00:00Z".parse().unwrap();
    let names =
        ["all-2024-03-01T00-00-00.000.log", "all-2024-03-09T00-00-00.000.log", "all-notes.log", "other.log"];
    for name in names {
        std::fs::write(directory.file(name), "").unwrap();
    }
    Rotation { max_days: 7, ..Rotation::default() }.prune(&path, now).unwrap();
    assert_eq!(directory.names(), names[1..]);
    std::fs::write(&path, "").unwrap();
    for _ in 0..2 {
        std::fs::write(&path, "").unwrap();
        Rotation::default().put_away(&path, now).unwrap();
    }
    assert!(directory.file("all-2024-03-10T12-00-00.000.log").exists());
    assert!(directory.file("all-2024-03-10T12-00-00.001.log").exists());
}

#[tokio::test]
async fn a_full_disk_is_worth_another_try() {
    let (cx, exporter) = start(FilePath::new("/dev/full"), "flush_interval: 1h").await;
    // The first fill the buffer; from then on nothing is taken that could not be kept.
    let mut answer = Ok(());
    for _ in 0..100 {
        answer = exporter.consume(spans(1000)).await;
        if answer.is_err() {
            break;
        }
    }
    let error = answer.unwrap_err();
    assert!(!error.is_permanent());
    assert!(error.to_string().starts_with("cannot write `/dev/full`"), "{error}");
    stop(&cx).await;
}

#[test]
fn says_everything_that_is_wrong() {
    let check = |text: &str| lines(&read(text).unwrap().check());
    assert_eq!(check("{}"), ["error path: path must be non-empty"]);
    assert_eq!(
        check("{ path: x, append: true, compression: zstd, rotation: }"),
        [
            "error append: append and compression enabled at the same time is not supported",
            "error append: append and rotation enabled at the same time is not supported",
        ]
    );
    assert_eq!(
        check("{ path: x, group_by: { enabled: true, max_open_files: 0 } }"),
        [
            "error path: `x` must have exactly one `*` with `group_by`",
            "error group_by::max_open_files: must be greater than 0",
        ]
    );
    assert!(check("{ path: '*x', group_by: { enabled: true } }")[0].contains("must not start with `*`"));
    assert!(
        check("{ path: x, directory_permissions: '0700' }")[0].starts_with("warning directory_permissions")
    );
    assert!(read("{ path: x, format: xml }").unwrap_err().contains("json"));
    assert!(read("{ path: x, directory_permissions: '9' }").unwrap_err().contains("is not an octal number"));
    assert_eq!(Permissions::try_from("0750".to_owned()).map(Permissions::bits), Ok(0o750));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let (_, rest) = include_str!("README.md").split_once("```yaml\n").unwrap();
    let mut findings = Diagnostics::new();
    let node = config::parse("README.md", rest.split_once("```").unwrap().0, &mut findings).unwrap();
    let node = node.get("exporters::file").unwrap();
    let config: Config = config::read(node, &Path::root(), &mut findings).unwrap();
    assert_eq!(config.rotation.as_ref().map(|rotation| rotation.max_backups), Some(3));
}
