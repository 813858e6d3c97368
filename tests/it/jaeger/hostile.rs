//! Packets and posts that mean harm, and floods.

use std::net::UdpSocket;

use tests::patience::until;
use tests::web::post;
use tests::{Answer, Backend, Collector};

use super::{Way, receiving};
use crate::FERROTEL;

const DROPPED: &str = "ferrotel_receiver_dropped_packets";

/// The largest datagram of IPv4.
const LARGEST: usize = 65_507;

#[tokio::test]
async fn packets_of_every_length_cost_themselves_and_no_more() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address())).await;
    for way in [Way::Compact, Way::Binary] {
        let sender = Sender::to(&collector, way).await;
        let good = packet(way, &vec![b'n'; LARGEST - 200]);
        let mut sent = 0;
        for length in (0..100).chain((100..good.len()).step_by(499)).chain([64_999, 65_000, 65_001, LARGEST])
        {
            let mut cut = good.clone();
            cut.resize(length, 0);
            sender.send(if length < good.len() { &good[..length] } else { &cut });
            sent += 1;
            // The kernel's buffer holds a few of the largest only.
            collector.until_dropped(way, sent).await;
        }
        let name = format!("after the noise of {way:?}");
        sender.send(&packet(way, name.as_bytes()));
        until("the good one arrives", async || {
            backend.spans().iter().any(|span| span.name == name).then_some(())
        })
        .await;
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn what_claims_gigabytes_gets_none() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address())).await;
    let before = collector.resident_memory();
    let (compact, binary) =
        (Sender::to(&collector, Way::Compact).await, Sender::to(&collector, Way::Binary).await);
    let mut sent = 0;
    for claim in [0x7fff_ffff_u32, 0x4000_0000, 0x0fff_ffff, 0xffff_ffff] {
        // A service name, then a list of spans, of that length.
        for body in [&b"\x0c\x00\x01\x0c\x00\x01\x0b\x00\x01"[..], b"\x0c\x00\x01\x0f\x00\x02\x0c"] {
            let mut packet = b"\x80\x01\x00\x04\x00\x00\x00\x09emitBatch\x00\x00\x00\x01".to_vec();
            packet.extend(body);
            packet.extend(claim.to_be_bytes());
            binary.send(&packet);
            let thrift = &packet[24..];
            let http = collector.listener_of("jaeger", Way::Http.words()).await;
            let reply = post(&http, "/api/traces", "application/x-thrift", thrift.to_vec()).await;
            assert_eq!(reply.status, 400, "{}", reply.text());
            sent += 1;
        }
    }
    compact.send(b"\x82\x81\x01\x09emitBatch\x1c\x1c\x18\xff\xff\xff\xff\x0f");
    compact.send(b"\x82\x81\x01\x09emitBatch\x1c\x29\xfc\xff\xff\xff\xff\x0f");
    compact.send(b"\x82\x81\x01\xff\xff\xff\xff\x0f");
    collector.until_dropped(Way::Binary, sent).await;
    collector.until_dropped(Way::Compact, 3).await;
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 32, "claims took {grown} MiB");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_flood_beyond_the_queue_is_dropped_and_counted_within_bounded_memory() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let exporter =
        "sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, timeout: 0s, tls: {";
    let config = receiving(&backend.address()).replace("tls: {", exporter);
    let config = config.replace("compact: {", "compact: { queue_size: 50, workers: 2,");
    let collector = FERROTEL.start(&config).await;
    let sender = Sender::to(&collector, Way::Compact).await;
    let before = collector.resident_memory();
    let flood = packet(Way::Compact, &vec![b'f'; 8_000]);
    let sent: u32 = 10_000;
    for _ in 0..sent {
        sender.send(&flood);
    }
    // What is not dropped waits, or is worked on.
    collector.until_dropped(Way::Compact, sent - 52).await;
    let grown = collector.peak_memory().saturating_sub(before) >> 20;
    assert!(grown < 48, "80 MB of packets took {grown} MiB");
    let metrics = collector.metrics().await;
    assert!(metrics.sum(DROPPED, &[("reason", "queue_full")]) > 0.0);
    let said = collector.log().text().matches("the queue of packets is full").count();
    assert!((1..20).contains(&said), "it was said {said} times");
}

/// Somebody who sends packets.
struct Sender(UdpSocket);

impl Sender {
    async fn to(collector: &Collector, way: Way) -> Sender {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
        socket.connect(collector.listener_of("jaeger", way.words()).await).expect("it is an address");
        Sender(socket)
    }

    fn send(&self, packet: &[u8]) {
        self.0.send(packet).expect("loopback takes packets");
    }
}

trait Counting {
    async fn until_dropped(&self, way: Way, count: u32);
}

impl Counting for Collector {
    /// Waits until so many packets are known to be dropped, for whatever reason.
    async fn until_dropped(&self, way: Way, count: u32) {
        until(&format!("{count} packets are dropped"), async || {
            let dropped = self.metrics().await.sum(DROPPED, &[("transport", way.transport())]);
            (dropped >= f64::from(count)).then_some(())
        })
        .await;
    }
}

/// A message to an agent with one span of that name.
pub(super) fn packet(way: Way, name: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    match way {
        Way::Compact => {
            packet.extend(
                b"\x82\x81\x01\x09emitBatch\x1c\x1c\x18\x01s\x00\x19\x1c\x16\x02\x16\x00\x16\x04\x16\x00\x18",
            );
            let mut length = name.len();
            while length >= 0x80 {
                packet.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
                length >>= 7;
            }
            packet.push(u8::try_from(length).expect("seven bits"));
            packet.extend(name);
            // Flags, start and duration, and the ends of span, batch and arguments.
            packet.extend(b"\x25\x02\x16\x02\x16\x02\x00\x00\x00");
        }
        Way::Binary => {
            packet.extend(b"\x80\x01\x00\x04\x00\x00\x00\x09emitBatch\x00\x00\x00\x01\x0c\x00\x01");
            packet.extend(b"\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x01s\x00\x0f\x00\x02\x0c\x00\x00\x00\x01");
            for field in 1..=4_u8 {
                packet.extend([0x0a, 0, field, 0, 0, 0, 0, 0, 0, 0, field]);
            }
            packet.extend(b"\x0b\x00\x05");
            packet.extend(u32::try_from(name.len()).expect("it is short").to_be_bytes());
            packet.extend(name);
            packet.extend(b"\x08\x00\x07\x00\x00\x00\x01");
            for field in [8_u8, 9] {
                packet.extend([0x0a, 0, field, 0, 0, 0, 0, 0, 0, 0, field]);
            }
            packet.extend(b"\x00\x00\x00");
        }
        Way::Grpc | Way::Http => panic!("packets are sent over UDP"),
    }
    packet
}
