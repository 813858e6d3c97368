//! Strategies from a file or a URL, read anew from time to time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use component::{Context, Scope, Trouble};
use tracing::{info, warn};
use transport::grpc::Status;
use transport::http;

use super::Source;
use super::strategies::Strategies;

/// A file of ten thousand services has one or two MiB.
const MAX_BYTES: usize = 16 << 20;

/// How long a server has to send the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was read last.
pub(super) struct File {
    place: String,
    strategies: ArcSwap<Strategies>,
    cx: Context,
}

impl File {
    /// Reads `place` now, and again each `interval` unless that is zero. What cannot be read later leaves the old
    /// strategies in force; a server that is away from the beginning, and will be asked again, those of nothing.
    ///
    /// # Errors
    /// When it cannot be read now.
    pub(super) async fn open(place: &str, interval: Duration, cx: &Context) -> anyhow::Result<Arc<File>> {
        let file = Arc::new(File { place: place.to_owned(), strategies: ArcSwap::default(), cx: cx.clone() });
        let mut seen = Bytes::new();
        match file.load(&mut seen).await {
            Err(error) if is_url(place) && !interval.is_zero() => {
                warn!(component = %cx.id, error = format!("{error:#}"), "no strategies yet; defaults are in force");
            }
            outcome => outcome?,
        }
        if !interval.is_zero() {
            let current = file.clone();
            cx.scope.supervise("reload strategies", move || current.clone().follow(seen.clone(), interval));
        }
        Ok(file)
    }

    async fn follow(self: Arc<File>, mut seen: Bytes, interval: Duration) -> anyhow::Result<()> {
        let words = "strategies cannot be read; the old ones stay in force";
        let trouble = Trouble::new(self.cx.id.to_string(), words);
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => (),
                () = self.cx.scope.stopped() => return Ok(()),
            }
            match self.load(&mut seen).await {
                Ok(()) => trouble.over(),
                Err(error) => trouble.report(0, &format!("{error:#}")),
            }
        }
    }

    /// Puts what is there now in force, if it is not what was `seen` last.
    async fn load(&self, seen: &mut Bytes) -> anyhow::Result<()> {
        let text = self.read().await.with_context(|| format!("cannot read `{}`", self.place))?;
        if text == *seen {
            return Ok(());
        }
        let strategies = Strategies::parse(&text).with_context(|| format!("cannot read `{}`", self.place))?;
        self.strategies.store(Arc::new(strategies));
        if !seen.is_empty() {
            info!(component = %self.cx.id, place = self.place, "the strategies have changed");
        }
        *seen = text;
        Ok(())
    }

    async fn read(&self) -> anyhow::Result<Bytes> {
        if is_url(&self.place) {
            // What a fetch starts ends with it.
            let scope = Scope::new("fetch strategies", self.cx.health.clone());
            let cx = Context { scope, ..self.cx.clone() };
            let fetched = tokio::time::timeout(PATIENCE, http::get(&self.place, MAX_BYTES, &cx)).await;
            return fetched.with_context(|| format!("no answer within {PATIENCE:?}"))?;
        }
        let bytes = tokio::fs::metadata(&self.place).await?.len();
        ensure!(bytes <= MAX_BYTES as u64, "it has {bytes} bytes, more than {MAX_BYTES}");
        Ok(tokio::fs::read(&self.place).await?.into())
    }
}

#[async_trait]
impl Source for File {
    async fn strategy(&self, service: &str) -> Result<Bytes, Status> {
        Ok(self.strategies.load().of_service(service))
    }
}

fn is_url(place: &str) -> bool {
    place.starts_with("http://") || place.starts_with("https://")
}
