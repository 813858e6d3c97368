//! `ferrotel top`: what passes through a running collector, as a table that refreshes.

mod flow;
mod table;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use ::config::Interval;
use anyhow::{Context as _, bail};
use clap::Args;

use self::flow::Flow;
use crate::ask::Endpoint;
use crate::exit;

/// Moves to the beginning and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[J";

/// What to look at, and how.
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Where its zpages extension listens
    #[arg(long, value_name = "URL", default_value = "http://localhost:55679")]
    endpoint: String,
    /// Prints the table once and ends; so it does when the output is no terminal
    #[arg(long)]
    once: bool,
    /// How often to refresh, and the time over which rates are taken
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    interval: Interval,
    /// A header of the request, such as `Authorization: Bearer ...`; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

/// Looks until it is told to end.
pub(crate) async fn run(top: &Top) -> ExitCode {
    match look(top).await {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(error) => exit::failed(format!("{error:#}")),
    }
}

async fn look(top: &Top) -> anyhow::Result<()> {
    if top.interval.is_zero() {
        bail!("`--interval` is `0s`, expected more than nothing");
    }
    let endpoint = Endpoint::parse(&top.endpoint, &top.header)?;
    let refreshes = !top.once && std::io::stdout().is_terminal();
    let mut before = ask(&endpoint).await?;
    loop {
        tokio::time::sleep(top.interval.0).await;
        let now = ask(&endpoint).await?;
        let table = table::write(&before, &now);
        let begin = if refreshes { CLEAR } else { "" };
        match write!(std::io::stdout(), "{begin}{table}") {
            Ok(()) if refreshes => before = now,
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error).context("cannot write"),
        }
        std::io::stdout().flush().context("cannot write")?;
    }
}

async fn ask(endpoint: &Endpoint<'_>) -> anyhow::Result<Flow> {
    let answer = endpoint.get("/debug/flowz?format=json").await?;
    if answer.status != 200 {
        bail!("`{}` answered {}: it has no flow page", endpoint.address(), answer.status);
    }
    let text = answer.text().await?;
    serde_json::from_str(&text).with_context(|| format!("`{}` answered no flow", endpoint.address()))
}
