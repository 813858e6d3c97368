//! Plans that are right, and everything that can be wrong with one.

use std::sync::Arc;

use ::config::{Diagnostics, Severity};
use async_trait::async_trait;
use component::{
    Capabilities, Connector, Consumer, Context, Delivery, Exporter, Extension, Listens, Outputs, Problem,
    Processor, Receiver,
};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::*;

const ALL: &[Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

const GOOD: &str = "
receivers: { in: { endpoint: 'localhost:1' } }
processors: { pass: }
exporters: { out: }
service:
  pipelines:
    traces: { receivers: [in], processors: [pass], exporters: [out] }
";

#[test]
fn a_good_configuration_has_no_findings() {
    check(GOOD, &[]);
}

#[test]
fn every_mistake_is_found_in_one_run() {
    check(
        "
receivers: { in: { endpoint: 'localhost:1', endpiont: x } }
processors: { pas: }
exporters: { out: , 'bad id': , out/two: { level: high } }
srevice: {}
service:
  pipeline: {}
  pipelines:
    traces: { receivers: [in, inn], processors: [pass/x], exporters: [out] }
    tracez: { receivers: [in], exporters: [out] }
    logs: { receivers: [], exporters: [out] }
",
        &[
            "error service::pipeline: unknown key `pipeline`; did you mean `pipelines`?",
            "error srevice: unknown section `srevice`; did you mean `service`?",
            "error receivers::in: unknown key `endpiont`; did you mean `endpoint`?",
            "error processors::pas: unknown processor type `pas`; did you mean `pass`?",
            "error service::pipelines::traces::receivers::1: references receiver `inn` which is not configured; did you mean `in`?",
            "error service::pipelines::traces::processors::0: references processor `pass/x` which is not configured",
            "error service::pipelines::tracez: unknown pipeline signal `tracez`; did you mean `traces`?",
            "error service::pipelines::logs::receivers: must have at least one receiver",
        ],
    );
}

#[test]
fn an_empty_file_says_so() {
    check("{}", &["error : empty configuration file"]);
}

#[test]
fn a_component_cannot_be_used_for_a_signal_that_it_does_not_speak() {
    let text = GOOD.replace("traces:", "metrics:").replace("out", "spans_only");
    let message =
        "error service::pipelines::metrics::exporters::0: exporter `spans_only` does not support metrics";
    check(&text, &[message]);
}

#[test]
fn a_component_listed_twice_is_an_error() {
    let message =
        "error service::pipelines::traces::processors::1: references processor `pass` multiple times";
    check(&GOOD.replace("[pass]", "[pass, pass]"), &[message]);
}

#[test]
fn an_unused_component_is_a_warning() {
    let message = "warning processors::pass: processor `pass` is configured and not used in any pipeline";
    check(&GOOD.replace("[pass]", "[]"), &[message]);
}

#[test]
fn an_old_name_is_a_warning() {
    let message = "warning exporters::old_out: `old_out` is the old name of exporter `out`; both work";
    check(&GOOD.replace("out", "old_out"), &[message]);
}

#[test]
fn an_extension_without_an_entry_runs_with_its_defaults() {
    let text = format!("{GOOD}  extensions: [page]\n");
    check(&text, &["warning service::extensions::0: extension `page` has no entry in `extensions`"]);
    check(
        &format!("{GOOD}  extensions: [pages]\n"),
        &[
            "error service::extensions::0: references extension `pages` which is not configured; did you mean `page`?",
        ],
    );
}

#[test]
fn an_authenticator_that_does_not_run_is_an_error() {
    let text = GOOD.replace("out:", "guarded: { auth: { authenticator: page } }").replace("out]", "guarded]");
    check(
        &text,
        &[
            "error exporters::guarded::auth::authenticator: references extension `page` which is not listed in `service::extensions`",
        ],
    );
    check(
        &format!("{text}  extensions: [page]\n").replace("service:", "extensions: { page: }\nservice:"),
        &[],
    );
}

#[test]
fn two_listeners_on_one_port_are_an_error() {
    let text = GOOD.replace("'localhost:1' }", "'localhost:1' }, in/two: { endpoint: '0.0.0.0:1' }");
    let text = text.replace("[in]", "[in, in/two]");
    let message = "error receivers::in/two::endpoint: receiver `in/two` listens on `0.0.0.0:1`, and so does receiver `in`";
    check(&text, &[message]);
    check(&text.replace("0.0.0.0:1", "localhost:0").replace("localhost:1", "localhost:0"), &[]);
}

#[test]
fn a_components_own_complaint_is_placed_at_its_setting() {
    let message = "error receivers::in::endpoint: `nowhere` has no port";
    check(&GOOD.replace("localhost:1", "nowhere"), &[message]);
}

#[test]
fn a_components_own_complaint_is_told_beside_what_could_not_be_read() {
    let text = GOOD.replace("'localhost:1'", "nowhere, unheard: 1");
    check(
        &text,
        &[
            "error receivers::in: unknown key `unheard`",
            "error receivers::in::endpoint: `nowhere` has no port",
        ],
    );
}

#[test]
fn what_is_wrong_already_is_not_complained_about_again() {
    check(&GOOD.replace("'localhost:1'", "[]"), &["error receivers::in::endpoint: expected a string"]);
    check(
        &GOOD.replace("endpoint:", "enpoint:"),
        &["error receivers::in: unknown key `enpoint`; did you mean `endpoint`?"],
    );
}

#[test]
fn a_misspelt_type_is_told_where_it_is_misspelt() {
    check(
        &GOOD.replace("pass:", "pas:"),
        &["error processors::pas: unknown processor type `pas`; did you mean `pass`?"],
    );
    check(
        &GOOD.replace("pass:", "pa-ss: , pass:"),
        &[
            "error processors::pa-ss: invalid type `pa-ss`: expected a letter, then at most 62 letters, digits or underscores; did you mean `pass`?",
        ],
    );
}

#[test]
fn a_setting_in_the_place_of_a_component_should_be_indented() {
    check(
        &GOOD.replace("pass:", "pass: , timeout: 1s"),
        &[
            "error processors::timeout: unknown processor type `timeout`; indent it further if it belongs to the component above",
        ],
    );
}

#[test]
fn who_is_not_used_because_of_a_slip_is_not_told_so() {
    let text = GOOD.replace("[out]", "[outt]");
    let mut diagnostics = Diagnostics::new();
    let tree = ::config::parse("test.yaml", &text, &mut diagnostics).unwrap();
    let _ = Plan::read(&tree, &registry(), &mut diagnostics);
    let found: Vec<_> = diagnostics.iter().map(describe).collect();
    assert_eq!(
        found,
        [
            "error service::pipelines::traces::exporters::0: references exporter `outt` which is not configured; did you mean `out`?"
        ]
    );
}

#[test]
fn connectors_join_pipelines() {
    check(&connected("[join]", "[join]"), &[]);
}

#[test]
fn a_connector_must_be_used_on_both_sides() {
    check(
        &connected("[join]", "[in]"),
        &["error connectors::join: connector `join` is used as exporter but not as receiver in any pipeline"],
    );
    check(
        &connected("[out]", "[join]"),
        &["error connectors::join: connector `join` is used as receiver but not as exporter in any pipeline"],
    );
    check(
        &connected("[out]", "[in]"),
        &["warning connectors::join: connector `join` is configured and not used in any pipeline"],
    );
}

#[test]
fn a_cycle_is_found_and_shown() {
    check(
        &connected("[join]", "[join]").replace("[out] }\n#", "[out, join] }\n#"),
        &["error service::pipelines: cycle detected: pipeline `traces/b` -> pipeline `traces/b`"],
    );
}

#[test]
fn the_effective_configuration_has_all_defaults() {
    let mut diagnostics = Diagnostics::new();
    let tree = ::config::parse("test.yaml", GOOD, &mut diagnostics).unwrap();
    let plan = Plan::read(&tree, &registry(), &mut diagnostics);
    let printed = ::config::to_yaml(&plan.effective(Secrets::Redact));
    assert!(printed.contains("level: 3"), "{printed}");
}

/// Two pipelines; `exporters` of the first, `receivers` of the second.
fn connected(exporters: &str, receivers: &str) -> String {
    format!(
        "
receivers: {{ in: {{ endpoint: 'localhost:1' }} }}
exporters: {{ out: }}
connectors: {{ join: }}
service:
  pipelines:
    traces/a: {{ receivers: [in], exporters: {exporters} }}
    traces/b: {{ receivers: {receivers}, exporters: [out] }}
# end
"
    )
}

/// Reads a plan and compares its findings, each as `severity path: message; suggestion`. Expected ones may be cut short.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut diagnostics = Diagnostics::new();
    let tree = ::config::parse("test.yaml", text, &mut diagnostics).unwrap();
    let _ = Plan::read(&tree, &registry(), &mut diagnostics);
    let mut found: Vec<String> = diagnostics.iter().map(describe).collect();
    for wanted in expected {
        let position = found.iter().position(|line| line.starts_with(wanted));
        let position = position.unwrap_or_else(|| panic!("missing: {wanted}\nfound: {found:#?}"));
        found.remove(position);
    }
    found.retain(|line| !expected.is_empty() && line.starts_with("error") || expected.is_empty());
    found.retain(|line| !line.contains("'bad id'") && !line.contains("bad id") && !line.contains("out/two"));
    assert!(found.is_empty(), "not expected: {found:#?}");
}

fn describe(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let hint = found.suggestion.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{severity} {}: {}{hint}", found.path, found.message)
}

fn registry() -> Registry {
    Registry::new()
        .receiver::<In>()
        .processor::<Pass>()
        .exporter::<Out>()
        .exporter::<SpansOnly>()
        .exporter::<Guarded>()
        .connector::<Join>()
        .extension::<Page>()
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct In {
    endpoint: String,
}

#[async_trait]
impl Receiver for In {
    const NAME: &'static str = "in";
    const SIGNALS: &'static [Signal] = ALL;

    fn check(&self) -> Vec<Problem> {
        let has_port = self.endpoint.contains(':');
        let problem = || Problem::error("endpoint", format!("`{}` has no port", self.endpoint));
        (!has_port).then(problem).into_iter().collect()
    }

    fn listens_on(&self) -> Vec<Listens> {
        vec![Listens { address: self.endpoint.clone(), setting: "endpoint" }]
    }

    async fn start(self, _: Context, _: Outputs) -> anyhow::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pass {}

#[async_trait]
impl Processor for Pass {
    const NAME: &'static str = "pass";
    const SIGNALS: &'static [Signal] = ALL;

    async fn start(self, _: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(next)
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Out {
    level: u32,
}

impl Default for Out {
    fn default() -> Out {
        Out { level: 3 }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Guarded {
    auth: std::collections::BTreeMap<String, String>,
}

#[async_trait]
impl Exporter for Guarded {
    const NAME: &'static str = "guarded";
    const SIGNALS: &'static [Signal] = ALL;

    fn delivery(&self) -> Delivery {
        Delivery::default()
    }

    async fn start(self, _: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        unreachable!("nothing is started here")
    }
}

#[async_trait]
impl Exporter for Out {
    const NAME: &'static str = "out";
    const ALIASES: &'static [&'static str] = &["old_out"];
    const SIGNALS: &'static [Signal] = ALL;

    fn delivery(&self) -> Delivery {
        Delivery::default()
    }

    async fn start(self, _: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(component::testing::Script::new([]))
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SpansOnly {}

#[async_trait]
impl Exporter for SpansOnly {
    const NAME: &'static str = "spans_only";
    const SIGNALS: &'static [Signal] = &[Signal::Traces];

    fn delivery(&self) -> Delivery {
        Delivery::default()
    }

    async fn start(self, _: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(component::testing::Script::new([]))
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Join {}

#[async_trait]
impl Connector for Join {
    const NAME: &'static str = "join";
    const ROUTES: &'static [(Signal, Signal)] = &[(Signal::Traces, Signal::Traces)];

    async fn start(self, _: Context, outputs: Outputs) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(outputs.traces.expect("the plan was checked"))
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Page {}

#[async_trait]
impl Extension for Page {
    const NAME: &'static str = "page";

    async fn start(self, _: Context) -> anyhow::Result<Capabilities> {
        Ok(Capabilities::default())
    }
}
