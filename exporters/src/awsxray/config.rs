//! What the file says about it, and the way to start it.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem};
use config::{Inline, Interval};
use otlp::Signal;
use serde::{Deserialize, Serialize};
use transport::http::{ClientConfig, ClientKeepAlive};
use transport::tls::ClientTlsConfig;

use super::client::Connection;
use super::connector::Carrier;
use super::identity;
use super::region;
use super::send::Segments;
use super::telemetry;

/// Sends spans to AWS X-Ray.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Config {
    /// The keys of this exporter.
    pub own: Own,
    /// Queue and retry.
    pub delivery: DeliveryConfig,
}

/// All keys, as they stand side by side in the file.
type Settings = Inline<(Own, DeliveryConfig)>;

/// The keys of this exporter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// The region of AWS; empty to find it out.
    pub region: String,
    /// The URL of the API; empty for that of the region.
    pub endpoint: String,
    /// A role to take on before calling.
    pub role_arn: String,
    /// What the owner of that role wants to be told.
    pub external_id: String,
    /// The profile in the shared files of AWS's tools.
    pub profile: String,
    /// The file with credentials, instead of the usual one.
    pub shared_credentials_file: String,
    /// How often the metadata service is asked for credentials; 0 is the SDK's own number.
    pub imds_retries: u32,
    /// A proxy that speaks HTTP; empty for that of the environment.
    pub proxy_address: String,
    /// Whether any certificate is good.
    pub no_verify_ssl: bool,
    /// A file of certificates to trust, instead of the system's.
    pub certificate_file_path: String,
    /// Whether this is not a machine of AWS, so that its metadata service need not be asked.
    pub local_mode: bool,
    /// What telemetry records name as the sender, if nothing else does.
    pub resource_arn: String,
    /// How long one request may take; 0 is for ever.
    pub request_timeout_seconds: u64,
    /// How often one request is tried, the first time included; 0 is the SDK's own number.
    pub max_retries: u32,
    /// How many requests are under way at the same time for one batch.
    pub num_workers: usize,
    /// How long all requests of one batch may take; zero is for ever.
    pub timeout: Interval,
    /// Makes every attribute an annotation.
    pub index_all_attributes: bool,
    /// The attributes that become annotations.
    pub indexed_attributes: Vec<String>,
    /// The log groups of spans that name none.
    pub aws_log_groups: Vec<String>,
    /// Records about the sending of segments.
    pub telemetry: TelemetryConfig,
    /// Extensions that change requests, in the distributions that have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middleware: Option<String>,
}

/// Records about the sending of segments, as the X-Ray daemon sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Whether to send them.
    pub enabled: bool,
    /// Whether they say where they come from.
    pub include_metadata: bool,
    /// Other components that count in the same record.
    pub contributors: Vec<String>,
    /// The name of this machine; asked for where it is empty.
    pub hostname: String,
    /// The id of this machine at EC2; asked for where it is empty.
    pub instance_id: String,
    /// What the sender runs in.
    pub resource_arn: String,
}

impl Default for Own {
    fn default() -> Own {
        Own {
            region: String::new(),
            endpoint: String::new(),
            role_arn: String::new(),
            external_id: String::new(),
            profile: String::new(),
            shared_credentials_file: String::new(),
            imds_retries: 0,
            proxy_address: String::new(),
            no_verify_ssl: false,
            certificate_file_path: String::new(),
            local_mode: false,
            resource_arn: String::new(),
            request_timeout_seconds: 30,
            max_retries: 2,
            num_workers: 8,
            timeout: Interval::ZERO,
            index_all_attributes: false,
            indexed_attributes: Vec::new(),
            aws_log_groups: Vec::new(),
            telemetry: TelemetryConfig::default(),
            middleware: None,
        }
    }
}

impl From<Settings> for Config {
    fn from(Inline((own, delivery)): Settings) -> Config {
        Config { own, delivery }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        Inline((config.own, config.delivery))
    }
}

impl Own {
    /// The HTTP client that carries the SDK's requests.
    pub(super) fn http(&self) -> ClientConfig {
        ClientConfig {
            proxy_url: self.proxy_address.clone(),
            tls: ClientTlsConfig {
                insecure_skip_verify: self.no_verify_ssl,
                ca_file: self.certificate_file_path.clone(),
                ..ClientTlsConfig::default()
            },
            keepalive: config::Optional::some(ClientKeepAlive {
                max_idle_conns_per_host: self.num_workers,
                ..ClientKeepAlive::default()
            }),
            ..ClientConfig::default()
        }
    }

    fn translation(&self) -> formats::xray::Options {
        formats::xray::Options {
            index_all_attributes: self.index_all_attributes,
            indexed_attributes: self.indexed_attributes.iter().cloned().collect(),
            aws_log_groups: self.aws_log_groups.clone(),
        }
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let http = ClientConfig { endpoint: self.endpoint.clone(), ..self.http() };
        problems.extend(http.check().into_iter().map(own_name));
        if self.num_workers == 0 {
            problems.push(Problem::error("num_workers", "must be greater than 0"));
        }
        if self.middleware.is_some() {
            problems.push(Problem::warning("middleware", "is not supported, and ignored"));
        }
        if !self.telemetry.contributors.is_empty() {
            let message = "is ignored: the records are about this exporter only";
            problems.push(Problem::warning("telemetry::contributors", message));
        }
        if self.role_arn.is_empty() && !self.external_id.is_empty() {
            problems.push(Problem::warning("external_id", "means nothing without a `role_arn`"));
        }
        let var = |name: &str| std::env::var(name).ok();
        if self.region.is_empty() && !region::is_said(&self.profile, var) {
            problems.push(Problem::warning("region", region::unknown(self.local_mode)));
        }
        if !identity::is_said(&self.shared_credentials_file, var) {
            let message = identity::unknown(self.local_mode);
            problems.push(Problem::warning("shared_credentials_file", message));
        }
        problems
    }
}

/// The problem under the name that the setting has here.
fn own_name(problem: Problem) -> Problem {
    match problem {
        Problem::Error { path, message } if path == ["proxy_url"] => Problem::error("proxy_address", message),
        other => other,
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "awsxray";
    const SIGNALS: &'static [Signal] = &[Signal::Traces];

    fn check(&self) -> Vec<Problem> {
        self.own.check().into_iter().chain(self.delivery.check()).collect()
    }

    fn delivery(&self) -> Delivery {
        self.delivery.delivery(*self.own.timeout)
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        let carrier = Carrier::new(self.own.http().connect(&cx)?, self.own.local_mode);
        let translation = self.own.translation();
        let workers = self.own.num_workers;
        let connection = Arc::new(Connection::new(self.own.clone(), carrier));
        let records = self.own.telemetry.enabled.then(|| telemetry::start(&self.own, &connection, &cx));
        Ok(Arc::new(Segments::new(connection, translation, workers, records, cx)))
    }
}
