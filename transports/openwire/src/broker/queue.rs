//! A queue: what waits, who may get it, whose turn it is.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use finewire_core::machine::Instant;

use crate::command::Message;

use super::consumer::ConsumerKey;

/// A message in a queue, waiting or in flight.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) message: Arc<Message>,
    /// How often it was handed out and came back.
    pub(super) redeliveries: i32,
    /// What it counts for against limits, bytes.
    pub(super) size: usize,
}

/// Whose turn: higher priority first, then who waits longest.
type Turn = (Reverse<i8>, u64, ConsumerKey);

#[derive(Debug)]
struct Attached {
    priority: i8,
    exclusive: bool,
    /// Its entry in `ready`, if it is there.
    turn: Option<u64>,
}

/// A queue. Every step costs O(log N) of its messages or consumers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<i64, Stored>,
    /// Waiting and in flight.
    held: usize,
    held_bytes: usize,
    /// Places below this belong to an earlier queue of the same name.
    first_place: i64,
    attached: BTreeMap<ConsumerKey, Attached>,
    ready: BTreeSet<Turn>,
    next_turn: u64,
    exclusive: Option<ConsumerKey>,
    /// Since when nothing and nobody is in it, as far as that was noticed.
    pub(super) idle_since: Option<Instant>,
    pub(super) enqueued: u64,
    pub(super) dequeued: u64,
    pub(super) expired: u64,
}

impl Queue {
    /// A queue whose messages will have places from `first_place` on.
    pub(super) fn new(first_place: i64) -> Self {
        Self {
            first_place,
            ..Self::default()
        }
    }

    /// Appends a message; its place is its `brokerSequenceId`.
    pub(super) fn push(&mut self, place: i64, stored: Stored) {
        self.held += 1;
        self.held_bytes += stored.size;
        self.enqueued += 1;
        self.idle_since = None;
        self.waiting.insert(place, stored);
    }

    /// Puts a message that was in flight back to its place, if it is still this queue's.
    pub(super) fn put_back(&mut self, place: i64, stored: Stored) {
        if place >= self.first_place {
            self.waiting.insert(place, stored);
        }
    }

    /// The message next in line, with its place.
    pub(super) fn first(&self) -> Option<(i64, &Stored)> {
        let (place, stored) = self.waiting.first_key_value()?;
        Some((*place, stored))
    }

    /// Takes a waiting message into flight.
    pub(super) fn take_first(&mut self) -> Option<(i64, Stored)> {
        self.waiting.pop_first()
    }

    /// A message in flight, or one just taken, is gone for good. Gives the bytes that are free now.
    pub(super) fn forget(&mut self, place: i64, size: usize) -> usize {
        if place < self.first_place {
            return 0;
        }
        self.held = self.held.saturating_sub(1);
        self.held_bytes = self.held_bytes.saturating_sub(size);
        self.dequeued += 1;
        size
    }

    /// The waiting messages in order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Stored> {
        self.waiting.values()
    }

    /// How many messages wait.
    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// How many messages wait or are in flight, and their bytes.
    pub(super) const fn held(&self) -> (usize, usize) {
        (self.held, self.held_bytes)
    }

    /// How many consumers it has.
    pub(super) fn consumer_count(&self) -> usize {
        self.attached.len()
    }

    /// The exclusive consumer in charge.
    pub(super) const fn exclusive(&self) -> Option<ConsumerKey> {
        self.exclusive
    }

    /// Whether nothing and nobody is in it.
    pub(super) fn is_idle(&self) -> bool {
        self.held == 0 && self.attached.is_empty()
    }

    /// A consumer comes.
    ///
    /// Of exclusive ones the first is in charge, until one of a higher priority comes or one of
    /// priority 127, which always takes over (Seen: ActiveMQ 5.17).
    pub(super) fn attach(&mut self, key: ConsumerKey, priority: i8, exclusive: bool) {
        let attached = Attached {
            priority,
            exclusive,
            turn: None,
        };
        self.attached.insert(key, attached);
        self.idle_since = None;
        if exclusive {
            let current = self.exclusive.and_then(|key| self.attached.get(&key));
            if current.is_none_or(|current| priority == i8::MAX || priority > current.priority) {
                self.exclusive = Some(key);
            }
        }
    }

    /// A consumer goes; the exclusive one of the highest priority that came first takes over.
    pub(super) fn detach(&mut self, key: ConsumerKey) {
        self.rest(key);
        self.attached.remove(&key);
        if self.exclusive == Some(key) {
            self.exclusive = self
                .attached
                .iter()
                .filter(|(_, attached)| attached.exclusive)
                .max_by_key(|(key, attached)| (attached.priority, Reverse(**key)))
                .map(|(key, _)| *key);
        }
    }

    /// A consumer has room again: it queues up, unless it does already.
    pub(super) fn line_up(&mut self, key: ConsumerKey) {
        let Some(attached) = self.attached.get_mut(&key) else {
            return;
        };
        if attached.turn.is_none() {
            attached.turn = Some(self.next_turn);
            self.ready
                .insert((Reverse(attached.priority), self.next_turn, key));
            self.next_turn += 1;
        }
    }

    /// A consumer has no room: it leaves the line.
    pub(super) fn rest(&mut self, key: ConsumerKey) {
        if let Some(attached) = self.attached.get_mut(&key)
            && let Some(turn) = attached.turn.take()
        {
            self.ready.remove(&(Reverse(attached.priority), turn, key));
        }
    }

    /// Whose turn it is.
    pub(super) fn next_consumer(&self) -> Option<ConsumerKey> {
        match self.exclusive {
            Some(key) => {
                let turn = self.attached.get(&key)?.turn;
                turn.map(|_| key)
            }
            None => self.ready.first().map(|(_, _, key)| *key),
        }
    }

    /// A consumer was served: back to the end of the line.
    pub(super) fn served(&mut self, key: ConsumerKey) {
        self.rest(key);
        self.line_up(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        Stored {
            message: Arc::default(),
            redeliveries: 0,
            size: 10,
        }
    }

    fn key(n: u64) -> ConsumerKey {
        ConsumerKey(n)
    }

    #[test]
    fn equals_take_turns_and_a_higher_priority_goes_first() {
        let mut queue = Queue::default();
        for (n, priority) in [(1, 0), (2, 0), (3, 5)] {
            queue.attach(key(n), priority, false);
            queue.line_up(key(n));
        }

        let mut served = Vec::new();
        for _ in 0..2 {
            let next = queue.next_consumer().unwrap();
            served.push(next);
            queue.served(next);
        }
        queue.rest(key(3));
        for _ in 0..3 {
            let next = queue.next_consumer().unwrap();
            served.push(next);
            queue.served(next);
        }

        assert_eq!(served, [3, 3, 1, 2, 1].map(key));
    }

    #[test]
    fn an_exclusive_consumer_is_followed_by_the_best_that_is_left() {
        let mut queue = Queue::default();
        queue.attach(key(1), 100, true);
        queue.attach(key(2), 100, true);
        queue.attach(key(3), 0, false);
        assert_eq!(queue.exclusive(), Some(key(1)), "the first of equals");
        queue.attach(key(4), 127, true);
        assert_eq!(
            queue.exclusive(),
            Some(key(4)),
            "a higher priority takes over"
        );
        queue.line_up(key(3));
        assert_eq!(
            queue.next_consumer(),
            None,
            "nobody else is served meanwhile"
        );

        queue.detach(key(4));
        assert_eq!(queue.exclusive(), Some(key(1)));
        queue.detach(key(1));
        queue.detach(key(2));

        assert_eq!(queue.exclusive(), None);
        assert_eq!(queue.next_consumer(), Some(key(3)));
    }

    #[test]
    fn what_belonged_to_an_earlier_queue_of_the_name_does_not_come_back() {
        let mut queue = Queue::new(10);

        queue.put_back(9, stored());
        assert_eq!(queue.forget(9, 10), 0);

        assert_eq!((queue.waiting_count(), queue.held()), (0, (0, 0)));
    }

    #[test]
    fn what_comes_back_is_first_again_and_counts_once() {
        let mut queue = Queue::default();
        queue.push(5, stored());
        queue.push(6, stored());
        let (place, taken) = queue.take_first().unwrap();

        queue.put_back(place, taken);

        assert_eq!(queue.first().unwrap().0, place);
        assert_eq!(queue.held(), (2, 20));
        let (place, taken) = queue.take_first().unwrap();
        queue.forget(place, taken.size);
        assert_eq!(queue.held(), (1, 10));
        assert_eq!(queue.waiting_count(), 1);
    }
}
