//! What the broker is asked and what it tells.

use finewire_core::machine::{Address, CloseReason, CommandId, LinkId};

use crate::command::Destination;

use super::connection::Stage;
use super::machine::{Broker, Counters};

/// What its owner can ask of a [`Broker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokerCommand {
    /// Tell what is in it: one [`BrokerEvent::Snapshot`].
    Snapshot,
    /// Stop listening, let what is pending be written and close every link (2 s each at most). Done when
    /// all are closed; the broker is of no use afterwards.
    Stop,
}

/// What a [`Broker`] tells its owner.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BrokerEvent {
    /// It listens.
    Listening {
        /// Where really.
        address: Address,
        /// Whether TLS comes first.
        tls: bool,
    },
    /// It could not listen, or listening ended.
    ListenFailed {
        /// Where it should.
        address: Address,
        /// Why not.
        reason: CloseReason,
    },
    /// A client said who it is and was let in.
    Connected {
        /// Its link.
        link: LinkId,
        /// Where it comes from.
        peer: Address,
        /// Its client id.
        client_id: String,
    },
    /// A client that was let in is gone.
    Disconnected {
        /// Its link.
        link: LinkId,
        /// Its client id.
        client_id: String,
        /// Why.
        reason: CloseReason,
    },
    /// A peer was not let in, or left before it said who it is.
    TurnedAway {
        /// Its link.
        link: LinkId,
        /// Where it comes from.
        peer: Address,
        /// Why.
        reason: CloseReason,
    },
    /// A command of a client was refused.
    Refused {
        /// Its link.
        link: LinkId,
        /// The command's type.
        command: &'static str,
        /// The exception that it was answered with: class and message.
        exception: String,
    },
    /// Something could not be told to a client in its version of the protocol, or is larger than it takes.
    Unsendable {
        /// Its link.
        link: LinkId,
        /// What, and why.
        what: String,
    },
    /// A topic consumer is too slow; comes once until it has caught up.
    SlowConsumer {
        /// Its link.
        link: LinkId,
        /// What it consumes.
        destination: Destination,
    },
    /// A session's sends are held up because there is no room; comes once until all of them have passed.
    ProducerHeldUp {
        /// Its link.
        link: LinkId,
        /// What there is no room in.
        place: String,
    },
    /// The answer to [`BrokerCommand::Snapshot`].
    Snapshot(CommandId, Box<BrokerSnapshot>),
}

/// What is in a broker at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerSnapshot {
    /// Links that were let in.
    pub connections: Vec<ConnectionView>,
    /// Queues, temporary ones included, in order of their names.
    pub queues: Vec<QueueView>,
    /// Topics that somebody consumes, in order of their names.
    pub topics: Vec<TopicView>,
    /// Bytes in all queues.
    pub held_bytes: usize,
    /// What happened since the start.
    pub counters: Counters,
}

/// A connection in a [`BrokerSnapshot`].
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionView {
    /// Its link.
    pub link: LinkId,
    /// Where it comes from.
    pub peer: Address,
    /// Its client id.
    pub client_id: String,
    /// Its user name, if it gave one.
    pub user: Option<String>,
    /// How many consumers it has.
    pub consumers: usize,
    /// How many producers it has.
    pub producers: usize,
    /// Bytes not yet written to it.
    pub backlog: usize,
}

/// A queue in a [`BrokerSnapshot`].
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// Its destination.
    pub destination: Destination,
    /// Messages that wait.
    pub waiting: usize,
    /// Messages with consumers, not yet acknowledged.
    pub in_flight: usize,
    /// Bytes of both.
    pub bytes: usize,
    /// Its consumers.
    pub consumers: usize,
    /// The client id of the exclusive consumer in charge.
    pub exclusive: Option<String>,
    /// Messages that ever came in.
    pub enqueued: u64,
    /// Messages that ever left.
    pub dequeued: u64,
    /// Messages that expired.
    pub expired: u64,
}

/// A topic in a [`BrokerSnapshot`].
#[derive(Clone, Debug, PartialEq)]
pub struct TopicView {
    /// Its destination.
    pub destination: Destination,
    /// Its consumers, those with wildcards not counted.
    pub consumers: usize,
    /// Messages that wait for slow ones.
    pub backlog: usize,
}

impl BrokerSnapshot {
    pub(super) fn of(broker: &Broker) -> Self {
        let client_of = |link: &LinkId| match &broker.connections.get(link)?.stage {
            Stage::Known(identity) => Some(identity.client_id.to_str().into_owned()),
            Stage::Securing | Stage::Strange | Stage::Departed | Stage::Leaving(_) => None,
        };
        let connections = broker.connections.iter().filter_map(|(link, connection)| {
            let identity = connection.identity()?;
            let user = identity.info.user_name.as_ref();
            Some(ConnectionView {
                link,
                peer: connection.peer.clone(),
                client_id: identity.client_id.to_str().into_owned(),
                user: user.map(|user| user.to_str().into_owned()),
                consumers: connection.consumers.len(),
                producers: connection.producers.len(),
                backlog: connection.channel.backlog(),
            })
        });
        let queues = broker.queues.iter().map(|(destination, queue)| {
            let (held, bytes) = queue.held();
            let exclusive = queue.exclusive().and_then(|key| broker.consumers.get(&key));
            QueueView {
                destination: destination.clone(),
                waiting: queue.waiting_count(),
                in_flight: held - queue.waiting_count().min(held),
                bytes,
                consumers: queue.consumer_count(),
                exclusive: exclusive.and_then(|consumer| client_of(&consumer.link)),
                enqueued: queue.enqueued,
                dequeued: queue.dequeued,
                expired: queue.expired,
            }
        });
        let topics = broker.topics.iter().map(|(destination, keys)| {
            let consumers = keys.iter().filter_map(|key| broker.consumers.get(key));
            TopicView {
                destination: destination.clone(),
                consumers: keys.len(),
                backlog: consumers.map(|consumer| consumer.backlog.len()).sum(),
            }
        });
        Self {
            connections: connections.collect(),
            queues: queues.collect(),
            topics: topics.collect(),
            held_bytes: broker.held_bytes,
            counters: broker.counters,
        }
    }
}
