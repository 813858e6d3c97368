//! Handing on what nobody can be told about: who sent a packet hears no answer, so we are the ones to try again.

use std::time::Duration;

use component::{Batch, ConsumeError, Scope};
use tokio::time::Instant;

use super::intake::Intake;

/// How long a worker tries while other packets wait. Longer would only make the queue overflow instead.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first pause; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Hands the batch on, again when that may help, until it is taken, patience ends or `scope` is to stop.
pub(super) async fn deliver(intake: &Intake, batch: Batch, scope: &Scope) -> Result<(), ConsumeError> {
    let until = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match intake.consume(batch.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let wait = match &error {
            ConsumeError::Permanent(_) => return Err(error),
            ConsumeError::Retryable { after, .. } => after.unwrap_or(pause),
        };
        if Instant::now() + wait > until {
            return Err(error);
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => pause = (pause * 2).min(MAX_PAUSE),
            // The collector is going down; one attempt each is all that packets have time for.
            () = scope.stopped() => return Err(error),
        }
    }
}
