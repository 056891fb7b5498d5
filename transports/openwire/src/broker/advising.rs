//! Advisories: what happens in the broker, told as messages on topics of its own.

use finewire_core::machine::LinkId;

use crate::command::{
    BrokerId, Command, ConnectionId, ConsumerId, ConsumerInfo, Destination, DestinationInfo,
    DestinationKind, DestinationOperation, Message, MessageId, MessageKind, ProducerId,
    ProducerInfo, RemoveInfo, Text,
};

use super::connection::{Identity, Producer};
use super::consumer::{Consumer, ConsumerKey};
use super::machine::Broker;
use super::names;
use super::sending::ADVISORY;

impl Broker {
    /// Tells whoever listens; costs nothing where nobody does.
    fn advise(&mut self, topic: &str, payload: impl Into<Command>, facts: &[Fact<'_>]) {
        let topic = Destination::topic(format!("{ADVISORY}{topic}"));
        if !self.is_heard(&topic) {
            return;
        }
        let message = self.advisory(topic.clone(), payload.into(), facts, None);
        self.fan_out(&topic, &message.into());
    }

    /// Whether somebody listens on an advisory topic.
    fn is_advised(&self, topic: &str) -> bool {
        self.is_heard(&Destination::topic(format!("{ADVISORY}{topic}")))
    }

    fn advisory(
        &mut self,
        topic: Destination,
        payload: Command,
        facts: &[Fact<'_>],
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
        super::properties::add(&mut message, "originBrokerId", &id);
        super::properties::add(&mut message, "originBrokerName", &self.config.name);
        for fact in facts {
            match fact {
                Fact::Number(name, number) => {
                    super::properties::add_number(&mut message, name, *number);
                }
                Fact::Text(name, text) => super::properties::add(&mut message, name, text),
            }
        }
        message
    }

    /// A producer came (`info`) or went.
    pub(super) fn advise_producer(&mut self, producer: &Producer, info: Option<&ProducerInfo>) {
        let gone = || RemoveInfo::new(Command::ProducerId(producer.id.clone()));
        if producer.parts.is_empty() {
            let topic = "Producer.Anonymous";
            match info {
                Some(info) => self.advise(topic, info.clone(), &[]),
                None => self.advise(topic, gone(), &[]),
            }
        }
        for part in &producer.parts {
            let count = self.producing.get(part).copied().unwrap_or(0);
            let count = Fact::Number("producerCount", i32::try_from(count).unwrap_or(i32::MAX));
            let topic = topic_about("Producer", part);
            match info {
                Some(info) => self.advise(&topic, info.clone(), &[count]),
                None => self.advise(&topic, gone(), &[count]),
            }
        }
    }

    /// A message was lost to its consumers: `Expired`, `MessageDLQd` or `MessageDiscarded`.
    pub(super) fn advise_loss(
        &mut self,
        what: &str,
        message: &Message,
        consumer: Option<&ConsumerId>,
    ) {
        let Some(destination) = &message.destination else {
            return;
        };
        let topic = topic_about(what, destination);
        if destination.name().starts_with(ADVISORY) || !self.is_advised(&topic) {
            return;
        }
        let mut payload = message.clone();
        payload.content = None;
        payload.compressed = false;
        let id = message
            .message_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let from = destination.to_string();
        let consumer = consumer.map(ToString::to_string);
        let mut facts = vec![
            Fact::Text("orignalMessageId", &id),
            Fact::Text("orignalDestination", &from),
        ];
        if let Some(consumer) = &consumer {
            facts.push(Fact::Text("consumerId", consumer));
        }
        self.advise(&topic, payload, &facts);
    }

    /// A topic consumer is too slow.
    pub(super) fn advise_slow(&mut self, key: ConsumerKey, destination: &Destination) {
        let Some(consumer) = self.consumers.get(&key) else {
            return;
        };
        let info = info_of(consumer);
        let id = consumer.id.to_string();
        self.advise(
            &topic_about("SlowConsumer", destination),
            info,
            &[Fact::Text("consumerId", &id)],
        );
    }

    /// A destination has no room for a message.
    pub(super) fn advise_full(&mut self, destination: &Destination) {
        let empty = Message::new(MessageKind::Plain);
        let name = destination.to_string();
        self.advise(
            &topic_about("FULL", destination),
            empty,
            &[Fact::Text("usageName", &name)],
        );
    }

    pub(super) fn advise_connection(&mut self, payload: Command) {
        self.advise("Connection", payload, &[]);
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
        self.advise(topic_of(name.kind), payload, &[]);
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
                let count = [Fact::Number("consumerCount", count)];
                self.advise(&topic_about("Consumer", &part), info.clone(), &count);
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
            let count = [Fact::Number("consumerCount", count)];
            self.advise(&topic_about("Consumer", part), payload, &count);
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
        // Who asks for neither costs nobody a walk through all of them.
        let reaches = |sort: &str| {
            let beginning = format!("{ADVISORY}{sort}");
            wanted.iter().any(|part| names::reaches(part, &beginning))
        };
        let consumers = reaches("Consumer").then(|| self.consumers.values());
        for other in consumers.into_iter().flatten() {
            for part in &other.parts {
                let about = topic(&topic_about("Consumer", part));
                if part.name().starts_with(ADVISORY) || !wants(&about) {
                    continue;
                }
                let info = info_of(other);
                replay.push((about, info.into(), Some(self.consumer_count(part))));
            }
        }
        let connections = reaches("Producer").then(|| self.connections.values());
        let known = connections.into_iter().flatten();
        for other in known.flat_map(|known| known.producers.values()) {
            let anonymous = other
                .parts
                .is_empty()
                .then(|| "Producer.Anonymous".to_owned());
            let about = other.parts.iter().map(|part| topic_about("Producer", part));
            for about in about.chain(anonymous).map(|about| topic(&about)) {
                if wants(&about) {
                    let info = ProducerInfo {
                        producer_id: Some(other.id.clone()),
                        destination: other.destination.clone(),
                        ..ProducerInfo::default()
                    };
                    replay.push((about, info.into(), None));
                }
            }
        }
        for (topic, payload, count) in replay {
            let facts: Vec<Fact<'_>> = count
                .map(|n| Fact::Number("consumerCount", n))
                .into_iter()
                .collect();
            let message = self.advisory(topic, payload, &facts, Some(target.clone()));
            self.offer(key, &message.into());
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

/// The topic of advisories of one sort about a destination.
fn topic_about(sort: &str, name: &Destination) -> String {
    let kind = if name.kind.is_queue() {
        "Queue"
    } else {
        "Topic"
    };
    format!("{sort}.{kind}.{}", name.name())
}

/// A consumer as it announced itself.
fn info_of(consumer: &Consumer) -> ConsumerInfo {
    ConsumerInfo {
        consumer_id: Some(consumer.id.clone()),
        destination: Some(consumer.destination.clone()),
        prefetch_size: i32::try_from(consumer.prefetch).unwrap_or(i32::MAX),
        priority: consumer.priority,
        exclusive: consumer.exclusive,
        browser: consumer.browser,
        no_local: consumer.no_local,
        selector: consumer.selector.as_ref().map(|it| Text::from(it.as_str())),
        ..ConsumerInfo::default()
    }
}

/// A property of an advisory.
#[derive(Clone, Copy, Debug)]
enum Fact<'a> {
    Number(&'static str, i32),
    Text(&'static str, &'a str),
}
