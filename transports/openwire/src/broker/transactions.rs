//! Local transactions: sends and acknowledgements that take effect together.

use std::collections::{BTreeMap, BTreeSet};

use finewire_core::machine::LinkId;

use crate::command::{Command, Destination, TransactionId, TransactionInfo, TransactionStep};

use super::connection::Transaction;
use super::consumer::ConsumerKey;
use super::fault::Fault;
use super::holding::{Shortage, session_of};
use super::machine::Broker;
use super::names;
use super::sending::{no_xa, size_of};
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
                let session = session_of(connection, info).unwrap_or(0);
                if let Err(fault) = self.room_for_commit(link, info) {
                    if let Some(Shortage::Queue(name)) = &fault.shortage {
                        self.advise_full(name);
                    }
                    let command = Command::from(info.clone());
                    if let Ok(held) = self.hold_up(link, session, command, fault.clone()) {
                        return Ok(held);
                    }
                    let id = info.connection_id.as_ref().and_then(|id| id.value.as_ref());
                    let transaction = take(self.own(link, id)?)?;
                    self.roll_back(transaction);
                    return Err(Fault::rolled_back(format!(
                        "The transaction was rolled back: {}",
                        fault.message
                    )));
                }
                let transaction = take(self.own(link, id)?)?;
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

    /// Whether there is room for all sends of a transaction once what was acknowledged in it is gone.
    pub(super) fn room_for_commit(
        &self,
        link: LinkId,
        info: &TransactionInfo,
    ) -> Result<(), Fault> {
        let is_commit = matches!(
            info.step,
            TransactionStep::COMMIT_ONE_PHASE | TransactionStep::COMMIT_TWO_PHASE
        );
        let Some(TransactionId::Local(id)) = info.transaction_id.as_ref().filter(|_| is_commit)
        else {
            return Ok(());
        };
        let connection = self.connections.get(&link);
        let open = connection.and_then(|known| known.transactions.get(&id.value));
        let Some(open) = open.filter(|open| !open.broken && !open.sends.is_empty()) else {
            return Ok(());
        };
        let mut coming: BTreeMap<Destination, (usize, usize)> = BTreeMap::new();
        let mut all_coming = 0;
        for message in &open.sends {
            let parts = message.destination.as_ref().map(names::parts).transpose()?;
            let parts = parts.iter().flat_map(|parts| parts.iter());
            for part in parts.filter(|part| part.kind.is_queue()) {
                let size = size_of(message);
                add(coming.entry(part.clone()).or_default(), size);
                all_coming += size;
            }
        }
        let mut going: BTreeMap<&Destination, (usize, usize)> = BTreeMap::new();
        let mut all_going = open.bytes;
        let acknowledged = open.acks.iter().filter_map(|(key, delivery)| {
            let (name, _, stored) = self
                .consumers
                .get(key)?
                .outstanding(*delivery)?
                .home
                .as_ref()?;
            Some((&**name, stored.size))
        });
        let orphans = open
            .orphans
            .iter()
            .map(|(name, _, stored)| (&**name, stored.size));
        for (name, size) in acknowledged.chain(orphans) {
            add(going.entry(name).or_default(), size);
            all_going += size;
        }
        for (name, coming) in &coming {
            let going = going.get(name).copied().unwrap_or_default();
            self.room_in_queue(name, *coming, going)?;
        }
        self.room_in_total(all_coming, all_going)
    }

    fn commit(&mut self, link: LinkId, transaction: Transaction) {
        let mut woken: BTreeSet<ConsumerKey> = BTreeSet::new();
        self.open_bytes = self.open_bytes.saturating_sub(transaction.bytes);
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
            // There is room; a temporary destination may have gone since the send was taken.
            if let Err(fault) = self.publish(message) {
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
        self.open_bytes = self.open_bytes.saturating_sub(transaction.bytes);
        self.lines.room_in_total();
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

fn add(to: &mut (usize, usize), bytes: usize) {
    to.0 += 1;
    to.1 += bytes;
}
