//! How each pipeline is: whether it runs, takes data, and delivers; and why not.

use std::time::SystemTime;

use otlp::Signal;

use crate::health::{Health, Stage};
use crate::overview::{Overview, PipelineOverview};

/// How one pipeline is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineHealth {
    /// Its id, as the file writes it.
    pub id: String,
    /// What passes through it.
    pub signal: Signal,
    /// All tasks of its components run.
    pub live: bool,
    /// It takes data: the collector is up, and no queue at its end is full.
    pub ready: bool,
    /// Its exporters deliver what they are given. One that has had nothing to send does.
    pub delivering: bool,
    /// Why it is not all of that.
    pub reasons: Vec<Reason>,
}

/// Why a pipeline is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Which of the three it is about: `live`, `ready` or `delivering`.
    pub about: &'static str,
    /// Whose fault it is: `exporter otlp`.
    pub component: String,
    /// In words.
    pub why: String,
    /// Since when, where that is known.
    pub since: Option<SystemTime>,
}

impl PipelineHealth {
    /// Whether there is nothing to say against it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.live && self.ready && self.delivering
    }
}

impl Overview {
    /// How each pipeline is now, in the file's order.
    #[must_use]
    pub fn health(&self, health: &Health) -> Vec<PipelineHealth> {
        let stage = *health.stage().borrow();
        self.pipelines.iter().map(|pipeline| self.health_of(pipeline, stage, health)).collect()
    }

    fn health_of(&self, pipeline: &PipelineOverview, stage: Stage, health: &Health) -> PipelineHealth {
        let mut reasons = dead_tasks(pipeline, health);
        let live = reasons.is_empty();
        reasons.extend(self.not_delivering(pipeline));
        let delivering = !reasons.iter().any(|reason| reason.about == "delivering");
        let obstacles = self.not_ready(pipeline, stage);
        let ready = live && obstacles.is_empty();
        reasons.extend(obstacles);
        PipelineHealth { id: pipeline.id.clone(), signal: pipeline.signal, live, ready, delivering, reasons }
    }

    fn not_delivering(&self, pipeline: &PipelineOverview) -> Vec<Reason> {
        let of_pipeline = self.exporters.iter().filter(|exporter| {
            exporter.signal == pipeline.signal && pipeline.exporters.contains(&exporter.id)
        });
        let reason = |failing: crate::sending::Failing, id: &str| Reason {
            about: "delivering",
            component: format!("exporter {id}"),
            why: failing.why,
            since: Some(failing.since),
        };
        of_pipeline.filter_map(|exporter| Some(reason(exporter.sending.failing()?, &exporter.id))).collect()
    }

    fn not_ready(&self, pipeline: &PipelineOverview, stage: Stage) -> Vec<Reason> {
        let reason = |component: String, why: &str| Reason {
            about: "ready",
            component,
            why: why.to_owned(),
            since: None,
        };
        let mut reasons = Vec::new();
        match stage {
            Stage::Ready => (),
            Stage::Starting => reasons.push(reason("collector".to_owned(), "starting")),
            Stage::Stopping => reasons.push(reason("collector".to_owned(), "stopping")),
        }
        for exporter in self.exporters.iter().filter(|exporter| exporter.signal == pipeline.signal) {
            let is_full = exporter.sending.queue().is_some_and(|queue| queue.is_full());
            if is_full && pipeline.exporters.contains(&exporter.id) {
                reasons.push(reason(format!("exporter {}", exporter.id), "sending queue is full"));
            }
        }
        reasons
    }
}

fn dead_tasks(pipeline: &PipelineOverview, health: &Health) -> Vec<Reason> {
    let connectors = &pipeline.connectors;
    let kind_of = |kind: &str, id: &String| match connectors.contains(id) {
        true => format!("connector {id}"),
        false => format!("{kind} {id}"),
    };
    let receivers = pipeline.receivers.iter().map(|id| kind_of("receiver", id));
    let processors = pipeline.processors.iter().map(|id| format!("processor {id} ({})", pipeline.id));
    let exporters = pipeline.exporters.iter().map(|id| kind_of("exporter", id));
    let all = receivers.chain(processors).chain(exporters);
    let reasons = all.flat_map(|component| {
        let troubles = health.troubles_of(&component);
        troubles.into_iter().map(move |(task, why)| Reason {
            about: "live",
            component: component.clone(),
            why: format!("task `{task}` died: {why}"),
            since: None,
        })
    });
    reasons.collect()
}

#[cfg(test)]
mod tests;
