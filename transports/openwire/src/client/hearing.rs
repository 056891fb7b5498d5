//! What the broker says is put to the owner.

use finewire_core::machine::{
    CloseReason, Closing, Outcome, Party, ProtocolOutput, Reason, TraceEvent,
};

use crate::command::{
    Command, ConsumerControl, ExceptionResponse, Message, MessageDispatch, SharedMessage, Text,
    Throwable,
};

use super::command::{ClientEvent, ConsumerHandle, Delivered, DeliveryToken};
use super::parting::in_doubt;
use super::protocol::{Client, Stage};
use super::request::Request;
use super::session::Ending;
use super::subscription::Subscription;

impl Client {
    /// The broker said something.
    pub(super) fn heard(&mut self, command: &mut Command) {
        self.trace_in(command);
        if let Command::MessageDispatch(dispatch) = command {
            self.dispatched(dispatch);
            return;
        }
        match core::mem::replace(command, Command::Null) {
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
            Command::ProducerAck(ack) => self.window_opened(&ack),
            Command::ShutdownInfo(_) => self.fail(CloseReason::Eof),
            // The rest is between brokers or was never meant to be obeyed.
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

    fn dispatched(&mut self, dispatch: &mut MessageDispatch) {
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
        let Some(message) = dispatch.message.take() else {
            subscription.pull_answered();
            let event = if subscription.asked.browse {
                ClientEvent::BrowseEnded(handle)
            } else {
                ClientEvent::PulledNothing(handle)
            };
            self.event(event);
            return;
        };
        let own = dispatch.destination.as_ref();
        let destination = own.or(message.destination.as_ref());
        let (Some(destination), Some(id)) = (destination, message.message_id.as_ref()) else {
            let reason = "a message was dispatched without destination or id";
            self.fail(CloseReason::Remote(reason.into()));
            return;
        };
        let redeliveries = dispatch.redelivery_counter.max(0);
        let (number, due) = subscription.deliver(destination, &message, id, redeliveries);
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
            redeliveries,
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
            Some(Request::Sent(id)) => {
                self.batch_answered(id, None);
                self.pump();
            }
            Some(Request::End {
                command,
                session,
                ending,
                taken,
            }) => {
                if ending == Ending::Rollback {
                    self.give_again(session, taken);
                }
                self.ended(command, Outcome::Done);
            }
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
        let pulls = (self.epoch > 0).then(|| subscription.pulls_again());
        if let Some(control) = control {
            let _ = self.say(control);
        }
        for pull in pulls.into_iter().flatten() {
            let _ = self.say(pull);
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
            Some(Request::Sent(id)) => {
                self.batch_answered(id, Some(denied));
                self.pump();
            }
            Some(Request::End {
                command,
                session,
                ending,
                taken,
            }) => {
                // Whatever the broker said no to, the transaction is over and nothing of it took effect.
                self.give_again(session, taken);
                let outcome = match ending {
                    Ending::Commit => denied,
                    Ending::Rollback => Outcome::Done,
                };
                self.ended(command, outcome);
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
            Request::Sent(id) => {
                self.batch_answered(id, Some(late()));
                self.pump();
            }
            Request::End {
                command, ending, ..
            } => {
                let outcome = match ending {
                    Ending::Commit => in_doubt("no answer came in time"),
                    Ending::Rollback => Outcome::Done,
                };
                self.ended(command, outcome);
                // Only a broker that has lost us surely holds nothing of the transaction.
                self.fail(CloseReason::TimedOut);
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
        if let (Some(me), Some(message)) = (self.config.trace_as, message_of(command)) {
            self.trace(me, Party::Broker, message);
        }
    }

    fn trace_in(&mut self, command: &Command) {
        if let (Some(me), Some(message)) = (self.config.trace_as, message_of(command)) {
            self.trace(Party::Broker, me, message);
        }
    }

    /// Bodies may hold passwords: only type and destination are shown.
    pub(super) fn trace(&mut self, from: Party, to: Party, message: &Message) {
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

fn message_of(command: &Command) -> Option<&SharedMessage> {
    match command {
        Command::Message(message) => Some(message),
        Command::MessageDispatch(dispatch) => dispatch.message.as_ref(),
        _ => None,
    }
}
