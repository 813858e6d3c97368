//! Puts the receiver together: what all jobs share, then each job's discovery and pool.

use std::sync::Arc;

use component::{Consumer, Context, Scraper};
use formats::prometheus::Labels;
use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::info;

use super::config::Config;
use super::discovery::kubernetes::Clusters;
use super::health::Health;
use super::page::Desk;
use super::pool::Pool;
use super::scrape::Shared;
use super::status::{Board, JobBoard, JobTargets};

pub(super) fn start(config: &Config, cx: &Context, next: Arc<dyn Consumer>) -> anyhow::Result<()> {
    let (jobs, _) = config.jobs();
    let external_labels: Labels = config
        .config
        .global
        .external_labels
        .iter()
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect();
    let (desk, seed) = (Desk::new(cx.memory.clone()), seed(cx));
    let clusters = Clusters::default();
    let mut boards = Vec::with_capacity(jobs.len());
    for job in jobs {
        let name = job.config.own.job_name.to_string();
        let shared = Shared {
            client: job.config.http.client(cx)?,
            health: Health::new(cx, &name),
            desk: desk.clone(),
            next: next.clone(),
            seed: seed.clone(),
            initial_offset: config.initial_scrape_offset.0,
            scrapes_on_shutdown: config.scrape_on_shutdown,
            trims_suffixes: config.trim_metric_suffixes,
            external_labels: external_labels.clone(),
            halted: watch::Sender::new(None),
            cx: cx.clone(),
            job,
        };
        boards.push(board(shared, &clusters, &name));
    }
    info!(component = %cx.id, jobs = boards.len(), "Starting to scrape");
    let board = Arc::new(Board(boards));
    let scraper: Arc<dyn Scraper> = board.clone();
    cx.targets.add(cx.id.to_string(), &scraper);
    for job in &board.0 {
        // The pools hold the board; when they have ended there is nothing to show.
        let (job, board) = (job.clone(), board.clone());
        cx.scope.supervise("targets", move || {
            let (pool, board) = (Pool::new(job.clone()), board.clone());
            async move {
                let end = pool.run().await;
                drop(board);
                end
            }
        });
    }
    Ok(())
}

fn board(shared: Shared, clusters: &Clusters, name: &str) -> Arc<JobBoard> {
    let found = shared.job.config.discovery.start_in(clusters, &shared.cx, name);
    Arc::new(JobBoard { shared: Arc::new(shared), found, targets: Mutex::new(JobTargets::default()) })
}

/// Two collectors with one file on two machines do not scrape at the same moments.
fn seed(cx: &Context) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} {}", host.trim(), cx.id)
}
