//! The `ferrotel` program.

mod ask;
mod cli;
mod components;
mod config;
mod exit;
mod files;
mod healthcheck;
mod service;
mod tap;
mod telemetry;
mod top;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

#[cfg(not(feature = "heap-profiling"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Samples allocations when the program is started with `_RJEM_MALLOC_CONF=prof:true`.
#[cfg(feature = "heap-profiling")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::explain(&error),
    };
    files::raise_limit();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::failed(format!("cannot start the runtime: {error}")),
    };
    let code = runtime.block_on(run(cli));
    // What did not stop in time has been reported; nobody waits for it.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> ExitCode {
    let Cli { command, sources, shutdown_timeout, .. } = cli;
    match command {
        None => service::run(sources, shutdown_timeout.0).await,
        Some(Command::Validate { format }) => cli::validate(&sources, format).await,
        Some(Command::Components) => cli::print(&components::describe()),
        Some(Command::PrintConfig { mode, format, validate }) => {
            cli::print_config(&sources, mode, format, validate).await
        }
        Some(Command::Healthcheck { endpoint, pipelines: None }) => healthcheck::ask(&endpoint).await,
        Some(Command::Healthcheck { endpoint, pipelines: Some(path) }) => {
            healthcheck::ask_for_pipelines(&endpoint, &path).await
        }
        Some(Command::Tap(tap)) => tap::run(&tap).await,
        Some(Command::Top(top)) => top::run(&top).await,
        Some(Command::Featuregate { id }) => cli::featuregate(id.as_deref()),
    }
}
