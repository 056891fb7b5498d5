//! The notifications of an agent: they flow, they stop, they come from another server.

use super::effect::{Addressee, Effect, Note};
use super::job::{Job, LaneId, Step};
use super::outbound::Context;
use super::reading::Resync;
use super::refusal::Refusal;
use super::session::Session;
use super::status::Subscription;
use crate::agent::{AgentId, Text};
use crate::contract::{ErrorCode, Event, SystemStatus};
use crate::machine::{CloseReason, Party};
use alloc::format;
use alloc::string::String;

impl Session {
    /// The agent's notifications flow.
    pub(super) fn on_subscription_up(&mut self, cx: &mut Context<'_>) {
        if self.subscription == Subscription::None {
            return;
        }
        let was_up = self.subscription == Subscription::Up;
        self.set_subscription(cx, Subscription::Up);
        self.trouble = None;
        self.trace_notifications(cx, "notifications flow", String::new());
        self.follow_again(cx);
        let entry = self
            .user
            .current
            .as_ref()
            .is_some_and(|job| matches!(job.step, Step::Subscribing));
        if entry && let Some(mut job) = self.user.current.take() {
            let flow = self.enter(cx, &mut job);
            self.settle(cx, LaneId::User, job, flow);
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
        self.trouble = Some(format!("notification service: {reason}").into());
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
            let held = self.held.take();
            if let (CloseReason::Denied(word), Some(password)) = (reason, held)
                && word == "not-authorized"
            {
                self.count_refused(cx, password);
            }
            if waits {
                let text = "The agent's notifications could not be subscribed.";
                let refusal = Refusal::new(ErrorCode::SubscriptionFailed, text)
                    .because(format!("notification service: {reason}"));
                self.fail_current(cx, LaneId::User, refusal);
            } else if self.is_live {
                self.ask_for_password(cx);
            }
        } else if waits && matches!(reason, CloseReason::Tls(_)) && cx.services.is_alone(self.node)
        {
            // A certificate does not mend itself while a command waits.
            let text = "Finesse's notification service cannot be trusted.";
            let cause = self.trouble.clone().unwrap_or_else(|| text.into());
            let refusal = Refusal::new(ErrorCode::SubscriptionFailed, text).because(cause);
            self.fail_current(cx, LaneId::User, refusal);
        }
        self.pump(cx);
    }

    /// Only the driver has the password: it has to connect the agent again.
    fn ask_for_password(&mut self, cx: &mut Context<'_>) {
        self.is_live = false;
        // Not addressed to the agent: that would say that another driver has it now.
        if let Some(destination) = self.destination().cloned() {
            let to = Addressee::Driver(destination);
            let event = Event::System(SystemStatus::Reconnect);
            cx.publish(to, AgentId::default(), event, None);
        }
    }

    /// Finesse does not take the password any more that it took before. Nothing offers it again:
    /// five refusals lock the account (Finesse Developer Guide, "Authentication").
    pub(super) fn lose_password(&mut self, cx: &mut Context<'_>) {
        let Some(password) = self.held.take() else {
            return;
        };
        self.count_refused(cx, password);
        self.trouble = Some("Finesse no longer accepts the agent's password".into());
        self.resync = Resync::Idle;
        self.is_fresh = false;
        if self.subscription != Subscription::None {
            let agent = self.agent.clone();
            cx.out.effects.push_back(Effect::Unsubscribe(agent));
            self.set_subscription(cx, Subscription::None);
        }
        if self.is_live {
            self.ask_for_password(cx);
        }
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
                self.settle(cx, lane, job, flow);
            }
        }
        self.pump(cx);
    }

    fn trace_notifications(&self, cx: &mut Context<'_>, subject: &str, detail: String) {
        let (from, to) = (Party::Finesse, Party::Connector);
        cx.out
            .trace(from, to, Some(&self.agent), subject.into(), detail);
    }
}
