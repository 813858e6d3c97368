//! How each pipeline is, as metrics.

use std::sync::Arc;

use component::{Description, Health, MetricKind, Metrics, Overview, PipelineHealth, Sample, Value};

/// Shows whether each pipeline runs, takes data and delivers, instead of what was shown before.
pub(crate) fn publish(metrics: &Metrics, overview: &Arc<Overview>, health: &Health) {
    for (what, is_so) in GAUGES {
        let (overview, health) = (overview.clone(), health.clone());
        metrics.ask_all(what, MetricKind::Gauge, "pipelines", move || {
            overview.health(&health).iter().map(|pipeline| sample(pipeline, is_so(pipeline))).collect()
        });
    }
}

fn sample(pipeline: &PipelineHealth, is_so: bool) -> Sample {
    let labels =
        vec![("pipeline", pipeline.id.clone()), ("otel_signal", pipeline.signal.as_str().to_owned())];
    Sample { labels, value: Value::Number(if is_so { 1.0 } else { 0.0 }) }
}

type Gauge = (Description, fn(&PipelineHealth) -> bool);

#[rustfmt::skip]
static GAUGES: [Gauge; 3] = [
    (describe("ferrotel_pipeline_live", "Whether all tasks of the pipeline's components run."), |pipeline| pipeline.live),
    (describe("ferrotel_pipeline_ready", "Whether the pipeline takes data."), |pipeline| pipeline.ready),
    (describe("ferrotel_pipeline_delivering", "Whether the pipeline's exporters deliver what they are given."), |pipeline| pipeline.delivering),
];

const fn describe(name: &'static str, help: &'static str) -> Description {
    Description { name, help, unit: "1" }
}
