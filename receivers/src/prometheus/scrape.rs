//! One target's loop: ask, read, translate, hand on.
//!
//! Rules:
//! 1. One scrape at a time. A tick that falls into one is left out.
//! 2. Whatever goes wrong is the outcome of that scrape: the target is down, and its series end.
//! 3. What a pipeline does not take within one interval is given up, and booked as refused: the next scrape has newer
//!    values, so waiting with old ones helps nobody.
//! 4. A target that goes is given two more intervals before its series end; if it comes back within them, nothing has
//!    happened.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use component::{Batch, Consumer, Context, Origin, ScrapeStatus};
use formats::prometheus::Labels;
use formats::prometheus::translate::{Failure, Format, Outcome, Scrape, Settings, Translator};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use otlp::{Payload, Signal};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use transport::http::Fault;

use super::client::HttpClient;
use super::config::Job;
use super::health::{Health, Reason};
use super::page::{Desk, MAX_BYTES, PageText, Unread};
use super::schedule::{self, Grid};
use super::status::Status;
use super::target::Target;

/// The transport's name in metrics, as in the Go Collector.
const TRANSPORT: &str = "http";

const TIMEOUT_HEADER: &str = "x-prometheus-scrape-timeout-seconds";

/// What all loops of a job share.
pub(super) struct Shared {
    pub(super) cx: Context,
    pub(super) job: Job,
    pub(super) client: HttpClient,
    pub(super) desk: Arc<Desk>,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) health: Health,
    /// Moves all targets of this collector against those of another one with the same file.
    pub(super) seed: String,
    pub(super) initial_offset: Duration,
    pub(super) scrapes_on_shutdown: bool,
    pub(super) trims_suffixes: bool,
    pub(super) external_labels: Labels,
    /// Why nothing is scraped at all, if so.
    pub(super) halted: watch::Sender<Option<String>>,
}

/// The loop of one target.
pub(super) struct Loop {
    shared: Arc<Shared>,
    target: Arc<Target>,
    status: Arc<Status>,
    translator: Translator,
    /// Whether the target is still there.
    wanted: watch::Receiver<bool>,
    is_down: bool,
    /// Whether lines of its last page could not be read.
    is_odd: bool,
}

/// A page that came.
struct Page {
    text: PageText,
    format: Format,
}

/// Why none came.
struct NoPage {
    reason: Reason,
    words: String,
}

impl Loop {
    pub(super) fn new(
        shared: Arc<Shared>,
        target: Arc<Target>,
        settings: Arc<Settings>,
        status: Arc<Status>,
        wanted: watch::Receiver<bool>,
    ) -> Loop {
        let translated = formats::prometheus::translate::Target {
            labels: target.id.public(),
            discovered: target.discovered.clone(),
        };
        let translator = Translator::new(settings, translated);
        Loop { shared, target, status, translator, wanted, is_down: false, is_odd: false }
    }

    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let interval = self.target.interval;
        let now = SystemTime::now() + self.shared.initial_offset;
        let spread = self.target.id.spread(&self.shared.seed);
        let first = self.shared.initial_offset + schedule::first(now, interval, spread);
        let mut ticks = tokio::time::interval_at(Instant::now() + first, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut grid = Grid::new(SystemTime::now() + first, interval);
        let scope = self.shared.cx.scope.clone();
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let at = grid.align(SystemTime::now());
                    // Boxed, so that a loop that waits is small.
                    Box::pin(self.scrape(at)).await;
                }
                gone = is_gone(&mut self.wanted) => {
                    if gone && self.leave(&mut ticks, &mut grid).await {
                        return Ok(());
                    }
                }
                () = scope.stopped() => {
                    if self.shared.scrapes_on_shutdown {
                        Box::pin(self.scrape_once_more(SystemTime::now())).await;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// One scrape, unless the collector stops meanwhile.
    async fn scrape(&mut self, at: SystemTime) {
        let began = Instant::now();
        let scope = self.shared.cx.scope.clone();
        let fetched = tokio::select! {
            fetched = self.fetch_in_time() => fetched,
            () = scope.stopped() => return,
        };
        self.conclude(fetched, at, began).await;
    }

    /// The last scrape, while the collector stops.
    async fn scrape_once_more(&mut self, at: SystemTime) {
        let began = Instant::now();
        let fetched = self.fetch_in_time().await;
        self.conclude(fetched, at, began).await;
    }

    /// The target has gone: ends its series, unless it comes back meanwhile. False when it did, or the collector stops.
    async fn leave(&mut self, ticks: &mut Interval, grid: &mut Grid) -> bool {
        let scope = self.shared.cx.scope.clone();
        let mut wanted = self.wanted.clone();
        tokio::select! {
            () = is_wanted(&mut wanted) => return false,
            // The loop sees it, too.
            () = scope.stopped() => return false,
            at = two_ticks(ticks, grid, self.target.interval) => {
                let outcome = self.translator.gone(schedule::millis(at));
                // What is not taken is booked and logged where it is refused; there is nobody to tell.
                let _ = self.deliver_in_time(outcome).await;
            }
        }
        self.mark_down(false);
        self.mark_odd(false);
        // It may have come back while that was handed on.
        self.wanted.has_changed().is_err() || !*self.wanted.borrow()
    }

    async fn fetch_in_time(&self) -> Result<Page, NoPage> {
        let halted = self.shared.halted.borrow().clone();
        if let Some(words) = halted {
            return Err(NoPage { reason: Reason::TargetLimit, words });
        }
        let limit = self.target.timeout;
        let late = |_| NoPage { reason: Reason::Timeout, words: format!("no whole page within {limit:?}") };
        tokio::time::timeout(limit, self.fetch()).await.map_err(late)?
    }

    async fn fetch(&self) -> Result<Page, NoPage> {
        let mut answer = self.shared.client.get(&self.target.url, self.headers()).await.map_err(no_answer)?;
        if answer.status != StatusCode::OK {
            let words = format!("the server answered {}", answer.status);
            return Err(NoPage { reason: Reason::Status, words });
        }
        let is_packed = is_packed(&answer.headers)?;
        let format = self.format(&answer.headers);
        let mut page = self.shared.desk.begin(is_packed, self.max_bytes());
        while let Some(part) = answer.chunk().await.map_err(no_answer)? {
            page.push(&part).await.map_err(unread)?;
        }
        Ok(Page { text: page.finish().map_err(unread)?, format })
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(accept) = HeaderValue::from_str(&self.shared.job.accept) {
            headers.insert(ACCEPT, accept);
        }
        let packs = self.shared.job.config.own.enable_compression;
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(if packs { "gzip" } else { "identity" }));
        let seconds = self.target.timeout.as_secs_f64().to_string();
        if let Ok(seconds) = HeaderValue::from_str(&seconds) {
            headers.insert(TIMEOUT_HEADER, seconds);
        }
        headers
    }

    /// What the answer says it is; what it does not say is what the job falls back to.
    fn format(&self, headers: &HeaderMap) -> Format {
        let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        told.and_then(Format::from_content_type).unwrap_or_else(|| self.shared.job.fallback.format())
    }

    /// Reaching the job's limit is passing it, as in Prometheus.
    fn max_bytes(&self) -> usize {
        match self.shared.job.limits.body_bytes {
            0 => MAX_BYTES,
            limit => usize::try_from(limit - 1).unwrap_or(usize::MAX),
        }
    }

    /// Makes data of what came, keeps how it went, and hands the data on.
    async fn conclude(&mut self, fetched: Result<Page, NoPage>, at: SystemTime, began: Instant) {
        let took = || began.elapsed();
        let (outcome, reason, bytes) = match fetched {
            Ok(Page { text, format }) => {
                let bytes = text.bytes().len();
                let scrape = Scrape { at: schedule::millis(at), body_bytes: bytes };
                (self.translator.page(text.bytes(), format, scrape, took), Reason::Page, bytes)
            }
            Err(NoPage { reason, words }) => {
                let failure =
                    if reason == Reason::BodySizeLimit { Failure::BodyTooLarge } else { Failure::Other };
                let scrape = Scrape { at: schedule::millis(at), body_bytes: 0 };
                (self.translator.failed(failure, words, scrape, took), reason, 0)
            }
        };
        self.mark_down(outcome.error.is_some());
        if let Some(words) = &outcome.error {
            self.shared.health.failed(&self.target.id.url, reason, words);
        }
        self.shared.health.count(&self.target.id.url, &outcome);
        // A page that did not come says nothing of its lines.
        if outcome.error.is_none() || outcome.bad_lines > 0 {
            self.mark_odd(outcome.bad_lines > 0);
        }
        let mut status = scrape_status(&outcome, at, took(), bytes);
        // Seen before it is handed on: a pipeline that holds back must not hide it.
        self.status.set(status.clone());
        if let Err(words) = self.deliver_in_time(outcome).await {
            status.refused = Some(words);
            self.status.set(status);
        }
    }

    /// Hands it on, for as long as one interval: a scrape that took all of its own must be told as well.
    async fn deliver_in_time(&self, outcome: Outcome) -> Result<(), String> {
        let points = outcome.points;
        let delivery = tokio::time::timeout(self.target.interval, self.deliver(outcome)).await;
        delivery.unwrap_or_else(|_| {
            let words = "the pipeline did not take it within one interval".to_owned();
            self.shared.health.refused(points, &words);
            Err(words)
        })
    }

    async fn deliver(&self, outcome: Outcome) -> Result<(), String> {
        let Shared { cx, next, health, .. } = &*self.shared;
        let points = outcome.points;
        if points == 0 {
            return Ok(());
        }
        let taken = match cx.memory.charge(outcome.metrics.len()) {
            None => {
                cx.refused(Signal::Metrics, TRANSPORT, points);
                Err("data refused due to high memory usage".to_owned())
            }
            Some(charge) => match Payload::parse(Signal::Metrics, charge.attach(outcome.metrics)) {
                Err(error) => {
                    cx.refused(Signal::Metrics, TRANSPORT, points);
                    Err(format!("cannot be written as OTLP: {error}"))
                }
                Ok(payload) => {
                    let origin = Origin { transport: TRANSPORT, ..Origin::default() };
                    next.consume(Batch { payload, origin }).await.map_err(|error| error.to_string())
                }
            },
        };
        match &taken {
            Ok(()) => health.taken(),
            Err(words) => health.refused(points, words),
        }
        taken
    }

    fn mark_down(&mut self, is_down: bool) {
        match (self.is_down, is_down) {
            (false, true) => self.shared.health.went_down(),
            (true, false) => self.shared.health.came_back(),
            (true, true) | (false, false) => {}
        }
        self.is_down = is_down;
    }

    fn mark_odd(&mut self, is_odd: bool) {
        match (self.is_odd, is_odd) {
            (false, true) => self.shared.health.became_odd(),
            (true, false) => self.shared.health.became_clean(),
            (true, true) | (false, false) => {}
        }
        self.is_odd = is_odd;
    }
}

/// Resolves when there is news: whether the target has gone.
async fn is_gone(wanted: &mut watch::Receiver<bool>) -> bool {
    match wanted.changed().await {
        Ok(()) => !*wanted.borrow_and_update(),
        // Who wanted it has gone, too.
        Err(_) => true,
    }
}

/// Resolves when the target is there again; never when that cannot happen any more.
async fn is_wanted(wanted: &mut watch::Receiver<bool>) {
    if wanted.wait_for(|wanted| *wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until two scrapes are overdue; the time of the first of them.
async fn two_ticks(ticks: &mut Interval, grid: &mut Grid, interval: Duration) -> SystemTime {
    ticks.tick().await;
    let first = grid.align(SystemTime::now());
    ticks.tick().await;
    tokio::time::sleep(interval / 10).await;
    first
}

fn is_packed(headers: &HeaderMap) -> Result<bool, NoPage> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(other) => {
            let words = format!("unknown Content-Encoding `{}`", String::from_utf8_lossy(other));
            Err(NoPage { reason: Reason::ContentType, words })
        }
    }
}

fn no_answer(fault: Fault) -> NoPage {
    let reason = match &fault {
        Fault::Timeout(_) => Reason::Timeout,
        Fault::Unsendable(_) | Fault::Unreachable(_) => Reason::Unreachable,
    };
    NoPage { reason, words: fault.to_string() }
}

fn unread(unread: Unread) -> NoPage {
    match unread {
        Unread::TooLarge(limit) => NoPage {
            reason: Reason::BodySizeLimit,
            words: format!("the page has more than {limit} bytes unpacked"),
        },
        Unread::NoMemory => {
            NoPage { reason: Reason::Memory, words: "there is no memory for the page now".to_owned() }
        }
        Unread::Corrupt(words) => NoPage { reason: Reason::ContentType, words },
    }
}

fn scrape_status(outcome: &Outcome, at: SystemTime, took: Duration, bytes: usize) -> ScrapeStatus {
    let describe =
        |line: &formats::prometheus::translate::BadLine| format!("line {}: {}", line.line, line.reason);
    ScrapeStatus {
        at,
        took,
        bytes,
        samples: outcome.scraped,
        after_relabel: outcome.after_relabel,
        bad_lines: outcome.bad_lines,
        described: outcome.described.iter().map(describe).collect(),
        error: outcome.error.clone(),
        refused: None,
    }
}
