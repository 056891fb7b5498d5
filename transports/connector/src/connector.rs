//! The machine: all links, the decisions of the core, and what joins them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use finewire_core::agent::AgentId;
use finewire_core::connector::{Connector as Decisions, DeliveryId, Signal};
use finewire_core::machine::{
    Closing, CommandId, Input, Instant, Link, LinkConfig, LinkSlot, Machine, Outcome, Output,
    Random, Timers,
};
use finewire_openwire::client::{Client, ClientCommand, DeliveryToken};

use crate::agents::Agents;
use crate::config::{BrokerConfig, Config, DriverSide, NodeConfig};
use crate::perform;
use crate::pool::Pool;
use crate::route::Leaf;
use crate::seen::Seen;
use crate::status::{Health, LinkReport, NodeReport, Recent, Ring, Status};
use crate::touch::{Act, Sink};
use crate::turns::Turns;
use crate::verbs::{Command, Event};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Decisions,
    Link(u32),
    Waiting(u16),
    Resubscribe,
    Farewell,
}

/// Where a link's child is.
enum Place {
    Broker,
    Pool(usize),
    Agent,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Running,
    /// The decisions end what is under way.
    Draining,
    /// The links are being closed.
    Leaving,
    Stopped,
}

/// The connector, whole: between the drivers behind one broker and Finesse.
///
/// See the [crate's page](crate) for an example.
pub struct Connector {
    pub(crate) decisions: Decisions,
    /// Commands come from the owner; the broker's link is never opened.
    pub(crate) is_owners: bool,
    /// The last command of the owner's that was taken on.
    pub(crate) acknowledged: Option<DeliveryId>,
    pub(crate) broker: Link<Client>,
    pub(crate) broker_config: BrokerConfig,
    pub(crate) broker_health: Health,
    pub(crate) nodes: Vec<NodeConfig>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) agents: Agents,
    pub(crate) turns: Turns,
    first_agent_slot: u32,
    pub(crate) sink: Sink,
    pub(crate) inbox: VecDeque<Leaf>,
    pub(crate) timers: Timers<Due>,
    pub(crate) tokens: BTreeMap<DeliveryId, DeliveryToken>,
    pub(crate) next_delivery: u64,
    next_broker_command: u64,
    /// The one that subscribed the command queue.
    pub(crate) queue_command: Option<CommandId>,
    pub(crate) rivals_command: Option<CommandId>,
    pub(crate) seen: Seen,
    pub(crate) repeated: u64,
    pub(crate) ring: Ring,
    pub(crate) unsent: u64,
    pub(crate) forged: u64,
    pub(crate) unreadable: u64,
    pub(crate) stage: Stage,
    shutdowns: Vec<CommandId>,
    farewell: core::time::Duration,
    is_started: bool,
    /// The operator wants the command queue left to others.
    pub(crate) is_draining: bool,
    pub(crate) random: Random,
    pub(crate) now: Instant,
}

/// The broker's slot; those of the pools follow, then those of the agents, which are never used
/// again.
const BROKER: u32 = 0;

/// How many messages a [`Status`] shows.
const TOLD_AT_ONCE: usize = 200;

impl Connector {
    /// A connector that reaches for broker and Finesse at its first input. `seed` comes from the
    /// operating system, in tests it is fixed.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mut random = Random::from_seed(seed);
        let mut decisions = config.decisions;
        decisions.nodes = u16::try_from(config.nodes.len()).unwrap_or(u16::MAX);
        let is_owners = matches!(config.drivers, DriverSide::Owner);
        let broker_config = match config.drivers {
            DriverSide::Broker(broker) => *broker,
            DriverSide::Owner => BrokerConfig::new(LinkConfig::keep_open(Vec::new()), ""),
        };
        let queue = broker_config.queue.as_str().into();
        if !is_owners && !decisions.layout.command_queues.contains(&queue) {
            decisions.layout.command_queues.push(queue);
        }
        let mut client_seed = [0; 32];
        random.fill(&mut client_seed);
        let broker = Link::new(
            Client::new(broker_config.client.clone(), client_seed),
            broker_config.link.clone(),
            LinkSlot(BROKER),
            random.fork(),
        );
        let mut next_slot = BROKER + 1;
        let mut pools = Vec::new();
        for node in &config.nodes {
            let pool = Pool::new(node, config.pool, config.waiting, next_slot, &mut random);
            next_slot = pool.slots().last().map_or(next_slot, |last| last + 1);
            pools.push(pool);
        }
        let remembered = usize::from(broker_config.prefetch)
            .saturating_mul(2)
            .max(256);
        Self {
            turns: Turns::new(decisions.timing.pace),
            decisions: Decisions::new(decisions, random.fork()),
            is_owners,
            acknowledged: None,
            broker,
            broker_config,
            broker_health: Health::new(Instant::START),
            nodes: config.nodes,
            pools,
            agents: Agents::new(next_slot, &mut random),
            first_agent_slot: next_slot,
            sink: Sink::new(config.traces_wire),
            inbox: VecDeque::new(),
            timers: Timers::new(),
            tokens: BTreeMap::new(),
            next_delivery: 0,
            next_broker_command: 0,
            queue_command: None,
            rivals_command: None,
            seen: Seen::new(remembered),
            repeated: 0,
            ring: Ring::new(config.recent),
            unsent: 0,
            forged: 0,
            unreadable: 0,
            stage: Stage::Running,
            shutdowns: Vec::new(),
            farewell: config.farewell,
            is_started: false,
            is_draining: false,
            random,
            now: Instant::START,
        }
    }

    /// How it stands with everything.
    #[must_use]
    pub fn status(&self) -> Status {
        let (broker, nodes) = self.links();
        let agents = self.decisions.agents().map(|known| {
            let link = self.agents.of(&known.agent);
            let link = link.map(|link| report(&link.link, &link.health));
            (known, link)
        });
        Status {
            readiness: self.decisions.readiness(),
            broker,
            nodes,
            agents: agents.collect(),
            counters: *self.decisions.counters(),
            unsent: self.unsent,
            repeated: self.repeated,
            forged: self.forged,
            unreadable: self.unreadable,
            recent: self.ring.last(TOLD_AT_ONCE).cloned().collect(),
        }
    }

    /// The links, without the agents and the messages.
    #[must_use]
    pub fn links(&self) -> (LinkReport, Vec<NodeReport>) {
        let nodes = self.decisions.nodes().zip(&self.pools).zip(&self.nodes);
        let nodes = nodes.map(
            |(((node, readiness, since, why), pool), config)| NodeReport {
                node,
                endpoint: pool.endpoint.to_string(),
                notifications: config.notifications().to_string(),
                readiness,
                since,
                why,
                fault: pool.fault().cloned(),
                connections: pool.connections(),
                requests: pool.requests(),
            },
        );
        (report(&self.broker, &self.broker_health), nodes.collect())
    }

    /// Running totals that are not the decisions' own, by the names of [`Status`]'s fields.
    #[must_use]
    pub const fn totals(&self) -> [(&'static str, u64); 4] {
        [
            ("unsent", self.unsent),
            ("repeated", self.repeated),
            ("forged", self.forged),
            ("unreadable", self.unreadable),
        ]
    }

    /// The messages that passed after the one with this number, oldest first, at most `most`; 0 for all that
    /// are kept.
    pub fn recent_since(&self, number: u64, most: usize) -> impl Iterator<Item = &Recent> {
        self.ring.since(number).take(most)
    }

    /// An agent's notification link, where it has one.
    #[must_use]
    pub fn notification_link(&self, agent: &AgentId) -> Option<LinkReport> {
        let known = self.agents.of(agent)?;
        Some(report(&known.link, &known.health))
    }

    /// The decisions, to look at.
    #[must_use]
    pub const fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    fn start(&mut self) {
        if core::mem::replace(&mut self.is_started, true) {
            return;
        }
        self.subscribe_queue();
        self.watch_rivals();
        self.touch_broker(Act::Start);
        self.signal(Signal::Started);
        if self.is_owners {
            self.signal(Signal::BrokerUp);
        }
    }

    pub(crate) fn subscribe_queue(&mut self) {
        let command = perform::subscription(&self.broker_config);
        let id = self.ask_broker(command);
        self.queue_command = Some(id);
    }

    /// Without the advisories it works, but does not learn that another connector takes over.
    pub(crate) fn watch_rivals(&mut self) {
        if self.broker_config.exclusive {
            let id = self.ask_broker(perform::rivals(&self.broker_config));
            self.rivals_command = Some(id);
        }
    }

    pub(crate) fn ask_broker(&mut self, command: ClientCommand) -> CommandId {
        let id = CommandId(self.next_broker_command);
        self.next_broker_command += 1;
        self.touch_broker(Act::Input(Input::Command(id, command)));
        id
    }

    fn touch_broker(&mut self, act: Act<'_, ClientCommand>) {
        if self.is_owners {
            return;
        }
        let (link, inbox) = (&mut self.broker, &mut self.inbox);
        let due = self.sink.touch(self.now, link, act, inbox, Leaf::Broker);
        self.timers.arm(Due::Link(BROKER), due);
    }

    pub(crate) fn touch_pool(
        &mut self,
        node: usize,
        slot: u32,
        act: Act<'_, finewire_http::ClientCommand>,
    ) {
        let Some(member) = self.pools.get_mut(node).and_then(|pool| pool.member(slot)) else {
            return;
        };
        let leaf = |said| Leaf::Pool { node, slot, said };
        let due = self
            .sink
            .touch(self.now, &mut member.link, act, &mut self.inbox, leaf);
        self.timers.arm(Due::Link(slot), due);
    }

    pub(crate) fn touch_agent(&mut self, slot: u32, act: Act<'_, finewire_xmpp::ClientCommand>) {
        let Some(known) = self.agents.get_mut(slot) else {
            self.timers.clear(&Due::Link(slot));
            return;
        };
        let leaf = |said| Leaf::Agent { slot, said };
        let due = self
            .sink
            .touch(self.now, &mut known.link, act, &mut self.inbox, leaf);
        self.timers.arm(Due::Link(slot), due);
    }

    /// Begins as many waiting requests as there are free connections.
    pub(crate) fn begin_requests(&mut self, node: usize) {
        while let Some((slot, waiting)) = self.pools.get_mut(node).and_then(Pool::begin) {
            let command = finewire_http::ClientCommand::Exchange {
                request: waiting.http,
                timeout: waiting.deadline - self.now,
            };
            let id = CommandId(waiting.request.0);
            self.touch_pool(node, slot, Act::Input(Input::Command(id, command)));
        }
        let due = self.pools.get(node).and_then(Pool::deadline);
        if let Ok(number) = u16::try_from(node) {
            self.timers.arm(Due::Waiting(number), due);
        }
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.decisions.handle(self.now, signal);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.decisions.poll() {
            self.perform(effect);
        }
    }

    /// Hears the children out until nobody says anything.
    fn settle(&mut self) {
        while let Some(leaf) = self.inbox.pop_front() {
            self.route(leaf);
        }
        self.timers.arm(Due::Decisions, self.decisions.deadline());
        self.try_to_stop();
    }

    /// Does everything that is due, also when an input came before the deadline's own call.
    fn run_due(&mut self) {
        while let Some(due) = self.timers.pop_due(self.now) {
            match due {
                Due::Decisions => {
                    self.decisions.handle_timeout(self.now);
                    self.carry_out();
                }
                Due::Link(slot) => self.on_time(slot),
                Due::Waiting(node) => self.give_up_overdue(usize::from(node)),
                Due::Resubscribe => self.subscribe_queue(),
                Due::Farewell => self.tear(),
            }
            self.settle();
        }
    }

    fn place(&self, slot: u32) -> Option<Place> {
        match slot {
            BROKER => Some(Place::Broker),
            _ if slot >= self.first_agent_slot => Some(Place::Agent),
            _ => {
                let mut pools = self.pools.iter();
                pools.position(|pool| pool.has(slot)).map(Place::Pool)
            }
        }
    }

    fn on_time(&mut self, slot: u32) {
        match self.place(slot) {
            Some(Place::Broker) => self.touch_broker(Act::Timeout),
            Some(Place::Pool(node)) => self.touch_pool(node, slot, Act::Timeout),
            Some(Place::Agent) => self.touch_agent(slot, Act::Timeout),
            None => {}
        }
    }

    fn shut_down(&mut self, id: CommandId) {
        match self.stage {
            Stage::Stopped => self.sink.outputs.ended(id, Outcome::Done),
            Stage::Running => {
                self.shutdowns.push(id);
                self.stage = Stage::Draining;
                // What comes from now on is for another connector.
                self.ask_broker(ClientCommand::Unsubscribe(perform::COMMANDS));
                self.signal(Signal::ShuttingDown);
            }
            Stage::Draining | Stage::Leaving => self.shutdowns.push(id),
        }
    }

    /// The decisions have nothing under way: the links are closed, in good order.
    pub(crate) fn leave(&mut self) {
        self.stage = Stage::Leaving;
        self.timers.set(Due::Farewell, self.now + self.farewell);
        self.ask_broker(ClientCommand::Disconnect);
        if self.broker.current().is_none() {
            self.touch_broker(Act::Stop(Closing::Abort));
        }
        for node in 0..self.pools.len() {
            let slots: Vec<u32> = self
                .pools
                .get(node)
                .map(|pool| pool.slots().collect())
                .unwrap_or_default();
            for slot in slots {
                self.touch_pool(node, slot, Act::Stop(Closing::Flush));
            }
        }
    }

    fn try_to_stop(&mut self) {
        let is_gone = self.broker.current().is_none() && self.agents.is_empty();
        if self.stage == Stage::Stopped {
            self.timers = Timers::new();
        }
        if self.stage == Stage::Leaving && is_gone {
            self.stage = Stage::Stopped;
            self.timers = Timers::new();
            self.sink.outputs.event(Event::Stopped);
            for id in core::mem::take(&mut self.shutdowns) {
                self.sink.outputs.ended(id, Outcome::Done);
            }
        }
    }

    /// The links have had their time to close.
    fn tear(&mut self) {
        self.touch_broker(Act::Stop(Closing::Abort));
        for slot in self.agents.slots() {
            self.touch_agent(slot, Act::Stop(Closing::Abort));
            self.agents.remove(slot);
        }
    }
}

fn report<P: finewire_core::machine::Protocol>(link: &Link<P>, health: &Health) -> LinkReport {
    LinkReport {
        endpoint: link.endpoint().map(ToString::to_string).unwrap_or_default(),
        state: link.state(),
        since: health.since,
        why: health.why.clone(),
    }
}

/// Hands an input about a link to the child that it is about.
macro_rules! to_child {
    ($connector:ident, $link:expr, $input:expr) => {
        if let Some(LinkSlot(slot)) = $link.slot() {
            match $connector.place(slot) {
                Some(Place::Broker) => $connector.touch_broker(Act::Input($input)),
                Some(Place::Pool(node)) => $connector.touch_pool(node, slot, Act::Input($input)),
                Some(Place::Agent) => $connector.touch_agent(slot, Act::Input($input)),
                None => {}
            }
        }
    };
}

impl Machine for Connector {
    type Command = Command;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Command>) {
        self.now = now;
        self.start();
        match input {
            Input::Command(id, Command::Shutdown) => self.shut_down(id),
            Input::Command(id, Command::SetTime(time)) => {
                self.decisions.set_time(time);
                self.sink.outputs.ended(id, Outcome::Done);
            }
            Input::Command(id, command) => self.operate(id, command),
            _ if self.stage == Stage::Stopped => {}
            Input::Opened(link) => to_child!(self, link, Input::Opened(link)),
            Input::Secured(link, identity) => {
                to_child!(self, link, Input::Secured(link, identity));
            }
            Input::Received(link, bytes) => {
                to_child!(self, link, Input::Received(link, bytes));
            }
            Input::Sent(link) => to_child!(self, link, Input::Sent(link)),
            Input::Closed(link, reason) => to_child!(self, link, Input::Closed(link, reason)),
            Input::Wall(wall) => {
                self.touch_broker(Act::Input(Input::Wall(wall)));
                self.signal(Signal::Wall(wall));
            }
            Input::Listening(..) | Input::ListenFailed(..) | Input::Accepted(..) => {}
        }
        self.settle();
        self.run_due();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.start();
        self.settle();
        self.run_due();
    }

    fn poll_output(&mut self) -> Output<Event> {
        match self.sink.outputs.pop() {
            Some(output) => output,
            None => Output::Wait(self.timers.next()),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("stage", &self.stage)
            .field("broker", &self.broker)
            .field("decisions", &self.decisions)
            .finish_non_exhaustive()
    }
}
