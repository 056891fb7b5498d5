//! How a command under way goes on: what an answer, a read or time make of it.

use super::Counters;
use super::effect::{Effect, Question};
use super::entry::{done, out_of_service};
use super::job::{Flow, Goal, Job, Step, Trigger};
use super::outbound::Context;
use super::reads::{Age, Shown};
use super::refusal::{Refusal, is_denied, is_wrong_password};
use super::session::Session;
use super::signal::{Answer, List};
use super::status::Subscription;
use super::work::{category_of, no_call};
use crate::agent::{AgentState, Changes, DialogId, Intent, Permit};
use crate::contract::{Call, Command, ErrorCode, Event, Verb};

impl Session {
    /// The request that a command waits for has ended.
    pub(super) fn on_job_answer(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        answer: Answer,
        age: Age,
    ) -> Flow {
        self.suspect(cx, &answer);
        if matches!(job.step, Step::Asked { .. } | Step::Reading { .. }) {
            job.answered_at.get_or_insert(cx.now);
        }
        match core::mem::replace(&mut job.step, Step::Waiting) {
            Step::Proving { .. } => self.on_proved(cx, job, answer, age),
            Step::ReadingCalls { .. } => self.on_calls_read(cx, job, answer, age),
            Step::ReadingReasons { .. } => self.on_reasons_read(cx, job, answer),
            Step::Reading { .. } => self.on_read(cx, job, answer, age),
            Step::Asked {
                request,
                goal,
                is_met,
                ..
            } => match answer {
                Answer::Refused(refused) => {
                    if job.is_login() && is_wrong_password(&refused) {
                        let cause = Refusal::of(&refused).cause;
                        return self.refuse_password(cx, job, cause.as_str());
                    }
                    self.refuse_step(cx, job, &goal, Refusal::of(&refused))
                }
                _ if is_met => self.fulfil(cx, job, &goal),
                Answer::None { reason, text } => {
                    if cx.is_ending || goal == Goal::Unseen {
                        return self.refuse(cx, job, Refusal::of_silence(reason, &text));
                    }
                    self.reread(cx, job, goal, Trigger::Last)
                }
                Answer::Accepted
                | Answer::System(_)
                | Answer::User(_)
                | Answer::Calls(_)
                | Answer::Reasons(_)
                | Answer::List(_) => {
                    if goal == Goal::Unseen {
                        return self.fade(cx);
                    }
                    // Seen: a LOGIN of a signed-in agent changes nothing, so nothing is published;
                    // nor is anything when the agent is in the wanted state already.
                    if goal.is_about_user() && goal.is_met(&self.model, &self.members) {
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
            Step::Rereading { goal, trigger, .. }
                if age == Age::Overtaken && Shown::of(&answer).is_some() =>
            {
                match goal.is_met(&self.model, &self.members) {
                    true => self.fulfil(cx, job, &goal),
                    false => self.reread(cx, job, goal, trigger),
                }
            }
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
            Answer::List(List::Members(users)) => {
                let member = job.member.as_ref();
                if let Some(team) = member.and_then(|member| self.members.team_of(member)) {
                    let answer = member
                        .cloned()
                        .map(|member| (member, job.correlation().cloned()));
                    job.is_answered |= self.meet_team(cx, &team, &users, |session| {
                        answer.filter(|_| goal.is_met(&session.model, &session.members))
                    });
                }
                Changes::new()
            }
            Answer::Accepted | Answer::System(_) | Answer::Reasons(_) | Answer::List(_) => {
                Changes::new()
            }
        };
        if goal.is_met(&self.model, &self.members) {
            let about = goal.dialog(&self.model);
            let call = about.as_ref();
            let call = call.filter(|call| self.model.dialog(call).is_some());
            self.legs.note(job.verb(), call);
            let is_half = Self::is_half_gone(cx, job, &goal);
            let correlation = job.sender.correlation.clone().filter(|_| !is_half);
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
        if let (Goal::Data(..), Trigger::Silence) = (&goal, trigger) {
            // Finesse says nothing of variables that it does not know.
            let text = "Finesse has not taken over the call's data.";
            return self.refuse(cx, job, Refusal::new(ErrorCode::GeneralError, text));
        }
        let is_nearly = trigger == Trigger::Last && goal.is_met_without_reason(&self.model);
        if is_nearly || self.takes_effect_later(&goal) {
            return self.fulfil(cx, job, &goal);
        }
        match (trigger, job.asked) {
            (Trigger::Silence, Some(request)) => Flow::To(Step::Asked {
                request,
                goal,
                is_accepted: true,
                is_met: false,
                // Ever longer waits: the next read is as far off as the command is old.
                reread_at: Some(cx.now + cx.now.since(job.since).max(cx.config.timing.settle)),
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
            Goal::State(AgentState::Work, _) => Intent::BeWork,
            Goal::State(AgentState::WorkReady, _) => Intent::BeWorkReady,
            _ => return false,
        };
        self.model.allows(&intent) == Ok(Permit::WhenCallEnds)
    }

    fn on_reasons_read(&mut self, cx: &mut Context<'_>, job: &mut Job, answer: Answer) -> Flow {
        match answer {
            Answer::Reasons(reasons) => {
                let category = category_of(&job.command);
                let flow = self.with_reasons(cx, job, &category, &reasons);
                self.reasons.insert(category, (reasons, cx.now));
                flow
            }
            other => self.refuse_by(cx, job, other),
        }
    }

    fn on_read(&mut self, cx: &mut Context<'_>, job: &mut Job, answer: Answer, age: Age) -> Flow {
        match answer {
            Answer::User(_) if age == Age::Overtaken => {
                let question = Question::User(self.agent.clone());
                self.read(cx, job, question)
            }
            Answer::Calls(_) if age == Age::Overtaken => {
                let question = Question::Calls(self.agent.clone());
                self.read(cx, job, question)
            }
            Answer::User(user) => {
                self.model.apply_user(user);
                self.tell_state(cx, job.correlation(), true);
                done(cx)
            }
            Answer::Calls(calls) => {
                let changes = self.model.replace_dialogs(calls);
                self.tell_changes(cx, &changes, None, None);
                if let Some(dialog) = job.dialog().cloned() {
                    return self.tell_dialog(cx, job, &dialog);
                }
                done(cx)
            }
            Answer::List(list) => self.tell_list(cx, job, list),
            Answer::Refused(refused) => {
                // A team that Finesse does not show takes up no room among those that are followed.
                if let Command::GetTeamUsers { team, .. } = &job.command
                    && is_denied(&refused)
                {
                    self.members.lose(team);
                }
                self.refuse(cx, job, Refusal::of(&refused))
            }
            other => self.refuse_by(cx, job, other),
        }
    }

    /// Ends a query by what came in place of its answer.
    pub(super) fn refuse_by(&mut self, cx: &mut Context<'_>, job: &Job, answer: Answer) -> Flow {
        let refusal = match answer {
            Answer::Refused(refused) => Refusal::of(&refused),
            Answer::None { reason, text } => Refusal::of_silence(reason, &text),
            Answer::Accepted
            | Answer::System(_)
            | Answer::User(_)
            | Answer::Calls(_)
            | Answer::Reasons(_)
            | Answer::List(_) => Refusal::new(
                ErrorCode::GeneralError,
                "Finesse's answer cannot be understood.",
            ),
        };
        self.refuse(cx, job, refusal)
    }

    /// Answers a question about a call.
    pub(super) fn tell_dialog(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        dialog: &DialogId,
    ) -> Flow {
        let own = self.model.user().extension.as_ref();
        let known = self.model.dialog(dialog);
        let event = match (known, job.verb()) {
            (Some(known), Verb::GetDialogControls) => Event::dialog_controls(known, own),
            (None, Verb::GetDialogControls) => return self.refuse(cx, job, no_call(dialog)),
            (Some(known), _) => Event::DialogState(self.describe(known, &cx.config.layout)),
            (None, _) => Event::DialogState(Call::not_found(dialog.clone())),
        };
        self.tell(cx, event, job.correlation());
        done(cx)
    }

    /// The goal of a command is met: tells what its row promises, unless an event did.
    pub(super) fn fulfil(&mut self, cx: &mut Context<'_>, job: &mut Job, goal: &Goal) -> Flow {
        if let Some(flow) = self.goes_on_leaving(cx, job, goal) {
            return flow;
        }
        match job.verb() {
            Verb::Login | Verb::MobileAgentLogin => return self.read_calls(cx, job),
            _ if job.member.is_some() => {
                if !job.is_answered {
                    self.tell_member_of(cx, job);
                }
            }
            Verb::Logout
            | Verb::LogoutWithReason
            | Verb::ForceLogout
            | Verb::AgentAbruptDisconnect
            | Verb::MakeReady
            | Verb::MakeNotReady
            | Verb::MakeNotReadyWithReason
            | Verb::MakeWorkReady
            | Verb::MakeWorkNotReady => {
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
            Step::Waiting => {
                let refusal = out_of_service(cx);
                self.refuse_entry(cx, job, refusal)
            }
            Step::Subscribing => {
                if self.subscription == Subscription::Opening {
                    cx.out
                        .effects
                        .push_back(Effect::Unsubscribe(self.agent.clone()));
                    self.set_subscription(cx, Subscription::None);
                }
                let code = match job.command {
                    Command::Connect { .. } => ErrorCode::SubscriptionFailed,
                    _ => ErrorCode::OutOfService,
                };
                let text = "Finesse's notification service cannot be reached.";
                let cause = self.trouble.clone().unwrap_or_else(|| text.into());
                let refusal = Refusal::new(code, text).because(cause);
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
