//! Runs the fuzz targets for a bounded time: first over the corpus, then over changed inputs.
//!
//! It sees nothing of the program but what targets return, so it goes less deep than libFuzzer (see the README), but
//! it needs nothing but stable Rust.

use std::collections::HashSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fuzz::mutate::Mutator;
use fuzz::{Outcome, TARGETS, Target};

const USAGE: &str = "\
usage: fuzz [--seconds N] [--seed S] [TARGET...]
       fuzz TARGET FILE

Runs the targets over their corpus, then for N seconds each (10) over inputs made from it with seed S (the time);
or runs one target over one file.";

/// Inputs that led somewhere new; when there are more, another takes the place of a random one.
const MAX_POOL: usize = 4000;

/// What the command line asks for.
struct Plan {
    time: Duration,
    seed: u64,
    targets: Vec<(&'static str, Target)>,
    file: Option<PathBuf>,
}

/// An input that broke a promise.
struct Failure {
    input: Vec<u8>,
    from: Option<PathBuf>,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|plan| carry_out(&plan).map_err(|error| error.to_string()))
    {
        Ok(code) => code,
        Err(message) => {
            say(&message);
            ExitCode::from(2)
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64);
    let mut plan = Plan { time: Duration::from_secs(10), seed: now, targets: Vec::new(), file: None };
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, String> {
            let text = arguments.next().ok_or(USAGE)?;
            text.parse().map_err(|_| format!("`{text}` is not a number\n{USAGE}"))
        };
        match &*argument {
            "--seconds" => plan.time = Duration::from_secs(number()?),
            "--seed" => plan.seed = number()?,
            "--help" | "-h" => return Err(USAGE.to_owned()),
            name => match TARGETS.iter().find(|(known, _)| *known == name) {
                Some(target) => plan.targets.push(*target),
                None if plan.targets.len() == 1 && plan.file.is_none() => plan.file = Some(name.into()),
                None => return Err(format!("there is no target `{name}`\n{USAGE}")),
            },
        }
    }
    if plan.targets.is_empty() {
        plan.targets = TARGETS.to_vec();
    }
    Ok(plan)
}

fn carry_out(plan: &Plan) -> std::io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for (name, target) in &plan.targets {
        let outcome = match &plan.file {
            Some(file) => run_all(*target, vec![(file.clone(), std::fs::read(file)?)]).map(|_| ()),
            None => fuzz(name, *target, plan)?,
        };
        if let Err(failure) = outcome {
            report(name, &failure)?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Runs one target for its time, and says how often it ran.
#[expect(clippy::disallowed_methods, reason = "there is no runtime here whose time could be paused")]
fn fuzz(name: &str, target: Target, plan: &Plan) -> std::io::Result<Result<(), Failure>> {
    let corpus = fuzz::read_folder(&fuzz::corpus(name))?;
    let (seeds, start) = (corpus.len(), Instant::now());
    let (mut pool, mut seen) = match run_all(target, corpus) {
        Ok(known) => known,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut mutator = Mutator::new(plan.seed);
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut runs = 0_u64;
    let mut outcome = Ok(());
    while start.elapsed() < plan.time {
        let input = mutator.change(&pool);
        runs += 1;
        match run(target, &input) {
            None => {
                outcome = Err(Failure { input, from: None });
                break;
            }
            Some(place) if seen.insert(place) => keep(&mut pool, input, &mut random),
            Some(_) => {}
        }
    }
    let (places, seed) = (seen.len(), plan.seed);
    say(&format!("{name:>14}: {seeds} in the corpus, {runs} runs, {places} outcomes, seed {seed}"));
    Ok(outcome)
}

fn keep(pool: &mut Vec<Vec<u8>>, input: Vec<u8>, random: &mut fastrand::Rng) {
    if pool.len() < MAX_POOL {
        pool.push(input);
    } else {
        pool[random.usize(..MAX_POOL)] = input;
    }
}

/// Inputs to make others from, and the outcomes that are known.
type Known = (Vec<Vec<u8>>, HashSet<Outcome>);

fn run_all(target: Target, inputs: Vec<(PathBuf, Vec<u8>)>) -> Result<Known, Failure> {
    let (mut pool, mut seen) = (Vec::new(), HashSet::new());
    for (path, input) in inputs {
        match run(target, &input) {
            Some(outcome) => seen.insert(outcome),
            None => return Err(Failure { input, from: Some(path) }),
        };
        pool.push(input);
    }
    Ok((pool, seen))
}

/// `None` when a promise was broken.
fn run(target: Target, input: &[u8]) -> Option<Outcome> {
    catch_unwind(AssertUnwindSafe(|| target(input))).ok()
}

/// Keeps the input, unless it is in a file already, and says how to run it again.
fn report(name: &str, failure: &Failure) -> std::io::Result<()> {
    let path = match &failure.from {
        Some(path) => path.clone(),
        None => {
            let path = Path::new(&format!("fuzz-{name}-failure")).to_owned();
            std::fs::write(&path, &failure.input)?;
            std::path::absolute(path)?
        }
    };
    say(&format!("{name}: a promise was broken by {}", path.display()));
    say(&format!("run it again with: cargo run -p fuzz -- {name} {}", path.display()));
    Ok(())
}

fn say(text: &str) {
    // Whoever closed the output does not read it.
    writeln!(std::io::stdout(), "{text}").unwrap_or_default();
}
