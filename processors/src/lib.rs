//! Components that change, hold or drop data on its way.

pub mod actions;
pub mod attributes;
pub mod batch;
#[cfg(test)]
mod cases;
pub mod memory_limiter;
pub mod resource;

use component::Problem;

/// The error of a component that was started though its check had found problems.
fn unchecked(problems: &[Problem]) -> anyhow::Error {
    let sentences: Vec<_> = problems.iter().map(sentence).collect();
    anyhow::anyhow!(sentences.join("; "))
}

fn sentence(problem: &Problem) -> String {
    let (Problem::Error { path, message } | Problem::Warning { path, message }) = problem;
    format!("{}: {message}", path.join("::"))
}
