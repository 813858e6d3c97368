//! What is scraped, as a page and as JSON. A part at a time: there may be very many targets.

use std::fmt::Write as _;
use std::time::SystemTime;

use component::{Choice, JobStatus, ScrapeStatus, Scraper, TargetState, TargetStatus, Targets};
use jiff::Timestamp;
use serde::Serialize;

use super::serve::param;
use crate::html::{Cell, Page, encode};

/// How many targets a page shows, and an answer in JSON, if the question does not say.
const ON_PAGE: usize = 200;
const IN_JSON: usize = 1_000;

/// The most that one answer has, whatever the question says: some megabytes.
const MOST: usize = 5_000;

/// How much of one text a page shows.
const MAX_TEXT: usize = 2_000;

/// What somebody wants to see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    receiver: Option<String>,
    job: Option<String>,
    /// `up`, `down`, `unknown` or `dropped`.
    state: Option<String>,
    skip: usize,
    take: Option<usize>,
}

impl Question {
    /// `?receiver=…&job=…&state=…&skip=…&limit=…`.
    pub(super) fn read(query: &str) -> Question {
        let number = |name| param(query, name).and_then(|text| text.parse().ok());
        Question {
            receiver: param(query, "receiver"),
            job: param(query, "job"),
            state: param(query, "state"),
            skip: number("skip").unwrap_or(0),
            take: number("limit"),
        }
    }

    fn wants(&self, receiver: &str, job: &str) -> bool {
        self.receiver.as_ref().is_none_or(|wanted| wanted == receiver)
            && self.job.as_ref().is_none_or(|wanted| wanted == job)
    }

    fn wants_dropped(&self) -> bool {
        self.state.as_deref() == Some("dropped")
    }

    fn choice(&self, take: usize) -> Choice {
        let states = [TargetState::Up, TargetState::Down, TargetState::Unknown];
        let state = states.into_iter().find(|state| self.state.as_deref() == Some(state.as_str()));
        Choice { state, skip: self.skip, take: self.take.unwrap_or(take).min(MOST) }
    }

    /// The same question about another part.
    fn link(&self, receiver: &str, job: &str, state: Option<&str>, skip: usize) -> String {
        let state = state.map(|state| format!("&state={state}")).unwrap_or_default();
        let limit = self.take.map(|take| format!("&limit={take}")).unwrap_or_default();
        format!("/debug/targetsz?receiver={}&job={}{state}&skip={skip}{limit}", encode(receiver), encode(job))
    }
}

#[derive(Serialize)]
struct Answer {
    receivers: Vec<ReceiverAnswer>,
}

#[derive(Serialize)]
struct ReceiverAnswer {
    receiver: String,
    jobs: Vec<JobAnswer>,
}

#[derive(Serialize)]
struct JobAnswer {
    job: String,
    up: usize,
    down: usize,
    unknown: usize,
    dropped: usize,
    errors: Vec<String>,
    discoveries: Vec<DiscoveryAnswer>,
    targets: Vec<TargetAnswer>,
    dropped_targets: Vec<Labels>,
}

#[derive(Serialize)]
struct DiscoveryAnswer {
    kind: String,
    name: String,
    targets: usize,
    failures: u64,
    last_error: Option<String>,
}

#[derive(Serialize)]
struct TargetAnswer {
    url: String,
    state: &'static str,
    labels: Labels,
    discovered_labels: Labels,
    last_scrape: Option<ScrapeAnswer>,
}

#[derive(Serialize)]
struct ScrapeAnswer {
    at: String,
    duration_seconds: f64,
    bytes: usize,
    samples: usize,
    samples_after_relabelling: usize,
    bad_lines: usize,
    first_bad_lines: Vec<String>,
    error: Option<String>,
    refused: Option<String>,
}

/// Names and values; no name twice, for they come from a set of labels.
type Labels = serde_json::Map<String, serde_json::Value>;

pub(super) fn json(targets: &Targets, question: &Question) -> Vec<u8> {
    let mut choice = question.choice(IN_JSON);
    let mut receivers = Vec::new();
    for (receiver, scraper) in targets.scrapers() {
        let jobs = scraper.jobs().into_iter().filter(|job| question.wants(&receiver, &job.job));
        let jobs = jobs.map(|job| job_answer(&*scraper, job, question, &mut choice)).collect();
        receivers.push(ReceiverAnswer { receiver, jobs });
    }
    serde_json::to_vec(&Answer { receivers }).expect("an answer is text and numbers")
}

fn job_answer(scraper: &dyn Scraper, job: JobStatus, question: &Question, choice: &mut Choice) -> JobAnswer {
    let (mut targets, mut dropped_targets) = (Vec::new(), Vec::new());
    match question.wants_dropped() {
        false => scraper.targets(&job.job, choice, &mut |target| targets.push(target_answer(target))),
        true => scraper.dropped(&job.job, choice, &mut |labels| dropped_targets.push(map(labels))),
    }
    let [up, down, unknown] = job.states;
    let discoveries = job.discoveries.into_iter().map(|found| DiscoveryAnswer {
        kind: found.kind,
        name: found.name,
        targets: found.targets,
        failures: found.failures,
        last_error: found.last_error,
    });
    JobAnswer {
        job: job.job,
        up,
        down,
        unknown,
        dropped: job.dropped,
        errors: job.errors,
        discoveries: discoveries.collect(),
        targets,
        dropped_targets,
    }
}

fn target_answer(target: TargetStatus) -> TargetAnswer {
    TargetAnswer {
        url: target.url,
        state: target.state.as_str(),
        labels: map(target.labels),
        discovered_labels: map(target.discovered),
        last_scrape: target.last.map(|scrape| ScrapeAnswer {
            at: time(scrape.at),
            duration_seconds: scrape.took.as_secs_f64(),
            bytes: scrape.bytes,
            samples: scrape.samples,
            samples_after_relabelling: scrape.after_relabel,
            bad_lines: scrape.bad_lines,
            first_bad_lines: scrape.described,
            error: scrape.error,
            refused: scrape.refused,
        }),
    }
}

fn map(labels: Vec<(String, String)>) -> Labels {
    labels.into_iter().map(|(name, value)| (name, value.into())).collect()
}

pub(super) fn html(targets: &Targets, question: &Question) -> String {
    let mut page = Page::new("Targets");
    let mut choice = question.choice(ON_PAGE);
    let scrapers = targets.scrapers();
    if scrapers.is_empty() {
        page.paragraph("Nothing is scraped: no receiver of this collector looks for targets.");
    }
    for (receiver, scraper) in scrapers {
        page.heading(&format!("Receiver {receiver}"));
        let jobs = scraper.jobs();
        let columns = ["Job", "Up", "Down", "Not scraped yet", "Dropped by relabelling", "Trouble"];
        page.table(&columns, jobs.iter().map(|job| job_row(&receiver, job, question)));
        discoveries(&mut page, &jobs);
        for job in jobs.iter().filter(|job| question.wants(&receiver, &job.job)) {
            job_section(&mut page, &receiver, &*scraper, job, question, &mut choice);
        }
    }
    page.links(&[("The same as JSON", "/debug/targetsz?format=json")]);
    page.finish()
}

fn job_row(receiver: &str, job: &JobStatus, question: &Question) -> Vec<Cell> {
    let link = |text: String, state| Cell::Links(vec![(text, question.link(receiver, &job.job, state, 0))]);
    let [up, down, unknown] = job.states;
    vec![
        link(job.job.clone(), None),
        link(up.to_string(), Some("up")),
        link(down.to_string(), Some("down")),
        link(unknown.to_string(), Some("unknown")),
        link(job.dropped.to_string(), Some("dropped")),
        Cell::Text(cut(&job.errors.join("; "))),
    ]
}

fn discoveries(page: &mut Page, jobs: &[JobStatus]) {
    let found = jobs.iter().flat_map(|job| job.discoveries.iter().map(move |found| (job, found)));
    let row = |(job, found): (&JobStatus, &component::DiscoveryStatus)| {
        vec![
            Cell::Text(job.job.clone()),
            Cell::Text(found.kind.clone()),
            Cell::Text(cut(&found.name)),
            number(found.targets),
            Cell::Number(found.failures.cast_signed()),
            Cell::Text(cut(found.last_error.as_deref().unwrap_or(""))),
        ]
    };
    page.table(&["Job", "Discovery", "Which", "Targets found", "Failures", "Why it fails"], found.map(row));
}

fn job_section(
    page: &mut Page,
    receiver: &str,
    scraper: &dyn Scraper,
    job: &JobStatus,
    question: &Question,
    choice: &mut Choice,
) {
    let mut rows = Vec::new();
    let columns: &[&str] = if question.wants_dropped() {
        scraper.dropped(&job.job, choice, &mut |labels| rows.push(vec![Cell::Text(print(&labels))]));
        &["Labels before relabelling"]
    } else {
        scraper.targets(&job.job, choice, &mut |target| rows.push(target_row(&target)));
        &[
            "URL",
            "State",
            "Labels",
            "Last scrape",
            "Took",
            "Samples",
            "After relabelling",
            "Trouble",
            "Labels before relabelling",
        ]
    };
    let shown = rows.len();
    if shown > 0 {
        page.heading(&format!("Job {}", job.job));
        page.table(columns, rows);
    }
    if choice.take == 0 && shown > 0 {
        let next = question.link(receiver, &job.job, question.state.as_deref(), question.skip + shown);
        page.links(&[("More of this job", &next)]);
    }
}

fn target_row(target: &TargetStatus) -> Vec<Cell> {
    let last = target.last.as_ref();
    let text = |of: &dyn Fn(&ScrapeStatus) -> String| Cell::Text(last.map(of).unwrap_or_default());
    vec![
        Cell::Text(cut(&target.url)),
        target.state.as_str().into(),
        Cell::Text(print(&target.labels)),
        text(&|scrape| time(scrape.at)),
        text(&|scrape| format!("{:?}", scrape.took)),
        number(last.map_or(0, |scrape| scrape.samples)),
        number(last.map_or(0, |scrape| scrape.after_relabel)),
        text(&trouble),
        Cell::Text(print(&target.discovered)),
    ]
}

/// All that is wrong with a scrape.
fn trouble(scrape: &ScrapeStatus) -> String {
    let mut words: Vec<String> = scrape.error.iter().cloned().collect();
    if scrape.bad_lines > 0 {
        words.push(format!("{} bad lines: {}", scrape.bad_lines, scrape.described.join("; ")));
    }
    words.extend(scrape.refused.iter().map(|why| format!("not taken: {why}")));
    cut(&words.join("; "))
}

fn print(labels: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{name}={value:?}");
    }
    cut(&text)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn number(count: usize) -> Cell {
    Cell::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn time(at: SystemTime) -> String {
    Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default()
}
