//! Consumers and their deliveries.

use core::future::poll_fn;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use crate::client::{
    AckMode, ClientCommand, ConsumerHandle, Delivered, DeliveryToken, DestinationAddress,
    SessionHandle, Subscribe,
};
use crate::command::{Message, SharedMessage};

use super::connection::Ways;
use super::desk::{DeskCommand, Order, Outlet};
use super::mailbox::{End, Mailbox};
use super::orders::Orders;
use super::outcome::{NotDone, done};
use super::shared::Errand;

/// Who acknowledges deliveries, and when; JMS's modes. In a transacted session none of them counts: there a
/// delivery is part of the transaction once it is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acknowledge {
    /// `AUTO_ACKNOWLEDGE`: a delivery is acknowledged when the next one is asked for. At least once: what
    /// was taken last comes again after a crash.
    #[default]
    Auto,
    /// `DUPS_OK_ACKNOWLEDGE`: as `Auto`, but together: when half of the prefetch or 512 were taken, and a tenth
    /// of a second after none was waiting. At least once: several may come again after a crash.
    DupsOk,
    /// `CLIENT_ACKNOWLEDGE`: [`Consumer::acknowledge`] stands for all deliveries of the consumer taken up to
    /// that one. At least once. The prefetch bounds what may be open.
    Client,
    /// `INDIVIDUAL_ACKNOWLEDGE` of ActiveMQ: each by itself. At least once. The prefetch bounds what may be
    /// open.
    Individual,
}

/// How a consumer is to be; [`ConsumerBuilder::open`] opens it.
#[derive(Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct ConsumerBuilder<O> {
    ways: Ways<O>,
    asked: Subscribe,
    acknowledge: Acknowledge,
    prefetch: Option<u16>,
}

impl<O: Orders> ConsumerBuilder<O> {
    pub(super) fn new(ways: Ways<O>, session: SessionHandle, from: DestinationAddress) -> Self {
        let prefetch = from.options.prefetch;
        let mut asked = Subscribe::at(ConsumerHandle(ways.shared.number()), from);
        asked.session = session;
        let is_queue = asked.destination.kind.is_queue();
        asked.exclusive |= ways.jms.exclusive_consumer && is_queue;
        asked.retroactive |= ways.jms.retroactive_consumer && !is_queue;
        let acknowledge = if ways.jms.optimize_acknowledge {
            Acknowledge::DupsOk
        } else {
            Acknowledge::Auto
        };
        Self {
            ways,
            asked,
            acknowledge,
            prefetch,
        }
    }

    /// Who acknowledges.
    pub const fn acknowledge(mut self, acknowledge: Acknowledge) -> Self {
        self.acknowledge = acknowledge;
        self
    }

    /// Messages that the broker may send ahead, at most 32 767. 0: one is pulled whenever one is waited for.
    pub const fn prefetch(mut self, messages: u16) -> Self {
        self.prefetch = Some(messages);
        self
    }

    /// Only messages that this selector of JMS matches.
    pub fn selector(mut self, selector: impl Into<String>) -> Self {
        self.asked.selector = Some(selector.into());
        self
    }

    /// Be the only consumer of the queue that is served; the next one takes over.
    pub const fn exclusive(mut self) -> Self {
        self.asked.exclusive = true;
        self
    }

    /// Consumers of a higher priority are served first.
    pub const fn priority(mut self, priority: i8) -> Self {
        self.asked.priority = priority;
        self
    }

    /// Not what this connection sends itself (topics).
    pub const fn no_local(mut self) -> Self {
        self.asked.no_local = true;
        self
    }

    /// Also what the broker kept of a topic.
    pub const fn retroactive(mut self) -> Self {
        self.asked.retroactive = true;
        self
    }

    /// Only look at what is in the queue; the consumer ends when it has seen everything.
    pub const fn browse(mut self) -> Self {
        self.asked.browse = true;
        self
    }

    /// Opens it. While no broker is connected it waits for one.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker refuses it (the selector does not read, the user may not), or the
    /// connection is over.
    pub async fn open(mut self) -> Result<Consumer<O>, NotDone> {
        let from_uri = self.ways.jms.prefetch;
        let from_uri = from_uri.of(&self.asked.destination, self.asked.browse);
        if let Some(prefetch) = self.prefetch.or(from_uri) {
            self.asked.prefetch = prefetch;
        }
        let transacted = self.asked.session != SessionHandle::PLAIN;
        self.asked.acknowledge = match self.acknowledge {
            Acknowledge::Individual => AckMode::Individual,
            _ if transacted => AckMode::Individual,
            Acknowledge::Auto | Acknowledge::DupsOk | Acknowledge::Client => AckMode::Cumulative,
        };
        let acknowledging = match self.acknowledge {
            _ if transacted => Acknowledging::WhenTaken,
            Acknowledge::Auto => Acknowledging::WhenBack,
            Acknowledge::DupsOk => Acknowledging::Lazily {
                after: u32::from(self.asked.prefetch / 2).clamp(1, OWED_AT_MOST),
            },
            Acknowledge::Client | Acknowledge::Individual => Acknowledging::ByOwner,
        };
        let mailbox = Arc::new(Mailbox::of(self.asked.session));
        let consumer = Consumer {
            ways: self.ways,
            handle: self.asked.consumer,
            mailbox: mailbox.clone(),
            acknowledging,
            pulls: self.asked.prefetch == 0,
            has_pulled: false,
            owed: None,
            taken: 0,
            is_over: false,
        };
        // Were this future dropped, dropping the consumer would undo what the command does.
        consumer.ways.shared.ask(consumer.handle.0);
        let order = Order::Subscribe(self.asked, Outlet::Mailbox(mailbox));
        done(consumer.ways.orders.order(DeskCommand(order)).await)?;
        Ok(consumer)
    }
}

/// Deliveries after which a lazy consumer acknowledges: by then an acknowledgement costs nothing beside them,
/// and what both sides remember of them still fits their caches.
const OWED_AT_MOST: u32 = 512;

/// When deliveries are acknowledged.
#[derive(Clone, Copy, Debug)]
enum Acknowledging {
    WhenTaken,
    WhenBack,
    Lazily { after: u32 },
    ByOwner,
}

/// When a consumer looks at what it owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Another is asked for.
    Between,
    /// Another is asked for, and none is waiting.
    Idle,
    /// The consumer is closed by its owner.
    End,
}

/// Receives messages; a `Stream` too. Dropping it closes it, and what was not acknowledged goes to others.
#[derive(Debug)]
pub struct Consumer<O: Orders> {
    ways: Ways<O>,
    handle: ConsumerHandle,
    mailbox: Arc<Mailbox>,
    acknowledging: Acknowledging,
    pulls: bool,
    has_pulled: bool,
    /// The last one taken and not acknowledged, and how many it stands for.
    owed: Option<DeliveryToken>,
    taken: u32,
    is_over: bool,
}

/// A message that came; reads as the [`Message`].
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The message; its destination is the real one, also for wildcards and composites.
    pub message: SharedMessage,
    /// How often it was delivered before.
    pub redeliveries: i32,
    token: Option<DeliveryToken>,
}

impl Deref for Delivery {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl<O: Orders> Consumer<O> {
    /// The next message, waiting for it; `None` when nothing more comes: a browser has seen everything, or
    /// the connection was closed.
    ///
    /// Cancel-safe: a dropped future has taken nothing.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that: the broker closed the consumer, would not have
    /// it back after a reconnect, or nobody comes back.
    pub async fn next(&mut self) -> Result<Option<Delivery>, NotDone> {
        poll_fn(|cx| self.poll_delivery(cx)).await
    }

    /// The next message if it is here already. A consumer without prefetch asks the broker for one, so that
    /// a later call may find it.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.settle(Moment::Between);
        match self.mailbox.try_take() {
            Some(delivered) => Some(self.hand_over(delivered)),
            None => {
                self.settle(Moment::Idle);
                self.pull();
                None
            }
        }
    }

    /// Waits for at least one message and takes up to `most` that are here, into `into`; how many. 0 when
    /// nothing more comes. Cheaper than one after the other where many come.
    ///
    /// # Errors
    ///
    /// As [`Consumer::next`].
    pub async fn next_many(
        &mut self,
        most: usize,
        into: &mut Vec<Delivery>,
    ) -> Result<usize, NotDone> {
        let Some(first) = self.next().await? else {
            return Ok(0);
        };
        into.push(first);
        let mut more = Vec::new();
        let count = self
            .mailbox
            .try_take_many(most.saturating_sub(1), &mut more);
        for delivered in more {
            self.owed_by_lazy();
            let delivery = self.hand_over(delivered);
            into.push(delivery);
        }
        Ok(count + 1)
    }

    /// Acknowledges: in [`Acknowledge::Client`] everything up to this delivery, in
    /// [`Acknowledge::Individual`] this one. In other modes there is nothing to do.
    ///
    /// It is told to the broker soon, which does not confirm it; the link may be lost before, and the
    /// delivery comes again then.
    pub fn acknowledge(&mut self, delivery: &Delivery) {
        if let (Acknowledging::ByOwner, Some(token)) = (self.acknowledging, delivery.token) {
            self.ways.errand(ClientCommand::Acknowledge(token));
        }
    }

    /// Sends a delivery to the broker's dead-letter queue: nobody can use it.
    pub fn reject(&mut self, delivery: &Delivery, why: impl Into<String>) {
        if let Some(token) = delivery.token {
            if self.owed == Some(token) {
                self.owed = None;
            }
            self.mailbox.is_rejected(token);
            let why = why.into();
            self.ways.errand(ClientCommand::Reject { token, why });
        }
    }

    /// Closes it and waits until the broker was told.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the connection is over.
    pub async fn close(mut self) -> Result<(), NotDone> {
        self.settle(Moment::End);
        self.is_over = true;
        let command = ClientCommand::Unsubscribe(self.handle);
        self.ways.plain(command).await
    }

    /// As [`Consumer::next`], to be polled by an adapter's own future.
    pub fn poll_delivery(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Delivery>, NotDone>> {
        self.settle(Moment::Between);
        if let Some(delivered) = self.mailbox.try_take() {
            return Poll::Ready(Ok(Some(self.hand_over(delivered))));
        }
        self.settle(Moment::Idle);
        self.pull();
        match self.mailbox.poll_take(cx) {
            Poll::Ready(Ok(delivered)) => Poll::Ready(Ok(Some(self.hand_over(delivered)))),
            Poll::Ready(Err(End::Complete)) => Poll::Ready(Ok(None)),
            Poll::Ready(Err(End::Lost(why))) => Poll::Ready(Err(why)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn hand_over(&mut self, delivered: Delivered) -> Delivery {
        self.has_pulled = false;
        match (self.acknowledging, delivered.token) {
            (Acknowledging::WhenTaken, Some(token)) => {
                self.ways.errand(ClientCommand::Acknowledge(token));
            }
            (Acknowledging::WhenBack | Acknowledging::Lazily { .. }, token) => {
                self.owed = token;
                self.taken = self.taken.saturating_add(1);
            }
            (Acknowledging::ByOwner | Acknowledging::WhenTaken, _) => {}
        }
        Delivery {
            message: delivered.message,
            redeliveries: delivered.redeliveries,
            token: delivered.token,
        }
    }

    /// Acknowledges what was taken, where it is time.
    fn settle(&mut self, moment: Moment) {
        let Some(token) = self.owed else {
            return;
        };
        let due = match self.acknowledging {
            Acknowledging::WhenBack => true,
            Acknowledging::Lazily { after } => moment == Moment::End || self.taken >= after,
            Acknowledging::WhenTaken | Acknowledging::ByOwner => false,
        };
        if due {
            self.owed = None;
            self.taken = 0;
            self.mailbox.settled();
            self.ways.errand(ClientCommand::Acknowledge(token));
        } else if moment == Moment::Idle && self.mailbox.owe(token) {
            self.ways.leave(Errand::Collect(self.handle));
        }
    }

    /// Between messages that are taken together.
    fn owed_by_lazy(&mut self) {
        if let Acknowledging::Lazily { .. } = self.acknowledging {
            self.settle(Moment::Between);
        }
    }

    fn pull(&mut self) {
        if self.pulls && !self.has_pulled {
            self.has_pulled = true;
            self.ways.errand(ClientCommand::Pull {
                consumer: self.handle,
                wait: None,
            });
        }
    }
}

impl<O: Orders + Unpin> futures_core::Stream for Consumer<O> {
    type Item = Result<Delivery, NotDone>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let consumer = self.get_mut();
        if consumer.is_over {
            return Poll::Ready(None);
        }
        consumer.poll_delivery(cx).map(|next| match next {
            Ok(Some(delivery)) => Some(Ok(delivery)),
            Ok(None) => None,
            Err(why) => {
                consumer.is_over = true;
                Some(Err(why))
            }
        })
    }
}

impl<O: Orders> Drop for Consumer<O> {
    fn drop(&mut self) {
        if let Some(token) = self.mailbox.settled() {
            self.ways.errand(ClientCommand::Acknowledge(token));
        }
        let command = ClientCommand::Unsubscribe(self.handle);
        self.ways.close(self.handle.0, command);
    }
}
