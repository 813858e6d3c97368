use serde_json::json;

use super::text;

#[test]
fn a_span_is_shown_with_its_scope_and_resource() {
    let data = json!({ "resourceSpans": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "cart" } }] },
        "scopeSpans": [{ "scope": { "name": "http" }, "spans": [{
            "name": "GET /cart\u{1b}[2J", "kind": 2, "status": {},
            "attributes": [{ "key": "tries", "value": { "intValue": "3" } }],
            "events": [{ "name": "late", "attributes": [{ "key": "by", "value": { "doubleValue": 1.5 } }] }],
        }] }],
    }] });
    let expected = "\
now  pipeline/traces
  name: GET /cart\\u{1b}[2J
  kind: 2
  tries=3
  events
    name: late
    by=1.5
  scope
    name: http
  resource
    service.name=cart
";
    assert_eq!(text("now", "pipeline/traces", &data), expected);
}

#[test]
fn a_record_shows_its_body_and_what_is_missing_is_left_out() {
    let data = json!({ "resourceLogs": [{ "resource": {}, "scopeLogs": [{ "scope": {}, "logRecords": [{
        "severityText": "Info", "body": { "stringValue": "hello" } }] }] }] });
    let expected = "now  e\n  severityText: Info\n  body: hello\n";
    assert_eq!(text("now", "e", &data), expected);
    assert_eq!(text("now", "e", &json!({})), "now  e\n");
}

#[test]
fn nothing_in_an_item_is_an_order_to_the_terminal() {
    let orders = "\u{1b}]0;title\u{7}\u{9b}2J\n";
    let list = json!({ "arrayValue": { "values": [{ "stringValue": orders }] } });
    let data = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{ "name": orders, "attributes": [
        { "key": orders, "value": { "stringValue": orders } }, { "key": "list", "value": list },
    ] }] }] }] });
    let shown = text("now", "e", &data);
    assert_eq!(shown.lines().count(), 4, "{shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}
