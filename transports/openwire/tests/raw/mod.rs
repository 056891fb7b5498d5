//! A broker and hand-made clients that say exactly what a test wants.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test file uses its part"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "tests"
)]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;
use finewire_core::machine::{
    Address, Input, Instant, LinkId, ListenerId, Machine, Output, UnixMillis,
};
use finewire_openwire::broker::{Broker, BrokerConfig, BrokerEvent, Listen};
use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{
    AckKind, Command, ConnectionId, ConnectionInfo, ConsumerId, ConsumerInfo, Destination,
    LocalTransactionId, Message, MessageAck, MessageDispatch, MessageId, SessionInfo,
    TransactionId, TransactionInfo, TransactionStep,
};

pub const NOW: Instant = Instant::START;

pub struct Alone {
    pub broker: Broker,
    pub now: Instant,
    /// What was written to each link and not yet looked at.
    pub written: BTreeMap<LinkId, Vec<u8>>,
    /// Links whose last write does not get through.
    pub stuck: BTreeSet<LinkId>,
    pub closed: Vec<LinkId>,
    pub paused: Vec<LinkId>,
    pub resumed: Vec<LinkId>,
    pub events: Vec<BrokerEvent>,
}

/// A client that speaks plain frames: loose, no cache.
pub struct Raw {
    pub link: LinkId,
    pub id: ConnectionId,
    encoder: Encoder,
    decoder: Decoder,
    splitter: FrameSplitter,
    next: i32,
}

impl Alone {
    pub fn new(change: impl FnOnce(&mut BrokerConfig)) -> Self {
        let mut config = BrokerConfig {
            listen: vec![Listen {
                address: Address::new("127.0.0.1", 0),
                tls: None,
            }],
            ..BrokerConfig::default()
        };
        change(&mut config);
        let mut broker = Broker::new(config, [1; 32]);
        broker.handle_input(NOW, Input::Wall(UnixMillis(1_700_000_000_000)));
        Self {
            broker,
            now: NOW,
            written: BTreeMap::new(),
            stuck: BTreeSet::new(),
            closed: Vec::new(),
            paused: Vec::new(),
            resumed: Vec::new(),
            events: Vec::new(),
        }
    }

    /// A client with session 1 and producer 1.
    pub fn client(&mut self, number: u64, name: &str) -> Raw {
        let link = LinkId::accepted(number);
        let peer = Address::new("127.0.0.1", 1);
        self.broker
            .handle_input(self.now, Input::Accepted(ListenerId(0), link, peer));
        let format = WireFormat::greeting();
        let mut raw = Raw {
            link,
            id: ConnectionId::new(name),
            encoder: Encoder::new(&format),
            decoder: Decoder::new(&format, Limits::default()),
            splitter: FrameSplitter::new(),
            next: 1,
        };
        let session = raw.id.session(1);
        let offer = WireFormat {
            max_frame_size: i64::MAX,
            ..format
        };
        self.tell(&mut raw, offer.to_info());
        self.tell(
            &mut raw,
            ConnectionInfo {
                connection_id: Some(ConnectionId::new(name)),
                user_name: Some(name.into()),
                ..ConnectionInfo::default()
            },
        );
        self.tell(
            &mut raw,
            SessionInfo {
                session_id: Some(session),
                ..SessionInfo::default()
            },
        );
        raw
    }

    /// What the broker sends to this client because of it.
    pub fn tell(&mut self, raw: &mut Raw, command: impl Into<Command>) -> Vec<Command> {
        let mut command = command.into();
        let wants_answer = command.response_required();
        command.set_command_id(raw.next, wants_answer);
        raw.next += 1;
        let mut bytes = BytesMut::new();
        raw.encoder.encode(&command, &mut bytes).unwrap();
        self.broker
            .handle_input(self.now, Input::Received(raw.link, &bytes));
        self.hear(raw)
    }

    /// Time passes; what is due is done in between.
    pub fn wait(&mut self, raw: &mut Raw, time: Duration) -> Vec<Command> {
        self.now += time;
        self.broker.handle_timeout(self.now);
        self.hear(raw)
    }

    pub fn hear(&mut self, raw: &mut Raw) -> Vec<Command> {
        loop {
            match self.broker.poll_output() {
                Output::Send(link, chunks) => {
                    self.written
                        .entry(link)
                        .or_default()
                        .extend(chunks.to_vec());
                    if !self.stuck.contains(&link) {
                        self.broker.handle_input(self.now, Input::Sent(link));
                    }
                }
                Output::Close(link, _) => self.closed.push(link),
                Output::Pause(link) => self.paused.push(link),
                Output::Resume(link) => self.resumed.push(link),
                Output::Event(event) => self.events.push(event),
                Output::Wait(_) => break,
                _ => {}
            }
        }
        raw.splitter
            .feed(&self.written.remove(&raw.link).unwrap_or_default());
        let mut heard = Vec::new();
        while let Some(command) = raw.splitter.next_command(&mut raw.decoder).unwrap() {
            heard.push(command);
        }
        heard
    }
}

impl Raw {
    pub fn consumer(&self, number: i64) -> ConsumerId {
        self.id.session(1).consumer(number)
    }

    pub fn consume(&self, number: i64, from: Destination) -> ConsumerInfo {
        ConsumerInfo {
            consumer_id: Some(self.consumer(number)),
            destination: Some(from),
            prefetch_size: 100,
            ..ConsumerInfo::default()
        }
    }

    pub fn message(&self, sequence: i64, to: Destination) -> Message {
        let producer = self.id.session(1).producer(1);
        let mut message = Message::text("body");
        message.message_id = Some(MessageId::new(producer.clone(), sequence));
        message.producer_id = Some(producer);
        message.destination = Some(to);
        message
    }

    pub fn transaction(&self, step: TransactionStep) -> TransactionInfo {
        TransactionInfo {
            connection_id: Some(self.id.clone()),
            transaction_id: Some(TransactionId::Local(LocalTransactionId::new(
                self.id.clone(),
                1,
            ))),
            step,
            ..TransactionInfo::default()
        }
    }

    pub fn ack(&self, number: i64, dispatch: &MessageDispatch) -> MessageAck {
        let id = dispatch.message.as_ref().unwrap().message_id.clone();
        MessageAck {
            consumer_id: Some(self.consumer(number)),
            destination: dispatch.destination.clone(),
            kind: AckKind::STANDARD,
            first_message_id: id.clone(),
            last_message_id: id,
            message_count: 1,
            ..MessageAck::default()
        }
    }
}

pub fn dispatches(heard: &[Command]) -> Vec<&MessageDispatch> {
    heard
        .iter()
        .filter_map(|command| match command {
            Command::MessageDispatch(dispatch) => Some(dispatch),
            _ => None,
        })
        .collect()
}

pub fn queue() -> Destination {
    Destination::queue("q")
}
