//! How the bench talks with itself in other processes: a line in, a line out. The end of input is the end of the
//! program, so nobody outlives the bench.

use std::io::Write as _;

use tokio::io::{AsyncBufReadExt, BufReader};

/// Says `first`, then answers each line of input until there is no more.
pub(crate) async fn serve(first: &str, mut answer: impl AsyncFnMut(&str) -> String) -> anyhow::Result<()> {
    say(first)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        say(&answer(&line).await)?;
    }
    Ok(())
}

/// Writes numbers as [`numbers`] reads them.
pub(crate) fn line<const N: usize>(values: [u64; N]) -> String {
    values.map(|value| value.to_string()).join(" ")
}

/// Reads a line of `N` numbers.
pub(crate) fn numbers<const N: usize>(line: &str) -> anyhow::Result<[u64; N]> {
    let found: Result<Vec<u64>, _> = line.split(' ').map(str::parse).collect();
    let array = found.ok().and_then(|found| found.try_into().ok());
    array.ok_or_else(|| anyhow::anyhow!("expected {N} numbers, found `{line}`"))
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
