//! The way from the pipeline to the thread that writes.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, Scope};
use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

use super::config::Config;
use super::writer::{self, Files, Job};

/// How many requests wait for the disk; more wait for their turn.
const WAITING: usize = 64;

/// Opens the file and starts the thread that writes into it.
pub(super) async fn start(config: Config, cx: &Context) -> anyhow::Result<Arc<dyn Consumer>> {
    let opening = cx.clone();
    let files = tokio::task::spawn_blocking(move || Files::open(config, opening)).await??;
    let files = Arc::new(Mutex::new(files));
    // One place more, so that the last job always finds one.
    let (jobs, taken) = crossbeam_channel::bounded(WAITING + 1);
    let (last_words, scope) = (jobs.clone(), cx.scope.clone());
    cx.scope
        .supervise("write", move || write(files.clone(), taken.clone(), last_words.clone(), scope.clone()));
    Ok(Arc::new(Sink { jobs, room: Arc::new(Semaphore::new(WAITING)) }))
}

/// Runs the thread until the component stops and everything is written. After a panic it is started anew, with the
/// same files.
async fn write(
    files: Arc<Mutex<Files>>,
    taken: Receiver<Job>,
    jobs: Sender<Job>,
    scope: Scope,
) -> anyhow::Result<()> {
    let thread = tokio::task::spawn_blocking(move || writer::run(&mut files.lock(), &taken));
    tokio::pin!(thread);
    tokio::select! {
        ended = &mut thread => return ended.context("the thread that writes has died"),
        () = scope.stopped() => drop(jobs.try_send(Job::Close)),
    }
    thread.await.context("the thread that writes has died")
}

struct Sink {
    jobs: Sender<Job>,
    room: Arc<Semaphore>,
}

#[async_trait]
impl Consumer for Sink {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let room = self.room.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (answer, answered) = oneshot::channel();
        let job = Job::Write { payload: batch.payload, answer, _room: room };
        self.jobs.try_send(job).map_err(|_| ConsumeError::retryable("the file is closed"))?;
        answered
            .await
            .unwrap_or_else(|_| Err(ConsumeError::retryable("the file was closed before it was written")))
    }
}
