//! What is to run: read from the configuration, checked as a whole, changed by nothing.
//!
//! Everything that can be wrong is found here, before anything starts, and all of it is reported.

mod authenticators;
mod checks;
mod sections;

use std::collections::BTreeMap;

use ::config::{ComponentId, Diagnostic, Diagnostics, Key, Node, Path, Position, Secrets, Value, nearest};
use component::{Acknowledge, Kind, Listens};

use crate::config::{AcknowledgeConfig, PipelineConfig, PipelineId, SERVICE_KEYS};
use crate::registry::{Component, Print, Registry, Start};

/// What is to run.
pub struct Plan {
    pub(crate) components: BTreeMap<(Kind, ComponentId), Planned>,
    /// In starting order.
    pub(crate) extensions: Vec<ComponentId>,
    /// In the file's order.
    pub(crate) pipelines: Vec<(PipelineId, PipelineConfig)>,
    pub(crate) acknowledge: Acknowledge,
    /// The section `service::telemetry`, for whoever reads it.
    pub telemetry: Option<Node>,
}

/// A component with the way to start it.
pub(crate) struct Planned {
    pub(crate) start: Start,
    print: Print,
    pub(crate) listens_on: Vec<Listens>,
    routes: Vec<(otlp::Signal, otlp::Signal)>,
    /// Where the file names it.
    at: Position,
}

/// The sections that hold components, with the kind of each.
const SECTIONS: [(&str, Kind); 5] = [
    ("receivers", Kind::Receiver),
    ("processors", Kind::Processor),
    ("exporters", Kind::Exporter),
    ("connectors", Kind::Connector),
    ("extensions", Kind::Extension),
];

impl Plan {
    /// Reads a plan from a whole configuration. What is wrong goes to `diagnostics`; run the plan only if that holds no
    /// errors.
    #[must_use]
    pub fn read(tree: &Node, registry: &Registry, diagnostics: &mut Diagnostics) -> Plan {
        let mut planner = Planner { registry, diagnostics, named: Vec::new(), misspelt: Vec::new() };
        planner.check_top_level(tree);
        let mut components = BTreeMap::new();
        for (section, kind) in SECTIONS {
            if let Some(node) = tree.child(section) {
                planner.read_section(section, kind, node, &mut components);
            }
        }
        let service = tree.child("service");
        let mut plan = Plan {
            components,
            extensions: Vec::new(),
            pipelines: Vec::new(),
            acknowledge: Acknowledge::default(),
            telemetry: service.and_then(|service| service.child("telemetry")).cloned(),
        };
        if tree.entries().next().is_some() {
            planner.read_service(service, &mut plan);
            planner.check_whole(tree, &plan);
        }
        plan
    }

    /// The whole configuration with all defaults.
    #[must_use]
    pub fn effective(&self, secrets: Secrets) -> Node {
        let mut sections = Vec::new();
        for (section, kind) in SECTIONS {
            let of_kind = self.components.iter().filter(|((found, _), _)| *found == kind);
            let entries: Vec<_> =
                of_kind.map(|((_, id), planned)| (key(&id.to_string()), (planned.print)(secrets))).collect();
            if !entries.is_empty() {
                sections.push((key(section), node(Value::Map(entries))));
            }
        }
        sections.push((key("service"), self.effective_service()));
        node(Value::Map(sections))
    }

    fn effective_service(&self) -> Node {
        let print = |config: &PipelineConfig| {
            ::config::to_node(config, Secrets::Redact).unwrap_or_else(|_| node(Value::Null))
        };
        let pipelines = self.pipelines.iter().map(|(id, config)| (key(&id.to_string()), print(config)));
        let extensions =
            ::config::to_node(&self.extensions, Secrets::Redact).unwrap_or_else(|_| node(Value::Null));
        let mut entries =
            vec![(key("extensions"), extensions), (key("pipelines"), node(Value::Map(pipelines.collect())))];
        entries.extend(self.telemetry.clone().map(|telemetry| (key("telemetry"), telemetry)));
        node(Value::Map(entries))
    }
}

/// A pipeline's mention of a component.
struct Reference<'a> {
    pipeline: &'a PipelineId,
    kind: Kind,
    id: &'a ComponentId,
    at: &'a Position,
    path: &'a Path,
}

/// Reads a plan and reports what is wrong with it.
pub(crate) struct Planner<'a> {
    registry: &'a Registry,
    diagnostics: &'a mut Diagnostics,
    /// All components that the file has an entry for, also those whose settings are wrong.
    named: Vec<(Kind, ComponentId)>,
    /// The ids that were meant where one of an unknown type stands.
    misspelt: Vec<(Kind, String)>,
}

impl Planner<'_> {
    fn check_top_level(&mut self, tree: &Node) {
        let valid: Vec<_> = SECTIONS.iter().map(|(section, _)| *section).chain(["service"]).collect();
        if tree.entries().next().is_none() {
            // A source that could not be read leaves nothing as well, and has been reported.
            if self.diagnostics.has_errors() {
                return;
            }
            self.diagnostics.push(Diagnostic::error(&Path::root(), "empty configuration file").at(&tree.at));
            return;
        }
        for (key, _) in tree.entries() {
            if !valid.contains(&&*key.text) {
                self.unknown(&Path::root(), key, "unknown section", &valid);
            }
        }
        for (section, what) in [("receivers", "receiver"), ("exporters", "exporter")] {
            if tree.child(section).is_none_or(|node| node.entries().next().is_none()) {
                let message = format!("no {what} configuration specified in config");
                self.diagnostics.push(Diagnostic::error(&Path::from([section]), message).at(&tree.at));
            }
        }
    }

    fn unknown(&mut self, path: &Path, key: &Key, what: &str, valid: &[&str]) {
        let names = valid.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let diagnostic = Diagnostic::error(&path.join(&key.text), format!("{what} `{}`", key.text))
            .at(&key.at)
            .expected(format!("one of {names}"))
            .suggestion(did_you_mean(&key.text, valid.iter().copied()));
        self.diagnostics.push(diagnostic);
    }
}

/// A hint at the nearest of `names`.
fn did_you_mean<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(|name| format!("did you mean `{name}`?"))
}

fn key(text: &str) -> Key {
    Key { text: text.into(), at: Position::nowhere() }
}

fn node(value: Value) -> Node {
    Node::new(value, Position::nowhere())
}

#[cfg(test)]
mod tests;
