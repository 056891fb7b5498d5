//! Signing out whatever the state, and what becomes of an agent whose driver is lost.

use super::config::DriverLoss;
use super::effect::Question;
use super::entry::done;
use super::job::{Flow, Goal, Job};
use super::outbound::Context;
use super::refusal::Refusal;
use super::session::Session;
use crate::agent::{AgentState, Intent};
use crate::contract::Verb;

impl Session {
    /// Signs the agent out; where Finesse wants it, the agent is made not ready first.
    pub(super) fn leave(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        if self.is_current() && !self.model.user().is_signed_in() {
            self.tell_state(cx, job.correlation(), true);
            return done(cx);
        }
        let may_leave = self.model.allows(&Intent::SignOut).is_ok();
        if !may_leave && self.model.allows(&Intent::BeNotReady).is_ok() {
            return self.change_state(cx, job, AgentState::NotReady, None);
        }
        self.sign_out(cx, job, None)
    }

    /// The driver lost the agent's client.
    pub(super) fn on_abrupt_disconnect(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let user = self.model.user();
        let is_resting = !user.is_signed_in() || user.state == AgentState::NotReady;
        match cx.config.on_driver_loss {
            DriverLoss::Logout => self.leave(cx, job),
            DriverLoss::NotReady if !is_resting => {
                self.change_state(cx, job, AgentState::NotReady, None)
            }
            DriverLoss::Keep | DriverLoss::NotReady => {
                if self.is_current() {
                    self.tell_state(cx, job.correlation(), true);
                    return done(cx);
                }
                let question = Question::User(self.agent.clone());
                self.read(cx, job, question)
            }
        }
    }

    /// Whether `goal` is but the first half of a sign-out.
    pub(super) fn is_half_gone(cx: &Context<'_>, job: &Job, goal: &Goal) -> bool {
        let leaves = match job.verb() {
            Verb::ForceLogout => true,
            Verb::AgentAbruptDisconnect => cx.config.on_driver_loss == DriverLoss::Logout,
            _ => false,
        };
        leaves && job.member.is_none() && matches!(goal, Goal::State(AgentState::NotReady, _))
    }

    /// The second half of a sign-out, when the first is done.
    pub(super) fn goes_on_leaving(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        goal: &Goal,
    ) -> Option<Flow> {
        if !Self::is_half_gone(cx, job, goal) {
            return None;
        }
        job.is_answered = false;
        Some(self.sign_out(cx, job, None))
    }

    /// Finesse said no to one step of a command. It may take a sign-out although it refuses to make
    /// the agent not ready, for want of a reason.
    pub(super) fn refuse_step(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        goal: &Goal,
        refusal: Refusal,
    ) -> Flow {
        match self.goes_on_leaving(cx, job, goal) {
            Some(flow) => flow,
            None => self.refuse(cx, job, refusal),
        }
    }
}
