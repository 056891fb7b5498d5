//! What becomes of a message of the command queue.

use alloc::format;

use super::counters::Counters;
use super::decisions::{Connector, Due};
use super::effect::{Addressee, Effect, Note};
use super::outbound::{Context, Sender};
use super::refusal::Refusal;
use super::service::Readiness;
use super::signal::{Delivery, ReplyTo};
use super::teams::is_for_supervisors;
use super::trace;
use crate::agent::{AgentId, Text};
use crate::contract::{
    Command, CommandFault, CommandMessage, Destination, ErrorCode, Event, Malformed, Subject,
    SystemStatus,
};
use crate::machine::Party;

impl Connector {
    pub(super) fn on_delivery(&mut self, delivery: Delivery) {
        if self.is_ending || self.is_draining {
            // Unacknowledged, it goes to the connector that takes over, or comes again.
            return;
        }
        Counters::add(&mut self.out.counters.commands);
        let reply_to = self.checked(delivery.reply_to);
        let jms_type = delivery.jms_type.as_ref().map(Text::as_str);
        let body = delivery.body.as_ref().map(Text::as_str);
        let correlation = delivery.correlation;
        match CommandMessage::parse(jms_type, body, &self.config.layout) {
            Ok(message) => self.on_command(message, reply_to, correlation),
            Err(malformed) => self.on_malformed(&malformed, reply_to, correlation.as_ref()),
        }
        self.out.effects.push_back(Effect::Acknowledge(delivery.id));
    }

    /// An address for answers is from outside as a destination is: it could make a loop.
    fn checked(&mut self, reply_to: Option<ReplyTo>) -> Option<ReplyTo> {
        let reply_to = reply_to?;
        match Destination::parse(reply_to.name.as_str(), &self.config.layout.command_queues) {
            Ok(_) => Some(reply_to),
            Err(_) => {
                Counters::add(&mut self.out.counters.refused_destinations);
                None
            }
        }
    }

    fn on_command(
        &mut self,
        message: CommandMessage,
        reply_to: Option<ReplyTo>,
        correlation: Option<Text>,
    ) {
        let (subject, detail) = trace::command(&message);
        self.out.trace(
            Party::Driver,
            Party::Connector,
            message.agent(),
            subject,
            detail,
        );
        let agent = match message.subject {
            Subject::Destination(destination) => {
                let is_beat = message.command == Command::Beat;
                return self.on_hello(destination, is_beat, correlation);
            }
            Subject::Agent(agent) => agent,
        };
        let named = match &message.command {
            Command::Connect { destination, .. } => Some(destination.clone()),
            _ => None,
        };
        let is_connect = named.is_some();
        let sender = Sender {
            named,
            reply_to,
            correlation,
        };
        if let Some(supervisor) = self.supervisor_for(&agent, &message.command, &sender) {
            self.touch(&supervisor, |session, cx| {
                session.accept_for(cx, Some(agent), message.command, sender);
            });
            return;
        }
        let mut spared = None;
        let (directory, cx) = self.parts();
        let is_known = match is_connect {
            true => directory.admit(&cx, &agent, &mut spared).is_some(),
            false => directory.get(&agent).is_some(),
        };
        if let Some(spared) = spared {
            self.timers.clear(&Due::Agent(spared.agent.clone()));
            self.move_home(spared.destination().cloned(), None);
        }
        if is_known {
            let (directory, _) = self.parts();
            let home = directory.get(&agent).and_then(|known| known.destination());
            if let Some(home) = home.cloned() {
                self.hear(&home);
            }
            self.touch(&agent, |session, cx| {
                session.accept(cx, message.command, sender)
            });
            return;
        }
        let refusal = match is_connect {
            true => Refusal::new(
                ErrorCode::LicensesExceeded,
                "Too many agents are connected.",
            ),
            false => super::entry::not_connected(),
        };
        let (_, mut cx) = self.parts();
        Counters::add(&mut cx.out.counters.commands_failed);
        let to = sender.named.map(Addressee::Driver);
        let to = to.or_else(|| sender.reply_to.map(Addressee::ReplyTo));
        refuse_stranger(&mut cx, to, agent, refusal, sender.correlation.as_ref());
    }

    /// A supervisor's client sends some commands with the agent's id. Nothing in them names the
    /// sender but the address for answers; without one, an agent who is connected here is taken to
    /// have sent them.
    fn supervisor_for(
        &mut self,
        agent: &AgentId,
        command: &Command,
        sender: &Sender,
    ) -> Option<AgentId> {
        if !is_for_supervisors(command.verb()) {
            return None;
        }
        let (directory, _) = self.parts();
        let named = sender.reply_to.as_ref().map(|reply| reply.name.as_str());
        let known = directory.get(agent);
        let is_connected = known.is_some_and(|known| known.held.is_some());
        match named.and_then(|name| directory.supervisor_of(agent, Some(name))) {
            Some(supervisor) if supervisor != *agent => Some(supervisor),
            _ if is_connected => None,
            _ => directory.supervisor_of(agent, None),
        }
    }

    fn on_malformed(
        &mut self,
        malformed: &Malformed,
        reply_to: Option<ReplyTo>,
        correlation: Option<&Text>,
    ) {
        let verb = malformed
            .verb
            .map_or_else(|| "?".into(), |verb| format!("{verb:?}"));
        let agent = malformed.agent.as_ref();
        let subject = format!("{verb}#{}", agent.map_or("?", AgentId::as_str));
        self.out.trace(
            Party::Driver,
            Party::Connector,
            agent,
            subject,
            format!("{malformed}"),
        );
        let (directory, mut cx) = self.parts();
        Counters::add(&mut cx.out.counters.malformed);
        Counters::add(&mut cx.out.counters.commands_failed);
        let refusal = Refusal::new(malformed.code(), &format!("{malformed}"));
        let session = agent.and_then(|agent| directory.get(agent));
        let bound = session.and_then(|session| session.destination().cloned());
        let to = bound
            .map(Addressee::Driver)
            .or_else(|| reply_to.map(Addressee::ReplyTo));
        let is_loop = matches!(malformed.fault, CommandFault::RemoteDestination(_));
        if is_loop {
            Counters::add(&mut cx.out.counters.refused_destinations);
        }
        let to = to.filter(|_| !is_loop);
        refuse_stranger(
            &mut cx,
            to,
            agent.cloned().unwrap_or_default(),
            refusal,
            correlation,
        );
    }

    /// `Beat` is the heartbeat of a driver with connected agents. If none is known here, or the
    /// driver has said nothing but commands of agents so far, the connector has been started since,
    /// and the driver is told to connect them again.
    fn on_hello(&mut self, destination: Destination, is_beat: bool, correlation: Option<Text>) {
        Counters::add(&mut self.out.counters.commands_done);
        let is_met = self.meet(&destination);
        let is_forgotten = is_beat && !(is_met && self.is_home(&destination));
        self.hear(&destination);
        if self.services.readiness() == Readiness::Unknown
            && self.timers.deadline(&Due::Waiting).is_some()
            && self.waiting.len() < self.config.limits.waiting_drivers
        {
            self.waiting.push_back((destination.clone(), correlation));
        } else {
            self.tell_status(destination.clone(), correlation.as_ref());
        }
        if is_forgotten {
            let (_, mut cx) = self.parts();
            let event = Event::System(SystemStatus::Reconnect);
            cx.publish(
                Addressee::Driver(destination),
                AgentId::default(),
                event,
                None,
            );
        }
    }

    /// Finesse has spoken, or stayed silent for too long.
    pub(super) fn answer_waiting(&mut self) {
        self.timers.clear(&Due::Waiting);
        while let Some((destination, correlation)) = self.waiting.pop_front() {
            self.tell_status(destination, correlation.as_ref());
        }
    }
}

/// Answers a sender who has no session, if there is anybody to answer.
fn refuse_stranger(
    cx: &mut Context<'_>,
    to: Option<Addressee>,
    agent: AgentId,
    refusal: Refusal,
    correlation: Option<&Text>,
) {
    match to {
        Some(to) => {
            cx.publish(
                to,
                agent,
                Event::error(refusal.code, refusal.text),
                correlation,
            );
        }
        None => {
            Counters::add(&mut cx.out.counters.commands_dropped);
            cx.out.note(Note::CommandDropped { why: refusal.cause });
        }
    }
}
