//! What a snapshot changed.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::dialog::Dialog;
use super::states::{AgentState, DialogState};
use super::text::{DialogId, Extension};

/// What one snapshot changed, in the order in which a client should learn it.
pub type Changes = Vec<Change>;

/// One difference between what was known and what Finesse said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The agent's state is another one.
    State {
        /// The state before.
        from: AgentState,
        /// The state now.
        to: AgentState,
        /// Whether the transition table knows the move.
        legal: bool,
    },
    /// The state is the same, but reason, pending state or time of the change are not.
    StateDetails,
    /// The agent's line is another one, or none.
    Line {
        /// The extension before.
        from: Option<Extension>,
        /// The extension now.
        to: Option<Extension>,
    },
    /// Names, roles, teams or wrap-up settings are others.
    Profile,
    /// A new call rings at the agent.
    CallOffered(DialogId),
    /// A call is new and does not ring at the agent: placed, monitored, or found at a resync.
    CallStarted(DialogId),
    /// A known call is another one than before.
    CallChanged {
        /// The call.
        dialog: DialogId,
        /// The call's state before.
        from: DialogState,
        /// The call's state now.
        to: DialogState,
        /// Whether the transition tables know the moves of the call and of the agent's own party.
        legal: bool,
    },
    /// The call is over for this agent; the last snapshot of it, which may or may not have said
    /// that it was dropped.
    CallEnded(Box<Dialog>),
    /// A new call was not taken into the model: it holds as many as it may.
    CallOverLimit(DialogId),
}

/// What the model has met that the documents do not expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ModelCounters {
    /// Moves that no table knows; they were taken over.
    pub illegal_moves: u64,
    /// Snapshots of the agent older than the one held; they were ignored.
    pub stale_users: u64,
    /// Snapshots of another agent; they were ignored.
    pub foreign_users: u64,
    /// Reports of the end of a call that is not held; they were ignored.
    pub unknown_removals: u64,
    /// Calls above [`AgentModel::MAX_DIALOGS`](super::AgentModel::MAX_DIALOGS); they were ignored.
    pub over_limit: u64,
}
