//! What a client is asked and what it tells.

use core::time::Duration;

use finewire_core::machine::CommandId;

use crate::command::{Destination, Message, SharedMessage, Throwable};

use super::address::DestinationAddress;
use super::producer::{OpenProducer, ProducerHandle};
use super::sending::Send;
use super::session::{OpenSession, SessionHandle};

/// What the owner of a [`Client`](super::Client) can ask for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a command is moved a few times and never stored"
)]
pub enum ClientCommand {
    /// Consume from a destination. Done when the broker has confirmed it.
    ///
    /// It is state: given while the link is down it is kept, and after each loss it is asked for again
    /// before anything else; the command stays open for that long. It fails if the broker does not answer
    /// in time while the link is up, and is refused if the broker refuses it; the subscription is
    /// forgotten then.
    Subscribe(Subscribe),
    /// Stop consuming. Done when it is written, or at once while the link is down. Deliveries not
    /// acknowledged go to other consumers.
    Unsubscribe(ConsumerHandle),
    /// Send a message; see [`Publish`] for what its end promises.
    Publish(Publish),
    /// The owner is through with a delivery. Done when it is written to the stream; the broker does not
    /// confirm. Refused for a delivery of a link that was lost since: the broker delivers it again.
    Acknowledge(DeliveryToken),
    /// Ask for one message, where the prefetch is 0. Done when it is written.
    Pull {
        /// The subscription.
        consumer: ConsumerHandle,
        /// How long the broker may wait for one; `None`: for ever. If there is none,
        /// [`ClientEvent::PulledNothing`] says so.
        wait: Option<Duration>,
    },
    /// The owner cannot use a delivery and nobody else will: the broker puts it on its dead-letter queue
    /// (ActiveMQ does so for queues). Done when it is written. Refused as `Acknowledge` is.
    Reject {
        /// The delivery.
        token: DeliveryToken,
        /// Why, for whoever looks at the dead letter.
        why: String,
    },
    /// Open a session. Done when it is written; kept while the link is down and opened again after each
    /// loss.
    OpenSession(OpenSession),
    /// Close a session with its consumers and producers; an open transaction is rolled back. Done when it
    /// is written, or at once while the link is down.
    CloseSession(SessionHandle),
    /// Make what was sent and acknowledged in the session since the last end of a transaction take effect.
    ///
    /// Done: all of it did. Refused: none of it did (the link was lost meanwhile, or the broker said no);
    /// deliveries that were part of it come again. Failed: nobody knows (the link was lost, or the
    /// broker fell silent, between the request and its answer); the text says *in doubt*.
    Commit(SessionHandle),
    /// Undo what was sent and acknowledged in the session since the last end of a transaction. Done: it is
    /// undone, and a [`ClientEvent::RolledBack`] brought the deliveries again. It is done too when the link
    /// was lost meanwhile: the broker has rolled back then.
    Rollback(SessionHandle),
    /// Open a producer. Done when it is written; kept while the link is down and opened again after each
    /// loss.
    OpenProducer(OpenProducer),
    /// Close a producer. What waits in it is refused. Done when it is written, or at once while the link is
    /// down.
    CloseProducer(ProducerHandle),
    /// Send messages by a producer; see [`Send`] for what its end promises.
    Send(Send),
    /// Make a temporary queue, or a temporary topic; a [`ClientEvent::TemporaryCreated`] names it
    /// before the command is done. It lives until it is removed or the client disconnects, over
    /// reconnects too, though a lost link loses what is in it.
    CreateTemporary {
        /// Topic instead of queue.
        topic: bool,
    },
    /// Delete a destination and what is in it.
    RemoveDestination(Destination),
    /// Leave in good order and do not come back; everything is forgotten. Done when the link is closed.
    Disconnect,
}

/// Names a subscription; chosen by the owner, unique within the client while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerHandle(pub u32);

/// What to consume and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribe {
    /// Its name from now on.
    pub consumer: ConsumerHandle,
    /// From where; may be composite or hold wildcards.
    pub destination: Destination,
    /// Be the only consumer of a queue that is served.
    pub exclusive: bool,
    /// −128..=127: higher ones are served first.
    pub priority: i8,
    /// Messages that may be delivered without acknowledgement; 0: only those pulled.
    pub prefetch: u16,
    /// In the selector language of JMS.
    pub selector: Option<String>,
    /// Not what this client sends itself (topics).
    pub no_local: bool,
    /// Only look at a queue's messages; they stay.
    pub browse: bool,
    /// Also what the broker kept of a topic.
    pub retroactive: bool,
    /// Messages that the broker keeps for a slow topic consumer; `None`: its own default.
    pub maximum_pending: Option<i32>,
    /// Who acknowledges. In a transacted session always the owner, each delivery by itself.
    pub acknowledge: AckMode,
    /// Its session.
    pub session: SessionHandle,
}

/// Prefetch of a queue's consumer (Seen: ActiveMQ's default).
const QUEUE_PREFETCH: u16 = 1000;
/// Prefetch of a topic's consumer (Seen: ActiveMQ's default).
const TOPIC_PREFETCH: u16 = 32_767;

impl Subscribe {
    /// Consumes from `destination` with ActiveMQ's defaults, acknowledging automatically.
    #[must_use]
    pub fn to(consumer: ConsumerHandle, destination: Destination) -> Self {
        let prefetch = if destination.kind.is_queue() {
            QUEUE_PREFETCH
        } else {
            TOPIC_PREFETCH
        };
        Self {
            consumer,
            destination,
            exclusive: false,
            priority: 0,
            prefetch,
            selector: None,
            no_local: false,
            browse: false,
            retroactive: false,
            maximum_pending: None,
            acknowledge: AckMode::Auto,
            session: SessionHandle::PLAIN,
        }
    }

    /// As `address` says, with ActiveMQ's defaults for the rest.
    #[must_use]
    pub fn at(consumer: ConsumerHandle, address: DestinationAddress) -> Self {
        let plain = Self::to(consumer, address.destination);
        let options = address.options;
        Self {
            exclusive: options.exclusive,
            priority: options.priority,
            prefetch: options.prefetch.unwrap_or(plain.prefetch),
            selector: options.selector,
            no_local: options.no_local,
            retroactive: options.retroactive,
            maximum_pending: options.maximum_pending,
            ..plain
        }
    }
}

/// Who acknowledges deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckMode {
    /// The client, as soon as it has told its owner: lost if the owner dies with it. One whose
    /// acknowledgement was lost with the link comes again.
    #[default]
    Auto,
    /// The owner, each delivery by itself: at least once.
    Individual,
    /// The owner; an acknowledgement stands for all earlier deliveries of the subscription too: at
    /// least once.
    Cumulative,
}

/// A message to send. The client fills in producer, id, destination and, if it is 0 and the clock is
/// known, the timestamp.
///
/// * `message.persistent`: it is sent with a request for a response. Done: the broker has it. Refused: it
///   does not. Failed (link lost, no answer in time): it may or may not have it; sending it again may
///   double it.
/// * Not persistent: Done: all of it was handed to the operating system, no more; a link that breaks
///   later can still lose it, and the broker can still refuse it (then a
///   [`ClientEvent::BrokerSaid`] tells, without saying which). Failed: it may or may not have arrived.
///
/// Nothing is kept over a loss of the link, and nothing is sent twice by the client itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Publish {
    /// Where to; may be composite.
    pub destination: Destination,
    /// The message.
    pub message: Message,
}

/// Names one delivery, to acknowledge it; worthless after the link it came on is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryToken {
    pub(super) consumer: ConsumerHandle,
    pub(super) epoch: u64,
    pub(super) number: u64,
}

impl DeliveryToken {
    /// The subscription that it came by.
    #[must_use]
    pub const fn consumer(self) -> ConsumerHandle {
        self.consumer
    }
}

/// What a [`Client`](super::Client) tells its owner.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The broker let us in, and all subscriptions have been asked for again.
    Connected {
        /// The broker's name, where it told.
        broker: Option<String>,
        /// The protocol version spoken.
        version: i32,
    },
    /// A message came.
    Delivered(Delivered),
    /// A pull found nothing in its time.
    PulledNothing(ConsumerHandle),
    /// A browser has seen everything.
    BrowseEnded(ConsumerHandle),
    /// A temporary destination is there.
    TemporaryCreated {
        /// The command that asked for it.
        command: CommandId,
        /// The destination.
        destination: Destination,
    },
    /// A transaction is undone; these deliveries, acknowledged in it, come again under new tokens. What was
    /// rolled back more often than [`ClientConfig::redeliveries_at_most`](super::ClientConfig) went to the
    /// dead-letter queue instead.
    RolledBack {
        /// The session.
        session: SessionHandle,
        /// In the order in which they came first.
        again: Vec<Delivered>,
    },
    /// The broker refused to take a subscription back after a reconnect, or threw it out; it is
    /// forgotten.
    SubscriptionLost {
        /// The subscription.
        consumer: ConsumerHandle,
        /// What the broker said.
        why: String,
    },
    /// Trouble that answers no request of ours (`ConnectionError`).
    BrokerSaid(Throwable),
    /// The broker suggests other brokers (`ConnectionControl`). Nothing follows by itself.
    Steered {
        /// URIs of the cluster's brokers, as the broker wrote them.
        connected_brokers: String,
        /// Where it wants us to go; empty if nowhere.
        reconnect_to: String,
        /// Whether it wants us to choose anew.
        rebalance: bool,
    },
}

/// A message and the subscription it came by.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The subscription.
    pub consumer: ConsumerHandle,
    /// The message; its destination is the real one, also for wildcards and composites.
    pub message: SharedMessage,
    /// How often it was delivered before.
    pub redeliveries: i32,
    /// To acknowledge it; `None` where the client has done so.
    pub token: Option<DeliveryToken>,
}
