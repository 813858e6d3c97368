//! Prometheus' own clients and its exporter of a machine: what they expose arrives as it is meant.

use std::process::Command;

use tests::patience::until;
use tests::proto::metrics::v1::metric::Data;
use tests::sdk::{self, said};
use tests::server::Server;
use tests::{Backend, Collector};

use super::points::{Point, metric, numbers};
use super::{assert_settles, scraping, target_page};
use crate::FERROTEL;

const TRACE: [u8; 16] = *b"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36";

#[tokio::test]
async fn what_the_client_for_python_exposes_arrives_as_it_is_meant() {
    let Some(python) = sdk::PROMETHEUS.python().await else { return };
    for form in ["text", "openmetrics"] {
        let (backend, collector) = scrape(&python.serve(form)).await;
        known_values(&backend);
        let metric = metric(&backend, "client", "orders_total").expect("it is there");
        assert_eq!(metric.description, "Orders taken.");
        let Some(Data::Sum(sum)) = metric.data else { panic!("a counter is a sum") };
        assert!(sum.is_monotonic);
        match form {
            "text" => {
                assert_eq!(
                    numbers(&backend, "client", "build_info")[0],
                    Point::new(1.0, &[("version", "1.2.3")])
                );
                assert_eq!(numbers(&backend, "client", "mode")[1], Point::new(1.0, &[("mode", "off")]));
            }
            _ => {
                let exemplar = &sum.data_points[0].exemplars[0];
                assert_eq!((&exemplar.trace_id[..], exemplar.span_id.len()), (&TRACE[..], 8));
                assert!(sum.data_points[0].start_time_unix_nano > 0, "it says since when it counts");
                assert!(numbers(&backend, "client", "orders_created").is_empty());
                assert_eq!(numbers(&backend, "client", "build")[0], Point::new(1.0, &[("version", "1.2.3")]));
            }
        }
        assert_settles(&collector).await;
    }
}

#[tokio::test]
async fn what_the_client_for_node_exposes_arrives_as_it_is_meant() {
    let Some(node) = sdk::PROMETHEUS.node().await else { return };
    for form in ["text", "openmetrics"] {
        let (backend, collector) = scrape(&node.serve(form)).await;
        known_values(&backend);
        assert_settles(&collector).await;
    }
}

#[tokio::test]
async fn what_a_machine_exposes_arrives() {
    let program = "/usr/bin/prometheus-node-exporter";
    let there = match std::path::Path::new(program).exists() {
        true => Ok(()),
        false => Err(format!("there is no {program}")),
    };
    if said(&there, program).is_none() {
        return;
    }
    let mut command = Command::new(program);
    command.args(["--web.listen-address=127.0.0.1:0", "--collector.disable-defaults"]);
    command.args(["--collector.meminfo", "--collector.uname", "--collector.loadavg", "--collector.cpu"]);
    let address = |line: &str| {
        let (_, rest) = line.split_once("address=127.0.0.1:")?;
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (port != "0").then(|| format!("127.0.0.1:{port}"))
    };
    let server = Server::start(command, address);
    let (backend, collector) = scrape(&server).await;
    let meminfo = std::fs::read_to_string("/proc/meminfo").expect("there is one");
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")).expect("it says so");
    let total: f64 = total.trim().trim_end_matches(" kB").parse().expect("a number");
    assert_eq!(numbers(&backend, "client", "node_memory_MemTotal_bytes")[0], Point::new(total * 1024.0, &[]));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("there is one");
    let uname = numbers(&backend, "client", "node_uname_info").remove(0);
    assert_eq!(uname.attributes.get("nodename").map(String::as_str), Some(host.trim()));
    let page = target_page(&collector, "client").await.expect("it is there");
    assert_eq!(page["last_scrape"]["bad_lines"], 0, "{page}");
    assert_settles(&collector).await;
}

/// Scrapes a server until its first page has arrived.
async fn scrape(server: &Server) -> (Backend, Collector) {
    let backend = Backend::start();
    let section =
        format!("{{ job_name: client, static_configs: [{{ targets: ['{}'] }}] }}", server.address());
    let collector = FERROTEL.start(&scraping(&backend, &section)).await;
    until("it is up", async || numbers(&backend, "client", "up").into_iter().find(|up| up.value == 1.0))
        .await;
    (backend, collector)
}

/// What the scripts in both languages expose.
fn known_values(backend: &Backend) {
    let orders = numbers(backend, "client", "orders_total");
    assert_eq!(orders[0], Point::new(7.0, &[("method", "post")]));
    assert_eq!(orders[1], Point::new(2.0, &[("method", "quo\"te\\d\n")]));
    assert_eq!(numbers(backend, "client", "stock")[0], Point::new(-1.5, &[]));
    let Some(Data::Histogram(seconds)) =
        metric(backend, "client", "work_seconds").and_then(|metric| metric.data)
    else {
        panic!("work_seconds is no histogram")
    };
    let point = &seconds.data_points[0];
    assert_eq!((point.count, point.sum), (4, Some(4.05)));
    assert_eq!((&point.explicit_bounds[..], &point.bucket_counts[..]), (&[0.1, 1.0][..], &[1, 2, 1][..]));
    let Some(Data::Summary(size)) = metric(backend, "client", "size_bytes").and_then(|metric| metric.data)
    else {
        panic!("size_bytes is no summary")
    };
    assert_eq!((size.data_points[0].count, size.data_points[0].sum), (2, 42.0));
}
