//! The machine: one link to the broker, the decisions of the core, and what joins them.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use finewire_core::agent::{AgentId, AgentModel};
use finewire_core::driver::{self, Service, Sessions, Signal};
use finewire_core::machine::{
    CloseReason, CommandId, Input, Instant, Link, LinkEvent, LinkSlot, Machine, Outcome, Output,
    Outputs, Random, Reason, Size, Sorted,
};
use finewire_openwire::client::{Client, ClientCommand, ClientEvent};

use crate::config::Config;
use crate::{perform, route};

/// What a driver's owner asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Something about an agent.
    Ask(driver::Command),
    /// End: everything unended ends, the link is closed and stays so.
    Stop,
}

impl From<driver::Command> for Command {
    fn from(command: driver::Command) -> Self {
        Self::Ask(command)
    }
}

/// What a driver tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The broker is reached.
    BrokerUp,
    /// The broker is lost, or an attempt to reach it has failed.
    BrokerDown {
        /// Why.
        reason: CloseReason,
        /// When the next attempt begins; `None`: not by itself.
        retry_at: Option<Instant>,
    },
    /// The broker did not let the driver consume from its own topic: no answer can come. It is
    /// asked again after [`Config::resubscribe`].
    SubscriptionFailed(Outcome),
    /// Something about the connector, an agent or a call.
    Driver(driver::Event),
}

/// Messages that are no commands and not written yet: a link on which nothing moves is cut before
/// there are more.
const BESIDES: usize = 8;

/// A CTI driver, whole: give it commands, it keeps to its broker, its connector and its agents.
///
/// See the [crate's page](crate) for an example.
#[derive(Debug)]
pub struct Driver {
    link: Link<Client>,
    sessions: Sessions,
    queue: String,
    is_started: bool,
    given: BTreeMap<CommandId, perform::Given>,
    next_given: u64,
    stops: VecDeque<CommandId>,
    /// When to ask for the lost subscription again.
    resubscribe_at: Option<Instant>,
    resubscribe: Duration,
    outputs: Outputs<Event>,
    now: Instant,
}

impl Driver {
    /// A driver that reaches for its broker at its first input. `seed` comes from the operating
    /// system, in tests it is fixed.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mut random = Random::from_seed(seed);
        let mut client_seed = [0; 32];
        random.fill(&mut client_seed);
        let client = Client::new(config.client, client_seed);
        let link = Link::new(client, config.link, LinkSlot(0), random.fork());
        let mut driver = Self {
            link,
            sessions: Sessions::new(config.driver, random.fork()),
            queue: config.queue,
            is_started: false,
            given: BTreeMap::new(),
            next_given: 0,
            stops: VecDeque::new(),
            resubscribe_at: None,
            resubscribe: config.resubscribe,
            outputs: Outputs::new(),
            now: Instant::START,
        };
        driver.subscribe();
        driver
    }

    /// What is known of an agent; see [`Sessions::agent`].
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&AgentModel> {
        self.sessions.agent(id)
    }

    /// All agents that are known.
    pub fn agents(&self) -> impl Iterator<Item = &AgentModel> {
        self.sessions.agents()
    }

    /// Whether the connector can be used.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.sessions.service()
    }

    /// How much is held of everything that comes and goes; see [`Sessions::sizes`].
    #[must_use]
    pub fn sizes(&self) -> Vec<Size> {
        let mut sizes = self.sessions.sizes();
        // The subscription and heartbeats beside the commands.
        let most = sizes
            .iter()
            .find(|size| size.what == "commands not answered");
        let most = most.map_or(0, |size| size.most) + BESIDES;
        sizes.push(Size::new("messages not written", self.given.len(), most));
        sizes
    }

    /// The link to the broker, to look at.
    #[must_use]
    pub const fn link(&self) -> &Link<Client> {
        &self.link
    }

    fn start(&mut self, now: Instant) {
        self.now = now;
        if !self.is_started {
            self.is_started = true;
            self.link.start(now);
        }
    }

    fn subscribe(&mut self) {
        let topic = self.sessions.config().destination.as_str().to_owned();
        let id = self.give(perform::Given::Subscription);
        let command = perform::subscription(&topic);
        self.link
            .handle_input(self.now, Input::Command(id, command));
    }

    fn give(&mut self, what: perform::Given) -> CommandId {
        let id = CommandId(self.next_given);
        self.next_given += 1;
        self.given.insert(id, what);
        id
    }

    fn signal(&mut self, signal: Signal) {
        self.sessions.handle_signal(self.now, signal);
    }

    fn on_link_event(&mut self, event: LinkEvent<ClientEvent>) {
        match &event {
            LinkEvent::Up => self.outputs.event(Event::BrokerUp),
            LinkEvent::Down { reason, retry_at } => {
                self.outputs.event(Event::BrokerDown {
                    reason: reason.clone(),
                    retry_at: *retry_at,
                });
            }
            LinkEvent::Said(ClientEvent::SubscriptionLost { why, .. }) => {
                self.on_subscription_lost();
                let outcome = Outcome::failed(Reason::Denied, why.clone());
                self.outputs.event(Event::SubscriptionFailed(outcome));
            }
            LinkEvent::Said(_) => {}
        }
        if let Some(signal) = route::signal(event) {
            self.signal(signal);
        }
    }

    fn on_given_ended(&mut self, id: CommandId, outcome: Outcome) {
        match self.given.remove(&id) {
            Some(perform::Given::Message(ticket)) if !outcome.is_done() => {
                self.signal(Signal::PublishFailed(ticket, outcome));
            }
            Some(perform::Given::Farewell) => {
                if let Some(stop) = self.stops.pop_front() {
                    self.outputs.ended(stop, Outcome::Done);
                }
            }
            Some(perform::Given::Subscription) if !outcome.is_done() => {
                self.on_subscription_lost();
                self.outputs.event(Event::SubscriptionFailed(outcome));
            }
            Some(perform::Given::Message(_) | perform::Given::Subscription) | None => {}
        }
    }

    /// Nothing can be heard without it, so it is asked for until it is there.
    fn on_subscription_lost(&mut self) {
        if self.stops.is_empty() {
            self.resubscribe_at = Some(self.now + self.resubscribe);
        }
    }

    fn perform(&mut self, effect: driver::Effect) {
        match effect {
            driver::Effect::Publish { ticket, message } => {
                let id = self.give(perform::Given::Message(ticket));
                let command = perform::publication(&self.queue, ticket, &message);
                self.link
                    .handle_input(self.now, Input::Command(id, command));
            }
            driver::Effect::Event(event) => self.outputs.event(Event::Driver(event)),
            driver::Effect::Ended(id, outcome) => self.outputs.ended(id, outcome),
            driver::Effect::Trace(trace) => self.outputs.trace(trace),
        }
    }

    fn stop(&mut self, id: CommandId) {
        self.signal(Signal::ShuttingDown);
        self.stops.push_back(id);
        self.resubscribe_at = None;
        let farewell = self.give(perform::Given::Farewell);
        let command = Input::Command(farewell, ClientCommand::Disconnect);
        self.link.handle_input(self.now, command);
    }
}

impl Machine for Driver {
    type Command = Command;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Command>) {
        self.start(now);
        match input {
            Input::Command(id, Command::Ask(command)) => {
                self.signal(Signal::Command(id, command));
            }
            Input::Command(id, Command::Stop) => self.stop(id),
            Input::Opened(link) => self.link.handle_input(now, Input::Opened(link)),
            Input::Secured(link, identity) => {
                self.link.handle_input(now, Input::Secured(link, identity));
            }
            Input::Received(link, bytes) => {
                self.link.handle_input(now, Input::Received(link, bytes));
            }
            Input::Sent(link) => self.link.handle_input(now, Input::Sent(link)),
            Input::Closed(link, reason) => {
                self.link.handle_input(now, Input::Closed(link, reason));
            }
            Input::Wall(wall) => self.link.handle_input(now, Input::Wall(wall)),
            Input::Listening(..) | Input::ListenFailed(..) | Input::Accepted(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.start(now);
        self.link.handle_timeout(now);
        self.sessions.handle_timeout(now);
        if self.resubscribe_at.is_some_and(|at| at <= now) {
            self.resubscribe_at = None;
            self.subscribe();
        }
    }

    fn poll_output(&mut self) -> Output<Event> {
        let mut has_fired = false;
        loop {
            if let Some(output) = self.outputs.pop() {
                return output;
            }
            match self.outputs.pull(&mut self.link) {
                Sorted::Event(event) => self.on_link_event(event),
                Sorted::Ended(id, outcome) => self.on_given_ended(id, outcome),
                Sorted::Wait(due) => match self.sessions.poll_effect() {
                    Some(effect) => self.perform(effect),
                    None if self.outputs.is_empty() => {
                        let due = [due, self.sessions.deadline(), self.resubscribe_at];
                        let due = due.into_iter().flatten().min();
                        // An input may come at the very moment at which something is due.
                        if due.is_some_and(|due| due <= self.now) && !has_fired {
                            has_fired = true;
                            self.handle_timeout(self.now);
                            continue;
                        }
                        return Output::Wait(due);
                    }
                    None => {}
                },
            }
        }
    }
}
