//! Sources over sources.

use super::*;
use crate::diagnostic::Diagnostics;
use crate::parse::parse;

#[track_caller]
fn check(sources: &[&str], expected: &str) {
    let parse = |text: &&str| parse("c", text, &mut Diagnostics::new()).unwrap();
    let merged = sources.iter().map(parse).reduce(merge).unwrap();
    assert_eq!(merged, parse(&expected), "{sources:?}");
}

#[test]
fn maps_are_merged_at_every_depth() {
    check(&["a: {b: 1, c: {d: 2}}", "a: {c: {e: 3}, f: 4}"], "a: {b: 1, c: {d: 2, e: 3}, f: 4}");
}

#[test]
fn everything_else_replaces() {
    check(&["a: [1, 2]", "a: [3]"], "a: [3]");
    check(&["a: {b: 1}", "a: 5"], "a: 5");
    check(&["a: 5", "a: {b: 1}"], "a: {b: 1}");
}

#[test]
fn a_null_erases_and_an_empty_map_does_not() {
    check(&["a: {b: 1}", "a:"], "a: ~");
    check(&["a: {b: 1}", "a: {}"], "a: {b: 1}");
    check(&["a: {b: 1}", "a:", "a: {c: 2}"], "a: {c: 2}");
}

#[test]
fn the_last_source_wins_and_is_the_place() {
    let base = parse("base", "a: 1", &mut Diagnostics::new()).unwrap();
    let over = parse("over", "\na: 2", &mut Diagnostics::new()).unwrap();
    assert_eq!(merge(base, over).get("a").unwrap().at.to_string(), "over:2:4");
}
