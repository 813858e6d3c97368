//! Waiting for something to become true, and saying what did not.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Long enough for a loaded machine; a test that passes never takes it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often something is looked at that cannot tell by itself.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `look` finds something.
///
/// # Panics
/// When it does not in a long time; the text says what was waited for.
pub async fn until<T, F>(what: &str, look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    until_within(PATIENCE, what, look).await
}

/// The same with another patience, for what is not ours and slow.
///
/// # Panics
/// When it does not in that time; the text says what was waited for.
pub async fn until_within<T, F>(patience: Duration, what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until `read` gives `expected`.
///
/// # Panics
/// When it does not in a long time; the text says what it gave last.
pub async fn until_equal<T, F>(what: &str, expected: T, mut read: impl FnMut() -> F)
where
    T: PartialEq + Debug,
    F: Future<Output = T>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = read().await;
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: expected {expected:?}, and it stays {found:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The result of `work`.
///
/// # Panics
/// When there is none in a long time.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain: {what}"))
}
