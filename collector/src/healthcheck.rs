//! Asking a running collector whether it is well, for containers that have no other program to do so.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::ask::{Answer, Endpoint};
use crate::{cli, exit};

/// What the extension says of pipelines.
#[derive(Deserialize)]
struct Report {
    well: bool,
    pipelines: Vec<Pipeline>,
}

#[derive(Deserialize)]
struct Pipeline {
    id: String,
    live: bool,
    ready: bool,
    delivering: bool,
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    component: String,
    why: String,
    since: Option<String>,
}

/// Asks the `health_check` extension at `endpoint` (`host:port`).
pub(crate) async fn ask(endpoint: &str) -> ExitCode {
    match status(endpoint).await {
        Ok(200) => ExitCode::from(exit::DONE),
        Ok(status) => exit::failed(format!("`{endpoint}` answered {status}")),
        Err(error) => exit::failed(format!("{error:#}")),
    }
}

/// Asks it how each pipeline is, and prints that.
pub(crate) async fn ask_for_pipelines(endpoint: &str, path: &str) -> ExitCode {
    match report(endpoint, path).await {
        Ok(report) => {
            let printed = cli::print(&describe(&report));
            if report.well { printed } else { ExitCode::from(exit::FAILED) }
        }
        Err(error) => exit::failed(format!("{error:#}")),
    }
}

async fn status(endpoint: &str) -> anyhow::Result<u16> {
    Ok(Endpoint::parse(endpoint, &[])?.get("/").await?.status)
}

async fn report(endpoint: &str, path: &str) -> anyhow::Result<Report> {
    let answer: Answer = Endpoint::parse(endpoint, &[])?.get(path).await?;
    let status = answer.status;
    let text = answer.text().await?;
    match serde_json::from_str(&text) {
        Ok(report) => Ok(report),
        Err(_) if [200, 503].contains(&status) => bail!(
            "`{endpoint}` says nothing of pipelines on `{path}`: set `health_check::pipelines::enabled`"
        ),
        Err(error) => Err(error).with_context(|| format!("`{endpoint}` answered {status}")),
    }
}

/// One line for each pipeline, and one for each reason.
fn describe(report: &Report) -> String {
    let mut text = String::new();
    for pipeline in &report.pipelines {
        let word = |is_so: bool, word: &str| if is_so { word.to_owned() } else { format!("not {word}") };
        let words = [
            word(pipeline.live, "live"),
            word(pipeline.ready, "ready"),
            word(pipeline.delivering, "delivering"),
        ];
        text.push_str(&format!("{}: {}\n", pipeline.id, words.join(", ")));
        for reason in &pipeline.reasons {
            let since = reason.since.as_ref().map(|since| format!(" (since {since})")).unwrap_or_default();
            text.push_str(&format!("  {}: {}{since}\n", reason.component, reason.why));
        }
    }
    text
}
