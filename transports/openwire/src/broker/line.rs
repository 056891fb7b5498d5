//! The consumers of a queue: who is in charge, and whose turn it is.

use core::cmp::Reverse;
use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};

use super::consumer::ConsumerKey;

/// Whose turn: higher priority first, then who waits longest.
type Turn = (Reverse<i8>, u64, ConsumerKey);

#[derive(Debug)]
struct Attached {
    priority: i8,
    exclusive: bool,
    /// Its entry in `ready`, if it is there.
    turn: Option<u64>,
    /// Of one that does not want every message: waiting ones before this place it does not want.
    cursor: Option<i64>,
}

/// The consumers of a queue. Those that have room stand in line. Every step costs O(log N) of them, but for
/// what tells all choosy ones to look again.
#[derive(Debug, Default)]
pub(super) struct Line {
    attached: BTreeMap<ConsumerKey, Attached>,
    ready: BTreeSet<Turn>,
    next_turn: u64,
    exclusive: Option<ConsumerKey>,
    /// How many of `attached` do not want every message.
    choosy: usize,
}

impl Line {
    /// A consumer comes.
    ///
    /// Of exclusive ones the first is in charge, until one of a higher priority comes or one of
    /// priority 127, which always takes over (Seen: ActiveMQ 5.17).
    pub(super) fn attach(&mut self, key: ConsumerKey, priority: i8, exclusive: bool, choosy: bool) {
        let attached = Attached {
            priority,
            exclusive,
            turn: None,
            cursor: choosy.then_some(i64::MIN),
        };
        self.choosy += usize::from(choosy);
        self.attached.insert(key, attached);
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
        if let Some(Attached {
            cursor: Some(_), ..
        }) = self.attached.remove(&key)
        {
            self.choosy -= 1;
        }
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

    /// A consumer was served: back to the end of the line.
    pub(super) fn served(&mut self, key: ConsumerKey) {
        self.rest(key);
        self.line_up(key);
    }

    /// Whose turn it is, whatever it wants.
    pub(super) fn next(&self) -> Option<ConsumerKey> {
        match self.exclusive {
            Some(key) => {
                let turn = self.attached.get(&key)?.turn;
                turn.map(|_| key)
            }
            None => self.ready.first().map(|(_, _, key)| *key),
        }
    }

    /// Asks those whose turn it may be, the first in line first, until one breaks off. A choosy one comes with
    /// its cursor.
    pub(super) fn visit(
        &mut self,
        mut ask: impl FnMut(ConsumerKey, Option<&mut i64>) -> ControlFlow<()>,
    ) {
        let in_charge = self.exclusive;
        let line = self.ready.iter().map(|(_, _, key)| *key);
        for key in line.filter(|key| in_charge.is_none_or(|only| only == *key)) {
            let Some(attached) = self.attached.get_mut(&key) else {
                continue;
            };
            if ask(key, attached.cursor.as_mut()).is_break() {
                break;
            }
        }
    }

    /// A message is at this place again: choosy consumers look at it.
    pub(super) fn look_from(&mut self, place: i64) {
        if self.choosy > 0 {
            for cursor in self.cursors() {
                *cursor = place.min(*cursor);
            }
        }
    }

    /// What choosy consumers passed over may be theirs now.
    pub(super) fn look_again(&mut self) {
        for cursor in self.cursors() {
            *cursor = i64::MIN;
        }
    }

    fn cursors(&mut self) -> impl Iterator<Item = &mut i64> {
        self.attached
            .values_mut()
            .filter_map(|it| it.cursor.as_mut())
    }

    /// The exclusive consumer in charge.
    pub(super) const fn exclusive(&self) -> Option<ConsumerKey> {
        self.exclusive
    }

    /// Whether some do not want every message.
    pub(super) const fn is_choosy(&self) -> bool {
        self.choosy > 0
    }

    pub(super) fn contains(&self, key: ConsumerKey) -> bool {
        self.attached.contains_key(&key)
    }

    /// How many consumers there are.
    pub(super) fn len(&self) -> usize {
        self.attached.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.attached.is_empty()
    }

    /// The books agree with one another; for the fuzz target.
    pub(super) fn assert_whole(&self) {
        let choosy = self.attached.values().filter(|it| it.cursor.is_some());
        assert_eq!(choosy.count(), self.choosy, "choosy");
        let standing = self.attached.values().filter(|it| it.turn.is_some());
        assert_eq!(standing.count(), self.ready.len(), "in line");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> ConsumerKey {
        ConsumerKey(n)
    }

    #[test]
    fn equals_take_turns_and_a_higher_priority_goes_first() {
        let mut line = Line::default();
        for (n, priority) in [(1, 0), (2, 0), (3, 5)] {
            line.attach(key(n), priority, false, false);
            line.line_up(key(n));
        }

        let mut served = Vec::new();
        for _ in 0..2 {
            let next = line.next().unwrap();
            served.push(next);
            line.served(next);
        }
        line.rest(key(3));
        for _ in 0..3 {
            let next = line.next().unwrap();
            served.push(next);
            line.served(next);
        }

        assert_eq!(served, [3, 3, 1, 2, 1].map(key));
    }

    #[test]
    fn an_exclusive_consumer_is_followed_by_the_best_that_is_left() {
        let mut line = Line::default();
        line.attach(key(1), 100, true, false);
        line.attach(key(2), 100, true, false);
        line.attach(key(3), 0, false, false);
        assert_eq!(line.exclusive(), Some(key(1)), "the first of equals");
        line.attach(key(4), 127, true, false);
        assert_eq!(
            line.exclusive(),
            Some(key(4)),
            "a higher priority takes over"
        );
        line.attach(key(5), 127, true, false);
        assert_eq!(line.exclusive(), Some(key(5)), "127 always takes over");
        line.detach(key(5));
        line.attach(key(6), 100, true, false);
        assert_eq!(line.exclusive(), Some(key(4)), "nothing else does");
        line.detach(key(6));
        line.line_up(key(3));
        assert_eq!(line.next(), None, "nobody else is served meanwhile");

        line.detach(key(4));
        assert_eq!(line.exclusive(), Some(key(1)));
        line.detach(key(1));
        line.detach(key(2));

        assert_eq!(line.exclusive(), None);
        assert_eq!(line.next(), Some(key(3)));
    }
}
