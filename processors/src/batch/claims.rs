//! Who is to be told what became of which items, and the books of it.
//!
//! A payload in the batch belongs to one of two:
//!
//! * **The batch**, because its producer was told `Ok`, or gave up waiting. What is lost then is `dropped`.
//! * **A waiting producer**, with `service::acknowledge: delivered`. It is told when the last of its items has been
//!   answered for, and the edge before books what it is told.
//!
//! Two things follow for a waiting producer. If it gives up, the edge has booked its items as refused while the batch
//! still has them: they are booked as received once more, and belong to the batch. And if it is told of an error though
//! a part has been delivered, the edge books all as refused: the part is booked as received once more.

use std::collections::VecDeque;

use component::{Account, ConsumeError};
use tokio::sync::oneshot;

/// The reason in the books for items that were in the batch when its worker died, or when nobody waited for it to finish.
const ABANDONED: &str = "batch: abandoned";

/// The items of one payload in the batch.
pub(super) struct Claim {
    account: Account,
    items: usize,
    /// Those that have not been answered for.
    left: usize,
    delivered: usize,
    error: Option<ConsumeError>,
    owner: Owner,
}

enum Owner {
    Batch,
    Producer(oneshot::Sender<Result<(), ConsumeError>>),
    /// All has been answered for.
    Nobody,
}

/// The producer's end of a claim.
pub(super) struct Answer {
    account: Account,
    items: usize,
    receiver: oneshot::Receiver<Result<(), ConsumeError>>,
    is_read: bool,
}

/// The claims on all that a worker has, in the order of the items.
#[derive(Default)]
pub(super) struct Claims(VecDeque<Claim>);

impl Claims {
    pub(super) fn push(&mut self, claim: Claim) {
        self.0.push_back(claim);
    }

    /// Answers for the oldest `items`. Gives how many are lost and to be booked as dropped.
    #[must_use]
    pub(super) fn settle(&mut self, items: usize, outcome: &Result<(), ConsumeError>) -> usize {
        let mut open = items;
        let mut lost = 0;
        while open > 0 {
            let Some(claim) = self.0.front_mut() else { break };
            let part = claim.left.min(open);
            open -= part;
            claim.settle(part, outcome);
            if claim.left == 0 {
                lost += self.0.pop_front().map_or(0, Claim::finish);
            }
        }
        lost
    }
}

impl Claim {
    /// A claim of items that belong to the batch.
    pub(super) fn held(account: &Account, items: usize) -> Claim {
        Claim { account: account.clone(), items, left: items, delivered: 0, error: None, owner: Owner::Batch }
    }

    /// A claim of items whose producer waits for the answer.
    pub(super) fn awaited(account: &Account, items: usize) -> (Claim, Answer) {
        let (sender, receiver) = oneshot::channel();
        let mut claim = Claim::held(account, items);
        claim.owner = Owner::Producer(sender);
        (claim, Answer { account: account.clone(), items, receiver, is_read: false })
    }

    fn settle(&mut self, items: usize, outcome: &Result<(), ConsumeError>) {
        self.left -= items;
        match outcome {
            Ok(()) => self.delivered += items,
            Err(error) => self.add_error(error.clone()),
        }
    }

    fn add_error(&mut self, error: ConsumeError) {
        self.error = Some(match self.error.take() {
            Some(earlier) => earlier.join(error),
            None => error,
        });
    }

    fn finish(mut self) -> usize {
        self.answer()
    }

    /// Tells the producer, if one waits. Gives how many items are lost and not booked.
    fn answer(&mut self) -> usize {
        let lost = self.items - self.delivered;
        match std::mem::replace(&mut self.owner, Owner::Nobody) {
            Owner::Nobody => 0,
            Owner::Batch => lost,
            Owner::Producer(sender) => match sender.send(self.error.take().map_or(Ok(()), Err)) {
                // The edge before books all of it as refused.
                Ok(()) if lost > 0 => {
                    self.account.received(self.delivered);
                    0
                }
                Ok(()) => 0,
                // The producer gave up, and the items have been the batch's since.
                Err(_) => lost,
            },
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if matches!(self.owner, Owner::Nobody) {
            return;
        }
        self.add_error(ConsumeError::retryable("the batch was abandoned before it was sent"));
        let lost = self.answer();
        if lost > 0 {
            self.account.dropped(lost, ABANDONED);
        }
    }
}

impl Answer {
    /// Waits until all items have been answered for.
    pub(super) async fn wait(mut self) -> Result<(), ConsumeError> {
        let answer = (&mut self.receiver).await;
        self.is_read = true;
        answer.expect("a claim answers before it goes")
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.is_read {
            return;
        }
        // From here on the claim cannot answer any more, so it is decided who books what.
        self.receiver.close();
        match self.receiver.try_recv() {
            // Nothing was kept: that the edge books a refusal is right.
            Ok(Err(_)) => (),
            Ok(Ok(())) | Err(_) => self.account.received(self.items),
        }
    }
}

#[cfg(test)]
mod tests;
