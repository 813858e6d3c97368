//! Parts taken as they are.

use serde::Deserialize;

use crate::diagnostic::Diagnostics;
use crate::parse::parse;
use crate::path::Path;
use crate::read;
use crate::tree::Node;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    scrape: Option<Node>,
    values: Vec<Node>,
}

#[test]
fn keeps_everything_and_its_places() {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", "scrape:\n  any: {thing: 0x1F}\nvalues: [1, ~, [a]]", &mut diagnostics).unwrap();
    let config: Config = read(&node, &Path::root(), &mut diagnostics).unwrap();
    let thing = config.scrape.as_ref().unwrap().get("any::thing").unwrap();
    assert_eq!((thing.text.as_deref(), thing.at.line), (Some("0x1F"), 2));
    assert_eq!(config.values.as_slice(), node.get("values").unwrap().items());
}

#[test]
fn other_formats_say_that_they_cannot() {
    let error = serde_json::from_str::<Node>("1").unwrap_err().to_string();
    assert!(error.contains("expected any value"), "{error}");
}
