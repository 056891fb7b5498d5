//! Local transactions: sends and acknowledgements that take effect together.

use std::collections::BTreeSet;

use finewire_core::machine::LinkId;

use crate::command::{TransactionId, TransactionInfo, TransactionStep};

use super::connection::Transaction;
use super::consumer::ConsumerKey;
use super::fault::Fault;
use super::machine::Broker;
use super::sending::no_xa;
use super::serve::{Answer, DONE, Then, missing};

impl Broker {
    pub(super) fn move_transaction(
        &mut self,
        link: LinkId,
        info: &TransactionInfo,
    ) -> Result<(Answer, Then), Fault> {
        let value = match &info.transaction_id {
            Some(TransactionId::Local(id)) => id.value,
            Some(TransactionId::Xa(_)) => return Err(no_xa()),
            None if info.step == TransactionStep::RECOVER => return Err(no_xa()),
            None => return Err(missing("TransactionInfo.transactionId")),
        };
        let limit = self.config.limits.transactions;
        let id = info.connection_id.as_ref().and_then(|id| id.value.as_ref());
        let connection = self.own(link, id)?;
        let take = |connection: &mut super::connection::Connection| {
            connection
                .transactions
                .remove(&value)
                .ok_or_else(|| Fault::jms(format!("Transaction '{value}' has not been started.")))
        };
        match info.step {
            TransactionStep::BEGIN => {
                // A failover client begins its open transaction again on the new link.
                if connection.transactions.len() >= limit {
                    return Err(Fault::exhausted(format!("more than {limit} transactions")));
                }
                connection.transactions.entry(value).or_default();
                DONE
            }
            TransactionStep::COMMIT_ONE_PHASE | TransactionStep::COMMIT_TWO_PHASE => {
                let transaction = take(connection)?;
                if transaction.broken {
                    self.roll_back(transaction);
                    return Err(Fault::rolled_back(
                        "The transaction was rolled back because a send in it failed",
                    ));
                }
                self.commit(link, transaction);
                DONE
            }
            TransactionStep::ROLLBACK => {
                let transaction = take(connection)?;
                self.roll_back(transaction);
                DONE
            }
            TransactionStep::END => DONE,
            TransactionStep::PREPARE => {
                // A local transaction has nothing to prepare; 0 says that it can be committed.
                if !connection.transactions.contains_key(&value) {
                    return Err(Fault::jms(format!(
                        "Transaction '{value}' has not been started."
                    )));
                }
                Ok((Answer::Number(0), Then::Nothing))
            }
            TransactionStep::FORGET => {
                let transaction = take(connection)?;
                self.roll_back(transaction);
                DONE
            }
            TransactionStep(other) => {
                Err(Fault::jms(format!("Unknown transaction operation {other}")))
            }
        }
    }

    fn commit(&mut self, link: LinkId, transaction: Transaction) {
        let mut woken: BTreeSet<ConsumerKey> = BTreeSet::new();
        for (key, delivery) in transaction.acks {
            let settled = self
                .consumers
                .get_mut(&key)
                .and_then(|consumer| consumer.settle(delivery));
            if let Some(outstanding) = settled {
                self.consumed(outstanding, None);
                woken.insert(key);
            }
        }
        for (name, place, stored) in transaction.orphans {
            self.release(&name, place, stored.size);
        }
        for message in transaction.sends {
            // Limits may have been reached since the send was taken; then this message alone is refused.
            if let Err(fault) = self.publish(&message) {
                self.refuse(link, "Message", &fault, None);
            }
        }
        for key in woken {
            self.wake(key);
        }
    }

    /// Messages acknowledged in it stay with their consumers, whose clients redeliver them; those of
    /// consumers that have gone return to their queues.
    pub(super) fn roll_back(&mut self, transaction: Transaction) {
        for (key, delivery) in transaction.acks {
            let consumer = self.consumers.get_mut(&key);
            if let Some(outstanding) =
                consumer.and_then(|consumer| consumer.outstanding_mut(delivery))
            {
                outstanding.in_transaction = false;
            }
        }
        let mut queues = BTreeSet::new();
        for (name, place, mut stored) in transaction.orphans {
            stored.redeliveries = stored.redeliveries.saturating_add(1);
            self.put_back(&name, place, stored);
            queues.insert(name);
        }
        for name in queues {
            self.pump(&name);
        }
    }
}
