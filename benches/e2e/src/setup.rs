//! Which programs run, and on which cores.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::cli::Options;

/// Which programs run, and on which cores.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    collector: PathBuf,
    own: PathBuf,
    cores: Option<Cores>,
}

/// Lists of cores, as `taskset` takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cores {
    one: &'static str,
    two: &'static str,
    load: &'static str,
}

/// Where a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the core of what is measured.
    OneCore,
    /// On two cores.
    TwoCores,
    /// Beside what is measured.
    Load,
}

impl Setup {
    pub(crate) fn find(options: &Options) -> anyhow::Result<Setup> {
        let own = std::env::current_exe()?;
        let collector = options.collector.clone().unwrap_or_else(|| own.with_file_name("ferrotel"));
        if !collector.is_file() {
            let path = collector.display();
            bail!(
                "there is no collector at `{path}`; build it with `cargo build --release`, or say --collector"
            );
        }
        let count = std::thread::available_parallelism().context("cannot count cores")?.get();
        Ok(Setup { collector, own, cores: Cores::of(count) })
    }

    /// Whether what is measured has a core of its own.
    pub(crate) fn is_pinned(&self) -> bool {
        self.cores.is_some()
    }

    pub(crate) fn collector(&self, place: Place) -> Command {
        let mut command = self.wrapped(place);
        command.arg(&self.collector);
        command
    }

    /// A program of somebody else.
    pub(crate) fn other(&self, place: Place, program: &str) -> Command {
        let mut command = self.wrapped(place);
        command.arg(program);
        command
    }

    /// This program in another role.
    pub(crate) fn role(&self, place: Place, role: &str) -> Command {
        let mut command = self.wrapped(place);
        command.arg(&self.own).arg(role);
        command
    }

    /// The generator has what the sink leaves of their core: a sink that starves would be a backend that stalls.
    pub(crate) fn generator(&self) -> Command {
        let mut command = self.wrapped(Place::Load);
        command.args(["nice", "-n", "10"]).arg(&self.own).arg("generator");
        command
    }

    /// Whatever becomes of the bench, the kernel ends what it has started. The process id stays the same through all
    /// of these programs.
    fn wrapped(&self, place: Place) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(cores) = self.cores {
            let list = match place {
                Place::OneCore => cores.one,
                Place::TwoCores => cores.two,
                Place::Load => cores.load,
            };
            command.args(["taskset", "-c", list]);
        }
        command
    }
}

impl Cores {
    fn of(count: usize) -> Option<Cores> {
        match count {
            0 | 1 => None,
            2 | 3 => Some(Cores { one: "0", two: "0,1", load: "1" }),
            _ => Some(Cores { one: "0", two: "0,1", load: "2,3" }),
        }
    }
}
