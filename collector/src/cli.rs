//! The command line: flags and commands of the Go Collector.

use std::io::Write as _;
use std::process::ExitCode;

use ::config::{Diagnostics, Interval, Secrets, to_json, to_yaml};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Loaded;
use crate::tap::Tap;
use crate::top::Top;
use crate::{config, exit};

/// Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong configuration, 4 stopped with data left.
#[derive(Debug, Parser)]
#[command(name = "ferrotel", version = VERSION, about = "The OpenTelemetry Collector in Rust", after_help = AFTER_HELP)]
#[command(disable_help_subcommand = true, disable_version_flag = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// How long to go on sending what is held after SIGTERM or SIGINT
    #[arg(long, value_name = "DURATION", default_value = "30s", global = true)]
    pub(crate) shutdown_timeout: Interval,
    /// Prints the version
    #[arg(short, long, action = clap::ArgAction::Version)]
    version: (),
}

/// Printed after the name, as the Go Collector does.
const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"));

const AFTER_HELP: &str = "\
Without --config it takes OTLP on localhost:4317 (gRPC) and localhost:4318 (HTTP) and prints what it gets.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong configuration, 4 stopped with data left.";

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Sources {
    /// A file or URI (file:, env:, yaml:, http:, https:); given several times, later ones are merged over earlier ones
    #[arg(long, value_name = "URI", global = true)]
    pub(crate) config: Vec<String>,
    /// Sets one key, such as processors.batch.timeout=2s; applied after all --config
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    pub(crate) set: Vec<String>,
    /// Feature gates, such as a,-b; accepted for the sake of existing command lines
    #[arg(long, value_name = "GATES", global = true, allow_hyphen_values = true)]
    pub(crate) feature_gates: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads the configuration, reports everything that is wrong with it, and starts nothing
    Validate {
        /// How to report
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
    },
    /// Lists the components that a configuration can name
    Components,
    /// Prints the configuration with all defaults
    #[command(alias = "print-initial-config")]
    PrintConfig {
        /// Whether to show secrets
        #[arg(long, value_enum, default_value_t)]
        mode: Mode,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: PrintFormat,
        /// Whether a wrong configuration is an error
        #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
        validate: bool,
    },
    /// Asks the health_check extension of a running Ferrotel whether it is well; exit code 0 if it is
    Healthcheck {
        /// Where it listens
        #[arg(long, value_name = "HOST:PORT", default_value = "localhost:13133")]
        endpoint: String,
        /// Asks how each pipeline is, prints it, and fails when one does not run, takes no data or does not deliver;
        /// needs `health_check::pipelines::enabled`
        #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "/health/pipelines")]
        pipelines: Option<String>,
    },
    /// Shows the next items that pass an edge of a running Ferrotel
    Tap(Tap),
    /// Shows what passes through a running Ferrotel, refreshing
    Top(Top),
    /// Lists feature gates
    Featuregate {
        /// The gate to describe
        id: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ReportFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum PrintFormat {
    #[default]
    Yaml,
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Mode {
    #[default]
    Redacted,
    Unredacted,
}

/// Says what is wrong with the command line, or prints the help or version that was asked for.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    // A closed output is nobody's trouble.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE })
}

pub(crate) async fn validate(sources: &Sources, format: ReportFormat) -> ExitCode {
    let Loaded { diagnostics, .. } = config::load(sources).await;
    match format {
        ReportFormat::Text if diagnostics.is_empty() => (),
        ReportFormat::Text => exit::report(&diagnostics),
        ReportFormat::Json => return finish(print(&diagnostics.to_json()), &diagnostics),
    }
    finish(ExitCode::from(exit::DONE), &diagnostics)
}

pub(crate) async fn print_config(
    sources: &Sources,
    mode: Mode,
    format: PrintFormat,
    validate: bool,
) -> ExitCode {
    let Loaded { plan, diagnostics, .. } = config::load(sources).await;
    if validate && diagnostics.has_errors() {
        exit::report(&diagnostics);
        return ExitCode::from(exit::CONFIGURATION);
    }
    let tree = plan.effective(match mode {
        Mode::Redacted => Secrets::Redact,
        Mode::Unredacted => Secrets::Reveal,
    });
    print(&match format {
        PrintFormat::Yaml => to_yaml(&tree),
        PrintFormat::Json => to_json(&tree),
    })
}

pub(crate) fn featuregate(id: Option<&str>) -> ExitCode {
    match id {
        Some(id) => exit::failed(format!("feature \"{id}\" not found: Ferrotel has no feature gates")),
        None => print("ID\tEnabled\tStage\tDescription"),
    }
}

/// Writes to the standard output.
pub(crate) fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(error) => exit::failed(format!("cannot write: {error}")),
    }
}

fn finish(code: ExitCode, diagnostics: &Diagnostics) -> ExitCode {
    if diagnostics.has_errors() { ExitCode::from(exit::CONFIGURATION) } else { code }
}
