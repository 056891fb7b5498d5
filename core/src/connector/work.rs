//! How a command goes on: what it asks of Finesse, and what its answer, a notification or time
//! make of it.

use alloc::collections::BTreeSet;

use super::Answer;
use super::effect::{Effect, Question};
use super::entry::{done, not_connected};
use super::job::{Flow, Goal, Job, Step, Trigger};
use super::outbound::Context;
use super::refusal::{Refusal, is_wrong_password};
use super::service::Readiness;
use super::session::Session;
use super::status::Subscription;
use super::{Counters, ReasonCode, RequestId};
use crate::agent::{
    AgentState, CallAction, Changes, DialogId, Intent, ParticipantState, Permit, Text,
};
use crate::contract::{Call, Command, ErrorCode, Event, Verb};

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

    fn not_ready_with(
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

    fn reread(&mut self, cx: &mut Context<'_>, job: &Job, goal: Goal, trigger: Trigger) -> Flow {
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

    /// The request that a command waits for has ended.
    pub(super) fn on_job_answer(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        answer: Answer,
    ) -> Flow {
        self.suspect(cx, &answer);
        match core::mem::replace(&mut job.step, Step::Waiting) {
            Step::Proving { .. } => self.on_proved(cx, job, answer),
            Step::ReadingCalls { epoch, .. } => self.on_calls_read(cx, job, answer, epoch),
            Step::ReadingReasons { .. } => self.on_reasons_read(cx, job, answer),
            Step::Reading { .. } => self.on_read(cx, job, answer),
            Step::Asked {
                request,
                goal,
                is_met,
                ..
            } => match answer {
                Answer::Refused(refused) => {
                    if job.verb() == Verb::Login && is_wrong_password(&refused) {
                        let cause = Refusal::of(&refused).cause;
                        return self.refuse_password(cx, job, cause.as_str());
                    }
                    self.refuse(cx, job, Refusal::of(&refused))
                }
                _ if is_met => self.fulfil(cx, job, &goal),
                Answer::None { reason, text } => {
                    if cx.is_ending {
                        return self.refuse(cx, job, Refusal::of_silence(reason, &text));
                    }
                    self.reread(cx, job, goal, Trigger::Last)
                }
                Answer::Accepted
                | Answer::System(_)
                | Answer::User(_)
                | Answer::Calls(_)
                | Answer::Reasons(_) => {
                    // Seen: a LOGIN of a signed-in agent changes nothing, so nothing is published.
                    if matches!(goal, Goal::SignedIn(_)) && goal.is_met(&self.model) {
                        return self.reread(cx, job, goal, Trigger::Silence);
                    }
                    let reread_at = Some(cx.now + cx.config.timing.settle);
                    Flow::To(Step::Asked {
                        request,
                        goal,
                        is_accepted: true,
                        is_met,
                        reread_at,
                    })
                }
            },
            Step::Rereading { goal, trigger, .. } => self.on_reread(cx, job, answer, goal, trigger),
            step @ (Step::Waiting | Step::Subscribing | Step::Refusing { .. }) => Flow::To(step),
        }
    }

    fn on_reread(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        answer: Answer,
        goal: Goal,
        trigger: Trigger,
    ) -> Flow {
        let changes: Changes = match answer {
            Answer::User(user) => self.model.apply_user(user),
            Answer::Calls(calls) => self.model.replace_dialogs(calls),
            Answer::Refused(refused) => return self.refuse(cx, job, Refusal::of(&refused)),
            Answer::None { reason, text } => {
                return self.refuse(cx, job, Refusal::of_silence(reason, &text));
            }
            Answer::Accepted | Answer::System(_) | Answer::Reasons(_) => Changes::new(),
        };
        if goal.is_met(&self.model) {
            let about = goal.dialog(&self.model);
            let correlation = job.sender.correlation.clone();
            job.is_answered |=
                self.tell_changes(cx, &changes, correlation.as_ref(), about.as_ref());
            return self.fulfil(cx, job, &goal);
        }
        self.tell_changes(cx, &changes, None, None);
        let user = self.model.user();
        if let Goal::SignedIn(wanted) = &goal
            && user.is_signed_in()
            && user.extension.as_ref().is_some_and(|line| line != wanted)
        {
            let text = "The agent is signed in on another extension.";
            return self.refuse(cx, job, Refusal::new(ErrorCode::WrongExtension, text));
        }
        if let Goal::Party(dialog, _) = &goal
            && self.model.dialog(dialog).is_none()
        {
            return self.refuse(cx, job, no_call(dialog));
        }
        if self.takes_effect_later(&goal) {
            return self.fulfil(cx, job, &goal);
        }
        match (trigger, job.asked) {
            (Trigger::Silence, Some(request)) => Flow::To(Step::Asked {
                request,
                goal,
                is_accepted: true,
                is_met: false,
                reread_at: None,
            }),
            _ => {
                Counters::add(&mut cx.out.counters.timeouts);
                self.refuse(
                    cx,
                    job,
                    Refusal::timeout().because("accepted, but no effect was seen"),
                )
            }
        }
    }

    /// A change that Finesse keeps until the call ends: it may publish nothing before.
    fn takes_effect_later(&self, goal: &Goal) -> bool {
        let intent = match goal {
            Goal::State(AgentState::Ready, _) => Intent::BeReady,
            Goal::State(AgentState::NotReady, _) => Intent::BeNotReady,
            _ => return false,
        };
        self.model.allows(&intent) == Ok(Permit::WhenCallEnds)
    }

    fn on_reasons_read(&mut self, cx: &mut Context<'_>, job: &mut Job, answer: Answer) -> Flow {
        match answer {
            Answer::Reasons(reasons) => {
                let code = match &job.command {
                    Command::MakeNotReadyWithReason { code } => code.clone(),
                    _ => Text::default(),
                };
                let known = find(&reasons, &code);
                self.reasons = Some((reasons, cx.now));
                self.not_ready_with(cx, job, known, &code)
            }
            other => self.refuse_by(cx, job, other),
        }
    }

    fn on_read(&mut self, cx: &mut Context<'_>, job: &mut Job, answer: Answer) -> Flow {
        match answer {
            Answer::User(user) => {
                self.model.apply_user(user);
                self.tell_state(cx, job.correlation(), true);
                done(cx)
            }
            Answer::Calls(calls) => {
                let changes = self.model.replace_dialogs(calls);
                self.tell_changes(cx, &changes, None, None);
                if let Some(dialog) = job.dialog().cloned() {
                    self.tell_dialog(cx, job, &dialog);
                }
                done(cx)
            }
            other => self.refuse_by(cx, job, other),
        }
    }

    /// Ends a query by what came in place of its answer.
    fn refuse_by(&mut self, cx: &mut Context<'_>, job: &Job, answer: Answer) -> Flow {
        let refusal = match answer {
            Answer::Refused(refused) => Refusal::of(&refused),
            Answer::None { reason, text } => Refusal::of_silence(reason, &text),
            Answer::Accepted
            | Answer::System(_)
            | Answer::User(_)
            | Answer::Calls(_)
            | Answer::Reasons(_) => Refusal::new(
                ErrorCode::GeneralError,
                "Finesse's answer cannot be understood.",
            ),
        };
        self.refuse(cx, job, refusal)
    }

    fn tell_dialog(&mut self, cx: &mut Context<'_>, job: &Job, dialog: &DialogId) {
        let own = self.model.user().extension.as_ref();
        let call = match self.model.dialog(dialog) {
            Some(dialog) => Call::from_dialog(dialog, own, &cx.config.layout),
            None => Call::not_found(dialog.clone()),
        };
        self.tell(cx, Event::DialogState(call), job.correlation());
    }

    /// The goal of a command is met: tells what its row promises, unless an event did.
    pub(super) fn fulfil(&mut self, cx: &mut Context<'_>, job: &Job, goal: &Goal) -> Flow {
        match job.verb() {
            Verb::Login => return self.read_calls(cx, job),
            Verb::Logout | Verb::MakeReady | Verb::MakeNotReady | Verb::MakeNotReadyWithReason => {
                if !job.is_answered {
                    self.tell_state(cx, job.correlation(), true);
                }
            }
            _ => {
                let dialog = goal.dialog(&self.model);
                if let Some(dialog) = dialog.filter(|_| !job.is_answered) {
                    self.tell_call(cx, &dialog, job.correlation(), true);
                }
            }
        }
        done(cx)
    }

    /// The time of a command's step is over.
    pub(super) fn on_job_due(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let is_last = job.deadline <= cx.now;
        match core::mem::replace(&mut job.step, Step::Waiting) {
            Step::Refusing { refusal, .. } => self.refuse(cx, job, refusal),
            Step::Waiting => self.refuse_entry(cx, job, Refusal::out_of_service()),
            Step::Subscribing => {
                if self.subscription == Subscription::Opening {
                    cx.out
                        .effects
                        .push_back(Effect::Unsubscribe(self.agent.clone()));
                    self.set_subscription(cx, Subscription::None);
                }
                let refusal = Refusal::new(
                    ErrorCode::OutOfService,
                    "Finesse's notification service cannot be reached.",
                );
                self.refuse_entry(cx, job, refusal)
            }
            Step::Asked { goal, is_met, .. } => {
                if is_met {
                    return self.fulfil(cx, job, &goal);
                }
                if !is_last {
                    return self.reread(cx, job, goal, Trigger::Silence);
                }
                if cx.is_ending {
                    return self.refuse(cx, job, Refusal::timeout());
                }
                job.deadline = cx.now + cx.config.timing.request;
                self.reread(cx, job, goal, Trigger::Last)
            }
            Step::ReadingCalls { .. } => {
                self.retry_resync(cx);
                self.deliver(cx, job)
            }
            Step::Proving { .. }
            | Step::ReadingReasons { .. }
            | Step::Reading { .. }
            | Step::Rereading { .. } => {
                Counters::add(&mut cx.out.counters.timeouts);
                self.refuse_entry(cx, job, Refusal::timeout())
            }
        }
    }
}

fn find(reasons: &[ReasonCode], code: &Text) -> Option<Text> {
    reasons
        .iter()
        .find(|reason| reason.code == *code)
        .map(|reason| reason.id.clone())
}

fn not_signed_in() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "The agent is not signed in.")
}

fn no_call(dialog: &DialogId) -> Refusal {
    let text = alloc::format!("There is no call {dialog:.64}.");
    Refusal::new(ErrorCode::NotFound, &text)
}
