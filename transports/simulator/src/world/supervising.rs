//! What supervisors do to calls of their team: listen, join, drop somebody.
//!
//! Finesse Developer Guide, "Dialog - Make a silent monitor call", "- Make a barge call", "- Drop
//! participant from conference".

use finewire_core::agent::{
    AgentId, AgentState, DialogId, DialogState, Extension, ParticipantState, Text,
};
use finewire_finesse::{ApiErrors, ErrorCode, Resource};

use super::call::{Call, CallId, Party, Role};
use super::{World, refusal};
use crate::config::DropRight;

impl World {
    /// `SILENT_MONITOR`: a call of the supervisor's own, in which the agent's device has no voice
    /// and of which the agent is told nothing.
    pub(crate) fn silent_monitor(&mut self, by: &AgentId, from: &Extension, to: &Text) {
        if let Err(refusal) = self.try_silent_monitor(by, from, to) {
            self.refuse(Resource::Dialogs(by.clone()), refusal);
        }
    }

    fn try_silent_monitor(
        &mut self,
        by: &AgentId,
        from: &Extension,
        to: &Text,
    ) -> Result<(), ApiErrors> {
        let refused = || refusal::monitor(self.profile.no_monitor);
        let supervisor = self.agents.get(by).ok_or_else(refused)?;
        if supervisor.extension.as_ref() != Some(from) {
            return Err(refusal::invalid_device(self.peripheral_errors));
        }
        if supervisor.state != AgentState::NotReady || self.has_calls(by) {
            return Err(refused());
        }
        let agent = self.agent_on(to.as_str()).ok_or_else(refused)?;
        let active = |call: &&Call| {
            call.role == Role::Ordinary
                && call.state == DialogState::Active
                && call
                    .of(&agent)
                    .is_some_and(|party| party.state == ParticipantState::Active)
        };
        let watched = self.calls.values().find(active).ok_or_else(refused)?.id;
        if self.calls.len() >= self.most_calls {
            return Err(refusal::call_operation(ErrorCode::RESOURCE_BUSY));
        }
        let now = self.now;
        let id = self.new_call(from.clone().into(), to.clone(), "SUPERVISOR_MONITOR");
        if let Some(call) = self.calls.get_mut(&id) {
            let active = ParticipantState::Active;
            call.outgoing = true;
            call.state = DialogState::Active;
            call.role = Role::Monitor(watched);
            let own = Party::new(from.clone().into(), Some(by.clone()), active.clone(), now);
            let mut watched = Party::new(to.clone(), None, active, now);
            watched.is_device = true;
            call.parties.extend([own, watched]);
        }
        self.publish_added(id, by);
        self.settle(by);
        Ok(())
    }

    /// The call that this agent listens to, with the agent's own call for it.
    pub(crate) fn monitored_by(&self, by: &AgentId) -> Option<(DialogId, DialogId)> {
        let (watched, own) = self.monitoring(by)?;
        Some((watched.to_dialog(), own.to_dialog()))
    }

    fn monitoring(&self, by: &AgentId) -> Option<(CallId, CallId)> {
        let mut calls = self.calls.values().filter(|call| call.lists(by));
        calls.find_map(|call| match call.role {
            Role::Monitor(watched) => Some((watched, call.id)),
            Role::Ordinary | Role::Preview { .. } => None,
        })
    }

    /// `BARGE_CALL`: the supervisor who listens to the call becomes a party of it.
    pub(crate) fn barge(&mut self, by: &AgentId, from: &Extension, call: &DialogId) {
        if let Err(refusal) = self.try_barge(by, from, call) {
            self.refuse(Resource::Dialogs(by.clone()), refusal);
        }
    }

    fn try_barge(
        &mut self,
        by: &AgentId,
        from: &Extension,
        call: &DialogId,
    ) -> Result<(), ApiErrors> {
        let refused = || refusal::invalid_state(ErrorCode::INVALID_OBJECT_STATE);
        let wanted = CallId::from_dialog(call);
        let found = self.monitoring(by);
        let (watched, own) = found
            .filter(|(watched, _)| Some(*watched) == wanted)
            .ok_or_else(refused)?;
        let now = self.now;
        // In the call before the monitor ends, so that the supervisor's state does not flicker.
        let call = self.calls.get_mut(&watched).ok_or_else(refused)?;
        let active = ParticipantState::Active;
        let party = Party::new(from.clone().into(), Some(by.clone()), active, now);
        call.admit(party);
        call.call_type = "CONFERENCE";
        self.finish(own);
        self.hold_others(watched, by);
        self.publish_added(watched, by);
        self.publish_changed_except(watched, Some(by));
        self.settle(by);
        Ok(())
    }

    /// `PARTICIPANT_DROP`: takes the party at `address` out of a conference.
    pub(super) fn drop_participant(
        &mut self,
        by: &AgentId,
        id: CallId,
        address: &str,
    ) -> Result<(), ApiErrors> {
        let call = self.calls.get(&id).ok_or_else(refusal::generic_error)?;
        if call.of(by).is_none() || !call.is_conference() {
            return Err(refusal::generic_error());
        }
        let supervises = self
            .agents
            .get(by)
            .is_some_and(|one| !one.config.supervises.is_empty());
        let allowed = match self.drop_right {
            DropRight::SupervisorOnly => supervises,
            DropRight::ControllerAndSupervisor => {
                supervises || call.controller.as_ref() == Some(by)
            }
            DropRight::All => true,
        };
        if !allowed {
            return Err(refusal::call_operation(ErrorCode(290)));
        }
        let party = call.party(address);
        let party = party.ok_or_else(|| refusal::call_operation(ErrorCode(13)))?;
        if party.agent.as_ref() == Some(by) || party.state == ParticipantState::WrapUp {
            return Err(refusal::generic_error());
        }
        self.hang_up(id, address);
        Ok(())
    }

    /// A call is over: whoever listened to it hears nothing more.
    pub(super) fn end_monitors(&mut self, watched: CallId) {
        let listening = |call: &&Call| call.role == Role::Monitor(watched);
        let monitors: Vec<_> = self
            .calls
            .values()
            .filter(listening)
            .map(|call| call.id)
            .collect();
        for monitor in monitors {
            self.finish(monitor);
        }
    }

    /// Whether a supervisor's change of this agent's state fits the agent's present one. Finesse
    /// Developer Guide, "User - Change agent state": not ready only from a state between calls.
    pub(crate) fn may_be_made(&self, agent: &AgentId, wanted: &AgentState) -> bool {
        let Some(agent) = self.agents.get(agent) else {
            return false;
        };
        match wanted {
            AgentState::Ready => agent.is_signed_in(),
            AgentState::NotReady => matches!(
                agent.state,
                AgentState::Ready | AgentState::Work | AgentState::WorkReady
            ),
            _ => false,
        }
    }

    fn has_calls(&self, agent: &AgentId) -> bool {
        self.calls.values().any(|call| call.lists(agent))
    }
}
