//! How a command goes on: what it asks of Finesse, and what its answer, a notification or time
//! make of it.

use super::effect::Question;
use super::entry::{done, not_connected, out_of_service};
use super::job::{Flow, Goal, Job, Step, Trigger};
use super::outbound::Context;
use super::reads::Shown;
use super::refusal::Refusal;
use super::service::Readiness;
use super::session::Session;
use super::status::Subscription;
use super::{NodeId, ReasonCode, RequestId};
use crate::agent::{AgentState, CallAction, DialogId, Extension, ParticipantState, Product, Text};
use crate::contract::{Command, ErrorCode, ReasonCategory};
use crate::password::Secret;

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
                let refusal = out_of_service(cx);
                return self.refuse(cx, job, refusal);
            }
        }
        if let Some(member) = job.member.clone() {
            return self.begin_for_member(cx, job, member);
        }
        let product = self.product(cx);
        let agent = self.agent.clone();
        match job.command.clone() {
            Command::MakeWorkReady if !product.has_work_ready => {
                self.refuse(cx, job, Refusal::not_offered())
            }
            Command::StartRecording { .. } if !product.records_calls => {
                self.refuse(cx, job, Refusal::not_offered())
            }
            Command::GetState => {
                if self.is_current() {
                    self.tell_state(cx, job.correlation(), true);
                    return done(cx);
                }
                self.read(cx, job, Question::User(agent))
            }
            Command::Logout => self.sign_out(cx, job, None),
            Command::LogoutWithReason { .. } | Command::MakeNotReadyWithReason { .. } => {
                self.look_up_reasons(cx, job)
            }
            Command::ForceLogout => self.leave(cx, job),
            Command::AgentAbruptDisconnect => self.on_abrupt_disconnect(cx, job),
            Command::MakeWorkReady => self.change_state(cx, job, AgentState::WorkReady, None),
            Command::MakeWorkNotReady => self.change_state(cx, job, AgentState::Work, None),
            Command::MakeReady => self.change_state(cx, job, AgentState::Ready, None),
            Command::MakeNotReady => self.change_state(cx, job, AgentState::NotReady, None),
            Command::MakeCall { number } => self.make_call(cx, job, number),
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
            Command::GetDialogState { dialog } | Command::GetDialogControls { dialog } => {
                if self.is_current() {
                    return self.tell_dialog(cx, job, &dialog);
                }
                self.read(cx, job, Question::Calls(agent))
            }
            Command::SilentMonitor { extension } => self.monitor(cx, job, extension),
            command if command.dialog().is_some() => self.begin_call_action(cx, job, command),
            command => self.begin_list(cx, job, &command),
        }
    }

    /// What the product behind the agent's server has and has not.
    pub(super) fn product(&self, cx: &Context<'_>) -> &'static Product {
        let platform = cx.services.platform(self.node);
        platform.unwrap_or(self.model.platform()).product()
    }

    /// What is known can be told without asking Finesse.
    pub(super) fn is_current(&self) -> bool {
        self.is_live && self.is_fresh && self.subscription == Subscription::Up
    }

    pub(super) fn change_state(
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

    pub(super) fn sign_out(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        reason: Option<Text>,
    ) -> Flow {
        let agent = self.agent.clone();
        let goal = Goal::State(AgentState::Logout, None);
        self.ask_for(cx, job, Question::SignOut { agent, reason }, goal)
    }

    /// Reasons are kept for a while; a code that is not among them is worth a fresh look.
    pub(super) fn look_up_reasons(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let category = category_of(&job.command);
        if let Some((reasons, read_at)) = self.reasons.get(&category)
            && cx.now.since(*read_at) < cx.config.timing.reasons_age
            && code_of(&job.command).is_none_or(|code| find(reasons, code).is_some())
        {
            let reasons = reasons.clone();
            return self.with_reasons(cx, job, &category, &reasons);
        }
        let question = Question::Reasons(self.agent.clone(), category);
        self.inquire(cx, job, question, |request| Step::ReadingReasons {
            request,
        })
    }

    /// Goes on with a command for which the reasons were read.
    pub(super) fn with_reasons(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        category: &ReasonCategory,
        reasons: &[ReasonCode],
    ) -> Flow {
        let Some(code) = code_of(&job.command) else {
            return self.tell_reasons(cx, job, category, reasons);
        };
        match find(reasons, code) {
            Some(id) if *category == ReasonCategory::Logout => self.sign_out(cx, job, Some(id)),
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
        let goal = match action {
            CallAction::Drop => Goal::Left(dialog.clone()),
            _ => Goal::Party(dialog.clone(), goal),
        };
        self.act_for(cx, job, dialog, action, goal)
    }

    /// Does something to a call of the agent's.
    pub(super) fn act_for(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        dialog: DialogId,
        action: CallAction,
        goal: Goal,
    ) -> Flow {
        let extension = match self.line_for(&dialog) {
            Ok(extension) => extension,
            Err(refusal) => return self.refuse(cx, job, refusal),
        };
        let question = Question::Act {
            dialog,
            action,
            extension,
        };
        self.ask_for(cx, job, question, goal)
    }

    /// The agent's line, if the agent is signed in and has the call.
    pub(super) fn line_for(&self, dialog: &DialogId) -> Result<Extension, Refusal> {
        let line = self.model.user().extension.clone();
        let line = line.ok_or_else(not_signed_in)?;
        if self.is_current() && self.model.dialog(dialog).is_none() {
            return Err(no_call(dialog));
        }
        Ok(line)
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
        let credentials = (&password, self.is_token);
        let request = self.request(cx, self.node, credentials, question);
        job.asked = Some(request);
        Flow::To(Step::Asked {
            request,
            goal,
            is_accepted: false,
            is_met: false,
            reread_at: None,
        })
    }

    /// Asks Finesse in the agent's name.
    pub(super) fn request(
        &mut self,
        cx: &mut Context<'_>,
        node: NodeId,
        credentials: (&Secret, bool),
        question: Question,
    ) -> RequestId {
        let shown = Shown::by(&question);
        let team = match &question {
            Question::Team(team) => Some(team.clone()),
            _ => None,
        };
        let request = cx.ask(node, &self.agent, credentials, question);
        if let Some(team) = team {
            self.team_reads.begin(request, team);
        }
        if let Some(shown) = shown {
            self.reads.begin(request, shown);
        }
        request
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
        let credentials = (&password, self.is_token);
        let request = self.request(cx, self.node, credentials, question);
        Flow::To(step(request))
    }

    pub(super) fn read(&mut self, cx: &mut Context<'_>, job: &Job, question: Question) -> Flow {
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
        let question = if let Goal::Member(member, _) = &goal
            && let Some(team) = self.members.team_of(member)
        {
            Question::Team(team)
        } else if goal.is_about_user() {
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

fn find(reasons: &[ReasonCode], code: &Text) -> Option<Text> {
    reasons
        .iter()
        .find(|reason| reason.code == *code)
        .map(|reason| reason.id.clone())
}

/// Which reasons a command is about.
pub(super) fn category_of(command: &Command) -> ReasonCategory {
    match command {
        Command::LogoutWithReason { .. } | Command::LogoutReasonCodes => ReasonCategory::Logout,
        Command::WrapUpReasonCodes => ReasonCategory::WrapUp,
        _ => ReasonCategory::NotReady,
    }
}

fn code_of(command: &Command) -> Option<&Text> {
    match command {
        Command::LogoutWithReason { code } | Command::MakeNotReadyWithReason { code } => Some(code),
        _ => None,
    }
}

pub(super) fn not_signed_in() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "The agent is not signed in.")
}

pub(super) fn no_call(dialog: &DialogId) -> Refusal {
    let text = alloc::format!("There is no call {dialog:.64}.");
    Refusal::new(ErrorCode::NotFound, &text)
}
