//! What is particular to resources; what actions do is told by the documents under `tests/cases`.

use std::sync::Arc;

use component::testing::{Script, context, payload};
use component::{Batch, Consumer, Kind, Problem, Processor};
use otlp::Signal;

use super::Config;
use crate::cases::settings;

#[test]
fn without_actions_there_is_nothing_to_do() {
    let message = "missing required field `attributes`: name an action";
    assert_eq!(Config::default().check(), [Problem::error("attributes", message)]);
}

#[test]
fn the_path_of_a_problem_names_the_action() {
    let config: Config =
        settings("attributes: [{ key: a, action: delete }, { key: b, action: remove }]").unwrap();
    let [Problem::Error { path, message }] = &config.check()[..] else { panic!("{:?}", config.check()) };
    assert_eq!(path, &["attributes", "1", "action"]);
    assert!(message.starts_with("unknown action `remove`, expected `insert`"), "{message}");
}

#[tokio::test]
async fn it_is_not_started_with_problems() {
    let started = Config::default().start(context(Kind::Processor, "resource"), Script::new([])).await;
    assert!(started.is_err());
}

#[tokio::test]
async fn a_copy_that_another_branch_holds_is_left_alone() {
    let config: Config =
        settings("attributes: [{ key: service.name, value: changed, action: upsert }]").unwrap();
    let script = Script::new([]);
    let resource: Arc<dyn Consumer> =
        config.start(context(Kind::Processor, "resource"), script.clone()).await.unwrap();
    let batch = Batch::new(payload(Signal::Logs, 2));
    resource.consume(batch.clone()).await.unwrap();
    assert!(String::from_utf8_lossy(&batch.payload.to_rope().to_contiguous()).contains("test"));
    let changed = script.taken()[0].payload.to_rope().to_contiguous();
    assert!(String::from_utf8_lossy(&changed).contains("changed"));
}
