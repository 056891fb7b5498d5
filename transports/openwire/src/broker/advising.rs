//! Advisories: what happens in the broker, told as messages on topics of its own.

use std::sync::Arc;

use finewire_core::machine::LinkId;

use crate::command::{
    BrokerId, Command, ConnectionId, ConsumerId, ConsumerInfo, Destination, DestinationInfo,
    DestinationKind, DestinationOperation, Message, MessageId, MessageKind, ProducerId, RemoveInfo,
    Text,
};

use super::connection::Identity;
use super::consumer::{Consumer, ConsumerKey};
use super::machine::Broker;
use super::names;
use super::sending::ADVISORY;

impl Broker {
    /// Tells whoever listens; costs nothing where nobody does.
    fn advise(&mut self, topic: &str, payload: Command, count: Option<i32>) {
        let topic = Destination::topic(format!("{ADVISORY}{topic}"));
        let audience = self.audience(&topic);
        if audience.is_empty() {
            return;
        }
        let message = Arc::new(self.advisory(topic, payload, count, None));
        for key in audience {
            self.offer(key, &message);
        }
    }

    fn advisory(
        &mut self,
        topic: Destination,
        payload: Command,
        count: Option<i32>,
        target: Option<ConsumerId>,
    ) -> Message {
        let producer = ProducerId {
            connection_id: Some(self.id.clone()),
            value: 0,
            session_id: 0,
        };
        let mut id = MessageId::new(producer.clone(), self.next_advisory);
        self.next_advisory += 1;
        id.broker_sequence_id = self.next_sequence;
        self.next_sequence += 1;
        let mut message = Message::new(MessageKind::Plain);
        message.producer_id = Some(producer);
        message.message_id = Some(id);
        message.destination = Some(topic);
        message.jms_type = Some(Text::from_static("Advisory"));
        message.broker_in_time = self.wall_now().unwrap_or(0);
        message.extras.data_structure = Some(Box::new(payload));
        message.extras.target_consumer_id = target;
        let id = self.id.to_str();
        let name = self.config.name.as_str();
        super::properties::add(&mut message, "originBrokerId", &id);
        super::properties::add(&mut message, "originBrokerName", name);
        if let Some(count) = count {
            super::properties::add_number(&mut message, "consumerCount", count);
        }
        message
    }

    pub(super) fn advise_connection(&mut self, payload: Command) {
        self.advise("Connection", payload, None);
    }

    /// A destination was made or deleted, by the client on `link` where one did it.
    pub(super) fn advise_destination(
        &mut self,
        name: &Destination,
        made: bool,
        link: Option<LinkId>,
    ) {
        if name.name().starts_with(ADVISORY) {
            return;
        }
        let payload = self.destination_info(name, made, link);
        self.advise(topic_of(name.kind), payload.into(), None);
    }

    fn destination_info(
        &self,
        name: &Destination,
        made: bool,
        link: Option<LinkId>,
    ) -> DestinationInfo {
        let owner = link.and_then(|link| self.connections.get(&link)?.identity());
        let owner = owner.map(|owner| owner.connection_id.clone());
        DestinationInfo {
            connection_id: owner.or_else(|| Some(ConnectionId::new(self.id.clone()))),
            destination: Some(name.clone()),
            operation: if made {
                DestinationOperation::ADD
            } else {
                DestinationOperation::REMOVE
            },
            broker_path: Some(vec![Some(BrokerId::new(self.id.clone()))]),
            ..DestinationInfo::default()
        }
    }

    pub(super) fn advise_consumer(&mut self, key: ConsumerKey, info: Option<&ConsumerInfo>) {
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        let parts = consumer.parts.clone();
        for part in parts {
            if part.name().starts_with(ADVISORY) {
                continue;
            }
            let count = self.consumer_count(&part);
            if let Some(info) = info {
                self.advise(&consumer_topic(&part), info.clone().into(), Some(count));
            }
        }
    }

    pub(super) fn advise_consumer_gone(&mut self, consumer: &Consumer, last_delivered: i64) {
        for part in &consumer.parts {
            if part.name().starts_with(ADVISORY) {
                continue;
            }
            let payload = RemoveInfo {
                last_delivered_sequence_id: last_delivered,
                ..RemoveInfo::new(Command::ConsumerId(consumer.id.clone()))
            };
            let count = self.consumer_count(part);
            self.advise(&consumer_topic(part), payload.into(), Some(count));
        }
    }

    fn consumer_count(&self, name: &Destination) -> i32 {
        let queue = self
            .queues
            .get(name)
            .map_or(0, super::queue::Queue::consumer_count);
        let topic = self
            .topics
            .get(name)
            .map_or(0, std::collections::BTreeSet::len);
        i32::try_from(queue + topic).unwrap_or(i32::MAX)
    }

    /// Tells a new consumer of advisories what there is already: connections, destinations, consumers.
    pub(super) fn replay_advisories(&mut self, key: ConsumerKey) {
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        let wanted: Vec<Destination> = consumer
            .parts
            .iter()
            .filter(|part| part.kind == DestinationKind::Topic)
            .filter(|part| part.name().starts_with("ActiveMQ."))
            .cloned()
            .collect();
        if wanted.is_empty() {
            return;
        }
        let target = consumer.id.clone();
        let wants = |topic: &Destination| wanted.iter().any(|part| names::matches(part, topic));
        let topic = |name: &str| Destination::topic(format!("{ADVISORY}{name}"));
        let mut replay: Vec<(Destination, Command, Option<i32>)> = Vec::new();
        if wants(&topic("Connection")) {
            let known = self
                .connections
                .values()
                .filter_map(|known| known.identity());
            replay.extend(
                known.map(|Identity { info, .. }| (topic("Connection"), info.clone().into(), None)),
            );
        }
        for kind in [DestinationKind::TempQueue, DestinationKind::TempTopic] {
            if wants(&topic(topic_of(kind))) {
                let of_kind = self
                    .temporaries
                    .iter()
                    .filter(|(name, _)| name.kind == kind);
                replay.extend(of_kind.map(|(name, owner)| {
                    let info = self.destination_info(name, true, Some(*owner));
                    (topic(topic_of(kind)), info.into(), None)
                }));
            }
        }
        if wants(&topic("Queue")) {
            let plain = self
                .queues
                .keys()
                .filter(|name| name.kind == DestinationKind::Queue);
            replay.extend(plain.map(|name| {
                let info = self.destination_info(name, true, None);
                (topic("Queue"), info.into(), None)
            }));
        }
        if wants(&topic("Topic")) {
            let plain = self
                .topics
                .keys()
                .filter(|name| name.kind == DestinationKind::Topic);
            replay.extend(
                plain
                    .filter(|name| !name.name().starts_with(ADVISORY))
                    .map(|name| {
                        let info = self.destination_info(name, true, None);
                        (topic("Topic"), info.into(), None)
                    }),
            );
        }
        for other in self.consumers.values() {
            for part in &other.parts {
                let about = topic(&consumer_topic(part));
                if part.name().starts_with(ADVISORY) || !wants(&about) {
                    continue;
                }
                let info = ConsumerInfo {
                    consumer_id: Some(other.id.clone()),
                    destination: Some(other.destination.clone()),
                    prefetch_size: i32::try_from(other.prefetch).unwrap_or(i32::MAX),
                    priority: other.priority,
                    exclusive: other.exclusive,
                    browser: other.browser,
                    no_local: other.no_local,
                    ..ConsumerInfo::default()
                };
                replay.push((about, info.into(), Some(self.consumer_count(part))));
            }
        }
        for (topic, payload, count) in replay {
            let message = self.advisory(topic, payload, count, Some(target.clone()));
            self.offer(key, &Arc::new(message));
        }
    }
}

const fn topic_of(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "Queue",
        DestinationKind::Topic => "Topic",
        DestinationKind::TempQueue => "TempQueue",
        DestinationKind::TempTopic => "TempTopic",
    }
}

fn consumer_topic(name: &Destination) -> String {
    let kind = if name.kind.is_queue() {
        "Queue"
    } else {
        "Topic"
    };
    format!("Consumer.{kind}.{}", name.name())
}
