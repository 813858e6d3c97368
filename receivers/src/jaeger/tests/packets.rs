//! Packets, handed to an agent whose socket nobody sends to.

use std::sync::Arc;
use std::time::Duration;

use component::testing::{Stalled, context};
use component::{ConsumeError, Kind};
use formats::jaeger::Protocol;

use super::{BINARY, BINARY_PACKET, COMPACT_PACKET, Setup, bytes, count};
use crate::jaeger::agent::{Agent, Listener};
use crate::jaeger::config::UdpConfig;
use crate::jaeger::intake::Intake;

const DROPPED: &str = "ferrotel_receiver_dropped_packets";

fn binary_packet() -> Vec<u8> {
    bytes(&[BINARY_PACKET.0, BINARY, BINARY_PACKET.1].concat())
}

#[tokio::test]
async fn packets_in_both_encodings_reach_the_pipeline() {
    for (protocol, packet, transport) in [
        (Protocol::Compact, bytes(COMPACT_PACKET), "udp_thrift_compact"),
        (Protocol::Binary, binary_packet(), "udp_thrift_binary"),
    ] {
        let setup = Setup::new([]);
        let agent = agent(&setup, protocol, UdpConfig::default()).await;
        take(&agent, &packet).await;
        let taken = setup.pipeline.taken();
        assert_eq!((taken[0].items(), taken[0].origin.transport), (1, transport));
        assert_eq!(taken[0].origin.peer, Some(sender()));
    }
}

#[tokio::test]
async fn zipkins_spans_in_a_packet_are_taken_too() {
    let setup = Setup::new([]);
    let agent = agent(&setup, Protocol::Compact, UdpConfig::default()).await;
    let mut packet = b"\x82\x81\x01\x0femitZipkinBatch".to_vec();
    // A list of one span: trace 1, name `n`, id 3.
    packet.extend(b"\x19\x1c\x16\x02\x28\x01n\x16\x06\x00\x00");
    take(&agent, &packet).await;
    let taken = setup.pipeline.taken();
    let traces = taken[0].payload.as_traces().unwrap();
    let span = traces.spans().next().unwrap();
    assert_eq!((span.name().to_string(), span.span_id()), ("n".to_owned(), &[0, 0, 0, 0, 0, 0, 0, 3][..]));
}

#[tokio::test]
async fn packets_cut_anywhere_are_counted_and_cost_no_more() {
    let setup = Setup::new([]);
    let agent = agent(&setup, Protocol::Binary, UdpConfig::default()).await;
    let packet = binary_packet();
    for length in 0..packet.len() {
        take(&agent, &packet[..length]).await;
    }
    take(&agent, &packet.iter().map(|byte| !byte).collect::<Vec<_>>()).await;
    take(&agent, b"\x80\x01\x00\x04\x00\x00\x00\x04emit\x00\x00\x00\x01\x00").await;
    assert!(setup.pipeline.taken().is_empty());
    assert_eq!(setup.count(DROPPED, "malformed"), packet.len() as f64 + 2.0);
    take(&agent, &packet).await;
    assert_eq!(setup.pipeline.taken_items(), [1]);
}

#[tokio::test]
async fn packets_beyond_the_queue_are_dropped_and_counted() {
    let cx = context(Kind::Receiver, "jaeger");
    let intake = Arc::new(Intake::new(&cx, Arc::new(Stalled)));
    let udp = UdpConfig { queue_size: 2, workers: 1, ..local() };
    let agent = Arc::new(Agent::new(Listener::bind(&udp, Protocol::Binary).await.unwrap(), &cx, intake));
    for _ in 0..10 {
        take(&agent, &binary_packet()).await;
    }
    // One is worked on, two wait.
    assert_eq!(count(&cx, DROPPED, "queue_full"), 7.0);
    assert!(cx.memory.held() < 4 * 1024, "{}", cx.memory.held());
}

#[tokio::test]
async fn packets_that_are_too_long_or_find_no_memory_are_dropped_and_counted() {
    let setup = Setup::new([]);
    let agent =
        agent(&setup, Protocol::Binary, UdpConfig { max_packet_size: 100, ..UdpConfig::default() }).await;
    take(&agent, &binary_packet()[..101]).await;
    assert_eq!(setup.count(DROPPED, "too_long"), 1.0);
    setup.cx.memory.set_limit(Some(0));
    take(&agent, &binary_packet()[..100]).await;
    assert_eq!(setup.count(DROPPED, "memory_limit"), 1.0);
    assert!(setup.pipeline.asked_at().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_worker_tries_again_while_that_may_help() {
    let later = ConsumeError::retryable_after("later", Duration::from_secs(2));
    let setup = Setup::new([Err(later), Err(ConsumeError::retryable("full")), Ok(())]);
    let agent = agent(&setup, Protocol::Compact, UdpConfig::default()).await;
    take(&agent, &bytes(COMPACT_PACKET)).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(setup.pipeline.asked_at(), [0, 2, 2]);
    assert_eq!(setup.pipeline.taken_items(), [1]);
    assert_eq!(setup.count(DROPPED, "refused"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_worker_gives_up_at_once_when_that_cannot_help_and_in_time_when_it_might() {
    let no = || Err(ConsumeError::permanent("no"));
    let full = (0..100).map(|_| Err(ConsumeError::retryable("full")));
    let setup = Setup::new([no()].into_iter().chain(full));
    let agent = agent(&setup, Protocol::Compact, UdpConfig::default()).await;
    take(&agent, &bytes(COMPACT_PACKET)).await;
    assert_eq!(setup.count(DROPPED, "refused"), 1.0);
    take(&agent, &bytes(COMPACT_PACKET)).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(setup.count(DROPPED, "refused"), 2.0);
    assert!(setup.pipeline.taken().is_empty());
}

fn local() -> UdpConfig {
    UdpConfig { endpoint: "127.0.0.1:0".to_owned(), ..UdpConfig::default() }
}

async fn agent(setup: &Setup, protocol: Protocol, udp: UdpConfig) -> Arc<Agent> {
    let udp = UdpConfig { endpoint: local().endpoint, ..udp };
    let listener = Listener::bind(&udp, protocol).await.unwrap();
    Arc::new(Agent::new(listener, &setup.cx, setup.intake.clone()))
}

/// Hands over a packet and lets the workers run.
async fn take(agent: &Arc<Agent>, packet: &[u8]) {
    agent.take(packet, sender());
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

fn sender() -> std::net::SocketAddr {
    "127.0.0.1:4711".parse().unwrap()
}
