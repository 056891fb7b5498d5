//! Calls: placed, answered, held, ended. Finesse Developer Guide, "Dialog CTI events".

use core::fmt;

use finewire_core::agent::{
    AgentId, AgentState, CallAction, Dialog, DialogId, DialogState, Extension, ParticipantState,
    Text,
};
use finewire_finesse::{ApiErrors, ErrorCode, ReasonCategory, Resource, UpdateData, UpdateMethod};

use super::call::{Call, CallId, Party};
use super::{Alarm, Happening, World, refusal};

/// Why the telephone network cannot bring a call in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CannotPlace {
    NoSuchNumber,
    SignedOut,
    NotReady,
    Ringing,
    TooMany,
}

impl fmt::Display for CannotPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchNumber => "no agent and no extension has this number",
            Self::SignedOut => "nobody is signed in there",
            Self::NotReady => "the agent is not ready",
            Self::Ringing => "another call rings there",
            Self::TooMany => "the simulator holds as many calls as it may",
        })
    }
}

impl World {
    /// Brings a call in: to an agent by login id (routed, the agent must be ready), or to an
    /// extension (direct, somebody must be signed in on it).
    pub(crate) fn call_in(&mut self, to: &str, from: &str) -> Result<DialogId, CannotPlace> {
        if self.calls.len() >= self.most_calls {
            return Err(CannotPlace::TooMany);
        }
        let routed = self.agents.contains_key(to);
        let agent = if routed {
            AgentId::from(to)
        } else if self.extensions.iter().any(|known| *known == *to) {
            self.agent_on(to).ok_or(CannotPlace::SignedOut)?
        } else {
            return Err(CannotPlace::NoSuchNumber);
        };
        let known = self.agents.get(&agent).ok_or(CannotPlace::NoSuchNumber)?;
        let extension = known.extension.clone().ok_or(CannotPlace::SignedOut)?;
        if routed && known.state != AgentState::Ready {
            return Err(CannotPlace::NotReady);
        }
        if self.rings_at(&agent) {
            return Err(CannotPlace::Ringing);
        }
        let id = self.new_call(
            from.into(),
            extension.clone().into(),
            if routed {
                "PREROUTE_ACD_IN"
            } else {
                "OTHER_IN"
            },
        );
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            call.routed = routed;
            call.state = DialogState::Alerting;
            let ringing = ParticipantState::Alerting;
            call.parties.push(Party::new(
                extension.into(),
                Some(agent.clone()),
                ringing,
                now,
            ));
            call.parties.push(Party::new(
                from.into(),
                None,
                ParticipantState::Initiated,
                now,
            ));
        }
        if routed {
            let alarm = Alarm::NotAnswered {
                call: id,
                agent: agent.clone(),
            };
            self.alarm(self.timing.ring, alarm);
        }
        self.settle(&agent);
        self.publish_added(id, &agent);
        Ok(id.to_dialog())
    }

    /// Ends a call as its outside party would, or as the network does.
    pub(crate) fn end_call(&mut self, id: &DialogId) -> bool {
        let id = CallId::from_dialog(id).filter(|id| self.calls.contains_key(id));
        id.map(|id| self.finish(id)).is_some()
    }

    /// `MAKE_CALL`
    pub(crate) fn make_call(
        &mut self,
        id: &AgentId,
        from: &Extension,
        to: &Text,
        variables: &[(Text, Text)],
    ) {
        if let Err(refusal) = self.try_make_call(id, from, to, variables) {
            self.refuse(Resource::Dialogs(id.clone()), refusal);
        }
    }

    fn try_make_call(
        &mut self,
        id: &AgentId,
        from: &Extension,
        to: &Text,
        variables: &[(Text, Text)],
    ) -> Result<(), ApiErrors> {
        let Some(agent) = self.agents.get(id) else {
            return Ok(());
        };
        if !agent.is_signed_in() {
            return Err(refusal::invalid_state(ErrorCode::INVALID_OBJECT_STATE));
        }
        if agent.extension.as_ref() != Some(from) {
            return Err(refusal::invalid_device(self.peripheral_errors));
        }
        let is_busy = self.calls.values().any(|call| {
            call.of(id)
                .is_some_and(|party| party.state != ParticipantState::Held)
        });
        if is_busy || self.calls.len() >= self.most_calls {
            return Err(refusal::call_operation(ErrorCode::RESOURCE_BUSY));
        }
        if agent.state == AgentState::Ready {
            let reason = self.reason_id(ReasonCategory::NotReady, "50006");
            self.enter(id, AgentState::NotReady, reason);
        }
        let is_inside = self.extensions.iter().any(|known| *known == *to.as_str());
        let kind = if is_inside { "AGENT_INSIDE" } else { "OUT" };
        let call = self.new_call(from.clone().into(), to.clone(), kind);
        self.go_off_hook(call, id, from, variables);
        Ok(())
    }

    /// Puts the caller into a new call and begins to dial.
    pub(super) fn go_off_hook(
        &mut self,
        id: CallId,
        agent: &AgentId,
        from: &Extension,
        variables: &[(Text, Text)],
    ) {
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            call.outgoing = true;
            for (name, value) in variables {
                call.set_variable(name, value);
            }
            let state = ParticipantState::Initiating;
            call.parties.push(Party::new(
                from.clone().into(),
                Some(agent.clone()),
                state,
                now,
            ));
        }
        self.publish_added(id, agent);
        self.alarm(self.timing.dial, Alarm::Dial { call: id });
    }

    /// The next step of a call being placed: digits dialled, then ringing or failed.
    pub(super) fn dial(&mut self, id: CallId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(caller) = call.parties.first_mut() else {
            return;
        };
        match call.state {
            DialogState::Initiating => {
                caller.set(ParticipantState::Initiated, now);
                call.state = DialogState::Initiated;
                let agent = caller.agent.clone();
                self.publish_changed(id);
                if let Some(agent) = agent {
                    self.settle(&agent);
                }
                self.alarm(self.timing.dial, Alarm::Dial { call: id });
            }
            DialogState::Initiated => {
                let to = call.to.clone();
                match self.ring(id, &to) {
                    Ok(called) => {
                        if let Some(call) = self.calls.get_mut(&id) {
                            call.state = DialogState::Alerting;
                        }
                        self.publish_changed_except(id, called.as_ref());
                        if let Some(agent) = called {
                            self.publish_added(id, &agent);
                            self.settle(&agent);
                        }
                    }
                    Err(cause) => self.fail(id, cause),
                }
            }
            _ => {}
        }
    }

    /// Adds an alerting party at `to`; the agent there, if it is one.
    pub(super) fn ring(&mut self, id: CallId, to: &Text) -> Result<Option<AgentId>, &'static str> {
        let now = self.now;
        let is_inside = self.extensions.iter().any(|known| *known == *to.as_str());
        let agent = self.agent_on(to.as_str());
        if is_inside {
            let agent = agent.as_ref().ok_or("BAD_DESTINATION")?;
            let already_in = self.calls.get(&id).is_some_and(|call| call.lists(agent));
            if already_in || self.calls.values().any(|call| call.lists(agent)) {
                return Err("BUSY");
            }
        } else if !to.as_str().chars().any(|c| c.is_ascii_digit()) {
            return Err("BAD_DESTINATION");
        } else if let Some(time) = self.timing.outside_answers {
            self.alarm(time, Alarm::OutsideAnswers { call: id });
        }
        if let Some(call) = self.calls.get_mut(&id) {
            let ringing = ParticipantState::Alerting;
            call.parties
                .push(Party::new(to.clone(), agent.clone(), ringing, now));
        }
        Ok(agent)
    }

    fn fail(&mut self, id: CallId, cause: &'static str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.state = DialogState::Failed;
        if let Some(caller) = call.parties.first_mut() {
            caller.set(ParticipantState::Failed, now);
            caller.cause = cause;
        }
        let agents = call.agents();
        self.publish_changed(id);
        for agent in agents {
            self.settle(&agent);
        }
    }

    pub(super) fn outside_answers(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let ringing =
            |party: &&Party| party.agent.is_none() && party.state == ParticipantState::Alerting;
        if let Some(address) = call.parties.iter().find(ringing).map(|p| p.address.clone()) {
            self.connect(id, address.as_str());
        }
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
                if state == ParticipantState::Alerting {
                    return Err(refusal::generic_error());
                }
                self.hang_up(id, address);
            }
            CallAction::SendDtmf => is(ParticipantState::Active)?,
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
        let mut changed = false;
        if let Some(reason) = wrap_up_reason {
            call.wrap_up_reason = Some(reason.clone());
            changed = true;
        }
        for (name, value) in variables {
            changed |= call.set_variable(name, value);
        }
        if changed {
            self.publish_changed(id);
        }
    }

    /// The party at `address` takes the call; who waited for it is connected too.
    fn connect(&mut self, id: CallId, address: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.state = DialogState::Active;
        for party in &mut call.parties {
            let waited = matches!(
                party.state,
                ParticipantState::Initiating | ParticipantState::Initiated
            );
            if waited || (party.address == *address && !party.is_gone()) {
                party.set(ParticipantState::Active, now);
            }
        }
        let agents = call.agents();
        let answering = call.party(address).and_then(|party| party.agent.clone());
        if let Some(agent) = answering {
            self.hold_others(id, &agent);
        }
        self.publish_changed(id);
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
    fn hang_up(&mut self, id: CallId, address: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let left = call.parties.iter().filter(|party| !party.is_gone()).count();
        let leaving = call.party(address).and_then(|party| party.agent.clone());
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

    /// Ends a call for everybody.
    pub(super) fn finish(&mut self, id: CallId) {
        let now = self.now;
        let Some(mut call) = self.calls.remove(&id) else {
            return;
        };
        let agents = call.agents();
        call.state = DialogState::Dropped;
        for party in &mut call.parties {
            party.set(ParticipantState::Dropped, now);
        }
        for other in self.calls.values_mut() {
            if other
                .consult
                .as_ref()
                .is_some_and(|(consult, _)| *consult == id)
            {
                other.consult = None;
            }
        }
        let dialog = call.snapshot(self.platform);
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        for agent in &agents {
            let node = Resource::Dialogs(agent.clone());
            self.publish_dialog(agent, dialog.clone());
            self.settle(agent);
            let data = UpdateData::Dialogs(vec![dialog.clone()]);
            self.publish(node.clone(), node, UpdateMethod::Delete, data);
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

    /// Nobody answered a routed call: the agent is made not ready with code 32767, the caller is
    /// lost to this simulator's queue, which has no other agent to try.
    pub(super) fn not_answered(&mut self, id: CallId, agent: &AgentId) {
        let rings = self.calls.get(&id).and_then(|call| call.of(agent));
        if rings.is_none_or(|party| party.state != ParticipantState::Alerting) {
            return;
        }
        let reason = self.reason_id(ReasonCategory::NotReady, "32767");
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.before_call = (AgentState::NotReady, reason);
        }
        self.finish(id);
    }

    fn rings_at(&self, agent: &AgentId) -> bool {
        let mut calls = self.calls.values();
        calls.any(|call| {
            call.of(agent)
                .is_some_and(|p| p.state == ParticipantState::Alerting)
        })
    }

    pub(super) fn new_call(&mut self, from: Text, to: Text, call_type: &'static str) -> CallId {
        let id = CallId(self.next_call);
        self.next_call += 1;
        let variables = (1..=10).map(|n| (format!("callVariable{n}").into(), Text::default()));
        let call = Call {
            id,
            state: DialogState::Initiating,
            from,
            to,
            call_type,
            routed: false,
            outgoing: false,
            variables: variables.collect(),
            wrap_up_reason: None,
            parties: Vec::new(),
            consults_for: None,
            consult: None,
            swallowed: None,
        };
        self.calls.insert(id, call);
        id
    }

    pub(super) fn publish_added(&mut self, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let dialog = call.snapshot(self.platform);
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        let node = Resource::Dialogs(agent.clone());
        self.publish(
            node.clone(),
            node,
            UpdateMethod::Post,
            UpdateData::Dialogs(vec![dialog]),
        );
    }

    pub(super) fn publish_changed(&mut self, id: CallId) {
        self.publish_changed_except(id, None);
    }

    pub(super) fn publish_changed_except(&mut self, id: CallId, except: Option<&AgentId>) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let dialog = call.snapshot(self.platform);
        let agents = call.agents();
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        for agent in agents.iter().filter(|agent| Some(*agent) != except) {
            self.publish_dialog(agent, dialog.clone());
        }
    }

    pub(super) fn publish_dialog(&mut self, agent: &AgentId, dialog: Dialog) {
        let source = Resource::Dialog(dialog.id.clone());
        let data = UpdateData::Dialog(Box::new(dialog));
        self.publish(
            Resource::Dialogs(agent.clone()),
            source,
            UpdateMethod::Put,
            data,
        );
    }

    /// Tells an agent who left a call that goes on without: dropped, then removed.
    pub(super) fn publish_left(&mut self, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let mut dialog = call.snapshot(self.platform);
        dialog.state = DialogState::Dropped;
        let node = Resource::Dialogs(agent.clone());
        self.publish_dialog(agent, dialog.clone());
        let data = UpdateData::Dialogs(vec![dialog]);
        self.publish(node.clone(), node, UpdateMethod::Delete, data);
    }
}
