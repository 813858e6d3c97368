//! What is wrong with a configuration, or odd, and where.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::path::Path;
use crate::render;
use crate::tree::Position;

/// More would help nobody, and a hostile file could ask for one per key.
const MAX_KEPT: usize = 200;

/// One finding. Print all of them together with [`Diagnostics`], which knows the sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it was written, if it was written at all.
    pub at: Option<Position>,
    /// The keys that lead to it.
    pub path: Path,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The offending value, shortened; never a secret.
    pub value: Option<String>,
    /// What would be valid.
    pub expected: Option<String>,
    /// What was probably meant, such as ``did you mean `send_batch_size`?``.
    pub suggestion: Option<String>,
    /// The value is a secret: the source line is printed without it.
    pub secret: bool,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot run.
    Error,
    /// It runs, but somebody should look.
    Warning,
    /// Worth knowing.
    Info,
}

/// All findings of a run, and the sources they speak of.
///
/// Printed with `{}` it is a text for people: one block per finding, with the source line and a caret below the place.
/// Serialized it is a list of objects for programs. Neither shows a secret.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    left_out: usize,
    any_error: bool,
    sources: BTreeMap<Arc<str>, Arc<str>>,
}

impl Diagnostic {
    /// An error at a key path, not yet tied to a place.
    pub fn error(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, path, message.into())
    }

    /// A warning at a key path, not yet tied to a place.
    pub fn warning(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, path, message.into())
    }

    /// Something worth knowing at a key path, not yet tied to a place.
    pub fn info(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, path, message.into())
    }

    /// The same, standing at `at`.
    #[must_use]
    pub fn at(self, at: &Position) -> Self {
        Self { at: at.is_somewhere().then(|| at.clone()), ..self }
    }

    /// The same, with what would be valid.
    #[must_use]
    pub fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// The same, with the offending value.
    #[must_use]
    pub fn value(self, value: &str) -> Self {
        Self { value: Some(shorten(value)), ..self }
    }

    /// The same, with what was probably meant.
    #[must_use]
    pub fn suggestion(self, suggestion: Option<String>) -> Self {
        Self { suggestion, ..self }
    }

    fn new(severity: Severity, path: &Path, message: String) -> Self {
        Self {
            severity,
            at: None,
            path: path.clone(),
            message,
            value: None,
            expected: None,
            suggestion: None,
            secret: false,
        }
    }
}

impl Diagnostics {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding. Beyond 200 findings the rest is counted, not kept.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.any_error |= diagnostic.severity == Severity::Error;
        if self.list.len() < MAX_KEPT {
            self.list.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    /// Whether anything found is an error.
    pub fn has_errors(&self) -> bool {
        self.any_error
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether an error found so far is the likely cause of a complaint about `path`: it is about that or something
    /// below it, or about a key beside it that was meant to be it.
    pub fn explains(&self, path: &Path) -> bool {
        let meant = |found: &Diagnostic| {
            let mut keys = path.keys();
            let last = keys.next_back().unwrap_or_default();
            let hint = found.suggestion.as_deref().unwrap_or_default();
            found.path.keys().eq(keys) && hint.contains(&format!("`{last}`"))
        };
        let mut errors = self.list.iter().filter(|found| found.severity == Severity::Error);
        errors.any(|found| path.leads_to(&found.path) || meant(found))
    }

    /// How many of that severity are kept.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|found| found.severity == severity).count()
    }

    /// How many findings are kept.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The findings in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// The findings as a JSON text: a list of objects, in the order of their places.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("findings hold only strings and numbers")
    }

    /// Makes the text of a source known, so that findings can show its lines. [`crate::parse`] does this itself.
    pub fn remember_source(&mut self, name: &Arc<str>, text: &str) {
        self.sources.insert(name.clone(), Arc::from(text));
    }

    pub(crate) fn source(&self, name: &str) -> Option<&str> {
        self.sources.get(name).map(|text| &**text)
    }

    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// In reading order: by source, line and column; what stands nowhere comes first.
    pub(crate) fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.list.iter().collect();
        sorted.sort_by(|one, other| by_place(one, other));
        sorted
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::render(self, out)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        })
    }
}

/// One line: ``config.yaml:3:5: processors::batch: unknown key `x` ``.
impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(out, "{at}: ")?;
        }
        if !self.path.is_root() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.sorted())
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Diagnostic", 9)?;
        object.serialize_field("file", &self.at.as_ref().map(|at| &*at.source))?;
        object.serialize_field("line", &self.at.as_ref().map(|at| at.line))?;
        object.serialize_field("column", &self.at.as_ref().map(|at| at.column))?;
        object.serialize_field("path", &self.path.to_string())?;
        object.serialize_field("severity", &self.severity.to_string())?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("value", &self.value)?;
        object.serialize_field("expected", &self.expected)?;
        object.serialize_field("suggestion", &self.suggestion)?;
        object.end()
    }
}

/// At most 60 characters, on one line.
pub(crate) fn shorten(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(MAX_CHARS).map(printable).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn by_place(one: &Diagnostic, other: &Diagnostic) -> Ordering {
    one.at.cmp(&other.at)
}
