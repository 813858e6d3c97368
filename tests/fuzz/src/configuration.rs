//! The configuration loader, from bytes to settings and back to text.

use config::{Diagnostics, MAX_BYTES, Node, Path, Resolved, Secrets};

use crate::outcome::{Outcome, class, gist};
use crate::settings::Root;

/// Nothing panics; trees and settings that were printed are the same when they are read again.
pub(crate) fn configuration(data: &[u8]) -> Outcome {
    let mut diagnostics = Diagnostics::new();
    let tree = load(data, &mut diagnostics);
    let settings = tree.as_ref().and_then(|tree| {
        check_print(tree);
        config::read::<Root>(tree, &Path::root(), &mut diagnostics)
    });
    assert!(settings.is_some() || diagnostics.has_errors(), "refused without an error");
    if let Some(settings) = &settings {
        check_settings(settings);
    }
    // What is found can be shown in every form.
    let _shown = (diagnostics.to_string(), diagnostics.to_json());
    let messages: Vec<_> = diagnostics.iter().take(3).map(|found| gist(&found.message)).collect();
    Outcome::of((messages, class(diagnostics.len()), tree.is_some(), settings.is_some()))
}

/// The settings in `text`, or what is wrong with it.
#[cfg(test)]
pub(crate) fn settings(text: &str) -> Result<Root, String> {
    let mut diagnostics = Diagnostics::new();
    let tree = load(text.as_bytes(), &mut diagnostics);
    let settings = tree.and_then(|tree| config::read(&tree, &Path::root(), &mut diagnostics));
    settings.ok_or_else(|| diagnostics.to_string())
}

fn load(data: &[u8], diagnostics: &mut Diagnostics) -> Option<Node> {
    let text = config::decode("fuzz.yaml", data, diagnostics)?;
    let tree = config::parse("fuzz.yaml", text, diagnostics)?;
    check_print(&tree);
    Some(config::expand(tree, &resolve, diagnostics))
}

/// An environment and files that are always the same.
fn resolve(scheme: &str, opaque: &str) -> Result<Resolved, String> {
    let text = match (scheme, opaque) {
        ("env", "PORT") => "4317",
        ("env", "EMPTY") => "",
        ("env", "LIST") => "[a, b, '${PORT}']",
        ("env", "MAP") => "{endpoint: 'host:${env:PORT}', timeout: 5s}",
        ("env", "QUOTED") => "\"x: y\"",
        ("env", "LOOP") => "${env:LOOP}",
        ("env", "GROW") => "${env:GROW}${env:GROW}",
        ("env", "DOLLARS") => "$$a$",
        ("env", _) => return Ok(Resolved::Unset),
        ("file", path) => path,
        (_, _) => return Err("there is nothing here".to_owned()),
    };
    Ok(Resolved::Text(text.to_owned()))
}

fn check_print(tree: &Node) {
    let text = config::to_yaml(tree);
    let _shown = config::to_json(tree);
    if text.len() > MAX_BYTES {
        return;
    }
    let again = parse(&text);
    assert!(shown(&again) == shown(tree), "printed as {text:?}, read again as {again:?}");
}

/// Values alone, also of numbers that equal nothing.
fn shown(tree: &Node) -> String {
    config::to_yaml(tree)
}

fn check_settings(settings: &Root) {
    let printed = config::to_node(settings, Secrets::Reveal).expect("settings can be printed");
    let _hidden = config::to_node(settings, Secrets::Redact).expect("settings can be printed");
    let text = config::to_yaml(&printed);
    if text.len() > MAX_BYTES {
        return;
    }
    let mut diagnostics = Diagnostics::new();
    let again = config::read::<Root>(&parse(&text), &Path::root(), &mut diagnostics);
    let again = again.unwrap_or_else(|| panic!("printed as {text}\nrefused:\n{diagnostics}"));
    let again = config::to_node(&again, Secrets::Reveal).expect("settings can be printed");
    assert!(shown(&again) == text, "printed as {text}\nthen as {}", shown(&again));
}

fn parse(text: &str) -> Node {
    let mut diagnostics = Diagnostics::new();
    let tree = config::parse_value("printed.yaml", text, &mut diagnostics);
    tree.unwrap_or_else(|| panic!("printed as {text}\nrefused:\n{diagnostics}"))
}
