//! The section `service::telemetry`, new spellings and old.

use std::collections::BTreeMap;

use ::config::{Diagnostic, Diagnostics, Interval, Node, Path, Secret, SecretMap};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the collector says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    pub(crate) logs: LogsConfig,
    pub(crate) metrics: MetricsConfig,
    pub(crate) traces: TracesConfig,
    pub(crate) resource: ResourceConfig,
}

/// The collector's own logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogsConfig {
    pub(crate) level: LogLevel,
    pub(crate) development: bool,
    pub(crate) encoding: Encoding,
    pub(crate) disable_caller: bool,
    pub(crate) disable_stacktrace: bool,
    pub(crate) sampling: SamplingConfig,
    pub(crate) output_paths: Vec<String>,
    pub(crate) error_output_paths: Vec<String>,
    pub(crate) initial_fields: BTreeMap<String, Value>,
    pub(crate) disable_zap_resource: bool,
    pub(crate) processors: Vec<Value>,
}

impl Default for LogsConfig {
    fn default() -> LogsConfig {
        LogsConfig {
            level: LogLevel::Info,
            development: false,
            encoding: Encoding::Console,
            disable_caller: false,
            disable_stacktrace: false,
            sampling: SamplingConfig::default(),
            output_paths: vec!["stderr".to_owned()],
            error_output_paths: vec!["stderr".to_owned()],
            initial_fields: BTreeMap::new(),
            disable_zap_resource: false,
            processors: Vec::new(),
        }
    }
}

/// How bad a line must be to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    #[serde(alias = "DEBUG", alias = "Debug")]
    Debug,
    #[serde(alias = "INFO", alias = "Info")]
    Info,
    #[serde(alias = "WARN", alias = "Warn")]
    Warn,
    #[serde(alias = "ERROR", alias = "Error", alias = "dpanic", alias = "panic", alias = "fatal")]
    Error,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    Console,
    Json,
}

/// Which of many equal lines are written: per `tick`, the first `initial` and then each `thereafter`th.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SamplingConfig {
    pub(crate) enabled: bool,
    pub(crate) tick: Interval,
    pub(crate) initial: u64,
    pub(crate) thereafter: u64,
}

impl Default for SamplingConfig {
    fn default() -> SamplingConfig {
        SamplingConfig { enabled: true, tick: Interval::from_secs(10), initial: 10, thereafter: 100 }
    }
}

/// The collector's own metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MetricsConfig {
    pub(crate) level: MetricsLevel,
    /// The old way to say where to serve them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) readers: Option<Vec<ReaderConfig>>,
    pub(crate) views: Vec<Value>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MetricsLevel {
    #[serde(alias = "None", alias = "NONE")]
    None,
    #[serde(alias = "Basic", alias = "BASIC")]
    Basic,
    #[default]
    #[serde(alias = "Normal", alias = "NORMAL")]
    Normal,
    #[serde(alias = "Detailed", alias = "DETAILED")]
    Detailed,
}

/// Who reads the metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReaderConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pull: Option<PullConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) periodic: Option<PeriodicConfig>,
}

/// A reader that sends the metrics somewhere, again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PeriodicConfig {
    /// Milliseconds between two sends.
    pub(crate) interval: u64,
    /// Milliseconds that one send may take.
    pub(crate) timeout: u64,
    pub(crate) exporter: PeriodicExporterConfig,
}

impl Default for PeriodicConfig {
    fn default() -> PeriodicConfig {
        PeriodicConfig { interval: 60_000, timeout: 30_000, exporter: PeriodicExporterConfig::default() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PeriodicExporterConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp: Option<OtlpReaderConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) console: Option<BTreeMap<String, Value>>,
}

/// Sending the metrics by OTLP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OtlpReaderConfig {
    pub(crate) protocol: Protocol,
    pub(crate) endpoint: String,
    pub(crate) insecure: bool,
    pub(crate) headers: SecretMap,
    pub(crate) headers_list: Secret,
    pub(crate) compression: ReaderCompression,
    /// Milliseconds that one send may take, under the reader's own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<u64>,
    pub(crate) certificate: String,
    pub(crate) client_certificate: String,
    pub(crate) client_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temporality_preference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_histogram_aggregation: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Protocol {
    #[default]
    #[serde(rename = "http/protobuf")]
    Http,
    #[serde(rename = "grpc/protobuf", alias = "grpc")]
    Grpc,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReaderCompression {
    #[default]
    None,
    Gzip,
}

/// A reader that is scraped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PullConfig {
    pub(crate) exporter: PullExporterConfig,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PullExporterConfig {
    pub(crate) prometheus: PrometheusConfig,
}

/// Where metrics are served, and how they are named there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PrometheusConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) without_scope_info: bool,
    pub(crate) without_units: bool,
    pub(crate) without_type_suffix: bool,
    pub(crate) with_resource_constant_labels: LabelsConfig,
}

/// Which resource attributes become labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LabelsConfig {
    pub(crate) included: Vec<String>,
    pub(crate) excluded: Vec<String>,
}

impl Default for PrometheusConfig {
    fn default() -> PrometheusConfig {
        PrometheusConfig {
            host: "localhost".to_owned(),
            port: 8888,
            without_scope_info: true,
            without_units: true,
            without_type_suffix: true,
            with_resource_constant_labels: LabelsConfig::default(),
        }
    }
}

/// The collector's own traces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TracesConfig {
    pub(crate) level: MetricsLevel,
    pub(crate) propagators: Vec<String>,
    pub(crate) processors: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sampler: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<Value>,
}

/// Who the collector is: a map of attributes, or a list of them under `attributes`.
pub(crate) type ResourceConfig = BTreeMap<String, Value>;

impl TelemetryConfig {
    /// Reads the section; what is wrong or has no effect goes to `diagnostics`.
    pub(crate) fn read(node: Option<&Node>, diagnostics: &mut Diagnostics) -> TelemetryConfig {
        let Some(node) = node else { return TelemetryConfig::default() };
        let path = Path::from(["service", "telemetry"]);
        let config: TelemetryConfig = ::config::read(node, &path, diagnostics).unwrap_or_default();
        for (key, message) in config.oddities() {
            let full = key.split("::").fold(path.clone(), |path, key| path.join(key));
            let at = node.get(key).map_or(&node.at, |node| &node.at);
            diagnostics.push(Diagnostic::warning(&full, message).at(at));
        }
        if let Some(error) = config.metrics.error() {
            let at = node.get("metrics").map_or(&node.at, |node| &node.at);
            diagnostics.push(Diagnostic::error(&path.join("metrics"), error).at(at));
        }
        config
    }

    /// What is old, or has no effect here.
    fn oddities(&self) -> Vec<(&'static str, String)> {
        let mut oddities = Vec::new();
        let mut note = |odd: bool, key, message: &str| {
            if odd {
                oddities.push((key, message.to_owned()));
            }
        };
        note(
            self.metrics.address.is_some(),
            "metrics::address",
            "`address` is the old spelling of `readers: [{ pull: { exporter: { prometheus: { host: .., port: .. } } } }]`",
        );
        let readers = || self.metrics.readers.iter().flatten().filter_map(|reader| reader.periodic.as_ref());
        let to_console = readers().any(|reader| reader.exporter.console.is_some());
        note(to_console, "metrics::readers", "the console exporter is not built; scrape `/metrics` instead");
        let otlp = || readers().filter_map(|reader| reader.exporter.otlp.as_ref());
        let delta =
            otlp().any(|otlp| otlp.temporality_preference.as_ref().is_some_and(|text| text != "cumulative"));
        note(
            delta,
            "metrics::readers",
            "metrics are sent cumulative, whatever `temporality_preference` says",
        );
        note(!self.metrics.views.is_empty(), "metrics::views", "views have no effect");
        note(
            !self.logs.processors.is_empty(),
            "logs::processors",
            "the collector's own logs are not exported",
        );
        note(
            !self.traces.processors.is_empty(),
            "traces::processors",
            "the collector's own traces are not recorded",
        );
        oddities
    }

    /// The attributes of the collector's own resource that the file sets; `None` takes a default one away.
    pub(crate) fn resource_attributes(&self) -> BTreeMap<String, Option<String>> {
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        match self.resource.get("attributes") {
            Some(Value::Array(list)) => {
                let named = |entry: &Value| Some((entry["name"].as_str()?.to_owned(), text(&entry["value"])));
                list.iter().filter_map(named).collect()
            }
            _ => self.resource.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        }
    }
}

impl MetricsConfig {
    /// Where and how metrics are served.
    pub(crate) fn servers(&self) -> Vec<PrometheusConfig> {
        if self.level == MetricsLevel::None {
            return Vec::new();
        }
        if let Some((host, port)) = self.address.as_deref().and_then(split_address) {
            return vec![PrometheusConfig { host, port, ..PrometheusConfig::default() }];
        }
        match &self.readers {
            None => vec![PrometheusConfig::default()],
            Some(readers) => readers
                .iter()
                .filter_map(|reader| Some(reader.pull.as_ref()?.exporter.prometheus.clone()))
                .collect(),
        }
    }

    /// Where and how often metrics are sent.
    pub(crate) fn senders(&self) -> Vec<(PeriodicConfig, OtlpReaderConfig)> {
        if self.level == MetricsLevel::None {
            return Vec::new();
        }
        let periodic = self.readers.iter().flatten().filter_map(|reader| reader.periodic.clone());
        periodic.filter_map(|reader| reader.exporter.otlp.clone().map(|otlp| (reader, otlp))).collect()
    }

    fn error(&self) -> Option<String> {
        let has_endpoint = |(_, otlp): &(PeriodicConfig, OtlpReaderConfig)| !otlp.endpoint.is_empty();
        if !self.senders().iter().all(has_endpoint) {
            return Some("a periodic reader with the exporter `otlp` needs an `endpoint`".to_owned());
        }
        if let Some(address) = self.address.as_deref().filter(|address| split_address(address).is_none()) {
            return Some(format!("`{address}` is not an address, expected `host:port`"));
        }
        let empty = self.readers.as_ref().is_some_and(Vec::is_empty) && self.level != MetricsLevel::None;
        empty.then(|| "`readers` is empty; say `level: none` to have no metrics".to_owned())
    }
}

fn split_address(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests;
