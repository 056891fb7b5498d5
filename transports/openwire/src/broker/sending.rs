//! Messages come in: checked, numbered, put where they belong.

use finewire_core::machine::LinkId;

use crate::command::{
    Command, Destination, Message, ProducerAck, SharedMessage, Text, TransactionId,
};

use super::config::SlowConsumer;
use super::consumer::{ConsumerKey, Waiting};
use super::detach::detach;
use super::event::BrokerEvent;
use super::fault::Fault;
use super::holding::Shortage;
use super::machine::Broker;
use super::names::{self, Parts};
use super::permissions::Right;
use super::queue::Stored;
use super::serve::{Answer, DONE, Then, missing};

/// Where advisories are; nobody else publishes there.
pub(super) const ADVISORY: &str = "ActiveMQ.Advisory.";

/// What a message counts for: ActiveMQ's own estimate, on which producer windows rest.
pub(super) fn size_of(message: &Message) -> usize {
    let content = message.content.as_ref().map_or(0, bytes::Bytes::len);
    let properties = message
        .marshalled_properties
        .as_ref()
        .map_or(0, bytes::Bytes::len);
    1024 + content + properties
}

/// A send that the broker takes.
enum Admitted {
    /// It is to be put there.
    To(Parts),
    /// It is in its transaction, or was taken before.
    Already,
}

impl Broker {
    /// A client sends.
    pub(super) fn take_send(
        &mut self,
        link: LinkId,
        message: SharedMessage,
    ) -> Result<(Answer, Then), Fault> {
        let fault = match self.admit(link, &message) {
            Ok(Admitted::Already) => {
                self.acknowledge_window(link, &message);
                return DONE;
            }
            Ok(Admitted::To(parts)) => {
                // The producer may go on before its message is handed out.
                self.acknowledge_window(link, &message);
                self.put(&parts, message);
                return DONE;
            }
            Err(fault) => fault,
        };
        if let Some(Shortage::Queue(name)) = &fault.shortage {
            self.advise_full(name);
        }
        if let Some(TransactionId::Local(id)) = &message.extras.transaction_id {
            self.acknowledge_window(link, &message);
            let connection = self.connections.get_mut(&link);
            let transactions = connection.map(|connection| &mut connection.transactions);
            if let Some(transaction) = transactions.and_then(|all| all.get_mut(&id.value)) {
                transaction.broken = true;
            }
            return Err(fault);
        }
        let session = message.producer_id.as_ref().map_or(0, |id| id.session_id);
        let held = self.hold_up(link, session, Command::Message(message.clone()), fault);
        if held.is_err() {
            self.acknowledge_window(link, &message);
        }
        held
    }

    fn admit(&mut self, link: LinkId, message: &SharedMessage) -> Result<Admitted, Fault> {
        let limits = &self.config.limits;
        let (transaction_sends, queue_bytes) = (limits.transaction_sends, limits.queue_bytes);
        let total_bytes = limits.total_bytes;
        let producer = message
            .producer_id
            .as_ref()
            .ok_or_else(|| missing("Message.producerId"))?;
        let id = message
            .message_id
            .as_ref()
            .ok_or_else(|| missing("Message.messageId"))?;
        self.own_session(link, producer.connection_id.as_ref(), producer.session_id)?;
        let destination = message
            .destination
            .as_ref()
            .ok_or_else(|| missing("Message.destination"))?;
        let parts = names::parts(destination)?;
        if self.config.permissions.is_some() {
            for part in parts.iter() {
                self.check_right(link, Right::Write, part)?;
            }
        }
        match &message.extras.transaction_id {
            None => {
                let sequence = id.producer_sequence_id;
                let confirmed = message.response_required;
                if confirmed && self.sent_before.has(producer, sequence) {
                    self.counters.duplicates += 1;
                    return Ok(Admitted::Already);
                }
                self.check_targets(&parts, message)?;
                if confirmed {
                    self.sent_before.remember(producer, sequence);
                }
                Ok(Admitted::To(parts))
            }
            Some(TransactionId::Local(transaction)) => {
                for part in parts.iter() {
                    self.check_name(part)?;
                }
                let size = size_of(message);
                let held_bytes = self.held_bytes + self.open_bytes;
                let connection = self.own(link, producer.connection_id.as_ref())?;
                let open = connection.transactions.get_mut(&transaction.value);
                let open = open.ok_or_else(|| {
                    Fault::jms(format!(
                        "Transaction '{}' has not been started.",
                        transaction.value
                    ))
                })?;
                if open.sends.len() >= transaction_sends || open.bytes + size > queue_bytes {
                    return Err(Fault::exhausted("The transaction is too large"));
                }
                if held_bytes + size > total_bytes {
                    return Err(Fault::exhausted("Usage limit reached: the broker is full"));
                }
                open.bytes += size;
                open.sends.push(message.clone());
                self.open_bytes += size;
                Ok(Admitted::Already)
            }
            Some(TransactionId::Xa(_)) => Err(no_xa()),
        }
    }

    /// A producer that counts bytes stops when they are not given back.
    fn acknowledge_window(&mut self, link: LinkId, message: &Message) {
        let Some(producer) = message
            .producer_id
            .as_ref()
            .filter(|_| !message.response_required)
        else {
            return;
        };
        let key = (producer.session_id, producer.value);
        let connection = self.connections.get(&link);
        let known = connection.and_then(|connection| connection.producers.get(&key));
        if let Some(known) = known.filter(|known| known.windowed) {
            let ack = ProducerAck {
                producer_id: Some(known.id.clone()),
                size: i32::try_from(size_of(message)).unwrap_or(i32::MAX),
                ..ProducerAck::default()
            };
            self.send(link, &ack.into());
        }
    }

    /// Puts a message where its destination says; all parts of a composite or none.
    pub(super) fn publish(&mut self, message: SharedMessage) -> Result<(), Fault> {
        let destination = message
            .destination
            .as_ref()
            .ok_or_else(|| missing("Message.destination"))?;
        let parts = names::parts(destination)?;
        self.check_targets(&parts, &message)?;
        self.put(&parts, message);
        Ok(())
    }

    /// Puts a message to destinations that were checked.
    fn put(&mut self, parts: &[Destination], message: SharedMessage) {
        if let [only] = parts {
            self.place(only, message);
            return;
        }
        for part in parts {
            let mut copy = Message::clone(&message);
            copy.extras.original_destination = copy.destination.replace(part.clone());
            self.place(part, copy.into());
        }
    }

    fn check_targets(&mut self, parts: &[Destination], message: &Message) -> Result<(), Fault> {
        for part in parts {
            self.check_name(part)?;
            if part.kind.is_queue() {
                self.make_queue(part)?;
            }
        }
        self.room_in_each(parts, size_of(message))
    }

    /// Whether clients may send to such a destination.
    fn check_name(&self, target: &Destination) -> Result<(), Fault> {
        self.check_temporary(target)?;
        if names::is_pattern(target) {
            return Err(Fault::invalid_destination(
                "Cannot send to a name with wildcards",
            ));
        }
        let name = target.physical_name.as_ref().map(Text::as_wire);
        if target.kind.is_topic() && name.is_some_and(|name| name.starts_with(ADVISORY.as_bytes()))
        {
            return Err(Fault::security("Advisories are the broker's to send"));
        }
        Ok(())
    }

    /// Whether there is room for a message now.
    pub(super) fn room_for(&self, message: &Message) -> Result<(), Fault> {
        let destination = message
            .destination
            .as_ref()
            .ok_or_else(|| missing("Message.destination"))?;
        self.room_in_each(&names::parts(destination)?, size_of(message))
    }

    fn room_in_each(&self, parts: &[Destination], size: usize) -> Result<(), Fault> {
        let mut all = 0;
        for part in parts.iter().filter(|part| part.kind.is_queue()) {
            self.room_in_queue(part, (1, size), (0, 0))?;
            all += size;
        }
        self.room_in_total(all, 0)
    }

    /// Whether a queue has room for messages and bytes that come when others have gone.
    pub(super) fn room_in_queue(
        &self,
        name: &Destination,
        coming: (usize, usize),
        going: (usize, usize),
    ) -> Result<(), Fault> {
        let limits = &self.config.limits;
        let (held, bytes) = self.queues.get(name).map_or((0, 0), |queue| queue.held());
        let fits = |held: usize, bytes: usize| {
            held + coming.0 <= limits.queue_messages && bytes + coming.1 <= limits.queue_bytes
        };
        if fits(held.saturating_sub(going.0), bytes.saturating_sub(going.1)) {
            return Ok(());
        }
        let full = format!("Usage limit reached: {name} holds {held} messages, {bytes} bytes");
        if !fits(0, 0) {
            return Err(Fault::exhausted(full));
        }
        Err(Fault::short_of(Shortage::Queue(name.clone()), full))
    }

    /// Whether the broker has room for bytes that come when others have gone.
    pub(super) fn room_in_total(&self, coming: usize, going: usize) -> Result<(), Fault> {
        let limit = self.config.limits.total_bytes;
        let held = self.held_bytes + self.open_bytes;
        if coming == 0 || held.saturating_sub(going) + coming <= limit {
            return Ok(());
        }
        let full = format!("Usage limit reached: the broker holds {held} bytes");
        if coming > limit {
            return Err(Fault::exhausted(full));
        }
        Err(Fault::short_of(Shortage::Total, full))
    }

    /// Numbers a message and gives it to a plain destination that was checked.
    fn place(&mut self, target: &Destination, mut message: SharedMessage) {
        self.counters.received += 1;
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let wall = self.wall_now();
        let own = message.make_mut();
        if let Some(id) = &mut own.message_id {
            id.broker_sequence_id = sequence;
        }
        own.broker_in_time = wall.unwrap_or(0);
        if target.kind.is_topic() {
            self.fan_out(target, &message);
            return;
        }
        let queue = self.queues.get(target);
        if queue.is_some_and(|queue| !queue.is_served_at_once()) {
            detach(own);
        }
        let stored = Stored {
            size: size_of(&message),
            redeliveries: message.redelivery_counter.max(0),
            message,
        };
        self.enqueue(target, sequence, stored);
    }

    pub(super) fn enqueue(&mut self, target: &Destination, place: i64, stored: Stored) {
        let Some(queue) = self.queues.get_mut(target) else {
            return;
        };
        self.held_bytes += stored.size;
        queue.push(place, stored);
        self.pump(target);
        self.watch_expiry(target);
    }

    /// Hands a consumer a message of its own, or keeps it until there is room.
    pub(super) fn offer(&mut self, key: ConsumerKey, message: &SharedMessage) {
        let byte_limit = self.config.limits.backlog_bytes;
        let total_limit = self.config.limits.total_bytes;
        let Some(consumer) = self.consumers.get_mut(&key) else {
            return;
        };
        let free = self
            .connections
            .get(&consumer.link)
            .is_some_and(|connection| !connection.congested);
        if consumer.backlog.is_empty() && free && consumer.has_room() {
            // What does not fit the consumer's format is reported and lost to it.
            let _ = self.dispatch(key, message, 0, None);
            return;
        }
        let size = size_of(message);
        // What waits for all of them is bounded too: there is nothing else that many slow ones would stop at.
        let is_full = |total: usize| total.saturating_add(size) > total_limit;
        let was_behind =
            consumer.dropped > 0 && (!consumer.backlog.is_empty() || is_full(self.backlog_bytes));
        let mut lost = 0;
        let mut discarded = Vec::new();
        while !consumer.backlog.is_empty()
            && (consumer.backlog.len() >= consumer.backlog_limit
                || consumer.backlog_bytes + size > byte_limit
                || is_full(self.backlog_bytes))
        {
            if let Some(Waiting::Message(dropped)) = consumer.backlog.pop_front() {
                let free = size_of(&dropped).min(consumer.backlog_bytes);
                consumer.backlog_bytes -= free;
                self.backlog_bytes -= free;
                lost += 1;
                discarded.push(dropped);
            }
        }
        if is_full(self.backlog_bytes) {
            lost += 1;
            discarded.push(message.clone());
        } else {
            consumer
                .backlog
                .push_back(Waiting::Message(message.clone()));
            consumer.backlog_bytes += size;
            self.backlog_bytes += size;
        }
        if lost == 0 {
            return;
        }
        consumer.dropped += lost;
        self.counters.dropped += lost;
        let (link, destination) = (consumer.link, consumer.destination.clone());
        let id = consumer.id.clone();
        let is_advisory = |message: &SharedMessage| {
            let destination = message.destination.as_ref();
            destination.is_some_and(|it| it.name().starts_with(ADVISORY))
        };
        // Advisories about lost advisories would not end.
        if !is_advisory(message) {
            for dropped in &discarded {
                self.advise_loss("MessageDiscarded", dropped, Some(&id));
            }
            if !was_behind {
                let topic = message.destination.clone().unwrap_or_default();
                self.advise_slow(key, &topic);
            }
        }
        if !was_behind {
            let event = BrokerEvent::SlowConsumer { link, destination };
            self.outputs.event(event);
        }
        if self.config.slow_consumer == SlowConsumer::Disconnect {
            let reason = "a topic consumer is too slow".into();
            self.throw_out(link, finewire_core::machine::CloseReason::Limit(reason));
        }
    }

    /// A message that nobody can have: persistent ones go to the dead letter queue.
    pub(super) fn bury(&mut self, message: &Message, cause: &str) {
        self.counters.dead += 1;
        let Some(grave) = self.config.dead_letters.as_deref().map(Destination::queue) else {
            return;
        };
        let from = message.destination.clone();
        if !message.persistent || from.as_ref() == Some(&grave) {
            return;
        }
        self.advise_loss("MessageDLQd", message, None);
        let mut dead = message.clone();
        dead.expiration = 0;
        dead.extras.original_destination = from;
        dead.destination = Some(grave);
        dead.extras.original_transaction_id = dead.extras.transaction_id.take();
        super::properties::add(&mut dead, "dlqDeliveryFailureCause", cause);
        // Where there is no room for it, it is gone.
        let _ = self.publish(dead.into());
    }
}

pub(super) fn no_xa() -> Fault {
    Fault::jms("XA transactions are not supported: this broker has no storage")
}
