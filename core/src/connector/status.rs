//! What the monitor sees of agents.

use crate::agent::{AgentId, AgentState, DialogId, Extension, Text};
use crate::contract::Destination;
use crate::machine::Instant;

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

/// What is known of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentReport {
    /// The login id.
    pub agent: AgentId,
    /// First and last name.
    pub name: Text,
    /// The state.
    pub state: AgentState,
    /// The line.
    pub extension: Option<Extension>,
    /// Where its events go.
    pub destination: Option<Destination>,
    /// Its notifications.
    pub subscription: Subscription,
    /// Since when they are so.
    pub since: Instant,
    /// Whether what is known is what Finesse says.
    pub is_fresh: bool,
    /// Its calls: id, state, caller.
    pub calls: Vec<(DialogId, Text, Text)>,
    /// Commands that wait or are under way.
    pub commands: usize,
}
