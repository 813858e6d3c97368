//! OTLP as segment documents of AWS X-Ray.

use bytes::Bytes;
use formats::xray::{Documents, MAX_DOCUMENT_BYTES, Options};
use otlp::Payload;

use crate::input::Input;
use crate::outcome::{Outcome, class, gist};

/// Every span becomes documents or is refused with a word; every document is a JSON object within the limit.
pub(crate) fn xray(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices: [choice], body }) = Input::<1>::read(data) else {
        return Outcome::of("short");
    };
    let Ok(payload) = Payload::parse(signal, Bytes::copy_from_slice(body)) else {
        return Outcome::of("refused");
    };
    let Some(traces) = payload.as_traces() else {
        return Outcome::of("another signal");
    };
    let options = options(choice);
    let mut documents = Documents::new(traces, &options);
    let mut shapes = Vec::new();
    let mut last = None;
    let mut spans = 0;
    for document in documents.by_ref() {
        assert!(document.text.len() <= MAX_DOCUMENT_BYTES, "{} bytes", document.text.len());
        let json: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&document.text).expect("a document is a JSON object");
        spans += usize::from(last.replace(document.span) != Some(document.span));
        shapes.push((json.keys().cloned().collect::<Vec<_>>(), document.is_cut));
    }
    let refused = documents.refused();
    assert_eq!(spans + refused.count, traces.items());
    assert_eq!(refused.first.is_some(), refused.count > 0);
    let reason = refused.first.as_deref().map(gist);
    shapes.truncate(2);
    Outcome::of((choice % 4, shapes, reason, class(spans)))
}

/// Bit 0 indexes all attributes, bit 1 some.
fn options(choice: u8) -> Options {
    let names = ["a", "http.method", "otel.resource.a", "otel.resource.service.name"].map(str::to_owned);
    Options {
        index_all_attributes: choice & 1 != 0,
        indexed_attributes: names.into_iter().filter(|_| choice & 2 != 0).collect(),
        aws_log_groups: vec!["group".to_owned()],
    }
}
