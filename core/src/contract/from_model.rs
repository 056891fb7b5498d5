//! Events made of the agent model.

use alloc::vec::Vec;

use super::call::{Call, CallParticipant, CallState};
use super::event::{AgentInfo, AgentStatus, Event};
use super::layout::Layout;
use super::lists::TeamUser;
use crate::agent::{Dialog, DialogState, Extension, Participant, ParticipantState, Text, User};

impl AgentStatus {
    /// What `State` says of an agent.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        let reason = user.reason.clone().unwrap_or_default();
        Self {
            state: user.state.clone(),
            reason_code: reason.code.unwrap_or_default(),
            reason_label: reason.label,
            pending_state: user.pending_state.clone(),
            state_changed: user.state_changed,
            full_name: user.full_name(),
            agent: user.id.clone(),
            extension: user.extension.clone(),
        }
    }
}

impl AgentInfo {
    /// What `AgentInfo` says of an agent. The teams are those supervised, else the own one.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        let teams = match user.supervised.as_slice() {
            [] => user.team.iter().cloned().collect(),
            supervised => supervised.to_vec(),
        };
        Self {
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            is_supervisor: user.roles.supervisor,
            wrap_up_mode: user.wrap_up_incoming.clone(),
            teams,
            team: user.team.as_ref().map(|team| team.id.clone()),
            full_name: user.full_name(),
        }
    }
}

impl TeamUser {
    /// What `TeamUsersList` says of an agent.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        Self {
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            extension: user.extension.clone(),
            id: user.id.clone(),
            state: user.state.clone(),
            reason_code: user
                .reason
                .as_ref()
                .and_then(|r| r.code.clone())
                .unwrap_or_default(),
            pending_state: user.pending_state.clone(),
            state_changed: user.state_changed,
        }
    }
}

impl Call {
    /// What events say of a call to the agent on line `own`.
    ///
    /// The state is the agent's view: `HELD` while the agent holds, `DROPPED` once the agent left,
    /// `ALERTING` while it rings at the agent; else that of the call as a whole.
    #[must_use]
    pub fn from_dialog(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let party = own.and_then(|own| dialog.participant(own.as_str()));
        let state = state_for(dialog, party);
        let address = match state {
            CallState::Failed => failure_text(dialog, party),
            _ => dialog.from.clone(),
        };
        Self {
            state,
            dialog: dialog.id.clone(),
            address,
            variables: variables(dialog, layout),
            started: party
                .and_then(|party| party.started)
                .or_else(|| dialog.started()),
            call_type: call_type(dialog, own, layout),
            participants: dialog
                .participants
                .iter()
                .map(CallParticipant::from_party)
                .collect(),
        }
    }

    /// As [`from_dialog`](Self::from_dialog), for `ConsultCall`: tells the consulted number in the
    /// place of the caller's.
    #[must_use]
    pub fn from_consult(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let mut call = Self::from_dialog(dialog, own, layout);
        if call.state != CallState::Failed {
            call.address = dialog.to.clone();
        }
        call
    }

    /// What events say of a call that is over for the agent: its last snapshot, dropped.
    #[must_use]
    pub fn ended(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let call = Self::from_dialog(dialog, own, layout);
        Self {
            state: CallState::Dropped,
            address: dialog.from.clone(),
            ..call
        }
    }
}

impl CallParticipant {
    fn from_party(party: &Participant) -> Self {
        Self {
            address: party.address.clone(),
            state: party.state.clone(),
            device: party.address_type.clone(),
            role: Text::default(),
            started: party.started,
        }
    }
}

impl Event {
    /// `DialogControls`: what the agent on line `own` may do to a call.
    #[must_use]
    pub fn dialog_controls(dialog: &Dialog, own: Option<&Extension>) -> Self {
        let party = own.and_then(|own| dialog.participant(own.as_str()));
        let actions = party.map_or_else(Vec::new, |party| party.actions.clone());
        Self::DialogControls {
            dialog: dialog.id.clone(),
            actions,
        }
    }

    /// `ConnectStatus`: the agent is connected.
    #[must_use]
    pub fn connected(layout: &Layout) -> Self {
        Self::ConnectStatus {
            status: layout.words.connected.clone(),
        }
    }
}

fn state_for(dialog: &Dialog, own: Option<&Participant>) -> CallState {
    match (&dialog.state, own.map(|party| &party.state)) {
        (DialogState::Failed, _) | (_, Some(ParticipantState::Failed)) => CallState::Failed,
        (DialogState::Dropped, _)
        | (_, Some(ParticipantState::Dropped | ParticipantState::WrapUp)) => CallState::Dropped,
        (_, Some(ParticipantState::Held)) => CallState::Held,
        (_, Some(ParticipantState::Alerting)) => CallState::Alerting,
        (state, _) => CallState::from_wire(state.as_wire()),
    }
}

/// The cause of a failed call: that of the own party, else the first that names one.
fn failure_text(dialog: &Dialog, own: Option<&Participant>) -> Text {
    own.into_iter()
        .chain(&dialog.participants)
        .map(|party| &party.cause)
        .find(|cause| !cause.is_empty())
        .cloned()
        .unwrap_or_else(|| "FAILED".into())
}

fn call_type(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Text {
    let is_consult = dialog.call_type.as_str().eq_ignore_ascii_case("CONSULT");
    let is_caller = own.is_some_and(|own| dialog.from == *own.as_str());
    if is_consult && own.is_some() && !is_caller {
        layout.words.consulted.clone()
    } else {
        layout.call_type(&dialog.call_type).clone()
    }
}

/// `ani` and `associatedDialogId`, then the plain variables, sent or not, then all others.
fn variables(dialog: &Dialog, layout: &Layout) -> Vec<(Text, Text)> {
    let words = &layout.words;
    let associated = dialog
        .associated
        .clone()
        .map(Text::from)
        .unwrap_or_default();
    let mut variables = Vec::with_capacity(2 + words.call_variables.len() + dialog.variables.len());
    variables.push((words.ani.clone(), dialog.from.clone()));
    variables.push((words.associated.clone(), associated));
    for name in &words.call_variables {
        let value = dialog.variable(name.as_str()).cloned().unwrap_or_default();
        variables.push((name.clone(), value));
    }
    let is_plain = |name: &Text| {
        words
            .call_variables
            .iter()
            .any(|plain| plain.as_str().eq_ignore_ascii_case(name.as_str()))
    };
    variables.extend(
        dialog
            .variables
            .iter()
            .filter(|(name, _)| !is_plain(name))
            .cloned(),
    );
    variables
}
