//! The books of claims, whatever order things happen in.

use component::{Account, ConsumeError};
use proptest::prelude::*;

use super::{Claim, Claims};

/// What one producer does, and its payload.
#[derive(Clone, Debug)]
struct Producer {
    items: usize,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Was told `Ok` at once.
    Held,
    /// Waits to the end.
    Waits,
    /// Gives up before this many batches have been sent.
    GivesUpBefore(usize),
}

fn any_producer() -> impl Strategy<Value = Producer> {
    let way = prop_oneof![Just(Way::Held), Just(Way::Waits), (0_usize..6).prop_map(Way::GivesUpBefore)];
    (1_usize..20, way).prop_map(|(items, way)| Producer { items, way })
}

proptest! {
    /// The edges around the batch are played here: the one before books what is answered with an error or given up, the
    /// one behind what is delivered. Whatever happens, nothing is left over.
    #[test]
    fn the_books_balance(
        producers in prop::collection::vec(any_producer(), 1..12),
        batches in prop::collection::vec((1_usize..30, any::<bool>()), 0..8),
    ) {
        let account = Account::default();
        let mut claims = Claims::default();
        let mut answers = Vec::new();
        for producer in &producers {
            account.received(producer.items);
            if producer.way == Way::Held {
                claims.push(Claim::held(&account, producer.items));
            } else {
                let (claim, answer) = Claim::awaited(&account, producer.items);
                claims.push(claim);
                answers.push(Some((producer.clone(), answer)));
            }
        }
        let mut left: usize = producers.iter().map(|producer| producer.items).sum();
        for (index, (size, is_taken)) in batches.into_iter().enumerate() {
            give_up(&account, &mut answers, index);
            let size = size.min(left);
            left -= size;
            let outcome = if is_taken { Ok(()) } else { Err(ConsumeError::permanent("no")) };
            if is_taken {
                account.delivered(size);
            }
            account.dropped(claims.settle(size, &outcome), "failed");
        }
        // What was not sent is lost with the worker.
        drop(claims);
        for (producer, answer) in answers.into_iter().flatten() {
            let answer = futures_answer(answer.wait());
            if answer.is_err() {
                account.refused(producer.items);
            }
        }
        prop_assert_eq!(account.totals().in_flight(), 0, "{:?}", account.totals());
    }
}

/// Drops the answers of producers that give up now; the edge books them.
fn give_up(account: &Account, answers: &mut [Option<(Producer, super::Answer)>], batch: usize) {
    for slot in answers {
        if slot.as_ref().is_some_and(|(producer, _)| producer.way == Way::GivesUpBefore(batch))
            && let Some((producer, answer)) = slot.take()
        {
            drop(answer);
            account.refused(producer.items);
        }
    }
}

/// The answer, which must be there already.
fn futures_answer(wait: impl Future<Output = Result<(), ConsumeError>>) -> Result<(), ConsumeError> {
    let mut wait = std::pin::pin!(wait);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match wait.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("nobody answered"),
    }
}
