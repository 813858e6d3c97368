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

/// The reason in the books for items whose batch could not be sent.
const SENDER_FAILED: &str = "batch: sender failed";

/// The reason for items that were in the batch when its worker died, or when nobody waited for it to finish.
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

    /// Answers for the oldest `items`. Gives how many were lost for good.
    pub(super) fn settle(&mut self, items: usize, outcome: &Result<(), ConsumeError>) -> usize {
        let mut open = items;
        let mut lost = 0;
        while let Some(claim) = self.0.front_mut().filter(|_| open > 0) {
            let part = claim.left.min(open);
            open -= part;
            claim.settle(part, outcome);
            if claim.left == 0 {
                let account = claim.account.clone();
                lost += self.0.pop_front().map_or(0, Claim::finish);
                // One entry for the batch, and not one for each of hundreds of claims.
                if lost > 0 && (open == 0 || self.0.is_empty()) {
                    account.dropped(lost, SENDER_FAILED);
                }
            }
        }
        lost
    }
}
