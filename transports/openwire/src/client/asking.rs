//! What the owner asks is put to the broker.

use core::time::Duration;

use finewire_core::machine::{CommandId, Outcome, Reason};

use crate::command::{
    Command, ConsumerId, Destination, DestinationInfo, DestinationOperation, MessageAck, MessageId,
    ProducerInfo, RemoveInfo, SessionInfo,
};

use super::command::{
    AckMode, ClientCommand, ClientEvent, ConsumerHandle, DeliveryToken, Publish, Subscribe,
};
use super::protocol::{Client, Stage};
use super::request::Request;
use super::session::{Ending, unknown_session};
use super::subscription::Subscription;

impl Client {
    pub(super) fn on_command(&mut self, id: CommandId, command: ClientCommand) {
        let ends = match command {
            ClientCommand::Subscribe(asked) => self.subscribe(id, asked),
            ClientCommand::Unsubscribe(handle) => self.unsubscribe(id, handle),
            ClientCommand::OpenSession(asked) => self.open_session(id, asked),
            ClientCommand::CloseSession(handle) => self.close_session(id, handle),
            ClientCommand::Commit(handle) => self.end_transaction(id, handle, Ending::Commit),
            ClientCommand::Rollback(handle) => self.end_transaction(id, handle, Ending::Rollback),
            ClientCommand::OpenProducer(asked) => self.open_producer(id, asked),
            ClientCommand::CloseProducer(handle) => self.close_producer(id, handle),
            ClientCommand::Send(send) => self.send(id, send),
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
                ClientCommand::Reject { token, why } => self.reject(id, token, &why),
                ClientCommand::Subscribe(_)
                | ClientCommand::Unsubscribe(_)
                | ClientCommand::OpenSession(_)
                | ClientCommand::CloseSession(_)
                | ClientCommand::Commit(_)
                | ClientCommand::Rollback(_)
                | ClientCommand::OpenProducer(_)
                | ClientCommand::CloseProducer(_)
                | ClientCommand::Send(_)
                | ClientCommand::Disconnect => Ok(()),
            }),
        };
        if let Err(outcome) = ends {
            self.ended(id, outcome);
        }
    }

    pub(super) fn must_be_ready(&self) -> Result<(), Outcome> {
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

    fn subscribe(&mut self, id: CommandId, mut asked: Subscribe) -> Result<(), Outcome> {
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
        let Some(session) = self.session_id(asked.session) else {
            return Err(unknown_session(asked.session));
        };
        let transacted = self.is_transacted(asked.session);
        if transacted {
            asked.acknowledge = AckMode::Individual;
        }
        let consumer = session.consumer(self.next_consumer);
        self.by_consumer.insert(self.next_consumer, handle);
        self.next_consumer += 1;
        self.subscriptions
            .insert(handle, Subscription::new(asked, consumer, id, transacted));
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

    pub(super) fn subscription_failed(
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

    pub(super) fn close_consumer(
        &mut self,
        consumer: ConsumerId,
        last: i64,
    ) -> Result<(), Outcome> {
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
        let session = self.valid(token)?.asked.session;
        let transaction = self.transaction_of(session)?;
        let subscription = self.subscriptions.get_mut(&token.consumer);
        let subscription = subscription.ok_or_else(|| unknown_consumer(token.consumer))?;
        let Some((acks, taken)) = subscription.acknowledge(token.number) else {
            return Err(acknowledged_already());
        };
        if let (Some(taken), Some(session)) = (taken, self.sessions.get_mut(&session)) {
            session.taken.push(taken);
        }
        for ack in acks {
            self.say(MessageAck {
                transaction_id: transaction.clone(),
                ..ack
            })?;
        }
        self.when_written.push(id);
        Ok(())
    }

    fn reject(&mut self, id: CommandId, token: DeliveryToken, why: &str) -> Result<(), Outcome> {
        self.valid(token)?;
        let subscription = self.subscriptions.get_mut(&token.consumer);
        let ack = subscription.and_then(|it| it.reject(token.number, why));
        self.say(ack.ok_or_else(acknowledged_already)?)?;
        self.when_written.push(id);
        Ok(())
    }

    /// The subscription of a delivery that came on the link in use.
    fn valid(&self, token: DeliveryToken) -> Result<&Subscription, Outcome> {
        if token.epoch != self.epoch {
            let text = "the delivery came on a link that is lost; the broker delivers it again";
            return Err(Outcome::refused(Reason::LinkDown, text));
        }
        let subscription = self.subscriptions.get(&token.consumer);
        subscription.ok_or_else(|| unknown_consumer(token.consumer))
    }

    fn pull(
        &mut self,
        id: CommandId,
        handle: ConsumerHandle,
        wait: Option<Duration>,
    ) -> Result<(), Outcome> {
        let most = self.config.limits.requests;
        let subscription = self.subscriptions.get_mut(&handle);
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
        if !subscription.pulled(timeout == 0, most) {
            let text = format!("{most} pulls have not been answered yet");
            return Err(Outcome::refused(Reason::Limit, text));
        }
        let pull = subscription.to_pull(timeout);
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
        let sessions: Vec<_> = self.sessions.values().map(|it| it.id.clone()).collect();
        for session_id in sessions {
            let _ = self.say(SessionInfo {
                session_id: Some(session_id),
                ..SessionInfo::default()
            });
        }
        self.take_up_producers();
        let handles: Vec<ConsumerHandle> = self.subscriptions.keys().copied().collect();
        for handle in handles {
            self.open_subscription(handle, again);
        }
    }
}

fn acknowledged_already() -> Outcome {
    Outcome::refused(Reason::Local, "the delivery is acknowledged already")
}

fn unknown_consumer(handle: ConsumerHandle) -> Outcome {
    Outcome::refused(Reason::Local, format!("there is no consumer {}", handle.0))
}
