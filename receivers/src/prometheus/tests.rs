//! The receiver in memory: its settings, its targets, its schedule.

mod loops;
mod pages;
mod schedules;
mod settings;
mod targets;

use config::{Diagnostics, Path, Resolved};

use super::Config;

/// The settings that this text is, read as the program reads them.
fn read(text: &str) -> Result<Config, String> {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).expect("it is YAML");
    let unset = |_: &str, _: &str| Ok(Resolved::Unset);
    let node = config::expand(node, &unset, &mut diagnostics);
    config::read(&node, &Path::root(), &mut diagnostics).ok_or_else(|| diagnostics.to_string())
}

/// A receiver with these scrape configs, and a `global` section before them.
fn jobs(global: &str, scrape_configs: &str) -> Config {
    let text = format!("config: {{ global: {{ {global} }}, scrape_configs: [{scrape_configs}] }}");
    read(&text).unwrap_or_else(|words| panic!("{words}"))
}
