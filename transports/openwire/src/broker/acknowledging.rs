//! Acknowledgements, and what they move.

use finewire_core::machine::LinkId;

use crate::command::{AckKind, MessageAck, Throwable, TransactionId};

use super::consumer::{ConsumerKey, Outstanding};
use super::dispatching::EXPIRED;
use super::fault::Fault;
use super::machine::Broker;
use super::sending::no_xa;
use super::serve::{Answer, DONE, Then, missing};

type Served = Result<(Answer, Then), Fault>;

impl Broker {
    pub(super) fn acknowledge(&mut self, link: LinkId, ack: &MessageAck) -> Served {
        let transaction = match &ack.transaction_id {
            None => None,
            Some(TransactionId::Local(id)) => Some(id.value),
            Some(TransactionId::Xa(_)) => return Err(no_xa()),
        };
        let id = ack
            .consumer_id
            .as_ref()
            .ok_or_else(|| missing("MessageAck.consumerId"))?;
        let connection = self.own(link, id.connection_id.as_ref())?;
        if !connection
            .consumers
            .contains_key(&(id.session_id, id.value))
        {
            // Late acknowledgements of a closed consumer: its messages are back where they were.
            return DONE;
        }
        if let Some(value) = transaction
            && !connection.transactions.contains_key(&value)
        {
            return Err(Fault::jms(format!(
                "Transaction '{value}' has not been started."
            )));
        }
        let (key, consumer) = self.own_consumer(link, Some(id))?;
        let (first, last) = (ack.first_message_id.as_ref(), ack.last_message_id.as_ref());
        match ack.kind {
            AckKind::DELIVERED => {
                consumer.extend(usize::try_from(ack.message_count).unwrap_or(0));
            }
            AckKind::REDELIVERED => {
                for delivery in consumer.range(first, last)? {
                    let outstanding = consumer.outstanding_mut(delivery);
                    if let Some((_, _, stored)) = outstanding.and_then(|it| it.home.as_mut()) {
                        stored.redeliveries = stored.redeliveries.saturating_add(1);
                    }
                }
            }
            AckKind::EXPIRED => {
                let deliveries = consumer.range(first, last)?;
                self.settle(link, key, &deliveries, None, Some(EXPIRED));
            }
            AckKind::STANDARD | AckKind::UNMATCHED => {
                let deliveries = consumer.range(first, last)?;
                self.settle(link, key, &deliveries, transaction, None);
            }
            AckKind::INDIVIDUAL => {
                let last = last.ok_or_else(|| missing("MessageAck.lastMessageId"))?;
                let delivery = consumer.delivery_of(last)?;
                self.settle(link, key, &[delivery], transaction, None);
            }
            AckKind::POISON => {
                let deliveries = consumer.range(first, last)?;
                let cause = ack.poison_cause.as_deref().map(Throwable::to_string);
                let cause = cause.unwrap_or_else(|| "poison".into());
                self.settle(link, key, &deliveries, None, Some(&cause));
            }
            AckKind(other) => {
                return Err(Fault::jms(format!("Unknown acknowledgement type {other}")));
            }
        }
        Ok((Answer::Done, Then::Wake(key)))
    }

    /// Settles deliveries: at once, or with their transaction.
    fn settle(
        &mut self,
        link: LinkId,
        key: ConsumerKey,
        deliveries: &[u64],
        transaction: Option<i64>,
        poison: Option<&str>,
    ) {
        for delivery in deliveries {
            let Some(consumer) = self.consumers.get_mut(&key) else {
                return;
            };
            if let Some(value) = transaction {
                if let Some(outstanding) = consumer.outstanding_mut(*delivery) {
                    outstanding.in_transaction = true;
                }
                // The window counts what the application has not finished.
                consumer.extend(1);
                let connection = self.connections.get_mut(&link);
                let open = connection.and_then(|known| known.transactions.get_mut(&value));
                if let Some(open) = open {
                    open.acks.insert((key, *delivery));
                }
                continue;
            }
            if let Some(outstanding) = consumer.settle(*delivery) {
                self.consumed(outstanding, poison);
            }
        }
    }

    /// A message has left its queue for good.
    pub(super) fn consumed(&mut self, outstanding: Outstanding, poison: Option<&str>) {
        let Some((name, place, stored)) = outstanding.home else {
            return;
        };
        self.release(&name, place, stored.size);
        if let Some(cause) = poison {
            if cause == EXPIRED {
                self.counters.expired += 1;
                self.advise_loss("Expired", &stored.message, None);
            }
            self.bury(&stored.message, cause);
        }
    }
}
