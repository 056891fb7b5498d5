//! Items of the events that carry lists.

use crate::agent::{AgentId, AgentState, Extension, Text, open_words};
use crate::machine::UnixMillis;

open_words! {
    /// What a list of reasons is for.
    pub enum ReasonCategory {
        /// Wrap-up after a call.
        WrapUp = "WrapUp",
        /// Signing out.
        Logout = "LOGOUT",
        /// Not being ready.
        NotReady = "NOT_READY",
    }
}

/// A member of a team in `TeamUsersList`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TeamUser {
    /// First name.
    pub first_name: Text,
    /// Last name.
    pub last_name: Text,
    /// Line; `None` while signed out.
    pub extension: Option<Extension>,
    /// Login id.
    pub id: AgentId,
    /// State.
    pub state: AgentState,
    /// Reason code; empty for none.
    pub reason_code: Text,
    /// What follows the present call.
    pub pending_state: Option<AgentState>,
    /// Time of the last change of state.
    pub state_changed: Option<UnixMillis>,
}

/// A queue in `QueueList`. Numbers are Finesse's; `None` for its `-1` ("not known here").
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct QueueStatistics {
    /// Name.
    pub name: Text,
    /// `agentsNotReady`.
    pub agents_not_ready: Option<u32>,
    /// `agentsReady`.
    pub agents_ready: Option<u32>,
    /// `agentsTalkingInbound`.
    pub talking_inbound: Option<u32>,
    /// `agentsTalkingInternal`.
    pub talking_internal: Option<u32>,
    /// `agentsTalkingOutbound`.
    pub talking_outbound: Option<u32>,
    /// `agentsWrapUpNotReady`.
    pub wrap_up_not_ready: Option<u32>,
    /// `agentsWrapUpReady`.
    pub wrap_up_ready: Option<u32>,
    /// `callsInQueue`.
    pub calls_in_queue: Option<u32>,
    /// `startTimeOfLongestCallInQueue`.
    pub longest_call_since: Option<UnixMillis>,
}

/// A phone book in `Phonebooks` and `TeamPhoneBooks`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Phonebook {
    /// Name.
    pub name: Text,
    /// `GLOBAL` or `TEAM`.
    pub scope: Text,
    /// Id.
    pub id: Text,
}

/// A contact in `PhonebookContacts`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Contact {
    /// Free text.
    pub description: Text,
    /// First name.
    pub first_name: Text,
    /// Last name.
    pub last_name: Text,
    /// Number.
    pub phone_number: Text,
    /// Id.
    pub id: Text,
}
