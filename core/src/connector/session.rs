//! One agent: where its events go, what is known of it, and the commands under way.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempts::Attempts;
use super::calls::Legs;
use super::effect::{Addressee, Effect, Mobile, Note};
use super::entry::done;
use super::job::{Flow, Job, Lane, LaneId, Step};
use super::outbound::{Context, Sender};
use super::reading::Resync;
use super::refusal::Refusal;
use super::signal::{About, NodeId, ReasonCode, RequestId, Update};
use super::status::{SUBSCRIPTION, Subscription};
use super::teams::Members;
use super::{Answer, Counters, Fact};
use crate::agent::{AgentId, AgentModel, AgentState, Changes, DialogId, Platform, Text, User};
use crate::contract::{
    AgentStatus, Call, Command, Destination, ErrorCode, Event, ReasonCategory, Verb,
};
use crate::machine::{CloseReason, Instant, Party};
use crate::password::Secret;

/// What the connector holds of one agent.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) agent: AgentId,
    /// Where events go; given only to who proved the password.
    pub(super) bound: Option<Destination>,
    /// Where the last unproven Connect came from: errors go there while nothing is bound.
    pub(super) candidate: Option<Destination>,
    /// Unproven destinations among which a login may choose, if there is just one.
    pub(super) claims: Vec<Destination>,
    /// The password that Finesse accepted last.
    pub(super) held: Option<Secret>,
    /// Whether it is a bearer token of single sign-on.
    pub(super) is_token: bool,
    pub(super) node: NodeId,
    pub(super) subscription: Subscription,
    pub(super) since: Instant,
    pub(super) model: AgentModel,
    /// A login was answered: what changes is told.
    pub(super) is_live: bool,
    /// What is known is what Finesse says: notifications have not stopped since it was read.
    pub(super) is_fresh: bool,
    /// Events were lost because the broker was gone.
    pub(super) is_untold: bool,
    pub(super) told_state: Option<AgentStatus>,
    pub(super) told_calls: BTreeMap<DialogId, Call>,
    /// Ends of calls that could not be told.
    pub(super) lost_ends: Vec<Call>,
    /// When an event was last handed to the broker.
    pub(super) told_at: Option<Instant>,
    /// The last calls whose ends were handed to the broker, and when.
    pub(super) told_ends: VecDeque<(Instant, Call)>,
    pub(super) user: Lane,
    pub(super) device: Lane,
    pub(super) attempts: Attempts,
    pub(super) resync: Resync,
    /// Counts notifications about calls: tells whether a read of them was overtaken.
    pub(super) epoch: u64,
    pub(super) reasons: BTreeMap<ReasonCategory, (Vec<ReasonCode>, Instant)>,
    /// How the agent was last signed in as a mobile one.
    pub(super) mobile: Option<Mobile>,
    /// Calls that are told otherwise than calls are.
    pub(super) legs: Legs,
    /// What a supervisor knows of the agents of the own teams.
    pub(super) members: Members,
    lists: Lane,
    /// Accepted commands without a visible effect, for failures that come late.
    fading: VecDeque<(Instant, Job)>,
    pub(super) retire_at: Option<Instant>,
    /// When it moves to another server.
    pub(super) move_at: Option<Instant>,
    /// When it looks whether it can move back to an earlier server.
    pub(super) return_at: Option<Instant>,
    /// Another server than the one it was signed in on is used: sign in there.
    pub(super) signs_in_again: bool,
    /// Until when a sign-out nobody asked for is doubted.
    pub(super) doubt_until: Option<Instant>,
    items: VecDeque<Text>,
    serial: u64,
}

impl Session {
    pub(super) fn new(agent: AgentId, now: Instant) -> Self {
        Self {
            bound: None,
            candidate: None,
            claims: Vec::new(),
            held: None,
            is_token: false,
            node: NodeId(0),
            subscription: Subscription::None,
            since: now,
            model: AgentModel::new(agent.clone(), Platform::Ucce),
            agent,
            is_live: false,
            is_fresh: false,
            is_untold: false,
            told_state: None,
            told_calls: BTreeMap::new(),
            lost_ends: Vec::new(),
            told_at: None,
            told_ends: VecDeque::new(),
            user: Lane::default(),
            device: Lane::default(),
            attempts: Attempts::default(),
            resync: Resync::Idle,
            epoch: 0,
            reasons: BTreeMap::new(),
            mobile: None,
            legs: Legs::default(),
            members: Members::default(),
            lists: Lane::default(),
            fading: VecDeque::new(),
            retire_at: None,
            move_at: None,
            return_at: None,
            signs_in_again: false,
            doubt_until: None,
            items: VecDeque::new(),
            serial: 0,
        }
    }

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

    /// A request of this session has ended; `false` when nothing waits for it.
    pub(super) fn on_answer(
        &mut self,
        cx: &mut Context<'_>,
        request: RequestId,
        answer: Answer,
    ) -> bool {
        if self.resync.request() == Some(request) {
            self.on_resync_answer(cx, answer);
            self.pump(cx);
            return true;
        }
        for lane in LaneId::ALL {
            let waits = self.lane(lane).current.as_ref().and_then(Job::request) == Some(request);
            if waits && let Some(mut job) = self.lane(lane).current.take() {
                let flow = self.on_job_answer(cx, &mut job, answer);
                self.settle(lane, job, flow);
                self.pump(cx);
                return true;
            }
        }
        false
    }

    /// Finesse published something to this agent.
    pub(super) fn on_update(&mut self, cx: &mut Context<'_>, update: Update) {
        if let Some(item) = update.item {
            if self.items.contains(&item) {
                Counters::add(&mut cx.out.counters.duplicates);
                return;
            }
            while self.items.len() >= cx.config.limits.remembered_items {
                self.items.pop_front();
            }
            self.items.push_back(item);
        }
        match update.fact {
            Fact::User(user) if self.doubts(cx, &user) => {
                self.is_fresh = false;
                self.begin_resync(cx);
            }
            Fact::User(user) if user.id == self.agent => {
                let changes = self.model.apply_user(user);
                self.after(cx, &changes, LaneId::User);
            }
            Fact::Calls(calls) => {
                self.epoch = self.epoch.wrapping_add(1);
                let mut changes = Changes::new();
                for call in calls {
                    changes.extend(self.model.apply_dialog(call));
                }
                self.after(cx, &changes, LaneId::Device);
            }
            Fact::CallsRemoved(calls) => {
                self.epoch = self.epoch.wrapping_add(1);
                let mut changes = Changes::new();
                for call in calls {
                    changes.extend(self.model.remove_dialog(&call.id));
                }
                self.after(cx, &changes, LaneId::Device);
            }
            Fact::Members(users) => self.on_members(cx, users),
            Fact::Failed { about, refused } => {
                let refusal = Refusal::of(&refused);
                if let Some(lane) = self.failed_lane(update.request, &about) {
                    self.fail_current(cx, lane, refusal);
                } else if let Some(job) = self.take_faded(update.request, &about) {
                    self.refuse(cx, &job, refusal);
                } else {
                    Counters::add(&mut cx.out.counters.unrelated);
                }
            }
            Fact::User(_) | Fact::System(_) | Fact::Other(_) => {
                Counters::add(&mut cx.out.counters.unrelated);
            }
        }
        self.pump(cx);
    }

    /// Whether this may be the stray sign-out that the server used before still sends after the
    /// agent has signed in on another one (Seen: with reason id -1). A read tells.
    fn doubts(&self, cx: &Context<'_>, user: &User) -> bool {
        let is_asked_for = self.user.current.as_ref().is_some_and(|job| {
            let verb = job.verb();
            matches!(
                verb,
                Verb::Logout
                    | Verb::LogoutWithReason
                    | Verb::ForceLogout
                    | Verb::AgentAbruptDisconnect
            )
        });
        user.id == self.agent
            && user.state == AgentState::Logout
            && user
                .reason
                .as_ref()
                .is_none_or(|reason| reason.id.is_none())
            && self.doubt_until.is_some_and(|until| cx.now < until)
            && !is_asked_for
    }

    fn trace_notifications(&self, cx: &mut Context<'_>, subject: &str, detail: String) {
        let (from, to) = (Party::Finesse, Party::Connector);
        cx.out
            .trace(from, to, Some(&self.agent), subject.into(), detail);
    }

    /// The command that a failure is about: by request id, else by source, for one command per
    /// object is under way (Seen: failures come without the request's id).
    fn failed_lane(&mut self, request: Option<RequestId>, about: &About) -> Option<LaneId> {
        let asked = |lane: &Lane| {
            lane.current
                .as_ref()
                .filter(|job| job.goal().is_some())
                .and_then(|job| job.asked)
        };
        let (user, device) = (asked(&self.user), asked(&self.device));
        if let Some(request) = request {
            return match Some(request) {
                id if id == user => Some(LaneId::User),
                id if id == device => Some(LaneId::Device),
                _ => None,
            };
        }
        match about {
            About::User => user.map(|_| LaneId::User),
            About::Calls => device.map(|_| LaneId::Device),
            About::Call(dialog) => {
                let job = self.device.current.as_ref()?;
                let is_ours = job.dialog().is_none_or(|ours| ours == dialog);
                device.filter(|_| is_ours).map(|_| LaneId::Device)
            }
            About::Other => None,
        }
    }

    fn fail_current(&mut self, cx: &mut Context<'_>, lane: LaneId, refusal: Refusal) {
        if let Some(mut job) = self.lane(lane).current.take() {
            let flow = match job.goal().cloned() {
                Some(goal) => self.refuse_step(cx, &mut job, &goal, refusal),
                None => self.refuse(cx, &job, refusal),
            };
            self.settle(lane, job, flow);
        }
    }

    /// The faded command that a late failure is about.
    fn take_faded(&mut self, request: Option<RequestId>, about: &About) -> Option<Job> {
        let is_meant = |job: &Job| match request {
            Some(_) => job.asked == request,
            None => match about {
                About::Call(dialog) => job.dialog() == Some(dialog),
                _ => false,
            },
        };
        let at = self.fading.iter().position(|(_, job)| is_meant(job))?;
        self.fading.remove(at).map(|(_, job)| job)
    }

    /// A command without a visible effect was accepted.
    pub(super) fn fade(&mut self, cx: &mut Context<'_>) -> Flow {
        if self.fading.len() >= cx.config.limits.commands_per_agent
            && self.fading.pop_front().is_some()
        {
            done(cx);
        }
        Flow::Fades(cx.now + cx.config.timing.settle)
    }

    fn end_faded(&mut self, cx: &mut Context<'_>) {
        while self.fading.front().is_some_and(|(at, _)| *at <= cx.now) {
            self.fading.pop_front();
            done(cx);
        }
    }

    /// The agent's notifications flow.
    pub(super) fn on_subscription_up(&mut self, cx: &mut Context<'_>) {
        if self.subscription == Subscription::None {
            return;
        }
        let was_up = self.subscription == Subscription::Up;
        self.set_subscription(cx, Subscription::Up);
        self.trace_notifications(cx, "notifications flow", String::new());
        self.follow_again(cx);
        let entry = self
            .user
            .current
            .as_ref()
            .is_some_and(|job| matches!(job.step, Step::Subscribing));
        if entry && let Some(mut job) = self.user.current.take() {
            let flow = self.enter(cx, &mut job);
            self.settle(LaneId::User, job, flow);
        }
        if self.is_live && !(was_up && self.is_fresh) {
            self.begin_resync(cx);
        }
        self.pump(cx);
    }

    /// The agent's notifications have stopped, or an attempt has failed.
    pub(super) fn on_subscription_down(
        &mut self,
        cx: &mut Context<'_>,
        reason: &CloseReason,
        retries: bool,
    ) {
        if self.subscription == Subscription::None {
            return;
        }
        let next = if retries {
            Subscription::Down
        } else {
            Subscription::None
        };
        self.trace_notifications(cx, "no notifications", format!("{reason}"));
        let was_up = self.subscription == Subscription::Up;
        self.set_subscription(cx, next);
        self.is_fresh = false;
        self.resync = Resync::Idle;
        if was_up {
            let why: Text = format!("{reason}").into();
            cx.out.note(Note::AgentStale {
                agent: self.agent.clone(),
                why,
            });
            cx.out.suspects.push_back(self.node);
        }
        let waits = self
            .user
            .current
            .as_ref()
            .is_some_and(|job| matches!(job.step, Step::Subscribing));
        if !retries {
            cx.out
                .effects
                .push_back(Effect::Unsubscribe(self.agent.clone()));
            self.held = None;
            if waits {
                let text = "The agent's notifications could not be subscribed.";
                let refusal = Refusal::new(ErrorCode::SubscriptionFailed, text)
                    .because(format!("notification service: {reason}"));
                self.fail_current(cx, LaneId::User, refusal);
            } else if self.is_live {
                // Only the driver has the password: it has to connect the agent again.
                self.is_live = false;
                // Not addressed to the agent: that would say that another driver has it now.
                if let Some(destination) = self.destination().cloned() {
                    let event = Event::System(crate::contract::SystemStatus::Reconnect);
                    cx.publish(
                        Addressee::Driver(destination),
                        AgentId::default(),
                        event,
                        None,
                    );
                }
            }
        }
        self.pump(cx);
    }

    /// Finesse serves, or no longer does, or another server has to be used.
    pub(super) fn on_service_changed(&mut self, cx: &mut Context<'_>) {
        self.follow_service(cx);
        for lane in LaneId::ALL {
            let waits = |job: &Job| matches!(job.step, Step::Waiting);
            if self.lane(lane).current.as_ref().is_some_and(waits)
                && let Some(mut job) = self.lane(lane).current.take()
            {
                let flow = self.begin(cx, &mut job);
                self.settle(lane, job, flow);
            }
        }
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
                self.settle(lane, job, flow);
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
        while self.fading.pop_front().is_some() {
            done(cx);
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

    /// When something of it is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = [
            self.user.deadline(),
            self.device.deadline(),
            self.lists.deadline(),
            self.fading.front().map(|(at, _)| *at),
            self.resync.due(),
            self.retire_at,
            self.move_at,
            self.return_at,
        ];
        due.into_iter().flatten().min()
    }

    /// Commands that wait or are under way.
    pub(super) fn commands(&self) -> usize {
        self.user.len() + self.device.len() + self.lists.len()
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.user.is_empty()
            || !self.device.is_empty()
            || !self.lists.is_empty()
            || !self.fading.is_empty()
    }

    /// Nothing would be lost with it but a binding that its driver makes anew.
    pub(super) fn is_dispensable(&self, cx: &Context<'_>) -> bool {
        !self.is_busy()
            && self.subscription == Subscription::None
            && self.attempts.is_clean(cx.now, cx.config)
    }

    /// Nothing but the memory of wrong passwords would be lost with it. Only when nothing else is
    /// dispensable: junk must not keep agents out, and Finesse counts wrong passwords too.
    pub(super) fn is_junk(&self) -> bool {
        !self.is_busy() && self.subscription == Subscription::None && self.bound.is_none()
    }

    /// Where its driver listens.
    pub(super) fn destination(&self) -> Option<&Destination> {
        self.bound.as_ref().or(self.candidate.as_ref())
    }

    pub(super) fn lane(&mut self, lane: LaneId) -> &mut Lane {
        match lane {
            LaneId::User => &mut self.user,
            LaneId::Device => &mut self.device,
            LaneId::Lists => &mut self.lists,
        }
    }

    pub(super) fn set_subscription(&mut self, cx: &Context<'_>, next: Subscription) {
        if self.subscription != next {
            debug_assert!(
                SUBSCRIPTION.allows(&self.subscription, &next),
                "{:?} to {next:?}",
                self.subscription
            );
            self.subscription = next;
            self.since = cx.now;
        }
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
                    self.settle(lane, job, flow);
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

    pub(super) fn settle(&mut self, lane: LaneId, mut job: Job, flow: Flow) {
        match flow {
            Flow::To(step) => {
                job.step = step;
                self.lane(lane).current = Some(job);
            }
            Flow::Fades(until) => self.fading.push_back((until, job)),
            Flow::Ended => {}
        }
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
        Flow::Ended
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
