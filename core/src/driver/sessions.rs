//! All agents of a driver: signals in, effects out.

use alloc::collections::{BTreeMap, VecDeque};

use super::config::Config;
use super::event::{Event, Service};
use super::expectation::Lane;
use super::session::Session;
use super::signal::{Effect, Signal, Ticket};
use crate::agent::{AgentId, AgentModel};
use crate::machine::{Instant, Random, Reason, Timers};

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
    pub(super) config: Config,
    pub(super) sessions: BTreeMap<AgentId, Session>,
    pub(super) tickets: BTreeMap<Ticket, (AgentId, Lane)>,
    pub(super) next_ticket: u64,
    pub(super) service: Service,
    pub(super) is_up: bool,
    pub(super) is_ending: bool,
    pub(super) names_commands: bool,
    pub(super) timers: Timers<Timer>,
    pub(super) random: Random,
    pub(super) now: Instant,
    pub(super) effects: VecDeque<Effect>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
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

    pub(super) fn tell(&mut self, event: Event) {
        self.effects.push_back(Effect::Event(event));
    }

    pub(super) fn set_service(&mut self, service: Service) {
        if self.service != service {
            self.service = service;
            self.tell(Event::ServiceChanged(service));
        }
    }
}
