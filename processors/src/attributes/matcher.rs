//! The match properties of `include` and `exclude`, checked once.

use component::Problem;
use otlp::{Attribute, Attributes, LogRecord, Metric, Resource, Scope, Signal, Span, Text, Value};
use regex::Regex;

use super::config::{AttributeMatchConfig, LibraryConfig, MatchConfig, SeverityConfig};
use config::pattern;

/// What the Go Collector calls a service without a name.
const NAMELESS_SERVICE: &str = "<nil-service-name>";

const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

/// Matches items that match in every field that was given.
pub(super) struct Matcher {
    services: Option<Texts>,
    span_names: Option<Texts>,
    span_kinds: Option<Texts>,
    log_bodies: Option<Texts>,
    log_severity_texts: Option<Texts>,
    log_severity_number: Option<SeverityConfig>,
    metric_names: Option<Texts>,
    attributes: Vec<AttributeTest>,
    resources: Vec<AttributeTest>,
    libraries: Vec<LibraryTest>,
    /// For each signal, in the order of [`Signal::ALL`], a field that does not apply to it.
    misfits: [Option<&'static str>; 3],
}

/// Any of these texts.
enum Texts {
    Strict(Vec<String>),
    Regexp(Vec<Regex>),
}

struct AttributeTest {
    key: String,
    expected: Option<Expected>,
}

enum Expected {
    /// The attribute's value, kind and content.
    Value(Attribute),
    Pattern(Regex),
}

struct LibraryTest {
    name: Texts,
    version: Option<Texts>,
}

impl Matcher {
    pub(super) fn parse(config: &MatchConfig) -> Result<Matcher, Vec<Problem>> {
        let mut written = Written { compare: Compare::Strict, problems: Vec::new() };
        written.compare(config);
        written.check_fields(config);
        let matcher = Matcher {
            services: written.texts("services", &config.services),
            span_names: written.texts("span_names", &config.span_names),
            span_kinds: written.span_kinds(&config.span_kinds),
            log_bodies: written.texts("log_bodies", &config.log_bodies),
            log_severity_texts: written.texts("log_severity_texts", &config.log_severity_texts),
            log_severity_number: config.log_severity_number.clone(),
            metric_names: written.texts("metric_names", &config.metric_names),
            attributes: written.attributes("attributes", &config.attributes),
            resources: written.attributes("resources", &config.resources),
            libraries: written.libraries(&config.libraries),
            misfits: Signal::ALL.map(|signal| misfit(config, signal)),
        };
        if written.problems.is_empty() { Ok(matcher) } else { Err(written.problems) }
    }

    /// A field that does not apply to the items of `signal`.
    pub(super) fn misfit(&self, signal: Signal) -> Option<&'static str> {
        let position = Signal::ALL.iter().position(|known| *known == signal)?;
        self.misfits[position]
    }

    /// Whether the items of this resource may match.
    pub(super) fn matches_resource(&self, resource: Resource<'_>) -> bool {
        let attributes = resource.attributes();
        let service = || match attributes.get("service.name") {
            Some(name) => name.to_text(),
            None => NAMELESS_SERVICE.into(),
        };
        let is_service =
            self.services.as_ref().is_none_or(|services| services.contain(service().as_ref().into()));
        is_service && any_or_none(&self.resources, |test| test.matches(attributes))
    }

    pub(super) fn matches_span(&self, span: Span<'_>) -> bool {
        let kind =
            || usize::try_from(span.kind()).ok().and_then(|kind| KINDS.get(kind)).copied().unwrap_or("");
        accepts(self.span_names.as_ref(), || span.name())
            && accepts(self.span_kinds.as_ref(), || kind().into())
            && self.matches_library(|| span.scope())
            && (self.attributes.is_empty() || self.matches_attributes(span.attributes()))
    }

    pub(super) fn matches_metric(&self, metric: Metric<'_>) -> bool {
        accepts(self.metric_names.as_ref(), || metric.name())
    }

    pub(super) fn matches_record(&self, record: LogRecord<'_>) -> bool {
        let matches_body = |bodies: &Texts| match record.body() {
            Value::Text(text) => bodies.contain(text),
            _ => false,
        };
        self.log_bodies.as_ref().is_none_or(matches_body)
            && accepts(self.log_severity_texts.as_ref(), || record.severity_text())
            && self.log_severity_number.as_ref().is_none_or(|least| least.matches(record.severity_number()))
            && self.matches_library(|| record.scope())
            && (self.attributes.is_empty() || self.matches_attributes(record.attributes()))
    }

    fn matches_attributes(&self, attributes: Attributes<'_>) -> bool {
        self.attributes.iter().all(|test| test.matches(attributes))
    }

    fn matches_library<'a>(&self, scope: impl FnOnce() -> Scope<'a>) -> bool {
        if self.libraries.is_empty() {
            return true;
        }
        let scope = scope();
        self.libraries.iter().any(|test| test.matches(scope))
    }
}

fn accepts<'a>(texts: Option<&Texts>, text: impl FnOnce() -> Text<'a>) -> bool {
    texts.is_none_or(|texts| texts.contain(text()))
}

fn any_or_none<T>(tests: &[T], matches: impl Fn(&T) -> bool) -> bool {
    tests.is_empty() || tests.iter().any(matches)
}

impl Texts {
    fn contain(&self, text: Text<'_>) -> bool {
        match self {
            Texts::Strict(texts) => texts.iter().any(|known| text == known.as_str()),
            Texts::Regexp(patterns) => {
                let text = text.to_str();
                patterns.iter().any(|pattern| pattern.is_match(&text))
            }
        }
    }
}

impl AttributeTest {
    fn matches(&self, attributes: Attributes<'_>) -> bool {
        let Some(value) = attributes.get(&self.key) else { return false };
        match (&self.expected, value) {
            (None, _) => true,
            (Some(Expected::Value(attribute)), value) => attribute.value() == value,
            (
                Some(Expected::Pattern(_)),
                Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_),
            ) => false,
            (Some(Expected::Pattern(pattern)), value) => pattern.is_match(&value.to_text()),
        }
    }
}

impl LibraryTest {
    fn matches(&self, scope: Scope<'_>) -> bool {
        self.name.contain(scope.name()) && accepts(self.version.as_ref(), || scope.version())
    }
}

impl SeverityConfig {
    fn matches(&self, number: i32) -> bool {
        if number == 0 { self.match_undefined } else { number >= self.min }
    }
}

/// How texts are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    Strict,
    Regexp,
}

/// The fields of a matcher on their way to tests.
struct Written {
    compare: Compare,
    problems: Vec<Problem>,
}

impl Written {
    fn compare(&mut self, config: &MatchConfig) {
        let expected = "expected `strict` or `regexp`";
        match config.match_type.as_str() {
            "strict" => self.compare = Compare::Strict,
            "regexp" => self.compare = Compare::Regexp,
            "" => self.wrong("match_type", format!("missing required field `match_type`, {expected}")),
            other => self.wrong("match_type", format!("unknown match type `{other}`, {expected}")),
        }
    }

    /// There must be a field, and a signal to which all fields apply.
    fn check_fields(&mut self, config: &MatchConfig) {
        let given = given(config);
        if given.is_empty() {
            let message =
                "at least one field to match must be given, such as `attributes`, `libraries` or `resources`";
            self.wrong("", message);
        }
        if Signal::ALL.iter().all(|signal| misfit(config, *signal).is_some()) {
            let names: Vec<_> = given.iter().map(|(name, _)| format!("`{name}`")).collect();
            self.wrong("", format!("{} never apply to the same signal", names.join(" and ")));
        }
    }

    fn texts(&mut self, field: &str, texts: &[String]) -> Option<Texts> {
        if texts.is_empty() {
            return None;
        }
        match self.compare {
            Compare::Strict => Some(Texts::Strict(texts.to_vec())),
            Compare::Regexp => {
                let patterns = texts.iter().enumerate();
                let patterns =
                    patterns.filter_map(|(index, text)| self.pattern(&format!("{field}::{index}"), text));
                Some(Texts::Regexp(patterns.collect()))
            }
        }
    }

    fn text(&mut self, path: &str, text: &str) -> Option<Texts> {
        match self.compare {
            Compare::Strict => Some(Texts::Strict(vec![text.to_owned()])),
            Compare::Regexp => Some(Texts::Regexp(vec![self.pattern(path, text)?])),
        }
    }

    /// The empty version is itself, however texts are compared.
    fn version(&mut self, path: &str, version: &str) -> Option<Texts> {
        match version {
            "" => Some(Texts::Strict(vec![String::new()])),
            other => self.text(path, other),
        }
    }

    fn span_kinds(&mut self, kinds: &[String]) -> Option<Texts> {
        if self.compare == Compare::Strict {
            for (index, kind) in kinds.iter().enumerate().filter(|(_, kind)| !KINDS.contains(&kind.as_str()))
            {
                let known = KINDS.join("`, `");
                self.wrong(
                    &format!("span_kinds::{index}"),
                    format!("unknown kind `{kind}`, expected one of `{known}`"),
                );
            }
        }
        self.texts("span_kinds", kinds)
    }

    fn attributes(&mut self, field: &str, configs: &[AttributeMatchConfig]) -> Vec<AttributeTest> {
        let tests = configs.iter().enumerate();
        tests.map(|(index, config)| self.attribute(&format!("{field}::{index}"), config)).collect()
    }

    fn attribute(&mut self, path: &str, config: &AttributeMatchConfig) -> AttributeTest {
        if config.key.is_empty() {
            self.wrong(&format!("{path}::key"), "missing required field `key`".to_owned());
        }
        let value = config.value.as_ref().map(|value| Attribute::new(&config.key, value.0.clone()));
        let expected = match (self.compare, value) {
            (_, None) => None,
            (Compare::Strict, Some(value)) => Some(Expected::Value(value)),
            (Compare::Regexp, Some(value)) => match value.value() {
                Value::Text(text) => {
                    self.pattern(&format!("{path}::value"), &text.to_str()).map(Expected::Pattern)
                }
                other => {
                    let message = format!("must be text for match type `regexp`, not `{}`", other.to_text());
                    self.wrong(&format!("{path}::value"), message);
                    None
                }
            },
        };
        AttributeTest { key: config.key.clone(), expected }
    }

    fn libraries(&mut self, configs: &[LibraryConfig]) -> Vec<LibraryTest> {
        let tests = configs.iter().enumerate().filter_map(|(index, config)| {
            let name = self.text(&format!("libraries::{index}::name"), &config.name);
            let version = config.version.as_ref();
            let version =
                version.map(|version| self.version(&format!("libraries::{index}::version"), version));
            Some(LibraryTest { name: name?, version: version.flatten() })
        });
        tests.collect()
    }

    fn pattern(&mut self, path: &str, text: &str) -> Option<Regex> {
        pattern::compile(text)
            .map_err(|error| self.wrong(path, format!("invalid pattern `{text}`: {error}")))
            .ok()
    }

    fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::error(path, message));
    }
}

/// The fields that are given, with the signals they apply to.
fn given(config: &MatchConfig) -> Vec<(&'static str, &'static [Signal])> {
    const SPANS: &[Signal] = &[Signal::Traces];
    const LOGS: &[Signal] = &[Signal::Logs];
    const METRICS: &[Signal] = &[Signal::Metrics];
    const SPANS_AND_LOGS: &[Signal] = &[Signal::Traces, Signal::Logs];
    let fields = [
        ("services", !config.services.is_empty(), SPANS),
        ("span_names", !config.span_names.is_empty(), SPANS),
        ("span_kinds", !config.span_kinds.is_empty(), SPANS),
        ("log_bodies", !config.log_bodies.is_empty(), LOGS),
        ("log_severity_texts", !config.log_severity_texts.is_empty(), LOGS),
        ("log_severity_number", config.log_severity_number.is_some(), LOGS),
        ("metric_names", !config.metric_names.is_empty(), METRICS),
        ("attributes", !config.attributes.is_empty(), SPANS_AND_LOGS),
        ("resources", !config.resources.is_empty(), &Signal::ALL),
        ("libraries", !config.libraries.is_empty(), SPANS_AND_LOGS),
    ];
    let given = fields.into_iter().filter(|(_, is_given, _)| *is_given);
    given.map(|(name, _, signals)| (name, signals)).collect()
}

fn misfit(config: &MatchConfig, signal: Signal) -> Option<&'static str> {
    let misfits = given(config).into_iter().filter(|(_, signals)| !signals.contains(&signal));
    misfits.map(|(name, _)| name).next()
}
