//! Outbound preview: a campaign reserves an agent and shows whom to call.
//!
//! Finesse Developer Guide, "Dialog - Accept, close, or reject an outbound option preview
//! reservation".

use finewire_core::agent::{
    AgentId, AgentState, CallAction, DialogId, DialogState, ParticipantState,
};
use finewire_finesse::ApiErrors;

use super::call::{CallId, Party, Role};
use super::placing::CannotPlace;
use super::{Alarm, Happening, World, refusal};

/// The dialler's port, which is the caller of a reservation.
const DIALER_PORT: &str = "9000";

impl World {
    /// Reserves a ready agent for a customer (UCCE).
    pub(crate) fn offer_preview(
        &mut self,
        agent: &AgentId,
        customer: &str,
    ) -> Result<DialogId, CannotPlace> {
        if !self.profile.has_previews {
            return Err(CannotPlace::NotOnThisProduct);
        }
        if self.calls.len() >= self.most_calls {
            return Err(CannotPlace::TooMany);
        }
        let known = self.agents.get(agent).ok_or(CannotPlace::NoSuchNumber)?;
        let line = known.extension.clone().ok_or(CannotPlace::SignedOut)?;
        if known.state != AgentState::Ready {
            return Err(CannotPlace::NotReady);
        }
        if self.calls.values().any(|call| call.lists(agent)) {
            return Err(CannotPlace::Ringing);
        }
        let now = self.now;
        let id = self.new_call(DIALER_PORT.into(), line.clone().into(), "OUTBOUND_PREVIEW");
        if let Some(call) = self.calls.get_mut(&id) {
            let active = ParticipantState::Active;
            call.routed = true;
            call.state = DialogState::Active;
            call.role = Role::Preview {
                customer: customer.into(),
            };
            for (name, value) in [
                ("BACampaign", "Campaign"),
                ("BACustomerNumber", customer),
                ("BAStatus", "PREVIEW_OUTBOUND_RESERVATION"),
            ] {
                call.variables.push((name.into(), value.into()));
            }
            let own = Party::new(line.into(), Some(agent.clone()), active.clone(), now);
            let port = Party::new(DIALER_PORT.into(), None, active, now);
            call.parties.extend([own, port]);
        }
        self.settle(agent);
        self.publish_added(id, agent);
        Ok(id.to_dialog())
    }

    /// `ACCEPT`, `REJECT`, `CLOSE` and whatever else is asked of a reservation.
    pub(super) fn act_on_preview(
        &mut self,
        by: &AgentId,
        id: CallId,
        action: &CallAction,
    ) -> Result<(), ApiErrors> {
        let now = self.now;
        let call = self.calls.get_mut(&id).ok_or_else(refusal::generic_error)?;
        if call.state != DialogState::Active {
            return Err(refusal::generic_error());
        }
        match action {
            CallAction::Accept => {
                call.state = DialogState::Accepted;
                for party in &mut call.parties {
                    if party.agent.as_ref() == Some(by) {
                        party.set(ParticipantState::Accepted, now);
                    }
                }
                self.publish_changed(id);
                self.alarm(self.timing.dial, Alarm::DialPreview { call: id });
            }
            // The dialler keeps a rejected customer and strikes a closed one off: not seen here.
            CallAction::Reject | CallAction::Close => self.finish(id),
            _ => return Err(refusal::generic_error()),
        }
        Ok(())
    }

    /// The dialler calls the customer, with the agent already on the line.
    pub(super) fn dial_preview(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let Role::Preview { customer } = &call.role else {
            return;
        };
        let customer = customer.clone();
        let Some(agent) = call.agents().into_iter().next() else {
            return;
        };
        let Some(line) = call.of(&agent).map(|party| party.address.clone()) else {
            return;
        };
        let now = self.now;
        let mut variables = call.variables.clone();
        if let Some((_, status)) = variables.iter_mut().find(|(name, _)| *name == "BAStatus") {
            *status = "PREVIEW_OUTBOUND".into();
        }
        let outbound = self.new_call(line.clone(), customer.clone(), "OUTBOUND");
        if let Some(call) = self.calls.get_mut(&outbound) {
            call.outgoing = true;
            call.routed = true;
            call.state = DialogState::Alerting;
            call.variables = variables;
            let dials = ParticipantState::Initiated;
            let rings = ParticipantState::Alerting;
            call.parties
                .push(Party::new(line, Some(agent.clone()), dials, now));
            call.parties.push(Party::new(customer, None, rings, now));
        }
        // The customer's call is there before the reservation ends: the agent is never free.
        self.finish(id);
        self.publish_added(outbound, &agent);
        self.settle(&agent);
        if let Some(time) = self.timing.outside_answers {
            self.alarm(time, Alarm::OutsideAnswers { call: outbound });
        }
        self.happenings
            .push(Happening::CallChanged(outbound.to_dialog()));
    }
}
