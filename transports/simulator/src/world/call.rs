//! One call and its parties.

use finewire_core::agent::{
    AgentId, CallAction, Dialog, DialogId, DialogState, Participant, ParticipantState,
    ScheduledCallback, Text,
};
use finewire_core::machine::UnixMillis;

use crate::profile::Profile;

/// Call variables of one call, at most.
const MOST_VARIABLES: usize = 50;

/// A call's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(super) u64);

impl CallId {
    pub(crate) fn from_dialog(id: &DialogId) -> Option<Self> {
        id.as_str().parse().ok().map(Self)
    }

    pub(crate) fn to_dialog(self) -> DialogId {
        DialogId::from(self.0.to_string())
    }
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) id: CallId,
    pub(super) state: DialogState,
    pub(super) from: Text,
    pub(super) to: Text,
    pub(super) call_type: &'static str,
    /// Whether the centre routed it to the agent; such a call is taken back when nobody answers.
    pub(super) routed: bool,
    /// Whether an agent placed it.
    pub(super) outgoing: bool,
    pub(super) variables: Vec<(Text, Text)>,
    pub(super) wrap_up_reason: Option<Text>,
    pub(super) parties: Vec<Party>,
    /// When the campaign is to call the customer again.
    pub(super) callback: Option<ScheduledCallback>,
    /// The queue it came by: id and name.
    pub(super) queue: Option<(Text, Text)>,
    /// How often it was offered to an agent.
    pub(super) offers: u64,
    /// What the centre is doing with it besides.
    pub(super) role: Role,
    /// The agent who made the conference.
    pub(super) controller: Option<AgentId>,
    /// The call that this one consults for.
    pub(super) consults_for: Option<CallId>,
    /// The consult call made from this one.
    pub(super) consult: Option<Consult>,
    /// Of a consult call: who may join it with the original one, now that it was answered.
    pub(super) joins: Option<AgentId>,
    /// The call that was joined into this one.
    pub(super) swallowed: Option<CallId>,
}

/// What a call is beside an ordinary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing else.
    Ordinary,
    /// A supervisor listens to this call by it.
    Monitor(CallId),
    /// A campaign shows the agent a customer to call.
    Preview {
        /// The customer's number.
        customer: Text,
    },
}

/// A consult call, as the original call knows it.
#[derive(Clone, Debug)]
pub(crate) struct Consult {
    pub(super) call: CallId,
    pub(super) by: AgentId,
    /// Only then the two calls can be joined.
    pub(super) answered: bool,
}

/// A party of a call.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(super) address: Text,
    /// The agent on this address; `None` for outside parties.
    pub(super) agent: Option<AgentId>,
    /// An agent's device without a part of its own: a monitored agent.
    pub(super) is_device: bool,
    pub(super) state: ParticipantState,
    pub(super) cause: &'static str,
    pub(super) started: UnixMillis,
    pub(super) changed: UnixMillis,
}

impl Party {
    pub(super) fn new(
        address: Text,
        agent: Option<AgentId>,
        state: ParticipantState,
        now: UnixMillis,
    ) -> Self {
        Self {
            address,
            agent,
            is_device: false,
            state,
            cause: "",
            started: now,
            changed: now,
        }
    }

    pub(super) fn set(&mut self, state: ParticipantState, now: UnixMillis) {
        if self.state != state {
            self.state = state;
            self.changed = now;
        }
    }

    pub(super) fn is_held(&self) -> bool {
        self.state == ParticipantState::Held
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state == ParticipantState::Dropped
    }
}

impl Call {
    /// Whether the call is in this agent's list.
    pub(super) fn lists(&self, agent: &AgentId) -> bool {
        let mut parties = self.parties.iter().filter(|party| !party.is_gone());
        parties.any(|party| party.agent.as_ref() == Some(agent))
    }

    /// Somebody comes to the call. Who was in it before and comes back is listed once: where this
    /// address left, it is again.
    pub(super) fn admit(&mut self, party: Party) {
        self.forget_gone(&party.address);
        self.parties.push(party);
    }

    /// As [`admit`](Self::admit), before all others.
    pub(super) fn admit_first(&mut self, party: Party) {
        self.forget_gone(&party.address);
        self.parties.insert(0, party);
    }

    fn forget_gone(&mut self, address: &Text) {
        self.parties
            .retain(|known| !known.is_gone() || known.address != *address);
    }

    /// The agents in whose lists it is.
    pub(super) fn agents(&self) -> Vec<AgentId> {
        let parties = self.parties.iter().filter(|party| !party.is_gone());
        let mut agents: Vec<_> = parties.filter_map(|party| party.agent.clone()).collect();
        agents.dedup();
        agents
    }

    pub(super) fn party(&self, address: &str) -> Option<&Party> {
        self.parties
            .iter()
            .find(|party| party.address == *address && !party.is_gone())
    }

    pub(super) fn party_mut(&mut self, address: &str) -> Option<&mut Party> {
        self.parties
            .iter_mut()
            .find(|party| party.address == *address && !party.is_gone())
    }

    /// The party that is this agent.
    pub(super) fn of(&self, agent: &AgentId) -> Option<&Party> {
        let mut parties = self.parties.iter().filter(|party| !party.is_gone());
        parties.find(|party| party.agent.as_ref() == Some(agent))
    }

    /// What Finesse says about the call.
    pub(super) fn snapshot(&self, profile: &Profile) -> Dialog {
        let participants = self.parties.iter().map(|party| Participant {
            address: party.address.clone(),
            address_type: if party.agent.is_some() || party.is_device {
                "AGENT_DEVICE".into()
            } else {
                "".into()
            },
            state: party.state.clone(),
            cause: party.cause.into(),
            started: Some(party.started),
            changed: Some(party.changed),
            actions: self.actions(party, profile),
        });
        let none = Default::default();
        let (queue_number, queue_name) = self.queue.as_ref().unwrap_or(&none);
        Dialog {
            id: self.id.to_dialog(),
            state: self.state.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            call_type: self.call_type.into(),
            media_type: "Voice".into(),
            associated: self.associated().map(CallId::to_dialog),
            secondary: self.swallowed.map(CallId::to_dialog),
            dnis: self.to.clone(),
            dialed_number: self.to.clone(),
            queue_number: queue_number.clone(),
            queue_name: queue_name.clone(),
            wrap_up_reason: self.wrap_up_reason.clone(),
            variables: self.variables.clone(),
            callback: self.callback.clone(),
            participants: participants.collect(),
        }
    }

    fn associated(&self) -> Option<CallId> {
        match self.role {
            Role::Monitor(call) => Some(call),
            Role::Ordinary | Role::Preview { .. } => self.consults_for,
        }
    }

    /// What a party may do. Finesse Developer Guide, "State (participant) parameter values".
    fn actions(&self, party: &Party, profile: &Profile) -> Vec<CallAction> {
        use CallAction as Do;
        match (&self.role, &party.state) {
            (Role::Preview { .. }, ParticipantState::Active) if party.agent.is_some() => {
                return vec![Do::Accept, Do::Close, Do::Reject];
            }
            (Role::Preview { .. }, _) => return Vec::new(),
            (Role::Monitor(_), ParticipantState::Active) if party.agent.is_some() => {
                return vec![Do::BargeCall, Do::Drop];
            }
            (Role::Monitor(_), _) => return Vec::new(),
            _ => {}
        }
        let mut actions = match party.state {
            ParticipantState::Initiating | ParticipantState::Initiated => {
                vec![Do::UpdateCallData, Do::Drop]
            }
            ParticipantState::Alerting => vec![Do::Answer],
            ParticipantState::Active => vec![
                Do::TransferSst,
                Do::ConsultCall,
                Do::Hold,
                Do::UpdateCallData,
                Do::SendDtmf,
                Do::Drop,
            ],
            ParticipantState::Held => {
                vec![
                    Do::Transfer,
                    Do::Conference,
                    Do::Retrieve,
                    Do::UpdateCallData,
                    Do::Drop,
                ]
            }
            ParticipantState::Failed => vec![Do::Drop],
            ParticipantState::WrapUp => vec![Do::UpdateCallData],
            _ => Vec::new(),
        };
        if party.state == ParticipantState::Active && profile.records {
            actions.push(Do::StartRecording);
        }
        if party.state == ParticipantState::Active && self.is_conference() {
            actions.push(Do::ParticipantDrop);
        }
        if party.state == ParticipantState::Active && party.agent.is_some() && self.is_campaigns() {
            actions.extend([Do::Reclassify, Do::UpdateScheduledCallback]);
            actions.extend(self.callback.as_ref().map(|_| Do::CancelScheduledCallback));
        }
        let consult = self.consult.as_ref().filter(|consult| consult.answered);
        let by = consult.map(|consult| &consult.by).or(self.joins.as_ref());
        let consults = by.is_some() && party.agent.as_ref() == by;
        if party.state == ParticipantState::Held && !consults {
            actions.retain(|action| !matches!(action, Do::Transfer | Do::Conference));
        }
        actions
    }

    /// Whether a campaign called the customer.
    pub(super) fn is_campaigns(&self) -> bool {
        let mut names = self.variables.iter().map(|(name, _)| name);
        self.role == Role::Ordinary && names.any(|name| *name == "BACampaign")
    }

    /// Whether more than two are in it.
    pub(super) fn is_conference(&self) -> bool {
        self.parties.iter().filter(|party| !party.is_gone()).count() > 2
    }

    /// Sets a call variable; whether it was another one before. Only the ten numbered variables
    /// and expanded ones (`user.…`) exist; others are passed over, as the telephone system does.
    pub(super) fn set_variable(&mut self, name: &Text, value: &Text) -> bool {
        if let Some((_, old)) = self.variables.iter_mut().find(|(known, _)| known == name) {
            let changes = old != value;
            *old = value.clone();
            return changes;
        }
        let fits = name.as_str().starts_with("user.") && self.variables.len() < MOST_VARIABLES;
        if fits {
            self.variables.push((name.clone(), value.clone()));
        }
        fits
    }
}
