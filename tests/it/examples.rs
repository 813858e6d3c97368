//! What is under `examples/`: the files people have, the shapes, what comes with them.

mod compose;
mod files;
mod manifests;
mod monitoring;
mod node_app;
mod shapes;
pub(crate) mod starts;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::FERROTEL;

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the project is there")
}

/// All files under `examples/`, in order, those of installed packages left out.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join("examples"), &mut found);
    found.sort();
    assert!(found.len() > 20, "examples are missing: {found:?}");
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("node_modules") {
            collect(&path, found);
        }
    }
}

/// All configurations of Ferrotel: those files that have a section `service`.
fn configurations() -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let yaml = path.extension().is_some_and(|extension| extension == "yaml");
        yaml && read(path).lines().any(|line| line.trim_end() == "service:")
    };
    files().into_iter().filter(is_ours).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Runs the program in the folder of the project, where the paths in examples begin.
fn ferrotel(arguments: &[&str]) -> Output {
    let mut command = Command::new(FERROTEL.0);
    command.args(arguments).current_dir(root());
    command.output().expect("the program can be run")
}

/// Runs another program; `None`, and a word about it, where there is none.
fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    use std::io::Write as _;
    match Command::new(name).args(arguments).current_dir(root()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            // Past the capturing of the test harness: a test that did nothing must not look like one that passed.
            let _ = writeln!(std::io::stderr(), "SKIPPED: what needs {name} was not checked: {error}");
            None
        }
    }
}

/// What a program said, all of it.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
