//! Commands on their way to the connector: checked, in their lane, encoded, sent.

use alloc::format;
use alloc::string::String;

use super::command::Command;
use super::expectation::{Expectation, Lane};
use super::session::{Order, Purpose, Sent, Session};
use super::sessions::{Sessions, Timer};
use super::signal::{Effect, Ticket};
use crate::agent::{AgentId, Text};
use crate::contract::{self, CommandMessage, WireCommand};
use crate::machine::{CommandId, Outcome, Party, Reason, TraceEvent};
use crate::password::Secret;
impl Sessions {
    pub(super) fn beat(&mut self) {
        if !self.is_up {
            return;
        }
        let destination = self.config.destination.clone();
        let mut models = self.agents();
        let message = match models.any(|model| model.user().is_signed_in()) {
            true => CommandMessage::beat(destination),
            false => CommandMessage::hello(destination),
        };
        drop(models);
        if let Ok(wire) = message.to_wire(&self.config.layout) {
            self.publish(wire, None);
        }
        self.timers
            .set(Timer::Heartbeat, self.now + self.config.timing.heartbeat);
        if self.timers.deadline(&Timer::Silence).is_none() {
            self.timers
                .set(Timer::Silence, self.now + self.config.timing.silence);
        }
    }

    pub(super) fn publish(&mut self, message: WireCommand, agent: Option<&AgentId>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        let detail = if message.body().is_some() { "…" } else { "" };
        self.effects.push_back(Effect::Trace(TraceEvent {
            from: Party::Driver,
            to: Party::Connector,
            link: None,
            agent: agent.map(|agent| agent.as_str().into()),
            subject: message.jms_type.clone(),
            detail: detail.into(),
        }));
        self.effects.push_back(Effect::Publish { ticket, message });
        ticket
    }

    pub(super) fn on_command(&mut self, id: CommandId, command: Command) {
        let refusal =
            |reason, text: &'static str| Effect::Ended(id, Outcome::refused(reason, text));
        if self.is_ending {
            return self
                .effects
                .push_back(refusal(Reason::ShuttingDown, "the driver ends"));
        }
        if let Command::Forget(agent) = &command {
            self.end_agent(agent, Reason::Local, "the agent was forgotten");
            self.sessions.remove(agent);
            self.timers.clear(&Timer::Reconnect(agent.clone()));
            return self.effects.push_back(Effect::Ended(id, Outcome::Done));
        }
        if !self.is_up {
            return self
                .effects
                .push_back(refusal(Reason::LinkDown, "the broker is not reached"));
        }
        // Checked now, so that it is known at once; encoded when its turn comes.
        let lane = match self.encode(&command) {
            Ok((plain, _)) => Lane::of(&plain),
            Err(text) => {
                let outcome = Outcome::refused(Reason::Local, String::from(text.as_str()));
                return self.effects.push_back(Effect::Ended(id, outcome));
            }
        };
        let agent = command.agent().clone();
        if !self.sessions.contains_key(&agent) {
            if self.sessions.len() >= self.config.limits.agents {
                return self
                    .effects
                    .push_back(refusal(Reason::Limit, "too many agents"));
            }
            self.sessions
                .insert(agent.clone(), Session::new(agent.clone()));
        }
        let Some(session) = self.sessions.get_mut(&agent) else {
            return;
        };
        if session.waiting(lane) >= self.config.limits.waiting_per_agent {
            let text = "too many commands of this agent wait";
            return self.effects.push_back(refusal(Reason::Limit, text));
        }
        let purpose = Purpose::Owner(id);
        session.push(lane, Order { purpose, command });
        self.advance(&agent, lane);
    }

    /// The command as the contract has it, and as it travels.
    pub(super) fn encode(
        &mut self,
        command: &Command,
    ) -> Result<(contract::Command, WireCommand), Text> {
        let agent = command.agent().clone();
        let message = |text: &dyn core::fmt::Display| Text::from(format!("{text}"));
        let mut field = |password: &Secret| {
            let encoded = self.config.password.encode(password, &mut self.random);
            encoded.map_err(|fault| message(&fault))
        };
        let plain = match command {
            Command::Connect { password, sso, .. } => contract::Command::Connect {
                destination: self.config.destination.clone(),
                password: password.as_ref().map(&mut field).transpose()?,
                sso: *sso,
            },
            Command::Login {
                password,
                extension,
                ..
            } => contract::Command::Login {
                password: field(password)?,
                extension: extension.clone(),
            },
            Command::MobileLogin {
                password,
                extension,
                dial_number,
                mode,
                ..
            } => contract::Command::MobileAgentLogin {
                password: field(password)?,
                extension: extension.clone(),
                dial_number: dial_number.clone(),
                mode: *mode,
            },
            Command::Tell { command, .. } => match command {
                contract::Command::Hello
                | contract::Command::Beat
                | contract::Command::Connect { .. }
                | contract::Command::Login { .. }
                | contract::Command::MobileAgentLogin { .. } => {
                    return Err("this command has a way of its own".into());
                }
                other => other.clone(),
            },
            Command::Forget(_) => return Err("this command is not sent".into()),
        };
        let addressed = CommandMessage::of_agent(agent, plain);
        let wire = addressed.to_wire(&self.config.layout);
        let wire = wire.map_err(|fault| message(&fault))?;
        Ok((addressed.command, wire))
    }

    /// Sends the next command of a lane, if its turn has come.
    pub(super) fn advance(&mut self, agent: &AgentId, lane: Lane) {
        while self.is_up {
            let next = self
                .sessions
                .get_mut(agent)
                .and_then(|session| session.take_next(lane));
            let Some(order) = next else {
                return;
            };
            let (plain, wire) = match self.encode(&order.command) {
                Ok(encoded) => encoded,
                Err(text) => {
                    let text = String::from(text.as_str());
                    self.end(order.purpose, Outcome::refused(Reason::Local, text));
                    continue;
                }
            };
            let ticket = self.publish(wire, Some(agent));
            let Some(session) = self.sessions.get_mut(agent) else {
                return;
            };
            let model = session.mirror.model();
            let expectation = Expectation::of(&plain, model, self.config.connect_status);
            let span = match expectation.is_silent() {
                true => self.config.timing.settle,
                false => self.config.timing.answer,
            };
            self.timers.set(Timer::Answer(ticket), self.now + span);
            self.tickets.insert(ticket, (agent.clone(), lane));
            session.set_current(
                lane,
                Sent {
                    ticket,
                    order,
                    expectation,
                },
            );
        }
    }
}
