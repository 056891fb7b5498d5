//! Who hears a topic's messages.

use core::mem;

use super::consumer::ConsumerKey;
use super::machine::Broker;
use super::names;
use crate::command::{Destination, SharedMessage};
use crate::selector::Subject;

/// An audience that is larger is not kept between messages.
const KEPT: usize = 1024;

/// Everybody who consumes the topic of the last message: the next one is mostly for the same.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// `None`: nobody's.
    topic: Option<Destination>,
    /// What [`Broker::interest`] was.
    interest: u64,
    keys: Vec<ConsumerKey>,
}

impl Broker {
    /// Who consumes what has changed; to be called after each change of `topics` and `patterns`.
    pub(super) const fn interest_changed(&mut self) {
        self.interest += 1;
    }

    /// Gives a topic's message to all its consumers; they share it.
    pub(super) fn fan_out(&mut self, topic: &Destination, message: &SharedMessage) {
        let subject = Subject::new(message);
        // An advisory that this calls for finds its own audience meanwhile.
        let mut audience = mem::take(&mut self.audience);
        if audience.topic.as_ref() != Some(topic) || audience.interest != self.interest {
            self.find_audience(topic, &mut audience.keys);
            audience.topic = Some(topic.clone());
            audience.interest = self.interest;
        }
        for key in &audience.keys {
            let consumer = self.consumers.get(key);
            if consumer.is_some_and(|consumer| consumer.wants(message, &subject)) {
                self.offer(*key, message);
            }
        }
        if audience.keys.capacity() <= KEPT {
            self.audience = audience;
        }
    }

    /// Whether anybody consumes a topic.
    pub(super) fn is_heard(&self, topic: &Destination) -> bool {
        self.topics.get(topic).is_some_and(|keys| !keys.is_empty())
            || self
                .patterns
                .values()
                .flatten()
                .any(|pattern| names::matches(pattern, topic))
    }

    /// Everybody who consumes a topic, each once.
    fn find_audience(&self, topic: &Destination, keys: &mut Vec<ConsumerKey>) {
        keys.clear();
        keys.extend(self.topics.get(topic).into_iter().flatten());
        if self.patterns.is_empty() {
            return;
        }
        let wild = self.patterns.iter().filter(|(_, patterns)| {
            patterns
                .iter()
                .any(|pattern| names::matches(pattern, topic))
        });
        keys.extend(wild.map(|(key, _)| *key));
        keys.sort_unstable();
        keys.dedup();
    }

    /// What is kept is what would be found; for the fuzz target.
    pub(super) fn assert_audience_whole(&self) {
        if let Some(topic) = &self.audience.topic
            && self.audience.interest == self.interest
        {
            let mut keys = Vec::new();
            self.find_audience(topic, &mut keys);
            assert_eq!(self.audience.keys, keys, "the audience of {topic}");
        }
    }
}
