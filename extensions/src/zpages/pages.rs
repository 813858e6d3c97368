//! The pages that the Go Collector has, too.

use component::{BuildInfo, Overview, PipelineOverview};
use jiff::Timestamp;

use crate::html::{Cell, Page, encode};

/// What the links on the front page lead to; the page of variables only when there is one.
pub(super) fn index(build: &BuildInfo, has_variables: bool) -> String {
    let mut page = Page::new(build.command);
    page.paragraph(build.description);
    let mut links = vec![
        ("Flow: the pipelines, live", "/debug/flowz"),
        ("Service: which program this is", "/debug/servicez"),
        ("Pipelines: what runs", "/debug/pipelinez"),
        ("Ledger: what became of the data", "/debug/ledgerz"),
        ("Targets: what is scraped", "/debug/targetsz"),
        ("Extensions", "/debug/extensionz"),
        ("Feature gates", "/debug/featurez"),
        ("Traces: how long things took", "/debug/tracez"),
    ];
    if has_variables {
        links.push(("Variables of the process", "/debug/expvarz"));
    }
    page.links(&links);
    page.finish()
}

pub(super) fn service(build: &BuildInfo, started: Timestamp) -> String {
    let mut page = Page::new(&format!("Service {}", build.command));
    page.heading("Build Info");
    let row = |name: &str, value: &str| vec![name.into(), value.into()];
    let build = [("Command", build.command), ("Description", build.description), ("Version", build.version)];
    page.table(&["Property", "Value"], build.map(|(name, value)| row(name, value)));
    page.heading("Runtime Info");
    let started = started.to_string();
    let runtime =
        [("StartTimestamp", &*started), ("OS", std::env::consts::OS), ("Arch", std::env::consts::ARCH)];
    page.table(&["Property", "Value"], runtime.map(|(name, value)| row(name, value)));
    page.links(&[
        ("Pipelines", "/debug/pipelinez"),
        ("Extensions", "/debug/extensionz"),
        ("Features", "/debug/featurez"),
        ("Ledger", "/debug/ledgerz"),
    ]);
    page.finish()
}

/// What `?pipelinenamez=…&componentnamez=…&componentkindz=…` chose. The spelling of the Go Collector's own links
/// (`zpipelinename`, ...) works as well.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) pipeline: Option<String>,
    pub(super) component: Option<String>,
    pub(super) kind: Option<String>,
}

pub(super) fn pipelines(overview: &Overview, choice: &Choice) -> String {
    let mut page = Page::new("builtPipelines");
    if let Some(pipeline) = &choice.pipeline {
        let kind = choice.kind.as_deref().unwrap_or("component");
        page.heading(&match &choice.component {
            Some(component) => format!("Pipeline {pipeline}, {kind} {component}"),
            None => format!("Pipeline {pipeline}"),
        });
    }
    let columns = ["FullName", "InputType", "MutatesData", "Receivers", "Processors", "Exporters"];
    page.table(&columns, overview.pipelines.iter().map(pipeline));
    page.finish()
}

fn pipeline(pipeline: &PipelineOverview) -> Vec<Cell> {
    let links = |kind: &str, ids: &[String]| {
        Cell::Links(ids.iter().map(|id| component_link(pipeline, kind, id)).collect())
    };
    let processors = match pipeline.processors.is_empty() {
        true => "→".into(),
        false => Cell::Text(format!("→ {} →", pipeline.processors.join(" → "))),
    };
    vec![
        Cell::Text(pipeline.id.clone()),
        pipeline.signal.as_str().into(),
        Cell::Text(pipeline.mutates_data.to_string()),
        links("receiver", &pipeline.receivers),
        processors,
        links("exporter", &pipeline.exporters),
    ]
}

/// The text and the address of a receiver or exporter of that pipeline.
fn component_link(pipeline: &PipelineOverview, kind: &str, id: &String) -> (String, String) {
    let mark = if pipeline.connectors.contains(id) { " (connector)" } else { "" };
    let (name, component) = (encode(&pipeline.id), encode(id));
    let to =
        format!("/debug/pipelinez?pipelinenamez={name}&componentnamez={component}&componentkindz={kind}");
    (format!("{id}{mark}"), to)
}

pub(super) fn extensions(overview: &Overview, chosen: Option<&str>) -> String {
    let mut page = Page::new("Extensions");
    if let Some(chosen) = chosen {
        page.heading(chosen);
    }
    let row = |id: &String| vec![Cell::Links(vec![(id.clone(), extension_address(id))])];
    page.table(&["FullName"], overview.extensions.iter().map(|extension| row(&extension.id)));
    page.finish()
}

fn extension_address(id: &str) -> String {
    format!("/debug/extensionz?zextensionname={}", encode(id))
}

pub(super) fn features(overview: &Overview) -> String {
    let mut page = Page::new("Feature Gates");
    page.paragraph("The gates given on the command line. They are read so that old command lines work.");
    let row = |(id, enabled): &(String, bool)| vec![Cell::Text(id.clone()), Cell::Text(enabled.to_string())];
    page.table(&["ID", "Enabled"], overview.gates.iter().map(row));
    page.finish()
}
