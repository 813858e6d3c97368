//! Tests of how streams of JSON are taken apart.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::split::{Items, Lines, NoList, TooLarge};

const MAX: usize = 100;

/// Items or lines, each unless it is too large.
type Found = Vec<Result<String, TooLarge>>;

/// The items of a list that comes in pieces of so many bytes, and the rest.
fn items(text: &[u8], piece: usize) -> Result<(Found, Option<String>), NoList> {
    let mut found = Vec::new();
    let mut items = Items::new(MAX);
    for part in text.chunks(piece) {
        items.push(part, |item| found.push(item.map(|item| String::from_utf8_lossy(item).into_owned())))?;
    }
    Ok((found, items.finish().map(|head| String::from_utf8_lossy(&head).into_owned())))
}

fn lines(text: &[u8], piece: usize) -> Found {
    let mut found = Vec::new();
    let mut lines = Lines::new(MAX);
    for part in text.chunks(piece) {
        lines.push(part, |line| found.push(line.map(|line| String::from_utf8_lossy(line).into_owned())));
    }
    found
}

#[test]
fn a_list_is_its_items_and_what_is_said_beside_them() {
    let list = r#"{"kind":"PodList", "metadata":{"resourceVersion":"7","items":["x"]},
        "items" : [ {"a":"}]\"{"}, {"b":[{"c":{}}]} ],"more":{"items":[{}]}}"#;
    for piece in 1..list.len() {
        let (found, head) = items(list.as_bytes(), piece).expect("it is a list");
        assert_eq!(found, [Ok(r#"{"a":"}]\"{"}"#.to_owned()), Ok(r#"{"b":[{"c":{}}]}"#.to_owned())]);
        let head: Value = serde_json::from_str(&head.expect("it has an end")).expect("the rest is JSON");
        let metadata = json!({ "resourceVersion": "7", "items": ["x"] });
        let rest = json!({ "kind": "PodList", "metadata": metadata, "items": [], "more": { "items": [{}] } });
        assert_eq!(head, rest, "in pieces of {piece}");
    }
}

#[test]
fn an_item_that_is_too_large_costs_itself_alone() {
    let large = "x".repeat(MAX);
    let list = json!({ "items": [{ "a": 1 }, { "b": large }, { "c": 3 }] }).to_string();
    for piece in [1, 7, 1000] {
        let (found, head) = items(list.as_bytes(), piece).expect("it is a list");
        assert_eq!(found, [Ok(r#"{"a":1}"#.to_owned()), Err(TooLarge), Ok(r#"{"c":3}"#.to_owned())]);
        assert!(head.is_some());
    }
}

#[test]
fn a_list_that_breaks_off_has_no_end() {
    let list = json!({ "metadata": {}, "items": [{ "a": "b" }] }).to_string();
    for end in 0..list.len() {
        let (_, head) = items(&list.as_bytes()[..end], 16).expect("it begins as a list");
        assert_eq!(head, None, "{}", &list[..end]);
    }
}

#[test]
fn what_is_no_list_is_found_out() {
    for text in ["[1]", "}", "{}]"] {
        assert_eq!(items(text.as_bytes(), 3), Err(NoList), "{text}");
    }
    let endless = format!("{{\"a\":\"{}", "x".repeat(100_000));
    assert_eq!(items(endless.as_bytes(), 1000), Err(NoList));
}

#[test]
fn the_lines_of_a_watch_are_found_in_any_pieces() {
    let text = format!("one\n\r\n{}\ntwo\nunfinished", "x".repeat(MAX + 1));
    for piece in [1, 3, 64, 1000] {
        let expected = [Ok("one".to_owned()), Err(TooLarge), Ok("two".to_owned())];
        assert_eq!(lines(text.as_bytes(), piece), expected, "in pieces of {piece}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_apart_alike_in_any_pieces(
        text in proptest::collection::vec(
            prop_oneof![proptest::sample::select(b"{}[]\",:\\itemsn \n".to_vec()), any::<u8>()], 0..300),
        piece in 1_usize..50,
    ) {
        prop_assert_eq!(items(&text, piece), items(&text, 1));
        prop_assert_eq!(lines(&text, piece), lines(&text, 1));
    }

    #[test]
    fn the_items_of_any_list_are_found(values in proptest::collection::vec("[a-z\"\\\\{}\\[\\], ]{0,20}", 0..6)) {
        let list = json!({ "kind": "L", "items": values.iter().map(|it| json!({ "v": it })).collect::<Vec<_>>() });
        let (found, head) = items(list.to_string().as_bytes(), 5).expect("it is a list");
        let found: Vec<String> = found.into_iter().map(|item| {
            let item: Value = serde_json::from_str(&item.expect("it is small")).expect("an item is JSON");
            item["v"].as_str().expect("a text").to_owned()
        }).collect();
        prop_assert_eq!(found, values);
        prop_assert!(head.is_some());
    }
}
