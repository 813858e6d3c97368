//! Batches in, pages out. No sockets, and time stands still unless told otherwise.

mod collisions;
mod configuration;
mod deltas;
mod labels;
mod pages;
mod series;

use std::sync::Arc;

use bytes::Bytes;
use component::testing::context;
use component::{Batch, Consumer, Context, Kind};
use config::{Diagnostics, Path};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use otlp::{Payload, Signal};
use prost::Message;
use transport::http::Content;

use super::config::Config;
use super::consume::Points;
use super::expire;
use super::registry::Registry;
use super::serve::Pages;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// The exporter without its socket.
struct Exporter {
    points: Arc<Points>,
    registry: Arc<Registry>,
    pages: Pages,
    cx: Context,
}

/// An exporter with these settings, as the file writes them.
fn exporter(settings: &str) -> Exporter {
    let own = configuration::read(&format!("{{ endpoint: 'localhost:0', {settings} }}")).own;
    let cx = context(Kind::Exporter, "prometheus");
    let registry = Arc::new(Registry::new(&own));
    let points = Arc::new(Points::new(registry.clone(), own.labelling(), own.series_limit, &cx));
    let pages = Pages::new(registry.clone(), &own, &cx);
    Exporter { points, registry, pages, cx }
}

impl Exporter {
    /// Sends metrics of one resource and scope.
    async fn send(&self, metrics: Vec<Metric>) {
        self.send_from(&[], metrics).await;
    }

    /// The same, from a resource with these attributes.
    async fn send_from(&self, resource: &[(&str, &str)], metrics: Vec<Metric>) {
        self.send_scoped(resource, InstrumentationScope::default(), metrics).await;
    }

    async fn send_scoped(
        &self,
        resource: &[(&str, &str)],
        scope: InstrumentationScope,
        metrics: Vec<Metric>,
    ) {
        let scope = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
        let resource = Resource { attributes: attributes(resource), ..Resource::default() };
        let resource = ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        };
        let batch = batch(ExportMetricsServiceRequest { resource_metrics: vec![resource] });
        self.points.consume(batch).await.unwrap();
    }

    /// The page that a client gets that says nothing of its wishes.
    fn page(&self) -> String {
        self.page_for(&[])
    }

    fn page_for(&self, headers: &[(&'static str, &str)]) -> String {
        let (_, chunks) = self.chunks_for(headers);
        String::from_utf8(chunks.concat()).unwrap()
    }

    fn chunks_for(&self, headers: &[(&'static str, &str)]) -> (StatusCode, Vec<Bytes>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let (head, content) = self.pages.page(&map).into_parts();
        let chunks = match content {
            Content::Whole(bytes) => vec![bytes],
            Content::Chunks(chunks) => chunks.map(Result::unwrap).collect(),
            Content::Arriving(_) => panic!("a page is made, and not waited for"),
        };
        (head.status, chunks)
    }

    /// The lines of samples.
    fn samples(&self) -> Vec<String> {
        let page = self.page();
        page.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    /// What was dropped: reason and points.
    fn dropped(&self) -> Vec<(&'static str, u64)> {
        self.cx.accounts.of(Signal::Metrics).totals().dropped.into_iter().collect()
    }

    /// Begins to let go of what is old.
    fn expire(&self, kept: std::time::Duration) {
        expire::start(self.registry.clone(), self.points.clone(), kept, &self.cx);
    }
}

fn batch(request: ExportMetricsServiceRequest) -> Batch {
    Batch::new(Payload::parse(Signal::Metrics, Bytes::from(request.encode_to_vec())).unwrap())
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    let any = |text: &str| AnyValue { value: Some(AnyKind::StringValue(text.to_owned())) };
    let pair = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(any(value)),
        ..KeyValue::default()
    };
    pairs.iter().map(pair).collect()
}

/// A point with these attributes at that time.
fn point(pairs: &[(&str, &str)], time: u64, value: f64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(pairs),
        time_unix_nano: time,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn metric(name: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), description: "help".to_owned(), data: Some(data), ..Metric::default() }
}

fn gauge(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, Data::Gauge(Gauge { data_points }))
}

fn sum(name: &str, temporality: i32, is_monotonic: bool, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, Data::Sum(Sum { data_points, aggregation_temporality: temporality, is_monotonic }))
}

fn counter(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    sum(name, CUMULATIVE, true, data_points)
}
