//! Drivers that fall silent: by configuration, their agents are not left ready behind them.

use alloc::vec::Vec;

use super::config::DriverLoss;
use super::counters::Counters;
use super::decisions::{Connector, Due};
use super::effect::Note;
use super::outbound::Sender;
use super::session::Session;
use crate::agent::AgentId;
use crate::contract::{Command, Destination};

impl Connector {
    /// The driver of this destination has given a sign of life: a heartbeat or any command of one
    /// of its agents.
    pub(super) fn hear(&mut self, destination: &Destination) {
        if let Some(silence) = self.config.timing.driver_silence
            && self.is_home(destination)
        {
            let due = Due::Driver(destination.clone());
            self.timers.set(due, self.now + silence);
        }
    }

    /// The driver of this destination was silent for too long. It counts as lost once, until it is
    /// heard again.
    pub(super) fn on_silence(&mut self, destination: &Destination) {
        if !self.out.broker_is_up {
            // Nobody could be heard.
            return self.hear(destination);
        }
        let is_left = |session: &Session| {
            session.bound.as_ref() == Some(destination)
                && session.held.is_some()
                && session.model.user().is_signed_in()
        };
        let agents: Vec<AgentId> = self.directory_where(is_left);
        self.out.note(Note::DriverLost {
            destination: destination.clone(),
            agents: agents.len(),
        });
        if self.config.on_driver_loss == DriverLoss::Keep {
            return;
        }
        for agent in agents {
            Counters::add(&mut self.out.counters.commands);
            self.touch(&agent, |session, cx| {
                session.accept(cx, Command::AgentAbruptDisconnect, Sender::default());
            });
        }
    }
}
