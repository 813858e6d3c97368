//! Blocks with other defaults.

use serde::{Deserialize, Serialize};

use super::*;
use crate::diagnostic::Diagnostics;
use crate::inline::Inline;
use crate::interval::Interval;
use crate::optional::Optional;
use crate::parse::parse;
use crate::path::Path;
use crate::read;
use crate::secret::Secret;
use crate::yaml::to_yaml;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Server {
    #[serde(alias = "address")]
    endpoint: String,
    timeout: Interval,
    token: Secret,
    tls: Optional<Tls>,
    queue: Queue,
    limit: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tls {
    file: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Queue {
    size: u8,
    workers: u8,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Own {
    path: String,
}

struct Otlp;

impl Defaults for Otlp {
    type Block = Server;

    fn defaults() -> Server {
        Server {
            endpoint: "localhost:4318".to_owned(),
            timeout: Interval::from_secs(30),
            token: Secret::from("s3cret"),
            tls: Optional::NONE,
            queue: Queue { size: 9, workers: 2 },
            limit: Some(1),
        }
    }
}

#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    plain: Preset<Otlp>,
    section: Optional<Preset<Otlp>>,
    inlined: Inline<(Preset<Otlp>, Own)>,
}

fn read_text(text: &str) -> (Option<Config>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", text, &mut diagnostics).unwrap();
    let value = read(&node, &Path::root(), &mut diagnostics);
    (value, diagnostics.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(text: &str, change: impl FnOnce(&mut Config)) {
    let (value, errors) = read_text(text);
    assert_eq!(errors, [""; 0], "{text}");
    let mut expected = Config::default();
    change(&mut expected);
    assert_eq!(value, Some(expected), "{text}");
}

#[test]
fn keys_that_are_not_written_have_the_component_s_defaults() {
    check("", |_| ());
    check("plain:\ninlined: {}", |_| ());
    check("plain: {timeout: 1s, queue: {size: 1}}", |config| {
        config.plain.0.timeout = Interval::from_secs(1);
        config.plain.0.queue.size = 1;
    });
    check("plain: {timeout: , tls: {file: x}, limit: }", |config| {
        config.plain.0.tls = Optional::some(Tls { file: "x".to_owned() });
        config.plain.0.limit = None;
    });
    check("inlined: {path: p, endpoint: e}", |config| {
        let Inline((server, own)) = &mut config.inlined;
        server.0.endpoint = "e".to_owned();
        own.path = "p".to_owned();
    });
}

#[test]
fn they_are_the_default_held_in_reserve_by_a_section() {
    check("section:", |config| config.section = Optional::some(Preset::default()));
    check("section: {enabled: false}", |_| ());
}

#[test]
fn other_names_of_a_key_overrule_its_default() {
    check("plain: {address: e}", |config| config.plain.0.endpoint = "e".to_owned());
    let (_, errors) = read_text("plain: {address: e, endpoint: f}");
    assert_eq!(errors, ["c:1:1: plain: `endpoint` is given twice, once under another of its names"]);
}

#[test]
fn errors_are_found_as_usual() {
    let (_, errors) = read_text("inlined: {timeout: x, queue: {sise: 1, size: -1}, pth: 1}");
    assert_eq!(
        errors,
        [
            "c:1:20: inlined::timeout: `x` is not a duration: expected a number before each unit",
            "c:1:31: inlined::queue: unknown key `sise`",
            "c:1:46: inlined::queue::size: expected an integer from 0 to 255, found the integer `-1`",
            "c:1:51: inlined: unknown key `pth`",
        ]
    );
}

#[test]
fn prints_as_the_block_does() {
    let printed = to_yaml(&to_node(&Preset::<Otlp>::default(), Secrets::Redact).unwrap());
    assert!(
        printed.starts_with("endpoint: localhost:4318\ntimeout: 30s\ntoken: \"[REDACTED]\"\n"),
        "{printed}"
    );
}
