//! A subscription and what came by it.

use std::sync::Arc;

use finewire_core::machine::CommandId;

use crate::command::{
    AckKind, ConsumerId, ConsumerInfo, Destination, Message, MessageAck, MessageId, MessagePull,
    ProducerId, RemoveInfo, SharedMessage, Text, Throwable,
};

use crate::window::Window;

use super::command::{AckMode, Delivered, DeliveryToken, Subscribe};

/// A delivery that is not acknowledged.
#[derive(Debug)]
struct Out {
    destination: Arc<Destination>,
    id: Named,
    /// Where a rollback may bring it again: the message, and how often it was delivered before.
    message: Option<(SharedMessage, i32)>,
}

/// A message's id in little room: most have their producer in common.
#[derive(Debug)]
struct Named {
    text_view: Option<Box<Text>>,
    producer_id: Option<Arc<ProducerId>>,
    producer_sequence_id: i64,
    broker_sequence_id: i64,
}

impl Named {
    fn to_id(&self) -> MessageId {
        MessageId {
            text_view: self.text_view.as_deref().cloned(),
            producer_id: self.producer_id.as_deref().cloned(),
            producer_sequence_id: self.producer_sequence_id,
            broker_sequence_id: self.broker_sequence_id,
        }
    }
}

/// A subscription, kept over reconnects.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) asked: Subscribe,
    pub(super) id: ConsumerId,
    /// The command that has not ended yet.
    pub(super) command: Option<CommandId>,
    /// Deliveries that the owner has not acknowledged, by number.
    unacknowledged: Window<Out>,
    /// Whether acknowledgements wait for a commit.
    transacted: bool,
    /// Pulls that wait for ever, and that wait for some time.
    endless_pulls: usize,
    timed_pulls: usize,
    /// The last destination and producer that were copied, for the next message from there.
    known_place: Arc<Destination>,
    known_producer: Arc<ProducerId>,
    /// `brokerSequenceId` of the last delivery.
    pub(super) last_sequence: i64,
    /// Deliveries that the client is about to acknowledge: first, last, count.
    batch: Option<(Destination, MessageId, MessageId, i32)>,
}

impl Subscription {
    pub(super) fn new(
        asked: Subscribe,
        id: ConsumerId,
        command: CommandId,
        transacted: bool,
    ) -> Self {
        Self {
            transacted,
            endless_pulls: 0,
            timed_pulls: 0,
            known_place: Arc::default(),
            known_producer: Arc::default(),
            asked,
            id,
            command: Some(command),
            unacknowledged: Window::new(),
            last_sequence: RemoveInfo::NOTHING_DELIVERED,
            batch: None,
        }
    }

    /// What opens it, with this prefetch.
    pub(super) fn to_info(&self, prefetch: u16) -> ConsumerInfo {
        let asked = &self.asked;
        ConsumerInfo {
            consumer_id: Some(self.id.clone()),
            destination: Some(asked.destination.clone()),
            prefetch_size: prefetch.into(),
            maximum_pending_message_limit: asked.maximum_pending.unwrap_or(0),
            dispatch_async: true,
            selector: asked.selector.as_ref().map(Text::from),
            no_local: asked.no_local,
            exclusive: asked.exclusive,
            browser: asked.browse,
            retroactive: asked.retroactive,
            priority: asked.priority,
            ..ConsumerInfo::default()
        }
    }

    /// The link is lost: the broker takes back what was not acknowledged. Gives how many pulls that wait
    /// for some time will not be answered; those without limit are asked for again.
    pub(super) fn forget_deliveries(&mut self) -> usize {
        drop(self.unacknowledged.take_all());
        self.batch = None;
        core::mem::take(&mut self.timed_pulls)
    }

    /// Counts a pull; false: too many wait already.
    pub(super) fn pulled(&mut self, endless: bool, most: usize) -> bool {
        if self.endless_pulls + self.timed_pulls >= most {
            return false;
        }
        if endless {
            self.endless_pulls += 1;
        } else {
            self.timed_pulls += 1;
        }
        true
    }

    /// A pull was answered.
    pub(super) fn pull_answered(&mut self) {
        if self.timed_pulls > 0 {
            self.timed_pulls -= 1;
        } else {
            self.endless_pulls = self.endless_pulls.saturating_sub(1);
        }
    }

    /// What asks for one message; `timeout` as in [`MessagePull`].
    pub(super) fn to_pull(&self, timeout: i64) -> MessagePull {
        MessagePull {
            consumer_id: Some(self.id.clone()),
            destination: Some(self.asked.destination.clone()),
            timeout,
            ..MessagePull::default()
        }
    }

    /// What asks again, after a reconnect, for what was pulled without limit.
    pub(super) fn pulls_again(&self) -> impl Iterator<Item = MessagePull> + use<> {
        let pull = self.to_pull(0);
        (0..self.endless_pulls).map(move |_| pull.clone())
    }

    /// Whether a broker that keeps to the prefetch could have sent all this.
    pub(super) fn is_plausible(&self) -> bool {
        // A pull consumer may have pulled often; a replay may cross deliveries.
        self.unacknowledged.len() <= usize::from(self.asked.prefetch).max(1024) * 2
    }

    /// A message came. Its number, where the owner is to acknowledge it; otherwise the
    /// acknowledgement that became due because this message cannot join the batch.
    pub(super) fn deliver(
        &mut self,
        destination: &Destination,
        message: &SharedMessage,
        id: &MessageId,
        redeliveries: i32,
    ) -> (Option<u64>, Option<MessageAck>) {
        self.last_sequence = id.broker_sequence_id;
        if self.asked.prefetch == 0 {
            self.pull_answered();
        }
        if self.asked.acknowledge == AckMode::Auto {
            // A batch lives as long as the frames it came in: nothing is kept that holds them.
            if let Some((place, _, last, count)) = &mut self.batch
                && place == destination
            {
                last.clone_from(id);
                *count += 1;
                return (None, None);
            }
            let due = self.take_batch();
            self.batch = Some((destination.clone(), id.clone(), id.clone(), 1));
            return (None, due);
        }
        let message = self.transacted.then(|| (message.clone(), redeliveries));
        (Some(self.keep(destination, id, message)), None)
    }

    /// Keeps what an acknowledgement will say, but not the frame that it came in.
    fn keep(
        &mut self,
        destination: &Destination,
        id: &MessageId,
        message: Option<(SharedMessage, i32)>,
    ) -> u64 {
        if *self.known_place != *destination {
            self.known_place = Arc::new(Destination {
                kind: destination.kind,
                physical_name: destination.physical_name.as_ref().map(Text::detach),
            });
        }
        if let Some(producer) = &id.producer_id
            && *self.known_producer != *producer
        {
            self.known_producer = Arc::new(ProducerId {
                connection_id: producer.connection_id.as_ref().map(Text::detach),
                ..producer.clone()
            });
        }
        let has_producer = id.producer_id.is_some();
        self.unacknowledged.push(Out {
            destination: self.known_place.clone(),
            id: Named {
                text_view: id.text_view.as_ref().map(|text| Box::new(text.detach())),
                producer_id: has_producer.then(|| self.known_producer.clone()),
                producer_sequence_id: id.producer_sequence_id,
                broker_sequence_id: id.broker_sequence_id,
            },
            message,
        })
    }

    /// Something acknowledged in a transaction that was undone: under a new number, and counted.
    pub(super) fn deliver_again(
        &mut self,
        delivered: Delivered,
        epoch: u64,
    ) -> (Option<MessageAck>, Delivered) {
        let message = delivered.message;
        let redeliveries = delivered.redeliveries.saturating_add(1);
        let destination = message.destination.clone().unwrap_or_default();
        let id = message.message_id.clone().unwrap_or_default();
        let first = Some(id.clone());
        let ack = self.ack(
            AckKind::REDELIVERED,
            destination.clone(),
            first,
            id.clone(),
            1,
        );
        let kept = Some((message.clone(), redeliveries));
        let number = self.keep(&destination, &id, kept);
        let again = Delivered {
            consumer: delivered.consumer,
            message,
            redeliveries,
            token: Some(DeliveryToken {
                consumer: delivered.consumer,
                epoch,
                number,
            }),
        };
        (Some(ack), again)
    }

    /// Something that was undone too often: for the dead-letter queue.
    pub(super) fn poison_again(&self, message: &Message) -> Option<MessageAck> {
        let (destination, id) = (message.destination.clone()?, message.message_id.clone()?);
        Some(self.poison(destination, id, "it was rolled back too often"))
    }

    /// The owner cannot use a delivery; `None` if it is unknown or acknowledged already.
    pub(super) fn reject(&mut self, number: u64, why: &str) -> Option<MessageAck> {
        let out = self.unacknowledged.remove(number)?;
        Some(self.poison((*out.destination).clone(), out.id.to_id(), why))
    }

    fn poison(&self, destination: Destination, id: MessageId, why: &str) -> MessageAck {
        let first = Some(id.clone());
        MessageAck {
            // Seen: Java names the class of what its listener threw.
            poison_cause: Some(Box::new(Throwable::new("java.lang.Throwable", why))),
            ..self.ack(AckKind::POISON, destination, first, id, 1)
        }
    }

    /// The acknowledgement of what was delivered since the last.
    pub(super) fn take_batch(&mut self) -> Option<MessageAck> {
        let (destination, first, last, count) = self.batch.take()?;
        Some(self.ack(AckKind::STANDARD, destination, Some(first), last, count))
    }

    /// The acknowledgements for a delivery and, in a transaction, the delivery itself; `None` if it is
    /// unknown or acknowledged already.
    ///
    /// A cumulative one covers one destination at a time, so that wildcards may need several.
    pub(super) fn acknowledge(
        &mut self,
        number: u64,
    ) -> Option<(Vec<MessageAck>, Option<Delivered>)> {
        if self.asked.acknowledge != AckMode::Cumulative {
            let out = self.unacknowledged.remove(number)?;
            let taken = out.message.map(|(message, redeliveries)| Delivered {
                consumer: self.asked.consumer,
                message,
                redeliveries,
                token: None,
            });
            let place = (*out.destination).clone();
            let ack = self.ack(AckKind::INDIVIDUAL, place, None, out.id.to_id(), 1);
            return Some((vec![ack], taken));
        }
        self.unacknowledged.get(number)?;
        let mut acks: Vec<MessageAck> = Vec::new();
        // The first, last and number of those in a row that are of one destination.
        let mut run: Option<(Out, Named, i32)> = None;
        while let Some(out) = self.unacknowledged.pop_through(number) {
            match &mut run {
                Some((first, last, count)) if first.destination == out.destination => {
                    *last = out.id;
                    *count += 1;
                }
                _ => {
                    acks.extend(run.take().map(|run| self.ack_run(&run)));
                    let last = Named {
                        text_view: out.id.text_view.clone(),
                        producer_id: out.id.producer_id.clone(),
                        ..out.id
                    };
                    run = Some((out, last, 1));
                }
            }
        }
        acks.extend(run.map(|run| self.ack_run(&run)));
        Some((acks, None))
    }

    fn ack_run(&self, (first, last, count): &(Out, Named, i32)) -> MessageAck {
        let place = (*first.destination).clone();
        let from = Some(first.id.to_id());
        self.ack(AckKind::STANDARD, place, from, last.to_id(), *count)
    }

    fn ack(
        &self,
        kind: AckKind,
        destination: Destination,
        first: Option<MessageId>,
        last: MessageId,
        count: i32,
    ) -> MessageAck {
        MessageAck {
            destination: Some(destination),
            consumer_id: Some(self.id.clone()),
            kind,
            first_message_id: first,
            last_message_id: Some(last),
            message_count: count,
            ..MessageAck::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ConsumerHandle;

    fn subscription(acknowledge: AckMode) -> Subscription {
        let asked = Subscribe {
            acknowledge,
            ..Subscribe::to(ConsumerHandle(1), Destination::topic("a.>"))
        };
        Subscription::new(asked, ConsumerId::default(), CommandId(1), false)
    }

    fn id(sequence: i64) -> MessageId {
        MessageId {
            broker_sequence_id: sequence,
            ..MessageId::default()
        }
    }

    fn deliver(
        subscription: &mut Subscription,
        place: Destination,
        id: MessageId,
    ) -> (Option<u64>, Option<MessageAck>) {
        subscription.deliver(&place, &SharedMessage::default(), &id, 0)
    }

    #[test]
    fn automatic_acknowledgements_come_in_ranges_of_one_destination() {
        let mut subscription = subscription(AckMode::Auto);
        let (a, b) = (Destination::topic("a.a"), Destination::topic("a.b"));

        assert_eq!(deliver(&mut subscription, a.clone(), id(1)), (None, None));
        assert_eq!(deliver(&mut subscription, a, id(2)), (None, None));
        let (_, due) = deliver(&mut subscription, b, id(3));

        let due = due.unwrap();
        assert_eq!(
            (due.first_message_id, due.last_message_id),
            (Some(id(1)), Some(id(2)))
        );
        assert_eq!(due.message_count, 2);
        assert_eq!(subscription.take_batch().unwrap().message_count, 1);
        assert_eq!(subscription.take_batch(), None);
    }

    #[test]
    fn a_cumulative_acknowledgement_covers_what_came_before_and_nothing_else() {
        let mut subscription = subscription(AckMode::Cumulative);
        for n in 1..=4 {
            deliver(&mut subscription, Destination::topic("a.a"), id(n));
        }

        let acks = subscription.acknowledge(2).unwrap().0;

        assert_eq!(acks.len(), 1);
        assert_eq!(acks[0].message_count, 3);
        assert_eq!(acks[0].last_message_id, Some(id(3)));
        assert_eq!(subscription.acknowledge(1), None, "covered");
        assert_eq!(subscription.acknowledge(3).unwrap().0[0].message_count, 1);
    }

    #[test]
    fn an_individual_acknowledgement_is_good_once() {
        let mut subscription = subscription(AckMode::Individual);
        deliver(&mut subscription, Destination::topic("a.a"), id(1));

        let acks = subscription.acknowledge(0).unwrap().0;

        assert_eq!(acks[0].kind, AckKind::INDIVIDUAL);
        assert_eq!(subscription.acknowledge(0), None);
    }
}
