//! What goes in comes out where the pipelines are.

use component::testing::{Script, context, payload};
use component::{Batch, Connector, ConsumeError, Kind, Outputs};
use otlp::Signal;

use super::Config;

#[tokio::test]
async fn each_signal_goes_to_its_own_pipelines() {
    let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
    let pipelines = signals.map(|_| Script::new([]));
    let mut outputs = Outputs::default();
    for (signal, pipeline) in signals.into_iter().zip(&pipelines) {
        outputs.set(signal, pipeline.clone());
    }
    let forward = start(outputs).await;
    for (signal, pipeline) in signals.into_iter().zip(&pipelines) {
        forward.consume(Batch::new(payload(signal, 3))).await.unwrap();
        assert_eq!(pipeline.taken_items(), [3], "{signal}");
    }
}

#[tokio::test]
async fn the_answer_of_the_next_pipeline_goes_back() {
    let mut outputs = Outputs::default();
    outputs.set(Signal::Traces, Script::new([Err(ConsumeError::retryable("sending queue is full"))]));
    let forward = start(outputs).await;
    let refused = forward.consume(Batch::new(payload(Signal::Traces, 1))).await.unwrap_err();
    assert_eq!((refused.to_string().as_str(), refused.is_permanent()), ("sending queue is full", false));
}

#[tokio::test]
async fn a_signal_that_no_pipeline_takes_is_refused_for_good() {
    let forward = start(Outputs::default()).await;
    let refused = forward.consume(Batch::new(payload(Signal::Logs, 1))).await.unwrap_err();
    assert!(refused.is_permanent());
}

async fn start(outputs: Outputs) -> std::sync::Arc<dyn component::Consumer> {
    Config::default().start(context(Kind::Connector, "forward"), outputs).await.unwrap()
}
