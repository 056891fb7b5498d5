//! Agents' states: what they ask for, and what calls do to them.
//!
//! Finesse Developer Guide, "User - Change agent state", tables for UCCE and UCCX.

use finewire_core::agent::{AgentId, AgentState, Extension, ParticipantState, Text};
use finewire_finesse::{ApiErrors, ErrorCode, MobileAgent, ReasonCategory, Resource};

use super::call::Role;
use super::{Alarm, World, refusal};
use crate::config::WrapUp;

impl World {
    /// `LOGIN`. Of a signed-in agent on the same line it changes nothing and says nothing.
    pub(crate) fn sign_in(
        &mut self,
        id: &AgentId,
        extension: &Extension,
        mobile: Option<&MobileAgent>,
    ) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        if agent.is_signed_in() && agent.extension.as_ref() == Some(extension) {
            return;
        }
        let refusal = if agent.is_signed_in() {
            refusal::invalid_state(ErrorCode::INVALID_OBJECT_STATE)
        } else if mobile.is_some() && !self.may_be_mobile(id) {
            refusal::mode_not_allowed()
        } else if !self.extensions.contains(extension) {
            refusal::invalid_device(self.peripheral_errors)
        } else if self.agent_on(extension.as_str()).is_some() {
            refusal::device_busy()
        } else {
            if let Some(agent) = self.agents.get_mut(id) {
                agent.extension = Some(extension.clone());
                agent.before_call = (AgentState::NotReady, None);
            }
            self.enter(id, AgentState::NotReady, None);
            return;
        };
        self.refuse(Resource::User(id.clone()), refusal);
    }

    /// Mobile agents are UCCE's, and have to be set up as such.
    fn may_be_mobile(&self, id: &AgentId) -> bool {
        self.profile.has_mobile_agents && self.mobile.contains(id)
    }

    /// `LOGOUT`: UCCE takes it only from `NOT_READY`, UCCX also from `READY`; a supervisor's is
    /// taken from any state.
    pub(crate) fn sign_out(&mut self, id: &AgentId, reason: Option<Text>, by_supervisor: bool) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let allowed = match agent.state {
            AgentState::Logout => false,
            AgentState::NotReady => true,
            AgentState::Ready => by_supervisor || self.profile.signs_out_from_ready,
            _ => by_supervisor,
        };
        if !allowed {
            let refusal = refusal::invalid_state(ErrorCode::INVALID_OBJECT_STATE);
            return self.refuse(Resource::User(id.clone()), refusal);
        }
        let reason = if by_supervisor {
            self.reason_id(ReasonCategory::Logout, self.profile.supervisor_sign_out)
        } else {
            reason
        };
        self.leave_desk(id, reason);
    }

    /// Ends the agent's calls and signs the agent out.
    fn leave_desk(&mut self, id: &AgentId, reason: Option<Text>) {
        self.drop_all(id);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.extension = None;
            agent.pending = None;
        }
        self.enter(id, AgentState::Logout, reason);
    }

    /// A change to `READY`, `NOT_READY`, `WORK` or `WORK_READY`.
    pub(crate) fn change_state(
        &mut self,
        id: &AgentId,
        wanted: AgentState,
        reason: Option<Text>,
        by_supervisor: bool,
    ) {
        let reason = if by_supervisor && wanted == AgentState::NotReady {
            self.reason_id(ReasonCategory::NotReady, self.profile.supervisor_not_ready)
        } else {
            reason
        };
        if let Err(refusal) = self.try_change(id, wanted, reason) {
            self.refuse(Resource::User(id.clone()), refusal);
        }
    }

    fn try_change(
        &mut self,
        id: &AgentId,
        wanted: AgentState,
        reason: Option<Text>,
    ) -> Result<(), ApiErrors> {
        let profile = self.profile;
        let in_unrouted_call = self
            .calls
            .values()
            .any(|call| !call.routed && call.lists(id));
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        let is_work = matches!(wanted, AgentState::Work | AgentState::WorkReady);
        match agent.state {
            AgentState::Logout => {
                let code = match wanted {
                    AgentState::NotReady => profile.not_ready_signed_out,
                    _ => ErrorCode::INVALID_OBJECT_STATE,
                };
                Err(refusal::invalid_state(code))
            }
            AgentState::Talking
            | AgentState::Hold
            | AgentState::Reserved
            | AgentState::ReservedOutboundPreview => {
                let is_second = agent
                    .pending
                    .as_ref()
                    .is_some_and(|(state, _)| *state == wanted);
                if !profile.takes_any_pending && (wanted == AgentState::Ready || is_second) {
                    return Err(refusal::invalid_state(ErrorCode::INVALID_AGENT_WORKMODE));
                }
                if is_work && agent.config.wrap_up == WrapUp::NotAllowed {
                    return Err(refusal::invalid_state(ErrorCode::INVALID_AGENT_WORKMODE));
                }
                agent.pending = Some((wanted, reason));
                Ok(())
            }
            _ if is_work => Err(refusal::invalid_state(ErrorCode::INVALID_AGENT_WORKMODE)),
            _ if !profile.takes_any_pending && in_unrouted_call && wanted == AgentState::Ready => {
                Err(refusal::invalid_state(ErrorCode::RESOURCE_BUSY))
            }
            _ => {
                self.enter(id, wanted, reason);
                Ok(())
            }
        }
    }

    /// Takes over a state and says so, unless nothing changes.
    pub(super) fn enter(&mut self, id: &AgentId, state: AgentState, reason: Option<Text>) {
        let now = self.now;
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        if agent.state == state && agent.reason == reason {
            return;
        }
        let is_work =
            |state: &AgentState| matches!(state, AgentState::Work | AgentState::WorkReady);
        let wrapped_up = is_work(&agent.state) && !is_work(&state);
        if agent.state != state {
            agent.since = Some(now);
        }
        agent.state = state;
        agent.reason = reason;
        self.publish_user(id);
        if wrapped_up {
            self.end_wrap_up(id);
        }
    }

    /// Brings an agent's state in line with the agent's calls.
    pub(super) fn settle(&mut self, id: &AgentId) {
        let (mut talks, mut holds, mut rings) = (false, false, false);
        let mut previews = false;
        for call in self.calls.values() {
            let Some(party) = call.of(id) else { continue };
            if !self.profile.shows_direct_calls && !call.routed {
                continue;
            }
            if matches!(call.role, Role::Preview { .. }) {
                previews = true;
                continue;
            }
            match party.state {
                ParticipantState::Active | ParticipantState::Initiated => talks = true,
                ParticipantState::Held => holds = true,
                ParticipantState::Alerting => rings = true,
                _ => {}
            }
        }
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        if matches!(agent.state, AgentState::Ready | AgentState::NotReady)
            && (talks || holds || ((rings || previews) && agent.state == AgentState::Ready))
        {
            agent.before_call = (agent.state.clone(), agent.reason.clone());
        }
        let in_call = matches!(
            agent.state,
            AgentState::Talking
                | AgentState::Hold
                | AgentState::Reserved
                | AgentState::ReservedOutboundPreview
        );
        if talks || (holds && !self.profile.shows_hold) {
            self.enter(id, AgentState::Talking, None);
        } else if holds {
            self.enter(id, AgentState::Hold, None);
        } else if rings && matches!(agent.state, AgentState::Ready | AgentState::Reserved) {
            self.enter(id, AgentState::Reserved, None);
        } else if previews {
            self.enter(id, AgentState::ReservedOutboundPreview, None);
        } else if in_call {
            self.after_calls(id);
        }
    }

    /// What comes after the last call: what the agent asked for, or the state before; with a time
    /// for wrap-up before it where that is set up.
    fn after_calls(&mut self, id: &AgentId) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        let was_talking = matches!(agent.state, AgentState::Talking | AgentState::Hold);
        let pending = agent.pending.take();
        let asks_for_work = pending
            .as_ref()
            .is_some_and(|(state, _)| matches!(state, AgentState::Work | AgentState::WorkReady));
        let (next, reason) = match pending {
            Some((AgentState::Work, reason)) => (AgentState::NotReady, reason),
            Some((AgentState::WorkReady, reason)) => (AgentState::Ready, reason),
            Some(next) => next,
            None => agent.before_call.clone(),
        };
        let time = match agent.config.wrap_up {
            WrapUp::Required(time) if was_talking => Some(time),
            WrapUp::Optional(time) if was_talking && asks_for_work => Some(time),
            _ => None,
        };
        let Some(time) = time else {
            return self.enter(id, next, reason);
        };
        agent.wrap_up_round += 1;
        let round = agent.wrap_up_round;
        let ready_after = next == AgentState::Ready && self.profile.has_work_ready;
        let work = if ready_after {
            AgentState::WorkReady
        } else {
            AgentState::Work
        };
        agent.before_call = (next, reason);
        self.enter(id, work, None);
        self.alarm(
            time,
            Alarm::WrapUpEnds {
                agent: id.clone(),
                round,
            },
        );
    }

    pub(super) fn wrap_up_ends(&mut self, id: &AgentId, round: u64) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let is_working = matches!(agent.state, AgentState::Work | AgentState::WorkReady);
        if is_working && agent.wrap_up_round == round {
            let (next, reason) = agent.before_call.clone();
            self.enter(id, next, reason);
        }
    }

    /// The agent's presence was gone for too long. UCCE with `LOAD=0` makes the agent not ready,
    /// after the call; with `LOAD=1`, and UCCX, it signs the agent out with code 255.
    pub(crate) fn force_out(&mut self, id: &AgentId, load: bool) {
        if !self.agents.get(id).is_some_and(super::Agent::is_signed_in) {
            return;
        }
        if load || self.profile.always_forces_out {
            let reason = self.reason_id(ReasonCategory::Logout, "255");
            self.leave_desk(id, reason);
        } else {
            let reason = self.reason_id(ReasonCategory::NotReady, "50002");
            // A refusal has nobody to be told to.
            let _ = self.try_change(id, AgentState::NotReady, reason);
        }
    }
}
