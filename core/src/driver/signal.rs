//! What a driver's decisions are told, and what they decide to do.

use core::fmt;

use super::command::Command;
use super::event::Event;
use crate::agent::Text;
use crate::contract::WireCommand;
use crate::machine::{CommandId, Outcome, TraceEvent};

/// Names one message to the connector; its text is the JMSCorrelationID.
///
/// The upper half is drawn once per run, so that an answer to an earlier run of the driver is not
/// taken for ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

impl Ticket {
    /// Reads what [`Display`](fmt::Display) wrote; anything else is not a ticket of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix("fd-")?;
        if digits.len() != 16 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fd-{:016x}", self.0)
    }
}

/// What happened, as far as a driver's decisions care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The broker can be talked to, and the driver's topic is subscribed.
    BrokerUp,
    /// The broker is gone.
    BrokerDown,
    /// A message could not be handed to the broker.
    PublishFailed(Ticket, Outcome),
    /// A text came on the driver's topic.
    Received {
        /// The text.
        body: Text,
        /// JMSCorrelationID.
        correlation: Option<Text>,
    },
    /// The owner asks for something.
    Command(CommandId, Command),
    /// The driver is to end: everything unended ends.
    ShuttingDown,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message to the connector's queue, NON_PERSISTENT, priority 0.
    Publish {
        /// Names it.
        ticket: Ticket,
        /// JMS type and body.
        message: WireCommand,
    },
    /// The owner wants to know.
    Event(Event),
    /// A command has ended.
    Ended(CommandId, Outcome),
    /// A message passed.
    Trace(TraceEvent),
}
