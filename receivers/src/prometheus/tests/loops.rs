//! One target's loop. It scrapes nothing: every scrape fails at once, and is told.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::testing::context;
use component::{Batch, ConsumeError, Consumer, Context, Kind};
use formats::prometheus::Labels;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::super::health::Health;
use super::super::page::Desk;
use super::super::scrape::{Loop, Shared};
use super::super::status::Status;
use super::super::target::{Built, build, discovered};
use super::jobs;

const LONG: Duration = Duration::from_secs(60);

/// A consumer that tells of each batch, and takes as many as it may.
struct Gate {
    came: mpsc::Sender<()>,
    may_take: Semaphore,
}

#[async_trait]
impl Consumer for Gate {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        self.came.send(()).await.unwrap();
        self.may_take.acquire().await.unwrap().forget();
        Ok(())
    }
}

/// Starts a loop with an interval of ten seconds, whose first report is taken. What comes further waits.
async fn start(cx: &Context) -> (watch::Sender<bool>, Arc<Gate>, mpsc::Receiver<()>) {
    let config = jobs("", "{ job_name: j, scrape_interval: 10s }");
    let job = config.jobs().0.remove(0);
    let labels = Labels::from_iter([("__address__", "127.0.0.1:1")]);
    let Built::Kept(target) = build(&job, &job.rules, discovered(&job, labels, &Labels::new())) else {
        panic!("it is no target");
    };
    let (came, mut coming) = mpsc::channel(9);
    let gate = Arc::new(Gate { came, may_take: Semaphore::new(1) });
    let shared = Shared {
        client: job.config.http.client(cx).unwrap(),
        health: Health::new(cx, "j"),
        desk: Desk::new(cx.memory.clone()),
        next: gate.clone(),
        seed: String::new(),
        initial_offset: Duration::ZERO,
        scrapes_on_shutdown: false,
        trims_suffixes: false,
        external_labels: Labels::new(),
        halted: watch::Sender::new(Some("the test wants it so".to_owned())),
        cx: cx.clone(),
        job,
    };
    let (wanted, watched) = watch::channel(true);
    let target = Arc::new(*target);
    let status = Status::new(target.clone());
    let one = Loop::new(Arc::new(shared), target, Arc::default(), status, watched);
    cx.scope.spawn("scrape", one.run());
    timeout(LONG, coming.recv()).await.expect("it is scraped");
    (wanted, gate, coming)
}

#[tokio::test(start_paused = true)]
async fn a_target_that_comes_back_while_its_end_is_handed_on_is_scraped_again() {
    let cx = context(Kind::Receiver, "prometheus");
    let (wanted, gate, mut coming) = start(&cx).await;
    wanted.send_replace(false);
    timeout(LONG, coming.recv()).await.expect("its end is handed on");
    wanted.send_replace(true);
    gate.may_take.add_permits(2);
    timeout(LONG, coming.recv()).await.expect("it is scraped again");
    wanted.send_replace(false);
    gate.may_take.add_permits(2);
    timeout(LONG, wanted.closed()).await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_loop_ends_even_if_nobody_takes_its_last_words() {
    let cx = context(Kind::Receiver, "prometheus");
    let (wanted, _gate, _coming) = start(&cx).await;
    wanted.send_replace(false);
    timeout(LONG, wanted.closed()).await.expect("it ends");
}
