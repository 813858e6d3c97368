//! What the file may say: URLs, encodings, what stands in front.

use std::time::Duration;

use component::Exporter;
use config::{Diagnostics, Path};
use otlp::Signal;

use super::Config;

#[test]
fn urls_are_made_from_the_base_or_taken_as_they_are() {
    let config = read("{ endpoint: 'https://a.example/base', logs_endpoint: 'http://b.example:81/x' }");
    assert_eq!(labels(&config, Signal::Traces), ["a.example", "443", "/base/v1/traces"]);
    assert_eq!(labels(&config, Signal::Logs), ["b.example", "81", "/x"]);
    assert_eq!(
        labels(&read("{ endpoint: 'http://a:4318/' }"), Signal::Metrics),
        ["a", "4318", "/v1/metrics"]
    );
}

fn labels(config: &Config, signal: Signal) -> Vec<String> {
    config.labels(signal).into_iter().map(|(_, value)| value).collect()
}

#[test]
fn endpoints_are_checked() {
    assert_eq!(read("{}").check().len(), 1);
    assert_eq!(read("{ endpoint: 'a:4318' }").check().len(), 1);
    assert_eq!(read("{ traces_endpoint: 'http://a:4318/x' }").check().len(), 0);
}

#[test]
fn the_clients_timeout_is_the_only_one() {
    let config = read("{ endpoint: 'http://a:4318' }");
    assert_eq!(config.delivery().timeout, None);
    assert_eq!(config.client.timeout.0, Duration::from_secs(30));
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}
