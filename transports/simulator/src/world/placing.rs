//! Calls come to be: brought in by the network, or placed by an agent step by step.

use core::fmt;

use finewire_core::agent::{
    AgentId, AgentState, DialogId, DialogState, Extension, ParticipantState, Text,
};
use finewire_finesse::{ApiErrors, ErrorCode, ReasonCategory, Resource};

use super::call::{Call, CallId, Party, Role};
use super::{Alarm, Happening, World, refusal};

/// Why the telephone network cannot bring a call in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CannotPlace {
    NoSuchNumber,
    SignedOut,
    NotReady,
    Ringing,
    TooMany,
    NotOnThisProduct,
}

impl fmt::Display for CannotPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchNumber => "no agent and no extension has this number",
            Self::SignedOut => "nobody is signed in there",
            Self::NotReady => "the agent is not ready",
            Self::Ringing => "another call rings there",
            Self::NotOnThisProduct => "this product has no such calls",
            Self::TooMany => "the simulator holds as many calls as it may",
        })
    }
}

impl World {
    /// Brings a call in: to a queue's number, to an agent by login id (routed, the agent must be
    /// ready), or to an extension (direct, somebody must be signed in on it).
    pub(crate) fn call_in(&mut self, to: &str, from: &str) -> Result<DialogId, CannotPlace> {
        if self.calls.len() >= self.most_calls {
            return Err(CannotPlace::TooMany);
        }
        let now = self.now;
        if let Some(queue) = self.queue_at(to) {
            let id = self.new_call(from.into(), to.into(), "PREROUTE_ACD_IN");
            if let Some(call) = self.calls.get_mut(&id) {
                let waits = ParticipantState::Initiated;
                call.state = DialogState::Initiated;
                call.parties.push(Party::new(from.into(), None, waits, now));
            }
            self.enqueue(id, &queue);
            self.happenings.push(Happening::CallChanged(id.to_dialog()));
            return Ok(id.to_dialog());
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
        let waits = ParticipantState::Initiated;
        if let Some(call) = self.calls.get_mut(&id) {
            call.state = DialogState::Alerting;
            call.parties.push(Party::new(from.into(), None, waits, now));
        }
        if routed {
            self.offer(id, &agent);
            return Ok(id.to_dialog());
        }
        if let Some(call) = self.calls.get_mut(&id) {
            let ringing = ParticipantState::Alerting;
            let party = Party::new(extension.into(), Some(agent.clone()), ringing, now);
            call.parties.insert(0, party);
        }
        self.settle(&agent);
        self.publish_added(id, &agent);
        Ok(id.to_dialog())
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
            call.of(id).is_some_and(|party| {
                !matches!(
                    party.state,
                    ParticipantState::Held | ParticipantState::WrapUp
                )
            })
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
        if let Some(queue) = self.queue_at(to.as_str()) {
            self.enqueue(id, &queue);
            return Ok(None);
        }
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
            call.admit(Party::new(to.clone(), agent.clone(), ringing, now));
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

    /// Nobody answered a routed call: the agent is made not ready with code 32767, and the caller
    /// waits again in front of the queue, or is lost where there is none.
    pub(super) fn not_answered(&mut self, id: CallId, agent: &AgentId, offer: u64) {
        let call = self.calls.get(&id).filter(|call| call.offers == offer);
        let rings = call.and_then(|call| call.of(agent));
        if rings.is_none_or(|party| party.state != ParticipantState::Alerting) {
            return;
        }
        let reason = self.reason_id(ReasonCategory::NotReady, "32767");
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.before_call = (AgentState::NotReady, reason);
        }
        if !self.requeue(id, agent) {
            self.finish(id);
        }
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
            callback: None,
            queue: None,
            offers: 0,
            role: Role::Ordinary,
            controller: None,
            consults_for: None,
            consult: None,
            joins: None,
            swallowed: None,
        };
        self.calls.insert(id, call);
        id
    }
}
