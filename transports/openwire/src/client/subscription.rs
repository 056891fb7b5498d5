//! A subscription and what came by it.

use std::collections::BTreeMap;

use finewire_core::machine::CommandId;

use crate::command::{
    AckKind, ConsumerId, ConsumerInfo, Destination, MessageAck, MessageId, RemoveInfo, Text,
};

use super::command::{AckMode, Subscribe};

/// A subscription, kept over reconnects.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) asked: Subscribe,
    pub(super) id: ConsumerId,
    /// The command that has not ended yet.
    pub(super) command: Option<CommandId>,
    /// Deliveries that the owner has not acknowledged, by number.
    unacknowledged: BTreeMap<u64, (Destination, MessageId)>,
    next_number: u64,
    /// `brokerSequenceId` of the last delivery.
    pub(super) last_sequence: i64,
    /// Deliveries that the client is about to acknowledge: first, last, count.
    batch: Option<(Destination, MessageId, MessageId, i32)>,
}

impl Subscription {
    pub(super) const fn new(asked: Subscribe, id: ConsumerId, command: CommandId) -> Self {
        Self {
            asked,
            id,
            command: Some(command),
            unacknowledged: BTreeMap::new(),
            next_number: 0,
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

    /// The link is lost: the broker takes back what was not acknowledged.
    pub(super) fn forget_deliveries(&mut self) {
        self.unacknowledged.clear();
        self.batch = None;
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
        destination: Destination,
        id: MessageId,
    ) -> (Option<u64>, Option<MessageAck>) {
        self.last_sequence = id.broker_sequence_id;
        if self.asked.acknowledge == AckMode::Auto {
            if let Some((place, _, last, count)) = &mut self.batch
                && *place == destination
            {
                *last = id;
                *count += 1;
                return (None, None);
            }
            let due = self.take_batch();
            self.batch = Some((destination, id.clone(), id, 1));
            return (None, due);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.unacknowledged.insert(number, (destination, id));
        (Some(number), None)
    }

    /// The acknowledgement of what was delivered since the last.
    pub(super) fn take_batch(&mut self) -> Option<MessageAck> {
        let (destination, first, last, count) = self.batch.take()?;
        Some(self.ack(AckKind::STANDARD, destination, Some(first), last, count))
    }

    /// The acknowledgements for a delivery; `None` if it is unknown or acknowledged already.
    ///
    /// A cumulative one covers one destination at a time, so that wildcards may need several.
    pub(super) fn acknowledge(&mut self, number: u64) -> Option<Vec<MessageAck>> {
        if self.asked.acknowledge != AckMode::Cumulative {
            let (destination, id) = self.unacknowledged.remove(&number)?;
            return Some(vec![self.ack(
                AckKind::INDIVIDUAL,
                destination,
                None,
                id,
                1,
            )]);
        }
        if !self.unacknowledged.contains_key(&number) {
            return None;
        }
        let later = self.unacknowledged.split_off(&(number + 1));
        let covered = core::mem::replace(&mut self.unacknowledged, later);
        let mut acks: Vec<MessageAck> = Vec::new();
        for (destination, id) in covered.into_values() {
            match acks.last_mut() {
                Some(ack) if ack.destination.as_ref() == Some(&destination) => {
                    ack.last_message_id = Some(id);
                    ack.message_count += 1;
                }
                _ => {
                    let first = Some(id.clone());
                    acks.push(self.ack(AckKind::STANDARD, destination, first, id, 1));
                }
            }
        }
        Some(acks)
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
        Subscription::new(asked, ConsumerId::default(), CommandId(1))
    }

    fn id(sequence: i64) -> MessageId {
        MessageId {
            broker_sequence_id: sequence,
            ..MessageId::default()
        }
    }

    #[test]
    fn automatic_acknowledgements_come_in_ranges_of_one_destination() {
        let mut subscription = subscription(AckMode::Auto);
        let (a, b) = (Destination::topic("a.a"), Destination::topic("a.b"));

        assert_eq!(subscription.deliver(a.clone(), id(1)), (None, None));
        assert_eq!(subscription.deliver(a, id(2)), (None, None));
        let (_, due) = subscription.deliver(b, id(3));

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
            subscription.deliver(Destination::topic("a.a"), id(n));
        }

        let acks = subscription.acknowledge(2).unwrap();

        assert_eq!(acks.len(), 1);
        assert_eq!(acks[0].message_count, 3);
        assert_eq!(acks[0].last_message_id, Some(id(3)));
        assert_eq!(subscription.acknowledge(1), None, "covered");
        assert_eq!(subscription.acknowledge(3).unwrap()[0].message_count, 1);
    }

    #[test]
    fn an_individual_acknowledgement_is_good_once() {
        let mut subscription = subscription(AckMode::Individual);
        subscription.deliver(Destination::topic("a.a"), id(1));

        let acks = subscription.acknowledge(0).unwrap();

        assert_eq!(acks[0].kind, AckKind::INDIVIDUAL);
        assert_eq!(subscription.acknowledge(0), None);
    }
}
