//! What can be wrong about matching; what matches is told by the documents under `tests/cases`.

use component::testing::{Script, context, payload};
use component::{Batch, Kind, Problem, Processor};
use otlp::Signal;

use super::Config;
use crate::cases::settings;

#[test]
fn each_mistake_is_found_where_it_is() {
    let table = [
        ("services: [a]", "match_type", "missing required field `match_type`"),
        ("match_type: glob\n  services: [a]", "match_type", "unknown match type `glob`"),
        ("match_type: strict", "", "at least one field to match must be given"),
        (
            "match_type: strict\n  span_names: [a]\n  metric_names: [b]",
            "",
            "`span_names` and `metric_names` never",
        ),
        ("match_type: strict\n  span_kinds: [server]", "span_kinds::0", "unknown kind `server`"),
        ("match_type: regexp\n  services: [a, '(']", "services::1", "invalid pattern `(`"),
        ("match_type: regexp\n  attributes: [{ key: a, value: 1 }]", "attributes::0::value", "must be text"),
        (
            "match_type: strict\n  resources: [{ value: 1 }]",
            "resources::0::key",
            "missing required field `key`",
        ),
        ("match_type: regexp\n  libraries: [{ name: '[' }]", "libraries::0::name", "invalid pattern `[`"),
    ];
    for (fields, path, start) in table {
        for side in ["include", "exclude"] {
            let yaml = format!("actions: [{{ key: a, action: delete }}]\n{side}:\n  {fields}\n");
            let problems = settings::<Config>(&yaml).unwrap().check();
            let [problem] = &problems[..] else { panic!("{yaml}: {problems:?}") };
            let expected = format!("{side}::{path}");
            let Problem::Error { path: found, message } = problem else { panic!("{problem:?}") };
            assert_eq!(found.join("::"), expected.trim_end_matches(':'), "{yaml}");
            assert!(message.starts_with(start), "{yaml}: {message}");
        }
    }
}

#[test]
fn mistakes_everywhere_are_found_in_one_run() {
    let config: Config = settings("include: { services: ['a'] }\nexclude: {}\n").unwrap();
    assert_eq!(config.check().len(), 4, "{:?}", config.check());
}

#[test]
fn the_cache_of_results_may_be_configured() {
    let yaml = "actions: [{ key: a, action: delete }]\n\
        include: { match_type: regexp, regexp: { cacheenabled: true, cachemaxnumentries: 5 }, services: [a] }\n";
    assert_eq!(settings::<Config>(yaml).unwrap().check(), []);
}

#[tokio::test]
async fn a_field_of_another_signal_is_refused_for_good() {
    let yaml = "actions: [{ key: a, action: delete }]\nexclude: { match_type: strict, span_names: [a] }\n";
    let config: Config = settings(yaml).unwrap();
    let attributes = config.start(context(Kind::Processor, "attributes"), Script::new([])).await.unwrap();
    attributes.consume(Batch::new(payload(Signal::Traces, 1))).await.unwrap();
    let refused = attributes.consume(Batch::new(payload(Signal::Logs, 1))).await.unwrap_err();
    assert_eq!(refused.to_string(), "permanent: `exclude::span_names` does not apply to logs");
}
