//! What a driver tells its owner.

use alloc::boxed::Box;

use crate::agent::AgentId;
use crate::contract::{AgentInfo, AgentStatus, Call, EventMessage, MalformedEvent, Refused};
use crate::machine::CommandId;

/// What a driver tells its owner. [`Event::Received`] comes first, then what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connector can be used, or no longer can.
    ServiceChanged(Service),
    /// An event of the connector, as it came.
    Received(Box<EventMessage>),
    /// A message that is no event.
    Malformed(MalformedEvent),
    /// Who an agent is.
    AgentIntroduced {
        /// The agent.
        agent: AgentId,
        /// Names, teams, role.
        info: Box<AgentInfo>,
    },
    /// State, reason, line or pending state of an agent are others than before; told for the
    /// members of a supervisor's team too.
    AgentChanged {
        /// Whom the event was addressed to.
        agent: AgentId,
        /// The state; names whose it is.
        status: Box<AgentStatus>,
    },
    /// A call rings.
    CallOffered {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: Box<Call>,
    },
    /// A call is new without ringing, or another one than before.
    CallChanged {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: Box<Call>,
    },
    /// A call is over for the agent.
    CallEnded {
        /// The agent.
        agent: AgentId,
        /// The call's last state; `None` when its end was only seen by its absence.
        call: Option<Box<Call>>,
        /// The call.
        dialog: crate::agent::DialogId,
    },
    /// The connector refuses something; to be shown to the agent.
    ErrorShown {
        /// The agent.
        agent: AgentId,
        /// The command that it ended, if it ended one.
        command: Option<CommandId>,
        /// Code and text.
        refused: Refused,
    },
    /// The connector wants its agents connected again, or the broker was away: it is being done.
    Reconnecting(AgentId),
    /// Another driver has taken over the agent: no more events come for it.
    AgentDisplaced(AgentId),
}

/// Whether the connector can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Service {
    /// The broker cannot be reached.
    #[default]
    Unreachable,
    /// The broker is there; the connector has not answered yet, or no longer answers.
    Silent,
    /// The connector is there, Finesse is not.
    OutOfService,
    /// Connector and Finesse are there.
    InService,
}
