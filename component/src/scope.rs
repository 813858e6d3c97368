//! Who owns a task, and what ends it.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

use crate::health::Health;

/// The first pause before a dead task is started again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The tasks of one component. Cheap to clone; all clones are one scope.
#[derive(Clone, Debug)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// As health and logs name it: `receiver otlp`.
    name: String,
    health: Health,
    stopping: CancellationToken,
    /// Set when it begins to stop.
    deadline: OnceLock<Instant>,
    tasks: TaskTracker,
}

impl Scope {
    /// A scope whose dead tasks are told to `health`.
    #[must_use]
    pub fn new(name: impl Into<String>, health: Health) -> Scope {
        let stopping = CancellationToken::new();
        Scope(Arc::new(Inner {
            name: name.into(),
            health,
            stopping,
            deadline: OnceLock::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Runs `future` as a task of this component. A task that ends badly leaves the component degraded.
    pub fn spawn<F>(&self, task: &'static str, future: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let scope = self.clone();
        self.track(async move {
            if let Err(why) = outcome(future).await {
                scope.report_death(task, &why);
            }
        });
    }

    /// Runs the task that `make` makes; when it ends badly, makes it anew after a pause that grows with each time.
    ///
    /// The component counts as degraded until a new one has lived for longer than the longest pause.
    pub fn supervise<M, F>(&self, task: &'static str, make: M)
    where
        M: Fn() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let scope = self.clone();
        self.track(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let Err(why) = scope.live(task, make()).await else { return };
                scope.report_death(task, &why);
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                    () = scope.stopped() => return,
                }
            }
        });
    }

    /// Runs a task whose end nobody waits for with an error: the work of one request or one connection. A panic in it
    /// costs that work alone, and is logged.
    pub fn spawn_request<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let scope = self.clone();
        self.track(async move {
            if let Err(panic) = AssertUnwindSafe(future).catch_unwind().await {
                error!(component = %scope.0.name, panic = %panic_text(&*panic), "panic while handling a request");
                scope.0.health.count_panic();
            }
        });
    }

    /// Resolves when the component is to stop.
    pub async fn stopped(&self) {
        self.0.stopping.cancelled().await;
    }

    /// Whether the component is to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.is_cancelled()
    }

    /// Until when the component may finish what it holds; `None` while it is not told to stop.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline.get().copied()
    }

    /// The signal to stop, for libraries that take one.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Tells all tasks to stop and waits for them until `deadline`.
    ///
    /// # Errors
    /// The number of tasks that were still at work then.
    pub async fn stop(&self, deadline: Instant) -> Result<(), usize> {
        // A second stop cannot give more time than the first.
        let _ = self.0.deadline.set(deadline);
        self.0.stopping.cancel();
        self.0.tasks.close();
        match tokio::time::timeout_at(deadline, self.0.tasks.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.0.tasks.len()),
        }
    }

    /// Runs one life of a supervised task; a long enough one mends the component's health.
    async fn live<F>(&self, task: &'static str, future: F) -> Result<(), String>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let life = outcome(future);
        tokio::pin!(life);
        if let Ok(end) = tokio::time::timeout(MAX_PAUSE, &mut life).await {
            return end;
        }
        self.0.health.recover(&self.0.name, task);
        life.await
    }

    fn report_death(&self, task: &'static str, why: &str) {
        error!(component = %self.0.name, task, error = why, "task died");
        self.0.health.degrade(&self.0.name, task, why);
    }

    fn track<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // The handle is not needed: the tracker waits, the token stops.
        drop(self.0.tasks.spawn(future));
    }
}

/// How a task ended; a panic is an error like any other.
async fn outcome<F>(future: F) -> Result<(), String>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => Err(format!("panic: {}", panic_text(&*panic))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests;
