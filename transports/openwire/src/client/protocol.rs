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

use super::command::{ClientCommand, ClientEvent, ConsumerHandle};
use super::config::ClientConfig;
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
    disconnect: Option<CommandId>,
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
        Self {
            connection_id: ConnectionId::new(format!("ID:finewire-{number:016x}-1:1")),
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
            disconnect: None,
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
        let limit = self.config.limits.requests;
        if self.requests.len() >= limit {
            let text = format!("{limit} requests are waiting for the broker already");
            return Err(Outcome::refused(Reason::Limit, text));
        }
        let id = self.next_id();
        self.encode(command.into(), id, true)?;
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
        let again = core::mem::replace(&mut self.was_connected, true);
        self.take_up(again);
        self.outputs.push_back(ProtocolOutput::Ready);
        let version = self.channel.format().map_or(0, |format| format.version);
        self.event(ClientEvent::Connected {
            broker: self.broker_name.clone(),
            version,
        });
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
        let for_good = self.disconnect.is_some()
            || matches!(reason, CloseReason::Asked | CloseReason::Denied(_));
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
                Request::Introduce
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
            let text = format!("the link was lost ({reason}) before it was written");
            self.ended(id, Outcome::failed(Reason::LinkDown, text));
        }
        for subscription in self.subscriptions.values_mut() {
            subscription.forget_deliveries();
        }
        if for_good {
            self.forget_unconfirmed(reason);
        }
        if let Some(id) = self.disconnect.take() {
            self.subscriptions.clear();
            self.by_consumer.clear();
            self.temporaries.clear();
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
                self.channel.open(now);
            }
            ProtocolInput::Secured(_) => {}
            ProtocolInput::Received(bytes) => self.receive(bytes),
            ProtocolInput::Sent => {
                self.channel.on_sent();
                for id in core::mem::take(&mut self.in_flight) {
                    self.ended(id, Outcome::Done);
                }
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
        let request = self.timers.next();
        ProtocolOutput::Wait(match (deadline, request) {
            (Some(deadline), Some(request)) => Some(deadline.min(request)),
            (deadline, request) => deadline.or(request),
        })
    }

    /// Subscriptions are state; leaving is possible at any time.
    fn keeps_while_down(&self, command: &ClientCommand) -> bool {
        matches!(
            command,
            ClientCommand::Subscribe(_) | ClientCommand::Unsubscribe(_) | ClientCommand::Disconnect
        )
    }
}
