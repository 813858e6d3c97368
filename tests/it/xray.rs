//! The `awsxray` exporter: an endpoint that answers by a script, and moto as somebody else's X-Ray.

mod answers;
mod round;

use std::path::PathBuf;

use tests::proto::common::v1::any_value::Value as Any;
use tests::proto::trace::v1::Span;
use tests::{Collector, samples};

use crate::FERROTEL;

/// A file of credentials, removed at the end.
pub(crate) struct Credentials(PathBuf);

impl Credentials {
    /// Credentials with this key.
    pub(crate) fn of(key: &str) -> Credentials {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ferrotel-aws-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let credentials = Credentials(std::env::temp_dir().join(name));
        credentials.become_those_of(key);
        credentials
    }

    /// Where they are.
    pub(crate) fn path(&self) -> String {
        self.0.display().to_string()
    }

    fn become_those_of(&self, key: &str) {
        let text = format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n");
        // At once, so that nobody reads half of it.
        let new = self.0.with_extension("new");
        std::fs::write(&new, text).expect("a temporary file can be written");
        std::fs::rename(new, &self.0).expect("it can be renamed");
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A collector that sends spans to the endpoint, tries again soon, and has these settings besides.
async fn collector(endpoint: &str, credentials: &Credentials, settings: &str) -> Collector {
    FERROTEL.start(&config(endpoint, credentials, settings)).await
}

fn config(endpoint: &str, credentials: &Credentials, settings: &str) -> String {
    format!(
        "
exporters:
  awsxray:
    region: us-west-2
    endpoint: '{endpoint}'
    shared_credentials_file: '{file}'
    local_mode: true
    max_retries: 1
    sending_queue: {{ num_consumers: 1 }}
    retry_on_failure: {{ initial_interval: 50ms, max_interval: 100ms }}
    {settings}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], exporters: [awsxray] }} }} }}
",
        file = credentials.path()
    )
}

/// Spans of one trace, each with an id of its own.
fn spans(count: u64) -> Vec<Span> {
    let span = |number: u64| Span {
        trace_id: vec![0x5f; 16],
        span_id: (number + 1).to_be_bytes().to_vec(),
        parent_span_id: Vec::new(),
        attributes: vec![
            samples::attribute("http.request.method", Any::StringValue("GET".to_owned())),
            samples::attribute("url.full", Any::StringValue("http://shop.example/cart".to_owned())),
            samples::attribute("http.response.status_code", Any::IntValue(503)),
        ],
        ..samples::span(&format!("span {number}"))
    };
    (0..count).map(span).collect()
}

/// The ids of [`spans`], as X-Ray has them.
fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("{:016x}", number + 1)).collect()
}
