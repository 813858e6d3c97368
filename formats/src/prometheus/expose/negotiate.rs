//! Which format a client gets, from its header `Accept`.

use crate::prometheus::names::Escaping;

/// A format of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format, 0.0.4.
    #[default]
    Text,
    /// The same in version 1.0.0, which has names in UTF-8.
    Text1,
    /// OpenMetrics 0.0.1.
    OpenMetrics0,
    /// OpenMetrics 1.0.0.
    OpenMetrics1,
    /// Delimited protobuf.
    Protobuf,
}

/// What a client gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// The format.
    pub format: Format,
    /// What becomes of names that Prometheus 2 does not know.
    pub escaping: Escaping,
}

impl Format {
    /// Whether it is OpenMetrics.
    #[must_use]
    pub fn is_open_metrics(self) -> bool {
        matches!(self, Format::OpenMetrics0 | Format::OpenMetrics1)
    }
}

impl Negotiated {
    /// The header `Content-Type` of the page.
    #[must_use]
    pub fn content_type(&self) -> String {
        let media_type = match self.format {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::Text1 => "text/plain; version=1.0.0; charset=utf-8",
            Format::OpenMetrics0 => "application/openmetrics-text; version=0.0.1; charset=utf-8",
            Format::OpenMetrics1 => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        };
        format!("{media_type}; escaping={}", self.escaping.as_str())
    }
}

/// What a client that accepts `accept` gets: the first of what it likes best that there is, or text. OpenMetrics there is
/// only when `open_metrics` says so.
#[must_use]
pub fn negotiate(accept: &str, open_metrics: bool) -> Negotiated {
    let mut wishes: Vec<Wish<'_>> = accept.split(',').filter_map(Wish::parse).collect();
    wishes.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let found = wishes.iter().find_map(|wish| Some((wish, wish.format(open_metrics)?)));
    let Some((wish, format)) = found else { return Negotiated::default() };
    let escaping = wish.param("escaping").and_then(Escaping::named).unwrap_or_default();
    Negotiated { format, escaping }
}

/// One part of an `Accept` header.
struct Wish<'a> {
    media_type: &'a str,
    params: &'a str,
    weight: f64,
}

impl<'a> Wish<'a> {
    /// `None` for what is refused with a weight of 0.
    fn parse(text: &'a str) -> Option<Wish<'a>> {
        let (media_type, params) = text.split_once(';').unwrap_or((text, ""));
        let mut wish = Wish { media_type: media_type.trim(), params, weight: 1.0 };
        let weight = wish.param("q").map_or(1.0, |weight| weight.parse().unwrap_or(1.0));
        wish.weight = weight;
        (weight > 0.0).then_some(wish)
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        let pairs = self.params.split(';').filter_map(|pair| pair.split_once('='));
        let found = pairs.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().trim_matches('"'))
    }

    fn format(&self, open_metrics: bool) -> Option<Format> {
        let version = self.param("version").unwrap_or("");
        match (self.media_type, version) {
            ("text/plain", "" | "0.0.4") => Some(Format::Text),
            ("text/plain", "1.0.0") => Some(Format::Text1),
            ("application/openmetrics-text", "" | "0.0.1") if open_metrics => Some(Format::OpenMetrics0),
            ("application/openmetrics-text", "1.0.0") if open_metrics => Some(Format::OpenMetrics1),
            ("application/vnd.google.protobuf", _) => {
                let is_ours = self.param("proto") == Some("io.prometheus.client.MetricFamily")
                    && self.param("encoding") == Some("delimited");
                is_ours.then_some(Format::Protobuf)
            }
            _ => None,
        }
    }
}
