//! Sends that are under way: what they still wait for, and how they end.

use core::time::Duration;

use finewire_core::machine::{CloseReason, CommandId, Outcome, Reason};

use super::protocol::Client;
use super::sending::{Waiting, weight};
use super::session::{Transaction, rolled_back};

/// A send of which something is encoded, or waits.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Whether all of it is encoded.
    pub(super) complete: bool,
    /// Whether what is encoded has not been written.
    pub(super) unwritten: bool,
    /// Answers that are missing.
    pub(super) unanswered: usize,
    /// Messages that were encoded.
    pub(super) sent: usize,
    /// The first that went wrong.
    pub(super) trouble: Option<Outcome>,
}

impl Client {
    /// What was encoded last of a send is written. False: it is no send.
    pub(super) fn batch_written(&mut self, command: CommandId) -> bool {
        let Some(batch) = self.batches.get_mut(&command) else {
            return false;
        };
        batch.unwritten = false;
        self.end_batch(command);
        true
    }

    /// The broker has answered one message of a send, or nobody will.
    pub(super) fn batch_answered(&mut self, command: CommandId, trouble: Option<Outcome>) {
        if let Some(batch) = self.batches.get_mut(&command) {
            batch.unanswered = batch.unanswered.saturating_sub(1);
            if let Some(outcome) = trouble {
                if matches!(outcome, Outcome::Refused(_)) {
                    batch.sent = batch.sent.saturating_sub(1);
                }
                batch.trouble.get_or_insert(outcome);
            }
            self.end_batch(command);
        }
    }

    /// Ends a send that has nothing left to wait for.
    pub(super) fn end_batch(&mut self, command: CommandId) {
        let Some(batch) = self.batches.get(&command) else {
            return;
        };
        if !batch.complete || batch.unwritten || batch.unanswered > 0 {
            return;
        }
        let Some(batch) = self.batches.remove(&command) else {
            return;
        };
        let outcome = match batch.trouble {
            None => Outcome::Done,
            Some(outcome) if batch.sent == 0 => outcome,
            Some(Outcome::Refused(why) | Outcome::Failed(why)) => Outcome::Failed(why),
            Some(Outcome::Done) => Outcome::Done,
        };
        self.ended(command, outcome);
    }

    /// Ends a send that has not been encoded to its end.
    pub(super) fn give_up(&mut self, waiting: Waiting, outcome: Outcome) {
        let bytes = waiting.left().iter().map(weight).sum::<usize>();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.holds.clear(&waiting.command);
        if let Some(batch) = self.batches.get_mut(&waiting.command) {
            batch.complete = true;
            batch.trouble.get_or_insert(outcome);
            self.end_batch(waiting.command);
        }
    }

    /// The link is lost: what was in flight is told, what waits may wait on unless nobody comes back.
    pub(super) fn lose_sends(&mut self, reason: &CloseReason, was_up: bool, for_good: bool) {
        let hold = self.config.hold_sends;
        let keeps = !for_good && !hold.is_zero();
        let mut waiting = Vec::new();
        for producer in self.producers.values_mut() {
            producer.under_way.clear();
            producer.used = 0;
            let all = core::mem::take(&mut producer.waiting);
            let lost = self
                .sessions
                .get(&producer.asked.session)
                .is_some_and(|session| session.transaction == Transaction::Lost);
            for one in all {
                let begun = self
                    .batches
                    .get(&one.command)
                    .is_some_and(|batch| batch.sent > 0);
                if keeps && !begun && !lost {
                    producer.waiting.push_back(one);
                } else {
                    waiting.push((one, lost));
                }
            }
        }
        for (one, lost) in waiting {
            let outcome = if lost {
                rolled_back()
            } else {
                let text = format!("the link was lost ({reason}) before it was sent");
                Outcome::refused(Reason::LinkDown, text)
            };
            self.give_up(one, outcome);
        }
        let mut over = Vec::new();
        for (command, batch) in &mut self.batches {
            if batch.unwritten || batch.unanswered > 0 {
                let text = if batch.unwritten {
                    format!("the link was lost ({reason}) before it was written")
                } else {
                    format!("the link was lost ({reason}) before the broker answered")
                };
                batch.trouble = Some(Outcome::failed(Reason::LinkDown, text));
                batch.unwritten = false;
                batch.unanswered = 0;
                over.push(*command);
            } else if was_up && hold != Duration::MAX {
                // Others have their time since they were given.
                self.holds.set(*command, self.now + hold);
            }
        }
        for command in over {
            self.end_batch(command);
        }
    }
}
