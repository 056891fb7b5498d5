//! Advisories: what a broker tells about itself, as types.

use core::fmt;

use crate::command::{
    BrokerInfo, Command, ConnectionId, ConnectionInfo, ConsumerId, ConsumerInfo, Destination,
    DestinationInfo, DestinationKind, DestinationOperation, Message, ProducerId, ProducerInfo,
};

/// What to be told about; [`AdvisoryTopic::destination`] is the topic to consume from (Apache ActiveMQ,
/// "Advisory Message").
///
/// Those of connections, destinations, consumers and producers begin with what is there already. The names of
/// destinations may hold wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdvisoryTopic {
    /// Connections that begin and end.
    Connections,
    /// Queues that are made and removed.
    Queues,
    /// Topics that are made and removed.
    Topics,
    /// Temporary queues that are made and removed.
    TemporaryQueues,
    /// Temporary topics that are made and removed.
    TemporaryTopics,
    /// Consumers of a destination.
    Consumers(Destination),
    /// Producers to a destination.
    Producers(Destination),
    /// Messages of a destination that nobody consumes.
    Unconsumed(Destination),
    /// Messages of a destination that expired.
    Expired(Destination),
    /// Messages that consumers of a destination got; only where the broker's policy says so.
    Delivered(Destination),
    /// Messages of a destination that were acknowledged; only by policy.
    Consumed(Destination),
    /// Messages that were dropped for a slow consumer of a topic; only by policy.
    Discarded(Destination),
    /// Messages of a destination that became dead letters.
    DeadLettered(Destination),
    /// Consumers of a destination that are too slow; only by policy.
    SlowConsumers(Destination),
    /// Producers to a destination that are too fast; only by policy.
    FastProducers(Destination),
    /// A destination whose memory is used up; only by policy.
    Full(Destination),
    /// Everything.
    All,
}

impl AdvisoryTopic {
    /// The topic to consume from.
    #[must_use]
    pub fn destination(&self) -> Destination {
        let of = |kind: &str, destination: &Destination| {
            let form = if destination.kind.is_queue() {
                "Queue"
            } else {
                "Topic"
            };
            format!("{kind}.{form}.{}", destination.name())
        };
        let rest = match self {
            Self::Connections => "Connection".into(),
            Self::Queues => "Queue".into(),
            Self::Topics => "Topic".into(),
            Self::TemporaryQueues => "TempQueue".into(),
            Self::TemporaryTopics => "TempTopic".into(),
            Self::Consumers(destination) => of("Consumer", destination),
            Self::Producers(destination) => of("Producer", destination),
            Self::Unconsumed(destination) => of("NoConsumer", destination),
            Self::Expired(destination) => of("Expired", destination),
            Self::Delivered(destination) => of("MessageDelivered", destination),
            Self::Consumed(destination) => of("MessageConsumed", destination),
            Self::Discarded(destination) => of("MessageDiscarded", destination),
            Self::DeadLettered(destination) => of("MessageDLQd", destination),
            Self::SlowConsumers(destination) => of("SlowConsumer", destination),
            Self::FastProducers(destination) => of("FastProducer", destination),
            Self::Full(destination) => of("FULL", destination),
            Self::All => ">".into(),
        };
        Destination::topic(format!("{PREFIX}{rest}"))
    }
}

const PREFIX: &str = "ActiveMQ.Advisory.";

/// What a broker tells about itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Advisory {
    /// A connection began; its password is not told.
    ConnectionStarted(Box<ConnectionInfo>),
    /// A connection ended.
    ConnectionStopped(ConnectionId),
    /// A destination was made.
    DestinationCreated(Destination),
    /// A destination was removed.
    DestinationRemoved(Destination),
    /// A consumer began.
    ConsumerStarted {
        /// The consumer.
        info: Box<ConsumerInfo>,
        /// How many the destination has now, where the broker told.
        count: Option<i64>,
    },
    /// A consumer ended.
    ConsumerStopped {
        /// The consumer.
        id: ConsumerId,
        /// Of what, as far as the advisory's topic says.
        destination: Option<Destination>,
        /// How many the destination has now, where the broker told.
        count: Option<i64>,
    },
    /// A producer began.
    ProducerStarted {
        /// The producer.
        info: Box<ProducerInfo>,
        /// How many the destination has now, where the broker told.
        count: Option<i64>,
    },
    /// A producer ended.
    ProducerStopped {
        /// The producer.
        id: ProducerId,
        /// To what, as far as the advisory's topic says.
        destination: Option<Destination>,
        /// How many the destination has now, where the broker told.
        count: Option<i64>,
    },
    /// Something became of a message; the broker may leave its body out.
    Message {
        /// What.
        fate: Fate,
        /// The message.
        message: Box<Message>,
    },
    /// A consumer is too slow.
    SlowConsumer(Box<ConsumerInfo>),
    /// A producer is too fast.
    FastProducer(Box<ProducerInfo>),
    /// A destination's memory is used up.
    Full(Option<Destination>),
    /// The broker has become the master.
    BecameMaster,
    /// A bridge to another broker began or ended.
    Bridge {
        /// The other broker.
        broker: Box<BrokerInfo>,
        /// Whether it began.
        started: bool,
    },
    /// Something else; the name of its topic.
    Other(String),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// Nobody consumes it.
    Unconsumed,
    /// Its time was over.
    Expired,
    /// A consumer got it.
    Delivered,
    /// It was acknowledged.
    Consumed,
    /// It was dropped for a slow consumer.
    Discarded,
    /// It became a dead letter.
    DeadLettered,
    /// It could not be forwarded to another broker.
    NotForwarded,
}

/// The message is no advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAdvisory;

impl fmt::Display for NotAnAdvisory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message did not come by an advisory topic")
    }
}

impl core::error::Error for NotAnAdvisory {}

impl Advisory {
    /// Reads an advisory. One whose payload is not what its topic promises is [`Advisory::Other`].
    ///
    /// # Errors
    ///
    /// [`NotAnAdvisory`], by its destination.
    pub fn read(message: &Message) -> Result<Self, NotAnAdvisory> {
        let destination = message.destination.as_ref().ok_or(NotAnAdvisory)?;
        let name = destination.name();
        let topic = name.strip_prefix(PREFIX).ok_or(NotAnAdvisory)?;
        let about = subject(topic);
        let count = |name: &str| {
            let properties = message.properties().ok()?;
            properties.integer(name)
        };
        let known = match message.extras.data_structure.as_deref() {
            Some(Command::ConnectionInfo(info)) => Some(Self::ConnectionStarted(info.clone())),
            Some(Command::DestinationInfo(info)) => of_destination(info),
            Some(Command::ConsumerInfo(info)) => {
                let info = info.clone();
                Some(if topic.starts_with("SlowConsumer.") {
                    Self::SlowConsumer(info)
                } else {
                    let count = count("consumerCount");
                    Self::ConsumerStarted { info, count }
                })
            }
            Some(Command::ProducerInfo(info)) => {
                let info = info.clone();
                Some(if topic.starts_with("FastProducer.") {
                    Self::FastProducer(info)
                } else {
                    let count = count("producerCount");
                    Self::ProducerStarted { info, count }
                })
            }
            Some(Command::RemoveInfo(info)) => match info.object_id.as_deref() {
                Some(Command::ConnectionId(id)) => Some(Self::ConnectionStopped(id.clone())),
                Some(Command::ConsumerId(id)) => Some(Self::ConsumerStopped {
                    id: id.clone(),
                    destination: about,
                    count: count("consumerCount"),
                }),
                Some(Command::ProducerId(id)) => Some(Self::ProducerStopped {
                    id: id.clone(),
                    destination: about,
                    count: count("producerCount"),
                }),
                _ => None,
            },
            Some(Command::Message(message)) => fate(topic).map(|fate| Self::Message {
                fate,
                message: Box::new((**message).clone()),
            }),
            Some(Command::BrokerInfo(info)) => Some(Self::Bridge {
                broker: info.clone(),
                started: message
                    .properties()
                    .ok()
                    .and_then(|properties| properties.boolean("started"))
                    .unwrap_or(false),
            }),
            None if topic == "MasterBroker" => Some(Self::BecameMaster),
            None if topic.starts_with("FULL.") => Some(Self::Full(about)),
            _ => None,
        };
        Ok(known.unwrap_or_else(|| Self::Other(name.clone().into_owned())))
    }
}

fn of_destination(info: &DestinationInfo) -> Option<Advisory> {
    let destination = info.destination.clone()?;
    match info.operation {
        DestinationOperation::ADD => Some(Advisory::DestinationCreated(destination)),
        DestinationOperation::REMOVE => Some(Advisory::DestinationRemoved(destination)),
        _ => None,
    }
}

/// The destination that a topic such as `Consumer.Queue.orders` is about.
fn subject(topic: &str) -> Option<Destination> {
    let (_, rest) = topic.split_once('.')?;
    let (kind, name) = rest.split_once('.')?;
    let kind = match kind {
        "Queue" => DestinationKind::Queue,
        "Topic" => DestinationKind::Topic,
        _ => return None,
    };
    Some(Destination::new(kind, name))
}

fn fate(topic: &str) -> Option<Fate> {
    let (what, _) = topic.split_once('.')?;
    Some(match what {
        "NoConsumer" => Fate::Unconsumed,
        "Expired" => Fate::Expired,
        "MessageDelivered" => Fate::Delivered,
        "MessageConsumed" => Fate::Consumed,
        "MessageDiscarded" => Fate::Discarded,
        "MessageDLQd" => Fate::DeadLettered,
        "NetworkBridge" => Fate::NotForwarded,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::RemoveInfo;

    fn advisory(topic: &AdvisoryTopic, payload: impl Into<Command>) -> Message {
        let mut message = Message {
            destination: Some(topic.destination()),
            ..Message::default()
        };
        message.extras.data_structure = Some(Box::new(payload.into()));
        message
    }

    #[test]
    fn topics_are_named_as_activemq_names_them() {
        let name = |topic: AdvisoryTopic| topic.destination().name().into_owned();
        assert_eq!(
            name(AdvisoryTopic::Connections),
            "ActiveMQ.Advisory.Connection"
        );
        let consumers = AdvisoryTopic::Consumers(Destination::queue("a.b"));
        assert_eq!(name(consumers), "ActiveMQ.Advisory.Consumer.Queue.a.b");
        let expired = AdvisoryTopic::Expired(Destination::topic(">"));
        assert_eq!(name(expired), "ActiveMQ.Advisory.Expired.Topic.>");
    }

    #[test]
    fn a_consumer_that_ended_is_told_with_its_destination() {
        let topic = AdvisoryTopic::Consumers(Destination::queue("a.b"));
        let id = ConnectionId::new("ID:x").session(1).consumer(2);
        let message = advisory(&topic, RemoveInfo::new(Command::ConsumerId(id.clone())));

        let expected = Advisory::ConsumerStopped {
            id,
            destination: Some(Destination::queue("a.b")),
            count: None,
        };
        assert_eq!(Advisory::read(&message), Ok(expected));
    }

    #[test]
    fn what_is_not_expected_there_is_something_else_and_other_messages_are_none() {
        let topic = AdvisoryTopic::Consumers(Destination::queue("q"));
        let odd = advisory(&topic, RemoveInfo::default());
        let name = "ActiveMQ.Advisory.Consumer.Queue.q".to_owned();
        assert_eq!(Advisory::read(&odd), Ok(Advisory::Other(name)));
        assert_eq!(Advisory::read(&Message::text("x")), Err(NotAnAdvisory));
        let mut plain = Message::text("x");
        plain.destination = Some(Destination::topic("news"));
        assert_eq!(Advisory::read(&plain), Err(NotAnAdvisory));
    }
}
