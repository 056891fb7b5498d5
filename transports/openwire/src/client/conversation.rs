//! What the owner asks is put to the broker; what the broker says is put to the owner.

use std::sync::Arc;

use core::time::Duration;

use finewire_core::machine::{
    CloseReason, Closing, CommandId, Outcome, Party, ProtocolOutput, Reason, TraceEvent,
};

use crate::command::{
    Command, ConsumerControl, ConsumerId, Destination, DestinationInfo, DestinationOperation,
    ExceptionResponse, Message, MessageDispatch, MessageId, MessagePull, ProducerInfo, RemoveInfo,
    SessionInfo, Text, Throwable,
};

use super::command::{
    ClientCommand, ClientEvent, ConsumerHandle, Delivered, DeliveryToken, Publish, Subscribe,
};
use super::protocol::{Client, Request, Stage};
use super::subscription::Subscription;

impl Client {
    pub(super) fn on_command(&mut self, id: CommandId, command: ClientCommand) {
        let ends = match command {
            ClientCommand::Subscribe(asked) => self.subscribe(id, asked),
            ClientCommand::Unsubscribe(handle) => self.unsubscribe(id, handle),
            ClientCommand::Disconnect => {
                self.on_disconnect(id);
                Ok(())
            }
            other => self.must_be_ready().and_then(|()| match other {
                ClientCommand::Publish(publish) => self.publish(id, publish),
                ClientCommand::Acknowledge(token) => self.acknowledge(id, token),
                ClientCommand::Pull { consumer, wait } => self.pull(id, consumer, wait),
                ClientCommand::CreateTemporary { topic } => self.create_temporary(id, topic),
                ClientCommand::RemoveDestination(destination) => {
                    self.remove_destination(id, destination)
                }
                ClientCommand::Subscribe(_)
                | ClientCommand::Unsubscribe(_)
                | ClientCommand::Disconnect => Ok(()),
            }),
        };
        if let Err(outcome) = ends {
            self.ended(id, outcome);
        }
    }

    fn must_be_ready(&self) -> Result<(), Outcome> {
        match self.stage {
            Stage::Ready => Ok(()),
            Stage::Leaving | Stage::Parting => Err(Outcome::refused(
                Reason::ShuttingDown,
                "the client is leaving",
            )),
            Stage::Down | Stage::Greeting | Stage::Introducing | Stage::Ended => Err(
                Outcome::refused(Reason::LinkDown, "the broker is not connected"),
            ),
        }
    }

    fn subscribe(&mut self, id: CommandId, asked: Subscribe) -> Result<(), Outcome> {
        if matches!(self.stage, Stage::Leaving | Stage::Parting) {
            return self.must_be_ready();
        }
        let handle = asked.consumer;
        if self.subscriptions.contains_key(&handle) {
            let text = format!("consumer {} exists already", handle.0);
            return Err(Outcome::refused(Reason::Local, text));
        }
        if self.subscriptions.len() >= self.config.limits.subscriptions {
            return Err(Outcome::refused(Reason::Limit, "too many subscriptions"));
        }
        if asked.destination.name().is_empty() {
            return Err(Outcome::refused(
                Reason::Local,
                "the destination has no name",
            ));
        }
        let consumer = self.session().consumer(self.next_consumer);
        self.by_consumer.insert(self.next_consumer, handle);
        self.next_consumer += 1;
        self.subscriptions
            .insert(handle, Subscription::new(asked, consumer, id));
        if self.stage == Stage::Ready {
            self.open_subscription(handle, false);
        }
        Ok(())
    }

    /// Asks the broker for a subscription; after a reconnect nothing is to come before it is complete.
    fn open_subscription(&mut self, handle: ConsumerHandle, again: bool) {
        let Some(subscription) = self.subscriptions.get(&handle) else {
            return;
        };
        let prefetch = if again {
            0
        } else {
            subscription.asked.prefetch
        };
        let info = subscription.to_info(prefetch);
        if let Err(outcome) = self.ask(info, Request::Subscribe(handle)) {
            let command = self.forget_subscription(handle);
            self.subscription_failed(handle, command, outcome);
        }
    }

    fn subscription_failed(
        &mut self,
        handle: ConsumerHandle,
        command: Option<CommandId>,
        outcome: Outcome,
    ) {
        match command {
            Some(id) => self.ended(id, outcome),
            None => {
                let why = match outcome {
                    Outcome::Refused(why) | Outcome::Failed(why) => why.text.into_owned(),
                    Outcome::Done => String::new(),
                };
                self.event(ClientEvent::SubscriptionLost {
                    consumer: handle,
                    why,
                });
            }
        }
    }

    /// Forgets a subscription; gives the command that has not ended.
    pub(super) fn forget_subscription(&mut self, handle: ConsumerHandle) -> Option<CommandId> {
        self.with_batch.remove(&handle);
        let subscription = self.subscriptions.remove(&handle)?;
        self.by_consumer.remove(&subscription.id.value);
        subscription.command
    }

    fn unsubscribe(&mut self, id: CommandId, handle: ConsumerHandle) -> Result<(), Outcome> {
        if !self.subscriptions.contains_key(&handle) {
            return Err(unknown_consumer(handle));
        }
        self.flush_batches();
        let known = self.subscriptions.get(&handle);
        let consumer = known.map(|it| (it.id.clone(), it.last_sequence));
        if let Some(pending) = self.forget_subscription(handle) {
            let text = "the subscription was given up by its owner";
            self.ended(pending, Outcome::failed(Reason::Local, text));
        }
        match consumer {
            Some((consumer, last)) if self.stage == Stage::Ready => {
                self.close_consumer(consumer, last)?;
                self.when_written.push(id);
            }
            _ => self.ended(id, Outcome::Done),
        }
        Ok(())
    }

    fn close_consumer(&mut self, consumer: ConsumerId, last: i64) -> Result<(), Outcome> {
        self.say(RemoveInfo {
            last_delivered_sequence_id: last,
            ..RemoveInfo::new(Command::ConsumerId(consumer))
        })
    }

    fn publish(&mut self, id: CommandId, publish: Publish) -> Result<(), Outcome> {
        let Publish {
            destination,
            mut message,
        } = publish;
        if destination.name().is_empty() {
            return Err(Outcome::refused(
                Reason::Local,
                "the destination has no name",
            ));
        }
        let content = message.content.as_ref().map_or(0, bytes::Bytes::len);
        let limit = self.config.limits.outbox_bytes;
        if self.channel.backlog().saturating_add(content) > limit {
            let text = format!("more than {limit} bytes are waiting to be written");
            return Err(Outcome::refused(Reason::Limit, text));
        }
        message.producer_id = Some(self.producer());
        message.message_id = Some(MessageId::new(self.producer(), self.next_sequence));
        message.destination = Some(destination);
        if message.timestamp == 0
            && let Some((wall, at)) = self.wall
        {
            message.timestamp = wall.plus(self.now - at).0;
        }
        if message.persistent {
            self.ask(message, Request::Publish(id))?;
        } else {
            self.say(message)?;
            self.when_written.push(id);
        }
        self.next_sequence += 1;
        Ok(())
    }

    fn acknowledge(&mut self, id: CommandId, token: DeliveryToken) -> Result<(), Outcome> {
        if token.epoch != self.epoch {
            let text = "the delivery came on a link that is lost; the broker delivers it again";
            return Err(Outcome::refused(Reason::LinkDown, text));
        }
        let subscription = self.subscriptions.get_mut(&token.consumer);
        let subscription = subscription.ok_or_else(|| unknown_consumer(token.consumer))?;
        let Some(acks) = subscription.acknowledge(token.number) else {
            let text = "the delivery is acknowledged already";
            return Err(Outcome::refused(Reason::Local, text));
        };
        for ack in acks {
            self.say(ack)?;
        }
        self.when_written.push(id);
        Ok(())
    }

    fn pull(
        &mut self,
        id: CommandId,
        handle: ConsumerHandle,
        wait: Option<Duration>,
    ) -> Result<(), Outcome> {
        let subscription = self.subscriptions.get(&handle);
        let subscription = subscription.ok_or_else(|| unknown_consumer(handle))?;
        if subscription.asked.prefetch != 0 {
            let text = "only a subscription with prefetch 0 can pull";
            return Err(Outcome::refused(Reason::Local, text));
        }
        let timeout = match wait {
            None => 0,
            Some(wait) if wait.is_zero() => -1,
            Some(wait) => i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).max(1),
        };
        let pull = MessagePull {
            consumer_id: Some(subscription.id.clone()),
            destination: Some(subscription.asked.destination.clone()),
            timeout,
            ..MessagePull::default()
        };
        self.say(pull)?;
        self.when_written.push(id);
        Ok(())
    }

    fn create_temporary(&mut self, id: CommandId, topic: bool) -> Result<(), Outcome> {
        if self.temporaries.len() >= self.config.limits.temporaries {
            return Err(Outcome::refused(
                Reason::Limit,
                "too many temporary destinations",
            ));
        }
        let name = format!("{}:{}", self.connection_id, self.next_temporary);
        self.next_temporary += 1;
        let destination = if topic {
            Destination::temp_topic(name)
        } else {
            Destination::temp_queue(name)
        };
        let info = self.destination_info(&destination, DestinationOperation::ADD);
        self.ask(info, Request::Make(id, destination))
    }

    fn remove_destination(&mut self, id: CommandId, name: Destination) -> Result<(), Outcome> {
        let info = self.destination_info(&name, DestinationOperation::REMOVE);
        self.ask(info, Request::Remove(id, name))
    }

    fn destination_info(
        &self,
        name: &Destination,
        operation: DestinationOperation,
    ) -> DestinationInfo {
        DestinationInfo {
            connection_id: Some(self.connection_id.clone()),
            destination: Some(name.clone()),
            operation,
            ..DestinationInfo::default()
        }
    }

    /// Brings the broker to where we are: session, producer, temporary destinations, subscriptions.
    pub(super) fn take_up(&mut self, again: bool) {
        for name in self.temporaries.clone() {
            let info = self.destination_info(&name, DestinationOperation::ADD);
            let _ = self.ask(info, Request::MakeAgain(name));
        }
        let session = SessionInfo {
            session_id: Some(self.session()),
            ..SessionInfo::default()
        };
        let producer = ProducerInfo {
            producer_id: Some(self.producer()),
            ..ProducerInfo::default()
        };
        let _ = self.say(session);
        let _ = self.say(producer);
        let handles: Vec<ConsumerHandle> = self.subscriptions.keys().copied().collect();
        for handle in handles {
            self.open_subscription(handle, again);
        }
    }

    /// The broker said something.
    pub(super) fn heard(&mut self, command: Command) {
        self.trace_in(&command);
        match command {
            Command::MessageDispatch(dispatch) => self.dispatched(dispatch),
            Command::Response(response) => self.answered(response.correlation_id),
            Command::DataResponse(response) => self.answered(response.correlation_id),
            Command::DataArrayResponse(response) => self.answered(response.correlation_id),
            Command::IntegerResponse(response) => self.answered(response.correlation_id),
            Command::ExceptionResponse(response) => self.refused(response),
            Command::BrokerInfo(info) => {
                self.broker_name = info.broker_name.map(|name| name.to_str().into_owned());
            }
            Command::ConnectionError(error) => {
                let exception = error.exception.map_or_else(Throwable::default, |it| *it);
                self.event(ClientEvent::BrokerSaid(exception));
            }
            Command::ConnectionControl(control) => {
                let text = |text: &Option<Text>| {
                    text.as_ref()
                        .map(|text| text.to_str().into_owned())
                        .unwrap_or_default()
                };
                let connected_brokers = text(&control.connected_brokers);
                let reconnect_to = text(&control.reconnect_to);
                if !connected_brokers.is_empty() || !reconnect_to.is_empty() {
                    self.event(ClientEvent::Steered {
                        connected_brokers,
                        reconnect_to,
                        rebalance: control.rebalance_connection,
                    });
                }
            }
            Command::ConsumerControl(control) => self.controlled(&control),
            Command::ShutdownInfo(_) => self.fail(CloseReason::Eof),
            // Producer windows are not used; the rest is between brokers or was never meant to be obeyed.
            _ => {}
        }
    }

    fn controlled(&mut self, control: &ConsumerControl) {
        let number = control.consumer_id.as_ref().map(|id| id.value);
        let handle = number
            .and_then(|number| self.by_consumer.get(&number))
            .copied();
        let Some(handle) = handle else {
            return;
        };
        if control.close {
            let command = self.forget_subscription(handle);
            let text = "the broker closed the consumer";
            self.subscription_failed(handle, command, Outcome::failed(Reason::Denied, text));
        } else if let Some(subscription) = self.subscriptions.get_mut(&handle)
            && let Ok(prefetch) = u16::try_from(control.prefetch)
        {
            subscription.asked.prefetch = prefetch;
        }
    }

    fn dispatched(&mut self, dispatch: MessageDispatch) {
        let number = dispatch.consumer_id.as_ref().map(|id| id.value);
        let handle = number
            .and_then(|number| self.by_consumer.get(&number))
            .copied();
        let Some((handle, subscription)) =
            handle.and_then(|handle| Some((handle, self.subscriptions.get_mut(&handle)?)))
        else {
            // It was under way when the subscription ended; the broker takes it back.
            return;
        };
        let Some(message) = dispatch.message else {
            let event = if subscription.asked.browse {
                ClientEvent::BrowseEnded(handle)
            } else {
                ClientEvent::PulledNothing(handle)
            };
            self.event(event);
            return;
        };
        let destination = dispatch.destination.or_else(|| message.destination.clone());
        let (Some(destination), Some(id)) = (destination, message.message_id.clone()) else {
            let reason = "a message was dispatched without destination or id";
            self.fail(CloseReason::Remote(reason.into()));
            return;
        };
        // What is kept for the acknowledgement should not keep the whole message alive.
        let id = MessageId {
            text_view: id.text_view.as_ref().map(Text::detach),
            producer_id: id.producer_id.map(|producer| crate::command::ProducerId {
                connection_id: producer.connection_id.as_ref().map(Text::detach),
                ..producer
            }),
            ..id
        };
        let destination = Destination {
            kind: destination.kind,
            physical_name: destination.physical_name.as_ref().map(Text::detach),
        };
        let (number, due) = subscription.deliver(destination, id);
        if !subscription.is_plausible() {
            let reason = "more was delivered than the prefetch allows";
            self.fail(CloseReason::Limit(reason.into()));
            return;
        }
        let token = number.map(|number| DeliveryToken {
            consumer: handle,
            epoch: self.epoch,
            number,
        });
        if token.is_none() {
            self.with_batch.insert(handle);
        }
        if let Some(ack) = due {
            let _ = self.say(ack);
        }
        self.event(ClientEvent::Delivered(Delivered {
            consumer: handle,
            redeliveries: dispatch.redelivery_counter.max(0),
            message,
            token,
        }));
    }

    /// Acknowledges what the owner has been told of, for subscriptions that do so by themselves.
    pub(super) fn flush_batches(&mut self) {
        for handle in core::mem::take(&mut self.with_batch) {
            let subscription = self.subscriptions.get_mut(&handle);
            if let Some(ack) = subscription.and_then(Subscription::take_batch)
                && matches!(self.stage, Stage::Ready)
            {
                let _ = self.say(ack);
            }
        }
    }

    fn answered(&mut self, id: i32) {
        self.timers.clear(&id);
        match self.requests.remove(&id) {
            None => {}
            Some(Request::Introduce) => self.admitted(),
            Some(Request::Publish(id)) => self.ended(id, Outcome::Done),
            Some(Request::Subscribe(handle)) => self.subscribed(handle),
            Some(Request::Make(id, destination)) => {
                self.temporaries.insert(destination.clone());
                self.event(ClientEvent::TemporaryCreated {
                    command: id,
                    destination,
                });
                self.ended(id, Outcome::Done);
            }
            Some(Request::MakeAgain(_)) => {}
            Some(Request::Remove(id, destination)) => {
                self.temporaries.remove(&destination);
                self.ended(id, Outcome::Done);
            }
            Some(Request::Leave) => self.part(),
        }
    }

    fn subscribed(&mut self, handle: ConsumerHandle) {
        let Some(subscription) = self.subscriptions.get_mut(&handle) else {
            return;
        };
        let command = subscription.command.take();
        // Harmless where the consumer was opened with its prefetch at once.
        let control =
            (self.epoch > 0 && subscription.asked.prefetch > 0).then(|| ConsumerControl {
                destination: Some(subscription.asked.destination.clone()),
                consumer_id: Some(subscription.id.clone()),
                prefetch: subscription.asked.prefetch.into(),
                ..ConsumerControl::default()
            });
        if let Some(control) = control {
            let _ = self.say(control);
        }
        if let Some(id) = command {
            self.ended(id, Outcome::Done);
        }
    }

    fn refused(&mut self, response: ExceptionResponse) {
        let id = response.correlation_id;
        self.timers.clear(&id);
        let exception = response.exception.map_or_else(Throwable::default, |it| *it);
        let text = exception.to_string();
        let denied = Outcome::refused(Reason::Denied, text.clone());
        match self.requests.remove(&id) {
            None => self.event(ClientEvent::BrokerSaid(exception)),
            Some(Request::Introduce) => {
                // A client id in use is our own former link that the broker has not yet given up.
                let class = exception
                    .class
                    .as_ref()
                    .map(Text::to_str)
                    .unwrap_or_default();
                if class.contains("Security") {
                    self.finish(Closing::Abort, CloseReason::Denied(text));
                } else {
                    self.fail(CloseReason::Other(format!("the broker refused us: {text}")));
                }
            }
            Some(Request::Publish(id) | Request::Make(id, _) | Request::Remove(id, _)) => {
                self.ended(id, denied);
            }
            Some(Request::Subscribe(handle)) => {
                if self.subscriptions.contains_key(&handle) {
                    let command = self.forget_subscription(handle);
                    self.subscription_failed(handle, command, denied);
                }
            }
            Some(Request::MakeAgain(destination)) => {
                self.temporaries.remove(&destination);
                self.event(ClientEvent::BrokerSaid(exception));
            }
            Some(Request::Leave) => self.part(),
        }
    }

    /// A request was not answered in time.
    pub(super) fn unanswered(&mut self, request: Request) {
        let late = || Outcome::failed(Reason::TimedOut, "the broker did not answer in time");
        match request {
            Request::Introduce => self.fail(CloseReason::TimedOut),
            Request::Publish(id) | Request::Make(id, _) | Request::Remove(id, _) => {
                self.ended(id, late());
            }
            Request::Subscribe(handle) => {
                let known = self.subscriptions.get(&handle);
                if let Some((consumer, last)) = known.map(|it| (it.id.clone(), it.last_sequence)) {
                    let command = self.forget_subscription(handle);
                    self.subscription_failed(handle, command, late());
                    if self.stage == Stage::Ready {
                        let _ = self.close_consumer(consumer, last);
                    }
                }
            }
            Request::MakeAgain(destination) => {
                self.temporaries.remove(&destination);
            }
            Request::Leave => self.part(),
        }
    }

    pub(super) fn trace_out(&mut self, command: &Command) {
        if let Some(me) = self.config.trace_as {
            self.trace(me, Party::Broker, command);
        }
    }

    fn trace_in(&mut self, command: &Command) {
        if let Some(me) = self.config.trace_as {
            self.trace(Party::Broker, me, command);
        }
    }

    fn trace(&mut self, from: Party, to: Party, command: &Command) {
        let message: Option<&Arc<Message>> = match command {
            Command::Message(message) => Some(message),
            Command::MessageDispatch(dispatch) => dispatch.message.as_ref(),
            _ => None,
        };
        // Bodies may hold passwords: only type and destination are shown.
        let Some(message) = message else {
            return;
        };
        let subject = match &message.jms_type {
            Some(kind) => kind.to_str().into_owned(),
            None => message.type_name().into(),
        };
        let detail = message.destination.as_ref().map(ToString::to_string);
        self.outputs.push_back(ProtocolOutput::Trace(TraceEvent {
            from,
            to,
            link: None,
            agent: None,
            subject,
            detail: detail.unwrap_or_default(),
        }));
    }
}

fn unknown_consumer(handle: ConsumerHandle) -> Outcome {
    Outcome::refused(Reason::Local, format!("there is no consumer {}", handle.0))
}
