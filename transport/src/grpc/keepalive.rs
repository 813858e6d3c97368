//! When a connection is asked whether it lives, retired, or cut.
//!
//! Pure: told the time and what has been seen, it says what to do.

use std::time::Duration;

use tokio::time::Instant;

use super::server_config::ServerParameters;

/// gRPC's defaults (keepalive guide).
const DEFAULT_TIME: Duration = Duration::from_secs(2 * 3600);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The most that is waited for: a timer cannot be set to "never".
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long connections live.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) idle: Duration,
    pub(super) age: Duration,
    pub(super) grace: Duration,
    pub(super) time: Duration,
    pub(super) timeout: Duration,
    /// Whether silence matters while there are no calls.
    pub(super) without_calls: bool,
}

impl Limits {
    pub(super) fn of(parameters: &ServerParameters) -> Limits {
        let or = |interval: config::Interval, default| if interval.is_zero() { default } else { interval.0 };
        Limits {
            idle: or(parameters.max_connection_idle, FOR_EVER),
            age: or(parameters.max_connection_age, FOR_EVER),
            grace: or(parameters.max_connection_age_grace, FOR_EVER),
            time: or(parameters.time, DEFAULT_TIME),
            timeout: or(parameters.timeout, DEFAULT_TIMEOUT),
            without_calls: true,
        }
    }

    /// Only silence matters: what a client cares for.
    pub(super) fn pings_only(time: Duration, timeout: Duration, without_calls: bool) -> Limits {
        Limits { idle: FOR_EVER, age: FOR_EVER, grace: FOR_EVER, time, timeout, without_calls }
    }

    /// The same with an age that differs by up to a tenth, so that clients do not come back all at once.
    pub(super) fn jittered(self) -> Limits {
        Limits { age: self.age.mul_f64(0.9 + 0.2 * fastrand::f64()), ..self }
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing until then.
    WaitUntil(Instant),
    /// Ask the other side whether it lives.
    Ping,
    /// Take no more calls, and close when the last has ended.
    Retire(&'static str),
    /// Close now.
    Cut(&'static str),
}

/// What has been seen of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// How often something has come in.
    pub(super) reads: u64,
    /// How many calls have begun.
    pub(super) calls: u64,
    /// Whether calls are under way.
    pub(super) busy: bool,
}

/// The clock of one connection.
#[derive(Debug)]
pub(super) struct Clock {
    limits: Limits,
    born: Instant,
    reads: u64,
    heard_at: Instant,
    pinged_at: Option<Instant>,
    calls: u64,
    idle_since: Instant,
    retired_at: Option<Instant>,
}

impl Clock {
    pub(super) fn new(limits: Limits, now: Instant) -> Clock {
        Clock {
            limits,
            born: now,
            reads: 0,
            heard_at: now,
            pinged_at: None,
            calls: 0,
            idle_since: now,
            retired_at: None,
        }
    }

    /// The other side has answered a ping.
    pub(super) fn pong(&mut self, now: Instant) {
        self.heard_at = now;
        self.pinged_at = None;
    }

    /// What to do at `now`.
    pub(super) fn act(&mut self, now: Instant, sight: Sight) -> Act {
        if sight.reads != self.reads {
            self.reads = sight.reads;
            self.heard_at = now;
            self.pinged_at = None;
        }
        if sight.busy || sight.calls != self.calls {
            self.calls = sight.calls;
            self.idle_since = now;
        }
        self.overdue(now, sight.busy).unwrap_or_else(|| Act::WaitUntil(self.next_look()))
    }

    fn overdue(&mut self, now: Instant, busy: bool) -> Option<Act> {
        if self.pinged_at.is_some_and(|at| now >= at + self.limits.timeout) {
            return Some(Act::Cut("keep-alive ping was not answered"));
        }
        if self.retired_at.is_some_and(|at| now >= at + self.limits.grace) {
            return Some(Act::Cut("max_connection_age_grace is over"));
        }
        if let Some(reason) = self.due_to_retire(now) {
            self.retired_at = Some(now);
            return Some(Act::Retire(reason));
        }
        let silent = now >= self.heard_at + self.limits.time;
        if silent && self.pinged_at.is_none() && (busy || self.limits.without_calls) {
            self.pinged_at = Some(now);
            return Some(Act::Ping);
        }
        if silent && self.pinged_at.is_none() {
            self.heard_at = now;
        }
        None
    }

    fn due_to_retire(&self, now: Instant) -> Option<&'static str> {
        if self.retired_at.is_some() {
            return None;
        }
        if now >= self.born + self.limits.age {
            return Some("max_connection_age");
        }
        (now >= self.idle_since + self.limits.idle).then_some("max_connection_idle")
    }

    fn next_look(&self) -> Instant {
        let silence = match self.pinged_at {
            Some(at) => at + self.limits.timeout,
            None => self.heard_at + self.limits.time,
        };
        let end = match self.retired_at {
            Some(at) => at + self.limits.grace,
            None => (self.born + self.limits.age).min(self.idle_since + self.limits.idle),
        };
        silence.min(end)
    }
}
