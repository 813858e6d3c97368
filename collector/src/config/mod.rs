//! From what the command line names to a plan, with all that is wrong on the way.

mod source;

use ::config::{Diagnostic, Diagnostics, Node, Path};
use pipelines::Plan;

use crate::cli::Sources;
use crate::components;
use crate::telemetry::TelemetryConfig;

/// What runs when no configuration is named.
const DEFAULT: &str = include_str!("default.yaml");

/// A configuration that has been read. Run the plan only if the findings hold no error.
pub(crate) struct Loaded {
    pub(crate) plan: Plan,
    pub(crate) telemetry: TelemetryConfig,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads everything that `sources` names, merges it, and makes a plan of it.
pub(crate) async fn load(sources: &Sources) -> Loaded {
    let mut diagnostics = Diagnostics::new();
    warn_of_gates(sources, &mut diagnostics);
    let merged = merge_all(sources, &mut diagnostics).await;
    let fetch = source::fetcher();
    let tree = ::config::expand(merged, &fetch, &mut diagnostics);
    let plan = Plan::read(&tree, &components::registry(), &mut diagnostics);
    let telemetry = TelemetryConfig::read(plan.telemetry.as_ref(), &mut diagnostics);
    Loaded { plan, telemetry, diagnostics }
}

/// All sources as one tree, later ones over earlier ones, `--set` last.
async fn merge_all(sources: &Sources, diagnostics: &mut Diagnostics) -> Node {
    let mut parts = Vec::new();
    if sources.config.is_empty() {
        parts.extend(::config::parse("the built-in configuration", DEFAULT, diagnostics));
    }
    for uri in &sources.config {
        match source::read(uri).await {
            Ok(text) => {
                let text = ::config::decode(uri, &text, diagnostics);
                parts.extend(text.and_then(|text| ::config::parse(uri, text, diagnostics)));
            }
            Err(error) => diagnostics.push(Diagnostic::error(&Path::root(), format!("{error:#}"))),
        }
    }
    for setting in &sources.set {
        let name = format!("--set {setting}");
        match source::setting(setting) {
            Ok(text) => parts.extend(::config::parse(&name, &text, diagnostics)),
            Err(error) => diagnostics.push(Diagnostic::error(&Path::root(), format!("{name}: {error}"))),
        }
    }
    let nothing = Node::new(::config::Value::Map(Vec::new()), ::config::Position::nowhere());
    parts.into_iter().reduce(::config::merge).unwrap_or(nothing)
}

fn warn_of_gates(sources: &Sources, diagnostics: &mut Diagnostics) {
    let gates = sources.feature_gates.iter().flat_map(|list| list.split(','));
    for gate in gates.map(|gate| gate.trim_start_matches(['-', '+'])).filter(|gate| !gate.is_empty()) {
        let message = format!("feature gate `{gate}` is unknown here and has no effect");
        diagnostics.push(Diagnostic::warning(&Path::root(), message));
    }
}

#[cfg(test)]
mod tests;
