//! From events back to the model: the driver's copy of what the connector knows.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::event::Event;
use crate::agent::{
    AgentId, AgentModel, Change, Changes, Dialog, DialogId, DialogState, Participant,
    ParticipantState, Platform, Reason, Roles, Team, TeamId, Text, User,
};
use crate::contract::{self, AgentInfo, AgentStatus, Call, CallState, EventKind, Layout};

/// One agent's model, kept by events.
#[derive(Debug)]
pub(super) struct Mirror {
    model: AgentModel,
    recount: Option<Recount>,
}

/// After a login the calls are told one by one; those that are not told have ended unseen.
#[derive(Debug)]
struct Recount {
    expected: u32,
    told: BTreeSet<DialogId>,
}

impl Mirror {
    pub(super) fn new(agent: AgentId) -> Self {
        Self {
            model: AgentModel::new(agent, Platform::Ucce),
            recount: None,
        }
    }

    /// How many calls of a recount have been told.
    pub(super) fn recounted(&self) -> usize {
        self.recount
            .as_ref()
            .map_or(0, |recount| recount.told.len())
    }

    pub(super) const fn model(&self) -> &AgentModel {
        &self.model
    }

    fn agent(&self) -> AgentId {
        self.model.user().id.clone()
    }

    /// Takes an event addressed to this agent over and tells what it changed.
    pub(super) fn apply(
        &mut self,
        event: &contract::Event,
        layout: &Layout,
        told: &mut Vec<Event>,
    ) {
        match event {
            contract::Event::State(status) => self.apply_status(status, told),
            contract::Event::AgentInfo(info) => self.apply_info(info, told),
            contract::Event::DialogStatus { calls } => self.begin_recount(*calls, told),
            contract::Event::NewInboundCall(call)
            | contract::Event::InboundCall(call)
            | contract::Event::ConsultCall(call) => {
                self.apply_call(call, event.kind(), layout, told);
            }
            contract::Event::DialogState(call) => self.apply_answer(call, layout, told),
            // What `NewOutboundCall` announces, the `InboundCall` behind it tells in full.
            contract::Event::System(_)
            | contract::Event::NewOutboundCall(_)
            | contract::Event::ConnectStatus { .. }
            | contract::Event::DialogControls { .. }
            | contract::Event::ReasonCodes { .. }
            | contract::Event::TeamUsersList(_)
            | contract::Event::QueueList(_)
            | contract::Event::Phonebooks(_)
            | contract::Event::TeamPhonebooks(_)
            | contract::Event::PhonebookContacts(_)
            | contract::Event::Error(_)
            | contract::Event::Control(_) => {}
        }
    }

    fn apply_status(&mut self, status: &AgentStatus, told: &mut Vec<Event>) {
        let agent = self.agent();
        let changed = Event::AgentChanged {
            agent: agent.clone(),
            status: Box::new(status.clone()),
        };
        if status.agent != agent {
            told.push(changed);
            return;
        }
        let has_reason = !status.reason_code.is_empty() || !status.reason_label.is_empty();
        let user = User {
            state: status.state.clone(),
            state_changed: status.state_changed,
            pending_state: status.pending_state.clone(),
            reason: has_reason.then(|| Reason {
                id: None,
                code: status.reason_code.clone().non_empty(),
                label: status.reason_label.clone(),
            }),
            extension: status.extension.clone(),
            ..self.model.user().clone()
        };
        // The connector has sorted out what is stale; times here have lost their milliseconds.
        if !self.model.replace_user(user).is_empty() {
            told.push(changed);
        }
    }

    fn apply_info(&mut self, info: &AgentInfo, told: &mut Vec<Event>) {
        let named = |id: &TeamId| info.teams.iter().find(|team| team.id == *id).cloned();
        let unnamed = |id: &TeamId| Team {
            id: id.clone(),
            name: Text::default(),
        };
        let team = info
            .team
            .as_ref()
            .map(|id| named(id).unwrap_or_else(|| unnamed(id)));
        let user = User {
            first_name: info.first_name.clone(),
            last_name: info.last_name.clone(),
            roles: Roles {
                agent: true,
                supervisor: info.is_supervisor,
            },
            team,
            supervised: if info.is_supervisor {
                info.teams.clone()
            } else {
                Vec::new()
            },
            wrap_up_incoming: info.wrap_up_mode.clone(),
            ..self.model.user().clone()
        };
        self.model.replace_user(user);
        told.push(Event::AgentIntroduced {
            agent: self.agent(),
            info: Box::new(info.clone()),
        });
    }

    fn begin_recount(&mut self, expected: u32, told: &mut Vec<Event>) {
        // No more calls than these are kept, whatever is announced.
        let most = u32::try_from(AgentModel::MAX_DIALOGS).unwrap_or(u32::MAX);
        self.recount = Some(Recount {
            expected: expected.min(most),
            told: BTreeSet::new(),
        });
        self.finish_recount(told);
    }

    fn finish_recount(&mut self, told: &mut Vec<Event>) {
        let is_complete = self.recount.as_ref().is_some_and(|recount| {
            u32::try_from(recount.told.len()).is_ok_and(|len| len >= recount.expected)
        });
        if !is_complete {
            return;
        }
        let Some(recount) = self.recount.take() else {
            return;
        };
        let held = self.model.dialogs().map(|dialog| dialog.id.clone());
        let gone: Vec<DialogId> = held.filter(|id| !recount.told.contains(id)).collect();
        for dialog in gone {
            self.model.remove_dialog(&dialog);
            told.push(Event::CallEnded {
                agent: self.agent(),
                call: None,
                dialog,
            });
        }
    }

    fn apply_call(&mut self, call: &Call, kind: EventKind, layout: &Layout, told: &mut Vec<Event>) {
        if let Some(recount) = &mut self.recount {
            recount.told.insert(call.dialog.clone());
        }
        match call.state {
            CallState::Dropped | CallState::NotFound => self.end_call(call, told),
            _ => self.keep_call(call, kind, layout, told),
        }
        self.finish_recount(told);
    }

    /// The answer to a question may know better than the model whether a call is there.
    fn apply_answer(&mut self, call: &Call, layout: &Layout, told: &mut Vec<Event>) {
        match call.state {
            CallState::Dropped | CallState::NotFound => self.end_call(call, told),
            _ if self.model.dialog(&call.dialog).is_some() => {
                self.keep_call(call, EventKind::DialogState, layout, told);
            }
            _ => {}
        }
    }

    fn end_call(&mut self, call: &Call, told: &mut Vec<Event>) {
        if !self.model.remove_dialog(&call.dialog).is_empty() {
            told.push(Event::CallEnded {
                agent: self.agent(),
                call: Some(Box::new(call.clone())),
                dialog: call.dialog.clone(),
            });
        }
    }

    fn keep_call(&mut self, call: &Call, kind: EventKind, layout: &Layout, told: &mut Vec<Event>) {
        let dialog = self.dialog_of(call, kind, layout);
        let changes: Changes = self.model.apply_dialog(dialog);
        let agent = self.agent();
        let call = Box::new(call.clone());
        match changes.first() {
            Some(Change::CallOffered(_)) => told.push(Event::CallOffered { agent, call }),
            Some(Change::CallStarted(_) | Change::CallChanged { .. }) => {
                told.push(Event::CallChanged { agent, call });
            }
            _ => {}
        }
    }

    fn dialog_of(&self, call: &Call, kind: EventKind, layout: &Layout) -> Dialog {
        let rings = kind == EventKind::NewInboundCall;
        let before = self.model.dialog(&call.dialog).cloned().unwrap_or_default();
        let own_line = self.model.user().extension.clone();
        let own_line: Option<Text> = own_line.map(Text::from);
        let own_state = match &call.state {
            CallState::Alerting => ParticipantState::Alerting,
            CallState::Active => ParticipantState::Active,
            CallState::Held => ParticipantState::Held,
            CallState::Initiating => ParticipantState::Initiating,
            CallState::Initiated => ParticipantState::Initiated,
            CallState::Accepted => ParticipantState::Accepted,
            CallState::Failed => ParticipantState::Failed,
            CallState::Dropped | CallState::NotFound => ParticipantState::Dropped,
            CallState::Other(word) => ParticipantState::Other(word.clone()),
        };
        let state = match &call.state {
            _ if rings => DialogState::Alerting,
            CallState::Held => DialogState::Active,
            other => DialogState::from_wire(other.as_wire()),
        };
        let mut participants: Vec<Participant> = call
            .participants
            .iter()
            .map(|party| Participant {
                address: party.address.clone(),
                address_type: party.device.clone(),
                state: party.state.clone(),
                started: party.started,
                ..Participant::default()
            })
            .collect();
        let is_listed = |line: &Text| participants.iter().any(|party| party.address == *line);
        if let Some(line) = own_line.filter(|line| !is_listed(line)) {
            participants.push(Participant {
                address: line,
                state: if rings {
                    ParticipantState::Alerting
                } else {
                    own_state
                },
                started: call.started,
                ..Participant::default()
            });
        }
        let words = &layout.words;
        let associated = call.variable(words.associated.as_str()).cloned();
        let is_own = |name: &Text| {
            let mut own = [&words.ani, &words.associated].into_iter();
            own.any(|own| name.as_str().eq_ignore_ascii_case(own.as_str()))
        };
        let variables = call
            .variables
            .iter()
            .filter(|(name, _)| !is_own(name))
            .cloned();
        Dialog {
            id: call.dialog.clone(),
            state,
            // A failed call carries the error text in the caller's place, a consult the callee.
            from: match call.variable(words.ani.as_str()) {
                Some(caller) => caller.clone(),
                None if call.state == CallState::Failed => before.from.clone(),
                None => call.address.clone(),
            },
            to: match kind {
                EventKind::ConsultCall => call.address.clone(),
                _ => before.to.clone(),
            },
            call_type: call.call_type.clone(),
            associated: associated.and_then(|id| DialogId::from(id).non_empty()),
            variables: variables.collect(),
            participants,
            ..before
        }
    }
}
