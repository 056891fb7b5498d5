//! Clients and a broker joined in memory, with fake time and wires that can be cut at any byte.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::indexing_slicing, clippy::missing_panics_doc, reason = "tests")]

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use finewire_core::machine::{
    Address, CloseReason, CommandId, Endpoint, Input, Instant, Link, LinkConfig, LinkEvent, LinkId,
    LinkSlot, ListenerId, Machine, Outcome, Output, Random, UnixMillis,
};
use finewire_openwire::broker::{Broker, BrokerCommand, BrokerConfig, BrokerEvent, Listen};
use finewire_openwire::client::{
    Client, ClientCommand, ClientConfig, ClientEvent, ConsumerHandle, Delivered, Publish, Subscribe,
};
use finewire_openwire::command::{Destination, Message};

/// When the wall clock says the simulation starts.
pub const WALL: i64 = 1_700_000_000_000;

pub struct World {
    pub now: Instant,
    pub broker: Broker,
    pub broker_events: Vec<BrokerEvent>,
    pub broker_ended: BTreeMap<CommandId, Vec<Outcome>>,
    pub peers: Vec<PeerEnd>,
    /// Bytes at a time that a wire carries.
    pub chunk: usize,
    /// Reads of bytes from now on until every wire is cut.
    pub cut_after: Option<usize>,
    /// Whether connecting works.
    pub reachable: bool,
    moving: VecDeque<Moving>,
    next_accepted: u64,
    next_command: u64,
    broker_deadline: Option<Instant>,
    pub deliveries: usize,
}

/// A client, its ends and what it said.
pub struct PeerEnd {
    pub link: Link<Client>,
    pub events: Vec<ClientEvent>,
    pub ups: usize,
    pub downs: Vec<CloseReason>,
    pub ended: BTreeMap<CommandId, Vec<Outcome>>,
    pub given: Vec<CommandId>,
    /// The wire of the moment: the link here and the link at the broker.
    pub wire: Option<(LinkId, LinkId)>,
    /// Nothing that is sent arrives any more, and nobody is told.
    pub frozen: bool,
    deadline: Option<Instant>,
}

enum Moving {
    ToBroker(LinkId, Vec<u8>),
    ToClient(usize, LinkId, Vec<u8>),
    SentByBroker(LinkId),
    SentByClient(usize, LinkId),
    ClosedAtBroker(LinkId, CloseReason),
    ClosedAtClient(usize, LinkId, CloseReason),
    Connected(usize, LinkId),
}

pub fn config() -> BrokerConfig {
    BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 61616),
            tls: None,
        }],
        ..BrokerConfig::default()
    }
}

impl World {
    pub fn new(config: BrokerConfig) -> Self {
        let mut world = Self {
            now: Instant::START,
            broker: Broker::new(config, [1; 32]),
            broker_events: Vec::new(),
            broker_ended: BTreeMap::new(),
            peers: Vec::new(),
            chunk: usize::MAX,
            cut_after: None,
            reachable: true,
            moving: VecDeque::new(),
            next_accepted: 1,
            next_command: 1,
            broker_deadline: None,
            deliveries: 0,
        };
        world
            .broker
            .handle_input(world.now, Input::Wall(UnixMillis(WALL)));
        world.broker.handle_input(
            world.now,
            Input::Listening(ListenerId(0), Address::new("127.0.0.1", 61616)),
        );
        world.settle();
        world
    }

    /// A client that connects at once.
    pub fn client(&mut self, seed: u8, config: ClientConfig) -> usize {
        let client = Client::new(config, [seed; 32]);
        let endpoints = vec![Endpoint::plain("localhost", 61616)];
        let link_config = LinkConfig::keep_open(endpoints);
        let random = Random::from_seed([seed; 32]);
        let mut link = Link::new(client, link_config, LinkSlot(u32::from(seed)), random);
        link.handle_input(self.now, Input::Wall(UnixMillis(WALL)));
        link.start(self.now);
        self.peers.push(PeerEnd {
            link,
            events: Vec::new(),
            ups: 0,
            downs: Vec::new(),
            ended: BTreeMap::new(),
            given: Vec::new(),
            wire: None,
            frozen: false,
            deadline: None,
        });
        self.settle();
        self.peers.len() - 1
    }

    pub fn give(&mut self, peer: usize, command: ClientCommand) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.peers[peer].given.push(id);
        self.peers[peer]
            .link
            .handle_input(self.now, Input::Command(id, command));
        self.settle();
        id
    }

    pub fn ask_broker(&mut self, command: BrokerCommand) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.broker
            .handle_input(self.now, Input::Command(id, command));
        self.settle();
        id
    }

    /// Lets everything happen that happens without time.
    pub fn settle(&mut self) {
        for turn in 0.. {
            assert!(turn < 1_000_000, "the machines do not come to rest");
            let mut quiet = self.drain_broker();
            for peer in 0..self.peers.len() {
                quiet &= self.drain_client(peer);
            }
            let Some(moving) = self.moving.pop_front() else {
                if quiet {
                    return;
                }
                continue;
            };
            self.arrive(moving);
        }
    }

    /// Lets time pass, stopping at each deadline.
    pub fn advance(&mut self, span: Duration) {
        let end = self.now + span;
        for turn in 0.. {
            assert!(turn < 1_000_000, "time does not pass");
            self.settle();
            let deadlines = self.peers.iter().filter_map(|peer| peer.deadline);
            let next = deadlines.chain(self.broker_deadline).min();
            match next {
                Some(at) if at <= end => {
                    assert!(at > self.now, "a deadline lies in the past");
                    self.now = at;
                    self.broker.handle_timeout(at);
                    for peer in &mut self.peers {
                        peer.link.handle_timeout(at);
                    }
                }
                _ => break,
            }
        }
        self.now = end;
        self.broker.handle_timeout(end);
        for peer in &mut self.peers {
            peer.link.handle_timeout(end);
        }
        self.settle();
    }

    /// Cuts a client's wire; both sides learn of it.
    pub fn cut(&mut self, peer: usize) {
        if let Some((here, there)) = self.peers[peer].wire.take() {
            self.moving.retain(|moving| match moving {
                Moving::ToBroker(link, _) | Moving::SentByBroker(link) => *link != there,
                Moving::ToClient(_, link, _) | Moving::SentByClient(_, link) => *link != here,
                _ => true,
            });
            self.moving
                .push_back(Moving::ClosedAtBroker(there, CloseReason::Eof));
            self.moving
                .push_back(Moving::ClosedAtClient(peer, here, CloseReason::Eof));
        }
        self.settle();
    }

    pub fn outcome(&self, peer: usize, id: CommandId) -> Option<&Outcome> {
        let ends = self.peers[peer].ended.get(&id)?;
        assert_eq!(
            ends.len(),
            1,
            "{id:?} of client {peer} ended more than once: {ends:?}"
        );
        ends.first()
    }

    pub fn is_done(&self, peer: usize, id: CommandId) -> bool {
        self.outcome(peer, id) == Some(&Outcome::Done)
    }

    /// What the client's deliveries say, oldest first; forgets them.
    pub fn take_deliveries(&mut self, peer: usize) -> Vec<Delivered> {
        let events = core::mem::take(&mut self.peers[peer].events);
        events
            .into_iter()
            .filter_map(|event| match event {
                ClientEvent::Delivered(delivered) => Some(delivered),
                _ => None,
            })
            .collect()
    }

    pub fn take_texts(&mut self, peer: usize) -> Vec<String> {
        self.take_deliveries(peer).iter().map(text_of).collect()
    }

    pub fn subscribe(&mut self, peer: usize, handle: u32, destination: Destination) -> CommandId {
        self.give(
            peer,
            ClientCommand::Subscribe(Subscribe::to(ConsumerHandle(handle), destination)),
        )
    }

    pub fn publish(&mut self, peer: usize, destination: Destination, text: &str) -> CommandId {
        let message = Message::text(text);
        self.give(
            peer,
            ClientCommand::Publish(Publish {
                destination,
                message,
            }),
        )
    }

    pub fn publish_persistent(&mut self, peer: usize, to: Destination, text: &str) -> CommandId {
        let mut message = Message::text(text);
        message.persistent = true;
        self.give(
            peer,
            ClientCommand::Publish(Publish {
                destination: to,
                message,
            }),
        )
    }

    /// Every command that was given has ended, once.
    pub fn assert_all_ended_once(&self) {
        for (peer, end) in self.peers.iter().enumerate() {
            for id in &end.given {
                let ends = end.ended.get(id).map_or(0, Vec::len);
                assert_eq!(ends, 1, "{id:?} of client {peer} ended {ends} times");
            }
        }
    }

    fn drain_broker(&mut self) -> bool {
        let mut quiet = true;
        loop {
            let output = self.broker.poll_output();
            if let Output::Wait(deadline) = output {
                assert!(
                    deadline.is_none_or(|at| at > self.now),
                    "the broker waits for the past"
                );
                self.broker_deadline = deadline;
                return quiet;
            }
            quiet = false;
            match output {
                Output::Send(link, chunks) => {
                    let owner = self
                        .peers
                        .iter()
                        .position(|peer| peer.wire.is_some_and(|(_, there)| there == link));
                    if let Some(peer) = owner {
                        if self.peers[peer].frozen {
                            continue;
                        }
                        let here = self.peers[peer].wire.unwrap().0;
                        for part in chunks.to_vec().chunks(self.chunk) {
                            self.moving
                                .push_back(Moving::ToClient(peer, here, part.to_vec()));
                        }
                        self.moving.push_back(Moving::SentByBroker(link));
                    }
                }
                Output::Close(link, _) => {
                    for peer in 0..self.peers.len() {
                        if let Some((here, there)) = self.peers[peer].wire
                            && there == link
                        {
                            self.peers[peer].wire = None;
                            if !self.peers[peer].frozen {
                                self.moving.push_back(Moving::ClosedAtClient(
                                    peer,
                                    here,
                                    CloseReason::Eof,
                                ));
                            }
                        }
                    }
                    self.moving
                        .push_back(Moving::ClosedAtBroker(link, CloseReason::Asked));
                }
                Output::Event(event) => self.broker_events.push(event),
                Output::Ended(id, outcome) => {
                    self.broker_ended.entry(id).or_default().push(outcome);
                }
                _ => {}
            }
        }
    }

    fn drain_client(&mut self, peer: usize) -> bool {
        let mut quiet = true;
        loop {
            let output = self.peers[peer].link.poll_output();
            if let Output::Wait(deadline) = output {
                assert!(
                    deadline.is_none_or(|at| at > self.now),
                    "a client waits for the past"
                );
                self.peers[peer].deadline = deadline;
                return quiet;
            }
            quiet = false;
            match output {
                Output::Open(link, _) => self.moving.push_back(Moving::Connected(peer, link)),
                Output::Send(link, chunks) => {
                    if self.peers[peer].frozen {
                        continue;
                    }
                    if let Some((here, there)) = self.peers[peer].wire {
                        assert_eq!(here, link);
                        for part in chunks.to_vec().chunks(self.chunk) {
                            self.moving
                                .push_back(Moving::ToBroker(there, part.to_vec()));
                        }
                        self.moving.push_back(Moving::SentByClient(peer, link));
                    }
                }
                Output::Close(link, _) => {
                    if let Some((here, there)) = self.peers[peer].wire
                        && here == link
                    {
                        self.peers[peer].wire = None;
                        if !self.peers[peer].frozen {
                            self.moving
                                .push_back(Moving::ClosedAtBroker(there, CloseReason::Eof));
                        }
                    }
                    self.moving
                        .push_back(Moving::ClosedAtClient(peer, link, CloseReason::Asked));
                }
                Output::Event(LinkEvent::Up) => self.peers[peer].ups += 1,
                Output::Event(LinkEvent::Down { reason, .. }) => {
                    self.peers[peer].downs.push(reason)
                }
                Output::Event(LinkEvent::Said(event)) => self.peers[peer].events.push(event),
                Output::Ended(id, outcome) => {
                    self.peers[peer].ended.entry(id).or_default().push(outcome);
                }
                _ => {}
            }
        }
    }

    fn arrive(&mut self, moving: Moving) {
        let now = self.now;
        match moving {
            Moving::Connected(peer, link) => {
                if !self.reachable {
                    let reason = CloseReason::Refused;
                    self.peers[peer]
                        .link
                        .handle_input(now, Input::Closed(link, reason));
                    return;
                }
                let there = LinkId::accepted(self.next_accepted);
                self.next_accepted += 1;
                self.peers[peer].wire = Some((link, there));
                self.peers[peer].frozen = false;
                let address = Address::new("127.0.0.1", 40_000);
                self.broker
                    .handle_input(now, Input::Accepted(ListenerId(0), there, address));
                self.peers[peer].link.handle_input(now, Input::Opened(link));
            }
            Moving::ToBroker(link, bytes) => {
                self.broker.handle_input(now, Input::Received(link, &bytes));
                self.count_delivery();
            }
            Moving::ToClient(peer, link, bytes) => {
                self.peers[peer]
                    .link
                    .handle_input(now, Input::Received(link, &bytes));
                self.count_delivery();
            }
            Moving::SentByBroker(link) => self.broker.handle_input(now, Input::Sent(link)),
            Moving::SentByClient(peer, link) => {
                self.peers[peer].link.handle_input(now, Input::Sent(link));
            }
            Moving::ClosedAtBroker(link, reason) => {
                self.broker.handle_input(now, Input::Closed(link, reason));
            }
            Moving::ClosedAtClient(peer, link, reason) => {
                self.peers[peer]
                    .link
                    .handle_input(now, Input::Closed(link, reason));
            }
        }
    }

    fn count_delivery(&mut self) {
        self.deliveries += 1;
        if let Some(left) = self.cut_after {
            if left == 0 {
                self.cut_after = None;
                for peer in 0..self.peers.len() {
                    if let Some((here, there)) = self.peers[peer].wire.take() {
                        self.moving.retain(|moving| match moving {
                            Moving::ToBroker(link, _) | Moving::SentByBroker(link) => {
                                *link != there
                            }
                            Moving::ToClient(_, link, _) | Moving::SentByClient(_, link) => {
                                *link != here
                            }
                            _ => true,
                        });
                        self.moving
                            .push_back(Moving::ClosedAtBroker(there, CloseReason::Eof));
                        self.moving
                            .push_back(Moving::ClosedAtClient(peer, here, CloseReason::Eof));
                    }
                }
            } else {
                self.cut_after = Some(left - 1);
            }
        }
    }
}

pub fn text_of(delivered: &Delivered) -> String {
    delivered
        .message
        .body()
        .unwrap()
        .as_text()
        .unwrap()
        .to_string()
}
