//! Jaeger in and out: real clients of all its protocols, our own exporter, and peers that mean harm.

mod clients;
mod example;
mod hostile;
mod round;
mod sampling;

/// A `jaeger` receiver of all protocols in front of `pipeline`'s exporter, an OTLP backend.
fn receiving(backend: &str) -> String {
    format!(
        "
receivers:
  jaeger:
    protocols:
      grpc: {{ endpoint: '127.0.0.1:0' }}
      thrift_http: {{ endpoint: '127.0.0.1:0' }}
      thrift_compact: {{ endpoint: '127.0.0.1:0' }}
      thrift_binary: {{ endpoint: '127.0.0.1:0' }}
exporters:
  otlp: {{ endpoint: '{backend}', tls: {{ insecure: true }} }}
service:
  pipelines:
    traces: {{ receivers: [jaeger], exporters: [otlp] }}
"
    )
}

/// Which of the receiver's listeners: a part of the line with which it begins.
#[derive(Clone, Copy, Debug)]
enum Way {
    Grpc,
    Http,
    Compact,
    Binary,
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Way::Grpc => "Starting GRPC server",
            Way::Http => "Starting HTTP server",
            Way::Compact => "udp_thrift_compact",
            Way::Binary => "udp_thrift_binary",
        }
    }

    /// As metrics name it.
    fn transport(self) -> &'static str {
        match self {
            Way::Grpc => "grpc",
            Way::Http => "collector_http",
            Way::Compact => "udp_thrift_compact",
            Way::Binary => "udp_thrift_binary",
        }
    }
}
