//! Editing attributes against a plain list of pairs.

use proptest::prelude::*;

use super::{AttributeList, AttributesEdit};
use crate::{AnyValue, Attribute};

#[derive(Debug, Clone)]
enum Change {
    Insert(String, i64),
    Update(String, i64),
    Upsert(String, i64),
    Delete(String),
    Rename(String, String),
    RetainOdd,
    Clear,
}

proptest! {
    #[test]
    fn a_list_of_attributes_behaves_like_a_list_of_pairs(
        changes in proptest::collection::vec(change(), 0..40),
        other_rows in 0..3usize,
    ) {
        let (mut arena, mut rows) = (Vec::new(), Vec::new());
        let mut list = AttributeList::default();
        let mut model: Vec<(String, i64)> = Vec::new();
        for change in changes {
            let mut edit =
                AttributesEdit { source: &[], arena: &mut arena, rows: &mut rows, list: &mut list, number: 9 };
            apply(&mut edit, &change);
            apply_to_model(&mut model, change);
            let shown: Vec<_> = edit.iter().map(|(key, value)| (key.to_string(), value.as_int().unwrap())).collect();
            prop_assert_eq!(&shown, &model);
            // Another list grows behind this one.
            rows.extend(rows.first().copied().into_iter().cycle().take(if rows.is_empty() { 0 } else { other_rows }));
        }
    }
}

#[test]
fn of_a_key_that_occurs_twice_the_first_counts_and_all_are_deleted() {
    let (mut arena, mut rows) = (Vec::new(), Vec::new());
    let source = b"\x0a\x07\x0a\x01k\x12\x02\x18\x01\x0a\x07\x0a\x01k\x12\x02\x18\x02";
    rows.push(super::AttributeRow::read(source, 0, (0, 2, 9)));
    rows.push(super::AttributeRow::read(source, 0, (9, 11, 18)));
    let mut list = AttributeList { first: 0, len: 2, capacity: 2, is_changed: false };
    let mut edit = AttributesEdit { source, arena: &mut arena, rows: &mut rows, list: &mut list, number: 1 };
    assert_eq!(edit.get("k").unwrap().as_int(), Some(1));
    edit.upsert(&Attribute::new("k", 1));
    assert!(!edit.list.is_changed, "an equal value changes nothing");
    assert!(edit.delete("k") && !edit.delete("k"));
    assert!(edit.is_empty() && edit.list.is_changed);
}

#[test]
fn an_attribute_of_any_shape_is_read() {
    let long = "v".repeat(300);
    let attribute = Attribute::new(&"k".repeat(200), long.as_str());
    assert_eq!(attribute.key().len(), 200);
    assert_eq!(attribute.value().as_str().unwrap(), long);
    let nested =
        AnyValue::Map(vec![("inner".into(), AnyValue::Array(vec![1.into(), "two".into(), 3.5.into()]))]);
    let attribute = Attribute::new("k", nested.clone());
    assert_eq!(attribute.value().to_owned(), nested);
    assert_eq!(attribute.value().to_text(), r#"{"inner":[1,"two",3.5]}"#);
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (key(), any::<i64>()).prop_map(|(key, value)| Change::Insert(key, value)),
        (key(), any::<i64>()).prop_map(|(key, value)| Change::Update(key, value)),
        (key(), any::<i64>()).prop_map(|(key, value)| Change::Upsert(key, value)),
        key().prop_map(Change::Delete),
        (key(), key()).prop_map(|(from, to)| Change::Rename(from, to)),
        Just(Change::RetainOdd),
        Just(Change::Clear),
    ]
}

fn key() -> impl Strategy<Value = String> {
    "[a-f]"
}

fn apply(edit: &mut AttributesEdit<'_>, change: &Change) {
    match change {
        Change::Insert(key, value) => drop(edit.insert(&Attribute::new(key, *value))),
        Change::Update(key, value) => drop(edit.update(&Attribute::new(key, *value))),
        Change::Upsert(key, value) => edit.upsert(&Attribute::new(key, *value)),
        Change::Delete(key) => drop(edit.delete(key)),
        Change::Rename(from, to) => drop(edit.rename(from, to)),
        Change::RetainOdd => edit.retain(|_, value| value.as_int().unwrap() % 2 != 0),
        Change::Clear => edit.clear(),
    }
}

fn apply_to_model(model: &mut Vec<(String, i64)>, change: Change) {
    let position = |model: &[(String, i64)], key: &str| model.iter().position(|pair| pair.0 == key);
    match change {
        Change::Insert(key, value) => {
            if position(model, &key).is_none() {
                model.push((key, value));
            }
        }
        Change::Update(key, value) => {
            if let Some(at) = position(model, &key) {
                model[at].1 = value;
            }
        }
        Change::Upsert(key, value) => match position(model, &key) {
            Some(at) => model[at].1 = value,
            None => model.push((key, value)),
        },
        Change::Delete(key) => model.retain(|pair| pair.0 != key),
        Change::Rename(from, to) => {
            if from != to && position(model, &from).is_some() {
                model.retain(|pair| pair.0 != to);
                let at = position(model, &from).unwrap();
                model[at].0 = to;
            }
        }
        Change::RetainOdd => model.retain(|pair| pair.1 % 2 != 0),
        Change::Clear => model.clear(),
    }
}
