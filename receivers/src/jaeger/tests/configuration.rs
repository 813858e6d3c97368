//! What the file may say.

use component::{Problem, Receiver};
use config::{Diagnostics, Path};

use crate::jaeger::Config;

#[test]
fn at_least_one_protocol_must_be_named() {
    assert_eq!(problems("{}").len(), 1);
    assert_eq!(problems("{ protocols: }").len(), 1);
    for protocol in ["grpc", "thrift_http", "thrift_compact", "thrift_binary"] {
        assert_eq!(problems(&format!("{{ protocols: {{ {protocol}: }} }}")), Vec::<String>::new());
    }
}

#[test]
fn each_protocol_has_its_own_default_endpoint() {
    let config =
        read("{ protocols: { grpc: , thrift_http: , thrift_compact: { workers: 3 }, thrift_binary: } }");
    let listens_on: Vec<_> = config.listens_on().into_iter().map(|listens| listens.address).collect();
    assert_eq!(listens_on, ["localhost:14250", "localhost:14268"]);
    let compact = &config.protocols.thrift_compact.as_ref().unwrap().0;
    assert_eq!((compact.endpoint.as_str(), compact.workers), ("localhost:6831", 3));
    let binary = &config.protocols.thrift_binary.as_ref().unwrap().0;
    assert_eq!(binary.endpoint, "localhost:6832");
    let sizes = (binary.queue_size, binary.max_packet_size, binary.workers, binary.socket_buffer_size);
    assert_eq!(sizes, (1000, 65_000, 10, 0));
}

#[test]
fn remote_sampling_is_refused_with_the_place_it_moved_to() {
    for value in ["", "{ host_endpoint: 'localhost:5778', strategy_file: /etc/strategies.json }"] {
        let found = problems(&format!("{{ protocols: {{ grpc: }}, remote_sampling: {value} }}"));
        match value {
            // Nothing was asked for.
            "" => assert_eq!(found, Vec::<String>::new()),
            _ => assert!(
                found[0].starts_with("remote_sampling: ") && found[0].contains("jaegerremotesampling")
            ),
        }
    }
}

#[test]
fn wrong_sizes_are_all_told() {
    let udp = "{ endpoint: nowhere, queue_size: 0, max_packet_size: 70000, workers: 0 }";
    let found = problems(&format!("{{ protocols: {{ thrift_binary: {udp} }} }}"));
    for (line, key) in found.iter().zip(["endpoint", "queue_size", "workers", "max_packet_size"]) {
        assert!(line.starts_with(&format!("protocols::thrift_binary::{key}: ")), "{line}");
    }
    assert_eq!(found.len(), 4);
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

fn problems(text: &str) -> Vec<String> {
    let line = |problem: Problem| match problem {
        Problem::Error { path, message } | Problem::Warning { path, message } => {
            format!("{}: {message}", path.join("::"))
        }
    };
    read(text).check().into_iter().map(line).collect()
}
