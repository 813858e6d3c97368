//! The standard health service, `grpc.health.v1.Health`, saying what stage the process is in.

use component::{Context, Stage};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};

use super::Mount;

/// The service, and a task that keeps it true.
pub(super) fn mount(cx: &Context) -> Mount {
    let (reporter, service) = health_reporter();
    cx.scope.spawn("grpc health", follow(reporter, cx.clone()));
    Mount::new(service)
}

async fn follow(reporter: HealthReporter, cx: Context) -> anyhow::Result<()> {
    let mut stage = cx.health.stage();
    loop {
        let status = match *stage.borrow_and_update() {
            Stage::Ready => ServingStatus::Serving,
            Stage::Starting | Stage::Stopping => ServingStatus::NotServing,
        };
        // The empty name stands for the server as a whole.
        reporter.set_service_status("", status).await;
        tokio::select! {
            changed = stage.changed() => if changed.is_err() { return Ok(()) },
            () = cx.scope.stopped() => break,
        }
    }
    reporter.set_service_status("", ServingStatus::NotServing).await;
    Ok(())
}
