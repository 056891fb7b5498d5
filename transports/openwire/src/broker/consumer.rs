//! A consumer at the broker: its window, what is out, what waits for it.

use std::collections::{BTreeMap, VecDeque};

use finewire_core::machine::{Instant, LinkId};

use crate::command::{ConsumerId, Destination, Message, MessageId, SharedMessage};
use crate::selector::{Selector, Subject};

use super::fault::Fault;
use super::queue::Stored;

/// Names a consumer within the broker; rises with the order of arrival, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConsumerKey(pub(super) u64);

/// A message that is with a consumer and not yet acknowledged.
#[derive(Debug)]
pub(super) struct Outstanding {
    /// Its `brokerSequenceId`.
    pub(super) sequence: i64,
    /// Whose message, for clients that send the sequence back as 0.
    pub(super) message_id: Option<MessageId>,
    /// Where it belongs if it comes back; `None`: it does not (topics, browsers).
    pub(super) home: Option<(Destination, i64, Stored)>,
    /// Acknowledged in a transaction that is still open.
    pub(super) in_transaction: bool,
}

/// What waits for a consumer of its own: a topic's, a browser's.
#[derive(Debug)]
pub(super) enum Waiting {
    Message(SharedMessage),
    EndOfBrowse,
}

/// One [`MessagePull`](crate::command::MessagePull) that is not yet answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull {
    /// When to answer with nothing; `None`: never.
    pub(super) until: Option<Instant>,
}

/// A consumer.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) id: ConsumerId,
    pub(super) link: LinkId,
    /// What it asked for, wildcards and all.
    pub(super) destination: Destination,
    /// The plain parts of it.
    pub(super) parts: Vec<Destination>,
    /// The queues it is attached to.
    pub(super) queues: Vec<Destination>,
    pub(super) prefetch: usize,
    pub(super) extension: usize,
    pub(super) pulls: VecDeque<Pull>,
    pub(super) priority: i8,
    pub(super) exclusive: bool,
    pub(super) no_local: bool,
    pub(super) selector: Option<Box<Selector>>,
    pub(super) browser: bool,
    /// The most that may wait for a topic consumer.
    pub(super) backlog_limit: usize,
    pub(super) backlog: VecDeque<Waiting>,
    pub(super) backlog_bytes: usize,
    /// Messages it was too slow for.
    pub(super) dropped: u64,
    pub(super) delivered: u64,
    /// Its client asked to stop delivery.
    pub(super) stopped: bool,
    outstanding: BTreeMap<u64, Outstanding>,
    by_sequence: BTreeMap<i64, u64>,
    next_delivery: u64,
}

impl Consumer {
    pub(super) fn new(id: ConsumerId, link: LinkId, destination: Destination) -> Self {
        Self {
            id,
            link,
            destination,
            parts: Vec::new(),
            queues: Vec::new(),
            prefetch: 0,
            extension: 0,
            pulls: VecDeque::new(),
            priority: 0,
            exclusive: false,
            no_local: false,
            selector: None,
            browser: false,
            backlog_limit: 0,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            dropped: 0,
            delivered: 0,
            stopped: false,
            outstanding: BTreeMap::new(),
            by_sequence: BTreeMap::new(),
            next_delivery: 0,
        }
    }

    /// Whether it wants some messages only.
    pub(super) const fn is_choosy(&self) -> bool {
        self.selector.is_some() || self.no_local
    }

    /// Whether it wants this message.
    pub(super) fn wants(&self, message: &Message, subject: &Subject<'_>) -> bool {
        if self.no_local {
            let sender = message.producer_id.as_ref().map(|id| &id.connection_id);
            if sender == Some(&self.id.connection_id) {
                return false;
            }
        }
        let selector = self.selector.as_ref();
        selector.is_none_or(|selector| selector.matches(subject))
    }

    /// Whether one more message may go out.
    pub(super) fn has_room(&self) -> bool {
        if self.stopped {
            return false;
        }
        if self.prefetch == 0 {
            return !self.pulls.is_empty();
        }
        self.outstanding.len() < self.prefetch.saturating_add(self.extension)
    }

    /// A message goes out.
    pub(super) fn hand_out(&mut self, outstanding: Outstanding) {
        if self.prefetch == 0 {
            self.pulls.pop_front();
        }
        self.by_sequence
            .insert(outstanding.sequence, self.next_delivery);
        self.outstanding.insert(self.next_delivery, outstanding);
        self.next_delivery += 1;
        self.delivered += 1;
    }

    fn find(&self, id: &MessageId) -> Option<u64> {
        let same = |outstanding: &Outstanding| {
            outstanding.message_id.as_ref().is_some_and(|own| {
                own.producer_sequence_id == id.producer_sequence_id
                    && own.producer_id == id.producer_id
            })
        };
        let numbered = self.by_sequence.get(&id.broker_sequence_id);
        if let Some(delivery) = numbered.filter(|it| self.outstanding.get(it).is_some_and(same)) {
            return Some(*delivery);
        }
        // A client that loses our numbers names the message by its producer's.
        let mut all = self.outstanding.iter();
        all.find_map(|(delivery, outstanding)| same(outstanding).then_some(*delivery))
    }

    /// The deliveries from `first` (`None`: the oldest) to `last` (`None`: the newest), in order.
    pub(super) fn range(
        &self,
        first: Option<&MessageId>,
        last: Option<&MessageId>,
    ) -> Result<Vec<u64>, Fault> {
        let find = |id: &MessageId| {
            self.find(id).ok_or_else(|| {
                Fault::jms(format!(
                    "Unmatched acknowledge: message {id} is not outstanding at consumer {}",
                    self.id
                ))
            })
        };
        let from = first.map_or(Ok(0), find)?;
        let to = last.map_or(Ok(u64::MAX), find)?;
        if from > to {
            return Err(Fault::jms(
                "Unmatched acknowledge: the last message was delivered before the first",
            ));
        }
        let within = self.outstanding.range(from..=to);
        Ok(within
            .filter(|(_, outstanding)| !outstanding.in_transaction)
            .map(|(delivery, _)| *delivery)
            .collect())
    }

    /// The delivery of one message.
    pub(super) fn delivery_of(&self, id: &MessageId) -> Result<u64, Fault> {
        self.range(Some(id), Some(id))
            .map(|found| found.first().copied())?
            .ok_or_else(|| {
                Fault::jms(format!(
                    "Unmatched acknowledge: message {id} is already acknowledged"
                ))
            })
    }

    /// Settles a delivery: it is no longer out.
    pub(super) fn settle(&mut self, delivery: u64) -> Option<Outstanding> {
        let outstanding = self.outstanding.remove(&delivery)?;
        if self.by_sequence.get(&outstanding.sequence) == Some(&delivery) {
            self.by_sequence.remove(&outstanding.sequence);
        }
        self.extension = self.extension.saturating_sub(1);
        Some(outstanding)
    }

    /// A delivery.
    pub(super) fn outstanding(&self, delivery: u64) -> Option<&Outstanding> {
        self.outstanding.get(&delivery)
    }

    /// A delivery, to mark.
    pub(super) fn outstanding_mut(&mut self, delivery: u64) -> Option<&mut Outstanding> {
        self.outstanding.get_mut(&delivery)
    }

    /// Widens the window by `count` messages that the application has, though not acknowledged.
    pub(super) fn extend(&mut self, count: usize) {
        self.extension = self
            .extension
            .saturating_add(count)
            .min(self.outstanding.len());
    }

    /// How many messages of a queue are out.
    pub(super) fn outstanding_of(&self, queue: &Destination) -> usize {
        let out = self.outstanding.values();
        let homes = out.filter_map(|outstanding| outstanding.home.as_ref());
        homes.filter(|(home, _, _)| home == queue).count()
    }

    /// Everything that is out, in order, when the consumer goes.
    pub(super) fn take_outstanding(&mut self) -> Vec<(u64, Outstanding)> {
        self.by_sequence.clear();
        core::mem::take(&mut self.outstanding).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumer(prefetch: usize, out: i64) -> Consumer {
        let mut consumer = Consumer::new(
            ConsumerId::default(),
            LinkId::accepted(1),
            Destination::queue("q"),
        );
        consumer.prefetch = prefetch;
        for sequence in 1..=out {
            consumer.hand_out(Outstanding {
                sequence,
                message_id: Some(id(sequence)),
                home: None,
                in_transaction: false,
            });
        }
        consumer
    }

    fn id(sequence: i64) -> MessageId {
        MessageId {
            producer_sequence_id: sequence,
            broker_sequence_id: sequence,
            ..MessageId::default()
        }
    }

    #[test]
    fn the_window_closes_at_the_prefetch_and_delivered_acks_widen_it() {
        let mut consumer = consumer(3, 3);
        assert!(!consumer.has_room());

        consumer.extend(2);
        assert!(consumer.has_room());
        consumer.extend(100);
        assert_eq!(consumer.extension, 3, "never by more than is out");

        consumer.settle(0);
        consumer.settle(1);
        assert_eq!(consumer.extension, 1);
    }

    #[test]
    fn ranges_follow_the_order_of_dispatch() {
        let consumer = consumer(10, 5);

        assert_eq!(
            consumer.range(Some(&id(2)), Some(&id(4))).unwrap(),
            [1, 2, 3]
        );
        assert_eq!(consumer.range(None, Some(&id(2))).unwrap(), [0, 1]);
        assert!(consumer.range(Some(&id(4)), Some(&id(2))).is_err());
        assert!(consumer.range(None, Some(&id(9))).is_err());
        let from_the_client = MessageId {
            broker_sequence_id: 0,
            ..id(3)
        };
        assert_eq!(consumer.delivery_of(&from_the_client).unwrap(), 2);
    }

    #[test]
    fn without_prefetch_each_pull_is_good_for_one_message() {
        let mut consumer = consumer(0, 0);
        assert!(!consumer.has_room());

        consumer.pulls.push_back(Pull { until: None });
        assert!(consumer.has_room());
        consumer.hand_out(Outstanding {
            sequence: 1,
            message_id: None,
            home: None,
            in_transaction: false,
        });

        assert!(!consumer.has_room());
    }
}
