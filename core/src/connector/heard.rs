//! What Finesse answers and publishes, and the command that it is about.

use super::job::{Flow, Job, Lane, LaneId, Step};
use super::outbound::Context;
use super::reading::Resync;
use super::reads::{Age, Shown};
use super::refusal::{Refusal, is_stale_password};
use super::session::Session;
use super::signal::{About, List, RequestId, Update};
use super::{Answer, Counters, Fact};
use crate::agent::{AgentState, Changes, User};
use crate::contract::Verb;

impl Session {
    /// A request of this session has ended; `false` when nothing waits for it.
    pub(super) fn on_answer(
        &mut self,
        cx: &mut Context<'_>,
        request: RequestId,
        mut answer: Answer,
    ) -> bool {
        let is_resync = self.resync.request() == Some(request);
        let age = self.reads.end(request);
        let members = match &mut answer {
            Answer::List(List::Members(users)) => Some(users),
            _ => None,
        };
        self.team_reads.end(request, members);
        if let (Answer::User(user), Age::Current) = (&answer, age) {
            // It is how things are, whatever time Finesse's clock gives it.
            self.model.trust_clock_of(user);
        }
        if self.is_proof_against_held(&answer, request) {
            self.lose_password(cx);
        }
        if is_resync && self.held.is_none() {
            self.pump(cx);
            return true;
        }
        if is_resync {
            self.on_resync_answer(cx, answer, age);
            self.pump(cx);
            return true;
        }
        for lane in LaneId::ALL {
            let waits = self.lane(lane).current.as_ref().and_then(Job::request) == Some(request);
            if waits && let Some(mut job) = self.lane(lane).current.take() {
                let flow = self.on_job_answer(cx, &mut job, answer, age);
                self.settle(cx, lane, job, flow);
                self.pump(cx);
                return true;
            }
        }
        false
    }

    /// Whether Finesse has refused the password that it accepted before: it was changed, or the
    /// token is over. The read that proves a new password says nothing of the one that is held.
    fn is_proof_against_held(&self, answer: &Answer, request: RequestId) -> bool {
        let proves = |job: &Job| matches!(job.step, Step::Proving { .. });
        let is_proving = self
            .user
            .current
            .as_ref()
            .is_some_and(|job| proves(job) && job.request() == Some(request));
        !is_proving && matches!(answer, Answer::Refused(refused) if is_stale_password(refused))
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
            Fact::User(user) if self.doubts(&user) => {
                self.reads.overtake(Shown::User);
                self.is_fresh = false;
                // A read follows the sign-in that is under way; asked again for each stray
                // notification, it would bring the next one.
                if !matches!(self.resync, Resync::SigningIn { .. }) {
                    self.begin_resync(cx);
                }
            }
            Fact::User(user) if user.id == self.agent => {
                self.reads.overtake(Shown::User);
                let stale = self.model.counters().stale_users;
                let changes = self.model.apply_user(user);
                if self.model.counters().stale_users == stale {
                    self.after(cx, &changes, LaneId::User);
                } else {
                    // Overtaken by a newer one, or Finesse's clock was set back. A read tells.
                    self.is_fresh = false;
                    if !matches!(self.resync, Resync::SigningIn { .. }) {
                        self.begin_resync(cx);
                    }
                }
            }
            Fact::Calls(calls) => {
                self.reads.overtake(Shown::Calls);
                let mut changes = Changes::new();
                for call in calls {
                    changes.extend(self.model.apply_dialog(call));
                }
                self.after(cx, &changes, LaneId::Device);
            }
            Fact::CallsRemoved(calls) => {
                self.reads.overtake(Shown::Calls);
                let mut changes = Changes::new();
                for call in calls {
                    changes.extend(self.model.remove_dialog(&call.id));
                }
                self.after(cx, &changes, LaneId::Device);
            }
            Fact::Members(team, users) => self.on_members(cx, &team, &users),
            Fact::Team(team, users) => self.on_team(cx, &team, &users),
            Fact::MemberLeft(team, agent) => {
                self.team_reads.tell_left(&team, &agent);
                self.members.drop_member(&team, &agent);
            }
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
    /// agent has signed in on another one (Seen: with reason id -1). A read tells. Nothing here says
    /// when that may come: the agent may have signed in by another connector or at a desktop.
    fn doubts(&self, user: &User) -> bool {
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
            && !is_asked_for
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

    pub(super) fn fail_current(&mut self, cx: &mut Context<'_>, lane: LaneId, refusal: Refusal) {
        if let Some(mut job) = self.lane(lane).current.take() {
            let flow = match job.goal().cloned() {
                Some(goal) => self.refuse_step(cx, &mut job, &goal, refusal),
                None => self.refuse(cx, &job, refusal),
            };
            self.settle(cx, lane, job, flow);
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
            && let Some((_, job)) = self.fading.pop_front()
        {
            self.end_faded_one(cx, &job);
        }
        Flow::Fades(cx.now + cx.config.timing.settle)
    }

    pub(super) fn end_faded(&mut self, cx: &mut Context<'_>) {
        while self.fading.front().is_some_and(|(at, _)| *at <= cx.now) {
            if let Some((_, job)) = self.fading.pop_front() {
                self.end_faded_one(cx, &job);
            }
        }
    }
}
