//! What the monitor sees of agents.

use crate::agent::{AgentId, AgentState, DialogId, Extension, Text};
use crate::contract::Destination;
use crate::machine::{Instant, UnixMillis};

use super::signal::NodeId;

use alloc::vec::Vec;

use crate::transitions;

/// How it stands with an agent's notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subscription {
    /// There is no login at the notification service.
    None,
    /// The first login is under way.
    Opening,
    /// They flow.
    Up,
    /// They have stopped; the link tries again.
    Down,
}

transitions! {
    /// How an agent's subscription moves.
    pub SUBSCRIPTION: Subscription {
        None => Opening by "password proven";
        Opening => Up by "logged in";
        Opening => Down by "cannot be reached, tried again";
        Opening => None by "refused, or given up";
        Up => Down by "link lost";
        Up => Opening by "another server is used";
        Up => None by "refused, or agent idle";
        Down => Up by "logged in again";
        Down => Opening by "another server is used";
        Down => None by "refused, or agent idle";
    }
}

/// What is known of one call of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// Its id.
    pub id: DialogId,
    /// Its state, in Finesse's word.
    pub state: Text,
    /// Who called.
    pub from: Text,
    /// The number that was dialled.
    pub to: Text,
}

/// What is known of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentReport {
    /// The login id.
    pub agent: AgentId,
    /// First and last name.
    pub name: Text,
    /// The state.
    pub state: AgentState,
    /// Since when the agent is in it, as Finesse says.
    pub state_since: Option<UnixMillis>,
    /// The label of the reason for it, else the code; empty where there is none.
    pub reason: Text,
    /// The name of the agent's team; empty where Finesse names none.
    pub team: Text,
    /// The line.
    pub extension: Option<Extension>,
    /// Where its events go.
    pub destination: Option<Destination>,
    /// Its notifications.
    pub subscription: Subscription,
    /// Since when they are so.
    pub since: Instant,
    /// Why they do not flow; empty while they do.
    pub trouble: Text,
    /// Whether what is known is what Finesse says.
    pub is_fresh: bool,
    /// The Finesse server that it is at.
    pub node: NodeId,
    /// Its calls.
    pub calls: Vec<CallReport>,
    /// Commands that wait or are under way.
    pub commands: usize,
    /// Grows with everything that happens to any agent; see
    /// [`agents_since`](super::Connector::agents_since).
    pub revision: u64,
}
