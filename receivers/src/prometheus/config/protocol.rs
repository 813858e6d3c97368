//! The formats that a target may answer in, and how they are asked for.

use formats::prometheus::translate::Format;
use serde::{Deserialize, Serialize};

/// A format that a target may answer in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ScrapeProtocol {
    PrometheusProto,
    #[serde(rename = "OpenMetricsText1.0.0")]
    OpenMetricsText1,
    #[serde(rename = "OpenMetricsText0.0.1")]
    OpenMetricsText0,
    #[serde(rename = "PrometheusText1.0.0")]
    PrometheusText1,
    #[serde(rename = "PrometheusText0.0.4")]
    PrometheusText0,
}

/// What is asked for when the file says nothing.
pub(crate) const DEFAULT_PROTOCOLS: [ScrapeProtocol; 4] = [
    ScrapeProtocol::OpenMetricsText1,
    ScrapeProtocol::OpenMetricsText0,
    ScrapeProtocol::PrometheusText1,
    ScrapeProtocol::PrometheusText0,
];

impl ScrapeProtocol {
    /// As `Accept` and `Content-Type` write it.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            ScrapeProtocol::PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            ScrapeProtocol::OpenMetricsText1 => "application/openmetrics-text;version=1.0.0",
            ScrapeProtocol::OpenMetricsText0 => "application/openmetrics-text;version=0.0.1",
            ScrapeProtocol::PrometheusText1 => "text/plain;version=1.0.0",
            ScrapeProtocol::PrometheusText0 => "text/plain;version=0.0.4",
        }
    }

    /// How a page that says nothing of itself is read.
    pub(crate) fn format(self) -> Format {
        match self {
            ScrapeProtocol::PrometheusProto => Format::Protobuf,
            ScrapeProtocol::OpenMetricsText1 | ScrapeProtocol::OpenMetricsText0 => Format::OpenMetrics,
            ScrapeProtocol::PrometheusText1 | ScrapeProtocol::PrometheusText0 => Format::Text,
        }
    }

    fn takes_escaping(self) -> bool {
        matches!(self, ScrapeProtocol::OpenMetricsText1 | ScrapeProtocol::PrometheusText1)
    }
}

/// Which names of metrics and labels are valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NameValidation {
    /// All of UTF-8.
    #[default]
    Utf8,
    /// Letters, digits, underscores; colons in metrics.
    Legacy,
}

/// How names are asked to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NameEscaping {
    #[serde(rename = "allow-utf-8")]
    AllowUtf8,
    #[serde(rename = "underscores")]
    Underscores,
    #[serde(rename = "dots")]
    Dots,
    #[serde(rename = "values")]
    Values,
}

impl NameEscaping {
    fn as_str(self) -> &'static str {
        match self {
            NameEscaping::AllowUtf8 => "allow-utf-8",
            NameEscaping::Underscores => "underscores",
            NameEscaping::Dots => "dots",
            NameEscaping::Values => "values",
        }
    }
}

/// The value of `Accept`: weights fall by a tenth from 0.6, and whatever else there is comes last.
pub(crate) fn accept(protocols: &[ScrapeProtocol], escaping: NameEscaping) -> String {
    let mut value = String::new();
    for (index, protocol) in protocols.iter().enumerate() {
        value.push_str(protocol.media_type());
        if protocol.takes_escaping() {
            value.push_str(&format!(";escaping={}", escaping.as_str()));
        }
        value.push_str(&format!(";q=0.{},", 6_usize.saturating_sub(index)));
    }
    value + &format!("*/*;q=0.{}", 6_usize.saturating_sub(protocols.len()))
}
