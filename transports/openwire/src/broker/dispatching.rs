//! Messages go out.

use core::time::Duration;

use crate::command::{Command, Destination, Message, MessageDispatch, SharedMessage, Text};
use crate::selector::Subject;

use super::consumer::{ConsumerKey, Home, Waiting};
use super::event::BrokerEvent;
use super::machine::{Broker, Due};
use super::queue::Stored;

/// Why an expired message is a dead letter.
pub(super) const EXPIRED: &str = "message expired";

impl Broker {
    /// Hands out what waits in a queue, as far as its consumers have room.
    pub(super) fn pump(&mut self, name: &Destination) {
        let wall = self.wall_now();
        let mut dead: Vec<(SharedMessage, &'static str)> = Vec::new();
        while let Some(queue) = self.queues.get_mut(name) {
            if let Some((place, stored)) = wall.and_then(|wall| queue.take_expired(wall)) {
                let free = queue.forget(place, stored.size);
                queue.expired += 1;
                self.held_bytes = self.held_bytes.saturating_sub(free);
                self.lines.room_in(name);
                self.counters.expired += 1;
                dead.push((stored.message, EXPIRED));
                continue;
            }
            let consumers = &self.consumers;
            let pair = queue.next_pair(|key, stored| {
                let subject = Subject::delivered(&stored.message, stored.redeliveries);
                let consumer = consumers.get(&key);
                consumer.is_some_and(|consumer| consumer.wants(&stored.message, &subject))
            });
            let Some((key, place)) = pair else {
                break;
            };
            let Some(consumer) = self.consumers.get(&key) else {
                queue.detach(key);
                continue;
            };
            let congested = self
                .connections
                .get(&consumer.link)
                .is_none_or(|connection| connection.congested);
            if congested || !consumer.has_room() {
                queue.rest(key);
                continue;
            }
            let Some(stored) = queue.take(place) else {
                break;
            };
            queue.served(key);
            let mut message = stored.message.clone();
            if queue.bind(key, &message) {
                message.make_mut().extras.group_first_for_consumer = true;
            }
            let redeliveries = stored.redeliveries;
            let home = Some((queue.name.clone(), place, stored));
            if let Err(Some(stored)) = self.dispatch(key, &message, redeliveries, home) {
                // It does not fit the consumer's version or frame size: another try cannot help.
                self.release(name, place, stored.size);
                dead.push((message, "message cannot be sent to its consumer"));
            }
        }
        for (message, cause) in dead {
            if cause == EXPIRED {
                self.advise_loss("Expired", &message, None);
            }
            self.bury(&message, cause);
        }
    }

    /// Sends one message to one consumer, for which there is room. Gives back what could not be encoded.
    pub(super) fn dispatch(
        &mut self,
        key: ConsumerKey,
        message: &SharedMessage,
        redeliveries: i32,
        home: Option<Home>,
    ) -> Result<(), Option<Stored>> {
        let consumer = self.consumers.get_mut(&key);
        let connection = consumer
            .as_ref()
            .and_then(|consumer| self.connections.get_mut(&consumer.link));
        let (Some(consumer), Some(connection)) = (consumer, connection) else {
            return Err(home.map(|(_, _, stored)| stored));
        };
        let link = consumer.link;
        let dispatch = &mut consumer.dispatch;
        if dispatch.destination != message.destination {
            dispatch.destination = message.destination.as_ref().map(|place| Destination {
                kind: place.kind,
                physical_name: place.physical_name.as_ref().map(Text::detach),
            });
        }
        dispatch.redelivery_counter = redeliveries;
        dispatch.message = Some(message.clone());
        let sent = connection.channel.send(dispatch);
        let traced = self.config.trace.then(|| Command::from(dispatch.clone()));
        dispatch.message = None;
        if let Err(error) = sent {
            let what = format!("MessageDispatch: {error}");
            self.outputs.event(BrokerEvent::Unsendable { link, what });
            return Err(home.map(|(_, _, stored)| stored));
        }
        if connection.channel.backlog() > self.outboxes.room {
            connection.congested = true;
        }
        consumer.hand_out(message.message_id.as_ref(), home);
        self.dirty.insert(link);
        self.counters.dispatched += 1;
        if let Some(command) = traced {
            self.trace_to(link, &command);
        }
        Ok(())
    }

    /// Gives a topic consumer or browser what waits for it alone.
    pub(super) fn drain_backlog(&mut self, key: ConsumerKey) {
        let wall = self.wall_now();
        while let Some(consumer) = self.consumers.get_mut(&key) {
            let congested = self
                .connections
                .get(&consumer.link)
                .is_none_or(|connection| connection.congested);
            if congested {
                break;
            }
            match consumer.backlog.front() {
                None => break,
                Some(Waiting::Message(_)) if !consumer.has_room() => break,
                Some(Waiting::Sight(_)) => {
                    if !self.show_next(key, wall) {
                        break;
                    }
                    continue;
                }
                Some(Waiting::Message(_) | Waiting::EndOfBrowse) => {}
            }
            match consumer.backlog.pop_front() {
                Some(Waiting::Message(message)) => {
                    let size = super::sending::size_of(&message);
                    let free = size.min(consumer.backlog_bytes);
                    consumer.backlog_bytes -= free;
                    self.backlog_bytes -= free;
                    if has_expired(&message, wall) {
                        self.counters.expired += 1;
                        self.advise_loss("Expired", &message, None);
                    } else {
                        let _ = self.dispatch(key, &message, 0, None);
                    }
                }
                Some(Waiting::EndOfBrowse) => {
                    let (link, id) = (consumer.link, consumer.id.clone());
                    let end = MessageDispatch {
                        consumer_id: Some(id),
                        ..MessageDispatch::default()
                    };
                    self.send(link, &end.into());
                }
                Some(Waiting::Sight(_)) | None => break,
            }
        }
    }

    /// Gives a browser the next message of the queue that it looks at, or makes it look at the next queue.
    /// Whether there may be more for it now.
    fn show_next(&mut self, key: ConsumerKey, wall: Option<i64>) -> bool {
        let Some(consumer) = self.consumers.get(&key) else {
            return false;
        };
        let Some(Waiting::Sight(sight)) = consumer.backlog.front() else {
            return false;
        };
        let next = self.queues.get(&*sight.queue).and_then(|queue| {
            let mut waiting = queue.waiting(sight.from, sight.to);
            waiting.find_map(|(place, stored)| {
                let message = &stored.message;
                let subject = Subject::delivered(message, stored.redeliveries);
                let wanted = !has_expired(message, wall) && consumer.wants(message, &subject);
                wanted.then(|| (place, message.clone(), stored.redeliveries))
            })
        });
        let has_room = consumer.has_room();
        let Some(consumer) = self.consumers.get_mut(&key) else {
            return false;
        };
        let Some((place, message, redeliveries)) = next else {
            consumer.backlog.pop_front();
            return true;
        };
        if let Some(Waiting::Sight(sight)) = consumer.backlog.front_mut() {
            // Where there is no room, the same message is found at once the next time.
            sight.from = place.saturating_add(i64::from(has_room));
        }
        if has_room {
            // What does not fit the browser's format is reported and not seen.
            let _ = self.dispatch(key, &message, redeliveries, None);
        }
        has_room
    }

    /// Looks again at a queue when a message in it expires.
    pub(super) fn watch_expiry(&mut self, name: &Destination) {
        let (Some(wall), Some(queue)) = (self.wall_now(), self.queues.get(name)) else {
            return;
        };
        let Some(expiration) = queue.next_expiration() else {
            return;
        };
        let left = u64::try_from(expiration.saturating_sub(wall)).unwrap_or(0);
        let at = self.now + Duration::from_millis(left.saturating_add(1));
        self.timers.set(Due::Queue(name.clone()), at);
    }
}

fn has_expired(message: &Message, wall: Option<i64>) -> bool {
    message.expiration > 0 && wall.is_some_and(|wall| wall > message.expiration)
}
