//! What files say of services, and what clients are told.

mod answers;
mod files;

use component::Extension;

use super::Config;
use crate::loopback::{example, lines, read};

#[test]
fn one_source_must_be_given() {
    let problems = |text: &str| lines(&read::<Config>(text).unwrap().check());
    assert_eq!(problems("{}"), ["error source: no sources specified, has to be either `file` or `remote`"]);
    let both = "{ source: { file: a.json, remote: { endpoint: 'jaeger:14250' } } }";
    assert_eq!(problems(both).len(), 1);
    assert_eq!(problems("{ source: { file: a.json }, http: , grpc: }").len(), 1);
    assert_eq!(problems("{ source: { remote: { } } }").len(), 1);
    assert_eq!(problems("{ source: { file: a.json }, grpc: }"), Vec::<String>::new());
    assert_eq!(problems("{ source: { remote: { endpoint: 'jaeger:14250' } } }"), Vec::<String>::new());
}

#[test]
fn both_servers_are_there_unless_turned_off() {
    let addresses = |text: &str| -> Vec<String> {
        read::<Config>(text).unwrap().listens_on().into_iter().map(|listens| listens.address).collect()
    };
    assert_eq!(addresses("{}"), ["localhost:5778", "localhost:14250"]);
    assert_eq!(addresses("{ grpc: }"), ["localhost:5778"]);
    assert_eq!(addresses("{ http: , grpc: { endpoint: 'localhost:1' } }"), ["localhost:1"]);
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "jaegerremotesampling");
    assert!(config.source.file.ends_with("sampling_strategies.json"));
}
