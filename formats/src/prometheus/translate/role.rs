//! What a sample is in OTLP: a part of which point of which metric.

use otlp::write::Writer;

use super::Context;
use super::families::{Family, Meaning};
use super::labels::NAME;
use crate::prometheus::Labels;
use crate::prometheus::parse::{Kind, number};

const SCOPE: &str = "otel_scope_";

/// The scope of samples that name none.
const DEFAULT_SCOPE: &str =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver";

/// What a metric's data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Gauge,
    /// Never falls.
    Counter,
    /// A sum that may fall.
    Sum,
    Histogram,
    Exponential,
    Summary,
}

/// What a sample is of its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Value,
    /// When counting began, in seconds.
    Start,
    Count,
    Sum,
    /// How much is up to that bound.
    Bucket(f64),
    Quantile(f64),
    /// A native histogram as a whole.
    Native,
}

/// A sample's place.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) metric: String,
    pub(super) shape: Shape,
    pub(super) part: Part,
}

/// Why a sample has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// OTLP has nothing for its kind.
    Unsupported,
    /// It cannot belong to the family that its name says.
    Stray(&'static str),
}

impl Shape {
    /// The field of a metric that holds its data.
    pub(super) fn field(self) -> u32 {
        match self {
            Shape::Gauge => 5,
            Shape::Counter | Shape::Sum => 7,
            Shape::Histogram => 9,
            Shape::Exponential => 10,
            Shape::Summary => 11,
        }
    }

    /// The field of a point that holds its attributes.
    fn attributes_field(self) -> u32 {
        match self {
            Shape::Gauge | Shape::Counter | Shape::Sum | Shape::Summary => 7,
            Shape::Histogram => 9,
            Shape::Exponential => 1,
        }
    }

    /// The label that tells a sample's part of the point.
    fn part_label(self) -> &'static str {
        match self {
            Shape::Histogram => "le",
            Shape::Summary => "quantile",
            Shape::Gauge | Shape::Counter | Shape::Sum | Shape::Exponential => "",
        }
    }
}

/// The place of a sample with these labels, of that family.
pub(super) fn role(
    labels: &Labels,
    meaning: Meaning,
    family: Option<&Family>,
    is_native: bool,
) -> Result<Role, Misfit> {
    let name = labels.get(NAME);
    let family_name = family.map_or(name, |family| &*family.name);
    let as_family = |shape, part| Ok(Role { metric: family_name.to_owned(), shape, part });
    let as_sample = |shape| Ok(Role { metric: name.to_owned(), shape, part: Part::Value });
    let suffix = name.strip_prefix(family_name).unwrap_or_default();
    match meaning.kind {
        Kind::GaugeHistogram => Err(Misfit::Unsupported),
        Kind::Gauge | Kind::Unknown => as_sample(Shape::Gauge),
        Kind::Counter if suffix == "_created" => {
            Ok(Role { metric: format!("{family_name}_total"), shape: Shape::Counter, part: Part::Start })
        }
        Kind::Counter => as_sample(Shape::Counter),
        Kind::Info | Kind::StateSet => as_family(Shape::Sum, Part::Value),
        Kind::Histogram if is_native => as_family(Shape::Exponential, Part::Native),
        Kind::Histogram => as_family(Shape::Histogram, histogram_part(labels, suffix)?),
        Kind::Summary => as_family(Shape::Summary, summary_part(labels, suffix)?),
    }
}

fn histogram_part(labels: &Labels, suffix: &str) -> Result<Part, Misfit> {
    match suffix {
        "_count" => Ok(Part::Count),
        "_sum" => Ok(Part::Sum),
        "_created" => Ok(Part::Start),
        "_bucket" => {
            bound(labels.get("le")).map(Part::Bucket).ok_or(Misfit::Stray("a bucket without a bound `le`"))
        }
        _ => Err(Misfit::Stray("a sample of a histogram that is not one of its parts")),
    }
}

fn summary_part(labels: &Labels, suffix: &str) -> Result<Part, Misfit> {
    match suffix {
        "_count" => Ok(Part::Count),
        "_sum" => Ok(Part::Sum),
        "_created" => Ok(Part::Start),
        "" => bound(labels.get("quantile"))
            .map(Part::Quantile)
            .ok_or(Misfit::Stray("a quantile without `quantile`")),
        _ => Err(Misfit::Stray("a sample of a summary that is not one of its parts")),
    }
}

fn bound(text: &str) -> Option<f64> {
    number::parse(text.as_bytes()).filter(|bound| !bound.is_nan())
}

/// The name of a metric without `_total` and the words of its unit, unless nothing else is in it.
pub(super) fn trimmed<'a>(name: &'a str, shape: Shape, unit: &str) -> &'a str {
    let is_sum = matches!(shape, Shape::Counter | Shape::Sum);
    let short = if is_sum { name.strip_suffix("_total").unwrap_or(name) } else { name };
    let without_unit = short.strip_suffix(unit).filter(|_| !unit.is_empty());
    let trimmed = without_unit.and_then(|rest| rest.strip_suffix('_')).unwrap_or(short);
    if trimmed.is_empty() { name } else { trimmed }
}

/// The attributes of a point, as fields of it.
pub(super) fn attributes(labels: &Labels, shape: Shape) -> Vec<u8> {
    let mut out = Writer::new();
    for (name, value) in labels.iter() {
        let is_elsewhere = matches!(name, NAME | "job" | "instance" | "__scheme__" | "__metrics_path__")
            || name == shape.part_label()
            || name.starts_with(SCOPE);
        if !is_elsewhere {
            attribute(&mut out, shape.attributes_field(), name, value);
        }
    }
    out.into_bytes()
}

/// Writes an attribute as a field with that number.
pub(super) fn attribute(out: &mut Writer, field: u32, name: &str, value: &str) {
    out.message(field, |out| {
        out.text(1, name);
        out.message(2, |out| out.text(1, value));
    });
}

/// Whether the labels say something of the scope.
pub(super) fn has_scope(labels: &Labels) -> bool {
    labels.iter().any(|(name, _)| name.starts_with(SCOPE))
}

/// A `ScopeMetrics` without its metrics: what the labels say of the scope.
pub(super) fn scope(labels: &Labels, cx: &Context) -> Vec<u8> {
    let of_scope =
        |(name, value): (&'_ str, &'_ str)| Some((name.strip_prefix(SCOPE)?.to_owned(), value.to_owned()));
    let found: Vec<_> = labels.iter().filter_map(of_scope).collect();
    let mut out = Writer::new();
    if found.is_empty() {
        out.message(1, |out| {
            out.text(1, DEFAULT_SCOPE);
            out.text(2, &cx.settings.version);
        });
        return out.into_bytes();
    }
    let named = |key: &str| found.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    out.message(1, |out| {
        named("name").into_iter().for_each(|name| out.text(1, name));
        named("version").into_iter().for_each(|version| out.text(2, version));
        let special = ["name", "version", "schema_url"];
        for (name, value) in found.iter().filter(|(name, _)| !special.contains(&name.as_str())) {
            attribute(out, 3, name, value);
        }
    });
    named("schema_url").into_iter().for_each(|url| out.text(3, url));
    out.into_bytes()
}
