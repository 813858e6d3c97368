//! Clients that ask how to sample.

use tests::sdk::{self, Sdk};
use tests::serde_json::{self, Value};

use crate::FERROTEL;

const STRATEGIES: &str =
    r#"{"service_strategies": [{"service": "shop", "type": "ratelimiting", "param": 5}]}"#;

#[tokio::test]
async fn jaegers_client_for_python_samples_as_it_is_told() {
    if let Some(python) = sdk::JAEGER.python().await {
        assert_told(&python, "5").await;
    }
}

#[tokio::test]
async fn jaegers_client_for_node_samples_as_it_is_told() {
    if let Some(node) = sdk::JAEGER.node().await {
        assert_told(&node, "5").await;
    }
}

/// The client must end up with a sampler that limits the rate to that number of traces.
async fn assert_told(sdk: &Sdk, rate: &str) {
    let file = std::env::temp_dir().join(format!("ferrotel-it-strategies-{}-{rate}", std::process::id()));
    std::fs::write(&file, STRATEGIES).expect("a temporary file can be written");
    let config = format!(
        "
extensions:
  jaegerremotesampling:
    source: {{ file: '{}', reload_interval: 1s }}
    http: {{ endpoint: '127.0.0.1:0' }}
    grpc: {{ endpoint: '127.0.0.1:0' }}
exporters: {{ nop: }}
service:
  extensions: [health_check, zpages, jaegerremotesampling]
  pipelines:
    traces: {{ receivers: [otlp], exporters: [nop] }}
",
        file.display()
    );
    let collector = FERROTEL.start(&config).await;
    let address = collector.listener_of("jaegerremotesampling", "Starting HTTP server").await;
    let printed: Value = serde_json::from_slice(&sdk.run("sample", &address).await).expect("it prints JSON");
    let sampler = printed["sampler"].as_str().expect("a text");
    assert!(sampler.contains("RateLimitingSampler") && sampler.contains(rate), "{sampler}");
}
