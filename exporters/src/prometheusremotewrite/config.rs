//! What the file says about it, and the way to start it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, Exporter, Problem, QueueConfig, RetryConfig};
use config::{Defaults, Explicit, Inline, Interval, Optional, Preset, SecretMap};
use formats::prometheus::Selection;
use formats::prometheus::names::{Names, Strategy};
use formats::prometheus::remote::{EncodeOptions, Message};
use http::Uri;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::compression::Encoding;
use transport::http::ClientConfig;

use super::check;
use super::post::Posts;
use super::send::{Sending, Writes};
use crate::user_agent;

/// The largest request when `max_batch_size_bytes` is 0.
const DEFAULT_MAX_BATCH: i64 = 3_000_000;

/// Sends metrics by remote write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The connection, when its settings stand beside the others.
    pub client: ClientConfig,
    /// What other HTTP clients do not have.
    pub own: Own,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Preset<ClientDefaults>, Own)>;

/// What other HTTP clients do not have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// The connection, when its settings stand by themselves.
    #[serde(skip_serializing_if = "is_none")]
    pub http: Optional<Preset<ClientDefaults>>,
    /// Stands in front of every metric's name.
    pub namespace: String,
    /// Labels for every series that does not have them.
    pub external_labels: BTreeMap<String, String>,
    /// How to try again. All of it happens here, so that no newer sample overtakes an older one.
    pub retry_on_failure: RetryConfig,
    /// What to keep until it can be sent.
    pub remote_write_queue: Queue,
    /// How many requests of one batch are sent at the same time; `remote_write_queue::num_consumers` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_request_parallelism: Option<i64>,
    /// The largest request in bytes, before it is packed; 0 is the default.
    pub max_batch_size_bytes: i64,
    /// Whether unit and kind are told by names; `translation_strategy` says more.
    pub add_metric_suffixes: bool,
    /// How names are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_strategy: Option<String>,
    /// Whether version 1 tells types, help and units, in requests of their own.
    pub send_metadata: bool,
    /// Leaves the labels `otel_scope_*` out.
    pub disable_scope_info: bool,
    /// Whether `target_info` is sent.
    pub target_info: TargetInfo,
    /// Read for compatibility: the start is told in version 2.
    pub export_created_metric: CreatedMetric,
    /// The older form of `resource_constant_labels`: all attributes of resources become labels.
    pub resource_to_telemetry_conversion: ResourceToTelemetry,
    /// Which attributes of resources become labels.
    pub resource_constant_labels: Choice,
    /// Read for compatibility: what waits is in the queue, in memory.
    pub wal: Explicit<Wal>,
    /// The message, and so the version.
    pub protobuf_message: ProtobufMessage,
}

/// The `remote_write_queue` block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Whether there is one.
    pub enabled: bool,
    /// How many batches it holds.
    pub queue_size: i64,
    /// How many requests of one batch are sent at the same time.
    pub num_consumers: i64,
}

/// The `target_info` block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetInfo {
    /// Whether it is sent.
    pub enabled: bool,
}

/// The `export_created_metric` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreatedMetric {
    /// Has no effect.
    pub enabled: bool,
}

/// The `resource_to_telemetry_conversion` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceToTelemetry {
    /// Whether attributes of resources become labels.
    pub enabled: bool,
    /// Leaves those out that become `job` and `instance`.
    pub exclude_service_attributes: bool,
}

/// The `resource_constant_labels` block: patterns of keys, in which `*` stands for any text and `?` for
/// any letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Those that become labels.
    pub included: Vec<String>,
    /// Those that do not all the same.
    pub excluded: Vec<String>,
}

/// The `wal` block of the Go Collector; none of it has an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wal {
    /// Where it was.
    pub directory: String,
    /// How much was read at once.
    pub buffer_size: i64,
    /// How often it was cut.
    pub truncate_frequency: Interval,
    /// How often its lag was told.
    pub lag_record_frequency: Interval,
}

/// The two messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtobufMessage {
    /// Version 1.
    #[default]
    #[serde(rename = "prometheus.WriteRequest")]
    V1,
    /// Version 2.
    #[serde(rename = "io.prometheus.write.v2.Request")]
    V2,
}

impl Default for TargetInfo {
    fn default() -> TargetInfo {
        TargetInfo { enabled: true }
    }
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { enabled: true, queue_size: 10_000, num_consumers: 5 }
    }
}

impl Default for Wal {
    fn default() -> Wal {
        Wal {
            directory: String::new(),
            buffer_size: 300,
            truncate_frequency: Interval::from_secs(60),
            lag_record_frequency: Interval::from_secs(15),
        }
    }
}

impl Default for Own {
    fn default() -> Own {
        Own {
            http: Optional::NONE,
            namespace: String::new(),
            external_labels: BTreeMap::new(),
            retry_on_failure: RetryConfig {
                initial_interval: Interval::from_millis(50),
                ..RetryConfig::default()
            },
            remote_write_queue: Queue::default(),
            max_batch_request_parallelism: None,
            max_batch_size_bytes: DEFAULT_MAX_BATCH,
            add_metric_suffixes: true,
            translation_strategy: None,
            send_metadata: false,
            disable_scope_info: false,
            target_info: TargetInfo::default(),
            export_created_metric: CreatedMetric::default(),
            resource_to_telemetry_conversion: ResourceToTelemetry::default(),
            resource_constant_labels: Choice::default(),
            wal: Explicit::NONE,
            protobuf_message: ProtobufMessage::V1,
        }
    }
}

/// The exporter's own defaults for an HTTP client.
#[derive(Clone, Copy, Debug)]
pub enum ClientDefaults {}

impl Defaults for ClientDefaults {
    type Block = ClientConfig;

    fn defaults() -> ClientConfig {
        ClientConfig {
            timeout: Interval::from_secs(5),
            write_buffer_size: 512 << 10,
            compression: Encoding::Snappy,
            ..ClientConfig::default()
        }
    }
}

fn is_none(block: &Optional<Preset<ClientDefaults>>) -> bool {
    !block.is_some()
}

impl Default for Config {
    fn default() -> Config {
        Config::from(Inline(Default::default()))
    }
}

impl From<Settings> for Config {
    fn from(Inline((client, own)): Settings) -> Config {
        Config { client: client.0, own }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((Preset(config.client), config.own))
    }
}

impl Config {
    /// The connection, wherever its settings stand.
    pub(super) fn client(&self) -> &ClientConfig {
        self.own.http.as_ref().map_or(&self.client, |http| &http.0)
    }

    /// The path of a setting of the connection.
    pub(super) fn at(&self, key: &str) -> String {
        if self.own.http.is_some() { format!("http::{key}") } else { key.to_owned() }
    }

    pub(super) fn strategy(&self) -> Option<Strategy> {
        match &self.own.translation_strategy {
            None if self.own.add_metric_suffixes => Some(Strategy::UnderscoreEscapingWithSuffixes),
            None => Some(Strategy::UnderscoreEscapingWithoutSuffixes),
            Some(name) => {
                Strategy::ALL.iter().find(|(known, _)| known == name).map(|(_, strategy)| *strategy)
            }
        }
    }

    fn parallelism(&self) -> usize {
        let asked_for = self.own.max_batch_request_parallelism;
        let count = asked_for.unwrap_or(self.own.remote_write_queue.num_consumers);
        usize::try_from(count).unwrap_or_default().max(1)
    }

    fn options(&self) -> EncodeOptions {
        let Own { namespace, external_labels, resource_constant_labels, .. } = &self.own;
        let names = Names { namespace: namespace.clone(), strategy: self.strategy().unwrap_or_default() };
        let conversion = &self.own.resource_to_telemetry_conversion;
        let mut resource_labels = Selection {
            included: resource_constant_labels.included.clone(),
            excluded: resource_constant_labels.excluded.clone(),
        };
        if conversion.enabled {
            resource_labels.included.push("*".to_owned());
            if conversion.exclude_service_attributes {
                let own = ["service.name", "service.namespace", "service.instance.id"];
                resource_labels.excluded.extend(own.map(str::to_owned));
            }
        }
        let external = external_labels.iter().filter_map(|(name, value)| {
            let name =
                if names.strategy.keeps_utf8() { name.clone() } else { names.label(name).ok()?.into_owned() };
            Some((name, value.clone()))
        });
        EncodeOptions {
            external_labels: external.collect(),
            names,
            target_info: self.own.target_info.enabled,
            scope_labels: !self.own.disable_scope_info,
            resource_labels,
        }
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "prometheusremotewrite";
    const ALIASES: &'static [&'static str] = &["prometheus_remote_write"];
    const SIGNALS: &'static [Signal] = &[Signal::Metrics];

    fn check(&self) -> Vec<Problem> {
        check::all(self)
    }

    fn delivery(&self) -> Delivery {
        let queue = &self.own.remote_write_queue;
        Delivery {
            // The client's own timeout covers a request, and one consumer keeps batches in order.
            timeout: None,
            retry: None,
            queue: queue.enabled.then(|| QueueConfig {
                num_consumers: 1,
                queue_size: queue.queue_size.max(1).cast_unsigned(),
                ..QueueConfig::default()
            }),
        }
    }

    fn labels(&self, _: Signal) -> Vec<(&'static str, String)> {
        let Ok(url) = self.client().endpoint.parse::<Uri>() else { return Vec::new() };
        let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 });
        vec![
            ("server_address", url.host().unwrap_or_default().to_owned()),
            ("server_port", port.to_string()),
            ("url_path", url.path().to_owned()),
        ]
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        let mut client = self.client().clone();
        let allowed = |(name, value): (&str, &config::Secret)| {
            (!check::OWN_HEADERS.contains(&&*name.to_ascii_lowercase()))
                .then(|| (name.to_owned(), value.clone()))
        };
        client.headers = client.headers.iter().filter_map(allowed).collect::<SecretMap>();
        let posts = Posts::new(&client, user_agent(&cx.build), self.own.retry_on_failure.clone(), &cx)?;
        let message = match self.own.protobuf_message {
            ProtobufMessage::V1 => Message::V1,
            ProtobufMessage::V2 => Message::V2,
        };
        let max_bytes = match self.own.max_batch_size_bytes {
            0 => DEFAULT_MAX_BATCH,
            size => size,
        };
        let max_bytes = usize::try_from(max_bytes)?;
        let metadata = self.own.send_metadata && message == Message::V1;
        let sending = Sending { message, max_bytes, parallelism: self.parallelism(), metadata };
        Ok(Arc::new(Writes::new(posts, self.options(), sending, cx)))
    }
}
