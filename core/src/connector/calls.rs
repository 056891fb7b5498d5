//! Commands about calls: what they ask for, what fulfils them, and how their calls are told.

use alloc::collections::BTreeSet;

use super::effect::Question;
use super::job::{Flow, Goal, Job, is_on_the_call, parties_of};
use super::outbound::Context;
use super::refusal::Refusal;
use super::session::Session;
use super::work::not_signed_in;
use crate::agent::{CallAction, Dialog, DialogId, Extension, ParticipantState, Text};
use crate::contract::{Call, Command, Event, Layout, Verb};

/// The calls of an agent that are told otherwise than calls are.
#[derive(Debug, Default)]
pub(super) struct Legs {
    /// Beside another call, to consult somebody.
    consults: BTreeSet<DialogId>,
    /// A supervisor listens.
    monitored: BTreeSet<DialogId>,
}

impl Legs {
    /// A command has made, or changed, this call, which has not ended.
    pub(super) fn note(&mut self, verb: Verb, dialog: Option<&DialogId>) {
        let Some(dialog) = dialog else { return };
        match verb {
            Verb::ConsultCall => {
                self.consults.insert(dialog.clone());
            }
            Verb::SilentMonitor => {
                self.monitored.insert(dialog.clone());
            }
            Verb::ConferenceCall | Verb::BargeIn => self.forget(dialog),
            _ => {}
        }
    }

    /// The call is over, or an ordinary one now.
    pub(super) fn forget(&mut self, dialog: &DialogId) {
        self.consults.remove(dialog);
        self.monitored.remove(dialog);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many consult calls there are, and how many that a supervisor listens to.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.consults.len(), self.monitored.len())
    }
}

impl Session {
    /// What events say of a call.
    pub(super) fn describe(&self, dialog: &Dialog, layout: &Layout) -> Call {
        let own = self.model.user().extension.as_ref();
        if self.legs.monitored.contains(&dialog.id) {
            Call::from_monitored(dialog, own, layout)
        } else if self.is_consult(dialog) {
            Call::from_consult(dialog, own, layout)
        } else {
            Call::from_dialog(dialog, own, layout)
        }
    }

    /// What events say of a call that is over.
    pub(super) fn describe_end(&self, last: &Dialog, layout: &Layout) -> Call {
        let own = self.model.user().extension.as_ref();
        let ended = Call::ended(last, own, layout);
        let address = match self.is_consult(last) {
            true => last.to.clone(),
            false => ended.address.clone(),
        };
        Call {
            call_type: self.describe(last, layout).call_type,
            address,
            ..ended
        }
    }

    /// The event that tells a call.
    pub(super) fn event_of(&self, dialog: &Dialog, call: Call) -> Event {
        match self.is_consult(dialog) {
            true => Event::ConsultCall(call),
            false => Event::InboundCall(call),
        }
    }

    /// Whether the agent placed it, and neither to consult somebody nor to listen.
    pub(super) fn is_plain_outbound(&self, dialog: &Dialog, layout: &Layout) -> bool {
        let own = self.model.user().extension.as_ref();
        own.is_some_and(|own| dialog.from == *own.as_str())
            && !self.is_consult(dialog)
            && self.describe(dialog, layout).call_type != layout.words.monitored
    }

    /// Whether the agent placed it to consult somebody.
    fn is_consult(&self, dialog: &Dialog) -> bool {
        let own = self.model.user().extension.as_ref();
        let is_from_here = own.is_some_and(|own| dialog.from == *own.as_str());
        let kind = dialog.call_type.as_str();
        self.legs.consults.contains(&dialog.id)
            || is_from_here && kind.eq_ignore_ascii_case("CONSULT")
    }

    fn known_calls(&self) -> BTreeSet<DialogId> {
        let dialogs = self.model.dialogs();
        dialogs.map(|dialog| dialog.id.clone()).collect()
    }

    pub(super) fn make_call(&mut self, cx: &mut Context<'_>, job: &mut Job, to: Text) -> Flow {
        let Some(from) = self.model.user().extension.clone() else {
            return self.refuse(cx, job, not_signed_in());
        };
        let before = self.known_calls();
        let agent = self.agent.clone();
        let question = Question::MakeCall { agent, from, to };
        self.ask_for(cx, job, question, Goal::Placed { before })
    }

    pub(super) fn monitor(&mut self, cx: &mut Context<'_>, job: &mut Job, to: Extension) -> Flow {
        let Some(from) = self.model.user().extension.clone() else {
            return self.refuse(cx, job, not_signed_in());
        };
        let before = self.known_calls();
        let agent = self.agent.clone();
        let question = Question::Monitor { agent, from, to };
        self.ask_for(cx, job, question, Goal::Placed { before })
    }

    /// Begins a command about a call that goes beyond the plain actions.
    pub(super) fn begin_call_action(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        command: Command,
    ) -> Flow {
        use CallAction as A;
        match command {
            Command::ConsultCall { number, dialog } => {
                let before = self.known_calls();
                let goal = Goal::Placed { before };
                self.act_towards(cx, job, dialog, A::ConsultCall, number, goal)
            }
            Command::TransferSst { number, dialog } => {
                let goal = Goal::Left(dialog.clone());
                self.act_towards(cx, job, dialog, A::TransferSst, number, goal)
            }
            Command::TransferCall { extension, dialog } => {
                let goal = Goal::Left(dialog.clone());
                let held = self.held_one(&dialog, &extension);
                self.act_for(cx, job, held, A::Transfer, goal)
            }
            Command::ConferenceCall { extension, dialog } => {
                let held = self.held_one(&dialog, &extension);
                let parties = |id| self.model.dialog(id).map_or(0, parties_of);
                let parties = parties(&dialog).max(parties(&held)).max(2);
                let on_held = self.model.dialog(&held);
                let on_held = on_held.and_then(|held| held.participant(extension.as_str()));
                let goal = Goal::Merged {
                    newcomer: extension,
                    has_joined: on_held.is_some_and(is_on_the_call),
                    calls: [dialog, held.clone()],
                    parties,
                };
                self.act_for(cx, job, held, A::Conference, goal)
            }
            Command::AcceptCall { dialog } => {
                let goal = Goal::Taken(dialog.clone());
                self.act_for(cx, job, dialog, A::Accept, goal)
            }
            Command::RejectCall { dialog } => {
                let goal = Goal::Left(dialog.clone());
                self.act_for(cx, job, dialog, A::Reject, goal)
            }
            Command::CloseCall { dialog } => {
                let goal = Goal::Left(dialog.clone());
                self.act_for(cx, job, dialog, A::Close, goal)
            }
            Command::EndSilentMonitor { dialog } => {
                let goal = Goal::Left(dialog.clone());
                self.act_for(cx, job, dialog, A::Drop, goal)
            }
            Command::StartRecording { dialog } => {
                self.act_for(cx, job, dialog, A::StartRecording, Goal::Unseen)
            }
            Command::SendDtmf { digits, dialog } => match self.line_for(&dialog) {
                Ok(extension) => {
                    let question = Question::SendDigits {
                        dialog,
                        extension,
                        digits,
                    };
                    self.ask_for(cx, job, question, Goal::Unseen)
                }
                Err(refusal) => self.refuse(cx, job, refusal),
            },
            Command::UpdateCallData { dialog, variables } => {
                let goal = Goal::Data(dialog.clone(), variables.clone());
                self.update_data(cx, job, dialog, None, variables, goal)
            }
            Command::UpdateWrapup { dialog, label } => {
                let none = alloc::vec::Vec::new();
                self.update_data(cx, job, dialog, Some(label), none, Goal::Unseen)
            }
            Command::BargeIn { extension, dialog } => match self.watched_by(&dialog) {
                Ok((from, dialog)) => {
                    let before = self.known_calls();
                    let question = Question::BargeIn {
                        agent: self.agent.clone(),
                        from,
                        to: extension,
                        dialog: dialog.clone(),
                    };
                    self.ask_for(cx, job, question, Goal::Joined { before, dialog })
                }
                Err(refusal) => self.refuse(cx, job, refusal),
            },
            Command::DropParticipant { extension, dialog } => match self.line_for(&dialog) {
                Ok(_) => {
                    let goal = Goal::Dismissed(dialog.clone(), extension.clone());
                    let action = A::ParticipantDrop;
                    let question = Question::Act {
                        dialog,
                        action,
                        extension,
                    };
                    self.ask_for(cx, job, question, goal)
                }
                Err(refusal) => self.refuse(cx, job, refusal),
            },
            command => self.begin_list(cx, job, &command),
        }
    }

    /// The agent's line, and the call that the supervisor listens to by way of `dialog`: Finesse
    /// wants that one named (Finesse Developer Guide, "Dialog - Make a barge call"). A driver may
    /// name it, too: it is told as the associated call.
    fn watched_by(&self, dialog: &DialogId) -> Result<(Extension, DialogId), Refusal> {
        let is_watched = |own: &Dialog| own.associated.as_ref() == Some(dialog);
        if self.model.dialogs().any(is_watched) {
            let line = self.model.user().extension.clone();
            return Ok((line.ok_or_else(not_signed_in)?, dialog.clone()));
        }
        let line = self.line_for(dialog)?;
        let own = self.model.dialog(dialog);
        let watched = own.and_then(|own| own.associated.clone());
        Ok((line, watched.unwrap_or_else(|| dialog.clone())))
    }

    fn act_towards(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        dialog: DialogId,
        action: CallAction,
        to: Text,
        goal: Goal,
    ) -> Flow {
        let extension = match self.line_for(&dialog) {
            Ok(extension) => extension,
            Err(refusal) => return self.refuse(cx, job, refusal),
        };
        let question = Question::ActTowards {
            dialog,
            action,
            extension,
            to,
        };
        self.ask_for(cx, job, question, goal)
    }

    fn update_data(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        dialog: DialogId,
        wrap_up: Option<Text>,
        variables: alloc::vec::Vec<(Text, Text)>,
        goal: Goal,
    ) -> Flow {
        if let Err(refusal) = self.line_for(&dialog) {
            return self.refuse(cx, job, refusal);
        }
        let question = Question::UpdateData {
            dialog,
            wrap_up,
            variables,
        };
        self.ask_for(cx, job, question, goal)
    }

    /// The call on which a consult is completed. Finesse wants the held one of the two (Developer
    /// Guide, "Dialog - Transfer"), which is the main call unless the agent has gone back to it.
    fn held_one(&self, main: &DialogId, second: &Extension) -> DialogId {
        let is_held = |dialog: &Dialog| {
            let own = self.model.own_party(dialog);
            own.is_some_and(|own| own.state == ParticipantState::Held)
        };
        let Some(given) = self.model.dialog(main) else {
            return main.clone();
        };
        if is_held(given) {
            return main.clone();
        }
        let is_kin = |dialog: &&Dialog| {
            dialog.associated.as_ref() == Some(main)
                || given.associated.as_ref() == Some(&dialog.id)
                || dialog.participant(second.as_str()).is_some()
                || dialog.to == *second.as_str()
                || given.to == *second.as_str()
        };
        let others = self.model.dialogs().filter(|dialog| dialog.id != *main);
        let mut held = others.filter(|dialog| is_held(dialog));
        let kin = held.find(is_kin);
        kin.map_or_else(|| main.clone(), |dialog| dialog.id.clone())
    }
}
