//! The broker as a machine: links, time, and what its owner asks for.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use finewire_core::machine::{
    Address, CloseReason, Closing, CommandId, Input, Instant, LinkId, ListenerId, Machine, Outcome,
    Output, Outputs, Random, Reason, Timers, TlsId, UnixMillis,
};

use crate::channel::{Channel, ChannelConfig, Heard};
use crate::codec::{Limits, WireFormat};
use crate::command::{BrokerInfo, Command, Destination, Text};

use super::config::BrokerConfig;
use super::connection::{Connection, Stage};
use super::consumer::{Consumer, ConsumerKey};
use super::event::{BrokerCommand, BrokerEvent, BrokerSnapshot};
use super::queue::Queue;
use super::replay::SentBefore;

/// An ActiveMQ-compatible message broker without storage.
///
/// Queues, topics, temporary, composite and wildcard destinations, exclusive consumers, local
/// transactions, keep-alive and the advisories that clients rely on. It keeps everything in
/// memory, persistent messages too: what is in it is lost when it stops. It serves no XA
/// transactions, durable subscriptions, selectors, message groups or virtual topics; who asks for one
/// of the first three gets an exception.
#[derive(Debug)]
pub struct Broker {
    pub(super) config: BrokerConfig,
    /// The text of its `BrokerId`.
    pub(super) id: Text,
    pub(super) now: Instant,
    wall: Option<(UnixMillis, Instant)>,
    pub(super) connections: BTreeMap<LinkId, Connection>,
    pub(super) by_connection_id: BTreeMap<Text, LinkId>,
    pub(super) by_client_id: BTreeMap<Text, LinkId>,
    pub(super) queues: BTreeMap<Destination, Queue>,
    pub(super) held_bytes: usize,
    pub(super) topics: BTreeMap<Destination, BTreeSet<ConsumerKey>>,
    /// Consumers with wildcards, and the plain parts that have them.
    pub(super) patterns: BTreeMap<ConsumerKey, Vec<Destination>>,
    pub(super) temporaries: BTreeMap<Destination, LinkId>,
    pub(super) consumers: BTreeMap<ConsumerKey, Consumer>,
    pub(super) next_consumer: u64,
    pub(super) next_sequence: i64,
    pub(super) next_advisory: i64,
    pub(super) sent_before: SentBefore,
    pub(super) timers: Timers<Due>,
    /// Links with something to flush.
    pub(super) dirty: BTreeSet<LinkId>,
    pub(super) outputs: Outputs<BrokerEvent>,
    pub(super) counters: Counters,
    listeners: BTreeMap<ListenerId, Listener>,
    life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    New,
    Running,
    Stopping(CommandId),
    Stopped,
}

#[derive(Debug)]
struct Listener {
    tls: Option<TlsId>,
    asked: Address,
    /// Where it really listens.
    bound: Option<Address>,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// Greeting, keep-alive or leaving of a link.
    Link(LinkId),
    /// A consumer's pull runs out.
    Pull(ConsumerKey),
    /// Expired messages at the head of a queue, and idle queues.
    Queue(Destination),
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages taken from clients, each part of a composite counted.
    pub received: u64,
    /// Messages handed to consumers.
    pub dispatched: u64,
    /// Messages that passed their expiration in a queue.
    pub expired: u64,
    /// Messages that slow topic consumers missed.
    pub dropped: u64,
    /// Messages moved to the dead letter queue, or thrown away because they could not be.
    pub dead: u64,
    /// Sends repeated after a failover and recognised.
    pub duplicates: u64,
    /// Commands refused.
    pub refused: u64,
    /// Links turned away or closed for breaking the protocol or a limit.
    pub turned_away: u64,
}

/// How long a refused or stopped peer may take to read its answer.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

impl Broker {
    /// A broker that begins to listen with its first input. The seed makes its id.
    #[must_use]
    pub fn new(config: BrokerConfig, seed: [u8; 32]) -> Self {
        let number = Random::from_seed(seed).next_u64();
        let listen = config.listen.iter().zip(0..);
        let listeners = listen.map(|(listen, n)| {
            let listener = Listener {
                tls: listen.tls,
                asked: listen.address.clone(),
                bound: None,
            };
            (ListenerId(n), listener)
        });
        Self {
            id: Text::from(format!("ID:finewire-{number:016x}-0:1")),
            listeners: listeners.collect(),
            now: Instant::START,
            wall: None,
            connections: BTreeMap::new(),
            by_connection_id: BTreeMap::new(),
            by_client_id: BTreeMap::new(),
            queues: BTreeMap::new(),
            held_bytes: 0,
            topics: BTreeMap::new(),
            patterns: BTreeMap::new(),
            temporaries: BTreeMap::new(),
            consumers: BTreeMap::new(),
            next_consumer: 1,
            next_sequence: 1,
            next_advisory: 1,
            sent_before: SentBefore::new(config.limits.remembered_producers),
            timers: Timers::new(),
            dirty: BTreeSet::new(),
            outputs: Outputs::new(),
            counters: Counters::default(),
            life: Life::New,
            config,
        }
    }

    /// Where it listens, as far as it does.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        let listeners = self.listeners.values();
        listeners.filter_map(|listener| listener.bound.as_ref())
    }

    /// What is in it now.
    #[must_use]
    pub fn snapshot(&self) -> BrokerSnapshot {
        BrokerSnapshot::of(self)
    }

    fn channel_config(&self) -> ChannelConfig {
        let frame = self.config.limits.frame_bytes;
        ChannelConfig {
            offer: WireFormat {
                max_frame_size: i64::try_from(frame).unwrap_or(i64::MAX),
                max_inactivity: self.config.max_inactivity,
                initial_delay: self.config.max_inactivity_initial_delay,
                ..WireFormat::default()
            },
            limits: Limits {
                frame,
                ..Limits::default()
            },
            greet_within: self.config.limits.greet_within,
        }
    }

    /// Milliseconds since 1970, if the clock is known.
    pub(super) fn wall_now(&self) -> Option<i64> {
        let (wall, at) = self.wall?;
        Some(wall.plus(self.now - at).0)
    }

    fn start(&mut self) {
        if self.life != Life::New {
            return;
        }
        self.life = Life::Running;
        for (id, listener) in &self.listeners {
            self.outputs
                .push(Output::Listen(*id, listener.asked.clone()));
        }
    }

    fn accept(&mut self, listener: ListenerId, link: LinkId, peer: Address) {
        let Some(tls) = self.listeners.get(&listener).map(|listener| listener.tls) else {
            self.outputs.push(Output::Close(link, Closing::Abort));
            return;
        };
        if self.connections.len() >= self.config.limits.connections {
            self.counters.turned_away += 1;
            self.outputs.push(Output::Close(link, Closing::Abort));
            let reason = CloseReason::Limit("too many connections".into());
            self.outputs
                .event(BrokerEvent::TurnedAway { link, peer, reason });
            return;
        }
        let channel = Channel::new(self.channel_config());
        let stage = match tls {
            Some(tls) => {
                self.outputs.push(Output::Secure(link, tls));
                Stage::Securing
            }
            None => Stage::Strange,
        };
        let secured = tls.is_none();
        self.connections
            .insert(link, Connection::new(listener, peer, channel, stage));
        self.timers
            .set(Due::Link(link), self.now + self.config.limits.greet_within);
        if secured {
            self.greet(link);
        }
    }

    fn greet(&mut self, link: LinkId) {
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.stage = Stage::Strange;
            connection.channel.open(self.now);
            self.dirty.insert(link);
            self.rearm(link);
        }
    }

    /// Sets the timer of a link to what it waits for.
    pub(super) fn rearm(&mut self, link: LinkId) {
        let deadline = match self.connections.get(&link) {
            None => None,
            Some(connection) => match connection.stage {
                Stage::Securing => return,
                Stage::Leaving(until) => Some(until),
                Stage::Strange | Stage::Known(_) | Stage::Departed => connection.channel.deadline(),
            },
        };
        self.timers.arm(Due::Link(link), deadline);
    }

    fn receive(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        if matches!(connection.stage, Stage::Securing | Stage::Leaving(_)) {
            return;
        }
        connection.channel.receive(bytes);
        // A command may end the connection, so it is looked up for each.
        while let Some(connection) = self.connections.get_mut(&link) {
            if matches!(connection.stage, Stage::Leaving(_)) {
                break;
            }
            match connection.channel.next_heard(self.now) {
                Ok(None) => break,
                Ok(Some(Heard::Negotiated)) => {
                    let info = self.broker_info(link);
                    self.send(link, &info.into());
                    self.rearm(link);
                }
                Ok(Some(Heard::Command(command))) => {
                    self.trace_from(link, &command);
                    self.serve(link, command);
                }
                Err(reason) => {
                    self.throw_out(link, reason);
                    break;
                }
            }
        }
        self.ease(link);
    }

    fn broker_info(&self, link: LinkId) -> BrokerInfo {
        let listener = self
            .connections
            .get(&link)
            .map(|connection| connection.listener);
        let listener = listener.and_then(|id| self.listeners.get(&id));
        let address = listener.and_then(|listener| Some((listener.bound.as_ref()?, listener.tls)));
        let url = address.map(|(address, tls)| {
            let scheme = if tls.is_some() { "ssl" } else { "tcp" };
            Text::from(format!("{scheme}://{address}"))
        });
        BrokerInfo {
            broker_id: Some(crate::command::BrokerId::new(self.id.clone())),
            broker_name: Some(Text::from(&self.config.name)),
            broker_url: url,
            ..BrokerInfo::default()
        }
    }

    /// Encodes a command for a link; what does not fit the link's format is lost and reported.
    pub(super) fn send(&mut self, link: LinkId, command: &Command) -> bool {
        let Some(connection) = self.connections.get_mut(&link) else {
            return false;
        };
        match connection.channel.send(command) {
            Ok(()) => {
                self.dirty.insert(link);
                if connection.channel.backlog() > self.config.limits.outbox_bytes {
                    connection.congested = true;
                }
                self.trace_to(link, command);
                true
            }
            Err(error) => {
                let what = format!("{}: {error}", command.type_name());
                self.outputs.event(BrokerEvent::Unsendable { link, what });
                false
            }
        }
    }

    /// Stops or resumes reading and dispatching, as the outbox is full or empty.
    fn ease(&mut self, link: LinkId) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        let limit = self.config.limits.outbox_bytes;
        let backlog = connection.channel.backlog();
        if !connection.paused && backlog > limit.saturating_mul(2) {
            connection.paused = true;
            self.outputs.push(Output::Pause(link));
        }
        if connection.paused && backlog <= limit {
            connection.paused = false;
            self.outputs.push(Output::Resume(link));
        }
        if connection.congested && backlog <= limit / 2 {
            connection.congested = false;
            let keys: Vec<ConsumerKey> = connection.consumers.values().copied().collect();
            for key in keys {
                self.wake(key);
            }
        }
    }

    /// Ends a link for a fault of its peer.
    pub(super) fn throw_out(&mut self, link: LinkId, reason: CloseReason) {
        self.counters.turned_away += 1;
        self.outputs.push(Output::Close(link, Closing::Abort));
        self.forget(link, reason);
    }

    /// Lets what is pending be written, then closes.
    pub(super) fn leave(&mut self, link: LinkId, reason: CloseReason) {
        self.depart(link, &reason);
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.stage = Stage::Leaving(self.now + LEAVE_WITHIN);
            self.dirty.insert(link);
            self.rearm(link);
        }
    }

    /// The link is gone: everything of it goes.
    fn forget(&mut self, link: LinkId, reason: CloseReason) {
        self.depart(link, &reason);
        if let Some(connection) = self.connections.remove(&link)
            && matches!(connection.stage, Stage::Securing | Stage::Strange)
        {
            let peer = connection.peer;
            self.outputs
                .event(BrokerEvent::TurnedAway { link, peer, reason });
        }
        self.dirty.remove(&link);
        self.timers.clear(&Due::Link(link));
        self.stopped_if_empty();
    }

    fn command(&mut self, id: CommandId, command: BrokerCommand) {
        match command {
            BrokerCommand::Snapshot => {
                let snapshot = Box::new(self.snapshot());
                self.outputs.event(BrokerEvent::Snapshot(id, snapshot));
                self.outputs.ended(id, Outcome::Done);
            }
            BrokerCommand::Stop => {
                if self.life != Life::Running {
                    let outcome = Outcome::refused(Reason::Local, "the broker is stopping already");
                    self.outputs.ended(id, outcome);
                    return;
                }
                self.life = Life::Stopping(id);
                for listener in self.listeners.keys() {
                    self.outputs.push(Output::Unlisten(*listener));
                }
                self.listeners.clear();
                let links: Vec<LinkId> = self.connections.keys().copied().collect();
                for link in links {
                    self.leave(link, CloseReason::Asked);
                }
                self.stopped_if_empty();
            }
        }
    }

    fn stopped_if_empty(&mut self) {
        if let Life::Stopping(id) = self.life
            && self.connections.is_empty()
        {
            self.life = Life::Stopped;
            self.outputs.ended(id, Outcome::Done);
        }
    }

    fn fire(&mut self) {
        while let Some(due) = self.timers.pop_due(self.now) {
            match due {
                Due::Link(link) => self.link_due(link),
                Due::Pull(key) => self.pull_due(key),
                Due::Queue(name) => self.queue_due(&name),
            }
        }
    }

    fn link_due(&mut self, link: LinkId) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        match connection.stage {
            Stage::Leaving(_) => {
                self.outputs.push(Output::Close(link, Closing::Abort));
                self.forget(link, CloseReason::Asked);
            }
            Stage::Securing => self.throw_out(link, CloseReason::TimedOut),
            Stage::Strange | Stage::Known(_) | Stage::Departed => {
                match connection.channel.handle_timeout(self.now) {
                    Ok(()) => {
                        if connection.channel.has_pending() {
                            self.dirty.insert(link);
                        }
                        self.rearm(link);
                    }
                    Err(reason) => self.throw_out(link, reason),
                }
            }
        }
    }

    fn flush(&mut self, link: LinkId) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        if let Some(chunks) = connection.channel.take() {
            self.outputs.push(Output::Send(link, chunks));
        }
        if matches!(connection.stage, Stage::Leaving(_)) && !connection.channel.has_pending() {
            self.outputs.push(Output::Close(link, Closing::Flush));
            self.forget(link, CloseReason::Asked);
        }
    }

    fn trace_from(&mut self, link: LinkId, command: &Command) {
        if self.config.trace
            && let Some(trace) = super::trace::of(command, link, Direction::FromPeer)
        {
            self.outputs.trace(trace);
        }
    }

    fn trace_to(&mut self, link: LinkId, command: &Command) {
        if self.config.trace
            && let Some(trace) = super::trace::of(command, link, Direction::ToPeer)
        {
            self.outputs.trace(trace);
        }
    }
}

/// Which way a traced command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    FromPeer,
    ToPeer,
}

impl Machine for Broker {
    type Command = BrokerCommand;
    type Event = BrokerEvent;

    fn handle_input(&mut self, now: Instant, input: Input<'_, BrokerCommand>) {
        self.now = now;
        self.start();
        match input {
            Input::Accepted(listener, link, peer) => self.accept(listener, link, peer),
            Input::Secured(link, _) => {
                let stage = self
                    .connections
                    .get(&link)
                    .map(|connection| &connection.stage);
                if matches!(stage, Some(Stage::Securing)) {
                    self.greet(link);
                }
            }
            Input::Received(link, bytes) => self.receive(link, bytes),
            Input::Sent(link) => {
                if let Some(connection) = self.connections.get_mut(&link) {
                    connection.channel.on_sent();
                    if connection.paused {
                        connection.channel.is_alive();
                    }
                    self.dirty.insert(link);
                    self.ease(link);
                }
            }
            Input::Closed(link, reason) => self.forget(link, reason),
            Input::Listening(id, address) => {
                if let Some(listener) = self.listeners.get_mut(&id) {
                    listener.bound = Some(address.clone());
                    let tls = listener.tls.is_some();
                    self.outputs.event(BrokerEvent::Listening { address, tls });
                }
            }
            Input::ListenFailed(id, reason) => {
                if let Some(listener) = self.listeners.get_mut(&id) {
                    listener.bound = None;
                    let address = listener.asked.clone();
                    self.outputs
                        .event(BrokerEvent::ListenFailed { address, reason });
                }
            }
            Input::Command(id, command) => self.command(id, command),
            Input::Wall(wall) => self.wall = Some((wall, now)),
            Input::Opened(_) => {}
        }
        self.fire();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.start();
        self.fire();
    }

    fn poll_output(&mut self) -> Output<BrokerEvent> {
        loop {
            if let Some(output) = self.outputs.pop() {
                return output;
            }
            match self.dirty.pop_first() {
                Some(link) => self.flush(link),
                None => return Output::Wait(self.timers.next()),
            }
        }
    }
}
