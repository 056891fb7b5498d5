//! Agents that are connected again after broker, connector or Finesse were away.

use alloc::vec::Vec;

use super::command::Command;
use super::event::Event;
use super::expectation::Lane;
use super::session::{Order, Purpose};
use super::sessions::{Sessions, Timer};
use crate::agent::AgentId;
use crate::contract;
use crate::machine::Reason;
impl Sessions {
    pub(super) fn reconnect_all(&mut self) {
        let agents: Vec<AgentId> = self.sessions.keys().cloned().collect();
        for agent in agents {
            self.reconnect(&agent);
        }
    }

    /// Connects those agents again that could not be connected while Finesse was away.
    pub(super) fn reconnect_lost(&mut self) {
        let lost = self.sessions.iter().filter(|(_, session)| session.is_lost);
        let lost: Vec<AgentId> = lost.map(|(agent, _)| agent.clone()).collect();
        for agent in lost {
            self.reconnect(&agent);
        }
    }

    /// Binds a connected agent again and asks for its state; what was told in between is lost.
    pub(super) fn reconnect(&mut self, agent: &AgentId) {
        let Some(session) = self.sessions.get_mut(agent) else {
            return;
        };
        let Some(connect) = session.connect.clone() else {
            return;
        };
        self.timers.clear(&Timer::Reconnect(agent.clone()));
        let is_under_way = session.has(Purpose::Reconnect)
            || session.has(Purpose::Recheck)
            || session.has(Purpose::Relogin);
        if !self.is_up || is_under_way {
            return;
        }
        session.is_bound = false;
        session.is_lost = false;
        let (purpose, command) = (Purpose::Reconnect, connect);
        session.push_first(Lane::Binding, Order { purpose, command });
        let ask = Command::Tell {
            agent: agent.clone(),
            command: contract::Command::GetState,
        };
        let recheck = Order {
            purpose: Purpose::Recheck,
            command: ask,
        };
        session.push_first(Lane::State, recheck);
        self.tell(Event::Reconnecting(agent.clone()));
        self.advance(agent, Lane::Binding);
        self.advance(agent, Lane::State);
    }

    /// An agent who is still signed in signs in again: that tells the calls. The line is the one
    /// that the agent has: it may have signed out and in again elsewhere since. `false` where that
    /// cannot be.
    pub(super) fn relogin(&mut self, agent: &AgentId) -> bool {
        let Some(session) = self.sessions.get_mut(agent) else {
            return false;
        };
        let user = session.mirror.model().user();
        if let Some(mut login) = session.login.clone()
            && user.is_signed_in()
        {
            if let (Command::Login { extension, .. }, Some(line)) = (&mut login, &user.extension) {
                *extension = line.clone();
            }
            let (purpose, command) = (Purpose::Relogin, login);
            session.push_first(Lane::State, Order { purpose, command });
            return true;
        }
        false
    }

    /// Another driver has proved the agent's password. To connect again would take the agent
    /// away from it, and so on for ever: the owner decides.
    pub(super) fn displace(&mut self, agent: &AgentId) {
        self.end_agent(
            agent,
            Reason::Denied,
            "another driver has taken over the agent",
        );
        self.sessions.remove(agent);
        self.timers.clear(&Timer::Reconnect(agent.clone()));
        self.tell(Event::AgentDisplaced(agent.clone()));
    }
}
