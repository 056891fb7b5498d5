//! What parties do to a call: answer, hold, retrieve, leave. Finesse Developer Guide, "Dialog CTI
//! events".

use finewire_core::agent::{
    AgentId, CallAction, DialogId, DialogState, Extension, ParticipantState, Text,
};
use finewire_finesse::{ApiErrors, ErrorCode, Resource};

use super::call::{Call, CallId, Party, Role};
use super::{Happening, World, refusal};
use crate::calldata;
use crate::config::WrapUp;

impl World {
    /// Ends a call as its outside party would, or as the network does.
    pub(crate) fn end_call(&mut self, id: &DialogId) -> bool {
        let id = CallId::from_dialog(id).filter(|id| self.calls.contains_key(id));
        id.map(|id| self.finish(id)).is_some()
    }

    /// An action on a call by one of its parties.
    pub(crate) fn act(
        &mut self,
        by: &AgentId,
        dialog: &DialogId,
        action: &CallAction,
        address: &Extension,
        to: Option<&Text>,
    ) {
        let done = match CallId::from_dialog(dialog).filter(|id| self.calls.contains_key(id)) {
            Some(call) => self.try_act(by, call, action, address.as_str(), to),
            None => Err(refusal::call_operation(ErrorCode(11))),
        };
        if let Err(refusal) = done {
            self.refuse(Resource::Dialog(dialog.clone()), refusal);
        }
    }

    fn try_act(
        &mut self,
        by: &AgentId,
        id: CallId,
        action: &CallAction,
        address: &str,
        to: Option<&Text>,
    ) -> Result<(), ApiErrors> {
        let call = self.calls.get(&id).ok_or_else(refusal::generic_error)?;
        if *action == CallAction::ParticipantDrop {
            return self.drop_participant(by, id, address);
        }
        // One acts on the own connection only.
        let own = call.of(by).filter(|party| party.address == *address);
        if own.is_none() {
            return Err(refusal::call_operation(ErrorCode(13)));
        }
        match &call.role {
            Role::Preview { .. } => return self.act_on_preview(by, id, action),
            Role::Monitor(_) if *action == CallAction::Drop => {
                self.finish(id);
                return Ok(());
            }
            Role::Monitor(_) => return Err(refusal::generic_error()),
            Role::Ordinary => {}
        }
        let state = call.party(address).map(|party| party.state.clone());
        let state = state.ok_or_else(|| refusal::call_operation(ErrorCode(13)))?;
        let is = |wanted| {
            if state == wanted {
                Ok(())
            } else {
                Err(refusal::generic_error())
            }
        };
        match action {
            CallAction::Answer => {
                is(ParticipantState::Alerting)?;
                self.connect(id, address);
            }
            CallAction::Hold => {
                is(ParticipantState::Active)?;
                self.set_party(id, address, ParticipantState::Held);
            }
            CallAction::Retrieve => {
                is(ParticipantState::Held)?;
                self.hold_others(id, by);
                self.set_party(id, address, ParticipantState::Active);
            }
            CallAction::Drop => {
                if matches!(state, ParticipantState::Alerting | ParticipantState::WrapUp) {
                    return Err(refusal::generic_error());
                }
                self.hang_up(id, address);
            }
            // Heard by the other side only.
            CallAction::SendDtmf => is(ParticipantState::Active)?,
            CallAction::StartRecording if self.profile.records => {
                is(ParticipantState::Active)?;
            }
            CallAction::ConsultCall => {
                is(ParticipantState::Active)?;
                self.consult(by, id, to)?;
            }
            CallAction::Transfer => self.transfer(by, id)?,
            CallAction::Conference => self.conference(by, id)?,
            CallAction::TransferSst => {
                is(ParticipantState::Active)?;
                self.transfer_at_once(by, id, to)?;
            }
            _ => return Err(refusal::generic_error()),
        }
        Ok(())
    }

    /// `UPDATE_CALL_DATA`. Without any change there is no notification.
    pub(crate) fn update_call_data(
        &mut self,
        dialog: &DialogId,
        wrap_up_reason: Option<&Text>,
        variables: &[(Text, Text)],
    ) {
        let id = CallId::from_dialog(dialog).filter(|id| self.calls.contains_key(id));
        let Some((id, call)) = id.and_then(|id| Some((id, self.calls.get_mut(&id)?))) else {
            let refusal = refusal::call_operation(ErrorCode(11));
            return self.refuse(Resource::Dialog(dialog.clone()), refusal);
        };
        // Seen: variables of a call that was not routed are protected.
        if call.call_type == "OTHER_IN" && !variables.is_empty() {
            let refusal = refusal::protected();
            return self.refuse(Resource::Dialog(dialog.clone()), refusal);
        }
        let mut changed = false;
        if let Some(reason) = wrap_up_reason {
            call.wrap_up_reason = Some(reason.clone());
            changed = true;
        }
        for (name, value) in variables {
            if let Some(value) = calldata::taken(name.as_str(), value.as_str(), &self.ecc) {
                changed |= call.set_variable(name, &value.into());
            }
        }
        if changed {
            self.publish_changed(id);
        }
    }

    /// The party at `address` takes the call; who waited for it is connected too.
    pub(super) fn connect(&mut self, id: CallId, address: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.state = DialogState::Active;
        let mut talking = Vec::new();
        for party in &mut call.parties {
            let waited = matches!(
                party.state,
                ParticipantState::Initiating | ParticipantState::Initiated
            );
            if waited || (party.address == *address && !party.is_gone()) {
                party.set(ParticipantState::Active, now);
                talking.extend(party.agent.clone());
            }
        }
        let agents = call.agents();
        for agent in &talking {
            self.hold_others(id, agent);
        }
        self.publish_changed(id);
        self.mark_consult(id, true);
        for agent in agents {
            self.settle(&agent);
        }
    }

    /// Puts the agent's other active calls on hold: one line, one voice.
    pub(super) fn hold_others(&mut self, id: CallId, agent: &AgentId) {
        let active = |call: &&Call| {
            call.id != id
                && call
                    .of(agent)
                    .is_some_and(|p| p.state == ParticipantState::Active)
        };
        let others = self.calls.values().filter(active);
        let others: Vec<_> = others
            .filter_map(|call| Some((call.id, call.of(agent)?.address.clone())))
            .collect();
        for (other, address) in others {
            self.set_party(other, address.as_str(), ParticipantState::Held);
        }
    }

    pub(super) fn set_party(&mut self, id: CallId, address: &str, state: ParticipantState) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(party) = call.party_mut(address) else {
            return;
        };
        party.set(state, now);
        let agent = party.agent.clone();
        self.publish_changed(id);
        if let Some(agent) = agent {
            self.settle(&agent);
        }
    }

    /// A party leaves; with fewer than two left, or none of them an agent, the call is over.
    pub(super) fn hang_up(&mut self, id: CallId, address: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let left = call.parties.iter().filter(|party| !party.is_gone()).count();
        let leaving = call.party(address).and_then(|party| party.agent.clone());
        let rings = call
            .party(address)
            .is_some_and(|party| party.state == ParticipantState::Alerting);
        if let Some(agent) = leaving.as_ref().filter(|_| rings && call.queue.is_some()) {
            let agent = agent.clone();
            self.requeue(id, &agent);
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let others = call
            .agents()
            .iter()
            .filter(|agent| Some(*agent) != leaving.as_ref())
            .count();
        if left <= 2 || others == 0 {
            return self.finish(id);
        }
        if let Some(party) = call.party_mut(address) {
            party.set(ParticipantState::Dropped, now);
        }
        self.publish_changed(id);
        if let Some(agent) = leaving {
            self.publish_left(id, &agent);
            self.settle(&agent);
        }
    }

    /// Ends a call for everybody. Agents who have to wrap up keep it until they have.
    pub(super) fn finish(&mut self, id: CallId) {
        let now = self.now;
        let Some(mut call) = self.calls.remove(&id) else {
            return;
        };
        self.forget_waiting(id);
        let agents = call.agents();
        call.state = DialogState::Dropped;
        for party in &mut call.parties {
            let wraps_up = call.role == Role::Ordinary && self.wraps_up(party);
            let state = if wraps_up {
                ParticipantState::WrapUp
            } else {
                ParticipantState::Dropped
            };
            party.set(state, now);
        }
        let dialog = call.snapshot(self.profile);
        let staying = call.agents();
        if !staying.is_empty() {
            self.calls.insert(id, call);
        }
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        for agent in &agents {
            self.publish_dialog(agent, dialog.clone());
            self.settle(agent);
            if !staying.contains(agent) {
                self.publish_removed(agent, dialog.clone());
            }
        }
        self.mark_consult(id, false);
        self.forget_original(id);
        self.end_monitors(id);
    }

    /// Whether this party of an ending call is an agent with work to do after it.
    fn wraps_up(&self, party: &Party) -> bool {
        let was_in = matches!(
            party.state,
            ParticipantState::Active | ParticipantState::Held
        );
        let agent = party
            .agent
            .as_ref()
            .and_then(|agent| self.agents.get(agent));
        let required = agent.is_some_and(|one| matches!(one.config.wrap_up, WrapUp::Required(_)));
        self.profile.has_work_ready && was_in && required
    }

    /// The agent has wrapped up: what was kept for that goes.
    pub(super) fn end_wrap_up(&mut self, agent: &AgentId) {
        let now = self.now;
        let kept = |call: &&Call| {
            call.of(agent)
                .is_some_and(|party| party.state == ParticipantState::WrapUp)
        };
        let kept: Vec<_> = self
            .calls
            .values()
            .filter(kept)
            .map(|call| call.id)
            .collect();
        for id in kept {
            let Some(call) = self.calls.get_mut(&id) else {
                continue;
            };
            for party in call
                .parties
                .iter_mut()
                .filter(|p| p.agent.as_ref() == Some(agent))
            {
                party.set(ParticipantState::Dropped, now);
            }
            let dialog = call.snapshot(self.profile);
            self.publish_removed(agent, dialog);
            self.publish_changed(id);
            if self
                .calls
                .get(&id)
                .is_some_and(|call| call.agents().is_empty())
            {
                self.calls.remove(&id);
            }
        }
    }

    /// Takes an agent out of all calls.
    pub(super) fn drop_all(&mut self, agent: &AgentId) {
        let calls = self.calls.values();
        let calls: Vec<_> = calls
            .filter_map(|call| Some((call.id, call.of(agent)?.address.clone())))
            .collect();
        for (id, address) in calls {
            self.hang_up(id, address.as_str());
        }
    }
}
