//! The life and death of tasks.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn scope() -> (Scope, Health) {
    let health = Health::default();
    (Scope::new("receiver test", health.clone()), health)
}

async fn soon() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

#[tokio::test(start_paused = true)]
async fn a_stopped_scope_has_no_tasks_left() {
    let (scope, _) = scope();
    let waiting = scope.clone();
    scope.spawn("wait", async move {
        waiting.stopped().await;
        Ok(())
    });
    assert_eq!(scope.stop(soon().await).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_stop_is_counted() {
    let (scope, _) = scope();
    scope.spawn("hang", std::future::pending());
    assert_eq!(scope.stop(soon().await).await, Err(1));
}

#[tokio::test(start_paused = true)]
async fn a_dead_task_leaves_the_component_degraded() {
    let (scope, health) = scope();
    scope.spawn("die", async { panic!("no reason") });
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(health.troubles(), ["receiver test: task `die` died: panic: no reason"]);
}

#[tokio::test(start_paused = true)]
async fn a_supervised_task_lives_again_and_health_recovers() {
    let (scope, health) = scope();
    let lives = Arc::new(AtomicUsize::new(0));
    let counted = lives.clone();
    scope.supervise("work", move || {
        let life = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            match life {
                0..3 => anyhow::bail!("life {life}"),
                _ => std::future::pending().await,
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(lives.load(Ordering::Relaxed), 4);
    assert_eq!(health.troubles(), ["receiver test: task `work` died: life 2"]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(health.troubles().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_request_costs_that_request() {
    let (scope, health) = scope();
    scope.spawn_request(async { panic!("bad request") });
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(health.troubles().is_empty());
    assert_eq!(health.panics(), 1);
}
