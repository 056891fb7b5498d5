//! The queues of an agent: a command is taken on, waits for its turn, and ends.

use super::Counters;
use super::effect::{Addressee, Note};
use super::entry::done;
use super::job::{Flow, Job, LaneId, Step};
use super::outbound::{Context, Sender};
use super::refusal::Refusal;
use super::session::Session;
use super::status::Subscription;
use crate::agent::{AgentId, Text};
use crate::contract::{Command, ErrorCode, Event, Verb};
use crate::machine::Instant;
use alloc::format;

impl Session {
    /// Takes a command on; it ends in what its row of the contract says, or in one error.
    pub(super) fn accept(&mut self, cx: &mut Context<'_>, command: Command, sender: Sender) {
        self.accept_for(cx, None, command, sender);
    }

    /// As [`accept`](Self::accept); with a `member` of the own teams, it is about that agent.
    pub(super) fn accept_for(
        &mut self,
        cx: &mut Context<'_>,
        member: Option<AgentId>,
        command: Command,
        sender: Sender,
    ) {
        self.serial = self.serial.wrapping_add(1);
        let job = Job {
            serial: self.serial,
            sender,
            since: cx.now,
            deadline: cx.now + cx.config.timing.command,
            step: Step::Waiting,
            password: None,
            asked: None,
            asked_at: None,
            answered_at: None,
            is_answered: false,
            command,
            member,
        };
        let Some(lane) = lane_of(job.verb()) else {
            let text = "This command is not supported.";
            self.refuse(cx, &job, Refusal::new(ErrorCode::NotSupported, text));
            return;
        };
        if self.lane(lane).len() >= cx.config.limits.commands_per_agent {
            let text = "Too many commands of this agent are waiting.";
            self.refuse(cx, &job, Refusal::new(ErrorCode::GeneralError, text));
            return;
        }
        self.lane(lane).queue.push_back(job);
        self.pump(cx);
    }

    /// Something of this session is due.
    pub(super) fn on_timeout(&mut self, cx: &mut Context<'_>) {
        for lane in LaneId::ALL {
            while self
                .lane(lane)
                .queue
                .front()
                .is_some_and(|job| job.deadline <= cx.now)
            {
                if let Some(job) = self.lane(lane).queue.pop_front() {
                    Counters::add(&mut cx.out.counters.timeouts);
                    self.refuse(
                        cx,
                        &job,
                        Refusal::timeout().because("its turn did not come"),
                    );
                }
            }
            if self
                .lane(lane)
                .current
                .as_ref()
                .is_some_and(|job| job.due() <= cx.now)
                && let Some(mut job) = self.lane(lane).current.take()
            {
                let flow = self.on_job_due(cx, &mut job);
                self.settle(cx, lane, job, flow);
            }
        }
        self.end_faded(cx);
        self.on_move_due(cx);
        self.on_resync_due(cx);
        if self.retire_at.is_some_and(|at| at <= cx.now) {
            self.retire(cx);
        }
        self.pump(cx);
    }

    /// Ends what has not begun; what is under way gets until `deadline`.
    pub(super) fn end(&mut self, cx: &mut Context<'_>, deadline: Instant) {
        for lane in LaneId::ALL {
            while let Some(job) = self.lane(lane).queue.pop_front() {
                let text = "The connector is ending.";
                self.refuse(cx, &job, Refusal::new(ErrorCode::OutOfService, text));
            }
            if let Some(job) = &mut self.lane(lane).current {
                job.deadline = job.deadline.min(deadline);
            }
        }
        while let Some((_, job)) = self.fading.pop_front() {
            self.end_faded_one(cx, &job);
        }
    }

    /// Another connector has taken over: commands end, the agent is given up.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        for lane in [LaneId::User, LaneId::Device, LaneId::Lists] {
            let current = self.lane(lane).current.take();
            let waiting = core::mem::take(&mut self.lane(lane).queue);
            for job in current.into_iter().chain(waiting) {
                let text = "Another connector has taken over.";
                self.refuse(cx, &job, Refusal::new(ErrorCode::OutOfService, text));
            }
        }
        self.bound = None;
        self.candidate = None;
        self.claims.clear();
        if self.subscription != Subscription::None {
            self.retire(cx);
        }
        self.fading.clear();
        self.is_live = false;
    }

    /// Begins what can begin, until nothing moves.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>) {
        loop {
            let mut moved = false;
            for lane in LaneId::ALL {
                if self.may_begin(lane)
                    && let Some(mut job) = self.lane(lane).queue.pop_front()
                {
                    let flow = self.begin(cx, &mut job);
                    self.settle(cx, lane, job, flow);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        self.plan_retirement(cx);
    }

    /// A call command waits for a sign-in that came before it: it decides on the line.
    fn may_begin(&self, lane: LaneId) -> bool {
        match lane {
            LaneId::User => self.user.current.is_none(),
            LaneId::Device | LaneId::Lists => {
                let lane = match lane {
                    LaneId::Lists => &self.lists,
                    LaneId::User | LaneId::Device => &self.device,
                };
                let Some(first) = lane.queue.front() else {
                    return false;
                };
                let entered = |job: &Job| job.is_entry() && job.serial < first.serial;
                lane.current.is_none() && !self.user.iter().any(entered)
            }
        }
    }

    pub(super) fn settle(&mut self, cx: &mut Context<'_>, lane: LaneId, mut job: Job, flow: Flow) {
        match flow {
            Flow::To(step) => {
                if matches!(step, Step::Asked { .. } | Step::Reading { .. }) {
                    job.asked_at.get_or_insert(cx.now);
                }
                job.step = step;
                self.lane(lane).current = Some(job);
            }
            Flow::Fades(until) => self.fading.push_back((until, job)),
            Flow::Ended => self.note_done(cx, &job, cx.now),
            Flow::Refused => {}
        }
    }

    fn note_done(&self, cx: &mut Context<'_>, job: &Job, end: Instant) {
        let agent = self.agent.clone();
        let verb = format!("{:?}", job.verb()).into();
        let spent = job.spent(end);
        cx.out.note(Note::CommandDone { agent, verb, spent });
    }

    /// A command without a visible effect, which nothing was heard against: it was done when it was accepted.
    pub(super) fn end_faded_one(&self, cx: &mut Context<'_>, job: &Job) {
        done(cx);
        self.note_done(cx, job, job.answered_at.unwrap_or(cx.now));
    }

    /// Ends a command by an error: to the agent's destination, else to who sent it, else nobody.
    pub(super) fn refuse(&mut self, cx: &mut Context<'_>, job: &Job, refusal: Refusal) -> Flow {
        Counters::add(&mut cx.out.counters.commands_failed);
        let verb: Text = format!("{:?}", job.verb()).into();
        let (agent, code) = (self.agent.clone(), refusal.code.clone());
        cx.out.note(Note::CommandFailed {
            agent,
            verb,
            code,
            cause: refusal.cause.clone(),
            spent: job.spent(cx.now),
        });
        let named = job
            .sender
            .named
            .clone()
            .or_else(|| self.destination().cloned());
        let reply_to = || job.sender.reply_to.clone().map(Addressee::ReplyTo);
        match named.map(Addressee::Driver).or_else(reply_to) {
            Some(to) => {
                let event = match job.verb() {
                    Verb::DropParticipant if refusal.is_finesses => {
                        Event::control(refusal.code, refusal.text)
                    }
                    _ => Event::error(refusal.code, refusal.text),
                };
                cx.publish(to, self.agent.clone(), event, job.correlation());
            }
            None => Counters::add(&mut cx.out.counters.commands_dropped),
        }
        Flow::Refused
    }
}

/// Which object a command is about; `None` for what is no agent's.
fn lane_of(verb: Verb) -> Option<LaneId> {
    match verb {
        Verb::Hello | Verb::Beat => None,
        Verb::Connect
        | Verb::Login
        | Verb::MobileAgentLogin
        | Verb::Logout
        | Verb::LogoutWithReason
        | Verb::ForceLogout
        | Verb::AgentAbruptDisconnect
        | Verb::MakeReady
        | Verb::MakeNotReady
        | Verb::MakeNotReadyWithReason
        | Verb::MakeWorkReady
        | Verb::MakeWorkNotReady
        | Verb::GetState => Some(LaneId::User),
        Verb::MakeCall
        | Verb::AnswerCall
        | Verb::HoldCall
        | Verb::RetrieveCall
        | Verb::ReleaseCall
        | Verb::TransferSst
        | Verb::ConsultCall
        | Verb::TransferCall
        | Verb::ConferenceCall
        | Verb::SendDtmf
        | Verb::UpdateCallData
        | Verb::UpdateWrapup
        | Verb::GetDialogState
        | Verb::GetDialogControls
        | Verb::AcceptCall
        | Verb::RejectCall
        | Verb::CloseCall
        | Verb::StartRecording
        | Verb::SilentMonitor
        | Verb::EndSilentMonitor
        | Verb::BargeIn
        | Verb::DropParticipant => Some(LaneId::Device),
        Verb::WrapUpReasonCodes
        | Verb::LogoutReasonCodes
        | Verb::NotReadyReasonCodes
        | Verb::GetQueueList
        | Verb::GetTeamUsers
        | Verb::GetPhonebooks
        | Verb::GetTeamPhonebooks
        | Verb::GetPhonebookContacts => Some(LaneId::Lists),
    }
}
