//! A consumer at the broker: its window, what is out, what waits for it.

use std::collections::VecDeque;
use std::sync::Arc;

use finewire_core::machine::{Instant, LinkId};

use crate::command::{
    ConsumerId, Destination, Message, MessageDispatch, MessageId, ProducerId, SharedMessage, Text,
};
use crate::selector::{Selector, Subject};
use crate::window::Window;

use super::fault::Fault;
use super::queue::Stored;

/// Names a consumer within the broker; rises with the order of arrival, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConsumerKey(pub(super) u64);

/// A queue, a message's place in it, and the message.
pub(super) type Home = (Arc<Destination>, i64, Stored);

/// A message that is with a consumer and not yet acknowledged.
#[derive(Debug)]
pub(super) struct Outstanding {
    /// Its `brokerSequenceId`.
    pub(super) sequence: i64,
    /// Whose message it is, for clients that send the sequence back as 0.
    sent: Option<Sent>,
    /// Where it belongs if it comes back; `None`: it does not (topics, browsers).
    pub(super) home: Option<Home>,
    /// Acknowledged in a transaction that is still open.
    pub(super) in_transaction: bool,
}

/// What of a message's id its producer gave.
#[derive(Debug)]
struct Sent {
    producer: Option<Arc<ProducerId>>,
    sequence: i64,
}

impl Sent {
    fn is(&self, id: &MessageId) -> bool {
        self.sequence == id.producer_sequence_id
            && self.producer.as_deref() == id.producer_id.as_ref()
    }
}

/// What waits for a consumer of its own: a topic's, a browser's.
#[derive(Debug)]
pub(super) enum Waiting {
    Message(SharedMessage),
    Sight(Box<Sight>),
    EndOfBrowse,
}

/// What a browser has yet to see of a queue: places and not messages, which others may take meanwhile.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) queue: Arc<Destination>,
    /// The first place to look at.
    pub(super) from: i64,
    /// The last one there was when the browser came.
    pub(super) to: i64,
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
    /// What the last message went out in, without it: the next mostly differs in nothing else.
    pub(super) dispatch: MessageDispatch,
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
    outstanding: Window<Outstanding>,
    /// From this delivery on each has a higher sequence than the one before; what was handed out again
    /// breaks the order.
    rising_from: u64,
    last_sequence: i64,
    /// The producer of the last message; most come from the same as the one before.
    last_producer: Option<Arc<ProducerId>>,
}

impl Consumer {
    pub(super) fn new(id: ConsumerId, link: LinkId, destination: Destination) -> Self {
        let dispatch = MessageDispatch {
            consumer_id: Some(id.clone()),
            ..MessageDispatch::default()
        };
        Self {
            id,
            dispatch,
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
            outstanding: Window::new(),
            rising_from: 0,
            last_sequence: i64::MIN,
            last_producer: None,
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
    pub(super) fn hand_out(&mut self, id: Option<&MessageId>, home: Option<Home>) {
        if self.prefetch == 0 {
            self.pulls.pop_front();
        }
        let sequence = id.map_or(0, |id| id.broker_sequence_id);
        if sequence <= self.last_sequence {
            self.rising_from = self.outstanding.next_number();
        }
        self.last_sequence = sequence;
        let sent = id.map(|id| Sent {
            producer: id.producer_id.as_ref().map(|id| self.producer(id)),
            sequence: id.producer_sequence_id,
        });
        self.outstanding.push(Outstanding {
            sequence,
            sent,
            home,
            in_transaction: false,
        });
        self.delivered += 1;
    }

    fn producer(&mut self, id: &ProducerId) -> Arc<ProducerId> {
        match &self.last_producer {
            Some(last) if **last == *id => last.clone(),
            _ => {
                // It outlives the frame that it came in.
                let own = Arc::new(ProducerId {
                    connection_id: id.connection_id.as_ref().map(Text::detach),
                    ..id.clone()
                });
                self.last_producer.insert(own).clone()
            }
        }
    }

    fn find(&self, id: &MessageId) -> Option<u64> {
        let same = |outstanding: &Outstanding| {
            let sent = outstanding.sent.as_ref();
            sent.is_some_and(|sent| sent.is(id))
        };
        let numbered = self.outstanding.search(self.rising_from, |earlier| {
            earlier.sequence < id.broker_sequence_id
        });
        if let Some((delivery, _)) = numbered.filter(|(_, it)| same(it)) {
            return Some(delivery);
        }
        // A client that loses our numbers names the message by its producer's.
        let mut all = self.outstanding.iter();
        all.find_map(|(delivery, outstanding)| same(outstanding).then_some(delivery))
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
        let within = self.outstanding.range(from, to);
        Ok(within
            .filter(|(_, outstanding)| !outstanding.in_transaction)
            .map(|(delivery, _)| delivery)
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
        let outstanding = self.outstanding.remove(delivery)?;
        self.extension = self.extension.saturating_sub(1);
        Some(outstanding)
    }

    /// A delivery.
    pub(super) fn outstanding(&self, delivery: u64) -> Option<&Outstanding> {
        self.outstanding.get(delivery)
    }

    /// A delivery, to mark.
    pub(super) fn outstanding_mut(&mut self, delivery: u64) -> Option<&mut Outstanding> {
        self.outstanding.get_mut(delivery)
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
        let out = self.outstanding.iter();
        let homes = out.filter_map(|(_, outstanding)| outstanding.home.as_ref());
        homes.filter(|(home, _, _)| **home == *queue).count()
    }

    /// Everything that is out, in order, when the consumer goes.
    pub(super) fn take_outstanding(&mut self) -> impl Iterator<Item = (u64, Outstanding)> + use<> {
        self.outstanding.take_all()
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
            consumer.hand_out(Some(&id(sequence)), None);
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
    fn what_was_handed_out_again_is_found_among_the_others() {
        let mut consumer = consumer(10, 0);
        for sequence in [8, 9, 3, 4, 10] {
            consumer.hand_out(Some(&id(sequence)), None);
        }

        for (delivery, sequence) in [(0, 8), (1, 9), (2, 3), (3, 4), (4, 10)] {
            assert_eq!(consumer.delivery_of(&id(sequence)).unwrap(), delivery);
        }
        assert!(consumer.delivery_of(&id(5)).is_err());
        consumer.settle(2);
        assert!(consumer.delivery_of(&id(3)).is_err(), "settled");
        assert_eq!(consumer.range(None, Some(&id(10))).unwrap(), [0, 1, 3, 4]);
    }

    #[test]
    fn without_prefetch_each_pull_is_good_for_one_message() {
        let mut consumer = consumer(0, 0);
        assert!(!consumer.has_room());

        consumer.pulls.push_back(Pull { until: None });
        assert!(consumer.has_room());
        consumer.hand_out(None, None);

        assert!(!consumer.has_room());
    }
}
