//! The broker as a machine: links, time, and what its owner asks for.

use std::collections::{BTreeMap, BTreeSet};

use finewire_core::machine::{
    Address, CloseReason, CommandId, Input, Instant, LinkId, ListenerId, Machine, Outcome, Output,
    Outputs, Random, Reason, Timers, TlsId, UnixMillis,
};

use crate::command::{Destination, Text};

use super::audience::Audience;
use super::config::BrokerConfig;
use super::connection::{Connection, Stage};
use super::consumer::{Consumer, ConsumerKey};
use super::event::{BrokerCommand, BrokerEvent, BrokerSnapshot};
use super::holding::WaitingLines;
use super::numbered::Numbered;
use super::outboxes::Outboxes;
use super::queue::Queue;
use super::replay::SentBefore;

/// An ActiveMQ-compatible message broker without storage.
///
/// Queues, topics, temporary, composite and wildcard destinations, selectors, exclusive consumers, message
/// groups, local transactions, keep-alive and the advisories that clients rely on. It keeps everything in
/// memory, persistent messages too: what is in it is lost when it stops. It serves no XA
/// transactions, durable subscriptions or virtual topics; who asks for one of them gets an
/// exception that says so.
#[derive(Debug)]
pub struct Broker {
    pub(super) config: BrokerConfig,
    /// The text of its `BrokerId`.
    pub(super) id: Text,
    pub(super) now: Instant,
    wall: Option<(UnixMillis, Instant)>,
    pub(super) connections: Numbered<LinkId, Connection>,
    pub(super) by_connection_id: BTreeMap<Text, LinkId>,
    pub(super) by_client_id: BTreeMap<Text, LinkId>,
    pub(super) queues: BTreeMap<Destination, Queue>,
    pub(super) held_bytes: usize,
    /// Bytes of sends in open transactions.
    pub(super) open_bytes: usize,
    /// Bytes that wait for topic consumers, each one's counted by itself.
    pub(super) backlog_bytes: usize,
    pub(super) outboxes: Outboxes,
    pub(super) lines: WaitingLines,
    pub(super) topics: BTreeMap<Destination, BTreeSet<ConsumerKey>>,
    /// Consumers with wildcards, and the plain parts that have them.
    pub(super) patterns: BTreeMap<ConsumerKey, Vec<Destination>>,
    /// How often who consumes which topic has changed.
    pub(super) interest: u64,
    pub(super) audience: Audience,
    pub(super) temporaries: BTreeMap<Destination, LinkId>,
    /// How many producers announced that they send to a destination.
    pub(super) producing: BTreeMap<Destination, usize>,
    pub(super) consumers: Numbered<ConsumerKey, Consumer>,
    pub(super) next_consumer: u64,
    pub(super) next_sequence: i64,
    pub(super) next_advisory: i64,
    pub(super) sent_before: SentBefore,
    pub(super) timers: Timers<Due>,
    /// Links with something to flush.
    pub(super) dirty: BTreeSet<LinkId>,
    pub(super) outputs: Outputs<BrokerEvent>,
    pub(super) counters: Counters,
    pub(super) listeners: BTreeMap<ListenerId, Listener>,
    life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    New,
    Running,
    Stopping(CommandId),
    Stopped,
}

/// An address that it listens on, or should.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) tls: Option<TlsId>,
    pub(super) asked: Address,
    /// Where it really listens.
    pub(super) bound: Option<Address>,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// Greeting, keep-alive or leaving of a link.
    Link(LinkId),
    /// What is held up of a session has waited long enough.
    Held(LinkId, i64),
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
    /// Sends and commits for which there was no room at first.
    pub held_up: u64,
    /// Commands refused.
    pub refused: u64,
    /// Links turned away or closed for breaking the protocol or a limit.
    pub turned_away: u64,
}

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
            connections: Numbered::new(),
            by_connection_id: BTreeMap::new(),
            by_client_id: BTreeMap::new(),
            queues: BTreeMap::new(),
            held_bytes: 0,
            open_bytes: 0,
            backlog_bytes: 0,
            outboxes: Outboxes::new(&config.limits),
            lines: WaitingLines::default(),
            topics: BTreeMap::new(),
            patterns: BTreeMap::new(),
            interest: 0,
            audience: Audience::default(),
            temporaries: BTreeMap::new(),
            producing: BTreeMap::new(),
            consumers: Numbered::new(),
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
                let links: Vec<LinkId> = self.connections.keys().collect();
                for link in links {
                    self.leave(link, CloseReason::Asked);
                }
                self.stopped_if_empty();
            }
        }
    }

    pub(super) fn stopped_if_empty(&mut self) {
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
                Due::Held(link, session) => self.held_due(link, session),
                Due::Pull(key) => self.pull_due(key),
                Due::Queue(name) => self.queue_due(&name),
            }
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
                    self.count_outbox(link);
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
        self.let_in();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.start();
        self.fire();
        self.let_in();
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
