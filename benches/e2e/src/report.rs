//! Runs the cases and says what they came to.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::case::{CASES, Case, Loaded, Work};
use crate::cli::Options;
use crate::expose::{Exposed, expose};
use crate::measure::{Figures, measure};
use crate::memory::{Stall, idle, stalled};
use crate::request::Shape;
use crate::rig::Subject;
use crate::scrape::{Scraped, scrape};
use crate::setup::Setup;
use crate::startup::start_times;

const MIB: f64 = (1 << 20) as f64;

/// Runs what was asked for; says whether nothing was lost.
pub(crate) async fn bench(options: &Options) -> anyhow::Result<bool> {
    let setup = Setup::find(options)?;
    let cases = chosen(&options.cases)?;
    let mut bench = Bench { options, setup, yardsticks: Vec::new(), rows: Vec::new(), is_sound: true };
    if !bench.setup.is_pinned() {
        complain("there is one core only: the figures say little");
    }
    say(&heading())?;
    for case in cases {
        bench.run(&case).await.with_context(|| format!("case `{}`", case.name))?;
    }
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&bench.rows)?;
        std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(bench.is_sound)
}

/// What goes wrong is told apart from the figures.
pub(crate) fn complain(line: &str) {
    // A closed output is nobody's trouble.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<Case>> {
    if names.is_empty() {
        return Ok(CASES.to_vec());
    }
    let find = |name: &String| CASES.into_iter().find(|case| case.name == name);
    let known = || CASES.map(|case| case.name).join("`, `");
    names
        .iter()
        .map(|name| find(name).with_context(|| format!("no case `{name}`, there are `{}`", known())))
        .collect()
}

struct Bench<'a> {
    options: &'a Options,
    setup: Setup,
    /// What sink and relay cost at each shape, measured when first needed.
    yardsticks: Vec<(Subject, Shape, f64)>,
    rows: Vec<Value>,
    /// Nothing was lost so far.
    is_sound: bool,
}

impl Bench<'_> {
    async fn run(&mut self, case: &Case) -> anyhow::Result<()> {
        match case.work {
            Work::Load(load) => self.load(case.name, load).await,
            Work::Idle => {
                let bytes = idle(&self.setup).await?;
                self.rows.push(json!({ "case": case.name, "resident_mib": bytes as f64 / MIB }));
                say(&format!("{:<26} {:.1} MiB resident", case.name, bytes as f64 / MIB))
            }
            Work::Stalled => {
                let stall = stalled(&self.setup, self.window()).await?;
                self.stall(case.name, &stall)
            }
            Work::Scrape(targets) => self.scrape(case.name, targets).await,
            Work::Start => {
                let times = start_times(&self.setup, if self.options.smoke { 3 } else { 15 }).await?;
                self.start(case.name, &times)
            }
            Work::Expose => {
                let exposed =
                    expose(&self.setup, if self.options.smoke { 20_000 } else { 1_000_000 }).await?;
                self.exposed(case.name, &exposed)
            }
        }
    }

    async fn load(&mut self, name: &str, mut load: Loaded) -> anyhow::Result<()> {
        if let Some(cores) = self.options.cores {
            load.two_cores = cores == 2;
        }
        // Who sends in another language is measured against the same spans in OTLP.
        let otlp = Loaded { shape: Shape { protocol: load.shape.protocol.otlp(), ..load.shape }, ..load };
        let sink = self.yardstick(Subject::Sink, &otlp).await?;
        let relay = self.yardstick(Subject::Relay, &otlp).await?;
        let translates = otlp.shape != load.shape && !self.options.bare;
        let plain = if translates { Some(self.yardstick(Subject::Collector, &otlp).await?) } else { None };
        let figures = self.median(Subject::Collector, &load).await?;
        self.row(name, &figures, Some((relay, sink)).filter(|_| !self.options.bare), load.budget)?;
        let Some(plain) = plain else { return Ok(()) };
        let ratio = figures.cost() / plain;
        if let Some(row) = self.rows.last_mut() {
            row["to_otlp"] = json!(ratio);
        }
        say(&format!("{:<26} {ratio:.2} times what the same spans cost as OTLP", ""))
    }

    /// The cost of a yardstick at the load's shape; nobody needs it at a fixed rate or without ratios.
    async fn yardstick(&mut self, subject: Subject, load: &Loaded) -> anyhow::Result<f64> {
        if self.options.bare {
            return Ok(f64::NAN);
        }
        let known =
            self.yardsticks.iter().find(|(known, shape, _)| *known == subject && *shape == load.shape);
        if let Some((.., cost)) = known {
            return Ok(*cost);
        }
        let figures = self.median(subject, &Loaded { two_cores: false, ..*load }).await?;
        let name = format!("{} {}", subject_name(subject), shape_name(load.shape));
        self.row(&name, &figures, None, None)?;
        self.yardsticks.push((subject, load.shape, figures.cost()));
        Ok(figures.cost())
    }

    /// The run with the median cost. What any of them lost counts.
    async fn median(&mut self, subject: Subject, load: &Loaded) -> anyhow::Result<Figures> {
        let mut runs = Vec::new();
        for _ in 0..if self.options.smoke { 1 } else { self.options.runs } {
            let figures = measure(&self.setup, subject, load, self.window()).await?;
            self.is_sound &= figures.lost() == 0;
            if figures.lost() > 0 {
                complain(&format!("LOST {} spans of {}", figures.lost(), figures.sent.accepted));
            }
            runs.push(figures);
        }
        runs.sort_by(|one, other| one.cost().total_cmp(&other.cost()));
        runs.get(runs.len() / 2).copied().context("there was no run")
    }

    fn window(&self) -> Duration {
        Duration::from_secs(if self.options.smoke { 1 } else { self.options.seconds })
    }

    fn row(
        &mut self,
        name: &str,
        figures: &Figures,
        yardsticks: Option<(f64, f64)>,
        budget: Option<(f64, f64)>,
    ) -> anyhow::Result<()> {
        let cost = figures.cost();
        let (user, system) = (figures.per_million(figures.user), figures.per_million(figures.system));
        let peak = figures.peak_bytes as f64 / MIB;
        let ratios = yardsticks.map(|(relay, sink)| (cost / relay, cost / sink));
        self.rows.push(json!({
            "case": name, "spans_per_second": figures.spans_per_second(),
            "cpu_seconds_per_million": { "total": cost, "user": user, "system": system },
            "to_relay": ratios.map(|ratios| ratios.0), "to_sink": ratios.map(|ratios| ratios.1),
            "peak_mib": peak, "accepted": figures.sent.accepted, "refused": figures.sent.refused,
            "unknown": figures.sent.unknown, "arrived": figures.arrived, "lost": figures.lost(),
        }));
        let ratios = ratios.map(|(relay, sink)| format!("{relay:.2}  {sink:.2}")).unwrap_or_default();
        let budget = budget.map(|(must, goal)| format!("{must:.2}/{goal:.2}")).unwrap_or_default();
        let rate = figures.spans_per_second() / 1e6;
        say(&format!(
            "{name:<26} {rate:>8.3}  {cost:>6.3} {user:>6.3} {system:>6.3}  {ratios:<11} {budget:<10} {peak:>7.1}{}",
            remarks(figures)
        ))
    }

    fn stall(&mut self, name: &str, stall: &Stall) -> anyhow::Result<()> {
        self.is_sound &= if self.options.smoke { stall.works() } else { stall.is_sound() };
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let mib = |bytes: u64| bytes as f64 / MIB;
        self.rows.push(json!({
            "case": name, "healthy_mib": mib(stall.healthy_bytes), "stalled_mib": mib(stall.stalled_bytes),
            "recovering_mib": mib(stall.recovering_bytes), "limit_mib": mib(stall.limit_bytes),
            "first_accepted_seconds": seconds(stall.first_accepted), "recovered_seconds": seconds(stall.recovered),
            "accepted": stall.sent.accepted, "refused": stall.sent.refused, "arrived": stall.arrived,
            "lost": stall.lost(), "bad_end": stall.bad_end,
        }));
        if let Some(end) = &stall.bad_end {
            complain(end);
        }
        let after =
            |time: Option<Duration>| time.map_or("never".to_owned(), |time| format!("after {time:.2?}"));
        say(&format!(
            "{name:<26} {:.1} MiB before, {:.1} stalled, {:.1} recovering, of {:.0}; first span taken {}, half the rate \
             {}; {} accepted, {} refused, LOST {}{}",
            mib(stall.healthy_bytes),
            mib(stall.stalled_bytes),
            mib(stall.recovering_bytes),
            mib(stall.limit_bytes),
            after(stall.first_accepted),
            after(stall.recovered),
            stall.sent.accepted,
            stall.sent.refused,
            stall.lost(),
            if stall.is_sound() { "" } else { "  NOT SOUND" },
        ))
    }

    async fn scrape(&mut self, name: &str, targets: usize) -> anyhow::Result<()> {
        let seconds = Duration::from_secs;
        // Two rounds at least, so that each target counts the same.
        let scraped = match self.options.smoke {
            true => Scraped { targets: 5, samples: 100, interval: seconds(1), window: seconds(2) },
            false => Scraped {
                targets,
                samples: 1_000,
                interval: seconds(15),
                window: seconds(self.options.seconds.next_multiple_of(15).max(30)),
            },
        };
        let (collector, server) = scrape(&self.setup, &scraped).await?;
        for (who, figures) in [("collector", Some(collector)), ("prometheus", server)] {
            let Some(figures) = figures else { continue };
            let (cost, peak) = (figures.cost(scraped.samples), figures.peak_bytes as f64 / MIB);
            let pages = figures.pages as f64 / figures.elapsed.as_secs_f64();
            self.rows.push(json!({
                "case": name, "subject": who, "pages_per_second": pages, "cpu_seconds": figures.cpu.as_secs_f64(),
                "cpu_seconds_per_million_samples": cost, "peak_mib": peak,
            }));
            say(&format!(
                "{name:<26} {who}: {pages:.1} pages a second, {:.2} CPU s in {:.0} s ({cost:.3} per M samples), peak \
                 {peak:.1} MiB",
                figures.cpu.as_secs_f64(),
                figures.elapsed.as_secs_f64(),
            ))?;
        }
        if server.is_none() {
            complain("there is no Prometheus server here to compare with");
        }
        Ok(())
    }

    fn exposed(&mut self, name: &str, exposed: &Exposed) -> anyhow::Result<()> {
        let mib = |bytes: u64| bytes as f64 / MIB;
        let series = exposed.series as f64;
        let per_series =
            (exposed.loaded_bytes - exposed.empty_bytes.min(exposed.loaded_bytes)) as f64 / series;
        say(&format!(
            "{name:<26} {:.1} MiB before, {:.1} with {} series ({per_series:.0} bytes each); {:.2?} of CPU for a new one, \
             {:.2?} for a point of a known one",
            mib(exposed.empty_bytes),
            mib(exposed.loaded_bytes),
            exposed.series,
            exposed.per_new,
            exposed.per_known,
        ))?;
        let mut pages = Vec::new();
        for page in &exposed.pages {
            say(&format!(
                "{:<26} {}: {:.1} MiB in {:.2?}, {:.2?} of CPU, memory up to {:.1} MiB, {} points taken meanwhile",
                "",
                page.format,
                mib(page.page_bytes),
                page.took,
                page.cpu,
                mib(page.peak_bytes),
                page.points,
            ))?;
            pages.push(json!({
                "format": page.format, "page_mib": mib(page.page_bytes), "seconds": page.took.as_secs_f64(),
                "cpu_seconds": page.cpu.as_secs_f64(), "peak_mib": mib(page.peak_bytes), "points": page.points,
            }));
        }
        self.rows.push(json!({
            "case": name, "series": exposed.series, "empty_mib": mib(exposed.empty_bytes),
            "loaded_mib": mib(exposed.loaded_bytes), "cpu_seconds_per_million_new": exposed.per_new.as_secs_f64() * 1e6,
            "cpu_seconds_per_million_known": exposed.per_known.as_secs_f64() * 1e6, "pages": pages,
        }));
        Ok(())
    }

    fn start(&mut self, name: &str, times: &[Duration]) -> anyhow::Result<()> {
        let [first, .., last] = times else { bail!("there are too few starts") };
        let median = times[times.len() / 2];
        let millis = |time: &Duration| time.as_secs_f64() * 1e3;
        self.rows.push(json!({
            "case": name, "milliseconds": { "least": millis(first), "median": millis(&median), "most": millis(last) },
        }));
        say(&format!(
            "{name:<26} {:.1} ms to the first open port ({:.1} to {:.1})",
            millis(&median),
            millis(first),
            millis(last)
        ))
    }
}

fn heading() -> String {
    format!(
        "{:<26} {:>8}  {:>6} {:>6} {:>6}  {:<5} {:<5} {:<10} {:>7}\n{:<26} {:>8}  {:^20}  {:<11} {:<10} {:>7}",
        "case",
        "M spans",
        "total",
        "user",
        "system",
        "relay",
        "sink",
        "must/goal",
        "peak",
        "",
        "a second",
        "CPU s per M spans",
        "ratios",
        "",
        "MiB"
    )
}

fn subject_name(subject: Subject) -> &'static str {
    match subject {
        Subject::Sink => "  sink",
        Subject::Relay => "  relay",
        Subject::Collector => "  collector",
    }
}

fn shape_name(shape: Shape) -> String {
    format!("{}-{}{}", shape.protocol.name(), shape.spans, if shape.gzip { "-gzip1" } else { "" })
}

fn remarks(figures: &Figures) -> String {
    let mut remarks = String::new();
    let Figures { sent, arrived, .. } = figures;
    for (count, what) in [
        (sent.refused, "refused"),
        (sent.unknown, "without an answer"),
        (arrived.saturating_sub(sent.accepted + sent.unknown), "twice"),
    ] {
        if count > 0 {
            remarks += &format!("  {count} {what}");
        }
    }
    if figures.lost() > 0 {
        remarks += &format!("  LOST {}", figures.lost());
    }
    remarks
}
