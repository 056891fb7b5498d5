//! OpenWire connections with time-outs instead of futures: the client that speaks to ActiveMQ, as handles.
//!
//! ```no_run
//! use finewire_blocking::openwire::{Destination, Message, connect};
//! use std::time::Duration;
//!
//! let within = Duration::from_secs(10);
//! let connection = connect("failover:(tcp://localhost:61616)", within)?;
//! let mut orders = connection.consumer(Destination::queue("orders"), |it| it)?;
//! let producer = connection.producer(Destination::queue("orders"), |it| it.persistent())?;
//! producer.send(Message::text("two coffees"))?;
//! if let Some(order) = orders.next_within(within)? {
//!     println!("{:?}", order.body()?);
//! }
//! connection.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same names as on the asynchronous adapters; what each call promises is described in
//! [`finewire_openwire::handle`], and "OpenWire in five minutes" is in that crate's README. Whatever a call asks
//! of the broker ends within the time given to [`connect`], as `Failed` for
//! [`Reason::TimedOut`](finewire_core::machine::Reason::TimedOut); receiving has times of its own.

use crate::{Handle, Host, Options, Received, seed};
use core::time::Duration;
use finewire_core::machine::TlsId;
use finewire_openwire::handle::{self, ConsumerBuilder, Desk, ProducerBuilder};
use patience::{call, late, wait};
use std::time::Instant;

mod patience;
mod receiving;

pub use finewire_openwire::client::{Advisory, AdvisoryTopic, Confirm, DestinationAddress};
pub use finewire_openwire::command::{Destination, Message, SharedMessage};
pub use finewire_openwire::handle::{
    Acknowledge, ConnectError, ConnectionEvent, Delivery, NotDone, Plan,
};
pub use patience::Patient;
pub use receiving::{Advisories, Consumer, Requester};

/// The TLS profile of `ssl://` brokers in [`Options::host`].
pub const TLS: TlsId = TlsId(0x6F77);

/// A connection to a broker, over as many sockets as it takes; clones are the same connection.
#[derive(Clone, Debug)]
pub struct Connection {
    inner: handle::Connection<Patient>,
}

/// A transacted session. Dropping it rolls back what is open.
#[derive(Debug)]
pub struct Session {
    inner: handle::Session<Patient>,
}

/// Sends messages.
#[derive(Debug)]
pub struct Producer {
    inner: handle::Producer<Patient>,
}

/// Connects by ActiveMQ's URI, with the system's certificate authorities for `ssl://`; this and every later
/// call may take `within`.
///
/// # Errors
///
/// The URI is wrong, or no broker took us in in time.
pub fn connect(url: &str, within: Duration) -> Result<Connection, ConnectError> {
    let (connection, events) = open(Plan::new(url)?, Options::default(), within)?;
    drop(events);
    connection.connected().map_err(ConnectError::NotConnected)?;
    Ok(connection)
}

/// Begins to connect and does not wait for it. The events may be dropped; while they are kept, they must be
/// taken ([`Options::events_at_most`]).
///
/// For `ssl://` brokers the profile [`TLS`] of `options` counts, or the system's certificate authorities if
/// there is none.
///
/// # Errors
///
/// A broker wants TLS and it is not built in or has no authorities, or the system has no randomness or no
/// thread.
pub fn open(
    plan: Plan,
    options: Options,
    within: Duration,
) -> Result<(Connection, Received<ConnectionEvent>), ConnectError> {
    let (connection, events, run) = run(plan, options, within)?;
    std::thread::Builder::new()
        .name("finewire connection".into())
        .spawn(run)
        .map_err(|error| ConnectError::Local(error.to_string()))?;
    Ok((connection, events))
}

/// As [`open`], on a thread that the caller brings: the closure runs until everything made from the
/// connection is closed or dropped.
///
/// # Errors
///
/// As [`open`].
#[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "TLS is set in it"))]
pub fn run(
    plan: Plan,
    mut options: Options,
    within: Duration,
) -> Result<
    (
        Connection,
        Received<ConnectionEvent>,
        impl FnOnce() + Send + use<>,
    ),
    ConnectError,
> {
    let local = |error: &dyn core::fmt::Display| ConnectError::Local(error.to_string());
    let seed = seed().map_err(|error| local(&error))?;
    #[cfg(feature = "tls")]
    if plan.needs_tls() && !options.host.tls.has_client(TLS) {
        let roots = crate::ClientTls::system_roots().map_err(|error| local(&error))?;
        options.host.tls.set_client(TLS, roots);
    }
    let tls = cfg!(feature = "tls").then_some(TLS);
    let (desk, shared) = Desk::new(&plan, tls, seed)?;
    let host = Host::new(desk, options.host.clone(), Instant::now());
    let (handle, events, run) = crate::run(host, &options);
    let inner = handle::Connection::new(Patient::new(handle, within), shared, plan.uri.jms);
    let run = move || {
        run();
    };
    Ok((Connection { inner }, events, run))
}

impl Connection {
    /// The way to the machine, to look at it, to see what passes, or to end it.
    #[must_use]
    pub const fn orders(&self) -> &Handle<Desk> {
        self.inner.orders().handle()
    }

    /// Waits until a broker has let us in, as long as a call may take.
    ///
    /// # Errors
    ///
    /// Why none has.
    pub fn connected(&self) -> Result<(), NotDone> {
        let within = self.inner.orders().within();
        let connected = wait(self.inner.connected(), Some(within));
        connected.unwrap_or_else(|| Err(late("no broker was connected in time")))
    }

    /// Whether a broker is connected at this moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    /// Opens a consumer outside of transactions; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker refuses it or does not answer in time.
    pub fn consumer(
        &self,
        from: impl Into<DestinationAddress>,
        how: impl FnOnce(ConsumerBuilder<Patient>) -> ConsumerBuilder<Patient>,
    ) -> Result<Consumer, NotDone> {
        let inner = call(how(self.inner.consumer(from)).open())?;
        Ok(Consumer::new(inner))
    }

    /// Opens a producer outside of transactions; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub fn producer(
        &self,
        to: Destination,
        how: impl FnOnce(ProducerBuilder<Patient>) -> ProducerBuilder<Patient>,
    ) -> Result<Producer, NotDone> {
        let inner = call(how(self.inner.producer(to)).open())?;
        Ok(Producer { inner })
    }

    /// Opens a producer that is told the destination with each message; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub fn anonymous_producer(
        &self,
        how: impl FnOnce(ProducerBuilder<Patient>) -> ProducerBuilder<Patient>,
    ) -> Result<Producer, NotDone> {
        let inner = call(how(self.inner.anonymous_producer()).open())?;
        Ok(Producer { inner })
    }

    /// Opens a transacted session.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub fn session(&self) -> Result<Session, NotDone> {
        let inner = call(self.inner.session())?;
        Ok(Session { inner })
    }

    /// What the broker tells about itself.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker refuses it or does not answer in time.
    pub fn advisories(&self, topic: &AdvisoryTopic) -> Result<Advisories, NotDone> {
        let inner = call(self.inner.advisories(topic))?;
        Ok(Advisories::new(inner))
    }

    /// Asks and is answered over a temporary queue.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the queue or its consumer cannot be made.
    pub fn requester(&self, to: Destination) -> Result<Requester, NotDone> {
        // It asks twice.
        let within = self.inner.orders().within();
        let inner = wait(self.inner.requester(to), Some(within));
        let inner = inner.unwrap_or_else(|| Err(late("the broker did not answer in time")))?;
        Ok(Requester::new(inner))
    }

    /// Makes a temporary queue.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no.
    pub fn temporary_queue(&self) -> Result<Destination, NotDone> {
        call(self.inner.temporary_queue())
    }

    /// Makes a temporary topic.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no.
    pub fn temporary_topic(&self) -> Result<Destination, NotDone> {
        call(self.inner.temporary_topic())
    }

    /// Deletes a destination and what is in it.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker is not there or says no.
    pub fn remove_destination(&self, destination: Destination) -> Result<(), NotDone> {
        call(self.inner.remove_destination(destination))
    }

    /// Takes leave of the broker; everything made from this connection ends.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where it is being closed already or the broker does not answer in time.
    pub fn close(self) -> Result<(), NotDone> {
        call(self.inner.close())
    }
}

impl Session {
    /// Opens a consumer of the session; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the broker refuses it or does not answer in time.
    pub fn consumer(
        &self,
        from: impl Into<DestinationAddress>,
        how: impl FnOnce(ConsumerBuilder<Patient>) -> ConsumerBuilder<Patient>,
    ) -> Result<Consumer, NotDone> {
        let inner = call(how(self.inner.consumer(from)).open())?;
        Ok(Consumer::new(inner))
    }

    /// Opens a producer of the session; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub fn producer(
        &self,
        to: Destination,
        how: impl FnOnce(ProducerBuilder<Patient>) -> ProducerBuilder<Patient>,
    ) -> Result<Producer, NotDone> {
        let inner = call(how(self.inner.producer(to)).open())?;
        Ok(Producer { inner })
    }

    /// Opens a producer of the session that is told the destination with each message; `how` sets its options.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where there are too many or the connection is over.
    pub fn anonymous_producer(
        &self,
        how: impl FnOnce(ProducerBuilder<Patient>) -> ProducerBuilder<Patient>,
    ) -> Result<Producer, NotDone> {
        let inner = call(how(self.inner.anonymous_producer()).open())?;
        Ok(Producer { inner })
    }

    /// Makes what was sent and taken since the last commit or rollback take effect.
    ///
    /// # Errors
    ///
    /// As [`handle::Session::commit`].
    pub fn commit(&self) -> Result<(), NotDone> {
        call(self.inner.commit())
    }

    /// Undoes what was sent and taken since the last commit or rollback; what was taken comes again.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the connection is over.
    pub fn rollback(&self) -> Result<(), NotDone> {
        call(self.inner.rollback())
    }
}

impl Producer {
    /// Sends one message; returns when it is confirmed, or handed to the operating system.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether the message surely did not arrive.
    pub fn send(&self, message: Message) -> Result<(), NotDone> {
        call(self.inner.send(message))
    }

    /// Sends one message there; for a producer without destination of its own.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether the message surely did not arrive.
    pub fn send_to(&self, to: Destination, message: Message) -> Result<(), NotDone> {
        call(self.inner.send_to(to, message))
    }

    /// Sends messages in order, with one wait for all of them.
    ///
    /// # Errors
    ///
    /// [`NotDone`], with whether surely none of them arrived.
    pub fn send_all(&self, messages: Vec<Message>) -> Result<(), NotDone> {
        call(self.inner.send_all(messages))
    }
}
