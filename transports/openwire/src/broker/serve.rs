//! What each command of a client does.

use finewire_core::machine::{CloseReason, LinkId};

use crate::command::{
    Command, ConnectionControl, ConnectionError, ConnectionId, ConnectionInfo, ConsumerControl,
    Destination, DestinationInfo, DestinationOperation, ExceptionResponse, IntegerResponse,
    ProducerInfo, RemoveInfo, Response, SessionInfo, Text,
};

use super::connection::{Identity, Producer, Stage};
use super::consumer::ConsumerKey;
use super::event::BrokerEvent;
use super::fault::Fault;
use super::machine::Broker;
use super::names;
use super::permissions::Right;

/// What a command is answered with, if it wants an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// It took effect.
    Done,
    /// A number.
    Number(i32),
    /// Nothing: the command is not of the kind that is answered, or has been answered already.
    Nothing,
}

/// What is done after the answer.
#[derive(Debug)]
pub(super) enum Then {
    Nothing,
    /// The consumer may get messages.
    Wake(ConsumerKey),
    /// A new consumer: what it is to be told first, then messages.
    Welcome(ConsumerKey),
    /// The client wants to go.
    Leave,
    /// The client was not let in: it is told so and leaves.
    TurnAway,
    /// Tell a manageable client that it may be steered.
    Steer,
}

type Served = Result<(Answer, Then), Fault>;

pub(super) const DONE: Served = Ok((Answer::Done, Then::Nothing));
const NOTHING: Served = Ok((Answer::Nothing, Then::Nothing));

pub(super) fn missing(what: &'static str) -> Fault {
    Fault::jms(format!("{what} is missing"))
}

impl Broker {
    /// Takes one command: it is carried out, unless it has to stand behind what is held up.
    pub(super) fn serve(&mut self, link: LinkId, command: Command) {
        if let Some(command) = self.line_up(link, command) {
            self.carry_out(link, command);
        }
    }

    /// Carries out one command, whose turn it is, and answers it.
    pub(super) fn carry_out(&mut self, link: LinkId, command: Command) {
        let id = command.command_id();
        let wants_answer = command.response_required();
        let name = command.type_name();
        let is_connect = matches!(command, Command::ConnectionInfo(_));
        match self.perform(link, command) {
            Ok((answer, then)) => {
                if let (true, Some(id)) = (wants_answer, id) {
                    self.answer(link, id, &answer);
                }
                self.follow(link, then);
            }
            Err(fault) => {
                self.refuse(link, name, &fault, id.filter(|_| wants_answer));
                if is_connect {
                    self.follow(link, Then::TurnAway);
                }
            }
        }
    }

    fn answer(&mut self, link: LinkId, id: i32, answer: &Answer) {
        match answer {
            Answer::Done => self.send(link, &Response::to(id).into()),
            Answer::Number(result) => {
                let response = IntegerResponse {
                    correlation_id: id,
                    result: *result,
                    ..IntegerResponse::default()
                };
                self.send(link, &response.into())
            }
            Answer::Nothing => true,
        };
    }

    /// Tells a client of a fault: as the answer to command `id`, or apart where it wants none.
    pub(super) fn refuse(
        &mut self,
        link: LinkId,
        command: &'static str,
        fault: &Fault,
        id: Option<i32>,
    ) {
        self.counters.refused += 1;
        let exception = fault.to_throwable();
        let event = BrokerEvent::Refused {
            link,
            command,
            exception: exception.to_string(),
        };
        self.outputs.event(event);
        let told = match id {
            Some(id) => ExceptionResponse::to(id, exception).into(),
            None => {
                let identity = self
                    .connections
                    .get(&link)
                    .and_then(|known| known.identity());
                let connection_id = identity.map(|identity| identity.connection_id.clone());
                ConnectionError {
                    exception: Some(Box::new(exception)),
                    connection_id,
                    ..ConnectionError::default()
                }
                .into()
            }
        };
        self.send(link, &told);
    }

    fn follow(&mut self, link: LinkId, then: Then) {
        match then {
            Then::Nothing => {}
            Then::Wake(key) => self.wake(key),
            Then::Welcome(key) => self.welcome(key),
            Then::Leave => self.leave(link, CloseReason::Eof),
            Then::TurnAway => {
                let reason = CloseReason::Denied("not let in".into());
                self.leave(link, reason);
            }
            Then::Steer => {
                let control = ConnectionControl {
                    connected_brokers: Some(Text::new()),
                    reconnect_to: Some(Text::new()),
                    ..ConnectionControl::default()
                };
                self.send(link, &control.into());
            }
        }
    }

    fn perform(&mut self, link: LinkId, command: Command) -> Served {
        match command {
            Command::ShutdownInfo(_) => Ok((Answer::Nothing, Then::Leave)),
            Command::ConnectionInfo(info) => self.connect(link, *info),
            // Bridges and failover clients say these before their ConnectionInfo.
            Command::ConnectionControl(_) | Command::FlushCommand(_) => DONE,
            // A bridge asks; not answering with our own BrokerInfo is how one says no.
            Command::BrokerInfo(_) | Command::BrokerSubscriptionInfo(_) => DONE,
            // Obeying it was CVE-2014-3576.
            Command::ControlCommand(_) => DONE,
            Command::ConnectionError(_)
            | Command::Response(_)
            | Command::ExceptionResponse(_)
            | Command::DataResponse(_)
            | Command::DataArrayResponse(_)
            | Command::IntegerResponse(_)
            | Command::ProducerAck(_)
            | Command::ReplayCommand(_)
            | Command::MessageDispatchNotification(_) => NOTHING,
            other => {
                if self
                    .connections
                    .get(&link)
                    .is_none_or(|known| known.identity().is_none())
                {
                    return Err(Fault::illegal_state(
                        "Cannot use a connection that has not been registered",
                    ));
                }
                self.perform_known(link, other)
            }
        }
    }

    /// Commands that need a registered connection.
    fn perform_known(&mut self, link: LinkId, command: Command) -> Served {
        match command {
            Command::SessionInfo(info) => self.open_session(link, &info),
            Command::ProducerInfo(info) => self.open_producer(link, *info),
            Command::ConsumerInfo(info) => self.open_consumer(link, &info),
            Command::DestinationInfo(info) => self.change_destination(link, &info),
            Command::RemoveInfo(info) => self.remove(link, &info),
            Command::Message(message) => self.take_message(link, message),
            Command::MessageAck(ack) => self.acknowledge(link, &ack),
            Command::MessagePull(pull) => self.pull(link, &pull),
            Command::TransactionInfo(info) => self.move_transaction(link, &info),
            Command::ConsumerControl(control) => self.control_consumer(link, &control),
            Command::RemoveSubscriptionInfo(_) => Err(Fault::invalid_destination(
                "No durable subscription exists: this broker keeps none",
            )),
            other => Err(Fault::jms(format!(
                "A broker has no use for a {}",
                other.type_name()
            ))),
        }
    }

    fn connect(&mut self, link: LinkId, mut info: ConnectionInfo) -> Served {
        let id = info
            .connection_id
            .take()
            .and_then(|id| id.value)
            .filter(|id| !id.is_empty() && id.len() <= names::MAX_NAME)
            .ok_or_else(|| missing("ConnectionInfo.connectionId"))?
            .detach();
        let connection = self.connections.get(&link).ok_or_else(|| missing("link"))?;
        if let Some(identity) = connection.identity() {
            // A repeat is harmless; a second connection on one link is a bridge's affair.
            if identity.connection_id.value.as_ref() == Some(&id) {
                return DONE;
            }
            return Err(Fault::illegal_state("This link has a connection already"));
        }
        let peer = connection.peer.clone();
        let user = info
            .user_name
            .as_ref()
            .map(Text::to_str)
            .unwrap_or_default();
        let password = info.password.take();
        let password = password.as_ref().map(Text::to_str).unwrap_or_default();
        if !self.config.admission.admits(&user, &password) {
            let shown: String = user.chars().take(64).collect();
            return Err(Fault::security(format!(
                "User name [{shown}] or password is invalid."
            )));
        }
        let client_id = match info.client_id.as_ref().filter(|id| !id.is_empty()) {
            Some(client_id) if client_id.len() > names::MAX_NAME => {
                return Err(Fault::invalid_client_id("The client id is too long"));
            }
            Some(client_id) => client_id.detach(),
            None => id.clone(),
        };
        if let Some(old) = self.by_connection_id.get(&id).copied() {
            // A failover client came back before its old socket was known to be dead. Only the same
            // user may take over: ids are no secret.
            let same_user = self
                .connections
                .get(&old)
                .and_then(|old| old.identity())
                .is_none_or(|old| old.info.user_name == info.user_name);
            if !same_user {
                return Err(Fault::security("The connection id belongs to another user"));
            }
            self.throw_out(old, CloseReason::Other("taken over by a newer link".into()));
        }
        if let Some(other) = self.by_client_id.get(&client_id) {
            let at = self
                .connections
                .get(other)
                .map(|other| other.peer.to_string());
            return Err(Fault::invalid_client_id(format!(
                "Broker: {} - Client: {client_id} already connected from {}",
                self.config.name,
                at.unwrap_or_default()
            )));
        }
        let then = if info.manageable {
            Then::Steer
        } else {
            Then::Nothing
        };
        let identity = Identity {
            connection_id: ConnectionId::new(id.clone()),
            client_id: client_id.clone(),
            info: ConnectionInfo {
                connection_id: Some(ConnectionId::new(id.clone())),
                client_id: Some(client_id.clone()),
                user_name: info.user_name.as_ref().map(Text::detach),
                client_ip: Some(Text::from(peer.to_string())),
                manageable: info.manageable,
                client_master: info.client_master,
                fault_tolerant: info.fault_tolerant,
                failover_reconnect: info.failover_reconnect,
                ..ConnectionInfo::default()
            },
        };
        let announced = identity.info.clone();
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.stage = Stage::Known(Box::new(identity));
        }
        self.by_connection_id.insert(id, link);
        self.by_client_id.insert(client_id.clone(), link);
        self.outputs.event(BrokerEvent::Connected {
            link,
            peer,
            client_id: client_id.to_str().into_owned(),
        });
        self.advise_connection(announced.into());
        Ok((Answer::Done, then))
    }

    fn open_session(&mut self, link: LinkId, info: &SessionInfo) -> Served {
        let id = info
            .session_id
            .as_ref()
            .ok_or_else(|| missing("SessionInfo.sessionId"))?;
        let limit = self.config.limits.sessions;
        let connection = self.own(link, id.connection_id.as_ref())?;
        if connection.sessions.len() >= limit && !connection.sessions.contains(&id.value) {
            return Err(Fault::exhausted(format!("more than {limit} sessions")));
        }
        connection.sessions.insert(id.value);
        DONE
    }

    fn open_producer(&mut self, link: LinkId, info: ProducerInfo) -> Served {
        let id = info
            .producer_id
            .clone()
            .ok_or_else(|| missing("ProducerInfo.producerId"))?;
        let limit = self.config.limits.producers;
        self.own_session(link, id.connection_id.as_ref(), id.session_id)?;
        let parts = match &info.destination {
            Some(destination) => names::parts(destination)?.to_vec(),
            None => Vec::new(),
        };
        for part in parts.iter() {
            self.check_temporary(part)?;
            self.check_right(link, Right::Write, part)?;
        }
        let connection = self.own(link, id.connection_id.as_ref())?;
        let key = (id.session_id, id.value);
        if connection.producers.contains_key(&key) {
            return DONE;
        }
        if connection.producers.len() >= limit {
            return Err(Fault::exhausted(format!("more than {limit} producers")));
        }
        let whole = info.destination.as_ref();
        let producer = Producer {
            id: crate::command::ProducerId {
                connection_id: id.connection_id.as_ref().map(Text::detach),
                ..id
            },
            windowed: info.window_size > 0,
            destination: whole.map(|whole| Destination::new(whole.kind, whole.name())),
            parts,
        };
        for part in &producer.parts {
            *self.producing.entry(part.clone()).or_default() += 1;
        }
        self.advise_producer(&producer, Some(&info));
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.producers.insert(key, producer);
        }
        DONE
    }

    /// A producer is gone: taken from its connection already.
    pub(super) fn close_producer(&mut self, producer: &Producer) {
        for part in &producer.parts {
            if let Some(count) = self.producing.get_mut(part) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.producing.remove(part);
                }
            }
        }
        self.advise_producer(producer, None);
    }

    fn change_destination(&mut self, link: LinkId, info: &DestinationInfo) -> Served {
        let destination = info
            .destination
            .as_ref()
            .ok_or_else(|| missing("DestinationInfo.destination"))?;
        for part in names::parts(destination)?.iter() {
            self.check_right(link, Right::Admin, part)?;
            match info.operation {
                DestinationOperation::ADD => self.make_destination(link, part)?,
                DestinationOperation::REMOVE => self.delete_destination(link, part)?,
                DestinationOperation(other) => {
                    return Err(Fault::jms(format!("Unknown operation {other}")));
                }
            }
        }
        DONE
    }

    fn remove(&mut self, link: LinkId, info: &RemoveInfo) -> Served {
        // Versions below 5 do not carry it.
        let format = self
            .connections
            .get(&link)
            .and_then(|known| known.channel.format());
        let last = match format {
            Some(format) if format.version >= 5 => info.last_delivered_sequence_id,
            _ => RemoveInfo::UNKNOWN_DELIVERED,
        };
        match info.object_id.as_deref() {
            Some(Command::ConnectionId(id)) => {
                self.own(link, id.value.as_ref())?;
                self.depart(link, &CloseReason::Eof, last);
            }
            Some(Command::SessionId(id)) => {
                let connection = self.own(link, id.connection_id.as_ref())?;
                connection.sessions.remove(&id.value);
                let of_session = connection.producers.range((id.value, i64::MIN)..);
                let places: Vec<(i64, i64)> = of_session
                    .map(|(place, _)| *place)
                    .take_while(|(session, _)| *session == id.value)
                    .collect();
                let producers: Vec<Producer> = places
                    .iter()
                    .filter_map(|place| connection.producers.remove(place))
                    .collect();
                let of_session = connection.consumers.range((id.value, i64::MIN)..);
                let keys: Vec<ConsumerKey> = of_session
                    .take_while(|((session, _), _)| *session == id.value)
                    .map(|(_, key)| *key)
                    .collect();
                for producer in producers {
                    self.close_producer(&producer);
                }
                for key in keys {
                    self.close_consumer(key, last);
                }
            }
            Some(Command::ConsumerId(id)) => {
                let connection = self.own(link, id.connection_id.as_ref())?;
                let key = connection
                    .consumers
                    .get(&(id.session_id, id.value))
                    .copied();
                // It may have gone with its session, or with the connection.
                if let Some(key) = key {
                    self.close_consumer(key, last);
                }
            }
            Some(Command::ProducerId(id)) => {
                let connection = self.own(link, id.connection_id.as_ref())?;
                if let Some(producer) = connection.producers.remove(&(id.session_id, id.value)) {
                    self.close_producer(&producer);
                }
            }
            Some(other) => {
                return Err(Fault::jms(format!(
                    "A {} cannot be removed",
                    other.type_name()
                )));
            }
            None => return Err(missing("RemoveInfo.objectId")),
        }
        DONE
    }

    fn control_consumer(&mut self, link: LinkId, control: &ConsumerControl) -> Served {
        let widest = self.config.limits.prefetch;
        let (key, consumer) = self.own_consumer(link, control.consumer_id.as_ref())?;
        if control.start {
            consumer.stopped = false;
        } else if control.stop {
            consumer.stopped = true;
        } else if !control.flush && !control.close {
            consumer.prefetch = usize::try_from(control.prefetch).unwrap_or(0).min(widest);
        }
        if control.close {
            self.close_consumer(key, RemoveInfo::UNKNOWN_DELIVERED);
            return DONE;
        }
        Ok((Answer::Done, Then::Wake(key)))
    }

    /// Lets a client's own message in.
    fn take_message(&mut self, link: LinkId, message: crate::command::SharedMessage) -> Served {
        self.take_send(link, message)
    }
}
