use std::time::Duration;

use super::*;
use crate::overview::ExporterOverview;
use crate::sending::{QueueState, Sending};

fn overview(sending: &Sending) -> Overview {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let pipeline = |id: &str, signal| PipelineOverview {
        id: id.to_owned(),
        signal,
        mutates_data: false,
        receivers: ids(&["otlp"]),
        processors: ids(&["batch"]),
        exporters: ids(&["otlp", "forward"]),
        connectors: ids(&["forward"]),
    };
    let exporter =
        ExporterOverview { id: "otlp".to_owned(), signal: Signal::Traces, sending: sending.clone() };
    Overview {
        pipelines: vec![pipeline("traces", Signal::Traces), pipeline("logs", Signal::Logs)],
        exporters: vec![exporter],
        ..Overview::default()
    }
}

fn ready() -> Health {
    let health = Health::default();
    health.enter(Stage::Ready);
    health
}

#[tokio::test(start_paused = true)]
async fn a_failing_exporter_stops_delivering_in_the_pipelines_of_its_signal_alone() {
    let (sending, health) = (Sending::default(), ready());
    let overview = overview(&sending);
    assert!(overview.health(&health).iter().all(PipelineHealth::is_well));
    sending.attempt().failed(&"connection refused");
    tokio::time::advance(Duration::from_secs(4)).await;
    sending.attempt().failed(&"connection refused again");
    let [traces, logs] = &overview.health(&health)[..] else { panic!("two pipelines") };
    assert_eq!((traces.live, traces.ready, traces.delivering), (true, true, false));
    assert_eq!(traces.reasons[0].component, "exporter otlp");
    assert_eq!(traces.reasons[0].why, "connection refused again");
    assert!(logs.is_well());
}

#[tokio::test]
async fn a_full_queue_takes_no_data() {
    let (sending, health) = (Sending::default(), ready());
    sending.has_queue(|| QueueState { used: 5, capacity: 5, sizer: "requests", oldest: None, blocks: false });
    let pipelines = overview(&sending).health(&health);
    assert_eq!((pipelines[0].live, pipelines[0].ready, pipelines[0].delivering), (true, false, true));
    assert_eq!(pipelines[0].reasons[0].why, "sending queue is full");
}

#[tokio::test]
async fn a_dead_task_and_a_collector_that_starts_are_told() {
    let (sending, health) = (Sending::default(), Health::default());
    let overview = overview(&sending);
    assert!(overview.health(&health).iter().all(|pipeline| pipeline.live && !pipeline.ready));
    health.enter(Stage::Ready);
    health.degrade("processor batch (logs)", "batch", "out of luck");
    let pipelines = overview.health(&health);
    assert!(pipelines[0].is_well());
    assert_eq!((pipelines[1].live, pipelines[1].ready), (false, false));
    assert_eq!(pipelines[1].reasons[0].why, "task `batch` died: out of luck");
    health.degrade("connector forward", "send", "gone");
    assert!(!overview.health(&health)[0].live);
}
