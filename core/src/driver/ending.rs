//! How commands end: each exactly once.

use alloc::vec::Vec;

use super::expectation::Lane;
use super::session::{Order, Purpose, Session};
use super::sessions::{Sessions, Timer};
use super::signal::{Effect, Ticket};
use crate::agent::AgentId;
use crate::machine::{Outcome, Reason};
impl Sessions {
    /// Ends everything: what was sent has failed, what was not is refused.
    pub(super) fn end_all(&mut self, reason: Reason, text: &'static str) {
        let agents: Vec<AgentId> = self.sessions.keys().cloned().collect();
        for agent in agents {
            self.end_agent(&agent, reason, text);
        }
    }

    pub(super) fn end_agent(&mut self, agent: &AgentId, reason: Reason, text: &'static str) {
        let Some(session) = self.sessions.get_mut(agent) else {
            return;
        };
        let (sent, unsent) = session.clear();
        let mut ended = Vec::new();
        for sent in sent {
            self.tickets.remove(&sent.ticket);
            self.timers.clear(&Timer::Answer(sent.ticket));
            let outcome = Outcome::failed(reason, text);
            session.remember(sent.order.command, &outcome);
            ended.push((sent.order.purpose, outcome));
        }
        for (purpose, outcome) in ended {
            self.end(purpose, outcome);
        }
        for order in unsent {
            self.end(order.purpose, Outcome::refused(reason, text));
        }
    }

    pub(super) fn end(&mut self, purpose: Purpose, outcome: Outcome) {
        if let Some(id) = purpose.owner() {
            self.effects.push_back(Effect::Ended(id, outcome));
        }
    }

    pub(super) fn on_publish_failed(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some((agent, lane)) = self.tickets.get(&ticket).cloned() else {
            return;
        };
        self.finish(&agent, lane, outcome);
    }

    pub(super) fn on_answer_due(&mut self, ticket: Ticket) {
        let Some((agent, lane)) = self.tickets.get(&ticket).cloned() else {
            return;
        };
        let current = self
            .sessions
            .get(&agent)
            .and_then(|session| session.current(lane));
        let outcome = match current {
            Some(sent) if sent.expectation.is_silent() => Outcome::Done,
            _ => Outcome::failed(Reason::TimedOut, "the connector has not answered"),
        };
        self.finish(&agent, lane, outcome);
    }

    /// The command under way in a lane has ended.
    pub(super) fn finish(&mut self, agent: &AgentId, lane: Lane, outcome: Outcome) {
        let Some(session) = self.sessions.get_mut(agent) else {
            return;
        };
        let Some(sent) = session.take_current(lane) else {
            return;
        };
        self.tickets.remove(&sent.ticket);
        self.timers.clear(&Timer::Answer(sent.ticket));
        let Order { purpose, command } = sent.order;
        session.remember(command, &outcome);
        match (purpose, outcome.is_done()) {
            (Purpose::Owner(id), _) => self.effects.push_back(Effect::Ended(id, outcome)),
            (Purpose::Recheck, true) => {
                self.relogin(agent);
            }
            (Purpose::Reconnect | Purpose::Relogin, true) => {}
            (_, false) => {
                let at = self.now + self.config.timing.reconnect;
                self.timers.set(Timer::Reconnect(agent.clone()), at);
            }
        }
        self.advance(agent, lane);
        if self.sessions.get(agent).is_some_and(Session::is_blank) {
            self.sessions.remove(agent);
        }
    }
}
