//! Consult, transfer and conference.
//!
//! Both complete on the call that is held, which survives; the other one is swallowed and its id becomes
//! the survivor's `secondaryId`. That is the original call, or, when the agent went back to it in the
//! meantime, the consult call. Finesse Developer Guide, "Dialog - Take action".

use finewire_core::agent::{AgentId, DialogState, Extension, ParticipantState, Text};
use finewire_finesse::{ApiErrors, ErrorCode};

use super::call::{CallId, Consult, Party};
use super::{World, refusal};

impl World {
    /// `CONSULT_CALL`: holds the call and places another one for the same agent.
    pub(super) fn consult(
        &mut self,
        by: &AgentId,
        id: CallId,
        to: Option<&Text>,
    ) -> Result<(), ApiErrors> {
        let to = to.ok_or_else(|| refusal::call_operation(ErrorCode(14)))?;
        let call = self.calls.get(&id).ok_or_else(refusal::generic_error)?;
        let own = call
            .of(by)
            .ok_or_else(refusal::generic_error)?
            .address
            .clone();
        if call.consult.is_some() || self.calls.len() >= self.most_calls {
            return Err(refusal::generic_error());
        }
        self.set_party(id, own.as_str(), ParticipantState::Held);
        let consult = self.new_call(own.clone(), to.clone(), "CONSULT");
        if let Some(call) = self.calls.get_mut(&consult) {
            call.consults_for = Some(id);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.consult = Some(Consult {
                call: consult,
                by: by.clone(),
                answered: false,
            });
        }
        self.go_off_hook(consult, by, &Extension::from(own), &[]);
        Ok(())
    }

    /// `TRANSFER`: the agent leaves, whom the agent consulted stays.
    pub(super) fn transfer(&mut self, by: &AgentId, id: CallId) -> Result<(), ApiErrors> {
        let joined = self.join(by, id)?;
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            call.call_type = "TRANSFER";
            for party in call
                .parties
                .iter_mut()
                .filter(|p| p.agent.as_ref() == Some(by))
            {
                party.set(ParticipantState::Dropped, now);
            }
        }
        self.publish_left(id, by);
        self.settle(by);
        self.announce(id, &joined);
        Ok(())
    }

    /// `CONFERENCE`: the agent and whom the agent consulted both stay.
    pub(super) fn conference(&mut self, by: &AgentId, id: CallId) -> Result<(), ApiErrors> {
        let joined = self.join(by, id)?;
        self.hold_others(id, by);
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            call.call_type = "CONFERENCE";
            call.controller = Some(by.clone());
            for party in call
                .parties
                .iter_mut()
                .filter(|p| p.agent.as_ref() == Some(by))
            {
                party.set(ParticipantState::Active, now);
            }
        }
        self.announce(id, &joined);
        self.settle(by);
        Ok(())
    }

    /// `TRANSFER_SST`: the agent leaves at once, the call rings at `to`.
    pub(super) fn transfer_at_once(
        &mut self,
        by: &AgentId,
        id: CallId,
        to: Option<&Text>,
    ) -> Result<(), ApiErrors> {
        let to = to.ok_or_else(|| refusal::call_operation(ErrorCode(14)))?;
        let called = self
            .ring(id, to)
            .map_err(|_| refusal::call_operation(ErrorCode(14)))?;
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            call.call_type = "TRANSFER";
            call.state = DialogState::Alerting;
            for party in call
                .parties
                .iter_mut()
                .filter(|p| p.agent.as_ref() == Some(by))
            {
                party.set(ParticipantState::Dropped, now);
            }
        }
        self.publish_left(id, by);
        self.settle(by);
        self.publish_changed_except(id, called.as_ref());
        if let Some(agent) = called {
            self.publish_added(id, &agent);
            self.settle(&agent);
        }
        Ok(())
    }

    /// Swallows the call that goes with `id`: its other parties come over. The agents among them.
    fn join(&mut self, by: &AgentId, id: CallId) -> Result<Vec<AgentId>, ApiErrors> {
        let call = self.calls.get(&id).ok_or_else(refusal::generic_error)?;
        let held = call
            .of(by)
            .is_some_and(|party| party.state == ParticipantState::Held);
        let consult = call
            .consult
            .as_ref()
            .filter(|consult| consult.by == *by && consult.answered);
        let original = call
            .consults_for
            .filter(|_| call.joins.as_ref() == Some(by));
        let swallowed = consult
            .map(|consult| consult.call)
            .or(original)
            .filter(|_| held)
            .ok_or_else(refusal::generic_error)?;
        let other = self
            .calls
            .get(&swallowed)
            .ok_or_else(refusal::generic_error)?;
        let (routed, queue) = (other.routed, other.queue.clone());
        let moving = |party: &&Party| party.agent.as_ref() != Some(by) && !party.is_gone();
        let moving: Vec<Party> = other.parties.iter().filter(moving).cloned().collect();
        let agents = moving
            .iter()
            .filter_map(|party| party.agent.clone())
            .collect();
        // They are in the surviving call before the other ends, so that nobody's state flickers.
        if let Some(call) = self.calls.get_mut(&id) {
            for party in moving {
                call.admit(party);
            }
            call.swallowed = Some(swallowed);
            call.consult = None;
            call.consults_for = None;
            call.joins = None;
            call.routed |= routed;
            call.queue = call.queue.take().or(queue);
            call.state = DialogState::Active;
        }
        self.finish(swallowed);
        Ok(agents)
    }

    /// Tells who came over of the call as a new one, and the others of its change.
    fn announce(&mut self, id: CallId, joined: &[AgentId]) {
        for agent in joined {
            self.publish_added(id, agent);
            self.settle(agent);
        }
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let dialog = call.snapshot(self.profile);
        for agent in call.agents() {
            if !joined.contains(&agent) {
                self.publish_dialog(&agent, dialog.clone());
            }
        }
    }

    /// A consult call was answered, or is over: the original call's actions change with it.
    pub(super) fn mark_consult(&mut self, consult: CallId, answered: bool) {
        let mut originals = self.calls.values_mut();
        let original =
            originals.find(|call| call.consult.as_ref().is_some_and(|c| c.call == consult));
        let Some(original) = original else { return };
        let Some(link) = &mut original.consult else {
            return;
        };
        let changes = link.answered != answered;
        link.answered = answered;
        let by = link.by.clone();
        if !answered {
            original.consult = None;
        }
        let id = original.id;
        if let Some(call) = self.calls.get_mut(&consult) {
            call.joins = answered.then_some(by);
        }
        if changes {
            self.publish_changed(id);
        }
    }

    /// A call is over: what consulted for it is a call like any other.
    pub(super) fn forget_original(&mut self, original: CallId) {
        let mut calls = self.calls.values_mut();
        let consult =
            calls.find(|call| call.consults_for == Some(original) && call.joins.is_some());
        let Some(consult) = consult else { return };
        let held = consult
            .joins
            .take()
            .and_then(|by| consult.of(&by).map(Party::is_held));
        let id = consult.id;
        if held == Some(true) {
            self.publish_changed(id);
        }
    }
}
