//! From the start of the program to its first open port.

use std::time::Duration;

use crate::case::STALLED;
use crate::endpoints::Endpoints;
use crate::rig::start_collector;
use crate::setup::Setup;

/// Starts it `count` times; says how long each took, in order of length. The two programs that pin it are part of it:
/// a millisecond or two.
pub(crate) async fn start_times(setup: &Setup, count: usize) -> anyhow::Result<Vec<Duration>> {
    let nobody = Endpoints::free()?;
    let mut times = Vec::new();
    for _ in 0..count {
        let (collector, _, took) = start_collector(setup, &STALLED, nobody).await?;
        collector.stop().await?;
        times.push(took);
    }
    times.sort();
    Ok(times)
}
