//! A queue: what waits in it, and who gets which of it.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use finewire_core::machine::Instant;

use crate::command::{Destination, Message, SharedMessage, Text};

use super::consumer::ConsumerKey;
use super::line::Line;

/// A message in a queue, waiting or in flight.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) message: SharedMessage,
    /// How often it was handed out and came back.
    pub(super) redeliveries: i32,
    /// What it counts for against limits, bytes.
    pub(super) size: usize,
}

/// The groups whose consumer a queue remembers; beyond, one is forgotten (as ActiveMQ does at 1024).
const MAX_GROUPS: usize = 1024;

/// How many messages of other consumers' groups one is looked for behind.
const MAX_PASSED: usize = 1024;

/// A queue. Every step costs O(log N) of its messages or consumers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Its name, for its messages in flight.
    pub(super) name: Arc<Destination>,
    waiting: BTreeMap<i64, Stored>,
    /// Those of `waiting` that expire, by when (milliseconds since 1970) and place.
    expiring: BTreeSet<(i64, i64)>,
    /// Waiting and in flight.
    held: usize,
    held_bytes: usize,
    /// Places below this belong to an earlier queue of the same name.
    first_place: i64,
    line: Line,
    /// Whose the messages of a group are, as long as that consumer is there.
    groups: BTreeMap<Text, ConsumerKey>,
    /// How many of `waiting` belong to a group.
    grouped: usize,
    /// Since when nothing and nobody is in it, as far as that was noticed.
    pub(super) idle_since: Option<Instant>,
    pub(super) enqueued: u64,
    pub(super) dequeued: u64,
    pub(super) expired: u64,
}

impl Queue {
    /// A queue whose messages will have places from `first_place` on.
    pub(super) fn new(name: Destination, first_place: i64) -> Self {
        Self {
            name: Arc::new(name),
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
        self.wait(place, stored);
    }

    fn wait(&mut self, place: i64, stored: Stored) {
        if stored.message.expiration > 0 {
            self.expiring.insert((stored.message.expiration, place));
        }
        if stored.message.extras.group_id.is_some() {
            self.grouped += 1;
        }
        self.waiting.insert(place, stored);
    }

    /// Whether the place is one of this queue, and not of one of the same name that was deleted.
    pub(super) const fn knows(&self, place: i64) -> bool {
        place >= self.first_place
    }

    /// Puts a message that was in flight back to its place, if it is still this queue's.
    pub(super) fn put_back(&mut self, place: i64, stored: Stored) {
        if !self.knows(place) {
            return;
        }
        self.wait(place, stored);
        self.line.look_from(place);
    }

    /// A message goes to a consumer: the rest of its group follows, unless it is the last. Whether it is the
    /// first of its group there.
    pub(super) fn bind(&mut self, key: ConsumerKey, message: &Message) -> bool {
        let Some(group) = &message.extras.group_id else {
            return false;
        };
        if message.extras.group_sequence < 0 {
            self.groups.remove(group);
            self.line.look_again();
            return false;
        }
        if self.groups.contains_key(group) {
            return false;
        }
        if self.groups.len() >= MAX_GROUPS {
            self.groups.pop_first();
            self.line.look_again();
        }
        self.groups.insert(group.detach(), key);
        true
    }

    /// When the next waiting message expires, milliseconds since 1970.
    pub(super) fn next_expiration(&self) -> Option<i64> {
        self.expiring.first().map(|(at, _)| *at)
    }

    /// Takes a waiting message whose time was before `now` (milliseconds since 1970).
    pub(super) fn take_expired(&mut self, now: i64) -> Option<(i64, Stored)> {
        let (at, place) = *self.expiring.first()?;
        if at >= now {
            return None;
        }
        Some((place, self.take(place)?))
    }

    /// Takes a waiting message into flight.
    pub(super) fn take(&mut self, place: i64) -> Option<Stored> {
        let stored = self.waiting.remove(&place)?;
        if stored.message.extras.group_id.is_some() {
            self.grouped -= 1;
        }
        if stored.message.expiration > 0 {
            self.expiring.remove(&(stored.message.expiration, place));
        }
        Some(stored)
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

    /// The place of the message that waits shortest.
    pub(super) fn last_place(&self) -> Option<i64> {
        self.waiting.last_key_value().map(|(place, _)| *place)
    }

    /// The waiting messages with these places (both included), in order.
    pub(super) fn waiting(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, &Stored)> {
        let range = (from <= to).then(|| self.waiting.range(from..=to));
        range.into_iter().flatten().map(|(place, it)| (*place, it))
    }

    /// The books agree with one another; for the fuzz target.
    pub(super) fn assert_whole(&self) {
        let expiring = self.waiting.values().filter(|it| it.message.expiration > 0);
        assert_eq!(expiring.count(), self.expiring.len(), "expiring");
        let is_grouped = |it: &&Stored| it.message.extras.group_id.is_some();
        let grouped = self.waiting.values().filter(is_grouped);
        assert_eq!(grouped.count(), self.grouped, "grouped");
        self.line.assert_whole();
        let mut owners = self.groups.values();
        assert!(owners.all(|key| self.line.contains(*key)), "owners");
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
        self.line.len()
    }

    /// The exclusive consumer in charge.
    pub(super) const fn exclusive(&self) -> Option<ConsumerKey> {
        self.line.exclusive()
    }

    /// Whether nothing and nobody is in it.
    pub(super) fn is_idle(&self) -> bool {
        self.held == 0 && self.line.is_empty()
    }

    /// A consumer comes.
    pub(super) fn attach(&mut self, key: ConsumerKey, priority: i8, exclusive: bool, choosy: bool) {
        self.line.attach(key, priority, exclusive, choosy);
        self.idle_since = None;
    }

    /// A consumer goes; its groups are anybody's.
    pub(super) fn detach(&mut self, key: ConsumerKey) {
        self.line.detach(key);
        let groups = self.groups.len();
        self.groups.retain(|_, owner| *owner != key);
        if self.groups.len() < groups {
            self.line.look_again();
        }
    }

    /// A consumer has room again.
    pub(super) fn line_up(&mut self, key: ConsumerKey) {
        self.line.line_up(key);
    }

    /// A consumer has no room.
    pub(super) fn rest(&mut self, key: ConsumerKey) {
        self.line.rest(key);
    }

    /// A consumer was served.
    pub(super) fn served(&mut self, key: ConsumerKey) {
        self.line.served(key);
    }

    /// Whether the next consumer in line takes whatever comes.
    pub(super) fn is_served_at_once(&self) -> bool {
        self.all_fit() && self.line.next().is_some()
    }

    /// Whether every consumer may have and wants every message.
    const fn all_fit(&self) -> bool {
        !self.line.is_choosy() && self.grouped == 0
    }

    /// The first waiting message that somebody in line wants, and who of those is first in line.
    ///
    /// `wants` is asked for choosy consumers alone, and about each message once until it comes back.
    pub(super) fn next_pair(
        &mut self,
        mut wants: impl FnMut(ConsumerKey, &Stored) -> bool,
    ) -> Option<(ConsumerKey, i64)> {
        let (first, _) = self.waiting.first_key_value()?;
        if self.all_fit() {
            return Some((self.line.next()?, *first));
        }
        let (waiting, groups) = (&self.waiting, &self.groups);
        let may_have = |key: ConsumerKey, stored: &Stored| {
            let group = stored.message.extras.group_id.as_ref();
            let owner = group.and_then(|group| groups.get(group));
            owner.is_none_or(|owner| *owner == key)
        };
        let mut best: Option<(ConsumerKey, i64)> = None;
        self.line.visit(|key, cursor| {
            let found = match cursor {
                None => {
                    let mut front = waiting.iter().take(MAX_PASSED);
                    front.find(|(_, stored)| may_have(key, stored))
                }
                Some(cursor) => {
                    let mut rest = waiting.range(*cursor..);
                    let found =
                        rest.find(|(_, stored)| may_have(key, stored) && wants(key, stored));
                    *cursor = match found {
                        Some((place, _)) => *place,
                        None => {
                            let last = waiting.last_key_value();
                            last.map_or(*cursor, |(place, _)| place.saturating_add(1))
                        }
                    };
                    found
                }
            };
            let Some((place, _)) = found else {
                return ControlFlow::Continue(());
            };
            if best.is_none_or(|(_, earlier)| place < &earlier) {
                best = Some((key, *place));
            }
            match place == first {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        Stored {
            message: SharedMessage::default(),
            redeliveries: 0,
            size: 10,
        }
    }

    fn key(n: u64) -> ConsumerKey {
        ConsumerKey(n)
    }

    #[test]
    fn what_belonged_to_an_earlier_queue_of_the_name_does_not_come_back() {
        let mut queue = Queue::new(Destination::queue("q"), 10);

        queue.put_back(9, stored());
        assert_eq!(queue.forget(9, 10), 0);

        assert_eq!((queue.waiting_count(), queue.held()), (0, (0, 0)));
    }

    #[test]
    fn what_comes_back_is_first_again_and_counts_once() {
        let mut queue = Queue::default();
        queue.push(5, stored());
        queue.push(6, stored());
        let taken = queue.take(5).unwrap();

        queue.put_back(5, taken);

        queue.attach(key(1), 0, false, false);
        queue.line_up(key(1));
        assert_eq!(queue.next_pair(|_, _| false), Some((key(1), 5)));
        assert_eq!(queue.held(), (2, 20));
        let taken = queue.take(5).unwrap();
        queue.forget(5, taken.size);
        assert_eq!(queue.held(), (1, 10));
        assert_eq!(queue.waiting_count(), 1);
    }

    #[test]
    fn a_choosy_consumer_gets_the_first_that_it_wants_and_is_asked_once() {
        let mut queue = Queue::default();
        for place in 1..=6 {
            queue.push(place, stored());
        }
        queue.attach(key(1), 0, false, true);
        queue.line_up(key(1));
        let mut asked = 0;
        let mut wants_from = |queue: &mut Queue, size: usize| {
            queue.next_pair(|_, stored| {
                asked += 1;
                stored.size == size
            })
        };

        assert_eq!(wants_from(&mut queue, 11), None);
        queue.push(
            7,
            Stored {
                size: 11,
                ..stored()
            },
        );
        assert_eq!(wants_from(&mut queue, 11), Some((key(1), 7)));
        let taken = queue.take(7).unwrap();
        assert_eq!(wants_from(&mut queue, 11), None);
        assert_eq!(asked, 7);

        queue.put_back(7, taken);
        assert_eq!(
            queue.next_pair(|_, stored| stored.size == 11),
            Some((key(1), 7))
        );
        queue.attach(key(2), 0, false, false);
        queue.line_up(key(2));
        assert_eq!(
            queue.next_pair(|_, _| true),
            Some((key(2), 1)),
            "the oldest goes first"
        );
    }

    #[test]
    fn what_expires_is_found_behind_what_does_not() {
        let mut queue = Queue::default();
        queue.push(1, stored());
        let message = Message {
            expiration: 100,
            ..Message::default()
        };
        queue.push(
            2,
            Stored {
                message: message.into(),
                ..stored()
            },
        );

        assert_eq!(queue.next_expiration(), Some(100));
        assert!(queue.take_expired(100).is_none());
        let (place, taken) = queue.take_expired(101).unwrap();
        assert_eq!(place, 2);
        assert_eq!(queue.next_expiration(), None);
        queue.put_back(place, taken);
        assert_eq!(queue.next_expiration(), Some(100));
    }

    fn of_group(group: &str, sequence: i32) -> Stored {
        let mut message = Message::default();
        message.extras.group_id = Some(group.into());
        message.extras.group_sequence = sequence;
        Stored {
            message: message.into(),
            ..stored()
        }
    }

    #[test]
    fn a_group_stays_with_its_consumer_until_it_ends_or_the_consumer_goes() {
        let mut queue = Queue::default();
        for n in 1..=2 {
            queue.attach(key(n), 0, false, false);
            queue.line_up(key(n));
        }
        let serve = |queue: &mut Queue, place: i64, sequence: i32| {
            queue.push(place, of_group("g", sequence));
            let (to, place) = queue.next_pair(|_, _| true).unwrap();
            let taken = queue.take(place).unwrap();
            let first = queue.bind(to, &taken.message);
            queue.served(to);
            (to, first)
        };

        assert_eq!(serve(&mut queue, 1, 1), (key(1), true));
        assert_eq!(serve(&mut queue, 2, 2), (key(1), false));
        assert_eq!(serve(&mut queue, 3, -1), (key(1), false));
        assert_eq!(serve(&mut queue, 4, 1), (key(2), true));
        queue.rest(key(2));
        queue.push(5, of_group("g", 2));
        assert_eq!(
            queue.next_pair(|_, _| true),
            None,
            "its consumer has no room"
        );
        queue.detach(key(2));
        assert_eq!(queue.next_pair(|_, _| true), Some((key(1), 5)));
    }
}
