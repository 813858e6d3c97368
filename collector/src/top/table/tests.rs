use serde_json::json;

use super::*;

/// A flow in which so many items have passed so far.
fn flow(uptime: f64, items: u64) -> Flow {
    let books = |received: u64| json!({ "received": received, "delivered": received, "refused": 2, "dropped": { "late": 3 } });
    let edge = |name: &str| json!({ "name": name, "items": items });
    let flow = json!({
        "command": "ferrotel", "program_version": "1.2.3", "now": "now", "uptime": uptime, "stage": "ready",
        "pipelines": [{
            "id": "traces", "signal": "traces", "receivers": ["otlp"], "processors": ["batch"],
            "exporters": ["otlp/eu", "forward"], "connectors": ["forward"],
            "live": true, "ready": true, "delivering": false,
            "reasons": [{ "component": "exporter otlp/eu", "why": "connection\nrefused" }],
            "books": books(items), "sign": { "words": "Books balance, nothing dropped" },
        }],
        "components": [
            { "kind": "receiver", "id": "otlp", "signal": "traces", "books": books(items) },
            { "kind": "exporter", "id": "otlp/eu", "signal": "traces", "books": books(items),
              "queue": { "used": 7, "capacity": 1000, "oldest": 2.25 }, "last_error": { "text": "refused" } },
        ],
        "edges": [edge("pipeline/traces"), edge("processor/traces/batch"), edge("connector/forward/traces")],
    });
    serde_json::from_value(flow).unwrap()
}

#[test]
fn rates_are_those_of_the_time_in_between() {
    let expected = "\
ferrotel 1.2.3, ready, now

pipeline traces: not delivering. Books balance, nothing dropped.
  ! exporter otlp/eu: connection refused
                       IN/S   OUT/S   REFUSED   DROPPED    QUEUE   OLDEST   LAST ERROR
  receiver   otlp      12.5    12.5         2         3
  processor  batch     12.5    12.5
  exporter   otlp/eu   12.5    12.5         2         3   7/1000     2.2s   refused
  connector  forward   12.5
";
    let table = write(&flow(10.0, 100), &flow(12.0, 125));
    assert_eq!(squeezed(&table), squeezed(expected), "{table}");
}

#[test]
fn after_a_reload_there_is_no_rate_rather_than_a_wrong_one() {
    let table = write(&flow(10.0, 100), &flow(12.0, 5));
    assert!(squeezed(&table).contains("receiver otlp 2 3"), "{table}");
}

/// With single blanks, as the width of columns is a matter of taste.
fn squeezed(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}
