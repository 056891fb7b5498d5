//! One agent.

use finewire_core::agent::{AgentState, Extension, Reason, Roles, Text, User};
use finewire_core::machine::UnixMillis;
use finewire_finesse::ReasonCode;

use crate::config::{Agent as AgentConfig, WrapUp};
use crate::profile::Profile;

/// An agent as the telephone system knows it.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) config: AgentConfig,
    pub(super) state: AgentState,
    pub(super) since: Option<UnixMillis>,
    /// Database id of the reason of the present state.
    pub(super) reason: Option<Text>,
    /// The line in use; `None` while signed out.
    pub(super) extension: Option<Extension>,
    /// What the agent asked to come after the present calls.
    pub(super) pending: Option<(AgentState, Option<Text>)>,
    /// What comes after the present calls when nothing is asked for.
    pub(super) before_call: (AgentState, Option<Text>),
    /// Counts wrap-up times, so that a late alarm is known.
    pub(super) wrap_up_round: u64,
}

impl Agent {
    pub(super) fn new(config: AgentConfig) -> Self {
        Self {
            config,
            state: AgentState::Logout,
            since: None,
            reason: None,
            extension: None,
            pending: None,
            before_call: (AgentState::NotReady, None),
            wrap_up_round: 0,
        }
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.state != AgentState::Logout
    }

    /// What Finesse says about the agent.
    pub(super) fn snapshot(&self, reasons: &[ReasonCode], profile: &Profile) -> User {
        let agent = &self.config;
        let reason = self.reason.as_ref().map(|id| {
            let known = reasons.iter().find(|reason| reason.id == *id);
            Reason {
                id: Some(id.clone()),
                code: known.map(|reason| reason.code.clone()),
                label: known.map(|reason| reason.label.clone()).unwrap_or_default(),
            }
        });
        let (wrap_up, seconds) = match (profile.has_work_ready, agent.wrap_up) {
            (false, _) => ("", None),
            (_, WrapUp::NotAllowed) => ("NOT_ALLOWED", None),
            (_, WrapUp::Optional(time)) => ("OPTIONAL", Some(time)),
            (_, WrapUp::Required(time)) => ("REQUIRED", Some(time)),
        };
        User {
            id: agent.id.clone(),
            login_name: agent.login_name.clone(),
            first_name: agent.first_name.clone(),
            last_name: agent.last_name.clone(),
            roles: Roles {
                agent: true,
                supervisor: !agent.supervises.is_empty(),
            },
            state: self.state.clone(),
            state_changed: self.since,
            pending_state: None,
            reason,
            extension: self.extension.clone(),
            team: Some(agent.team.clone()),
            supervised: agent.supervises.clone(),
            wrap_up_incoming: wrap_up.into(),
            wrap_up_outgoing: wrap_up.into(),
            wrap_up_timer: seconds.map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
        }
    }
}
