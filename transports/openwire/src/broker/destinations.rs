//! Destinations come and go.

use core::time::Duration;

use finewire_core::machine::LinkId;

use crate::command::{Destination, DestinationKind, Text};

use super::fault::Fault;
use super::machine::{Broker, Due};
use super::names;
use super::queue::{Queue, Stored};
use super::sending::ADVISORY;

/// How long an empty queue without consumers is kept, so that it does not come and go with each message.
const KEEP_IDLE: Duration = Duration::from_secs(300);

impl Broker {
    /// The queue is there afterwards.
    pub(super) fn make_queue(&mut self, name: &Destination) -> Result<(), Fault> {
        if self.queues.contains_key(name) {
            return Ok(());
        }
        let limit = self.config.limits.queues;
        if self.queues.len() >= limit {
            return Err(Fault::exhausted(format!("more than {limit} queues")));
        }
        let name = Destination {
            kind: name.kind,
            physical_name: name.physical_name.as_ref().map(Text::detach),
        };
        self.queues
            .insert(name.clone(), Queue::new(name.clone(), self.next_sequence));
        let wild = self.patterns.iter().filter(|(_, patterns)| {
            patterns
                .iter()
                .any(|pattern| names::matches(pattern, &name))
        });
        let keys: Vec<_> = wild.map(|(key, _)| *key).collect();
        for key in keys {
            if self
                .consumers
                .get(&key)
                .is_some_and(|consumer| !consumer.browser)
            {
                self.attach(key, &name);
                if let Some(queue) = self.queues.get_mut(&name) {
                    queue.line_up(key);
                }
            }
        }
        if name.kind == DestinationKind::Queue {
            self.advise_destination(&name, true, None);
            self.queue_due(&name);
        }
        Ok(())
    }

    /// A client wants a destination to exist.
    pub(super) fn make_destination(
        &mut self,
        link: LinkId,
        name: &Destination,
    ) -> Result<(), Fault> {
        if names::is_pattern(name) {
            return Err(Fault::invalid_destination(
                "Cannot create a name with wildcards",
            ));
        }
        if !name.kind.is_temporary() {
            // Topics exist as long as somebody consumes them.
            return if name.kind.is_queue() {
                self.make_queue(name)
            } else {
                Ok(())
            };
        }
        if let Some(owner) = self.temporaries.get(name) {
            if *owner == link {
                return Ok(());
            }
            return Err(Fault::invalid_destination(format!(
                "{name} belongs to another connection"
            )));
        }
        let limit = self.config.limits.temporaries;
        let connection = self.connections.get(&link);
        let owned = connection.map_or(0, |connection| connection.temporaries.len());
        if owned >= limit {
            return Err(Fault::exhausted(format!(
                "more than {limit} temporary destinations"
            )));
        }
        if name.kind.is_queue() {
            self.make_queue(name)?;
        }
        self.temporaries.insert(name.clone(), link);
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.temporaries.insert(name.clone());
        }
        self.advise_destination(name, true, Some(link));
        Ok(())
    }

    /// A client wants a destination, and what is in it, gone.
    pub(super) fn delete_destination(
        &mut self,
        link: LinkId,
        name: &Destination,
    ) -> Result<(), Fault> {
        if name.kind.is_temporary() {
            self.check_temporary(name)?;
            if self.temporaries.get(name) != Some(&link) {
                return Err(Fault::security("Only its own connection may delete it"));
            }
        } else if name.name().starts_with(ADVISORY) {
            return Err(Fault::security("Advisories are the broker's"));
        }
        let queue = self.queues.get(name).map_or(0, Queue::consumer_count);
        let topic = self
            .topics
            .get(name)
            .map_or(0, std::collections::BTreeSet::len);
        if queue + topic > 0 {
            return Err(Fault::jms(format!(
                "Destination still has an active subscription: {name}"
            )));
        }
        self.destroy(name, Some(link));
        Ok(())
    }

    /// A destination is gone, with everything in it.
    pub(super) fn destroy(&mut self, name: &Destination, link: Option<LinkId>) {
        let queue = self.queues.remove(name);
        self.timers.clear(&Due::Queue(name.clone()));
        if let Some(queue) = &queue {
            self.held_bytes = self.held_bytes.saturating_sub(queue.held().1);
            self.lines.room_in(name);
        }
        let owner = self.temporaries.remove(name);
        if let Some(connection) = owner.and_then(|owner| self.connections.get_mut(&owner)) {
            connection.temporaries.remove(name);
        }
        if queue.is_some() || owner.is_some() {
            self.advise_destination(name, false, link);
        }
    }

    /// Expired messages at the head go; a queue that has been idle goes too.
    pub(super) fn queue_due(&mut self, name: &Destination) {
        self.pump(name);
        let Some(queue) = self.queues.get_mut(name) else {
            return;
        };
        if !queue.is_idle() || name.kind != DestinationKind::Queue {
            self.watch_expiry(name);
            return;
        }
        let since = *queue.idle_since.get_or_insert(self.now);
        if self.now - since >= KEEP_IDLE {
            self.destroy(name, None);
        } else {
            self.timers.set(Due::Queue(name.clone()), since + KEEP_IDLE);
        }
    }

    /// A message is gone for good: its room is free.
    pub(super) fn release(&mut self, name: &Destination, place: i64, size: usize) {
        if let Some(queue) = self.queues.get_mut(name) {
            let free = queue.forget(place, size);
            self.held_bytes = self.held_bytes.saturating_sub(free);
            self.lines.room_in(name);
        }
    }

    /// A message comes back to its place, or is gone with its queue.
    pub(super) fn put_back(&mut self, name: &Destination, place: i64, stored: Stored) {
        if let Some(queue) = self.queues.get_mut(name) {
            queue.put_back(place, stored);
        }
    }
}
