//! What the file may say, what is written, and what becomes of answers. No sockets.

use std::time::Duration;

use component::testing::spans;
use component::{ConsumeError, Exporter};
use config::{Diagnostics, Path};
use http::{HeaderMap, StatusCode};
use otlp::{Payload, Signal, Traces};
use transport::http::Reply;

use super::config::{Config, Format, Own};
use super::send::{verdict, write};

#[test]
fn the_endpoint_is_a_whole_url() {
    assert_eq!(read("{}").check().len(), 1);
    assert_eq!(read("{ endpoint: 'zipkin:9411' }").check().len(), 1);
    assert_eq!(read("{ endpoint: 'http://zipkin:9411/api/v2/spans' }").check().len(), 0);
}

#[test]
fn defaults_are_those_of_the_go_collector() {
    let config = read("{ endpoint: 'http://a/' }");
    assert_eq!(config.own, Own::default());
    assert_eq!((config.client.timeout.0, config.client.write_buffer_size), (Duration::from_secs(5), 524_288));
    let delivery = config.delivery();
    assert_eq!(delivery.timeout, None);
    assert!(delivery.retry.is_some() && delivery.queue.is_some());
}

#[test]
fn the_format_is_one_of_two() {
    assert_eq!(read("{ endpoint: 'http://a/', format: proto }").own.format, Format::Proto);
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", "{ format: thrift }", &mut diagnostics).unwrap();
    assert!(config::read::<Config>(&node, &Path::root(), &mut diagnostics).is_none());
    let words = diagnostics.to_string();
    assert!(words.contains("json") && words.contains("proto"), "{words}");
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

#[test]
fn a_span_is_written_in_the_format_of_the_configuration() {
    let written = write(&Own::default(), &traces(&[ID])).unwrap();
    assert_eq!(written.content_type, "application/json");
    let text = String::from_utf8_lossy(&written.body).into_owned();
    let expected = r#""localEndpoint":{"serviceName":"otlpresourcenoservicename"}"#;
    assert!(text.starts_with(r#"[{"traceId":"01"#) && text.contains(expected), "{text}");
    let own = Own { format: Format::Proto, default_service_name: "Nameless".to_owned() };
    let written = write(&own, &traces(&[ID])).unwrap();
    assert_eq!((written.content_type, written.body[0]), ("application/x-protobuf", 0x0a));
    assert!(written.body.windows(8).any(|bytes| bytes.eq_ignore_ascii_case(b"nameless")));
}

#[test]
fn what_zipkin_cannot_hold_is_left_out_or_the_end_of_the_batch() {
    for format in [Format::Json, Format::Proto] {
        let own = Own { format, ..Own::default() };
        let written = write(&own, &traces(&[ID, b"", ID])).unwrap();
        assert_eq!((written.refused.total, written.refused.list[0].index), (1, 1));
        // These have no ids.
        let Payload::Traces(bad) = spans(2).payload else { panic!("they are spans") };
        let error = write(&own, &bad).unwrap_err();
        assert!(error.is_permanent() && error.to_string().contains("span 0: "), "{error}");
    }
    assert!(write(&Own::default(), &traces(&[])).is_ok());
}

#[test]
fn everything_but_a_fault_of_the_body_is_sent_again() {
    let later = Some(Duration::from_secs(7));
    for (status, retry_after, expected) in [
        (400, None, None),
        (413, Some("7"), None),
        (415, None, None),
        (422, None, None),
        (302, None, Some(None)),
        (401, None, Some(None)),
        (404, None, Some(None)),
        (429, Some("7"), Some(later)),
        (500, None, Some(None)),
        (503, Some("7"), Some(later)),
        (503, Some("0"), Some(None)),
    ] {
        let found = match verdict(&reply(status, retry_after, "no way")) {
            ConsumeError::Permanent(_) => None,
            ConsumeError::Retryable { after, .. } => Some(after),
        };
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn an_error_says_what_the_server_said() {
    let error = verdict(&reply(500, None, " no way \n"));
    assert_eq!(error.to_string(), "failed the request with status code 500: no way");
    let error = verdict(&reply(503, None, ""));
    assert_eq!(error.to_string(), "failed the request with status code 503");
    let long = verdict(&reply(500, None, &"é".repeat(1000)));
    assert!(long.to_string().len() < 400);
}

fn reply(status: u16, retry_after: Option<&str>, body: &str) -> Reply {
    let mut headers = HeaderMap::new();
    if let Some(text) = retry_after {
        headers.insert("retry-after", text.parse().unwrap());
    }
    let body = bytes::Bytes::copy_from_slice(body.as_bytes());
    Reply { status: StatusCode::from_u16(status).unwrap(), headers, body, is_whole: true }
}

/// A trace id and a span id as fields of a span.
const ID: &[u8] = b"\x0a\x10\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\
    \x12\x08\x02\x02\x02\x02\x02\x02\x02\x02";

/// Spans with these fields.
fn traces(spans: &[&[u8]]) -> Traces {
    let field = |number: u8, content: &[u8]| -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[number << 3 | 2, length][..], content].concat()
    };
    let scope: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    let request = field(1, &field(2, &scope));
    match Payload::parse(Signal::Traces, request.into()).unwrap() {
        Payload::Traces(traces) => traces,
        other => panic!("{other:?}"),
    }
}
