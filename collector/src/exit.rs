//! What the exit code says.

use std::io::Write as _;
use std::process::ExitCode;

use ::config::{Diagnostics, Severity};

/// It did what it was asked to, and nothing was left behind.
pub(crate) const DONE: u8 = 0;
/// It could not start, or failed while it ran.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// The configuration is wrong.
pub(crate) const CONFIGURATION: u8 = 3;
/// It was told to stop, and data was left when the time for stopping was over.
pub(crate) const LEFT_DATA: u8 = 4;

/// Says why on the standard error output, and that it failed.
pub(crate) fn failed(why: impl std::fmt::Display) -> ExitCode {
    say(format!("Error: {why}"));
    ExitCode::from(FAILED)
}

/// Writes all findings to the standard error output, and how many there are, as the first of many have left the screen.
pub(crate) fn report(diagnostics: &Diagnostics) {
    say(diagnostics);
    let errors = diagnostics.count(Severity::Error);
    if errors > 0 && diagnostics.len() > 1 {
        say(format!(
            "{}, {}",
            counted(errors, "error"),
            counted(diagnostics.count(Severity::Warning), "warning")
        ));
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Writes a line to the standard error output; a closed one is nobody's trouble.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
