//! Packets to an agent: one socket, a bounded queue, and so many workers.
//!
//! A packet that was read is a task that waits for its turn to be worked on. So the queue is the tasks that wait, in the
//! order in which they came; it is bounded by permits, and the bytes by the process's memory account.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use component::{Context, Memory, Origin, Scope};
use formats::jaeger::Protocol;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use transport::Datagrams;

use super::config::UdpConfig;
use super::delivery::deliver;
use super::intake::{Intake, Unfit};
use super::packets::{Dropped, Reason};

/// How long to go on reading after the order to stop: what the kernel holds by then was sent in good faith.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// A bound socket that nobody reads yet.
pub(super) struct Listener {
    socket: Datagrams,
    protocol: Protocol,
    config: UdpConfig,
}

impl Listener {
    pub(super) async fn bind(config: &UdpConfig, protocol: Protocol) -> anyhow::Result<Listener> {
        let socket = Datagrams::bind(&config.endpoint, config.socket_buffer_size).await?;
        Ok(Listener { socket, protocol, config: config.clone() })
    }

    pub(super) fn local_addr(&self) -> String {
        self.socket.local_addr()
    }

    /// As the labels of metrics name it.
    pub(super) fn transport(&self) -> &'static str {
        match self.protocol {
            Protocol::Compact => "udp_thrift_compact",
            Protocol::Binary => "udp_thrift_binary",
        }
    }
}

/// An agent at work.
pub(super) struct Agent {
    listener: Listener,
    intake: Arc<Intake>,
    /// A permit for each packet that may wait.
    queue: Arc<Semaphore>,
    /// A permit for each packet that may be worked on.
    workers: Arc<Semaphore>,
    dropped: Dropped,
    memory: Memory,
    scope: Scope,
}

impl Agent {
    /// Takes packets until the component is to stop; those that were taken are worked on in peace.
    pub(super) fn serve(listener: Listener, cx: &Context, intake: Arc<Intake>) {
        let agent = Arc::new(Agent::new(listener, cx, intake));
        cx.scope.supervise("udp server", move || agent.clone().read());
    }

    pub(super) fn new(listener: Listener, cx: &Context, intake: Arc<Intake>) -> Agent {
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Agent {
            queue: permits(listener.config.queue_size),
            workers: permits(listener.config.workers),
            dropped: Dropped::new(cx, listener.transport(), &listener.socket),
            memory: cx.memory.clone(),
            scope: cx.scope.clone(),
            listener,
            intake,
        }
    }

    async fn read(self: Arc<Agent>) -> anyhow::Result<()> {
        // One byte more than is wanted, to see what is longer.
        let mut buffer = vec![0; self.listener.config.max_packet_size + 1];
        let scope = self.scope.clone();
        loop {
            let (length, peer) = tokio::select! {
                received = self.listener.socket.receive(&mut buffer) => received.context("cannot read packets")?,
                () = scope.stopped() => break,
            };
            self.take(&buffer[..length], peer);
        }
        let until = Instant::now() + LAST_LOOK;
        while let Ok(received) =
            tokio::time::timeout_at(until, self.listener.socket.receive(&mut buffer)).await
        {
            let (length, peer) = received.context("cannot read packets")?;
            self.take(&buffer[..length], peer);
        }
        Ok(())
    }

    /// Puts a packet into the queue, if there is room.
    pub(super) fn take(self: &Arc<Agent>, packet: &[u8], peer: SocketAddr) {
        match self.admit(packet) {
            Ok((packet, waiting)) => {
                let agent = self.clone();
                self.scope.spawn_request(async move { agent.work(packet, peer, waiting).await });
            }
            Err((reason, why)) => self.dropped.report(reason, 0, &why),
        }
    }

    fn admit(&self, packet: &[u8]) -> Result<(Bytes, OwnedSemaphorePermit), (Reason, String)> {
        let limit = self.listener.config.max_packet_size;
        if packet.len() > limit {
            return Err((
                Reason::TooLong,
                format!("a packet of more than `max_packet_size` ({limit}) bytes"),
            ));
        }
        let Ok(waiting) = self.queue.clone().try_acquire_owned() else {
            let size = self.listener.config.queue_size;
            return Err((Reason::QueueFull, format!("`queue_size` ({size}) packets wait already")));
        };
        self.dropped.passed(Reason::QueueFull);
        let Some(charge) = self.memory.charge(packet.len()) else {
            return Err((Reason::MemoryLimit, Unfit::NoMemory.to_string()));
        };
        Ok((charge.attach(packet.to_vec()), waiting))
    }

    async fn work(&self, packet: Bytes, peer: SocketAddr, waiting: OwnedSemaphorePermit) {
        // Closed by nobody.
        let Ok(_working) = self.workers.acquire().await else { return };
        drop(waiting);
        let transport = self.listener.transport();
        let origin = Origin { transport, peer: Some(peer), ..Origin::default() };
        let batch = self.intake.packet(&packet, self.listener.protocol, origin);
        // What it was made of is not needed while the pipeline works.
        drop(packet);
        match batch {
            Ok(None) => (),
            Ok(Some(batch)) => {
                self.dropped.passed(Reason::MemoryLimit);
                let spans = batch.items();
                match deliver(&self.intake, batch, &self.scope).await {
                    Ok(()) => self.dropped.passed(Reason::Refused),
                    Err(error) => self.dropped.report(Reason::Refused, spans, &error),
                }
            }
            Err(unfit @ Unfit::Malformed(_)) => self.dropped.report(Reason::Malformed, 0, &unfit),
            Err(unfit @ Unfit::NoMemory) => self.dropped.report(Reason::MemoryLimit, 0, &unfit),
        }
    }
}
