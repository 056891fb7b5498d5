//! What the connector's owner asks for and is told.

use std::fmt;

use finewire_core::agent::{AgentId, Text};
use finewire_core::connector::{self, NodeId, Note, Publish};
use finewire_core::contract::TimeFormat;
use finewire_core::machine::{CloseReason, Instant};

use crate::heard::Heard;

/// What the connector's owner can ask for.
#[derive(Clone, Debug)]
pub enum Command {
    /// End: commands under way end, agents' notification links are logged off, the broker is
    /// left. Done when nothing is left; [`Event::Stopped`] comes before.
    Shutdown,
    /// Tell times in this zone from now on: the local zone's offset has changed.
    SetTime(TimeFormat),
    /// Decide by this configuration from now on; agents, their commands and calls stay. The number of Finesse
    /// servers stays too, whatever it says. Refused while the connector is ending.
    Configure(Box<connector::Config>),
    /// Take on no new commands until [`Resume`](Self::Resume): the command queue is left to others, drivers are
    /// told that the connector is out of service, what is under way ends as ever.
    Drain,
    /// Take commands on again.
    Resume,
    /// Read an agent's state and calls again and tell its driver what differs. Refused when there is no such
    /// agent, or its notifications do not flow, for then it is read anyway when they do.
    Resync(AgentId),
    /// Close an agent's link to the notification service and open it again. Refused when it has none.
    DropStream(AgentId),
    /// A driver has said something; only with [`DriverSide::Owner`](crate::DriverSide::Owner). Done when it was taken on,
    /// which comes before its outcome is known: that is told to the driver. Refused when no commands are taken on.
    Hear(Heard),
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// To the broker.
    Broker,
    /// An agent's notifications.
    Notifications(AgentId),
    /// To the REST interface of a Finesse server; told only when an attempt fails.
    Rest(NodeId),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broker => f.write_str("broker"),
            Self::Notifications(agent) => write!(f, "notifications of {agent}"),
            Self::Rest(node) => write!(f, "REST interface of {node}"),
        }
    }
}

/// What the connector tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A link is up.
    LinkUp(Which),
    /// A link is down, or an attempt has failed.
    LinkDown {
        /// Which.
        which: Which,
        /// Why.
        reason: CloseReason,
        /// When the next attempt begins; `None`: not by itself.
        retry_at: Option<Instant>,
    },
    /// The broker does not let the connector consume commands; it is asked again after a while.
    QueueLost {
        /// What the broker said.
        why: Text,
    },
    /// A driver is to be told something; only with [`DriverSide::Owner`](crate::DriverSide::Owner), in the order in
    /// which these events come.
    Told(Publish),
    /// Something that the decisions want the operator to know.
    Noted(Note),
    /// The connector has ended; it does nothing any more.
    Stopped,
}
