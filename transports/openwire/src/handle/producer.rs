//! Producers.

use core::time::Duration;

use crate::client::{ClientCommand, Confirm, OpenProducer, ProducerHandle, Send, SessionHandle};
use crate::command::{Destination, Message};

use super::connection::Ways;
use super::orders::Orders;
use super::outcome::NotDone;

/// How a producer is to be; [`ProducerBuilder::open`] opens it.
#[derive(Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct ProducerBuilder<O> {
    ways: Ways<O>,
    session: SessionHandle,
    destination: Option<Destination>,
    window: u32,
    defaults: Defaults,
}

/// What is given to each message that does not say itself.
#[derive(Clone, Copy, Debug, Default)]
struct Defaults {
    confirm: Confirm,
    persistent: bool,
    priority: Option<i8>,
    time_to_live: Option<Duration>,
}

impl<O: Orders> ProducerBuilder<O> {
    pub(super) fn new(
        ways: Ways<O>,
        session: SessionHandle,
        destination: Option<Destination>,
    ) -> Self {
        let window = ways.jms.producer_window.unwrap_or(0);
        let confirm = ways.jms.confirm.unwrap_or_default();
        Self {
            ways,
            session,
            destination,
            window,
            defaults: Defaults {
                confirm,
                ..Defaults::default()
            },
        }
    }

    /// Its messages are persistent. JMS's default is that they are; here it is not.
    pub const fn persistent(mut self) -> Self {
        self.defaults.persistent = true;
        self
    }

    /// The priority of its messages, 0..=9; JMS's default is 4.
    pub const fn priority(mut self, priority: i8) -> Self {
        self.defaults.priority = Some(priority);
        self
    }

    /// How long its messages live, by this machine's clock: `JMSExpiration` is set.
    pub const fn time_to_live(mut self, time: Duration) -> Self {
        self.defaults.time_to_live = Some(time);
        self
    }

    /// Whether the broker confirms its messages.
    pub const fn confirm(mut self, confirm: Confirm) -> Self {
        self.defaults.confirm = confirm;
        self
    }

    /// Bytes (1024 and the content for each message) that may be under way without confirmation; more wait.
    /// 0: only the outbox holds a sender back.
    pub const fn window(mut self, bytes: u32) -> Self {
        self.window = bytes;
        self
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub async fn open(self) -> Result<Producer<O>, NotDone> {
        let producer = Producer {
            handle: ProducerHandle(self.ways.shared.number()),
            ways: self.ways,
            defaults: self.defaults,
        };
        let asked = OpenProducer {
            producer: producer.handle,
            session: self.session,
            destination: self.destination,
            window: self.window,
        };
        producer.ways.shared.ask(producer.handle.0);
        let opened = producer.ways.plain(ClientCommand::OpenProducer(asked));
        opened.await?;
        Ok(producer)
    }
}

/// Sends messages. Dropping it closes it.
///
/// Sending returns when the message is confirmed, or (without confirmation) handed to the operating system;
/// what that promises is in [`Send`]. It waits while the window or the outbox is full
/// and while no broker is connected, for the `timeout` of the `failover:` URI.
#[derive(Debug)]
pub struct Producer<O: Orders> {
    ways: Ways<O>,
    handle: ProducerHandle,
    defaults: Defaults,
}

impl<O: Orders> Producer<O> {
    /// Sends one message.
    ///
    /// Dropping the future before it is ready neither recalls the message nor says whether it was sent.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether the message surely did not arrive.
    pub async fn send(&self, message: Message) -> Result<(), NotDone> {
        self.send_all(vec![message]).await
    }

    /// Sends one message there; for a producer without destination of its own.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether the message surely did not arrive.
    pub async fn send_to(&self, to: Destination, message: Message) -> Result<(), NotDone> {
        self.give(Some(to), vec![message]).await
    }

    /// Sends messages in order; one wait for all of them, which is what makes many small ones fast.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether surely none of them arrived.
    pub async fn send_all(&self, messages: Vec<Message>) -> Result<(), NotDone> {
        self.give(None, messages).await
    }

    async fn give(
        &self,
        destination: Option<Destination>,
        mut messages: Vec<Message>,
    ) -> Result<(), NotDone> {
        for message in &mut messages {
            message.persistent |= self.defaults.persistent;
            if message.priority == 0 {
                message.priority = self.defaults.priority.unwrap_or(DEFAULT_PRIORITY);
            }
            if let Some(time) = self.defaults.time_to_live
                && message.expiration == 0
            {
                // The machine knows the clock: a negative expiration is a time to live.
                let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
                message.expiration = -millis.max(1);
            }
        }
        let send = Send {
            producer: self.handle,
            destination,
            messages,
            confirm: self.defaults.confirm,
        };
        self.ways.plain(ClientCommand::Send(send)).await
    }
}

/// `javax.jms.Message.DEFAULT_PRIORITY`.
const DEFAULT_PRIORITY: i8 = 4;

impl<O: Orders> Drop for Producer<O> {
    fn drop(&mut self) {
        let command = ClientCommand::CloseProducer(self.handle);
        self.ways.close(self.handle.0, command);
    }
}
