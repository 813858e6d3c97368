//! The table of optional sections.

use serde::{Deserialize, Serialize};

use super::*;
use crate::diagnostic::Diagnostics;
use crate::parse::parse;
use crate::path::Path;
use crate::print::to_node;
use crate::read;
use crate::secret::Secrets;
use crate::yaml::to_yaml;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    reserve: Optional<Queue>,
    present: Optional<Queue>,
    explicit: Explicit<Queue>,
    switch: Optional<Switch>,
    checked: Optional<Checked>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Queue {
    size: u8,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Switch {
    enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Queue", into = "Queue")]
struct Checked;

impl Default for Config {
    fn default() -> Self {
        Self {
            reserve: Optional::NONE,
            present: Optional::some(Queue { size: 1 }),
            explicit: Explicit::NONE,
            switch: Optional::NONE,
            checked: Optional::NONE,
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self { size: 7 }
    }
}

impl TryFrom<Queue> for Checked {
    type Error = String;

    fn try_from(queue: Queue) -> Result<Self, String> {
        if queue.size == 7 { Err("`size` must not be 7".to_owned()) } else { Ok(Self) }
    }
}

impl From<Checked> for Queue {
    fn from(_: Checked) -> Self {
        Self { size: 0 }
    }
}

fn read_text(text: &str) -> (Option<Config>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", text, &mut diagnostics).unwrap();
    let value = read(&node, &Path::root(), &mut diagnostics);
    (value, diagnostics.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(text: &str, size: impl FnOnce(&Config) -> Option<u8>, expected: Option<u8>) {
    let (value, errors) = read_text(text);
    assert_eq!(errors, [""; 0], "{text}");
    assert_eq!(size(&value.unwrap()), expected, "{text}");
}

#[test]
fn a_default_in_reserve_comes_in_when_the_key_is_written() {
    let size = |config: &Config| config.reserve.as_ref().map(|queue| queue.size);
    check("", size, None);
    check("reserve:", size, Some(7));
    check("reserve: {}", size, Some(7));
    check("reserve: {size: 2}", size, Some(2));
    check("reserve: {enabled: true}", size, Some(7));
    check("reserve: {enabled: false}", size, None);
    check("reserve: {enabled: false, size: 2}", size, None);
}

#[test]
fn a_section_that_is_present_by_default_can_be_switched_off() {
    let size = |config: &Config| config.present.as_ref().map(|queue| queue.size);
    check("", size, Some(1));
    check("present: {enabled: false}", size, None);
    check("present: {size: 3}", size, Some(3));
}

#[test]
fn without_a_default_null_stays_absent() {
    let size = |config: &Config| config.explicit.as_ref().map(|queue| queue.size);
    check("", size, None);
    check("explicit:", size, None);
    check("explicit: {}", size, Some(7));
    check("explicit: {enabled: true}", size, Some(7));
    check("explicit: {enabled: false}", size, None);
}

#[test]
fn a_content_with_its_own_switch_keeps_it() {
    let enabled = |config: &Config| config.switch.as_ref().map(|switch| u8::from(switch.enabled));
    check("switch: {enabled: false}", enabled, Some(0));
    check("switch: {enabled: true}", enabled, Some(1));
    check("switch:", enabled, Some(0));
}

#[test]
fn a_disabled_section_needs_valid_keys_but_no_valid_whole() {
    let (value, errors) = read_text("checked: {enabled: false, size: 7}");
    assert_eq!(errors, [""; 0]);
    assert_eq!(value.unwrap().checked, Optional::NONE);
    assert_eq!(
        read_text("checked: {enabled: false, siz: 7, size: x}").1,
        [
            "c:1:27: checked: unknown key `siz`",
            "c:1:41: checked::size: expected an integer, found the string `x`"
        ]
    );
    assert_eq!(read_text("checked: {size: 7}").1, ["c:1:1: checked: `size` must not be 7"]);
}

#[test]
fn enabled_is_true_or_false() {
    assert_eq!(
        read_text("reserve: {enabled: 'true', sise: 1}").1,
        [
            "c:1:20: reserve::enabled: expected `true` or `false`, found the string `true`",
            "c:1:28: reserve: unknown key `sise`"
        ]
    );
    assert_eq!(
        read_text("reserve: {enabled: }").1,
        ["c:1:11: reserve::enabled: expected `true` or `false`, found nothing"]
    );
}

#[test]
fn absent_sections_are_not_printed() {
    let printed = to_yaml(&to_node(&Config::default(), Secrets::Redact).unwrap());
    assert_eq!(printed, "present:\n  size: 1\n");
}
