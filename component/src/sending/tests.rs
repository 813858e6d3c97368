use tokio::time::{advance, sleep};

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn with_queue(used: u64) -> Sending {
    let sending = Sending::default();
    sending.has_queue(move || QueueState {
        used,
        capacity: 10,
        sizer: "requests",
        oldest: None,
        blocks: false,
    });
    sending
}

#[tokio::test(start_paused = true)]
async fn an_exporter_with_nothing_to_send_is_not_failing() {
    let sending = with_queue(0);
    sending.mind_time();
    sleep(seconds(1000)).await;
    assert_eq!((sending.failing(), sending.last_error()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_failure_counts_after_three_seconds_while_something_waits() {
    let sending = with_queue(1);
    sending.attempt().failed(&"connection refused");
    advance(Duration::from_millis(2900)).await;
    assert_eq!(sending.failing(), None);
    advance(Duration::from_millis(100)).await;
    assert_eq!(sending.failing().map(|failing| failing.why), Some("connection refused".to_owned()));
    sending.attempt().succeeded();
    assert_eq!(sending.failing(), None);
    assert_eq!(sending.last_error().map(|error| error.text), Some("connection refused".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn one_bad_batch_with_nothing_behind_it_is_no_failing() {
    let sending = with_queue(0);
    sending.attempt().failed(&"permanent: bad");
    advance(seconds(1000)).await;
    assert_eq!(sending.failing(), None);
    sending.attempt().failed(&"permanent: bad again");
    assert_eq!(sending.failing().map(|failing| failing.why), Some("permanent: bad again".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn attempts_that_nobody_answers_are_failing_after_eight_seconds() {
    let sending = Sending::default();
    sending.mind_time();
    advance(seconds(60)).await;
    let attempt = sending.attempt();
    advance(seconds(7)).await;
    assert_eq!(sending.failing(), None);
    advance(seconds(1)).await;
    assert_eq!(sending.failing().map(|failing| failing.why), Some("no answer for 8 s".to_owned()));
    attempt.succeeded();
    assert_eq!(sending.failing(), None);
    let (one, other) = (sending.attempt(), sending.attempt());
    advance(seconds(7)).await;
    one.succeeded();
    advance(seconds(7)).await;
    assert_eq!(sending.failing(), None, "another was answered seven seconds ago");
    drop(other);
    advance(seconds(60)).await;
    assert_eq!(sending.failing(), None, "what was given up is not waited for");
}

#[test]
fn long_errors_are_cut_at_a_character() {
    let error = LastError::now(&"ü".repeat(1000));
    assert!(error.text.len() <= MAX_TEXT + '…'.len_utf8() && error.text.ends_with('…'));
}
