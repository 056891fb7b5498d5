//! Messages that were taken on already: a lost link makes the broker deliver again what it holds
//! no acknowledgement of, and a command carried out twice would be a second call.

use std::collections::{BTreeSet, VecDeque};

/// The ids of the last messages.
#[derive(Debug)]
pub(crate) struct Seen {
    order: VecDeque<String>,
    known: BTreeSet<String>,
    most: usize,
}

/// Ids are some 60 characters; one as long as this is nobody's, and is not kept.
const LONGEST: usize = 512;

impl Seen {
    /// Remembers up to `most` ids: more than the broker can have on the way unacknowledged.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            order: VecDeque::new(),
            known: BTreeSet::new(),
            most,
        }
    }

    /// Whether this one is new; from now on it is not.
    pub(crate) fn is_new(&mut self, id: String) -> bool {
        if id.len() > LONGEST {
            return true;
        }
        if !self.known.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id);
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        true
    }

    /// How many ids are kept, and how many at most.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.known.len().max(self.order.len()), self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_new_once() {
        let mut seen = Seen::new(4);
        assert!(seen.is_new("ID:crm-1:1:1".into()));
        assert!(!seen.is_new("ID:crm-1:1:1".into()));
        assert!(seen.is_new("ID:crm-1:1:2".into()));
    }

    #[test]
    fn the_number_of_remembered_messages_is_bounded() {
        let mut seen = Seen::new(4);
        for number in 0..100 {
            assert!(seen.is_new(format!("ID:crm-1:1:{number}")));
        }
        assert_eq!((seen.order.len(), seen.known.len()), (4, 4));
        assert!(!seen.is_new("ID:crm-1:1:99".into()));
        assert!(seen.is_new("ID:crm-1:1:0".into()), "forgotten");
        assert!(seen.is_new("x".repeat(1000)) && seen.is_new("x".repeat(1000)));
    }
}
