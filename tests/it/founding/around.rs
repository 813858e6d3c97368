//! Who is around the collector of the file: an app to scrape, and a server for each exporter that sends.

use tests::Backend;
use tests::jaeger::Jaeger;
use tests::moto::Moto;
use tests::sdk::PROMETHEUS;
use tests::serde_json::Value;
use tests::server::Server;
use tests::xray::XRay;

use crate::xray::Credentials;

/// Everybody, each at an address of its own.
pub(super) struct Around {
    pub(super) app: Option<Server>,
    pub(super) tempo: Backend,
    pub(super) jaeger: Jaeger,
    pub(super) aws: Aws,
    credentials: Credentials,
}

/// moto, or the endpoint with a script where moto cannot be had.
pub(super) enum Aws {
    Moto(Moto),
    Script(XRay),
}

impl Around {
    pub(super) async fn start() -> Around {
        let app = PROMETHEUS.python().await.map(|python| python.serve("text"));
        let aws = match Moto::start().await {
            Some(moto) => Aws::Moto(moto),
            None => Aws::Script(XRay::start()),
        };
        let (tempo, jaeger, credentials) = (Backend::start(), Jaeger::start(), Credentials::of("KEY"));
        Around { app, tempo, jaeger, aws, credentials }
    }

    /// What moves the addresses of the file to them.
    pub(super) fn sets(&self) -> Vec<String> {
        let app = self.app.as_ref().map(|app| format!("'{}'", app.address())).unwrap_or_default();
        let job = format!("{{ job_name: 'myapp', static_configs: [{{ targets: [{app}] }}] }}");
        vec![
            format!("receivers.prometheus.config.scrape_configs=[{job}]"),
            // A story has no minute to wait, and the pauses are long enough for the books to come to rest.
            "receivers.prometheus.config.global.scrape_interval=3s".to_owned(),
            format!("exporters.otlp.endpoint=http://{}", self.tempo.address()),
            format!("exporters.jaeger.endpoint={}", self.jaeger.address()),
            format!("exporters.awsxray.endpoint=http://{}", self.aws.address()),
            format!("exporters.awsxray.shared_credentials_file={}", self.credentials.path()),
        ]
    }
}

impl Aws {
    fn address(&self) -> String {
        match self {
            Aws::Moto(moto) => moto.address().to_owned(),
            Aws::Script(endpoint) => endpoint.address(),
        }
    }

    /// The documents of a trace.
    pub(super) async fn documents(&self, trace: &str) -> Vec<Value> {
        match self {
            Aws::Moto(moto) => moto.documents(trace).await,
            Aws::Script(endpoint) => {
                let all = endpoint.puts().into_iter().flat_map(|put| put.documents);
                all.filter(|document| document["trace_id"] == trace).collect()
            }
        }
    }
}
