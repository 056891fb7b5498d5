//! Consumers come, change and go.

use core::time::Duration;

use finewire_core::machine::LinkId;

use crate::command::{
    ConsumerId, ConsumerInfo, Destination, MessageDispatch, MessagePull, RemoveInfo, Text,
};

use crate::selector::{Selector, SelectorError};

use super::consumer::{Consumer, ConsumerKey, Pull, Sight, Waiting};
use super::fault::Fault;
use super::machine::{Broker, Due};
use super::names;
use super::permissions::Right;
use super::serve::{Answer, DONE, Then, missing};

type Served = Result<(Answer, Then), Fault>;

impl Broker {
    pub(super) fn open_consumer(&mut self, link: LinkId, info: &ConsumerInfo) -> Served {
        let id = info
            .consumer_id
            .as_ref()
            .ok_or_else(|| missing("ConsumerInfo.consumerId"))?;
        let destination = info
            .destination
            .as_ref()
            .ok_or_else(|| missing("ConsumerInfo.destination"))?;
        let limits = self.config.limits.clone();
        let connection = self.own_session(link, id.connection_id.as_ref(), id.session_id)?;
        let place = (id.session_id, id.value);
        if connection.consumers.contains_key(&place) {
            return DONE;
        }
        if connection.consumers.len() >= limits.consumers {
            let text = format!("more than {} consumers", limits.consumers);
            return Err(Fault::exhausted(text));
        }
        if info.subscription_name.is_some() {
            return Err(Fault::jms(
                "Durable subscriptions are not supported: this broker has no storage",
            ));
        }
        let selector = info.selector.as_ref().map(Text::to_str).unwrap_or_default();
        let selector = match selector.trim() {
            "" => None,
            _ => {
                let read = Selector::parse(&selector);
                let refuse = |error: SelectorError| Fault::invalid_selector(error.to_string());
                Some(Box::new(read.map_err(refuse)?))
            }
        };
        let parts = names::parts(destination)?;
        if let Some(part) = parts.iter().find(|part| names::is_virtual(part)) {
            return Err(Fault::invalid_destination(format!(
                "Virtual topics are not supported by this broker: {part} would stay empty"
            )));
        }
        for part in parts.iter() {
            self.check_right(link, Right::Read, part)?;
        }
        let patterns: Vec<Destination> = parts
            .iter()
            .filter(|part| names::is_pattern(part))
            .cloned()
            .collect();
        if !patterns.is_empty() && self.patterns.len() >= limits.wildcards {
            return Err(Fault::exhausted("too many consumers with wildcards"));
        }
        for part in parts.iter().filter(|part| part.kind.is_temporary()) {
            self.check_temporary(part)?;
            if self.temporaries.get(part) != Some(&link) {
                return Err(Fault::invalid_destination(
                    "Cannot use a Temporary destination created by another connection",
                ));
            }
        }
        for part in parts.iter() {
            if part.kind.is_queue() && !patterns.contains(part) {
                self.make_queue(part)?;
            }
        }
        let key = ConsumerKey(self.next_consumer);
        self.next_consumer += 1;
        let id = ConsumerId {
            connection_id: id.connection_id.as_ref().map(Text::detach),
            ..*id
        };
        let whole = Destination::new(destination.kind, destination.name());
        let mut consumer = Consumer::new(id, link, whole);
        consumer.prefetch = usize::try_from(info.prefetch_size)
            .unwrap_or(0)
            .min(limits.prefetch);
        consumer.priority = info.priority;
        consumer.exclusive = info.exclusive;
        consumer.no_local = info.no_local;
        consumer.selector = selector;
        consumer.browser = info.browser;
        consumer.backlog_limit = usize::try_from(info.maximum_pending_message_limit)
            .ok()
            .filter(|limit| *limit > 0)
            .map_or(limits.backlog_messages, |limit| {
                limit.min(limits.backlog_messages)
            });
        consumer.parts = parts.to_vec();
        self.consumers.insert(key, consumer);
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.consumers.insert(place, key);
        }
        for part in parts.iter() {
            if patterns.contains(part) {
                continue;
            }
            if part.kind.is_topic() {
                self.topics.entry(part.clone()).or_default().insert(key);
                self.interest_changed();
            } else if !info.browser {
                self.attach(key, part);
            }
        }
        if !patterns.is_empty() {
            let matching = self.queues.keys().filter(|queue| {
                patterns
                    .iter()
                    .any(|pattern| names::matches(pattern, queue))
            });
            let matching: Vec<Destination> = matching.cloned().collect();
            if !info.browser {
                for queue in &matching {
                    self.attach(key, queue);
                }
            }
            self.patterns.insert(key, patterns);
            self.interest_changed();
        }
        self.advise_consumer(key, Some(info));
        Ok((Answer::Done, Then::Welcome(key)))
    }

    /// Makes a consumer one of a queue's.
    pub(super) fn attach(&mut self, key: ConsumerKey, queue: &Destination) {
        let Some(consumer) = self.consumers.get_mut(&key) else {
            return;
        };
        let Some((name, _)) = self.queues.get_key_value(queue) else {
            return;
        };
        if consumer.queues.contains(name) {
            return;
        }
        consumer.queues.push(name.clone());
        if let Some(queue) = self.queues.get_mut(queue) {
            let choosy = consumer.is_choosy();
            queue.attach(key, consumer.priority, consumer.exclusive, choosy);
        }
    }

    /// What a new consumer gets first: the present state of what advisories are about, a browser the
    /// messages that wait; then whatever there is.
    pub(super) fn welcome(&mut self, key: ConsumerKey) {
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        if consumer.browser {
            let parts = consumer.parts.clone();
            let mut found: Vec<Waiting> = Vec::new();
            for (name, queue) in &self.queues {
                let Some(to) = queue.last_place() else {
                    continue;
                };
                if parts
                    .iter()
                    .any(|part| part == name || names::matches(part, name))
                {
                    let queue = queue.name.clone();
                    let from = i64::MIN;
                    found.push(Waiting::Sight(Box::new(Sight { queue, from, to })));
                }
            }
            found.push(Waiting::EndOfBrowse);
            if let Some(consumer) = self.consumers.get_mut(&key) {
                consumer.backlog.extend(found);
            }
        }
        self.replay_advisories(key);
        self.wake(key);
    }

    /// A consumer may have room: it gets what waits.
    pub(super) fn wake(&mut self, key: ConsumerKey) {
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        if !consumer.backlog.is_empty() {
            self.drain_backlog(key);
        }
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        if !consumer.has_room() {
            return;
        }
        // Those who share a queue with it may be waiting behind it: pumping serves them all.
        for name in consumer.queues.clone() {
            if let Some(queue) = self.queues.get_mut(&name) {
                queue.line_up(key);
                self.pump(&name);
            }
        }
    }

    pub(super) fn pull(&mut self, link: LinkId, pull: &MessagePull) -> Served {
        let (now, limit) = (self.now, self.config.limits.pulls);
        let (key, consumer) = self.own_consumer(link, pull.consumer_id.as_ref())?;
        if consumer.prefetch > 0 {
            return DONE;
        }
        if consumer.pulls.len() >= limit {
            return Err(Fault::exhausted(format!("more than {limit} pulls")));
        }
        let until = match u64::try_from(pull.timeout) {
            Ok(0) => None,
            Ok(millis) => Some(now + Duration::from_millis(millis)),
            Err(_) => Some(now),
        };
        consumer.pulls.push_back(Pull { until });
        self.wake(key);
        self.pull_due(key);
        DONE
    }

    /// Answers pulls whose time is up, and sets the timer for the next.
    pub(super) fn pull_due(&mut self, key: ConsumerKey) {
        let now = self.now;
        let mut empty = 0;
        let Some(consumer) = self.consumers.get_mut(&key) else {
            return;
        };
        consumer.pulls.retain(|pull| {
            let over = pull.until.is_some_and(|until| until <= now);
            empty += usize::from(over);
            !over
        });
        let next = consumer.pulls.iter().filter_map(|pull| pull.until).min();
        let (link, id) = (consumer.link, consumer.id.clone());
        self.timers.arm(Due::Pull(key), next);
        for _ in 0..empty {
            let nothing = MessageDispatch {
                consumer_id: Some(id.clone()),
                ..MessageDispatch::default()
            };
            self.send(link, &nothing.into());
        }
    }

    /// Ends a consumer; what it holds goes back where it came from.
    ///
    /// `last_delivered` is what its client's application has seen: those messages count as delivered
    /// once more.
    pub(super) fn close_consumer(&mut self, key: ConsumerKey, last_delivered: i64) {
        let Some(mut consumer) = self.consumers.remove(&key) else {
            return;
        };
        self.backlog_bytes -= consumer.backlog_bytes;
        self.timers.clear(&Due::Pull(key));
        self.patterns.remove(&key);
        for part in &consumer.parts {
            if let Some(keys) = self.topics.get_mut(part) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.topics.remove(part);
                }
            }
        }
        self.interest_changed();
        if let Some(connection) = self.connections.get_mut(&consumer.link) {
            connection
                .consumers
                .remove(&(consumer.id.session_id, consumer.id.value));
        }
        self.give_back(key, &mut consumer, last_delivered);
        let queues = core::mem::take(&mut consumer.queues);
        for name in &queues {
            if let Some(queue) = self.queues.get_mut(name) {
                queue.detach(key);
            }
        }
        self.advise_consumer_gone(&consumer, last_delivered);
        for name in queues {
            self.pump(&name);
            self.queue_due(&name);
        }
    }

    fn give_back(&mut self, key: ConsumerKey, consumer: &mut Consumer, last_delivered: i64) {
        for (delivery, outstanding) in consumer.take_outstanding() {
            let Some((name, place, mut stored)) = outstanding.home else {
                continue;
            };
            if outstanding.in_transaction {
                let transactions = self.connections.get_mut(&consumer.link).into_iter();
                let holder = transactions
                    .flat_map(|connection| connection.transactions.values_mut())
                    .find(|transaction| transaction.acks.contains(&(key, delivery)));
                if let Some(transaction) = holder {
                    transaction.acks.remove(&(key, delivery));
                    transaction.orphans.push((name, place, stored));
                    continue;
                }
            }
            let seen = last_delivered == RemoveInfo::UNKNOWN_DELIVERED
                || outstanding.sequence <= last_delivered;
            if seen {
                stored.redeliveries = stored.redeliveries.saturating_add(1);
            }
            self.put_back(&name, place, stored);
        }
    }
}
