//! What becomes of items, added up.

use std::collections::BTreeMap;

use super::Account;

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
