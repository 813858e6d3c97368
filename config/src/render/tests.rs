//! How findings look.

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::parse::parse;
use crate::path::Path;
use crate::read;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Batch {
    timeout: crate::Interval,
    send_batch_size: u32,
}

fn find(text: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let node = parse("otelcol.yaml", text, &mut diagnostics).unwrap();
    let batch = node.get("processors::batch").unwrap();
    assert!(read::<Batch>(batch, &Path::from(["processors", "batch"]), &mut diagnostics).is_none());
    diagnostics
}

const TEXT: &str = "processors:\n  batch:\n    send_bach_size: 512 # typo\n    timeout: {a: 1}\n    send_batch_size: \"8\" # quoted\n";

#[test]
fn people_see_the_place_the_line_and_what_would_be_right() {
    let expected = "\
error: processors::batch: unknown key `send_bach_size`
 --> otelcol.yaml:3:5
  |
3 |     send_bach_size …
  |     ^^^^^^^^^^^^^^
  = expected: `send_batch_size` or `timeout`
  = help: did you mean `send_batch_size`?

error: processors::batch::timeout: expected a duration such as `300ms` or `1m30s`, found a map
 --> otelcol.yaml:4:5
  |
4 |     timeout …
  |     ^^^^^^^

error: processors::batch::send_batch_size: expected an integer, found the string `8`
 --> otelcol.yaml:5:22
  |
5 |     send_batch_size: \"8\" …
  |                      ^^^
  = help: remove the quotes: `8`
";
    assert_eq!(find(TEXT).to_string(), expected);
}

#[test]
fn programs_see_objects() {
    let json: serde_json::Value = serde_json::from_str(&find(TEXT).to_json()).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({
            "file": "otelcol.yaml",
            "line": 3,
            "column": 5,
            "path": "processors::batch",
            "severity": "error",
            "message": "unknown key `send_bach_size`",
            "value": null,
            "expected": "`send_batch_size` or `timeout`",
            "suggestion": "did you mean `send_batch_size`?",
        })
    );
    assert_eq!(json[2]["value"], "8");
}

#[test]
fn findings_without_a_place_or_a_known_source_are_one_line() {
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(Diagnostic::warning(&Path::from(["service"]), "nothing to do"));
    assert_eq!(diagnostics.to_string(), "warning: service: nothing to do\n");
    assert!(!diagnostics.has_errors());
}

#[test]
fn places_beyond_the_text_do_no_harm() {
    let mut diagnostics = Diagnostics::new();
    let source = std::sync::Arc::from("c");
    diagnostics.remember_source(&source, "a: 1");
    for (line, column) in [(1, 99), (9, 1), (u32::MAX, u32::MAX), (1, 0)] {
        let at = crate::Position { source: source.clone(), line, column };
        diagnostics.push(Diagnostic::error(&Path::root(), "odd").at(&at));
    }
    assert!(diagnostics.to_string().contains("--> c:9:1"));
}

#[test]
fn too_many_findings_are_counted() {
    let mut diagnostics = Diagnostics::new();
    (0..250).for_each(|_| diagnostics.push(Diagnostic::info(&Path::root(), "again")));
    diagnostics.push(Diagnostic::error(&Path::root(), "last"));
    assert!(diagnostics.has_errors());
    assert!(diagnostics.to_string().ends_with("… and 51 more\n"));
}
