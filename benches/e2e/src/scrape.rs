//! Many targets scraped: what that costs the collector, and a Prometheus server beside it.
//!
//! The collector scrapes, translates and hands to an exporter that does nothing; the server scrapes and stores. Both
//! are measured one after the other, with targets of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};

use crate::child::{Running, Talking};
use crate::control::numbers;
use crate::process::{Cpu, Resident};
use crate::setup::{Place, Setup};

/// Where Debian has it.
const PROMETHEUS: &str = "/usr/bin/prometheus";

/// How long a program may take to find its targets.
const START: Duration = Duration::from_secs(30);

/// What is scraped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scraped {
    pub(crate) targets: usize,
    pub(crate) samples: usize,
    pub(crate) interval: Duration,
    /// How long it is measured, after every target was scraped for the first time.
    pub(crate) window: Duration,
}

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScrapeFigures {
    pub(crate) elapsed: Duration,
    pub(crate) pages: u64,
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

impl ScrapeFigures {
    /// CPU seconds per million samples.
    pub(crate) fn cost(&self, samples: usize) -> f64 {
        self.cpu.as_secs_f64() / (self.pages as f64 * samples as f64 / 1e6)
    }
}

/// The collector, and the server if there is one.
pub(crate) async fn scrape(
    setup: &Setup,
    scraped: &Scraped,
) -> anyhow::Result<(ScrapeFigures, Option<ScrapeFigures>)> {
    let folder = Folder::new()?;
    let collector = run(setup, scraped, |ports| collector(setup, &folder.0, scraped, ports)).await?;
    if !Path::new(PROMETHEUS).exists() {
        return Ok((collector, None));
    }
    let server = run(setup, scraped, |ports| server(setup, &folder.0, scraped, ports)).await?;
    Ok((collector, Some(server)))
}

async fn run(
    setup: &Setup,
    scraped: &Scraped,
    start: impl Fn(&[&str]) -> anyhow::Result<Running>,
) -> anyhow::Result<ScrapeFigures> {
    let mut command = setup.role(Place::Load, "targets");
    command.args(["--count", &scraped.targets.to_string(), "--samples", &scraped.samples.to_string()]);
    let (mut targets, line) = Talking::start("targets", command).await?;
    let ports: Vec<_> = line.split(' ').collect();
    let mut subject = start(&ports)?;
    warmed_up(&mut targets, &mut subject, scraped).await?;
    let (begin, cpu, [before]) =
        (Instant::now(), Cpu::of(subject.pid())?, numbers(&targets.ask("count").await?)?);
    sleep(scraped.window).await;
    let [after] = numbers(&targets.ask("count").await?)?;
    let (elapsed, cpu) = (begin.elapsed(), Cpu::of(subject.pid())?.since(cpu));
    let peak_bytes = Resident::of(subject.pid())?.peak;
    subject.stop().await?;
    targets.end().await?;
    if after == before {
        bail!("nothing was scraped in {elapsed:?}");
    }
    Ok(ScrapeFigures { elapsed, pages: after - before, cpu: cpu.user + cpu.system, peak_bytes })
}

/// Waits until as many pages were served as there are targets: a server takes some seconds before it begins.
async fn warmed_up(targets: &mut Talking, subject: &mut Running, scraped: &Scraped) -> anyhow::Result<()> {
    let deadline = Instant::now() + scraped.interval + START;
    loop {
        subject.check()?;
        let [served] = numbers(&targets.ask("count").await?)?;
        if served >= scraped.targets as u64 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("{served} pages of {} targets were scraped:\n{}", scraped.targets, subject.log());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn collector(setup: &Setup, folder: &Path, scraped: &Scraped, ports: &[&str]) -> anyhow::Result<Running> {
    let file = folder.join("collector.yaml");
    let config = format!(
        "receivers: {{ prometheus: {{ config: {} }} }}\nexporters: {{ nop: }}\nservice:\n  telemetry: {{ metrics: {{ \
         level: none }}, logs: {{ level: warn }} }}\n  pipelines: {{ metrics: {{ receivers: [prometheus], exporters: \
         [nop] }} }}\n",
        prometheus_yml(scraped, ports)
    );
    fs::write(&file, config)?;
    let mut command = setup.collector(Place::OneCore);
    command.arg("--config").arg(file);
    Running::start("collector", command)
}

fn server(setup: &Setup, folder: &Path, scraped: &Scraped, ports: &[&str]) -> anyhow::Result<Running> {
    let file = folder.join("prometheus.yml");
    fs::write(&file, prometheus_yml(scraped, ports))?;
    let mut command = setup.other(Place::OneCore, PROMETHEUS);
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.args(["--web.listen-address=127.0.0.1:0", "--log.level=warn"]);
    Running::start("server", command)
}

/// Read by both.
fn prometheus_yml(scraped: &Scraped, ports: &[&str]) -> String {
    let targets: Vec<_> = ports.iter().map(|port| format!("'127.0.0.1:{port}'")).collect();
    let seconds = scraped.interval.as_secs();
    format!(
        "{{ global: {{ scrape_interval: {seconds}s, scrape_timeout: {seconds}s }}, scrape_configs: [{{ job_name: shop, \
         static_configs: [{{ targets: [{}] }}] }}] }}",
        targets.join(", ")
    )
}

/// A folder of our own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Folder> {
        let path = std::env::temp_dir().join(format!("ferrotel-e2e-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is in the folder for what is temporary.
        let _ = fs::remove_dir_all(&self.0);
    }
}
