//! OpenWire connections on tokio: the client that speaks to ActiveMQ, as handles.
//!
//! ```no_run
//! use finewire_tokio::openwire::{Destination, Message, connect};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = connect("failover:(tcp://localhost:61616)").await?;
//! let mut orders = connection.consumer(Destination::queue("orders")).open().await?;
//! let producer = connection.producer(Destination::queue("orders")).persistent().open().await?;
//! producer.send(Message::text("two coffees")).await?;
//! if let Some(order) = orders.next().await? {
//!     println!("{:?}", order.body()?);
//! }
//! connection.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The handles themselves, and what each call promises, are described in
//! [`finewire_openwire::handle`]; "OpenWire in five minutes" is in that crate's README.

use crate::{Events, Handle, Host, Options, seed};
use core::future::Future;
use finewire_core::machine::{Outcome, TlsId};
use finewire_openwire::handle::{self, Desk, DeskCommand, Orders};

pub use finewire_openwire::client::{Advisory, AdvisoryTopic, Confirm, DestinationAddress};
pub use finewire_openwire::command::{Destination, Message, SharedMessage};
pub use finewire_openwire::handle::{
    Acknowledge, ConnectError, ConnectionEvent, Delivery, NotDone, Plan,
};
use std::time::Instant;

/// A connection to a broker, over as many sockets as it takes.
pub type Connection = handle::Connection<Handle<Desk>>;
/// A transacted session.
pub type Session = handle::Session<Handle<Desk>>;
/// Sends messages.
pub type Producer = handle::Producer<Handle<Desk>>;
/// Receives messages; a `Stream`.
pub type Consumer = handle::Consumer<Handle<Desk>>;
/// Asks and is answered.
pub type Requester = handle::Requester<Handle<Desk>>;

/// What the broker tells about itself; a `Stream`.
pub type Advisories = handle::Advisories<Handle<Desk>>;

/// The TLS profile of `ssl://` brokers in [`Options::host`].
pub const TLS: TlsId = TlsId(0x6F77);

/// Connects by ActiveMQ's URI, with the system's certificate authorities for `ssl://`.
///
/// # Errors
///
/// The URI is wrong, or no broker took us in: one that a plain URI names must be there at once, a `failover:`
/// URI is tried as long as it says.
pub async fn connect(url: &str) -> Result<Connection, ConnectError> {
    let (connection, _) = open(Plan::new(url)?, Options::default())?;
    let connected = connection.connected().await;
    connected.map_err(ConnectError::NotConnected)?;
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
/// A broker wants TLS and it is not built in or has no authorities, or the system has no randomness.
///
/// # Panics
///
/// Outside a tokio runtime, or in one without IO and time.
pub fn open(
    plan: Plan,
    options: Options,
) -> Result<(Connection, Events<ConnectionEvent>), ConnectError> {
    let (connection, events, run) = run(plan, options)?;
    tokio::spawn(run);
    Ok((connection, events))
}

/// As [`open`], but the caller polls the future, on a `LocalSet`, in a `select!` or on an executor of its own inside a tokio
/// runtime's context. It is over when everything made
/// from the connection is closed or dropped; dropping it drops the socket and ends every call.
///
/// # Errors
///
/// As [`open`].
pub fn run(
    plan: Plan,
    mut options: Options,
) -> Result<
    (
        Connection,
        Events<ConnectionEvent>,
        impl Future<Output = ()> + Send + use<>,
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
    // Whoever keeps the events and never takes one would stop everything.
    options.events_at_most = options.events_at_most.max(1);
    let tls = cfg!(feature = "tls").then_some(TLS);
    let (desk, shared) = Desk::new(&plan, tls, seed)?;
    let host = Host::new(desk, options.host.clone(), Instant::now());
    let (handle, events, run) = crate::run(host, &options);
    let connection = Connection::new(handle, shared, plan.uri.jms);
    let run = async move {
        run.await;
    };
    Ok((connection, events, run))
}

impl Orders for Handle<Desk> {
    fn order(&self, command: DeskCommand) -> impl Future<Output = Outcome> + Send {
        self.command(command)
    }

    fn try_order(&self, command: DeskCommand) {
        self.give(command);
    }
}
