//! What becomes of items, added up.

use std::collections::BTreeMap;

use super::{Account, MAX_REASONS, OTHER_REASONS};

#[test]
fn what_was_left_out_of_a_batch_is_dropped_and_not_delivered() {
    let account = Account::default();
    account.received(10);
    account.dropped(1, "permanent error");
    account.left_out(2, "too long");
    account.left_out(1, "too long");
    account.left_out(1, "permanent error");
    account.delivered(9);
    let totals = account.totals();
    assert_eq!((totals.delivered, totals.in_flight()), (5, 0));
    assert_eq!(totals.dropped, BTreeMap::from([("permanent error", 2), ("too long", 3)]));
}

#[tokio::test]
async fn refusals_are_noted_by_reason_and_reasons_are_bounded() {
    let account = Account::default();
    assert_eq!(account.refusals().last, None);
    for number in 0..MAX_REASONS + 4 {
        account.note_refusal(2, &format!("reason {number}"));
        account.note_refusal(1, &"reason 0");
    }
    let refusals = account.refusals();
    assert_eq!(refusals.by_reason.len(), MAX_REASONS + 1);
    assert_eq!(refusals.by_reason["reason 0"], 2 + 20);
    assert_eq!(refusals.by_reason[OTHER_REASONS], 8);
    assert_eq!(refusals.last.unwrap().text, "reason 0");
    assert_eq!(account.totals().refused, 0, "noting books nothing");
}

#[tokio::test]
async fn the_moment_of_the_last_drop_is_known() {
    let account = Account::default();
    assert!(account.last_drop().is_none());
    account.left_out(1, "too long");
    assert!(account.last_drop().is_some());
}
