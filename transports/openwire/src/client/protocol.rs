//! The client as a protocol: stages, requests, what goes out and when it ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use finewire_core::machine::{
    CloseReason, Closing, CommandId, Instant, Outcome, Protocol, ProtocolInput, ProtocolOutput,
    Random, Reason, Timers, UnixMillis,
};

use crate::channel::{Channel, ChannelConfig, Heard};
use crate::command::{
    Command, ConnectionControl, ConnectionId, ConnectionInfo, Destination, ProducerId, RemoveInfo,
    SessionId, ShutdownInfo, Text,
};

use super::command::{ClientCommand, ClientEvent, ConsumerHandle, Delivered};
use super::config::ClientConfig;
use super::producer::{Batch, OpenProducer, Producer, ProducerHandle};
use super::session::{Ending, Session, SessionHandle};
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
    next_command_id: i32,
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
    in_flight: Vec<CommandId>,
    pub(super) broker_name: Option<String>,
    /// Whether a broker ever let us in: the next time is a reconnect.
    was_connected: bool,
    /// Whether the link that is there, or was last, was ready.
    is_up: bool,
    disconnect: Option<CommandId>,
    /// Why no broker will be asked any more.
    given_up: Option<CloseReason>,
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

/// What a request that waits for its answer is for.
#[derive(Debug)]
pub(super) enum Request {
    Introduce,
    Subscribe(ConsumerHandle),
    Publish(CommandId),
    /// One message of a send.
    Sent(CommandId),
    /// The end of a transaction, with what was acknowledged in it.
    End {
        command: CommandId,
        session: SessionHandle,
        ending: Ending,
        taken: Vec<Delivered>,
    },
    Make(CommandId, Destination),
    MakeAgain(Destination),
    Remove(CommandId, Destination),
    Leave,
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

    pub(super) fn next_id(&mut self) -> i32 {
        let id = self.next_command_id;
        // Java counts in the same 32 bits; 0 is the broker's.
        self.next_command_id = id.checked_add(1).unwrap_or(1);
        id
    }

    /// Sends a command that wants no answer; what cannot be encoded is told.
    pub(super) fn say(&mut self, command: impl Into<Command>) -> Result<(), Outcome> {
        let id = self.next_id();
        self.encode(command.into(), id, false)
    }

    /// Sends a command and waits for its answer.
    pub(super) fn ask(
        &mut self,
        command: impl Into<Command>,
        request: Request,
    ) -> Result<(), Outcome> {
        self.try_ask(command, request)
            .map_err(|(outcome, _)| outcome)
    }

    /// As `ask`; gives the request back where it could not be made.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the rare way, and a box would cost the common one"
    )]
    pub(super) fn try_ask(
        &mut self,
        command: impl Into<Command>,
        request: Request,
    ) -> Result<(), (Outcome, Request)> {
        let limit = self.config.limits.requests;
        if self.requests.len() >= limit {
            let text = format!("{limit} requests are waiting for the broker already");
            return Err((Outcome::refused(Reason::Limit, text), request));
        }
        let id = self.next_id();
        if let Err(outcome) = self.encode(command.into(), id, true) {
            return Err((outcome, request));
        }
        self.timers.set(id, self.now + self.config.answer_within);
        self.requests.insert(id, request);
        Ok(())
    }

    fn encode(&mut self, mut command: Command, id: i32, answer: bool) -> Result<(), Outcome> {
        command.set_command_id(id, answer);
        self.channel.send(&command).map_err(|error| {
            Outcome::refused(Reason::Local, format!("it cannot be encoded: {error}"))
        })?;
        self.trace_out(&command);
        Ok(())
    }

    fn introduce(&mut self) {
        self.stage = Stage::Introducing;
        if self.was_connected {
            let _ = self.say(ConnectionControl {
                fault_tolerant: true,
                ..ConnectionControl::default()
            });
        }
        let client_id = match &self.config.client_id {
            Some(client_id) => Some(Text::from(client_id)),
            None => self.connection_id.value.clone(),
        };
        let info = ConnectionInfo {
            connection_id: Some(self.connection_id.clone()),
            client_id,
            user_name: self.config.user.as_ref().map(Text::from),
            password: self
                .config
                .password
                .as_ref()
                .map(|password| Text::from(password.expose())),
            manageable: true,
            client_master: true,
            fault_tolerant: true,
            failover_reconnect: self.was_connected,
            ..ConnectionInfo::default()
        };
        if let Err(Outcome::Refused(why) | Outcome::Failed(why)) =
            self.ask(info, Request::Introduce)
        {
            self.finish(Closing::Abort, CloseReason::Other(why.text.into_owned()));
        }
    }

    /// The broker let us in.
    pub(super) fn admitted(&mut self) {
        self.stage = Stage::Ready;
        self.is_up = true;
        let again = core::mem::replace(&mut self.was_connected, true);
        self.take_up(again);
        self.outputs.push_back(ProtocolOutput::Ready);
        let version = self.channel.format().map_or(0, |format| format.version);
        self.event(ClientEvent::Connected {
            broker: self.broker_name.clone(),
            version,
        });
        self.release_holds();
    }

    /// What is asked for must still make sense: nobody is leaving, and nobody has given up.
    pub(super) fn must_stay(&self) -> Result<(), Outcome> {
        if matches!(self.stage, Stage::Leaving | Stage::Parting) {
            let text = "the client is leaving";
            return Err(Outcome::refused(Reason::ShuttingDown, text));
        }
        match &self.given_up {
            None => Ok(()),
            Some(CloseReason::Denied(text)) => Err(Outcome::refused(
                Reason::Denied,
                format!("the broker did not let us in: {text}"),
            )),
            Some(reason) => Err(Outcome::refused(Reason::LinkDown, reason.to_string())),
        }
    }

    pub(super) fn on_disconnect(&mut self, id: CommandId) {
        if self.disconnect.is_some() {
            let text = "the client is leaving already";
            self.ended(id, Outcome::refused(Reason::Local, text));
            return;
        }
        self.disconnect = Some(id);
        match self.stage {
            Stage::Ready => {
                self.flush_batches();
                self.stage = Stage::Leaving;
                let remove = RemoveInfo::new(Command::ConnectionId(self.connection_id.clone()));
                // The last request is not refused for the number of those before it.
                let request_id = self.next_id();
                if self.encode(remove.into(), request_id, true).is_ok() {
                    self.timers
                        .set(request_id, self.now + self.config.answer_within);
                    self.requests.insert(request_id, Request::Leave);
                } else {
                    self.finish(Closing::Abort, CloseReason::Asked);
                }
            }
            Stage::Down => {
                // No link answers a `Finish` while there is none: it ends here.
                self.outputs
                    .push_back(ProtocolOutput::Finish(Closing::Abort, CloseReason::Asked));
                self.lost(&CloseReason::Asked);
            }
            Stage::Greeting | Stage::Introducing => {
                self.finish(Closing::Abort, CloseReason::Asked);
            }
            Stage::Leaving | Stage::Parting | Stage::Ended => {}
        }
    }

    pub(super) fn part(&mut self) {
        let _ = self.say(ShutdownInfo::default());
        self.stage = Stage::Parting;
    }

    /// The link is gone. What cannot survive it ends; state stays, unless we asked for the end.
    fn lost(&mut self, reason: &CloseReason) {
        let gave_up = matches!(reason, CloseReason::GaveUp(_) | CloseReason::Denied(_));
        let for_good = self.disconnect.is_some() || gave_up || *reason == CloseReason::Asked;
        if gave_up {
            self.given_up = Some(reason.clone());
        }
        let was_up = core::mem::take(&mut self.is_up);
        self.stage = Stage::Down;
        self.epoch += 1;
        self.channel = Channel::new(channel_config(&self.config));
        self.broker_name = None;
        self.with_batch.clear();
        self.timers = Timers::new();
        for request in core::mem::take(&mut self.requests).into_values() {
            match request {
                Request::Publish(id) | Request::Make(id, _) | Request::Remove(id, _) => {
                    self.ended(id, unanswered(reason));
                }
                Request::End {
                    command, ending, ..
                } => {
                    let outcome = match ending {
                        Ending::Commit => in_doubt(&format!("the link was lost ({reason})")),
                        // A broker that has lost its client has rolled back, asked or not.
                        Ending::Rollback => Outcome::Done,
                    };
                    self.ended(command, outcome);
                }
                // Their batches tell, below.
                Request::Sent(_)
                | Request::Introduce
                | Request::Subscribe(_)
                | Request::MakeAgain(_)
                | Request::Leave => {}
            }
        }
        let unwritten = core::mem::take(&mut self.in_flight);
        let unwritten = unwritten
            .into_iter()
            .chain(core::mem::take(&mut self.when_written));
        for id in unwritten {
            if self.batches.contains_key(&id) {
                continue;
            }
            let text = format!("the link was lost ({reason}) before it was written");
            self.ended(id, Outcome::failed(Reason::LinkDown, text));
        }
        self.lose_transactions();
        self.lose_sends(reason, was_up, for_good);
        let mut empty = Vec::new();
        for (handle, subscription) in &mut self.subscriptions {
            empty.extend((0..subscription.forget_deliveries()).map(|_| *handle));
        }
        for handle in empty {
            self.event(ClientEvent::PulledNothing(handle));
        }
        if for_good {
            self.forget_unconfirmed(reason);
        }
        if let Some(id) = self.disconnect.take() {
            self.subscriptions.clear();
            self.by_consumer.clear();
            self.temporaries.clear();
            self.sessions.clear();
            self.producers
                .retain(|handle, _| *handle == ProducerHandle::ANONYMOUS);
            self.by_producer
                .retain(|_, handle| *handle == ProducerHandle::ANONYMOUS);
            self.was_connected = false;
            if *reason != CloseReason::Asked {
                // The link broke before we had taken our leave: it is not to come back.
                self.outputs
                    .push_back(ProtocolOutput::Finish(Closing::Abort, CloseReason::Asked));
            }
            self.ended(id, Outcome::Done);
        }
    }

    fn forget_unconfirmed(&mut self, reason: &CloseReason) {
        let pending: Vec<(ConsumerHandle, CommandId)> = self
            .subscriptions
            .iter()
            .filter_map(|(handle, subscription)| Some((*handle, subscription.command?)))
            .collect();
        for (handle, id) in pending {
            self.forget_subscription(handle);
            let why = match reason {
                CloseReason::Denied(text) => Outcome::failed(
                    Reason::Denied,
                    format!("the broker did not let us in: {text}"),
                ),
                CloseReason::GaveUp(text) => Outcome::failed(Reason::LinkDown, text.clone()),
                _ => Outcome::failed(Reason::ShuttingDown, "the client was disconnected"),
            };
            self.ended(id, why);
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        if matches!(self.stage, Stage::Down | Stage::Ended) {
            return;
        }
        self.channel.receive(bytes);
        while !matches!(self.stage, Stage::Down | Stage::Ended) {
            match self.channel.next_heard(self.now) {
                Ok(None) => break,
                Ok(Some(Heard::Negotiated)) => self.introduce(),
                Ok(Some(Heard::Command(command))) => self.heard(command),
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

/// A commit of which nobody knows whether it took effect.
pub(super) fn in_doubt(why: &str) -> Outcome {
    let text = format!("in doubt: {why} before the broker had answered the commit");
    Outcome::failed(Reason::LinkDown, text)
}

/// A request whose answer was lost with the link.
fn unanswered(reason: &CloseReason) -> Outcome {
    Outcome::failed(
        Reason::LinkDown,
        format!("the link was lost ({reason}) before the broker answered"),
    )
}

fn channel_config(config: &ClientConfig) -> ChannelConfig {
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
