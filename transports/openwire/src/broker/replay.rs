//! Sends that a failover client repeats.

use std::collections::BTreeMap;

use crate::command::{ProducerId, Text};

/// The highest sequence number taken from each producer, kept for a while after its connection is
/// lost: a failover client sends again whatever was not answered, and the second time must not count.
///
/// Holds a bounded number of producers; the one longest unused is forgotten first.
#[derive(Debug)]
pub(super) struct SentBefore {
    limit: usize,
    last: BTreeMap<ProducerId, (i64, u64)>,
    by_use: BTreeMap<u64, ProducerId>,
    next_use: u64,
}

impl SentBefore {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            last: BTreeMap::new(),
            by_use: BTreeMap::new(),
            next_use: 0,
        }
    }

    /// Whether this send was taken before.
    pub(super) fn has(&self, producer: &ProducerId, sequence: i64) -> bool {
        let last = self.last.get(producer);
        last.is_some_and(|(last, _)| sequence <= *last)
    }

    /// This send was taken.
    pub(super) fn remember(&mut self, producer: &ProducerId, sequence: i64) {
        if self.limit == 0 {
            return;
        }
        let usage = self.next_use;
        self.next_use += 1;
        if let Some((last, used)) = self.last.get_mut(producer) {
            *last = sequence.max(*last);
            if let Some(id) = self.by_use.remove(used) {
                *used = usage;
                self.by_use.insert(usage, id);
            }
            return;
        }
        if self.last.len() >= self.limit
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.last.remove(&oldest);
        }
        let id = ProducerId {
            connection_id: producer.connection_id.as_ref().map(Text::detach),
            ..*producer
        };
        self.last.insert(id.clone(), (sequence, usage));
        self.by_use.insert(usage, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ConnectionId;

    #[test]
    fn a_repeated_send_is_known_until_its_producer_is_forgotten() {
        let mut sent = SentBefore::new(2);
        let session = ConnectionId::new("c").session(1);
        let [a, b, c] = [1, 2, 3].map(|n| session.producer(n));

        sent.remember(&a, 2);
        assert!(sent.has(&a, 1) && sent.has(&a, 2));
        assert!(!sent.has(&a, 3) && !sent.has(&b, 1));

        sent.remember(&b, 1);
        sent.remember(&a, 3);
        sent.remember(&c, 1);
        assert!(!sent.has(&b, 1), "used the longest ago");
        assert!(sent.has(&a, 3) && sent.has(&c, 1));
    }
}
