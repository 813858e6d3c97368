//! Configurations that several stories start from.

/// Every signal straight to the backend, so that the client hears what the backend says.
pub(crate) fn straight_to(address: &str) -> String {
    let exporter = "sending_queue: { enabled: false }, retry_on_failure: { enabled: false }";
    all_to(&format!("otlp: {{ endpoint: '{address}', tls: {{ insecure: true }}, {exporter} }}"), "otlp")
}

/// Every signal through a queue that tries again soon.
pub(crate) fn queued_to(address: &str) -> String {
    queued_with(address, "{ num_consumers: 1 }")
}

/// The same with other settings of the queue.
pub(crate) fn queued_with(address: &str, queue: &str) -> String {
    let retry = "{ initial_interval: 50ms, max_interval: 100ms }";
    let delivery = format!("sending_queue: {queue}, retry_on_failure: {retry}");
    all_to(&format!("otlp: {{ endpoint: '{address}', tls: {{ insecure: true }}, {delivery} }}"), "otlp")
}

/// Every signal to one exporter: its configuration and its id.
pub(crate) fn all_to(exporter: &str, id: &str) -> String {
    format!(
        "
exporters:
  {exporter}
service:
  pipelines:
    traces: {{ receivers: [otlp], exporters: [{id}] }}
    metrics: {{ receivers: [otlp], exporters: [{id}] }}
    logs: {{ receivers: [otlp], exporters: [{id}] }}
"
    )
}

/// Every signal to nowhere.
pub(crate) fn to_nowhere() -> String {
    all_to("nop:", "nop")
}
