//! What Finesse says about an agent.

use alloc::vec::Vec;

use super::states::AgentState;
use super::text::{AgentId, Extension, TeamId, Text};
use crate::machine::UnixMillis;

/// A full snapshot of an agent. Finesse Developer Guide, "User".
///
/// An element that was absent or empty on the wire is `None` or empty here.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct User {
    /// `loginId`.
    pub id: AgentId,
    /// `loginName` (UCCE; empty on UCCX).
    pub login_name: Text,
    /// `firstName`.
    pub first_name: Text,
    /// `lastName`.
    pub last_name: Text,
    /// `roles`.
    pub roles: Roles,
    /// `state`.
    pub state: AgentState,
    /// `stateChangeTime`; `None` when Finesse does not know it.
    pub state_changed: Option<UnixMillis>,
    /// `pendingState`: what follows the present call. UCCE leaves it empty.
    pub pending_state: Option<AgentState>,
    /// `ReasonCode` or `reasonCode`, with `reasonCodeId`.
    pub reason: Option<Reason>,
    /// `extension`; `None` while signed out.
    pub extension: Option<Extension>,
    /// `teamId`, `teamName`: the agent's own team.
    pub team: Option<Team>,
    /// `teams`: the teams a supervisor supervises.
    pub supervised: Vec<Team>,
    /// `settings/wrapUpOnIncoming`: `REQUIRED`, `REQUIRED_WITH_WRAP_UP_DATA`, `OPTIONAL`,
    /// `NOT_ALLOWED`; empty on UCCX.
    pub wrap_up_incoming: Text,
    /// `settings/wrapUpOnOutgoing`: as `wrap_up_incoming`.
    pub wrap_up_outgoing: Text,
    /// `wrapUpTimer`, in seconds.
    pub wrap_up_timer: Option<u32>,
}

impl User {
    /// First and last name with one blank between; the login id when Finesse knows no name.
    #[must_use]
    pub fn full_name(&self) -> Text {
        match (self.first_name.is_empty(), self.last_name.is_empty()) {
            (false, false) => alloc::format!("{} {}", self.first_name, self.last_name).into(),
            (false, true) => self.first_name.clone(),
            (true, false) => self.last_name.clone(),
            (true, true) => self.id.clone().into(),
        }
    }

    /// Whether the agent is signed in, as far as Finesse says.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        !matches!(self.state, AgentState::Logout | AgentState::Unknown)
    }
}

/// What a user is at Finesse: element `roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Roles {
    /// Role `Agent`.
    pub agent: bool,
    /// Role `Supervisor`.
    pub supervisor: bool,
}

/// Why an agent is not ready or signed out. Finesse Developer Guide, "ReasonCode".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reason {
    /// The database id (`reasonCodeId`); `-1` ("none") is read as `None`.
    pub id: Option<Text>,
    /// The code that people know, such as `10`.
    pub code: Option<Text>,
    /// The label that people read, such as `Lunch`.
    pub label: Text,
}

/// A team by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Team {
    /// The id.
    pub id: TeamId,
    /// The name.
    pub name: Text,
}
