//! The client as a protocol: its state, its stages, what comes in and goes out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use finewire_core::machine::{
    CloseReason, Closing, CommandId, Instant, Outcome, Protocol, ProtocolInput, ProtocolOutput,
    Random, Timers, UnixMillis,
};

use crate::channel::{Channel, ChannelConfig, Heard};
use crate::command::{Command, ConnectionId, Destination, ProducerId, SessionId};

use super::batch::Batch;
use super::command::{ClientCommand, ClientEvent, ConsumerHandle};
use super::config::ClientConfig;
use super::producer::{OpenProducer, Producer, ProducerHandle};
use super::request::Request;
use super::session::{Session, SessionHandle};
use super::subscription::Subscription;

/// One connection to a broker, over as many sockets as it takes.
///
/// Put it into a [`Link`](finewire_core::machine::Link) with the endpoints of the brokers: whenever a link
/// comes up, the client negotiates, says who it is and takes its temporary destinations and
/// subscriptions up again under the same ids, so that for its owner a failover is an event and not a
/// task. See [`Publish`](super::Publish) for what becomes of messages on the way.
///
/// The ids are made from the seed: two clients of equal seeds would throw each other out.
#[derive(Debug)]
pub struct Client {
    pub(super) config: ClientConfig,
    pub(super) connection_id: ConnectionId,
    pub(super) stage: Stage,
    pub(super) now: Instant,
    pub(super) wall: Option<(UnixMillis, Instant)>,
    pub(super) channel: Channel,
    /// Counts the links; tokens of earlier ones are worthless.
    pub(super) epoch: u64,
    pub(super) next_command_id: i32,
    pub(super) next_consumer: i64,
    pub(super) next_temporary: u64,
    pub(super) next_sequence: i64,
    pub(super) next_session: i64,
    pub(super) next_producer: i64,
    pub(super) next_transaction: i64,
    /// All but the plain one.
    pub(super) sessions: BTreeMap<SessionHandle, Session>,
    pub(super) producers: BTreeMap<ProducerHandle, Producer>,
    /// Producers by their number.
    pub(super) by_producer: BTreeMap<i64, ProducerHandle>,
    /// Those in which something waits.
    pub(super) with_waiting: BTreeSet<ProducerHandle>,
    pub(super) waiting_bytes: usize,
    /// Sends that have not ended.
    pub(super) batches: BTreeMap<CommandId, Batch>,
    /// How long sends may wait for a broker.
    pub(super) holds: Timers<CommandId>,
    pub(super) subscriptions: BTreeMap<ConsumerHandle, Subscription>,
    /// Subscriptions by the number of their consumer.
    pub(super) by_consumer: BTreeMap<i64, ConsumerHandle>,
    /// Those with something to acknowledge.
    pub(super) with_batch: BTreeSet<ConsumerHandle>,
    pub(super) temporaries: BTreeSet<Destination>,
    pub(super) requests: BTreeMap<i32, Request>,
    pub(super) timers: Timers<i32>,
    /// Commands that are done when what is encoded has been written.
    pub(super) when_written: Vec<CommandId>,
    /// Commands that are done when the write in flight is.
    pub(super) in_flight: Vec<CommandId>,
    pub(super) broker_name: Option<String>,
    /// Whether a broker ever let us in: the next time is a reconnect.
    pub(super) was_connected: bool,
    /// Whether the link that is there, or was last, was ready.
    pub(super) is_up: bool,
    pub(super) disconnect: Option<CommandId>,
    /// Why no broker will be asked any more.
    pub(super) given_up: Option<CloseReason>,
    pub(super) outputs: VecDeque<ProtocolOutput<ClientEvent>>,
}

/// How far it has come on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is no link.
    Down,
    /// The offers are being exchanged.
    Greeting,
    /// The broker has been told who we are.
    Introducing,
    /// It let us in.
    Ready,
    /// It is asked to let us go.
    Leaving,
    /// The last words are on their way.
    Parting,
    /// Nothing more is said on this link.
    Ended,
}

impl Client {
    /// A client that has no link yet.
    #[must_use]
    pub fn new(config: ClientConfig, seed: [u8; 32]) -> Self {
        let number = Random::from_seed(seed).next_u64();
        let connection_id = ConnectionId::new(format!("ID:finewire-{number:016x}-1:1"));
        let anonymous = OpenProducer {
            producer: ProducerHandle::ANONYMOUS,
            session: SessionHandle::PLAIN,
            destination: None,
            window: 0,
        };
        // Number 1 is the producer of `Publish`.
        let anonymous = Producer::new(anonymous, connection_id.session(1).producer(2));
        Self {
            connection_id,
            channel: Channel::new(channel_config(&config)),
            config,
            stage: Stage::Down,
            now: Instant::START,
            wall: None,
            epoch: 0,
            next_command_id: 1,
            next_consumer: 1,
            next_temporary: 1,
            next_sequence: 1,
            next_session: 2,
            next_producer: 3,
            next_transaction: 1,
            sessions: BTreeMap::new(),
            producers: BTreeMap::from([(ProducerHandle::ANONYMOUS, anonymous)]),
            by_producer: BTreeMap::from([(2, ProducerHandle::ANONYMOUS)]),
            with_waiting: BTreeSet::new(),
            waiting_bytes: 0,
            batches: BTreeMap::new(),
            holds: Timers::new(),
            subscriptions: BTreeMap::new(),
            by_consumer: BTreeMap::new(),
            with_batch: BTreeSet::new(),
            temporaries: BTreeSet::new(),
            requests: BTreeMap::new(),
            timers: Timers::new(),
            when_written: Vec::new(),
            in_flight: Vec::new(),
            broker_name: None,
            was_connected: false,
            is_up: false,
            disconnect: None,
            given_up: None,
            outputs: VecDeque::new(),
        }
    }

    /// The id of its connection at the broker; the same for all its life.
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        &self.connection_id
    }

    /// The subscriptions that it keeps.
    pub fn subscriptions(&self) -> impl Iterator<Item = ConsumerHandle> {
        self.subscriptions.keys().copied()
    }

    /// Bytes not yet known to be written.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.channel.backlog()
    }

    pub(super) fn session(&self) -> SessionId {
        self.connection_id.session(1)
    }

    pub(super) fn producer(&self) -> ProducerId {
        self.session().producer(1)
    }

    pub(super) fn event(&mut self, event: ClientEvent) {
        self.outputs.push_back(ProtocolOutput::Event(event));
    }

    pub(super) fn ended(&mut self, id: CommandId, outcome: Outcome) {
        self.outputs.push_back(ProtocolOutput::Ended(id, outcome));
    }

    /// Closes the link for a fault of the broker, or of its absence; the link comes back by its policy.
    pub(super) fn fail(&mut self, reason: CloseReason) {
        if self.stage != Stage::Down && self.stage != Stage::Ended {
            self.stage = Stage::Ended;
            self.outputs
                .push_back(ProtocolOutput::Close(Closing::Abort, reason));
        }
    }

    pub(super) fn finish(&mut self, closing: Closing, reason: CloseReason) {
        self.stage = Stage::Ended;
        self.outputs
            .push_back(ProtocolOutput::Finish(closing, reason));
    }

    fn receive(&mut self, bytes: &[u8]) {
        if matches!(self.stage, Stage::Down | Stage::Ended) {
            return;
        }
        self.channel.receive(bytes);
        let mut command = Command::Null;
        while !matches!(self.stage, Stage::Down | Stage::Ended) {
            match self.channel.next_heard(self.now, &mut command) {
                Ok(None) => break,
                Ok(Some(Heard::Negotiated)) => self.introduce(),
                Ok(Some(Heard::Command)) => self.heard(&mut command),
                Err(reason) => self.fail(reason),
            }
        }
        self.flush_batches();
    }

    fn check_time(&mut self) {
        let now = self.now;
        if self
            .channel
            .deadline()
            .is_some_and(|deadline| deadline <= now)
            && let Err(reason) = self.channel.handle_timeout(now)
        {
            self.fail(reason);
        }
        while let Some(id) = self.timers.pop_due(now) {
            if let Some(request) = self.requests.remove(&id) {
                self.unanswered(request);
            }
        }
        self.check_holds();
    }

    /// Moves what is pending towards the stream.
    fn flush(&mut self) -> Option<ProtocolOutput<ClientEvent>> {
        if matches!(self.stage, Stage::Down | Stage::Ended) {
            return None;
        }
        if let Some(chunks) = self.channel.take() {
            self.in_flight.append(&mut self.when_written);
            return Some(ProtocolOutput::Send(chunks));
        }
        if self.stage == Stage::Parting && !self.channel.has_pending() {
            self.stage = Stage::Ended;
            return Some(ProtocolOutput::Finish(Closing::Flush, CloseReason::Asked));
        }
        None
    }
}

pub(super) fn channel_config(config: &ClientConfig) -> ChannelConfig {
    ChannelConfig {
        offer: config.offer.clone(),
        limits: config.decode,
        greet_within: config.greet_within,
    }
}

impl Protocol for Client {
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ClientCommand>) {
        self.now = now;
        match input {
            ProtocolInput::Opened(_) => {
                self.channel = Channel::new(channel_config(&self.config));
                self.stage = Stage::Greeting;
                self.given_up = None;
                self.channel.open(now);
            }
            ProtocolInput::Secured(_) => {}
            ProtocolInput::Received(bytes) => self.receive(bytes),
            ProtocolInput::Sent => {
                self.channel.on_sent();
                for id in core::mem::take(&mut self.in_flight) {
                    if !self.batch_written(id) {
                        self.ended(id, Outcome::Done);
                    }
                }
                self.pump();
            }
            ProtocolInput::Closed(reason) => self.lost(&reason),
            ProtocolInput::Command(id, command) => self.on_command(id, command),
            ProtocolInput::Wall(wall) => self.wall = Some((wall, now)),
        }
        self.check_time();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.check_time();
    }

    fn poll_output(&mut self) -> ProtocolOutput<ClientEvent> {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if let Some(output) = self.flush() {
            return output;
        }
        let deadline = match self.stage {
            Stage::Down | Stage::Ended => None,
            _ => self.channel.deadline(),
        };
        let deadlines = [deadline, self.timers.next(), self.hold_deadline()];
        ProtocolOutput::Wait(deadlines.into_iter().flatten().min())
    }

    /// What is state is kept; leaving is possible at any time; sends wait if they may.
    fn keeps_while_down(&self, command: &ClientCommand) -> bool {
        match command {
            ClientCommand::Subscribe(_)
            | ClientCommand::Unsubscribe(_)
            | ClientCommand::OpenSession(_)
            | ClientCommand::CloseSession(_)
            | ClientCommand::OpenProducer(_)
            | ClientCommand::CloseProducer(_)
            | ClientCommand::Commit(_)
            | ClientCommand::Rollback(_)
            | ClientCommand::Disconnect => true,
            ClientCommand::Send(_) => !self.config.hold_sends.is_zero(),
            ClientCommand::Publish(_)
            | ClientCommand::Acknowledge(_)
            | ClientCommand::Reject { .. }
            | ClientCommand::Pull { .. }
            | ClientCommand::CreateTemporary { .. }
            | ClientCommand::RemoveDestination(_) => false,
        }
    }
}
