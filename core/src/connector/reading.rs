//! How an agent gets fresh again after its notifications had stopped.

use super::effect::{Effect, Question};
use super::job::LaneId;
use super::outbound::Context;
use super::reads::Age;
use super::refusal::is_denied;
use super::session::Session;
use super::signal::{List, RequestId};
use super::status::Subscription;
use super::{Answer, Counters};
use crate::agent::AgentModel;
use crate::machine::Instant;
use core::time::Duration;

/// Where the reading of an agent stands: subscribed first, then read, so that nothing is missed
/// (Finesse Developer Guide, "Managing notifications in third-party applications").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resync {
    /// Nothing is to be read.
    Idle,
    /// It failed and is tried again.
    Waiting { retry_at: Instant },
    /// Another server is used; the agent signs in there, which keeps its state.
    SigningIn { request: RequestId },
    /// The user is read.
    User { request: RequestId },
    /// The calls are read.
    Calls { request: RequestId },
    /// The list of one of a supervisor's teams is read.
    Team { request: RequestId },
}

impl Resync {
    pub(super) fn request(&self) -> Option<RequestId> {
        match self {
            Self::SigningIn { request }
            | Self::User { request }
            | Self::Calls { request }
            | Self::Team { request } => Some(*request),
            Self::Idle | Self::Waiting { .. } => None,
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Waiting { retry_at } => Some(*retry_at),
            Self::Idle
            | Self::SigningIn { .. }
            | Self::User { .. }
            | Self::Calls { .. }
            | Self::Team { .. } => None,
        }
    }
}

/// An agent stays at a server for at least this long before it moves back to an earlier one.
const SHORTEST_STAY: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn begin_resync(&mut self, cx: &mut Context<'_>) {
        if cx.is_ending || self.subscription != Subscription::Up {
            return;
        }
        if !cx.services.is_serving(self.node) {
            self.retry_resync(cx);
            return;
        }
        Counters::add(&mut cx.out.counters.resyncs);
        let line = self.model.user().extension.clone();
        match line.filter(|_| self.signs_in_again) {
            Some(extension) => {
                let question = Question::SignIn {
                    agent: self.agent.clone(),
                    extension,
                    mobile: self.mobile.clone(),
                };
                self.ask_resync(cx, question, |request| Resync::SigningIn { request });
            }
            None => self.read_user(cx),
        }
    }

    /// The operator does not believe what is known: reads it all again, unless that is under way.
    pub(super) fn read_again(&mut self, cx: &mut Context<'_>) {
        if self.resync.request().is_none() {
            self.begin_resync(cx);
        }
    }

    fn read_user(&mut self, cx: &mut Context<'_>) {
        let question = Question::User(self.agent.clone());
        self.ask_resync(cx, question, |request| Resync::User { request });
    }

    fn read_all_calls(&mut self, cx: &mut Context<'_>) {
        let question = Question::Calls(self.agent.clone());
        self.ask_resync(cx, question, |request| Resync::Calls { request });
    }

    /// Reads the lists of a supervisor's teams, one after the other: what changed is told of those
    /// that are followed, and rights are checked by them.
    fn read_next_team(&mut self, cx: &mut Context<'_>) {
        match self.members.unread().cloned() {
            Some(team) => {
                self.ask_resync(cx, Question::Team(team), |request| Resync::Team { request });
            }
            None => self.resync = Resync::Idle,
        }
    }

    fn ask_resync(
        &mut self,
        cx: &mut Context<'_>,
        question: Question,
        step: fn(RequestId) -> Resync,
    ) {
        let Some(password) = self.held.clone() else {
            self.resync = Resync::Idle;
            return;
        };
        let credentials = (&password, self.is_token);
        let request = self.request(cx, self.node, credentials, question);
        self.resync = step(request);
    }

    pub(super) fn retry_resync(&mut self, cx: &Context<'_>) {
        self.resync = Resync::Waiting {
            retry_at: cx.now + cx.config.timing.resync_retry,
        };
    }

    pub(super) fn on_resync_due(&mut self, cx: &mut Context<'_>) {
        if self.resync.due().is_some_and(|at| at <= cx.now) {
            self.resync = Resync::Idle;
            self.begin_resync(cx);
        }
    }

    pub(super) fn on_resync_answer(&mut self, cx: &mut Context<'_>, answer: Answer, age: Age) {
        self.suspect(cx, &answer);
        match (self.resync, answer) {
            (Resync::SigningIn { .. }, Answer::Accepted) => {
                self.signs_in_again = false;
                // The sign-in takes a moment; its notification may be the one that is missing.
                self.resync = Resync::Waiting {
                    retry_at: cx.now + cx.config.timing.settle,
                };
            }
            (Resync::User { .. }, Answer::User(_)) if age == Age::Overtaken => self.read_user(cx),
            (Resync::User { .. }, Answer::User(user)) => {
                let changes = self.model.replace_user(user);
                // It may show what a command waits for as well as a notification does.
                self.after(cx, &changes, LaneId::User);
                self.read_all_calls(cx);
            }
            (Resync::Calls { .. }, Answer::Calls(_)) if age == Age::Overtaken => {
                self.read_all_calls(cx);
            }
            (Resync::Calls { .. }, Answer::Calls(calls)) => {
                let changes = self.model.replace_dialogs(calls);
                self.after(cx, &changes, LaneId::Device);
                self.is_fresh = true;
                self.members.doubt();
                self.read_next_team(cx);
            }
            (Resync::Team { .. }, Answer::List(List::Members(users))) => {
                if let Some(team) = self.members.pop_unread() {
                    self.meet_team(cx, &team, &users, |_| None);
                }
                self.read_next_team(cx);
            }
            (Resync::Team { .. }, Answer::Refused(refused)) if is_denied(&refused) => {
                if let Some(team) = self.members.pop_unread() {
                    self.members.lose(&team);
                }
                self.read_next_team(cx);
            }
            _ => self.retry_resync(cx),
        }
    }

    /// Moves to another server when its own does not serve and another does; reads again when its
    /// own serves again.
    pub(super) fn follow_service(&mut self, cx: &mut Context<'_>) {
        if self.subscription == Subscription::None {
            return;
        }
        self.plan_return(cx);
        if cx.services.is_usable(self.node) {
            if self.is_live && !self.is_fresh && self.resync.request().is_none() {
                self.begin_resync(cx);
            }
            return;
        }
        self.is_fresh = false;
        if cx.services.active().is_some() && self.held.is_some() && self.move_at.is_none() {
            self.move_at = Some(cx.out.turn(cx.now, cx.config.timing.pace));
            self.on_move_due(cx);
        }
    }

    /// Moves to another server when it is this agent's turn.
    pub(super) fn on_move_due(&mut self, cx: &mut Context<'_>) {
        if self.return_at.is_some_and(|at| at <= cx.now) {
            self.return_at = None;
            self.plan_return(cx);
            let is_idle = !self.is_busy() && self.model.dialogs().next().is_none();
            if is_idle && self.return_at.is_some() && self.move_at.is_none() {
                self.move_at = Some(cx.out.turn(cx.now, cx.config.timing.pace));
            }
        }
        if self.move_at.is_none_or(|at| at > cx.now) {
            return;
        }
        self.move_at = None;
        let (Some(node), Some(password)) = (cx.services.active(), self.held.clone()) else {
            return;
        };
        let is_needless = node == self.node && cx.services.is_usable(node);
        if is_needless || self.subscription == Subscription::None {
            return;
        }
        self.node = node;
        self.return_at = None;
        self.signs_in_again = self.is_live && self.model.user().is_signed_in();
        self.resync = Resync::Idle;
        self.subscribe(cx, &password);
    }

    /// Looks again later whether the agent can go back to an earlier server.
    fn plan_return(&mut self, cx: &Context<'_>) {
        let is_away = cx.services.active().is_some_and(|node| node < self.node);
        self.return_at = match cx.config.timing.return_after {
            Some(after) if is_away => self.return_at.or(Some(cx.now + after.max(SHORTEST_STAY))),
            _ => None,
        };
    }

    /// A signed-out agent without commands is given up after a while.
    pub(super) fn plan_retirement(&mut self, cx: &Context<'_>) {
        let is_idle = !self.is_busy()
            && self.subscription != Subscription::None
            && !self.model.user().is_signed_in();
        self.retire_at = match self.retire_at {
            _ if !is_idle => None,
            None => Some(cx.now + cx.config.timing.linger),
            at => at,
        };
    }

    pub(super) fn retire(&mut self, cx: &mut Context<'_>) {
        self.retire_at = None;
        cx.out
            .effects
            .push_back(Effect::Unsubscribe(self.agent.clone()));
        self.set_subscription(cx, Subscription::None);
        self.held = None;
        self.is_live = false;
        self.is_fresh = false;
        self.resync = Resync::Idle;
        self.model = AgentModel::new(self.agent.clone(), self.model.platform());
        self.told_state = None;
        self.told_calls.clear();
        self.legs.clear();
        self.members.clear();
    }
}
