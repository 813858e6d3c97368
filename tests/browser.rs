//! A real browser, Debian's Chromium, driven by a script.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::sdk::{Clients, said};

/// Where Debian puts it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// A browser is slow to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(180);

static DRIVER: Clients = Clients::new("browser");

/// What a script has seen.
#[derive(Debug)]
pub struct Visit(Value);

/// Lets the script act out `story` on the pages at `pages`, with spans for OTLP over HTTP at `otlp`. `None`, and a word
/// about it, where there is no browser to do so.
///
/// # Panics
/// When the script does not come to its end.
pub async fn visit(story: &str, pages: &str, otlp: &str) -> Option<Visit> {
    let browser = std::fs::metadata(CHROMIUM).map_err(|error| format!("no {CHROMIUM}: {error}"));
    said(&browser.map(drop), CHROMIUM)?;
    let driver = DRIVER.node().await?;
    let mut command = Command::new(&driver.program);
    command.arg(&driver.script).args([story, pages]).arg(pictures()).arg(otlp).current_dir(&driver.folder);
    let script = tokio::task::spawn_blocking(move || command.output());
    let ended = tokio::time::timeout(PATIENCE, script).await;
    let output = ended.unwrap_or_else(|_| panic!("the browser did not come to an end in {PATIENCE:?}"));
    let output = output.expect("no panic").expect("it can be run");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the script failed:\n{complaints}");
    Some(Visit(serde_json::from_slice(&output.stdout).expect("it prints JSON")))
}

impl Visit {
    /// What was noted under that name.
    #[must_use]
    pub fn seen(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// Checks what holds for every visit: no complaint of the browser, no request to anybody else, no page wider than
    /// its window.
    ///
    /// # Panics
    /// When it does not.
    pub fn assert_well_behaved(&self) {
        for name in ["complaints", "strangers", "sideways"] {
            assert_eq!(self.seen(name), &Value::Array(Vec::new()), "{name}");
        }
    }
}

/// A folder below the target folder, to look at after the test.
fn pictures() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let target = test.ancestors().nth(3).expect("the test is built below the target folder");
    target.join("pictures")
}
