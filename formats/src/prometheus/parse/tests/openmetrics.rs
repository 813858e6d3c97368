//! OpenMetrics, by the cases of the OpenMetrics project, and what Prometheus makes of them.
//!
//! Prometheus looks at lines, not at families: it reads pages whose values, order, types or exemplars OpenMetrics
//! forbids. It refuses nothing that OpenMetrics allows.

use serde_json::Value;

use super::said;
use crate::prometheus::parse::Dialect;

const CASES: &str = include_str!("openmetrics.json");

#[track_caller]
fn check(page: &str, expected: &[&str]) {
    let page = format!("{page}# EOF\n");
    assert_eq!(said(page.as_bytes(), Dialect::OpenMetrics), expected, "{page:?}");
}

#[test]
fn the_cases_of_the_openmetrics_project_have_the_verdict_of_prometheus() {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("the cases are JSON");
    assert_eq!(cases.len(), 211);
    for case in &cases {
        let page = case["page"].as_str().expect("a case has a page");
        let said = said(page.as_bytes(), Dialect::OpenMetrics);
        let is_read = !said.iter().any(|line| line.starts_with('!'));
        assert_eq!(Some(is_read), case["is_read"].as_bool(), "{} {page:?} {said:?}", case["name"]);
        let is_allowed = case["is_openmetrics"] == true;
        assert!(is_read || !is_allowed, "{}", case["name"]);
    }
}

#[test]
fn one_blank_stands_between_two_words() {
    check("a 1 2\n", &["a{} 1 @2000"]);
    check("a  1\n", &["! there is a word that is not a number"]);
    check("a 1 \n", &["! there is a word that is not a number"]);
    check("a {b=\"c\"} 1\n", &["! expected `{`, found ` `"]);
    check("a{b=\"c\", d=\"e\"} 1\n", &["! expected a label's name, found ` `"]);
    check("a\t1\n", &["! the value is missing"]);
    check("\na 1\n", &["! expected a series: a name, or labels in braces", "a{} 1"]);
}

#[test]
fn metadata_has_four_words() {
    let unknown = "! expected HELP, TYPE, UNIT or EOF behind `#`";
    check("# HELP a \\\"b\\\\\n", &["HELP a \"\\\"b\\\\\""]);
    check("# HELP a\n", &["! expected a blank behind the metric's name"]);
    check("# NOTE a b\n#HELP a b\n#\n", &[unknown; 3]);
    check("# UNIT a_seconds seconds\n# UNIT a \n", &["UNIT a_seconds seconds", "UNIT a "]);
    check("# UNIT a_seconds bytes\n", &["! unit `bytes` is not a suffix of `a_seconds`"]);
    check("# UNIT seconds seconds\n", &["! unit `seconds` is not a suffix of `seconds`"]);
}

#[test]
fn an_exemplar_keeps_its_labels_as_they_stand() {
    check("a 1 # {b=\"\\n\"} 2\n", &["a{} 1 # [(\"b\", \"\\\\n\")] 2 None"]);
    check("a 1 2 # {} 3 4.5\n", &["a{} 1 @2000 # [] 3 Some(4500)"]);
    check("a 1 # {} \n", &["! there is a word that is not a number"]);
    check("a 1 # {}\n", &["! the value of the exemplar is missing"]);
    check("a 1 # {} 2 3 # {} 4\n", &["! expected the end, found ` `"]);
    check("a 1 # {\"b\"} 2\n", &["! an exemplar has a name"]);
}

#[test]
fn a_time_is_seconds() {
    check("a 1 1520879607.789\na 1 -1.5\n", &["a{} 1 @1520879607789", "a{} 1 @-1500"]);
    check("a 1 NaN\na 1 +Inf\n", &["! the timestamp is not a time"; 2]);
}

#[test]
fn a_page_ends_with_its_end() {
    let verdict = |page: &str| said(page.as_bytes(), Dialect::OpenMetrics);
    assert!(verdict("# EOF").is_empty());
    assert!(verdict("# EOF\n").is_empty());
    let missing = "! data does not end with `# EOF`";
    assert_eq!(verdict(""), [missing]);
    assert_eq!(verdict("a 1\n"), ["a{} 1", missing]);
    assert_eq!(verdict("a 1"), ["! the line has no end", missing]);
    assert_eq!(verdict("# EOF\n\n"), ["! there is data behind `# EOF`"]);
    assert_eq!(verdict("# EOF\na 1\n"), ["! there is data behind `# EOF`"]);
}
