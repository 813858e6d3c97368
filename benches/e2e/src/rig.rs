//! A sink, what is measured, and a generator, put together.

use std::time::Duration;

use anyhow::bail;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::case::Loaded;
use crate::child::{Running, Talking};
use crate::configuration::configuration;
use crate::control::numbers;
use crate::endpoints::Endpoints;
use crate::process::{Cpu, Resident};
use crate::setup::{Place, Setup};

/// How long the collector may take to open its ports before the bench gives up.
const START: Duration = Duration::from_secs(10);

/// How long data that was acknowledged may take to arrive.
const DRAIN: Duration = Duration::from_secs(20);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    Sink,
    Relay,
    Collector,
}

/// All that runs while something is measured. Whatever is left of it ends with it.
pub(crate) struct Rig {
    sink: Talking,
    middle: Middle,
    /// Where the generator is to send.
    entry: Endpoints,
}

enum Middle {
    Nothing,
    Relay(Talking),
    Collector(Running),
}

/// Spans that the generator knows about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Neither, or not yet.
    pub(crate) unknown: u64,
}

impl Rig {
    /// A sink, and the subject before it.
    pub(crate) async fn start(setup: &Setup, subject: Subject, load: &Loaded) -> anyhow::Result<Rig> {
        let subject_place = if load.two_cores { Place::TwoCores } else { Place::OneCore };
        let sink_place = if subject == Subject::Sink { subject_place } else { Place::Load };
        let (sink, line) = Talking::start("sink", setup.role(sink_place, "sink")).await?;
        let behind = Endpoints::parse(&line)?;
        let (middle, entry) = match subject {
            Subject::Sink => (Middle::Nothing, behind),
            Subject::Relay => {
                let command = relay(setup.role(subject_place, "relay"), load, behind);
                let (relay, line) = Talking::start("relay", command).await?;
                (Middle::Relay(relay), Endpoints::parse(&line)?)
            }
            Subject::Collector => {
                let (collector, entry, _) = start_collector(setup, load, behind).await?;
                (Middle::Collector(collector), entry)
            }
        };
        Ok(Rig { sink, middle, entry })
    }

    /// The process of the subject.
    pub(crate) fn pid(&self) -> u32 {
        match &self.middle {
            Middle::Nothing => self.sink.pid(),
            Middle::Relay(relay) => relay.pid(),
            Middle::Collector(collector) => collector.pid(),
        }
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Cpu> {
        Cpu::of(self.pid())
    }

    pub(crate) fn resident(&self) -> anyhow::Result<Resident> {
        Resident::of(self.pid())
    }

    /// A generator that sends to the subject from now on.
    pub(crate) async fn generator(&self, setup: &Setup, load: &Loaded) -> anyhow::Result<Generator> {
        let shape = load.shape;
        let mut command = setup.generator();
        command.args(["--endpoint", &self.entry.of(shape.protocol).to_string()]);
        command.args(["--protocol", shape.protocol.name()]);
        command.args(["--spans", &shape.spans.to_string()]);
        command.args(["--connections", &load.connections.to_string()]);
        command.args(["--in-flight", &load.in_flight.to_string()]);
        command.args(["--rate", &load.rate.to_string()]);
        if shape.gzip {
            command.arg("--gzip");
        }
        Ok(Generator(Talking::start("generator", command).await?.0))
    }

    /// Spans that have arrived.
    pub(crate) async fn arrived(&mut self) -> anyhow::Result<u64> {
        self.tell_sink("count").await
    }

    /// Asks the sink for a mode; says the spans that have arrived.
    pub(crate) async fn tell_sink(&mut self, word: &str) -> anyhow::Result<u64> {
        let [spans, _, malformed] = numbers(&self.sink.ask(word).await?)?;
        if malformed > 0 {
            bail!("{malformed} requests arrived malformed");
        }
        Ok(spans)
    }

    /// Waits until everything acknowledged has arrived; says what has.
    pub(crate) async fn drained(&mut self, accepted: u64) -> anyhow::Result<u64> {
        let deadline = Instant::now() + DRAIN;
        loop {
            let arrived = self.arrived().await?;
            if arrived >= accepted || Instant::now() >= deadline {
                return Ok(arrived);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends everything, the subject as an operator would.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self.middle {
            Middle::Nothing => (),
            Middle::Relay(relay) => relay.end().await?,
            Middle::Collector(collector) => collector.stop().await?,
        }
        self.sink.end().await
    }
}

/// A generator that sends.
pub(crate) struct Generator(Talking);

impl Generator {
    pub(crate) async fn count(&mut self) -> anyhow::Result<Sent> {
        self.ask("count").await
    }

    /// Sends no more, waits for answers, and ends.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Sent> {
        let sent = self.ask("stop").await?;
        self.0.end().await?;
        Ok(sent)
    }

    async fn ask(&mut self, line: &str) -> anyhow::Result<Sent> {
        let [accepted, refused, unknown] = numbers(&self.0.ask(line).await?)?;
        Ok(Sent { accepted, refused, unknown })
    }
}

fn relay(mut command: Command, load: &Loaded, sink: Endpoints) -> Command {
    command.args(["--grpc", &sink.grpc.to_string(), "--http", &sink.http.to_string()]);
    if load.shape.gzip {
        command.arg("--gzip");
    }
    command
}

/// Starts the collector; also says how long it took to open the port of gRPC.
pub(crate) async fn start_collector(
    setup: &Setup,
    load: &Loaded,
    sink: Endpoints,
) -> anyhow::Result<(Running, Endpoints, Duration)> {
    let place = if load.two_cores { Place::TwoCores } else { Place::OneCore };
    let entry = Endpoints::free()?;
    let mut command = setup.collector(place);
    command.args(["--config", &format!("yaml:{}", configuration(load, entry, sink))]);
    let begin = Instant::now();
    let mut collector = Running::start("collector", command)?;
    loop {
        if TcpStream::connect(entry.grpc).await.is_ok() {
            return Ok((collector, entry, begin.elapsed()));
        }
        collector.check()?;
        if begin.elapsed() > START {
            bail!("the collector does not listen:\n{}", collector.log());
        }
        sleep(Duration::from_millis(1)).await;
    }
}
