//! For tests of components: scripted consumers, lone scopes, small payloads. No sockets, no sleeping.

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use otlp::{Payload, Signal};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::account::Account;
use crate::consumer::{Batch, Consumer};
use crate::context::{Accounts, Acknowledge, BuildInfo, Context, Kind};
use crate::error::ConsumeError;
use crate::health::Health;
use crate::memory::Memory;
use crate::operations::Operations;
use crate::overview::Overview;
use crate::scope::Scope;
use crate::targets::Targets;
use crate::telemetry::Metrics;

/// A consumer that gives prepared answers, then `Ok` for ever, and remembers what it was asked and when.
pub struct Script {
    answers: Mutex<VecDeque<Result<(), ConsumeError>>>,
    taken: Mutex<Vec<Batch>>,
    asked_at: Mutex<Vec<Instant>>,
    made_at: Instant,
}

impl Script {
    /// A consumer with these answers.
    pub fn new(answers: impl IntoIterator<Item = Result<(), ConsumeError>>) -> Arc<Script> {
        Arc::new(Script {
            answers: Mutex::new(answers.into_iter().collect()),
            taken: Mutex::default(),
            asked_at: Mutex::default(),
            made_at: Instant::now(),
        })
    }

    /// The batches it answered with `Ok`.
    #[must_use]
    pub fn taken(&self) -> Vec<Batch> {
        self.taken.lock().clone()
    }

    /// How many items each batch had that it answered with `Ok`.
    #[must_use]
    pub fn taken_items(&self) -> Vec<usize> {
        self.taken.lock().iter().map(Batch::items).collect()
    }

    /// The whole seconds since it was made at which it was asked.
    #[must_use]
    pub fn asked_at(&self) -> Vec<u64> {
        self.asked_at.lock().iter().map(|at| (*at - self.made_at).as_secs()).collect()
    }
}

#[async_trait]
impl Consumer for Script {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        self.asked_at.lock().push(Instant::now());
        let answer = self.answers.lock().pop_front().unwrap_or(Ok(()));
        if answer.is_ok() {
            self.taken.lock().push(batch);
        }
        answer
    }
}

/// A consumer that never answers.
pub struct Stalled;

#[async_trait]
impl Consumer for Stalled {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        std::future::pending().await
    }
}

/// A scope of nothing in particular.
#[must_use]
pub fn lone_scope() -> Scope {
    Scope::new("test", Health::default())
}

/// What a component of that kind and id (`batch/small`) is given, alone in the world.
///
/// # Panics
/// When `id` is not a component id.
#[must_use]
pub fn context(kind: Kind, id: &str) -> Context {
    let health = Health::default();
    Context {
        id: id.parse().expect("the test names a component"),
        kind,
        scope: Scope::new(format!("{kind} {id}"), health.clone()),
        metrics: Metrics::default(),
        memory: Memory::default(),
        operations: Operations::default(),
        health,
        acknowledge: Acknowledge::Held,
        build: Arc::new(BuildInfo { command: "ferrotel", description: "under test", version: "0.0.0" }),
        overview: Arc::new(ArcSwap::from_pointee(Overview::default())),
        targets: Targets::default(),
        extensions: Arc::default(),
        accounts: Accounts::single(&Account::default()),
    }
}

/// A request with `items` items of that signal: one resource with one attribute (`service.name` = `test`), one scope,
/// items named `0`, `1`, ...
///
/// # Panics
/// Never: what it builds is valid.
#[must_use]
pub fn payload(signal: Signal, items: usize) -> Payload {
    let attribute = field(1, b"\x0a\x0cservice.name\x12\x06\x0a\x04test");
    let mut scope = field(1, &field(1, b"scope"));
    for number in 0..items {
        scope.extend(field(2, &item(signal, &number.to_string())));
    }
    let mut resource = field(1, &attribute);
    resource.extend(field(2, &scope));
    Payload::parse(signal, Bytes::from(field(1, &resource))).expect("it is valid")
}

/// A batch of `items` spans of unknown origin.
#[must_use]
pub fn spans(items: usize) -> Batch {
    Batch::new(payload(Signal::Traces, items))
}

/// One span, one metric with one point, or one log record.
fn item(signal: Signal, name: &str) -> Vec<u8> {
    match signal {
        // Field 5 is the name.
        Signal::Traces => field(5, name.as_bytes()),
        // Field 1 is the name, field 5 the gauge, whose field 1 is a point with the value 1 in its field 6.
        Signal::Metrics => {
            let mut metric = field(1, name.as_bytes());
            metric.extend(field(5, &field(1, b"\x31\x01\0\0\0\0\0\0\0")));
            metric
        }
        // Field 5 is the body, whose field 1 is a string.
        Signal::Logs => field(5, &field(1, name.as_bytes())),
    }
}

/// A length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    bytes.push(length.to_le_bytes()[0]);
    bytes.extend_from_slice(content);
    bytes
}
