//! Tests that are documents: configuration, input, expected output.
//!
//! Each file under `tests/cases` holds documents with `---` between them. The first comment of a document is its name.
//!
//! ```text
//! # Health checks are noise.
//! processors: { ... }             as in a configuration; they stand in the pipeline in this order
//! origin:                         what is known about the client, all of it optional
//!   metadata: { key: value or [values] }
//!   identity: { attribute: value }
//!   peer: 10.0.0.1:80
//! input:                          one group or a list of groups, each one resource and one scope
//!   resource: { service.name: shop }
//!   scope: { name: http, version: '1' }
//!   spans: [{ name: a, kind: 2, url.path: /cart }]       all other keys are attributes
//!   points: [{ name: requests, host: h1 }]               each is a gauge of one point
//!   records: [{ body: text, severity: 9, severity_text: INFO, user: u }]
//! expected: ...                   the same notation; the order of attributes does not matter
//! ```

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use component::testing::{Script, context};
use component::{Batch, Consumer, Identity, Kind, Metadata, Origin, Problem, Processor};
use config::{Diagnostics, Node, Path, Value};
use otlp::write::Writer;
use otlp::{AnyValue, Attributes, Payload, Resource, Scope, Signal};

use crate::actions::Constant;

#[tokio::test]
async fn every_document_holds() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let text = fs::read_to_string(file).unwrap();
        for document in text.split("\n---\n") {
            count += 1;
            let name = document.trim_start().lines().next().unwrap_or_default().to_owned();
            if let Err(why) = run(document).await {
                failures.push(format!("{}: {name}\n{why}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(count >= 25, "only {count} documents were found");
}

#[test]
fn every_example_of_a_readme_is_valid() {
    let readmes = [
        ("attributes", include_str!("attributes/README.md")),
        ("batch", include_str!("batch/README.md")),
        ("memory_limiter", include_str!("memory_limiter/README.md")),
        ("resource", include_str!("resource/README.md")),
    ];
    for (name, readme) in readmes {
        let example = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let node = parse(example).unwrap();
        let (_, config) = processors(&node).find(|(id, _)| kind(id) == name).unwrap();
        assert_eq!(check(name, config), Ok(Vec::new()), "{name}");
    }
}

async fn run(document: &str) -> Result<(), String> {
    let node = parse(document)?;
    let script = Script::new([]);
    let mut next: Arc<dyn Consumer> = script.clone();
    for (id, config) in processors(&node).collect::<Vec<_>>().into_iter().rev() {
        next = start(id, config, next).await?;
    }
    let payload = payload(node.child("input").ok_or("`input` is missing")?)?;
    let expected = payload_or_same(&node, &payload)?;
    let batch = Batch { payload, origin: origin(node.child("origin"))? };
    next.consume(batch).await.map_err(|error| error.to_string())?;
    let found: Vec<_> = script.taken().iter().flat_map(|batch| describe(&batch.payload)).collect();
    let expected = describe(&expected);
    if found == expected {
        return Ok(());
    }
    Err(format!("expected\n  {}\nfound\n  {}", expected.join("\n  "), found.join("\n  ")))
}

fn payload_or_same(node: &Node, input: &Payload) -> Result<Payload, String> {
    match node.child("expected").ok_or("`expected` is missing")? {
        same if same.as_str() == Some("the input") => Ok(input.clone()),
        groups => payload(groups),
    }
}

fn parse(text: &str) -> Result<Node, String> {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("case", text, &mut diagnostics);
    node.filter(|_| !diagnostics.has_errors()).ok_or_else(|| diagnostics.to_string())
}

fn processors(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let section = node.child("processors").expect("a case has processors");
    section.entries().map(|(key, config)| (&*key.text, config))
}

fn kind(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

async fn start(id: &str, node: &Node, next: Arc<dyn Consumer>) -> Result<Arc<dyn Consumer>, String> {
    match kind(id) {
        "resource" => start_as::<crate::resource::Config>(id, node, next).await,
        "attributes" => start_as::<crate::attributes::Config>(id, node, next).await,
        other => Err(format!("no documents are known for `{other}`")),
    }
}

async fn start_as<P: Processor>(
    id: &str,
    node: &Node,
    next: Arc<dyn Consumer>,
) -> Result<Arc<dyn Consumer>, String> {
    let config: P = read(node)?;
    let problems = config.check();
    if !problems.is_empty() {
        return Err(format!("{problems:?}"));
    }
    config.start(context(Kind::Processor, id), next).await.map_err(|error| format!("{error:#}"))
}

/// Reads and checks a configuration of that kind.
fn check(kind: &str, node: &Node) -> Result<Vec<Problem>, String> {
    match kind {
        "attributes" => Ok(read::<crate::attributes::Config>(node)?.check()),
        "batch" => Ok(read::<crate::batch::Config>(node)?.check()),
        "memory_limiter" => Ok(read::<crate::memory_limiter::Config>(node)?.check()),
        "resource" => Ok(read::<crate::resource::Config>(node)?.check()),
        other => Err(format!("no processor `{other}`")),
    }
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(node: &Node) -> Result<T, String> {
    let mut diagnostics = Diagnostics::new();
    config::read(node, &Path::root(), &mut diagnostics).ok_or_else(|| diagnostics.to_string())
}

/// Reads a component's settings from YAML.
pub(crate) fn settings<T: serde::de::DeserializeOwned>(yaml: &str) -> Result<T, String> {
    read(&parse(yaml)?)
}

fn origin(node: Option<&Node>) -> Result<Origin, String> {
    let Some(node) = node else { return Ok(Origin::default()) };
    let mut metadata = Metadata::default();
    for (key, values) in node.child("metadata").into_iter().flat_map(Node::entries) {
        let list = if values.items().is_empty() { std::slice::from_ref(values) } else { values.items() };
        list.iter().filter_map(Node::as_str).for_each(|value| metadata.add(&key.text, value));
    }
    let identity = node.child("identity").into_iter().flat_map(Node::entries);
    let pair =
        |(key, value): (&config::Key, &Node)| (key.text.to_string(), value.as_str().unwrap_or("").to_owned());
    let peer = node.child("peer").and_then(Node::as_str).map(str::parse).transpose();
    Ok(Origin {
        transport: "grpc",
        peer: peer.map_err(|error| format!("`peer`: {error}"))?,
        metadata: Some(Arc::new(metadata)),
        identity: Some(Arc::new(Identity { attributes: identity.map(pair).collect() })),
    })
}

/// The payload that a case's notation stands for.
pub(crate) fn payload(node: &Node) -> Result<Payload, String> {
    let groups = if node.is_map() { std::slice::from_ref(node) } else { node.items() };
    let mut writer = Writer::new();
    let mut signal = None;
    for group in groups {
        let (own, items) = items(group)?;
        if signal.replace(own).is_some_and(|other| other != own) {
            return Err("groups of several signals".to_owned());
        }
        writer.message(1, |out| write_group(out, own, group, items));
    }
    let signal = signal.ok_or("there is no group")?;
    Payload::parse(signal, Bytes::from(writer.into_bytes())).map_err(|error| format!("{error:?}"))
}

fn items(group: &Node) -> Result<(Signal, &[Node]), String> {
    let words = [("spans", Signal::Traces), ("points", Signal::Metrics), ("records", Signal::Logs)];
    let found = words.into_iter().find_map(|(word, signal)| Some((signal, group.child(word)?.items())));
    found.ok_or_else(|| "a group has `spans`, `points` or `records`".to_owned())
}

fn write_group(out: &mut Writer, signal: Signal, group: &Node, items: &[Node]) {
    out.message(1, |out| write_attributes(out, 1, group.child("resource"), &[]));
    out.message(2, |out| {
        if let Some(scope) = group.child("scope") {
            out.message(1, |out| {
                write_text(out, 1, scope.child("name"));
                write_text(out, 2, scope.child("version"));
            });
        }
        for item in items {
            out.message(2, |out| match signal {
                Signal::Traces => write_span(out, item),
                Signal::Metrics => write_point(out, item),
                Signal::Logs => write_record(out, item),
            });
        }
    });
}

fn write_span(out: &mut Writer, item: &Node) {
    write_text(out, 5, item.child("name"));
    out.varint(6, number(item.child("kind")));
    write_attributes(out, 9, Some(item), &["name", "kind"]);
}

fn write_point(out: &mut Writer, item: &Node) {
    write_text(out, 1, item.child("name"));
    out.message(5, |out| out.message(1, |out| write_attributes(out, 7, Some(item), &["name"])));
}

fn write_record(out: &mut Writer, item: &Node) {
    out.varint(2, number(item.child("severity")));
    write_text(out, 3, item.child("severity_text"));
    if let Some(body) = item.child("body") {
        out.message(5, |out| write_value(out, &value(body)));
    }
    write_attributes(out, 6, Some(item), &["body", "severity", "severity_text"]);
}

fn write_text(out: &mut Writer, field: u32, node: Option<&Node>) {
    out.text(field, node.and_then(Node::as_str).unwrap_or_default());
}

fn write_attributes(out: &mut Writer, field: u32, node: Option<&Node>, reserved: &[&str]) {
    for (key, node) in
        node.into_iter().flat_map(Node::entries).filter(|(key, _)| !reserved.contains(&&*key.text))
    {
        out.message(field, |out| {
            out.text(1, &key.text);
            out.message(2, |out| write_value(out, &value(node)));
        });
    }
}

fn write_value(out: &mut Writer, value: &AnyValue) {
    match value {
        AnyValue::Empty => (),
        AnyValue::String(text) => out.text(1, text),
        AnyValue::Bool(flag) => out.varint(2, u64::from(*flag)),
        AnyValue::Int(number) => out.varint(3, number.cast_unsigned()),
        AnyValue::Double(number) => out.double(4, *number),
        AnyValue::Bytes(bytes) => out.bytes(7, bytes),
        AnyValue::Array(values) => out.message(5, |out| {
            values.iter().for_each(|value| out.message(1, |out| write_value(out, value)));
        }),
        AnyValue::Map(pairs) => out.message(6, |out| {
            for (key, value) in pairs {
                out.message(1, |out| {
                    out.text(1, key);
                    out.message(2, |out| write_value(out, value));
                });
            }
        }),
    }
}

fn value(node: &Node) -> AnyValue {
    read::<Constant>(node).expect("every YAML value is a value").0
}

fn number(node: Option<&Node>) -> u64 {
    match node.map(|node| &node.value) {
        Some(Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

/// One line for each item.
pub(crate) fn describe(payload: &Payload) -> Vec<String> {
    match payload {
        Payload::Traces(traces) => traces
            .spans()
            .map(|span| {
                line(
                    span.resource(),
                    span.scope(),
                    format!("span {} {}", span.name(), span.kind()),
                    span.attributes(),
                )
            })
            .collect(),
        Payload::Metrics(metrics) => metrics
            .points()
            .map(|(metric, point)| {
                line(
                    metric.resource(),
                    metric.scope(),
                    format!("point {}", metric.name()),
                    point.attributes(),
                )
            })
            .collect(),
        Payload::Logs(logs) => logs
            .records()
            .map(|record| {
                let number = record.severity_number();
                let own =
                    format!("record {:?} {number} {}", record.body().to_owned(), record.severity_text());
                line(record.resource(), record.scope(), own, record.attributes())
            })
            .collect(),
    }
}

fn line(resource: Resource<'_>, scope: Scope<'_>, own: String, attributes: Attributes<'_>) -> String {
    let (name, version) = (scope.name(), scope.version());
    format!("{} | {name} {version} | {own} {}", listed(resource.attributes()), listed(attributes))
}

fn listed(attributes: Attributes<'_>) -> String {
    let mut list: Vec<_> =
        attributes.iter().map(|(key, value)| format!("{key}: {:?}", value.to_owned())).collect();
    list.sort();
    format!("{{{}}}", list.join(", "))
}
