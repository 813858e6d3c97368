//! `ferrotel tap`: the next items that pass an edge of a running collector.

mod show;

use std::io::Write as _;
use std::process::ExitCode;

use ::config::Interval;
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use crate::ask::{Endpoint, encode};
use crate::exit;

/// What to look at, and how.
#[derive(Debug, Args)]
pub(crate) struct Tap {
    /// An edge (receiver/otlp/traces, pipeline/traces, processor/traces/batch, exporter/otlp/traces), the beginning of
    /// one, or the id of a component or pipeline
    #[arg(value_name = "EDGE|COMPONENT")]
    edge: String,
    /// Where its zpages extension listens
    #[arg(long, value_name = "URL", default_value = "http://localhost:55679")]
    endpoint: String,
    /// Which items: key=value, key!=value, key, !key, name=VALUE; several stand side by side and must all hold
    #[arg(long, value_name = "TERMS", default_value = "", hide_default_value = true)]
    filter: String,
    /// Ends after so many items
    #[arg(long, value_name = "ITEMS")]
    limit: Option<u64>,
    /// How many items to show in a second, 100 at most
    #[arg(long, value_name = "ITEMS", default_value_t = 10)]
    rate: u64,
    /// How long to look, ten minutes at most
    #[arg(long = "for", value_name = "DURATION", default_value = "60s")]
    time: Interval,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// A header of the request, such as `Authorization: Bearer ...`; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// One OTLP request as JSON a line
    Json,
}

/// A line of the stream.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Begin { edges: Vec<String> },
    Item(Item),
    Count {},
    End { reason: String, seen: u64, matched: u64, shown: u64, missed: u64 },
}

#[derive(Deserialize)]
struct Item {
    edge: String,
    at: String,
    bytes: u64,
    data: Option<Value>,
}

/// Looks, until the time is over or there is no more to see.
pub(crate) async fn run(tap: &Tap) -> ExitCode {
    match look(tap).await {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(error) => exit::failed(format!("{error:#}")),
    }
}

async fn look(tap: &Tap) -> anyhow::Result<()> {
    let endpoint = Endpoint::parse(&tap.endpoint, &tap.header)?;
    let mut answer = endpoint.get(&path(tap)).await?;
    if answer.status != 200 {
        let status = answer.status;
        match answer.text().await?.trim() {
            "" | "404 page not found" => bail!("`{}` answered {status}: it has no taps", endpoint.address()),
            words => bail!("{words}"),
        }
    }
    while let Some(line) = answer.line().await? {
        let Ok(line) = serde_json::from_str(&line) else {
            bail!("`{}` answered something else than a tap; do its pages listen there?", endpoint.address());
        };
        match line {
            Line::Begin { edges } => exit::say(format!("Looking at {} ...", edges.join(", "))),
            Line::Item(item) if !print(&item, tap.format)? => return Ok(()),
            Line::Item(_) | Line::Count {} => (),
            Line::End { reason, seen, matched, shown, missed } => {
                let more = matched - shown + missed;
                exit::say(format!(
                    "Ended, {reason}: {shown} shown, {} kept back by the filter, {more} passed too fast to show",
                    seen - matched
                ));
                return Ok(());
            }
        }
    }
    bail!("the collector broke off")
}

fn path(tap: &Tap) -> String {
    let limit = tap.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
    format!(
        "/debug/tapz?edge={}&filter={}&rate={}&seconds={}{limit}",
        encode(&tap.edge),
        encode(&tap.filter),
        tap.rate,
        tap.time.0.as_secs()
    )
}

/// Prints an item; false when nobody reads any more.
fn print(item: &Item, format: Format) -> anyhow::Result<bool> {
    let text = match (&item.data, format) {
        (None, Format::Text) => {
            format!("{}  {}\n  {} bytes, too many to show\n", item.at, item.edge, item.bytes)
        }
        (None, Format::Json) => return Ok(true),
        (Some(data), Format::Json) => format!("{data}\n"),
        (Some(data), Format::Text) => show::text(&item.at, &item.edge, data),
    };
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write"),
    }
}
