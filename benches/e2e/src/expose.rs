//! A page of very many series: what it takes to keep them, and to show them while points come for them.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderName, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::child::Running;
use crate::endpoints::Endpoints;
use crate::process::{Cpu, Resident};
use crate::setup::{Place, Setup};

/// Series of one metric.
const METRIC_SERIES: usize = 10_000;

/// Points of one request.
const REQUEST_POINTS: usize = 5_000;

/// Requests that are sent again and again while a page is made.
const UPDATES: usize = 8;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long the collector may take to open its ports.
const START: Duration = Duration::from_secs(10);

/// What pages are asked for.
const PAGES: [(&str, HeaderName, &str); 3] = [
    ("text", ACCEPT, "text/plain"),
    ("text, gzip", ACCEPT_ENCODING, "gzip"),
    (
        "protobuf",
        ACCEPT,
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ),
];

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Exposed {
    pub(crate) series: usize,
    /// Memory before the first point came, and with all series.
    pub(crate) empty_bytes: u64,
    pub(crate) loaded_bytes: u64,
    /// CPU time for a new series, and for a point of a known one.
    pub(crate) per_new: Duration,
    pub(crate) per_known: Duration,
    pub(crate) pages: Vec<PageCost>,
}

/// What one page took.
#[derive(Clone, Debug)]
pub(crate) struct PageCost {
    pub(crate) format: &'static str,
    pub(crate) page_bytes: u64,
    pub(crate) took: Duration,
    /// Of the collector, without what the points cost that came meanwhile.
    pub(crate) cpu: Duration,
    /// The most memory meanwhile.
    pub(crate) peak_bytes: u64,
    /// Points that came meanwhile.
    pub(crate) points: u64,
}

/// Loads `series` series, and asks for pages while points come.
pub(crate) async fn expose(setup: &Setup, series: usize) -> anyhow::Result<Exposed> {
    let Endpoints { grpc: page, http: otlp } = Endpoints::free()?;
    let collector = start(setup, page, otlp).await?;
    let pid = collector.pid();
    let mut posts = Connection::open(otlp).await?;
    posts.export(request(0, 1)).await?;
    let empty_bytes = Resident::of(pid)?.now;

    let per_new = load(&mut posts, pid, series).await?;
    let loaded_bytes = Resident::of(pid)?.now;
    let per_known = load(&mut posts, pid, series).await?;

    let mut pages = Vec::new();
    for (format, header, value) in PAGES {
        let cost = one_page(pid, (page, otlp), series, (header, value)).await?;
        let points = u32::try_from(cost.points).unwrap_or(u32::MAX);
        pages.push(PageCost { format, cpu: cost.cpu.saturating_sub(per_known * points), ..cost });
    }
    collector.stop().await?;
    Ok(Exposed { series, empty_bytes, loaded_bytes, per_new, per_known, pages })
}

/// Sends a point for each series; says what one of them cost.
async fn load(posts: &mut Connection, pid: u32, series: usize) -> anyhow::Result<Duration> {
    let before = Cpu::of(pid)?;
    for first in (0..series).step_by(REQUEST_POINTS) {
        posts.export(request(first, REQUEST_POINTS.min(series - first))).await?;
    }
    let cpu = Cpu::of(pid)?.since(before);
    Ok((cpu.user + cpu.system) / u32::try_from(series).unwrap_or(u32::MAX))
}

async fn one_page(
    pid: u32,
    (page, otlp): (SocketAddr, SocketAddr),
    series: usize,
    (header, value): (HeaderName, &'static str),
) -> anyhow::Result<PageCost> {
    let updates: Vec<Bytes> = (0..UPDATES)
        .map(|number| request(number * REQUEST_POINTS % series, REQUEST_POINTS.min(series)))
        .collect();
    let mut posts = Connection::open(otlp).await?;
    let mut gets = Connection::open(page).await?;
    let (begin, before) = (Instant::now(), Cpu::of(pid)?);
    let mut cost = PageCost {
        format: "",
        page_bytes: 0,
        took: Duration::ZERO,
        cpu: Duration::ZERO,
        peak_bytes: 0,
        points: 0,
    };
    let reading = gets.page(header, value);
    tokio::pin!(reading);
    let writing = async {
        for update in updates.iter().cycle() {
            posts.export(update.clone()).await?;
            cost.points += REQUEST_POINTS.min(series) as u64;
        }
        anyhow::Ok(())
    };
    let looking = async {
        loop {
            cost.peak_bytes = cost.peak_bytes.max(Resident::of(pid)?.now);
            sleep(LOOK).await;
        }
        #[expect(unreachable_code, reason = "it says of which kind the errors are")]
        anyhow::Ok(())
    };
    cost.page_bytes = tokio::select! {
        read = &mut reading => read?,
        failed = writing => bail!("points are not taken any more: {failed:?}"),
        failed = looking => bail!("the collector has gone: {failed:?}"),
    };
    let cpu = Cpu::of(pid)?.since(before);
    (cost.took, cost.cpu) = (begin.elapsed(), cpu.user + cpu.system);
    Ok(cost)
}

async fn start(setup: &Setup, page: SocketAddr, otlp: SocketAddr) -> anyhow::Result<Running> {
    let config = format!(
        "
receivers: {{ otlp: {{ protocols: {{ http: {{ endpoint: '{otlp}' }} }} }} }}
exporters: {{ prometheus: {{ endpoint: '{page}' }} }}
service:
  telemetry: {{ metrics: {{ level: none }}, logs: {{ level: warn }} }}
  pipelines: {{ metrics: {{ receivers: [otlp], exporters: [prometheus] }} }}
"
    );
    let mut command = setup.collector(Place::OneCore);
    command.args(["--config", &format!("yaml:{config}")]);
    let mut collector = Running::start("collector", command)?;
    let begin = Instant::now();
    while TcpStream::connect(otlp).await.is_err() {
        collector.check()?;
        if begin.elapsed() > START {
            bail!("the collector does not listen:\n{}", collector.log());
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(collector)
}

/// A connection to the collector.
struct Connection {
    to: SocketAddr,
    client: SendRequest<Full<Bytes>>,
    _task: JoinSet<Result<(), hyper::Error>>,
}

impl Connection {
    async fn open(to: SocketAddr) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let (client, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut task = JoinSet::new();
        task.spawn(connection);
        Ok(Connection { to, client, _task: task })
    }

    async fn export(&mut self, body: Bytes) -> anyhow::Result<()> {
        let request = Request::post("/v1/metrics").header(CONTENT_TYPE, "application/x-protobuf");
        let request = request.header(HOST, self.to.to_string()).body(Full::new(body))?;
        self.client.ready().await?;
        let response = self.client.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        if status != StatusCode::OK {
            bail!("a request was answered with {status}");
        }
        Ok(())
    }

    /// Reads a page and forgets it; says how long it is.
    async fn page(&mut self, header: HeaderName, value: &str) -> anyhow::Result<u64> {
        let request = Request::get("/metrics").header(HOST, self.to.to_string()).header(header, value);
        let response = self.client.send_request(request.body(Full::default())?).await?;
        let mut body = response.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.context("the page broke off")?.data_ref().map_or(0, Bytes::len) as u64;
        }
        Ok(bytes)
    }
}

/// Points of `count` series from the one with the number `first` on.
fn request(first: usize, count: usize) -> Bytes {
    let end = first + count;
    let metrics = (first / METRIC_SERIES..=(end - 1) / METRIC_SERIES).map(|number| {
        let own = number * METRIC_SERIES..(number + 1) * METRIC_SERIES;
        let data_points = (first.max(own.start)..end.min(own.end)).map(point).collect();
        let sum = Sum { data_points, aggregation_temporality: 2, is_monotonic: true };
        Metric {
            name: format!("shop.orders.{number}"),
            description: "Orders that were placed.".to_owned(),
            data: Some(Data::Sum(sum)),
            ..Metric::default()
        }
    });
    let scope = ScopeMetrics { metrics: metrics.collect(), ..ScopeMetrics::default() };
    let attributes = [("service.name", "checkout"), ("service.instance.id", "checkout-7d4b9c6f5-x2x9k")];
    let attributes = attributes.map(|(key, value)| text(key, value.to_owned())).to_vec();
    let resource = ResourceMetrics {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec().into()
}

fn point(number: usize) -> NumberDataPoint {
    NumberDataPoint {
        attributes: vec![
            text("http.request.method", ["GET", "POST", "PUT"][number % 3].to_owned()),
            text("http.route", format!("/api/orders/{{id}}/{}", number % 100)),
            text("user.id", format!("u-{number:08}")),
        ],
        time_unix_nano: 1_767_225_600_000_000_000,
        value: Some(number_data_point::Value::AsDouble(number as f64 / 8.0)),
        ..NumberDataPoint::default()
    }
}

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
