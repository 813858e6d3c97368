//! What the file may say, and which answers are worth another attempt.

use std::time::Duration;

use component::{Code, ConsumeError, Exporter};
use config::{Diagnostics, Path, Secrets};
use transport::grpc::Status;

use super::Config;
use super::send::verdict;

#[test]
fn the_defaults_are_those_of_the_go_collector() {
    let config = read("{ endpoint: 'backend:4317' }");
    let delivery = config.delivery();
    assert_eq!(delivery.timeout, Some(Duration::from_secs(5)));
    assert_eq!(delivery.retry.unwrap().initial_interval.0, Duration::from_secs(5));
    assert_eq!(delivery.queue.unwrap().queue_size, 1000);
    let printed = config::to_yaml(&config::to_node(&config, Secrets::Redact).unwrap());
    assert!(printed.contains("compression: gzip"), "{printed}");
}

#[test]
fn an_endpoint_is_required() {
    assert_eq!(read("{}").check().len(), 1);
}

#[test]
fn queue_and_retry_can_be_turned_off() {
    let config = read(
        "{ endpoint: 'a:1', sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, timeout: 0s }",
    );
    let delivery = config.delivery();
    assert!(delivery.queue.is_none() && delivery.retry.is_none() && delivery.timeout.is_none());
}

#[test]
fn metrics_carry_the_server() {
    let labels = read("{ endpoint: 'http://tempo:4317' }").labels(otlp::Signal::Traces);
    assert_eq!(labels, [("server_address", "tempo".to_owned()), ("server_port", "4317".to_owned())]);
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

#[test]
fn statuses_are_retried_as_the_specification_says() {
    for number in 1..=16 {
        let code = Code::from_number(number);
        let retried = [1, 4, 10, 11, 14, 15].contains(&number);
        let error = verdict(&Status::new(code, "no"));
        assert_eq!((error.is_permanent(), error.fault().code), (!retried, Some(code)), "{code}");
    }
}

#[test]
fn resource_exhausted_is_retried_when_the_server_says_when() {
    let status = Status::new(Code::ResourceExhausted, "busy").with_retry_delay(Duration::from_secs(7));
    match verdict(&status) {
        ConsumeError::Retryable { after, .. } => assert_eq!(after, Some(Duration::from_secs(7))),
        ConsumeError::Permanent(fault) => panic!("{fault}"),
    }
}
