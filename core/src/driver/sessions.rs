//! All agents of a driver: signals in, effects out.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::command::Command;
use super::config::Config;
use super::event::{Event, Service};
use super::expectation::{Expectation, Fit, Lane, Tie};
use super::session::{Order, Purpose, Sent, Session};
use super::signal::{Effect, Signal, Ticket};
use crate::agent::{AgentId, AgentModel, Text};
use crate::contract::{self, CallState, CommandMessage, ErrorCode, EventMessage, Refused};
use crate::contract::{SystemStatus, WireCommand};
use crate::machine::{CommandId, Instant, Outcome, Party, Random, Reason, Timers, TraceEvent};
use crate::password::Secret;

/// The decisions of a driver: which command goes out when, which answers end it, what is known of
/// each agent, and what is done again after the broker or the connector was away.
///
/// ```
/// use finewire_core::contract::Destination;
/// use finewire_core::driver::{Config, Effect, Service, Sessions, Signal};
/// use finewire_core::machine::{Instant, Random};
/// use finewire_core::password::PasswordCodec;
///
/// let destination = Destination::parse("192.168.1.148", &[])?;
/// let config = Config::new(destination, PasswordCodec::Clear);
/// let mut sessions = Sessions::new(config, Random::from_seed([7; 32]));
///
/// sessions.handle_signal(Instant::START, Signal::BrokerUp);
///
/// let hello = core::iter::from_fn(|| sessions.poll_effect()).find_map(|effect| match effect {
///     Effect::Publish { message, .. } => Some(message.jms_type),
///     _ => None,
/// });
/// assert_eq!(hello.as_deref(), Some("Hello#192.168.1.148"));
/// assert_eq!(sessions.service(), Service::Silent);
/// # Ok::<(), finewire_core::contract::DestinationFault>(())
/// ```
#[derive(Debug)]
pub struct Sessions {
    config: Config,
    sessions: BTreeMap<AgentId, Session>,
    tickets: BTreeMap<Ticket, (AgentId, Lane)>,
    next_ticket: u64,
    service: Service,
    is_up: bool,
    is_ending: bool,
    names_commands: bool,
    timers: Timers<Timer>,
    random: Random,
    now: Instant,
    effects: VecDeque<Effect>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Heartbeat,
    Silence,
    Answer(Ticket),
    Reconnect(AgentId),
}

impl Sessions {
    /// No agents, broker down. `random` gives initial vectors and the tickets of this run.
    #[must_use]
    pub fn new(config: Config, mut random: Random) -> Self {
        let next_ticket = random.next_u64() << 32;
        Self {
            config,
            sessions: BTreeMap::new(),
            tickets: BTreeMap::new(),
            next_ticket,
            service: Service::Unreachable,
            is_up: false,
            is_ending: false,
            names_commands: false,
            timers: Timers::new(),
            random,
            now: Instant::START,
            effects: VecDeque::new(),
        }
    }

    /// Takes a fact into account.
    pub fn handle_signal(&mut self, now: Instant, signal: Signal) {
        self.now = now;
        match signal {
            Signal::BrokerUp => self.on_broker_up(),
            Signal::BrokerDown => self.on_broker_down(),
            Signal::PublishFailed(ticket, outcome) => self.on_publish_failed(ticket, outcome),
            Signal::Received { body, correlation } => self.on_received(&body, correlation),
            Signal::Command(id, command) => self.on_command(id, command),
            Signal::ShuttingDown => {
                self.is_ending = true;
                self.timers = Timers::new();
                self.end_all(Reason::ShuttingDown, "the driver ends");
            }
        }
    }

    /// Takes the time into account.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Heartbeat => self.beat(),
                Timer::Silence => self.set_service(Service::Silent),
                Timer::Answer(ticket) => self.on_answer_due(ticket),
                Timer::Reconnect(agent) => self.reconnect(&agent),
            }
        }
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When time matters next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether the connector can be used.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// What is known of an agent; `None` for one that no command was about, and for one that
    /// another driver has taken over.
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&AgentModel> {
        self.sessions.get(id).map(|session| session.mirror.model())
    }

    /// All agents that are known.
    pub fn agents(&self) -> impl Iterator<Item = &AgentModel> {
        self.sessions.values().map(|session| session.mirror.model())
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How many messages to the connector have not been answered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.tickets.len()
    }

    fn on_broker_up(&mut self) {
        if self.is_up || self.is_ending {
            return;
        }
        self.is_up = true;
        self.set_service(Service::Silent);
        self.beat();
        self.reconnect_all();
    }

    fn on_broker_down(&mut self) {
        if !self.is_up {
            return;
        }
        self.is_up = false;
        self.timers = Timers::new();
        self.end_all(Reason::LinkDown, "the link to the broker was lost");
        self.set_service(Service::Unreachable);
    }

    /// Ends everything: what was sent has failed, what was not is refused.
    fn end_all(&mut self, reason: Reason, text: &'static str) {
        let agents: Vec<AgentId> = self.sessions.keys().cloned().collect();
        for agent in agents {
            self.end_agent(&agent, reason, text);
        }
    }

    fn end_agent(&mut self, agent: &AgentId, reason: Reason, text: &'static str) {
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

    fn end(&mut self, purpose: Purpose, outcome: Outcome) {
        if let Some(id) = purpose.owner() {
            self.effects.push_back(Effect::Ended(id, outcome));
        }
    }

    fn tell(&mut self, event: Event) {
        self.effects.push_back(Effect::Event(event));
    }

    fn set_service(&mut self, service: Service) {
        if self.service != service {
            self.service = service;
            self.tell(Event::ServiceChanged(service));
        }
    }

    fn beat(&mut self) {
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

    fn publish(&mut self, message: WireCommand, agent: Option<&AgentId>) -> Ticket {
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

    fn on_command(&mut self, id: CommandId, command: Command) {
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
    fn encode(&mut self, command: &Command) -> Result<(contract::Command, WireCommand), Text> {
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
    fn advance(&mut self, agent: &AgentId, lane: Lane) {
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

    fn on_publish_failed(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some((agent, lane)) = self.tickets.get(&ticket).cloned() else {
            return;
        };
        self.finish(&agent, lane, outcome);
    }

    fn on_answer_due(&mut self, ticket: Ticket) {
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
    fn finish(&mut self, agent: &AgentId, lane: Lane, outcome: Outcome) {
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

    fn reconnect_all(&mut self) {
        let agents: Vec<AgentId> = self.sessions.keys().cloned().collect();
        for agent in agents {
            self.reconnect(&agent);
        }
    }

    /// Connects those agents again that could not be connected while Finesse was away.
    fn reconnect_lost(&mut self) {
        let lost = self.sessions.iter().filter(|(_, session)| session.is_lost);
        let lost: Vec<AgentId> = lost.map(|(agent, _)| agent.clone()).collect();
        for agent in lost {
            self.reconnect(&agent);
        }
    }

    /// Binds a connected agent again and asks for its state; what was told in between is lost.
    fn reconnect(&mut self, agent: &AgentId) {
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
    fn relogin(&mut self, agent: &AgentId) -> bool {
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

    fn on_received(&mut self, body: &Text, correlation: Option<Text>) {
        let parsed = EventMessage::parse(body.as_str(), &self.config.layout, &self.config.time);
        let message = match parsed {
            Ok(message) => message,
            Err(fault) => return self.tell(Event::Malformed(fault)),
        };
        self.trace_received(&message);
        self.timers.clear(&Timer::Silence);
        let ticket = correlation.and_then(|text| Ticket::parse(text.as_str()));
        if let Some(ticket) = ticket {
            self.names_commands |= ticket.0 >> 32 == self.next_ticket >> 32;
        }
        self.tell(Event::Received(Box::new(message.clone())));
        match &message.event {
            contract::Event::System(status) => self.on_system(&message.to, *status),
            contract::Event::Error(refused) | contract::Event::Control(refused) => {
                self.on_refused(&message, refused, ticket);
            }
            _ => self.on_event(&message, ticket),
        }
    }

    fn trace_received(&mut self, message: &EventMessage) {
        self.effects.push_back(Effect::Trace(TraceEvent {
            from: Party::Connector,
            to: Party::Driver,
            link: None,
            agent: Some(message.to.as_str().into()),
            subject: message.event.jms_type(&message.to, &self.config.layout),
            detail: "".into(),
        }));
    }

    fn on_system(&mut self, to: &AgentId, status: SystemStatus) {
        match status {
            SystemStatus::InService => {
                let before = self.service;
                self.set_service(Service::InService);
                match before {
                    Service::InService => {}
                    Service::OutOfService => self.reconnect_lost(),
                    Service::Silent | Service::Unreachable => self.reconnect_all(),
                }
            }
            SystemStatus::OutOfService => self.set_service(Service::OutOfService),
            SystemStatus::Reconnect if self.sessions.contains_key(to) => self.displace(to),
            SystemStatus::Reconnect => self.reconnect_all(),
        }
    }

    /// Another driver has proved the agent's password. To connect again would take the agent
    /// away from it, and so on for ever: the owner decides.
    fn displace(&mut self, agent: &AgentId) {
        self.end_agent(
            agent,
            Reason::Denied,
            "another driver has taken over the agent",
        );
        self.sessions.remove(agent);
        self.timers.clear(&Timer::Reconnect(agent.clone()));
        self.tell(Event::AgentDisplaced(agent.clone()));
    }

    fn on_refused(&mut self, message: &EventMessage, refused: &Refused, ticket: Option<Ticket>) {
        let named = ticket.and_then(|ticket| self.tickets.get(&ticket).cloned());
        let ended = match (named, ticket) {
            (Some(found), _) => Some(found),
            (None, Some(_)) => None,
            (None, None) if self.names_commands => None,
            (None, None) => self.oldest(&message.to, message.event.kind()),
        };
        let purpose = ended.as_ref().and_then(|(agent, lane)| {
            let sent = self.sessions.get(agent)?.current(*lane)?;
            Some(sent.order.purpose)
        });
        self.tell(Event::ErrorShown {
            agent: message.to.clone(),
            command: purpose.and_then(Purpose::owner),
            refused: refused.clone(),
        });
        let Some((agent, lane)) = ended else {
            return;
        };
        let is_ours = purpose.is_some_and(|purpose| purpose.owner().is_none());
        self.finish(&agent, lane, outcome_of(refused));
        if !is_ours && refused.code == ErrorCode::NotConnected {
            // The connector has forgotten the agent: it was started anew.
            return self.reconnect(&agent);
        }
        if is_ours && let Some(session) = self.sessions.get_mut(&agent) {
            match refused.code {
                // A password that was refused is not offered again: that would lock the account.
                ErrorCode::AuthorizationFailure if purpose == Some(Purpose::Relogin) => {
                    session.login = None;
                }
                ErrorCode::AuthorizationFailure => session.connect = None,
                // A `Connect` without password binds nothing before the login that proves it.
                ErrorCode::NotConnected if purpose == Some(Purpose::Recheck) => {
                    if !session.connects_unproven() {
                        return;
                    }
                    if self.relogin(&agent) {
                        return self.advance(&agent, Lane::State);
                    }
                    // Another driver's login had proven it: nothing here can.
                    if let Some(session) = self.sessions.get_mut(&agent) {
                        session.is_lost = true;
                    }
                }
                // The contract's word for any failed `Connect`: it may have been the password, so
                // something must have changed before it is tried again.
                ErrorCode::SubscriptionFailed => session.is_lost = true,
                _ => return,
            }
            self.timers.clear(&Timer::Reconnect(agent));
        }
    }

    /// The command of an agent that was sent first; a `Control` is about calls.
    fn oldest(&self, agent: &AgentId, kind: contract::EventKind) -> Option<(AgentId, Lane)> {
        let lanes = self.sessions.get(agent)?.busy_lanes();
        let is_fitting = |lane: &Lane| kind != contract::EventKind::Control || *lane == Lane::Calls;
        let lane = lanes.into_iter().find(is_fitting)?;
        Some((agent.clone(), lane))
    }

    fn on_event(&mut self, message: &EventMessage, ticket: Option<Ticket>) {
        let agent = &message.to;
        let mut told = Vec::new();
        if let Some(session) = self.sessions.get_mut(agent) {
            session
                .mirror
                .apply(&message.event, &self.config.layout, &mut told);
            session.on_bound();
            let was_bound = core::mem::replace(&mut session.is_bound, true);
            let connect = session.current(Lane::Binding);
            let proves = !was_bound && connect.is_some_and(|sent| sent.expectation.is_silent());
            if proves {
                self.finish(agent, Lane::Binding, Outcome::Done);
            }
        }
        for event in told {
            self.tell(event);
        }
        if let Some((agent, lane)) = self.answered(message, ticket) {
            self.finish(&agent, lane, outcome_of_answer(&message.event));
        }
    }

    /// The command whose last answer this event is.
    fn answered(
        &mut self,
        message: &EventMessage,
        ticket: Option<Ticket>,
    ) -> Option<(AgentId, Lane)> {
        if let Some(ticket) = ticket {
            let (agent, lane) = self.tickets.get(&ticket).cloned()?;
            let sent = self.sessions.get_mut(&agent)?.current_mut(lane)?;
            let fit = sent.expectation.take(&agent, &message.event, Tie::Named);
            return (fit == Fit::Last).then_some((agent, lane));
        }
        let tie = if self.names_commands {
            Tie::Unnamed
        } else {
            Tie::ByOrder
        };
        let agent = &message.to;
        let session = self.sessions.get_mut(agent)?;
        for lane in session.busy_lanes() {
            let Some(sent) = session.current_mut(lane) else {
                continue;
            };
            match sent.expectation.take(agent, &message.event, tie) {
                Fit::None => {}
                Fit::Part => return None,
                Fit::Last => return Some((agent.clone(), lane)),
            }
        }
        None
    }
}

/// A call that cannot be placed is told as a call that failed.
fn outcome_of_answer(event: &contract::Event) -> Outcome {
    match event {
        contract::Event::InboundCall(call) | contract::Event::ConsultCall(call)
            if call.state == CallState::Failed =>
        {
            Outcome::failed(Reason::Denied, format!("FAILED: {}", call.address))
        }
        _ => Outcome::Done,
    }
}

fn outcome_of(refused: &Refused) -> Outcome {
    let text = format!("{}: {}", refused.code, refused.text);
    match refused.code {
        ErrorCode::Timeout => Outcome::failed(Reason::TimedOut, text),
        ErrorCode::OutOfService => Outcome::refused(Reason::LinkDown, text),
        ErrorCode::BadCommand | ErrorCode::NotConnected => Outcome::refused(Reason::Local, text),
        ErrorCode::LicensesExceeded => Outcome::refused(Reason::Limit, text),
        _ => Outcome::refused(Reason::Denied, text),
    }
}
