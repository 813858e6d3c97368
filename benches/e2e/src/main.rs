//! The end-to-end bench: a generator, the collector, a sink, each a process of its own; and what the collector costs.
//!
//! The bench starts itself anew as generator, sink and relay, and the `ferrotel` program as the collector. Two
//! yardsticks are measured in the same run, so that every figure is also a ratio to what this machine can do: the
//! generator straight into the sink, and a relay on our own transport that forwards bodies unread.

mod case;
mod child;
mod cli;
mod configuration;
mod control;
mod endpoints;
mod expose;
mod generator;
mod measure;
mod memory;
mod process;
mod relay;
mod report;
mod request;
mod rig;
mod scrape;
mod setup;
mod sink;
mod startup;
mod targets;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Role};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match cli.role {
            Some(Role::Generator(load)) => generator::run(load).await.map(|()| true),
            Some(Role::Targets(exposed)) => targets::run(exposed).await.map(|()| true),
            Some(Role::Sink) => sink::run().await.map(|()| true),
            Some(Role::Relay(relay)) => relay::run(relay).await.map(|()| true),
            None => tokio::select! {
                outcome = report::bench(&cli.options) => outcome,
                // Dropping the bench ends its children.
                _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            },
        }
    });
    // A thread may still be waiting for a line of input.
    runtime.shutdown_background();
    outcome
}
