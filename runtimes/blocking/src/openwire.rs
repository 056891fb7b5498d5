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
//! [`finewire_openwire::handle`], and "OpenWire in five minutes" is in that crate's README. Every call ends
//! within the time given to [`connect`], as `Failed` for [`Reason::TimedOut`]; receiving has times of its own.

use crate::{Handle, Host, Options, Received, seed};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use finewire_core::machine::{Outcome, Reason, TlsId, Why};
use finewire_openwire::handle::{
    self, ConsumerBuilder, Desk, DeskCommand, Orders, ProducerBuilder,
};
use std::sync::Arc;
use std::task::Wake;
use std::thread::Thread;
use std::time::Instant;

pub use finewire_openwire::client::{Advisory, AdvisoryTopic, Confirm, DestinationAddress};
pub use finewire_openwire::command::{Destination, Message, SharedMessage};
pub use finewire_openwire::handle::{
    Acknowledge, ConnectError, ConnectionEvent, Delivery, NotDone, Plan,
};

/// The TLS profile of `ssl://` brokers in [`Options::host`].
pub const TLS: TlsId = TlsId(0x6F77);

/// The way to the machine, and how long a call may take.
#[derive(Clone, Debug)]
pub struct Patient {
    handle: Handle<Desk>,
    within: Duration,
}

impl Orders for Patient {
    fn order(&self, command: DeskCommand) -> impl Future<Output = Outcome> + Send {
        // The whole future is polled on the caller's own thread, which may block.
        core::future::ready(self.handle.command(command, self.within))
    }

    fn try_order(&self, command: DeskCommand) {
        self.handle.give(command);
    }
}

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

/// Receives messages. As an iterator it waits for each without limit, and ends when nothing more comes.
#[derive(Debug)]
pub struct Consumer {
    inner: handle::Consumer<Patient>,
}

/// What the broker tells about itself; as an iterator it waits for each without limit.
#[derive(Debug)]
pub struct Advisories {
    inner: handle::Advisories<Patient>,
}

/// Asks and is answered over a temporary queue.
#[derive(Debug)]
pub struct Requester {
    inner: handle::Requester<Patient>,
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
    let inner = handle::Connection::new(Patient { handle, within }, shared, plan.uri.jms);
    let run = move || {
        run();
    };
    Ok((Connection { inner }, events, run))
}

/// Lets a future be polled by this thread, for so long; `None`: the time is over.
fn wait<F: Future>(future: F, within: Option<Duration>) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    let until = within.and_then(|within| Instant::now().checked_add(within));
    let mut future: Pin<&mut F> = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        match until {
            None => std::thread::park(),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                std::thread::park_timeout(left);
            }
        }
    }
}

/// Waits for a call that ends by itself.
fn call<T>(future: impl Future<Output = T>) -> T {
    match wait(future, None) {
        Some(output) => output,
        None => unreachable!("without a limit the time is never over"),
    }
}

fn late(what: &'static str) -> NotDone {
    NotDone {
        without_effect: false,
        why: Why::new(Reason::TimedOut, what),
    }
}

impl Connection {
    /// Waits until a broker has let us in, as long as a call may take.
    ///
    /// # Errors
    ///
    /// Why none has.
    pub fn connected(&self) -> Result<(), NotDone> {
        let within = self.inner.orders().within;
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
        Ok(Consumer { inner })
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
        Ok(Advisories { inner })
    }

    /// Asks and is answered over a temporary queue.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the queue or its consumer cannot be made.
    pub fn requester(&self, to: Destination) -> Result<Requester, NotDone> {
        let inner = call(self.inner.requester(to))?;
        Ok(Requester { inner })
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
        Ok(Consumer { inner })
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

impl Consumer {
    /// The next message, waiting for it this long; `None`: none came in time, or nothing more comes.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Delivery>, NotDone> {
        wait(self.inner.next(), Some(within)).unwrap_or(Ok(None))
    }

    /// The next message if it is here already.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.inner.try_next()
    }

    /// Acknowledges, as [`handle::Consumer::acknowledge`].
    pub fn acknowledge(&mut self, delivery: &Delivery) {
        self.inner.acknowledge(delivery);
    }

    /// Sends a delivery to the broker's dead-letter queue: nobody can use it.
    pub fn reject(&mut self, delivery: &Delivery, why: impl Into<String>) {
        self.inner.reject(delivery, why);
    }

    /// Closes it and waits until the broker was told.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the connection is over.
    pub fn close(self) -> Result<(), NotDone> {
        call(self.inner.close())
    }
}

impl Iterator for Consumer {
    type Item = Result<Delivery, NotDone>;

    fn next(&mut self) -> Option<Self::Item> {
        call(self.inner.next()).transpose()
    }
}

impl Advisories {
    /// The next advisory, waiting for it this long; `None`: none came in time, or nothing more comes.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Advisory>, NotDone> {
        wait(self.inner.next(), Some(within)).unwrap_or(Ok(None))
    }
}

impl Iterator for Advisories {
    type Item = Result<Advisory, NotDone>;

    fn next(&mut self) -> Option<Self::Item> {
        call(self.inner.next()).transpose()
    }
}

impl Requester {
    /// Where the answers go to.
    #[must_use]
    pub const fn answers(&self) -> &Destination {
        self.inner.answers()
    }

    /// Sends a request and waits this long for its answer.
    ///
    /// # Errors
    ///
    /// [`NotDone`]: the request was not sent, the link was lost while waiting, or no answer came in time.
    pub fn request(&self, request: Message, within: Duration) -> Result<SharedMessage, NotDone> {
        let answer = wait(self.inner.request(request), Some(within));
        answer.unwrap_or_else(|| Err(late("no answer came in time")))
    }
}
