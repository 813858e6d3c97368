//! The components of this build: one line each.

use component::Kind;
use pipelines::{Entry, Registry};

/// All components that a configuration can name.
pub(crate) fn registry() -> Registry {
    let registry = Registry::new()
        .receiver::<receivers::jaeger::Config>()
        .receiver::<receivers::otlp::Config>()
        .receiver::<receivers::prometheus::Config>()
        .receiver::<receivers::zipkin::Config>()
        .processor::<processors::attributes::Config>()
        .processor::<processors::batch::Config>()
        .processor::<processors::memory_limiter::Config>()
        .processor::<processors::resource::Config>()
        .exporter::<exporters::debug::Config>()
        .exporter::<exporters::debug::Logging>()
        .exporter::<exporters::file::Config>()
        .exporter::<exporters::jaeger::Config>()
        .exporter::<exporters::nop::Config>()
        .exporter::<exporters::otlp_grpc::Config>()
        .exporter::<exporters::otlp_http::Config>()
        .exporter::<exporters::prometheus::Config>()
        .exporter::<exporters::zipkin::Config>()
        .connector::<connectors::forward::Config>()
        .extension::<extensions::basicauth::Config>()
        .extension::<extensions::bearertokenauth::Config>()
        .extension::<extensions::headers_setter::Config>()
        .extension::<extensions::health_check::Config>()
        .extension::<extensions::jaegerremotesampling::Config>()
        .extension::<extensions::pprof::Config>()
        .extension::<extensions::zpages::Config>();
    with_xray(registry)
}

#[cfg(feature = "xray")]
fn with_xray(registry: Registry) -> Registry {
    registry.exporter::<exporters::awsxray::Config>()
}

#[cfg(not(feature = "xray"))]
fn with_xray(registry: Registry) -> Registry {
    registry
}

/// The list of components as YAML, in the form of the Go Collector's `components` command.
pub(crate) fn describe() -> String {
    let registry = registry();
    let mut text = format!(
        "buildinfo:\n  command: {}\n  description: {}\n  version: {}\n",
        crate::service::BUILD.command,
        crate::service::BUILD.description,
        crate::service::BUILD.version,
    );
    for kind in [Kind::Receiver, Kind::Processor, Kind::Exporter, Kind::Connector, Kind::Extension] {
        text.push_str(&format!("{kind}s:\n"));
        registry.of(kind).into_iter().for_each(|entry| text.push_str(&describe_entry(entry)));
    }
    text.push_str("providers:\n");
    for scheme in ["env", "file", "http", "https", "yaml"] {
        text.push_str(&format!("  - scheme: {scheme}\n"));
    }
    text
}

fn describe_entry(entry: &Entry) -> String {
    let signal = |(from, to): &(otlp::Signal, otlp::Signal)| match entry.kind {
        Kind::Connector => format!("      {from}-to-{to}: Beta\n"),
        Kind::Receiver | Kind::Processor | Kind::Exporter | Kind::Extension => {
            format!("      {from}: Beta\n")
        }
    };
    let stability: String = match entry.kind {
        Kind::Extension => "      extension: Beta\n".to_owned(),
        Kind::Receiver | Kind::Processor | Kind::Exporter | Kind::Connector => {
            entry.routes.iter().map(signal).collect()
        }
    };
    format!("  - name: {}\n    stability:\n{stability}", entry.name)
}
