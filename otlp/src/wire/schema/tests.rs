//! The tables agree with themselves; that they agree with the protocol is for the comparisons with prost to show.

use std::collections::BTreeMap;

use super::*;

/// Every message that can lie in a request, by name.
fn messages() -> BTreeMap<&'static str, &'static Message> {
    let mut found = BTreeMap::new();
    let mut next: Vec<_> = Signal::ALL.into_iter().map(request).collect();
    while let Some(message) = next.pop() {
        if found.insert(message.name, message).is_none() {
            next.extend(message.fields.iter().filter_map(|field| match field.kind {
                Kind::Message(child) => Some(child),
                _ => None,
            }));
        }
    }
    found
}

#[test]
fn all_messages_are_within_reach() {
    assert_eq!(messages().len(), 34);
}

#[test]
fn fields_are_found_by_number_and_listed_by_it() {
    for message in messages().values() {
        assert!(message.fields.is_sorted_by_key(|field| field.number), "{message:?}");
        for number in 0..100 {
            let listed = message.fields.iter().find(|field| field.number == number);
            let found = message.field(number);
            assert_eq!(found.map(|field| field.name), listed.map(|field| field.name), "{message:?} {number}");
        }
        assert!(message.field(u32::MAX).is_none());
    }
}

#[test]
fn both_spellings_of_a_name_are_the_same_words() {
    for field in messages().values().flat_map(|message| message.fields) {
        let mut words = field.name.split('_');
        let mut camel = words.next().unwrap().to_owned();
        for word in words {
            let (first, rest) = word.split_at(1);
            camel.push_str(&first.to_uppercase());
            camel.push_str(rest);
        }
        assert_eq!(field.json, camel);
    }
}

#[test]
fn every_tag_of_a_field_has_a_step() {
    for message in messages().values() {
        for field in message.fields {
            let tag = field.number << 3 | u32::from(field.kind.wire_type());
            assert_ne!(message.step(tag), Step::Other, "{message:?} {}", field.name);
            let packs = field.label == Label::Repeated && field.kind.wire_type() != 2;
            assert!(
                !packs || message.step(field.number << 3 | 2) != Step::Other,
                "{message:?} {}",
                field.name
            );
        }
    }
}
