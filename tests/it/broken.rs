//! Files with the mistakes that people make, and the whole report about each beside it.
//!
//! `UPDATE_REPORTS=1` writes the reports anew; read the difference as somebody who is tired and wants to go home.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::FERROTEL;

#[test]
fn every_broken_file_gets_its_whole_report() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/broken");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("it is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() > 11, "{files:?}");
    let mut faults = Vec::new();
    for file in files {
        let report = report(&folder, &file);
        let beside = file.with_extension("txt");
        if std::env::var_os("UPDATE_REPORTS").is_some() {
            std::fs::write(&beside, &report).expect("the report can be written");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != report {
            faults.push(format!("{} is not what is said now:\n{report}", beside.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// What `validate` says, in the folder, so that no path of this machine is in it.
fn report(folder: &Path, file: &Path) -> String {
    let mut command = Command::new(FERROTEL.0);
    command.args(["validate", "--config"]).arg(file.file_name().expect("a file")).current_dir(folder);
    // What the exporter to X-Ray finds on this machine is not in the report.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret").env("HOME", "/nowhere");
    let output = command.output().expect("the program can be run");
    assert_eq!(output.status.code(), Some(3), "{} is not broken", file.display());
    String::from_utf8(output.stderr).expect("it is UTF-8")
}
