//! How a command goes on: what it asks of Finesse, and what its answer, a notification or time
//! make of it.

use alloc::collections::BTreeSet;

use super::effect::Question;
use super::entry::{done, not_connected};
use super::job::{Flow, Goal, Job, Step, Trigger};
use super::outbound::Context;
use super::refusal::Refusal;
use super::service::Readiness;
use super::session::Session;
use super::status::Subscription;
use super::{ReasonCode, RequestId};
use crate::agent::{AgentState, CallAction, DialogId, ParticipantState, Text};
use crate::contract::{Command, ErrorCode};

impl Session {
    /// Begins a command whose turn it is.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        if job.is_entry() {
            return match job.password {
                Some(_) => self.try_entry(cx, job),
                None => self.begin_entry(cx, job),
            };
        }
        if self.held.is_none() || self.destination().is_none() {
            return self.refuse(cx, job, not_connected());
        }
        match cx.services.readiness() {
            Readiness::Unknown => return Flow::To(Step::Waiting),
            Readiness::InService if cx.services.is_serving(self.node) => {}
            Readiness::InService | Readiness::OutOfService => {
                return self.refuse(cx, job, Refusal::out_of_service());
            }
        }
        let agent = self.agent.clone();
        match job.command.clone() {
            Command::GetState => {
                if self.is_current() {
                    self.tell_state(cx, job.correlation(), true);
                    return done(cx);
                }
                self.read(cx, job, Question::User(agent))
            }
            Command::Logout => {
                let goal = Goal::State(AgentState::Logout, None);
                self.ask_for(cx, job, Question::SignOut(agent), goal)
            }
            Command::MakeReady => self.change_state(cx, job, AgentState::Ready, None),
            Command::MakeNotReady => self.change_state(cx, job, AgentState::NotReady, None),
            Command::MakeNotReadyWithReason { code } => self.not_ready_for(cx, job, &code),
            Command::MakeCall { number } => {
                let Some(from) = self.model.user().extension.clone() else {
                    return self.refuse(cx, job, not_signed_in());
                };
                let before: BTreeSet<DialogId> = self
                    .model
                    .dialogs()
                    .map(|dialog| dialog.id.clone())
                    .collect();
                let question = Question::MakeCall {
                    agent,
                    from,
                    to: number,
                };
                self.ask_for(cx, job, question, Goal::Placed { before })
            }
            Command::AnswerCall { dialog } => self.act(
                cx,
                job,
                dialog,
                CallAction::Answer,
                &[ParticipantState::Active, ParticipantState::Held],
            ),
            Command::HoldCall { dialog } => {
                self.act(cx, job, dialog, CallAction::Hold, &[ParticipantState::Held])
            }
            Command::RetrieveCall { dialog } => self.act(
                cx,
                job,
                dialog,
                CallAction::Retrieve,
                &[ParticipantState::Active],
            ),
            Command::ReleaseCall { dialog } => self.act(cx, job, dialog, CallAction::Drop, &[]),
            Command::GetDialogState { dialog } => {
                if self.is_current() {
                    self.tell_dialog(cx, job, &dialog);
                    return done(cx);
                }
                self.read(cx, job, Question::Calls(agent))
            }
            _ => {
                let text = "This command is not supported.";
                self.refuse(cx, job, Refusal::new(ErrorCode::NotSupported, text))
            }
        }
    }

    /// What is known can be told without asking Finesse.
    fn is_current(&self) -> bool {
        self.is_live && self.is_fresh && self.subscription == Subscription::Up
    }

    fn change_state(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        state: AgentState,
        reason: Option<Text>,
    ) -> Flow {
        let agent = self.agent.clone();
        let goal = Goal::State(state.clone(), reason.clone());
        self.ask_for(
            cx,
            job,
            Question::ChangeState {
                agent,
                state,
                reason,
            },
            goal,
        )
    }

    fn not_ready_for(&mut self, cx: &mut Context<'_>, job: &mut Job, code: &Text) -> Flow {
        match &self.reasons {
            Some((reasons, read_at)) if cx.now.since(*read_at) < cx.config.timing.reasons_age => {
                let known = find(reasons, code);
                self.not_ready_with(cx, job, known, code)
            }
            _ => {
                let question = Question::NotReadyReasons(self.agent.clone());
                self.inquire(cx, job, question, |request| Step::ReadingReasons {
                    request,
                })
            }
        }
    }

    pub(super) fn not_ready_with(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        known: Option<Text>,
        code: &Text,
    ) -> Flow {
        match known {
            Some(id) => self.change_state(cx, job, AgentState::NotReady, Some(id)),
            None => {
                let text = alloc::format!("Finesse knows no reason code {code:.32}.");
                self.refuse(cx, job, Refusal::new(ErrorCode::NotFound, &text))
            }
        }
    }

    fn act(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        dialog: DialogId,
        action: CallAction,
        goal: &'static [ParticipantState],
    ) -> Flow {
        let Some(extension) = self.model.user().extension.clone() else {
            return self.refuse(cx, job, not_signed_in());
        };
        if self.is_current() && self.model.dialog(&dialog).is_none() {
            return self.refuse(cx, job, no_call(&dialog));
        }
        let goal = match action {
            CallAction::Drop => Goal::Left(dialog.clone()),
            _ => Goal::Party(dialog.clone(), goal),
        };
        self.ask_for(
            cx,
            job,
            Question::Act {
                dialog,
                action,
                extension,
            },
            goal,
        )
    }

    /// Asks Finesse to change something; `goal` says when it has.
    pub(super) fn ask_for(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        question: Question,
        goal: Goal,
    ) -> Flow {
        let Some(password) = self.held.clone() else {
            return self.refuse(cx, job, not_connected());
        };
        let request = cx.ask(self.node, &self.agent, &password, question);
        job.asked = Some(request);
        Flow::To(Step::Asked {
            request,
            goal,
            is_accepted: false,
            is_met: false,
            reread_at: None,
        })
    }

    /// Asks for what a command needs to know.
    pub(super) fn inquire(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        question: Question,
        step: impl FnOnce(RequestId) -> Step,
    ) -> Flow {
        let Some(password) = self.held.clone() else {
            return self.refuse(cx, job, not_connected());
        };
        Flow::To(step(cx.ask(self.node, &self.agent, &password, question)))
    }

    fn read(&mut self, cx: &mut Context<'_>, job: &Job, question: Question) -> Flow {
        self.inquire(cx, job, question, |request| Step::Reading { request })
    }

    pub(super) fn reread(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        goal: Goal,
        trigger: Trigger,
    ) -> Flow {
        let agent = self.agent.clone();
        let question = if goal.is_about_user() {
            Question::User(agent)
        } else {
            Question::Calls(agent)
        };
        self.inquire(cx, job, question, |request| Step::Rereading {
            request,
            goal,
            trigger,
        })
    }
}

pub(super) fn find(reasons: &[ReasonCode], code: &Text) -> Option<Text> {
    reasons
        .iter()
        .find(|reason| reason.code == *code)
        .map(|reason| reason.id.clone())
}

fn not_signed_in() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "The agent is not signed in.")
}

pub(super) fn no_call(dialog: &DialogId) -> Refusal {
    let text = alloc::format!("There is no call {dialog:.64}.");
    Refusal::new(ErrorCode::NotFound, &text)
}
