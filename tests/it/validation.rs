//! `ferrotel validate` and `ferrotel print-config`: what is wrong, all of it, and where.

use tests::serde_json::{self, Value};

use crate::FERROTEL;

/// Eleven different mistakes, each on a line of its own.
const MISTAKES: &str = "\
receivers:
  otlp:
    protocols:
      grpc: { endpont: localhost:4317 }
      http: { max_request_body_size: '8' }
processors:
  memory_limiter: { check_interval: 1s }
  batch: { timeout: 5 minutes }
  atributes: {}
  batch: {}
exporters:
  debug: { verbosity: loud }
  otlp: { endpoint: localhost }
service:
  extensions: [health_chekc]
  pipelines:
    traces: { receivers: [otlp], exporters: [debgu] }
    metric: { receivers: [otlp], exporters: [debug] }
";

/// Line, and words of the finding that must be there.
const FINDINGS: [(u64, &str); 11] = [
    (4, "endpont"),
    (5, "max_request_body_size"),
    (7, "limit_mib"),
    (8, "5 minutes"),
    (9, "atributes"),
    (10, "duplicate key"),
    (12, "loud"),
    (13, "port"),
    (15, "health_chekc"),
    (17, "debgu"),
    (18, "metric"),
];

#[tokio::test]
async fn all_mistakes_are_reported_in_one_run_as_text() {
    let file = File::write(MISTAKES);
    let finished = FERROTEL.run(&["validate", "--config", &file.path]).await;
    assert_eq!(finished.code, 3);
    for (line, words) in FINDINGS {
        let blocks: Vec<_> = finished.stderr.split("\n\n").filter(|block| block.contains(words)).collect();
        let place = format!("{}:{line}:", file.path);
        assert!(
            blocks.iter().any(|block| block.contains(&place)),
            "`{words}` at {place} is not in:\n{}",
            finished.stderr
        );
    }
    for right in ["`endpoint`", "`attributes`", "health_check", "debug", "metrics"] {
        assert!(finished.stderr.contains(right), "no hint at {right} in:\n{}", finished.stderr);
    }
}

#[tokio::test]
async fn all_mistakes_are_reported_in_one_run_as_json() {
    let file = File::write(MISTAKES);
    let finished = FERROTEL.run(&["validate", "--config", &file.path, "--format", "json"]).await;
    assert_eq!(finished.code, 3);
    let findings: Value = serde_json::from_str(&finished.stdout).expect("it prints JSON");
    let findings = findings.as_array().expect("a list");
    for (line, words) in FINDINGS {
        let here = |finding: &&Value| {
            finding["line"] == line && finding["severity"] == "error" && finding.to_string().contains(words)
        };
        let found =
            findings.iter().find(here).unwrap_or_else(|| panic!("`{words}` in line {line}: {findings:#?}"));
        assert_eq!(found["file"], file.path, "{found}");
        assert!(found["column"].as_u64().is_some_and(|column| column > 1), "{found}");
        assert!(found["path"].as_str().is_some_and(|path| path.contains("::")), "{found}");
    }
    let suggests = |wrong: &str, right: &str| {
        let about =
            |finding: &&Value| finding["message"].as_str().is_some_and(|message| message.contains(wrong));
        findings.iter().filter(about).any(|finding| finding["suggestion"].to_string().contains(right))
    };
    for (wrong, right) in [
        ("endpont", "endpoint"),
        ("atributes", "attributes"),
        ("health_chekc", "health_check"),
        ("debgu", "debug"),
    ] {
        assert!(suggests(wrong, right), "no suggestion of `{right}` for `{wrong}` in {findings:#?}");
    }
}

#[tokio::test]
async fn a_wrong_configuration_does_not_start() {
    let file = File::write(MISTAKES);
    let finished = FERROTEL.run(&["--config", &file.path]).await;
    assert_eq!(finished.code, 3);
    assert!(finished.stderr.contains("endpont") && finished.stderr.contains("debgu"), "{}", finished.stderr);
}

#[tokio::test]
async fn a_right_configuration_is_met_with_silence() {
    let config = "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { nop: }, \
                  service: { pipelines: { traces: { receivers: [otlp], exporters: [nop] } } } }";
    let finished = FERROTEL.run(&["validate", "--config", config]).await;
    assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (0, "", ""));
    let finished = FERROTEL.run(&["validate", "--config", config, "--format", "json"]).await;
    assert_eq!((finished.code, finished.stdout.trim()), (0, "[]"));
}

#[tokio::test]
async fn two_listeners_on_one_port_are_found_before_the_start() {
    let config = "yaml:{ receivers: { otlp: { protocols: { grpc: { endpoint: 'localhost:4317' } } }, \
                  otlp/2: { protocols: { http: { endpoint: '0.0.0.0:4317' } } } }, exporters: { nop: }, \
                  service: { pipelines: { traces: { receivers: [otlp, otlp/2], exporters: [nop] } } } }";
    let finished = FERROTEL.run(&["validate", "--config", config]).await;
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    for words in ["receiver `otlp`", "receiver `otlp/2`", "4317"] {
        assert!(finished.stderr.contains(words), "`{words}` is not in:\n{}", finished.stderr);
    }
}

#[tokio::test]
async fn a_component_for_the_wrong_signal_or_on_a_circle_is_found_before_the_start() {
    let circle = "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { nop: }, connectors: { forward/a: , forward/b: }, \
                  service: { pipelines: { traces: { receivers: [otlp, forward/b], exporters: [forward/a] }, \
                  traces/2: { receivers: [forward/a], exporters: [forward/b, nop] } } } }";
    let finished = FERROTEL.run(&["validate", "--config", circle]).await;
    assert_eq!(finished.code, 3);
    assert!(finished.stderr.contains("cycle detected"), "{}", finished.stderr);
}

#[tokio::test]
async fn secrets_are_not_printed_unless_asked_for() {
    let config = "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, extensions: { bearertokenauth: { token: hush-hush } }, \
                  exporters: { otlphttp: { endpoint: 'http://localhost:1', headers: { x-key: hush-hush } } }, \
                  service: { extensions: [bearertokenauth], pipelines: { traces: { receivers: [otlp], exporters: [otlphttp] } } } }";
    for format in ["yaml", "json"] {
        let finished = FERROTEL.run(&["print-config", "--config", config, "--format", format]).await;
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(!finished.stdout.contains("hush-hush"), "{}", finished.stdout);
        assert!(finished.stdout.contains("[REDACTED]"), "{}", finished.stdout);
    }
    let finished = FERROTEL.run(&["print-config", "--config", config, "--mode", "unredacted"]).await;
    assert_eq!(finished.stdout.matches("hush-hush").count(), 2, "{}", finished.stdout);
}

#[tokio::test]
async fn what_is_printed_is_a_configuration_again() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/otlp.yaml");
    let printed = FERROTEL.run(&["print-config", "--config", example]).await;
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(
        printed.stdout.contains("send_batch_size: 1024") && printed.stdout.contains("queue_size: 1000"),
        "{}",
        printed.stdout
    );
    let file = File::write(&printed.stdout);
    let again = FERROTEL.run(&["print-config", "--config", &file.path]).await;
    assert_eq!((again.code, again.stdout), (0, printed.stdout), "{}", again.stderr);
}

#[tokio::test]
async fn a_wrong_command_line_is_told_apart_from_a_wrong_configuration() {
    assert_eq!(FERROTEL.run(&["--confgi", "x.yaml"]).await.code, 2);
    assert_eq!(FERROTEL.run(&["--config", "/nowhere/at/all.yaml"]).await.code, 3);
    let help = FERROTEL.run(&["--help"]).await;
    assert!(help.code == 0 && help.stdout.contains("validate"), "{}", help.stdout);
    assert!(FERROTEL.run(&["--version"]).await.stdout.starts_with("ferrotel "));
}

#[tokio::test]
async fn the_components_are_listed_by_their_canonical_names() {
    let finished = FERROTEL.run(&["components"]).await;
    assert_eq!(finished.code, 0);
    for name in [
        "otlp",
        "otlp_grpc",
        "otlp_http",
        "batch",
        "memory_limiter",
        "resource",
        "debug",
        "forward",
        "zpages",
    ] {
        assert!(
            finished.stdout.contains(&format!("- name: {name}\n")),
            "{name} is not in:\n{}",
            finished.stdout
        );
    }
}

/// A file that is gone at the end.
struct File {
    path: String,
}

impl File {
    fn write(text: &str) -> File {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("ferrotel-it-{}-{}.yaml", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name).display().to_string();
        std::fs::write(&path, text).expect("the folder can be written to");
        File { path }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
