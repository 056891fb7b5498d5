//! One call and its parties.

use finewire_core::agent::{
    AgentId, CallAction, Dialog, DialogId, DialogState, Participant, ParticipantState, Platform,
    Text,
};
use finewire_core::machine::UnixMillis;

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
    /// The call that this one consults for.
    pub(super) consults_for: Option<CallId>,
    /// The consult call made from this one.
    pub(super) consult: Option<Consult>,
    /// The call that was joined into this one.
    pub(super) swallowed: Option<CallId>,
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
    pub(super) fn snapshot(&self, platform: Platform) -> Dialog {
        let participants = self.parties.iter().map(|party| Participant {
            address: party.address.clone(),
            address_type: if party.agent.is_some() {
                "AGENT_DEVICE".into()
            } else {
                "".into()
            },
            state: party.state.clone(),
            cause: party.cause.into(),
            started: Some(party.started),
            changed: Some(party.changed),
            actions: self.actions(party, platform),
        });
        Dialog {
            id: self.id.to_dialog(),
            state: self.state.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            call_type: self.call_type.into(),
            media_type: "Voice".into(),
            associated: self.consults_for.map(CallId::to_dialog),
            secondary: self.swallowed.map(CallId::to_dialog),
            dnis: self.to.clone(),
            dialed_number: self.to.clone(),
            queue_number: Text::default(),
            queue_name: Text::default(),
            wrap_up_reason: self.wrap_up_reason.clone(),
            variables: self.variables.clone(),
            participants: participants.collect(),
        }
    }

    /// What a party may do. Finesse Developer Guide, "State (participant) parameter values".
    fn actions(&self, party: &Party, platform: Platform) -> Vec<CallAction> {
        use CallAction as Do;
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
        if party.state == ParticipantState::Active && platform == Platform::Uccx {
            actions.push(Do::StartRecording);
        }
        let consults = self
            .consult
            .as_ref()
            .is_some_and(|consult| consult.answered && party.agent.as_ref() == Some(&consult.by));
        if party.state == ParticipantState::Held && !consults {
            actions.retain(|action| !matches!(action, Do::Transfer | Do::Conference));
        }
        actions
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
