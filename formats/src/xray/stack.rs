//! Stack traces as the languages print them, read to frames.
//!
//! The rules are those of the Go Collector, for whose readers the parts of a frame are what they are used to. What it
//! trips over is a frame less here.

use otlp::Text;

use super::cause::Exceptions;

/// A language whose stack traces can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// PHP's SDK prints stack traces as Java does.
    Java,
    Python,
    JavaScript,
    DotNet,
    Go,
}

impl Language {
    /// The language as `telemetry.sdk.language` has it.
    pub(super) fn named(name: Text<'_>) -> Option<Self> {
        match name.as_bytes() {
            b"java" | b"php" => Some(Self::Java),
            b"python" => Some(Self::Python),
            b"javascript" | b"nodejs" | b"webjs" => Some(Self::JavaScript),
            b"dotnet" => Some(Self::DotNet),
            b"go" => Some(Self::Go),
            _ => None,
        }
    }

    /// Writes the frames in `trace` to the exception that is open, and the exceptions that caused it.
    pub(super) fn write(self, trace: &str, exceptions: &mut Exceptions<'_, '_>) {
        match self {
            Self::Java => java(trace, exceptions),
            Self::Python => python(trace, exceptions),
            Self::JavaScript => frames(trace, javascript, exceptions),
            Self::DotNet => frames(trace, dotnet, exceptions),
            Self::Go => go(trace, exceptions),
        }
    }
}

/// A place in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'t> {
    pub(super) path: &'t str,
    pub(super) line: i64,
    pub(super) label: &'t str,
}

/// One frame a line, behind a line that says what went wrong.
fn frames(trace: &str, frame: impl Fn(&str) -> Option<Frame<'_>>, exceptions: &mut Exceptions<'_, '_>) {
    trace.lines().skip(1).filter_map(frame).for_each(|frame| exceptions.frame(frame));
}

/// A number, or 0 where there is none.
fn number(digits: &str) -> i64 {
    digits.parse().unwrap_or(0)
}

fn java(trace: &str, exceptions: &mut Exceptions<'_, '_>) {
    let mut lines = trace.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        if let Some(frame) = java_frame(line) {
            exceptions.frame(frame);
        } else if let Some(cause) = line.strip_prefix("Caused by: ") {
            let (kind, message) = cause.split_once(':').unwrap_or((cause, ""));
            let mut message = message.strip_prefix(' ').unwrap_or(message).to_owned();
            // A message may have several lines; they end where the frames begin.
            while let Some(more) = lines.next_if(|line| java_frame(line).is_none()) {
                message.push_str(more);
            }
            exceptions.caused_by(kind, &message);
        }
    }
}

/// `\tat loader/package.Class.method(File.java:37)`.
fn java_frame(line: &str) -> Option<Frame<'_>> {
    let (label, place) = line.strip_prefix("\tat ")?.strip_suffix(')')?.split_once('(')?;
    let label = match label.split_once('/') {
        Some((_, label)) if !label.is_empty() => label,
        _ => label,
    };
    let (path, line) = place.split_once(':').unwrap_or((place, ""));
    Some(Frame { path, line: number(line), label })
}

/// Read from its end, where the innermost frame is. What is printed above one of these lines was the cause.
fn python(trace: &str, exceptions: &mut Exceptions<'_, '_>) {
    const CAUSES: [&str; 2] = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ];
    let lines: Vec<&str> = trace.lines().collect();
    // The last line is the message.
    let mut rest = lines.get(..lines.len().saturating_sub(1)).unwrap_or_default();
    while let [before @ .., line] = rest {
        rest = before;
        if let Some(frame) = python_frame(line) {
            exceptions.frame(frame);
        } else if CAUSES.iter().any(|cause| line.starts_with(cause)) {
            let Some(last_frame) = before.iter().rposition(|line| line.starts_with("  File ")) else {
                return;
            };
            // Behind the frame lies its source, indented; then the message, as far as the line of the cause.
            let printed = before[last_frame + 1..].iter().skip_while(|line| line.starts_with(' '));
            let message = printed.copied().collect::<Vec<_>>().join("\n");
            let (kind, message) = message.split_once(':').unwrap_or((&message, ""));
            exceptions.caused_by(kind.trim_end(), message.trim());
            rest = &before[..=last_frame];
        }
    }
}

/// `  File "app.py", line 3, in inner`.
fn python_frame(line: &str) -> Option<Frame<'_>> {
    let mut parts = line.strip_prefix("  File \"")?.split(',');
    let (Some(path), Some(line), Some(label), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    Some(Frame {
        path: path.strip_suffix('"').unwrap_or(path),
        line: line.strip_prefix(" line ").map_or(0, number),
        label: label.strip_prefix(" in ").unwrap_or_default(),
    })
}

/// `    at label (path:line:column)` or `    at path:line:column`.
fn javascript(line: &str) -> Option<Frame<'_>> {
    let line = line.strip_prefix("    at ")?;
    let (label, path) = match line.split_once('(') {
        Some((label, rest)) => rest.strip_suffix(')').map_or(("", ""), |path| (label, path)),
        None => ("", line),
    };
    let mut parts = path.splitn(3, ':');
    let frame = match (parts.next(), parts.next(), parts.next()) {
        (Some(path), Some(line), Some(_)) => Frame { path, line: number(line), label },
        (_, None, _) if path.contains("native") => Frame { path: "native", line: 0, label },
        _ => Frame { path, line: 0, label },
    };
    (frame != Frame { path: "", line: 0, label: "" }).then_some(frame)
}

/// `   at Method(String s) in C:\src\App.cs:line 42`, or without what follows `in`.
fn dotnet(line: &str) -> Option<Frame<'_>> {
    let line = line.trim().strip_prefix("at ")?;
    let Some((label, place)) = line.split_once(" in ") else {
        let end = line.rfind(')')? + 1;
        return Some(Frame { path: "", line: 0, label: &line[..end] });
    };
    let (path, line) = match place.rsplit_once(':') {
        // A drive's letter, and no line.
        Some((_, rest)) if rest.starts_with('\\') => (place, ""),
        Some((path, line)) => (path, line.strip_prefix("line ").unwrap_or(line)),
        None => (place, ""),
    };
    Some(Frame { path, line: number(line), label })
}

/// A line with the function, then a line with the place.
fn go(trace: &str, exceptions: &mut Exceptions<'_, '_>) {
    let mut lines = trace.lines().skip(1).peekable();
    let (mut path, mut line) = ("", 0);
    while let Some(mut label) = lines.next() {
        if is_goroutine(label) {
            let Some(next) = lines.next() else { return };
            label = next;
        }
        if let Some(place) = lines.next().and_then(go_place) {
            (path, line) = place;
        }
        exceptions.frame(Frame { path, line, label });
    }
}

/// `goroutine 1 [running]:`.
fn is_goroutine(line: &str) -> bool {
    line.starts_with("goroutine") && line.ends_with(':') && line.contains("running")
}

/// The first `path:line` in a line.
fn go_place(line: &str) -> Option<(&str, i64)> {
    let mut from = 0;
    while let Some(colon) = line[from..].find(':').map(|at| from + at) {
        let path = line[from..colon].rsplit(char::is_whitespace).next().unwrap_or_default();
        let digits = &line[colon + 1..];
        let end = digits.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(digits.len());
        if end > 0 && !path.is_empty() {
            return Some((path, number(&digits[..end])));
        }
        from = colon + 1;
    }
    None
}
