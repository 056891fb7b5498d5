//! Connections and sessions.

use core::future::poll_fn;
use std::sync::Arc;

use crate::client::{
    AdvisoryTopic, ClientCommand, DestinationAddress, JmsOptions, OpenSession, SessionHandle,
};
use crate::command::Destination;

use super::advisories::Advisories;
use super::consumer::{Acknowledge, ConsumerBuilder};
use super::desk::{DeskCommand, Order};
use super::orders::Orders;
use super::outcome::{NotDone, done};
use super::producer::ProducerBuilder;
use super::requester::Requester;
use super::shared::{Errand, Shared, Slot};

/// A connection to a broker, over as many sockets as it takes; clones are the same connection.
///
/// When the last clone and everything made from it are dropped, the machine stops and the socket is closed
/// without a word; [`Connection::close`] takes leave.
#[derive(Debug)]
pub struct Connection<O> {
    pub(super) ways: Ways<O>,
}

/// What every handle needs.
#[derive(Debug)]
pub(super) struct Ways<O> {
    pub(super) orders: O,
    pub(super) shared: Shared,
    pub(super) jms: Arc<JmsOptions>,
}

impl<O: Clone> Clone for Ways<O> {
    fn clone(&self) -> Self {
        Self {
            orders: self.orders.clone(),
            shared: self.shared.clone(),
            jms: self.jms.clone(),
        }
    }
}

impl<O: Clone> Clone for Connection<O> {
    fn clone(&self) -> Self {
        Self {
            ways: self.ways.clone(),
        }
    }
}

impl<O: Orders> Ways<O> {
    pub(super) async fn plain(&self, command: ClientCommand) -> Result<(), NotDone> {
        done(self.orders.order(DeskCommand(Order::Plain(command))).await)
    }

    /// Leaves a command whose end nobody waits for.
    pub(super) fn errand(&self, command: ClientCommand) {
        self.leave(match command {
            ClientCommand::Acknowledge(token) => Errand::Acknowledge(token),
            other => Errand::Command(Box::new(other)),
        });
    }

    /// Closes what was dropped; what has not been opened yet never will be.
    pub(super) fn close(&self, number: u32, command: ClientCommand) {
        if self.shared.must_close(number) {
            self.errand(command);
        }
    }

    pub(super) fn leave(&self, errand: Errand) {
        if self.shared.leave(errand) {
            self.orders.try_order(DeskCommand(Order::Nudge));
        }
    }
}

impl<O: Orders> Connection<O> {
    /// The handle to a desk that an adapter has set running; `shared` came with it.
    #[must_use]
    pub fn new(orders: O, shared: Shared, jms: JmsOptions) -> Self {
        let jms = Arc::new(jms);
        Self {
            ways: Ways {
                orders,
                shared,
                jms,
            },
        }
    }

    /// The adapter's way to the machine.
    #[must_use]
    pub const fn orders(&self) -> &O {
        &self.ways.orders
    }

    /// Waits until a broker has let us in.
    ///
    /// # Errors
    ///
    /// Why none has and none will. Cancel-safe.
    pub async fn connected(&self) -> Result<(), NotDone> {
        let mut waiting = self.ways.shared.wait();
        poll_fn(|cx| waiting.poll(cx)).await
    }

    /// Whether a broker is connected at this moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.ways.shared.is_connected()
    }

    /// A consumer outside of transactions.
    pub fn consumer(&self, from: impl Into<DestinationAddress>) -> ConsumerBuilder<O> {
        ConsumerBuilder::new(self.ways.clone(), SessionHandle::PLAIN, from.into())
    }

    /// A producer outside of transactions, for one destination.
    pub fn producer(&self, to: Destination) -> ProducerBuilder<O> {
        ProducerBuilder::new(self.ways.clone(), SessionHandle::PLAIN, Some(to))
    }

    /// A producer outside of transactions that is told the destination with each message.
    pub fn anonymous_producer(&self) -> ProducerBuilder<O> {
        ProducerBuilder::new(self.ways.clone(), SessionHandle::PLAIN, None)
    }

    /// A transacted session: what is sent and received in it takes effect with
    /// [`Session::commit`] only.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub async fn session(&self) -> Result<Session<O>, NotDone> {
        let session = Session {
            handle: SessionHandle(self.ways.shared.number()),
            ways: self.ways.clone(),
        };
        self.ways.shared.ask(session.handle.0);
        let asked = OpenSession {
            session: session.handle,
            transacted: true,
        };
        self.ways.plain(ClientCommand::OpenSession(asked)).await?;
        Ok(session)
    }

    /// What the broker tells about itself.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker refuses it.
    pub async fn advisories(&self, topic: &AdvisoryTopic) -> Result<Advisories<O>, NotDone> {
        let consumer = self.consumer(topic.destination());
        let consumer = consumer.acknowledge(Acknowledge::DupsOk).open().await?;
        Ok(Advisories::new(consumer))
    }

    /// Asks and is answered over a temporary queue.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the queue or its consumer cannot be made.
    pub async fn requester(&self, to: Destination) -> Result<Requester<O>, NotDone> {
        Requester::open(self.ways.clone(), to).await
    }

    /// Makes a temporary queue; it lives until it is removed or the connection is closed, over reconnects
    /// too, though a lost link loses what is in it.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no.
    pub async fn temporary_queue(&self) -> Result<Destination, NotDone> {
        temporary(&self.ways, false).await
    }

    /// Makes a temporary topic; see [`Connection::temporary_queue`].
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no.
    pub async fn temporary_topic(&self) -> Result<Destination, NotDone> {
        temporary(&self.ways, true).await
    }

    /// Deletes a destination and what is in it.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no: somebody still consumes from it.
    pub async fn remove_destination(&self, destination: Destination) -> Result<(), NotDone> {
        self.ways
            .plain(ClientCommand::RemoveDestination(destination))
            .await
    }

    /// Takes leave of the broker; everything made from this connection ends.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where it is being closed already.
    pub async fn close(self) -> Result<(), NotDone> {
        self.ways.plain(ClientCommand::Disconnect).await
    }
}

pub(super) async fn temporary<O: Orders>(
    ways: &Ways<O>,
    topic: bool,
) -> Result<Destination, NotDone> {
    let awaited = Awaited {
        ways,
        slot: Slot::default(),
    };
    let order = Order::Temporary(topic, awaited.slot.clone());
    done(ways.orders.order(DeskCommand(order)).await)?;
    let text = "the destination was made and not named";
    let name = awaited.slot.take();
    name.ok_or_else(|| NotDone::failed(finewire_core::machine::Reason::Remote, text))
}

/// A temporary destination that is being made; if nobody waits for it to the end, it is removed.
struct Awaited<'a, O: Orders> {
    ways: &'a Ways<O>,
    slot: Slot,
}

impl<O: Orders> Drop for Awaited<'_, O> {
    fn drop(&mut self) {
        if let Some(nobodys) = self.slot.take() {
            self.ways.errand(ClientCommand::RemoveDestination(nobodys));
        }
    }
}

/// A transacted session. Dropping it rolls back what is open and closes its consumers and producers.
#[derive(Debug)]
pub struct Session<O: Orders> {
    ways: Ways<O>,
    handle: SessionHandle,
}

impl<O: Orders> Session<O> {
    /// A consumer of the session. A delivery is part of the transaction when it is taken.
    pub fn consumer(&self, from: impl Into<DestinationAddress>) -> ConsumerBuilder<O> {
        ConsumerBuilder::new(self.ways.clone(), self.handle, from.into())
    }

    /// A producer of the session, for one destination.
    pub fn producer(&self, to: Destination) -> ProducerBuilder<O> {
        ProducerBuilder::new(self.ways.clone(), self.handle, Some(to))
    }

    /// A producer of the session that is told the destination with each message.
    pub fn anonymous_producer(&self) -> ProducerBuilder<O> {
        ProducerBuilder::new(self.ways.clone(), self.handle, None)
    }

    /// Makes what was sent and taken since the last commit or rollback take effect.
    ///
    /// # Errors
    ///
    /// [`NotDone`]. Without effect: the broker has rolled back; what was taken comes again. Otherwise the
    /// link was lost between the request and its answer, and nobody knows (*in doubt*).
    pub async fn commit(&self) -> Result<(), NotDone> {
        self.ways.plain(ClientCommand::Commit(self.handle)).await
    }

    /// Undoes what was sent and taken since the last commit or rollback; what was taken comes again.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the connection is over.
    pub async fn rollback(&self) -> Result<(), NotDone> {
        self.ways.plain(ClientCommand::Rollback(self.handle)).await
    }
}

impl<O: Orders> Drop for Session<O> {
    fn drop(&mut self) {
        let command = ClientCommand::CloseSession(self.handle);
        self.ways.close(self.handle.0, command);
    }
}
